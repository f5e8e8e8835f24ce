// Seasonal exponential smoothing: one simple smoothing per place in the season, each with its own
// weight.
#include <algorithm>

#include "prediction/smoothing/ses_weight.hpp"
#include "prediction/smoothing/stretches.hpp"

namespace fairlead {
namespace {

using namespace smoothing;

class SeasonalTracker {
 public:
  // Fits the weights to `values`, which it does not observe.
  SeasonalTracker(std::span<const double> values, std::int64_t season)
      : levels_(static_cast<std::size_t>(season)), weights_(levels_.size()) {
    std::vector<double> same;
    for (std::size_t place = 0; place < levels_.size(); ++place) {
      same.clear();
      for (std::size_t t = place; t < values.size(); t += levels_.size()) same.push_back(values[t]);
      levels_[place] = same.front();
      weights_[place] = ses_weight(same);
    }
  }

  void observe(double value) {
    const std::size_t place = time_++ % levels_.size();
    levels_[place] += weights_[place] * (value - levels_[place]);
  }

  void forecast(std::span<double> out) const {
    for (std::size_t ahead = 0; ahead < out.size(); ++ahead)
      out[ahead] = std::max(levels_[(time_ + ahead) % levels_.size()], 0.0);
  }

 private:
  std::vector<double> levels_, weights_;
  std::size_t time_ = 0;
};

class SeasonalSmoothing final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    if (options.seasons.empty()) return past.size() + 1;
    return first_observed(past) + options.seasons.front();
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const ForecastTask task{past, origins, &out};
    for (const Job& job : jobs_of({&task, 1})) {
      SeasonalTracker tracker(job.sample().values, options.seasons.front());
      job.track(tracker);
    }
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_seasonal_smoothing() {
  return std::make_unique<SeasonalSmoothing>();
}

}  // namespace fairlead
