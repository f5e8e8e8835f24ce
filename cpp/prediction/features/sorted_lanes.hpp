// Sorted windows of eight series side by side, kept sorted as they slide.
#pragma once

#include <cstdint>
#include <span>

#include "prediction/features/formulas.hpp"

namespace fairlead {

using formulas::quantile_place;
using formulas::QuantilePlace;

constexpr int kSortedLanes = 8;

// A row of values, one in each lane, as a vector register holds them.
struct alignas(64) LaneRow {
  double lane[kSortedLanes];
};

// In each step the row `leaving` goes and `entering` comes; +inf stands for a missing value.
struct LaneSteps {
  const LaneRow* leaving;
  const LaneRow* entering;
  std::int64_t steps;
};

// `sorted` holds `window` rows, ascending in each lane, and above them one of +inf. After each step
// the quantiles are written: out[place * steps + step].
void slide_sorted(LaneRow* sorted, std::int64_t window, const LaneSteps& moves,
                  std::span<const QuantilePlace> places, LaneRow* out);

}  // namespace fairlead
