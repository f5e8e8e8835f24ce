// Where a fit starts: states from the first values of a sample.
#pragma once

#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

// Without `sums` level, trend and seasons of the first values; weights stay at their defaults. For
// a form with factors `sums` is the model of its twin: the start is that, its season as factors; or
// a flat one, where that makes forecasts that nothing can be a share of.
Model start_of(const Form& form, const Sample& sample, const Model* sums);

}  // namespace fairlead::smoothing
