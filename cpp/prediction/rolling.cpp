// Flat forecasts: the mean or the median of the last window, or of all there is while that is
// shorter; and the median of a part of the season.
#include <algorithm>

#include "prediction/features.hpp"
#include "prediction/forecaster.hpp"

namespace fairlead {
namespace {

std::span<const double> window_before(const Past& past, std::int64_t origin, std::int64_t window) {
  const std::int64_t length = std::min(window, origin);
  return past.values.subspan(origin - length, length);
}

double mean_of(std::span<const double> values) {
  double mean = 0;  // running, so that huge values do not overflow a sum
  for (std::size_t i = 0; i < values.size(); ++i)
    mean += (values[i] - mean) / static_cast<double>(i + 1);
  return mean;
}

// With less than two windows of past, half of it: the rest tells how far off such forecasts are.
std::int64_t first_rolling_origin(const Past& past, std::int64_t window) {
  return std::min(window, (past.size() + 1) / 2);
}

class RollingMean final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    return first_rolling_origin(past, options.window);
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const Feature mean{FeatureKind::mean, options.window};
    const std::int64_t from = std::min(origins.front(), past.size());
    const Eigen::MatrixXd means = feature_matrix(past, {&mean, 1}, 1, from);
    for (std::size_t i = 0; i < origins.size(); ++i) {
      const double level = origins[i] < options.window
                               ? mean_of(window_before(past, origins[i], options.window))
                               : means(origins[i] - from, 0);
      out.row(static_cast<Eigen::Index>(i)).setConstant(level);
    }
  }
};

// The last values in ascending order: a step costs one search and one shift of memory, which for
// the windows of a few hundred values in use here is faster than any tree.
class SortedWindow {
 public:
  explicit SortedWindow(std::int64_t capacity) : capacity_(static_cast<std::size_t>(capacity)) {}

  void push(const double* values, std::int64_t index) {
    if (sorted_.size() == capacity_)
      sorted_.erase(std::ranges::lower_bound(sorted_, values[index - capacity_]));
    sorted_.insert(std::ranges::upper_bound(sorted_, values[index]), values[index]);
  }

  double median() const {
    const std::size_t half = sorted_.size() / 2;
    return sorted_.size() % 2 == 1 ? sorted_[half]
                                   : sorted_[half - 1] + (sorted_[half] - sorted_[half - 1]) / 2;
  }

 private:
  std::size_t capacity_;
  std::vector<double> sorted_;
};

void forecast_medians(const Past& past, std::int64_t window, std::span<const std::int64_t> origins,
                      ByOriginAndStep& out) {
  SortedWindow sorted(std::min(window, past.size()));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    for (; seen < origins[i]; ++seen) sorted.push(past.values.data(), seen);
    out.row(static_cast<Eigen::Index>(i)).setConstant(sorted.median());
  }
}

class RollingMedian final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    return first_rolling_origin(past, options.window);
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    forecast_medians(past, options.window, origins, out);
  }
};

class PartMedian final : public Forecaster {
 public:
  explicit PartMedian(std::int64_t part) : part_(part) {}

  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    return first_rolling_origin(past, window_of(options));
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    forecast_medians(past, window_of(options), origins, out);
  }

 private:
  std::int64_t window_of(const ForecastOptions& options) const {
    const std::int64_t whole = options.seasons.empty() ? options.window : options.seasons.front();
    return std::max<std::int64_t>(whole / part_, 1);
  }

  std::int64_t part_;  // of the shortest season, or of the window: one of so many
};

}  // namespace

std::unique_ptr<Forecaster> make_rolling_mean() {
  return std::make_unique<RollingMean>();
}
std::unique_ptr<Forecaster> make_rolling_median() {
  return std::make_unique<RollingMedian>();
}
std::unique_ptr<Forecaster> make_short_median() {
  return std::make_unique<PartMedian>(12);
}
std::unique_ptr<Forecaster> make_brief_median() {
  return std::make_unique<PartMedian>(24);
}

}  // namespace fairlead
