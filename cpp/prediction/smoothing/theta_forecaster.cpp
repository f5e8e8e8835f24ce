// The forecasters of the theta method, on values without their season.
#include <algorithm>
#include <cmath>

#include "prediction/smoothing/season.hpp"
#include "prediction/smoothing/stretches.hpp"
#include "prediction/smoothing/theta.hpp"

namespace fairlead {
namespace {

using namespace smoothing;

constexpr std::int64_t kFewestValues = 4;

// A fitted model moving along a series.
class ThetaTracker {
 public:
  ThetaTracker(const ThetaModel& model, const SeasonShape& shape)
      : model_(model), shape_(shape), level_(model.level) {}

  void observe(double value) {
    const double adjusted = shape_.taken_from(value, line_.seen);
    level_ += model_.alpha * (adjusted - level_);
    line_.observe(adjusted);
  }

  // Each forecast is fed back as if it were the value (Fiorucci et al., section 2.3).
  void forecast(std::span<double> out) const {
    RunningLine line = line_;
    double level = level_;
    double power = std::pow(1 - model_.alpha, static_cast<double>(line.seen));
    std::int64_t time = line.seen;
    for (double& each : out) {
      const double next = power * (1 - model_.alpha);
      const double drift = power * line.intercept + (1 - next) / model_.alpha * line.slope;
      const double value = level + model_.share * drift;
      each = std::max(shape_.put_on(value, time++), 0.0);
      level += model_.alpha * (value - level);
      if (model_.kind == ThetaKind::dynamic_optimized) line.observe(value);
      power = next;
    }
  }

 private:
  ThetaModel model_;
  const SeasonShape& shape_;
  RunningLine line_;
  double level_;
};

class Theta final : public Forecaster {
 public:
  explicit Theta(ThetaKind kind) : kind_(kind) {}

  std::int64_t first_origin(const Past& past, const ForecastOptions&) const override {
    return first_observed(past) + kFewestValues;
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const ForecastTask task{past, origins, &out};
    for (const Job& job : jobs_of({&task, 1})) {
      const Sample sample = job.sample();
      const SeasonShape shape =
          season_of(sample.values, options.seasons.empty() ? 0 : options.seasons.front());
      std::vector<double> adjusted;
      for (std::size_t t = 0; t < sample.values.size(); ++t)
        adjusted.push_back(shape.taken_from(sample.values[t], static_cast<std::int64_t>(t)));
      ThetaTracker tracker(fit_theta(kind_, adjusted), shape);
      job.track(tracker);
    }
  }

 private:
  ThetaKind kind_;
};

}  // namespace

std::unique_ptr<Forecaster> make_theta() {
  return std::make_unique<Theta>(ThetaKind::standard);
}
std::unique_ptr<Forecaster> make_optimized_theta() {
  return std::make_unique<Theta>(ThetaKind::dynamic_optimized);
}

}  // namespace fairlead
