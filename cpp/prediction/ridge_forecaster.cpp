// A ridge regression per few steps ahead, on what is known at the origin.
//
// Levels enter as differences from the last value and so does the target: with all weights 0 the
// forecast is the last value, with a weight of 1 on one feature it is a naive rule (same hour
// yesterday, mean of the last day, ...), so that the penalty pulls towards the last value and the
// data choose between the rules. Nothing depends on the level or unit of the series.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "prediction/features.hpp"
#include "prediction/forecaster.hpp"
#include "prediction/refits.hpp"
#include "prediction/ridge.hpp"

namespace fairlead {
namespace {

// Strongest first: at equal loss the strongest is taken.
constexpr std::array<double, 6> kPenalties{100, 10, 1, 1e-1, 1e-2, 1e-4};
constexpr std::size_t kFirstPenalty = 1;        // until there are losses to choose by
constexpr std::size_t kRefits = 5;              // along the scored origins, besides the last one
constexpr std::int64_t kSeasonsNeeded = 4;      // of the shortest season, before it is worth a fit
constexpr std::int64_t kLongSeasonsNeeded = 3;  // of a longer one, before its lags are used
constexpr std::int64_t kMostLags = 7;           // of the shortest season
constexpr std::int64_t kFewestRows = 24;        // to learn from before the first forecast, and
constexpr std::int64_t kRowsInSeasons = 2;      // at least as many shortest seasons
constexpr std::int64_t kMostRows = 20'000;      // training rows, the latest ones
constexpr std::int64_t kHarmonics = 2;          // of each season
constexpr std::int64_t kStepGrowth = 3;         // halves: one fit serves the steps s to 3 s / 2

// Seasons the past is long enough for; none if not for the shortest.
std::vector<std::int64_t> usable_seasons(const Past& past, const ForecastOptions& options) {
  std::vector<std::int64_t> usable;
  for (const std::int64_t season : options.seasons) {
    const std::int64_t needed = usable.empty() ? kSeasonsNeeded : kLongSeasonsNeeded;
    if (past.size() < needed * season) break;
    usable.push_back(season);
  }
  return usable;
}

// What is fitted, and from which origin on.
struct Plan {
  std::vector<Feature> of_origin;  // the same whichever step is forecast
  std::vector<Feature> of_target;  // depend on the place of the target in its season
  std::int64_t first_row = 1;      // the first origin with every feature known, at every step
  std::int64_t first_origin = 0;   // the first one forecast, after enough rows to learn from
};

void add_windows(Plan& plan, const std::vector<std::int64_t>& seasons) {
  const std::int64_t base = seasons.empty() ? 12 : seasons.front();
  std::vector<std::int64_t> windows;
  for (const std::int64_t part : {8, 4, 2, 1})
    windows.push_back(std::max<std::int64_t>(base / part, 2));
  for (std::size_t i = 1; i < seasons.size(); ++i) windows.push_back(seasons[i]);
  windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
  for (const std::int64_t window : windows) plan.of_origin.push_back({FeatureKind::mean, window});
  for (const FeatureKind kind :
       {FeatureKind::deviation, FeatureKind::minimum, FeatureKind::maximum})
    plan.of_origin.push_back({kind, base});
}

void add_season(Plan& plan, std::int64_t season, std::int64_t lags) {
  plan.of_origin.push_back({FeatureKind::lag, season + 1});  // a season before the last value
  for (std::int64_t order = 0; order < lags; ++order)
    plan.of_target.push_back({FeatureKind::season_lag, season, order});
  plan.of_target.push_back({FeatureKind::season_lag, season, 0, -1});
  plan.of_target.push_back({FeatureKind::season_lag, season, 0, 1});
  for (std::int64_t harmonic = 1; harmonic <= std::min(kHarmonics, season / 2); ++harmonic) {
    plan.of_target.push_back({FeatureKind::sine, season, harmonic});
    plan.of_target.push_back({FeatureKind::cosine, season, harmonic});
  }
}

Plan design(std::int64_t known, const std::vector<std::int64_t>& seasons) {
  Plan plan;
  for (const std::int64_t lag : {2, 3, 4, 6}) plan.of_origin.push_back({FeatureKind::lag, lag});
  add_windows(plan, seasons);
  for (const std::int64_t season : seasons) {
    const std::int64_t affordable = std::clamp<std::int64_t>(known / (4 * season), 1, kMostLags);
    add_season(plan, season, season == seasons.front() ? affordable : 1);
  }
  return plan;
}

// None where the past is too short to learn from.
std::optional<Plan> plan_for(const Past& past, const ForecastOptions& options) {
  const std::vector<std::int64_t> seasons = usable_seasons(past, options);
  if (seasons.empty() && !options.seasons.empty()) return std::nullopt;
  Plan plan = design(past.size(), seasons);
  for (const Feature& feature : plan.of_origin)
    plan.first_row = std::max(plan.first_row, first_origin(feature, 1));
  for (const Feature& feature : plan.of_target) {
    for (std::int64_t step = 1; step <= options.horizon; ++step)
      plan.first_row = std::max(plan.first_row, first_origin(feature, step));
  }
  const std::int64_t rows =
      std::max(kFewestRows, seasons.empty() ? 0 : kRowsInSeasons * seasons.front());
  const std::int64_t first_origin = plan.first_row + options.horizon + rows;
  // The bands need errors beyond the fit, at every step.
  if (past.size() < first_origin + 2 * options.horizon) return std::nullopt;
  plan.first_row = std::max(plan.first_row, past.size() - kMostRows);
  plan.first_origin = std::max(first_origin, plan.first_row + options.horizon + rows);
  return plan;
}

class Fit {
 public:
  Fit(const Past& past, const ForecastOptions& options, const Plan& plan,
      std::span<const std::int64_t> origins)
      : past_(past),
        horizon_(options.horizon),
        plan_(plan),
        origins_(origins),
        blocks_(refit_blocks(origins.size(), kRefits)) {
    for (ByOriginAndStep& table : by_penalty_)
      table.resize(static_cast<Eigen::Index>(origins.size()), horizon_);
  }

  void run(ByOriginAndStep& out) {
    const Eigen::MatrixXd of_origin = relative_features(plan_.of_origin, 1);
    Eigen::MatrixXd x(of_origin.rows(),
                      static_cast<Eigen::Index>(plan_.of_origin.size() + plan_.of_target.size()));
    x.leftCols(of_origin.cols()) = of_origin;
    for (std::int64_t first = 1; first <= horizon_; first = first * kStepGrowth / 2 + 1)
      run_steps(first, std::min(first * kStepGrowth / 2, horizon_), x);
    for (const RefitBlock& block : blocks_) {
      const ByOriginAndStep& best = by_penalty_[best_penalty(block)];
      const auto begin = static_cast<Eigen::Index>(block.begin);
      const auto rows = static_cast<Eigen::Index>(block.end - block.begin);
      out.middleRows(begin, rows) = best.middleRows(begin, rows);
    }
  }

 private:
  // Features with levels taken relative to the last value.
  Eigen::MatrixXd relative_features(std::span<const Feature> features, std::int64_t step) const {
    const std::int64_t first = plan_.first_row;
    Eigen::MatrixXd x = feature_matrix(past_, features, step, first);
    const Eigen::Map<const Eigen::VectorXd> last(past_.values.data() + first - 1, x.rows());
    for (std::size_t i = 0; i < features.size(); ++i) {
      if (is_level(features[i].kind)) x.col(static_cast<Eigen::Index>(i)) -= last;
    }
    return x;
  }

  // Fits at the middle one of the steps first to last and forecasts them all: far ahead neighbours
  // hardly differ. `x` holds the features of the origin already, and room for those of the target.
  void run_steps(std::int64_t first, std::int64_t last, Eigen::MatrixXd& x) {
    const auto targets = static_cast<Eigen::Index>(plan_.of_target.size());
    const std::int64_t middle = (first + last) / 2;
    x.rightCols(targets) = relative_features(plan_.of_target, middle);
    const std::vector<std::vector<LinearModel>> models = fit(x, middle);
    for (std::int64_t step = first; step <= last; ++step) {
      if (first != last) x.rightCols(targets) = relative_features(plan_.of_target, step);
      for (std::size_t i = 0; i < blocks_.size(); ++i)
        forecast_block(models[i], x, step, blocks_[i]);
    }
  }

  // Per block and penalty, the model of `step` that knows what the block's first origin knows.
  std::vector<std::vector<LinearModel>> fit(const Eigen::MatrixXd& x, std::int64_t step) const {
    std::vector<std::vector<LinearModel>> models;
    NormalEquations equations(x.cols());
    std::int64_t learned = plan_.first_row;  // origins below it are in the equations
    for (const RefitBlock& block : blocks_) {
      // The target of origin t is known at origin o once t + step <= o.
      const std::int64_t until = origins_[block.begin] - step + 1;
      for (; learned < until; learned = learn_run(equations, x, step, learned, until)) {
      }
      models.push_back(equations.solve(kPenalties));
    }
    return models;
  }

  // Adds the next run of origins in [from, until) whose targets were observed; returns its end.
  std::int64_t learn_run(NormalEquations& equations, const Eigen::MatrixXd& x, std::int64_t step,
                         std::int64_t from, std::int64_t until) const {
    const auto target_observed = [&](std::int64_t t) { return past_.observed[t + step - 1] != 0; };
    while (from < until && !target_observed(from)) ++from;
    std::int64_t to = from;
    while (to < until && target_observed(to)) ++to;
    const double* values = past_.values.data();
    const Eigen::Map<const Eigen::VectorXd> target(values + from + step - 1, to - from);
    const Eigen::Map<const Eigen::VectorXd> last(values + from - 1, to - from);
    equations.add(x.middleRows(from - plan_.first_row, to - from), target - last);
    return to;
  }

  void forecast_block(const std::vector<LinearModel>& models, const Eigen::MatrixXd& x,
                      std::int64_t step, const RefitBlock& block) {
    const auto rows = static_cast<Eigen::Index>(block.end - block.begin);
    Eigen::MatrixXd known(rows, x.cols());
    Eigen::VectorXd last(rows);
    for (Eigen::Index i = 0; i < rows; ++i) {
      const std::int64_t origin = origins_[block.begin + static_cast<std::size_t>(i)];
      known.row(i) = x.row(origin - plan_.first_row);
      last[i] = past_.values[origin - 1];
    }
    for (std::size_t penalty = 0; penalty < models.size(); ++penalty) {
      Eigen::VectorXd made = last + known * models[penalty].weights;
      made.array() += models[penalty].intercept;
      by_penalty_[penalty].col(step - 1).segment(static_cast<Eigen::Index>(block.begin), rows) =
          made.cwiseMax(0.0);
    }
  }

  // The penalty with the smallest absolute error over the origins of earlier blocks, as far as
  // their outcomes were known when this block was fitted.
  std::size_t best_penalty(const RefitBlock& block) const {
    if (block.begin == 0) return kFirstPenalty;
    std::array<double, kPenalties.size()> loss{};
    for (std::size_t penalty = 0; penalty < kPenalties.size(); ++penalty)
      loss[penalty] = known_loss(by_penalty_[penalty], block.begin, origins_[block.begin]);
    return static_cast<std::size_t>(std::ranges::min_element(loss) - loss.begin());
  }

  double known_loss(const ByOriginAndStep& made, std::size_t end, std::int64_t known) const {
    double loss = 0;
    for (std::size_t i = 0; i < end; ++i) {
      const std::int64_t steps = std::min(horizon_, known - origins_[i]);
      for (std::int64_t step = 0; step < steps; ++step) {
        const std::int64_t index = origins_[i] + step;
        if (past_.observed[index] != 0)
          loss += std::abs(past_.values[index] - made(static_cast<Eigen::Index>(i), step));
      }
    }
    return loss;
  }

  const Past& past_;
  std::int64_t horizon_;
  const Plan& plan_;
  std::span<const std::int64_t> origins_;
  std::vector<RefitBlock> blocks_;
  std::array<ByOriginAndStep, kPenalties.size()> by_penalty_;
};

class Ridge final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    const std::optional<Plan> plan = plan_for(past, options);
    return plan ? plan->first_origin : past.size() + 1;
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const Plan plan = *plan_for(past, options);
    Fit(past, options, plan, origins).run(out);
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_ridge() {
  return std::make_unique<Ridge>();
}

}  // namespace fairlead
