// A mean that values far from all others move little.
#pragma once

#include <span>

#include "prediction/weighted.hpp"

namespace fairlead {

// The weighted mean of values, each first moved to within five median distances of the median
// (Winsor's rule; medians by weight, so values of little weight cannot carry them). Weights sum to
// 1. Leaves the values in another order.
double robust_mean(std::span<Weighted> values);

}  // namespace fairlead
