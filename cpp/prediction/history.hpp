// The past of one demand series, as forecasters see it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

// Values at equal steps. Where `observed` is 0 the value stands in for a missing one: it may feed a
// forecast, but is no target to learn from and no outcome to score.
struct Past {
  std::span<const double> values;
  std::span<const std::uint8_t> observed;
  std::int64_t phase = 0;          // steps from the epoch to values[0]: the place in day and week
  std::span<const double> ends{};  // of means: the value at the end of each interval, NaN; or none

  std::int64_t size() const { return static_cast<std::int64_t>(values.size()); }

  // What was known when only `known` values were.
  Past first(std::int64_t known) const {
    const auto n = static_cast<std::size_t>(known);
    return {values.first(n), observed.first(n), phase, ends.first(std::min(n, ends.size()))};
  }
};

// Owns what a Past views.
struct FilledSeries {
  std::vector<double> values;
  std::vector<std::uint8_t> observed;
  std::int64_t phase = 0;

  Past past() const { return {values, observed, phase}; }
};

// Puts the value of one season earlier (or, without one, the last value) in the place of each NaN:
// from the past only, so that the filled prefix of a series is the prefix of the filled series.
// Leading NaN become 0 and are not observed. `season` 0: none.
FilledSeries fill_missing(std::span<const double> raw, std::int64_t phase, std::int64_t season);

}  // namespace fairlead
