// Whether a forecaster lies beside the middle of what comes for good.
#pragma once

#include <cstdint>
#include <span>

#include "prediction/intervals.hpp"

namespace fairlead {

// If forecasts moved by the median of the known errors (actual - forecast), of all steps together,
// would have come closer by kWorth: each third, fourth, ... part of the origins moved by the median
// of what was known at its start. Else the errors are held to lie on both sides alike, which is
// nearly always the better guess: the mean error of some weeks is mostly chance. Arguments as of
// ErrorBands.
bool has_lasting_shift(const ByOriginAndStep& errors, std::span<const std::int64_t> origins,
                       std::int64_t known);

}  // namespace fairlead
