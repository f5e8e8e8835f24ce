#include "prediction/features/spec.hpp"

#include <string>

#include "base/errors.hpp"

namespace fairlead {

void check_feature(const FeatureSpec& spec) {
  if (spec.lag < 1 || spec.window < 1 || spec.stride < 1)
    throw InvalidInput("a feature needs a lag, a window and a season of 1 or more");
  const bool exponential = spec.memory == Memory::exponential;
  const bool share = exponential || spec.statistic == FeatureStatistic::quantile;
  if (share && !(spec.parameter >= 0 && spec.parameter <= 1))
    throw InvalidInput("a probability or weight must lie between 0 and 1, got " +
                       std::to_string(spec.parameter));
  if (exponential && spec.statistic != FeatureStatistic::mean &&
      spec.statistic != FeatureStatistic::deviation)
    throw InvalidInput("exponential weights have a mean and a deviation, nothing else");
}

}  // namespace fairlead
