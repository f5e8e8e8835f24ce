// The weight of a simple exponential smoothing that starts at the first value.
#pragma once

#include <span>

namespace fairlead::smoothing {

// The weight, from 0.01 to 0.99 and to 0.001, with the smallest sum of squared one-step errors.
// Fewer than three values tell nothing: 0.3.
double ses_weight(std::span<const double> values);

}  // namespace fairlead::smoothing
