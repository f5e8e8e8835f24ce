// A row touches four cells however long it lasts: its two partial intervals directly, and the whole
// ones in between through a difference array that is summed up once at the end.
#include "prediction/demand.hpp"

#include <algorithm>
#include <string>

#include "base/errors.hpp"

namespace fairlead {
namespace {

__extension__ using Area = __int128;  // unit-nanoseconds

// Sums of one group: `partial` areas, `change` in the units that fill whole intervals, and in those
// that lie across the ends of intervals.
struct Sums {
  explicit Sums(std::int64_t intervals)
      : partial(intervals), change(intervals + 1), change_at_end(intervals + 1) {}

  void add(const TimeGrid& grid, std::int64_t from, std::int64_t to, std::int64_t amount) {
    const std::int64_t first = from / grid.step_ns;
    const std::int64_t last = to / grid.step_ns;  // the interval in which it ends
    if (first == last) {
      partial[first] += Area{amount} * (to - from);
      return;
    }
    partial[first] += Area{amount} * ((first + 1) * grid.step_ns - from);
    change[first + 1] += amount;
    change[last] -= amount;
    if (to > last * grid.step_ns) partial[last] += Area{amount} * (to - last * grid.step_ns);
  }

  // The ends of the intervals [first, last) lie inside. `to` may lie beyond the grid.
  void add_at_end(const TimeGrid& grid, std::int64_t from, std::int64_t to, std::int64_t amount) {
    const std::int64_t first = from / grid.step_ns;
    const std::int64_t last = std::min((to - 1) / grid.step_ns, grid.intervals);
    if (first >= last) return;
    change_at_end[first] += amount;
    change_at_end[last] -= amount;
  }

  void write(const TimeGrid& grid, std::int64_t unit, double* mean, double* at_end) const {
    const double whole = static_cast<double>(Area{grid.step_ns} * unit);
    Area level = 0, level_at_end = 0;
    for (std::int64_t i = 0; i < grid.intervals; ++i) {
      level += change[i];
      level_at_end += change_at_end[i];
      mean[i] = static_cast<double>(level * grid.step_ns + partial[i]) / whole;
      at_end[i] = static_cast<double>(level_at_end) / static_cast<double>(unit);
    }
  }

  std::vector<Area> partial;
  std::vector<Area> change;
  std::vector<Area> change_at_end;
};

// Rows of each group, one group after another (counting sort).
struct RowsByGroup {
  RowsByGroup(std::span<const std::int32_t> group, std::int32_t groups)
      : begin(static_cast<std::size_t>(groups) + 1), rows(group.size()) {
    for (const std::int32_t g : group) {
      if (g >= 0) ++begin[g + 1];
    }
    for (std::int32_t g = 0; g < groups; ++g) begin[g + 1] += begin[g];
    std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
    for (std::size_t row = 0; row < group.size(); ++row) {
      if (group[row] >= 0) rows[next[group[row]]++] = row;
    }
  }

  std::span<const std::size_t> of(std::int32_t group) const {
    return std::span(rows).subspan(begin[group], begin[group + 1] - begin[group]);
  }

  std::vector<std::size_t> begin;
  std::vector<std::size_t> rows;
};

}  // namespace

void UseTable::validate(std::int32_t groups) const {
  const std::size_t n = start_ns.size();
  if (end_ns.size() != n || amount.size() != n || group.size() != n)
    throw InvalidInput("start, end, amount and group must have one value a row each");
  for (std::size_t row = 0; row < n; ++row) {
    if (end_ns[row] < start_ns[row] || amount[row] < 0 || group[row] >= groups)
      throw InvalidInput("row " + std::to_string(row) +
                         ": end must not be before start, amount not negative, group below " +
                         std::to_string(groups));
  }
}

UseColumns use_by_interval(const UseTable& uses, std::int32_t groups, const TimeGrid& grid,
                           std::int64_t unit) {
  uses.validate(groups);
  if (grid.step_ns < 1 || grid.intervals < 0 || unit < 1)
    throw InvalidInput("step and unit must be 1 or more, the number of intervals 0 or more");
  const std::size_t cells =
      static_cast<std::size_t>(groups) * static_cast<std::size_t>(grid.intervals);
  UseColumns out{std::vector<double>(cells), std::vector<double>(cells)};
  const RowsByGroup by_group(uses.group, groups);
  const std::int64_t length = grid.intervals * grid.step_ns;
  for (std::int32_t g = 0; g < groups; ++g) {
    Sums sums(grid.intervals);
    for (const std::size_t row : by_group.of(g)) {
      const std::int64_t from = std::max<std::int64_t>(uses.start_ns[row] - grid.origin_ns, 0);
      const std::int64_t to = uses.end_ns[row] - grid.origin_ns;
      if (from >= std::min(to, length)) continue;
      sums.add(grid, from, std::min(to, length), uses.amount[row]);
      sums.add_at_end(grid, from, to, uses.amount[row]);
    }
    const std::int64_t first = g * grid.intervals;
    sums.write(grid, unit, out.mean.data() + first, out.at_end.data() + first);
  }
  return out;
}

}  // namespace fairlead
