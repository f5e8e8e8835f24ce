// What is known about a series when a forecast is made: lags, rolling statistics, seasons,
// calendar.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "prediction/history.hpp"

namespace fairlead {

// Row o of a feature stands for the origin o: the first o values are known, the target is the value
// `step` later, at index o + step - 1. A feature of row o reads nothing at index o or after, other
// than the calendar.
enum class FeatureKind {
  lag,          // the value `length` before the origin; length 1 is the last known one
  season_lag,   // the value at the target's place in the season of `length`, `order` seasons before
                // the latest known one, `shift` beside it
  mean,         // of the last `length` values
  deviation,    // sample standard deviation (n - 1) of the same
  minimum,      // of the same
  maximum,      // of the same
  season_mean,  // of the last `order` known values at the target's place in the season
  sine,         // of the target's place in the season of `length`, harmonic `order`
  cosine        // likewise
};

struct Feature {
  FeatureKind kind;
  std::int64_t length;     // steps, 1 or more
  std::int64_t order = 0;  // see the kinds
  std::int64_t shift = 0;
};

// Whether the feature is a level of the series (moves with it), rather than a spread or the
// calendar.
bool is_level(FeatureKind kind);

// The first origin at which the feature is known.
std::int64_t first_origin(const Feature& feature, std::int64_t step);

// One column per feature, one row per origin from `from` to the end; NaN where it is not known yet.
// A matrix of `feature_columns` (features/columns.hpp) in the words of the forecasters.
Eigen::MatrixXd feature_matrix(const Past& past, std::span<const Feature> features,
                               std::int64_t step, std::int64_t from);

}  // namespace fairlead
