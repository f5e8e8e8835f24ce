// Quantile regression per few steps ahead, on what is known at the origin: a model with quantiles
// of its own.
//
// As in ridge_forecaster.cpp levels and the target are differences from the last value, so that the
// penalty pulls the median towards the last value and each quantile towards that of the past
// changes. The spread of the last values is a feature: bands widen when a series is unsteady.
#include <algorithm>
#include <array>
#include <optional>

#include "prediction/features.hpp"
#include "prediction/forecaster.hpp"
#include "prediction/linear/quantile_fit.hpp"
#include "prediction/refits.hpp"

namespace fairlead {
namespace {

// Chosen, as the features, on ETTh1, the training part of M4 hourly without its last two days, and
// the clusters before their last, scored weeks.
constexpr double kPenalty = 1e-2;
constexpr std::array<double, 13> kFitted{0.01, 0.025, 0.05, 0.1,  0.2,   0.3, 0.5,
                                         0.7,  0.8,   0.9,  0.95, 0.975, 0.99};
constexpr std::size_t kRefits = 5;              // along the scored origins, besides the last one
constexpr std::int64_t kSeasonsNeeded = 4;      // of the shortest season, before it is worth a fit
constexpr std::int64_t kLongSeasonsNeeded = 3;  // of a longer one, before its lags are used
constexpr std::int64_t kRowsPerFeature = 3;     // before the first forecast
constexpr std::int64_t kMostRows = 2'048;       // learned from, the latest ones
constexpr std::int64_t kStepGrowth = 3;         // halves: one fit serves the steps s to 3 s / 2
constexpr std::int64_t kWithoutSeason = 12;     // steps, in the place of the shortest season

// What is fitted, and from which origin on.
struct Plan {
  std::vector<Feature> features;
  std::int64_t first_row = 1;     // the first origin with every feature known, at every step
  std::int64_t first_origin = 0;  // the first one forecast
};

std::vector<Feature> features_for(const Past& past, const ForecastOptions& options) {
  std::vector<Feature> features{{FeatureKind::lag, 2}, {FeatureKind::lag, 3}};
  const std::int64_t base = options.seasons.empty() ? kWithoutSeason : options.seasons.front();
  for (const std::int64_t part : {4, 1})
    features.push_back({FeatureKind::mean, std::max<std::int64_t>(base / part, 2)});
  features.push_back({FeatureKind::deviation, base});
  for (std::size_t i = 0; i < options.seasons.size(); ++i) {
    const std::int64_t season = options.seasons[i];
    if (past.size() < (i == 0 ? kSeasonsNeeded : kLongSeasonsNeeded) * season) break;
    features.push_back({FeatureKind::lag, season + 1});  // a season before the last value
    for (std::int64_t order = 0; order < (i == 0 ? 2 : 1); ++order)
      features.push_back({FeatureKind::season_lag, season, order});
    if (i > 0) features.push_back({FeatureKind::mean, season});
    features.push_back({FeatureKind::sine, season, 1});
    features.push_back({FeatureKind::cosine, season, 1});
  }
  return features;
}

// None where the past is too short to learn from.
std::optional<Plan> plan_for(const Past& past, const ForecastOptions& options) {
  if (!options.seasons.empty() && past.size() < kSeasonsNeeded * options.seasons.front())
    return std::nullopt;
  Plan plan{features_for(past, options)};
  for (const Feature& feature : plan.features) {
    for (const std::int64_t step : {std::int64_t{1}, options.horizon})
      plan.first_row = std::max(plan.first_row, first_origin(feature, step));
  }
  const std::int64_t rows = kRowsPerFeature * static_cast<std::int64_t>(plan.features.size());
  plan.first_origin = plan.first_row + options.horizon + rows;
  // The bands need errors beyond the fit, at every step.
  if (past.size() < plan.first_origin + 2 * options.horizon) return std::nullopt;
  plan.first_row = std::max(plan.first_row, past.size() - 2 * kMostRows);
  plan.first_origin = std::max(plan.first_origin, plan.first_row + options.horizon + rows);
  return plan;
}

class Fit {
 public:
  Fit(const Past& past, const Plan& plan, std::int64_t horizon)
      : past_(past), plan_(plan), horizon_(horizon) {}

  // Medians.
  void run(std::span<const std::int64_t> origins, ByOriginAndStep& out) {
    constexpr double kMedian = 0.5;
    for_each_steps([&](std::int64_t first, std::int64_t last) {
      const Eigen::MatrixXd middle = features((first + last) / 2);
      std::vector<LinearModel> models;
      const std::vector<RefitBlock> blocks = refit_blocks(origins.size(), kRefits);
      for (const RefitBlock& block : blocks)
        models.push_back(
            fit(middle, (first + last) / 2, origins[block.begin], {&kMedian, 1}).front());
      for (std::int64_t step = first; step <= last; ++step) {
        const Eigen::MatrixXd x = features(step);
        for (std::size_t b = 0; b < blocks.size(); ++b) {
          for (std::size_t i = blocks[b].begin; i < blocks[b].end; ++i)
            out(static_cast<Eigen::Index>(i), step - 1) = forecast(models[b], x, origins[i]);
        }
      }
    });
  }

  // After the whole past: steps x kFitted.
  ByOriginAndStep quantiles() {
    ByOriginAndStep out(horizon_, kFitted.size());
    for_each_steps([&](std::int64_t first, std::int64_t last) {
      const std::int64_t middle = (first + last) / 2;
      const std::vector<LinearModel> models = fit(features(middle), middle, past_.size(), kFitted);
      for (std::int64_t step = first; step <= last; ++step) {
        const Eigen::MatrixXd x = features(step);
        for (std::size_t i = 0; i < models.size(); ++i)
          out(step - 1, static_cast<Eigen::Index>(i)) = forecast(models[i], x, past_.size());
      }
    });
    return out;
  }

 private:
  // Calls use(first, last) for runs of steps that share a fit, made at the middle one.
  template <typename Use>
  void for_each_steps(Use use) const {
    for (std::int64_t first = 1; first <= horizon_; first = first * kStepGrowth / 2 + 1)
      use(first, std::min(first * kStepGrowth / 2, horizon_));
  }

  // A row per origin from first_row on, levels relative to the last value.
  Eigen::MatrixXd features(std::int64_t step) const {
    Eigen::MatrixXd x = feature_matrix(past_, plan_.features, step, plan_.first_row);
    const Eigen::Map<const Eigen::VectorXd> last(past_.values.data() + plan_.first_row - 1,
                                                 x.rows());
    for (std::size_t i = 0; i < plan_.features.size(); ++i) {
      if (is_level(plan_.features[i].kind)) x.col(static_cast<Eigen::Index>(i)) -= last;
    }
    return x;
  }

  // From what is known at `origin`.
  std::vector<LinearModel> fit(const Eigen::MatrixXd& x, std::int64_t step, std::int64_t origin,
                               std::span<const double> probabilities) const {
    const std::int64_t end = origin - step + 1;
    std::vector<std::int64_t> rows;
    for (std::int64_t row = std::max(plan_.first_row, end - kMostRows); row < end; ++row) {
      if (past_.observed[row + step - 1] != 0) rows.push_back(row);
    }
    Eigen::MatrixXd known(static_cast<Eigen::Index>(rows.size()), x.cols());
    Eigen::VectorXd target(known.rows());
    for (Eigen::Index i = 0; i < known.rows(); ++i) {
      const std::int64_t row = rows[static_cast<std::size_t>(i)];
      known.row(i) = x.row(row - plan_.first_row);
      target[i] = past_.values[row + step - 1] - past_.values[row - 1];
    }
    return fit_quantiles(known, target, probabilities, kPenalty);
  }

  double forecast(const LinearModel& model, const Eigen::MatrixXd& x, std::int64_t origin) const {
    const double change = x.row(origin - plan_.first_row).dot(model.weights) + model.intercept;
    return std::max(past_.values[origin - 1] + change, 0.0);
  }

  const Past& past_;
  const Plan& plan_;
  std::int64_t horizon_;
};

// Between neighbouring probabilities by interpolation, beyond the outermost as they are.
double interpolated(std::span<const double> sorted, double p) {
  const auto above = std::ranges::upper_bound(kFitted, p) - kFitted.begin();
  if (above == 0) return sorted.front();
  if (above == std::ssize(kFitted)) return sorted.back();
  const double share = (p - kFitted[above - 1]) / (kFitted[above] - kFitted[above - 1]);
  return sorted[above - 1] + share * (sorted[above] - sorted[above - 1]);
}

class QuantileRegression final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    const std::optional<Plan> plan = plan_for(past, options);
    return plan ? plan->first_origin : past.size() + 1;
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const Plan plan = *plan_for(past, options);
    Fit(past, plan, options.horizon).run(origins, out);
  }

  // Each step's are sorted, so that none crosses another (Chernozhukov, Fernandez-Val and Galichon,
  // Econometrica 78(3), 2010).
  bool quantiles(const Past& past, const ForecastOptions& options,
                 std::span<const double> probabilities, ByOriginAndStep& out) const override {
    const Plan plan = *plan_for(past, options);
    ByOriginAndStep fitted = Fit(past, plan, options.horizon).quantiles();
    for (Eigen::Index step = 0; step < fitted.rows(); ++step) {
      const std::span<double> row(fitted.row(step).data(), kFitted.size());
      std::ranges::sort(row);
      for (std::size_t p = 0; p < probabilities.size(); ++p)
        out(step, static_cast<Eigen::Index>(p)) = interpolated(row, probabilities[p]);
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_quantile_regression() {
  return std::make_unique<QuantileRegression>();
}

}  // namespace fairlead
