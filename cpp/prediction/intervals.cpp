#include "prediction/intervals.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "base/errors.hpp"
#include "prediction/adaptive_levels.hpp"
#include "prediction/lasting_shift.hpp"

namespace fairlead {
namespace {

constexpr Eigen::Index kMostAdapted = 24;  // steps whose levels are adapted; others share them

// An error whose forecast is no nearer than kReach of all ranks counts kLeast of the nearest.
// Of reaches 0.15 to 0.5 and least weights 0.05 to 0.4; see ErrorBands.
constexpr double kReach = 0.3;
constexpr double kLeast = 0.2;

using Weighted = WeightedError;

// For each step with too few errors, those of the nearest steps as well, until there are enough.
std::vector<std::vector<Weighted>> with_neighbours(const std::vector<std::vector<Weighted>>& own) {
  const auto steps = static_cast<std::int64_t>(own.size());
  std::vector<std::vector<Weighted>> pooled = own;
  for (std::int64_t step = 0; step < steps; ++step) {
    std::vector<Weighted>& pool = pooled[step];
    const auto enough = static_cast<std::size_t>(ErrorBands::kEnough);
    for (std::int64_t away = 1; pool.size() < enough && away < steps; ++away) {
      for (const std::int64_t other : {step - away, step + away}) {
        if (other >= 0 && other < steps)
          pool.insert(pool.end(), own[other].begin(), own[other].end());
      }
    }
  }
  return pooled;
}

// Each error counts in both directions.
void mirror(std::vector<Weighted>& errors) {
  const std::size_t count = errors.size();
  for (std::size_t i = 0; i < count; ++i) errors.push_back({-errors[i].error, errors[i].weight});
}

// Weights by how many ranks lie between the forecast of each error and the present one; forecasts
// that are equal share a rank, the one in their middle.
void weigh(std::vector<Weighted>& errors, const std::vector<double>& forecasts, double present) {
  const std::size_t n = errors.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return forecasts[i]; });
  const auto at = [&](std::size_t i) { return forecasts[order[i]]; };
  const auto below = static_cast<double>(
      std::ranges::lower_bound(order, present, {}, [&](auto i) { return forecasts[i]; }) -
      order.begin());
  const auto up_to = static_cast<double>(
      std::ranges::upper_bound(order, present, {}, [&](auto i) { return forecasts[i]; }) -
      order.begin());
  const double reach = kReach * static_cast<double>(n);
  for (std::size_t from = 0, to = 0; from < n; from = to) {
    while (to < n && at(to) == at(from)) ++to;
    const double away = std::abs(static_cast<double>(from + to) - below - up_to) / 2;
    const double weight = kLeast + std::max(1 - away / reach, 0.0);
    for (std::size_t i = from; i < to; ++i) errors[order[i]].weight = weight;
  }
}

}  // namespace

BandRule band_rule_named(std::string_view name) {
  if (name == "adaptive") return BandRule::adaptive;
  if (name == "empirical") return BandRule::empirical;
  if (name == "split") return BandRule::split;
  throw InvalidInput("unknown intervals '" + std::string(name) +
                     "'; known are adaptive, empirical and split");
}

ErrorBands::Errors::Errors(std::vector<Weighted> given) {
  std::ranges::sort(given, {}, &Weighted::error);
  double total = 0, squares = 0;
  for (const Weighted& each : given) {
    values.push_back(each.error);
    until.push_back(total + each.weight / 2);
    total += each.weight;
    squares += each.weight * each.weight;
  }
  for (double& share : until) share /= total;
  effective = total * total / squares;
}

double ErrorBands::Errors::quantile(double p) const {
  const double place = p + (p - 0.5) / effective;
  const auto above = std::ranges::lower_bound(until, place) - until.begin();
  if (above == 0) return values.front();
  if (above == std::ssize(until)) return values.back();
  const double share = (place - until[above - 1]) / (until[above] - until[above - 1]);
  return values[above - 1] + share * (values[above] - values[above - 1]);
}

ErrorBands::~ErrorBands() = default;

ErrorBands::ErrorBands(const ByOriginAndStep& made, const ByOriginAndStep& errors,
                       std::span<const std::int64_t> origins, std::int64_t known, BandRule rule) {
  std::vector<std::vector<Weighted>> own(static_cast<std::size_t>(errors.cols()));
  for (Eigen::Index step = 0; step < errors.cols(); ++step) {
    std::vector<double> forecasts;
    for (Eigen::Index row = 0; row < errors.rows() && origins[row] + step < known; ++row) {
      if (std::isnan(errors(row, step))) continue;
      own[step].push_back({errors(row, step), 1});
      forecasts.push_back(made(row, step));
    }
    if (rule != BandRule::split) weigh(own[step], forecasts, made(made.rows() - 1, step));
  }
  if (rule != BandRule::split) shift_ = lasting_shift(errors, origins, known);
  if (rule == BandRule::adaptive) {
    adapted_every_ = (errors.cols() + kMostAdapted - 1) / kMostAdapted;
    for (Eigen::Index step = 0; step < errors.cols(); step += adapted_every_) {
      Eigen::VectorXd of_step = errors.col(step);
      if (!shift_) of_step = of_step.cwiseAbs();
      levels_.emplace_back(std::span(of_step.data(), static_cast<std::size_t>(of_step.size())),
                           origins, step + 1, known);
    }
  }
  own = with_neighbours(own);
  for (std::size_t step = 0; step < own.size(); ++step) {
    counts_.push_back(static_cast<std::int64_t>(own[step].size()));
    if (counts_.back() < kEnough || !shift_) mirror(own[step]);
    errors_.emplace_back(std::move(own[step]));
  }
}

// Errors that count in both directions are judged by their size.
double ErrorBands::adapted(const AdaptiveLevels& levels, double p) const {
  if (shift_) return levels.level(p);
  const double half = levels.level(std::abs(2 * p - 1)) / 2;
  return p < 0.5 ? 0.5 - half : 0.5 + half;
}

double ErrorBands::quantile(std::int64_t step, double p) const {
  const Errors& of_step = errors_[step - 1];
  if (of_step.values.empty()) return 0;
  if (!levels_.empty()) p = adapted(levels_[(step - 1) / adapted_every_], p);
  return of_step.quantile(p);
}

}  // namespace fairlead
