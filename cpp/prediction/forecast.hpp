// From pasts to distributions: make point forecasts, combine them, put bands around them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "prediction/forecaster.hpp"

namespace fairlead {

struct Forecast {
  std::vector<double> point;    // one a step, 0 or more
  ByOriginAndStep quantiles;    // a row per step, a column per probability; 0 or more, ascending
  std::size_t model = 0;        // position in forecasters(): what was used, or weighs most
  std::vector<double> weights;  // by model, sum 1
  std::int64_t errors = 0;      // past errors behind the bands of the last step
  ByOriginAndStep vectors;      // errors of all steps from an earlier origin a row, latest first
};

// What to make of the pasts.
struct ForecastRequest {
  std::optional<std::size_t> model;  // position in forecasters(); none: the combination, `auto`
  ForecastOptions options;
  std::span<const double> probabilities;
  std::int64_t vectors = 0;  // rows of Forecast::vectors, at most; kVectorSpacing origins apart
  BandRule bands = BandRule::adaptive;
};

inline constexpr std::int64_t kVectorSpacing = 4;

// Forecasts the values after each past (of one value or more each). A model that a past is too
// short for gives way to seasonal_naive, and that to rolling_mean; `auto` combines (see combine())
// the quick ones among the models the past is long enough for.
//
// Every model forecasts from many earlier origins as well, each time from what was known there;
// those errors give the weights, how far the forecast follows the present (follow_present) and the
// bands (ErrorBands; with a named model that has quantiles of
// its own the means of both). Nothing is scored that is not in the past.
std::vector<Forecast> forecast(std::span<const Past> pasts, const ForecastRequest& request);

}  // namespace fairlead
