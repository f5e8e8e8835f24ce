#include "prediction/intervals.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "base/errors.hpp"
#include "base/names.hpp"
#include "prediction/adaptive_levels.hpp"
#include "prediction/lasting_shift.hpp"
#include "prediction/likeness.hpp"

namespace fairlead {
namespace {

// Steps with weights and levels of their own; others share them.
constexpr Eigen::Index kMostAdapted = 8;

// To each step with too few errors adds those of the nearest steps, until there are enough.
void add_neighbours(std::vector<std::vector<Weighted>>& own) {
  const auto steps = static_cast<std::int64_t>(own.size());
  std::vector<std::pair<std::int64_t, std::vector<Weighted>>> pooled;
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto enough = static_cast<std::size_t>(ErrorBands::kEnough);
    if (own[step].size() >= enough) continue;
    std::vector<Weighted> pool = own[step];
    for (std::int64_t away = 1; pool.size() < enough && away < steps; ++away) {
      for (const std::int64_t other : {step - away, step + away}) {
        if (other >= 0 && other < steps)
          pool.insert(pool.end(), own[other].begin(), own[other].end());
      }
    }
    pooled.emplace_back(step, std::move(pool));
  }
  for (auto& [step, pool] : pooled) own[step] = std::move(pool);
}

// The weights of the first `n` origins by what was forecast `step` ahead.
std::vector<double> by_forecast(const ByOriginAndStep& made, Eigen::Index step, std::size_t n) {
  std::vector<double> values(n + 1);
  for (std::size_t row = 0; row < n; ++row)
    values[row] = made(static_cast<Eigen::Index>(row), step);
  values[n] = made(made.rows() - 1, step);
  return nearness(values);
}

}  // namespace

BandRule band_rule_named(std::string_view name) {
  static constexpr std::pair<std::string_view, BandRule> kRules[] = {
      {"adaptive", BandRule::adaptive},
      {"empirical", BandRule::empirical},
      {"split", BandRule::split}};
  for (const auto& [known, rule] : kRules) {
    if (known == name) return rule;
  }
  throw InvalidInput("unknown intervals '" + std::string(name) + "'; known are " +
                     listed(kRules, [](const auto& rule) { return rule.first; }));
}

ErrorBands::Errors::Errors(std::vector<Weighted> given, bool both_directions)
    : both_directions_(both_directions) {
  if (both_directions) {
    for (Weighted& each : given) each.value = std::abs(each.value);
  }
  std::ranges::sort(given, {}, &Weighted::value);
  values_.reserve(given.size());
  until_.reserve(given.size());
  double total = 0, squares = 0;
  for (const Weighted& each : given) {
    values_.push_back(each.value);
    until_.push_back(total + each.weight / 2);
    total += each.weight;
    squares += each.weight * each.weight;
  }
  for (double& share : until_) share /= total;
  effective_ = total * total / squares;
}

double ErrorBands::Errors::quantile(double p) const {
  if (values_.empty()) return 0;
  if (!both_directions_) return at(p + (p - 0.5) / effective_);
  // Twice as many errors; the upper half of them is that of the sizes.
  const double size = at(2 * std::abs(p - 0.5) * (1 + 0.5 / effective_));
  return p < 0.5 ? -size : size;
}

double ErrorBands::Errors::at(double place) const {
  const auto above = std::ranges::lower_bound(until_, place) - until_.begin();
  if (above == std::ssize(until_)) return values_.back();
  // Below the smallest size, its place on the line to that of its negative.
  if (above == 0) return both_directions_ ? values_[0] * place / until_[0] : values_[0];
  const double share = (place - until_[above - 1]) / (until_[above] - until_[above - 1]);
  return values_[above - 1] + share * (values_[above] - values_[above - 1]);
}

ErrorBands::~ErrorBands() = default;

ErrorBands::ErrorBands(const ByOriginAndStep& made, const ByOriginAndStep& errors,
                       std::span<const std::int64_t> origins, std::int64_t known, BandRule rule,
                       std::span<const double> of_origins) {
  adapted_every_ = (errors.cols() + kMostAdapted - 1) / kMostAdapted;
  std::vector<std::vector<Weighted>> own(static_cast<std::size_t>(errors.cols()));
  std::vector<double> weights;
  const Eigen::MatrixXd by_step = errors;  // the errors of a step one after another
  for (Eigen::Index step = 0; step < errors.cols(); ++step) {
    const auto end = std::ranges::lower_bound(origins, known - step) - origins.begin();
    const auto rows = std::min<Eigen::Index>(end, errors.rows());
    if (rule == BandRule::split) {
      weights.assign(static_cast<std::size_t>(rows), 1.0);
    } else if (step % adapted_every_ == 0) {
      weights = by_forecast(made, step, static_cast<std::size_t>(rows));
      if (!of_origins.empty())
        std::ranges::transform(weights, of_origins, weights.begin(), std::multiplies{});
    }
    own[step].reserve(static_cast<std::size_t>(rows));
    for (Eigen::Index row = 0; row < rows; ++row) {
      const double error = by_step(row, step);
      if (!std::isnan(error)) own[step].push_back({error, weights[row]});
    }
  }
  if (rule != BandRule::split) shifted_ = has_lasting_shift(errors, origins, known);
  if (shifted_) {
    std::vector<Weighted> of_steps;  // those with weights of their own
    for (std::size_t step = 0; step < own.size(); step += static_cast<std::size_t>(adapted_every_))
      of_steps.insert(of_steps.end(), own[step].begin(), own[step].end());
    middle_ = Errors(std::move(of_steps), false).quantile(0.5);
  }
  if (rule == BandRule::adaptive) {
    for (Eigen::Index step = 0; step < errors.cols(); step += adapted_every_) {
      Eigen::VectorXd of_step = by_step.col(step);
      if (!shifted_) of_step = of_step.cwiseAbs();
      levels_.emplace_back(std::span(of_step.data(), static_cast<std::size_t>(of_step.size())),
                           origins, step + 1, known);
    }
  }
  add_neighbours(own);
  for (std::size_t step = 0; step < own.size(); ++step) {
    counts_.push_back(static_cast<std::int64_t>(own[step].size()));
    // Too few errors do not tell in which direction a model errs.
    errors_.emplace_back(std::move(own[step]), counts_.back() < kEnough || !shifted_);
  }
}

// Errors that count in both directions are judged by their size.
double ErrorBands::adapted(const AdaptiveLevels& levels, double p) const {
  if (shifted_) return levels.level(p);
  const double half = levels.level(std::abs(2 * p - 1)) / 2;
  return p < 0.5 ? 0.5 - half : 0.5 + half;
}

double ErrorBands::middle(std::int64_t step) const {
  return shifted_ ? std::clamp(middle_, quantile(step, 0.25), quantile(step, 0.75)) : 0;
}

double ErrorBands::quantile(std::int64_t step, double p) const {
  if (!levels_.empty()) p = adapted(levels_[(step - 1) / adapted_every_], p);
  return errors_[step - 1].quantile(p);
}

}  // namespace fairlead
