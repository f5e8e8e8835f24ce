// Where a fit starts: states from the first values of a sample.
#pragma once

#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

// Level, trend and seasons of the first values; weights stay at their defaults.
Model starting_states(const Form& form, std::span<const double> values);

}  // namespace fairlead::smoothing
