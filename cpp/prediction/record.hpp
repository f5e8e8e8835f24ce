// What models would have forecast before, and how far off that was.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/forecaster.hpp"

namespace fairlead {

// Evenly spaced origins from `first` or later up to `size`, which is the last one. The spacing has
// no factor in common with a season, so that all hours of the day take part.
std::vector<std::int64_t> origins_from(std::int64_t first, std::int64_t size,
                                       std::span<const std::int64_t> seasons);

// A model's forecasts from the origins on from place `first_row`; 0 or more.
struct Record {
  std::size_t model = 0;  // position in forecasters()
  Eigen::Index first_row = 0;
  ByOriginAndStep made;
  double prior = 1;  // its weight among others without evidence
};

// Actual - forecast; NaN where there is no outcome in the past.
ByOriginAndStep errors_of(const ByOriginAndStep& made, const Past& past,
                          std::span<const std::int64_t> origins);

}  // namespace fairlead
