// What a feature of a series is, as a specification; and which rows of it are wanted.
#pragma once

#include <cstdint>

namespace fairlead {

enum class FeatureStatistic { value, mean, deviation, minimum, maximum, quantile };

// Which values a statistic is over, from the newest one it may read backwards.
enum class Memory {
  window,      // `window` values, `stride` apart
  everything,  // all of them
  exponential  // all of them, the newest with the weight `parameter`
};

// Missing values (NaN) are left out of a statistic; one over fewer than `min_samples` values, and a
// deviation (of a sample, n - 1) over fewer than two, is NaN.
struct FeatureSpec {
  FeatureStatistic statistic = FeatureStatistic::value;
  Memory memory = Memory::window;
  std::int64_t lag = 1;  // the newest value read lies so many steps before the origin; 1 or more
  std::int64_t window = 1;
  std::int64_t stride = 1;
  std::int64_t min_samples = 1;
  double parameter = 0;  // the probability of a quantile; the weight of an exponential statistic
};

// Throws InvalidInput for a feature that would read the future, or that there is no such thing as.
void check_feature(const FeatureSpec& spec);

}  // namespace fairlead
