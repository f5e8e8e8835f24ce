// Statistics over all values so far, equally or exponentially weighted.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "prediction/features/series.hpp"
#include "prediction/features/spec.hpp"

namespace fairlead {

// Expanding statistics of `Memory::everything` (quantiles apart) and those of
// `Memory::exponential`, whose definitions are those of pandas: `expanding()` and
// `ewm(alpha, adjust=False)`, with the weights counted in places, missing or not.
class RunningFeatures {
 public:
  // Of the specifications, those.
  explicit RunningFeatures(std::span<const FeatureSpec> specs);

  bool empty() const { return empty_; }
  void write(SeriesView& series, FeatureSink& sink);

 private:
  void write_moments(SeriesView& series, FeatureSink& sink);
  void write_counted_moments(SeriesView& series, FeatureSink& sink);
  void write_all_moments(SeriesView& series, FeatureSink& sink);
  void write_extremes(SeriesView& series, FeatureSink& sink);
  void write_exponential_mean(std::size_t column, const SeriesView& series, FeatureSink& sink);
  void write_exponential_deviation(std::size_t column, const SeriesView& series, FeatureSink& sink);
  bool asks(Memory memory, FeatureStatistic statistic) const;

  std::span<const FeatureSpec> specs_;
  bool empty_;
  Buffer sum_, mean_, squares_, made_;
};

}  // namespace fairlead
