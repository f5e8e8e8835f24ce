// From a past to a distribution: pick the model, make the point forecast, put bands around it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "prediction/forecaster.hpp"

namespace fairlead {

struct Forecast {
  std::vector<double> point;   // one a step, 0 or more
  ByOriginAndStep quantiles;   // a row per step, a column per probability; 0 or more, ascending
  std::size_t model = 0;       // position in forecasters(): what was used
  std::vector<double> losses;  // by model, back-tested mean pinball loss; NaN: not compared
  std::int64_t errors = 0;     // past errors behind the bands of the last step
};

// Forecasts the values after `past` (at least one). `model`: a position in forecasters(), or none
// for the model with the smallest back-tested pinball loss (where one that learns is given 10 %). A
// model the past is too short for gives way to seasonal_naive, and that to rolling_mean.
//
// Every model forecasts from many earlier origins as well, each time from what was known there;
// those errors give the bands (ErrorBands) and the losses. Nothing is scored that is not in `past`.
Forecast forecast(const Past& past, std::optional<std::size_t> model,
                  const ForecastOptions& options, std::span<const double> probabilities);

}  // namespace fairlead
