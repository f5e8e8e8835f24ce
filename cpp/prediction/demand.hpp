// Demand as a series: how many units of a resource are in use, interval by interval.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

// One row per stretch of use: `amount` units over [start_ns, end_ns).
struct UseTable {
  std::span<const std::int64_t> start_ns;
  std::span<const std::int64_t> end_ns;
  std::span<const std::int64_t> amount;  // 0 or more, integer units
  std::span<const std::int32_t> group;   // series of the row; below 0: of none

  void validate(std::int32_t groups) const;
};

// `intervals` intervals of `step_ns` each, the first one from `origin_ns`.
struct TimeGrid {
  std::int64_t origin_ns = 0;
  std::int64_t step_ns = 1;
  std::int64_t intervals = 0;
};

// Units in use, group by group: groups x intervals values each.
struct UseColumns {
  std::vector<double> mean;    // over the interval
  std::vector<double> at_end;  // of it: what rows hold that start before and end after
};

// Use outside the grid does not count. Areas are exact (128-bit unit-nanoseconds); only the final
// division by them and by `unit` (integer units to one of the result) rounds. O(rows + groups *
// intervals).
UseColumns use_by_interval(const UseTable& uses, std::int32_t groups, const TimeGrid& grid,
                           std::int64_t unit);

}  // namespace fairlead
