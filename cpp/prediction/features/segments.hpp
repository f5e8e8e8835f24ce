// Series in segments that are worked on together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/features/columns.hpp"
#include "prediction/features/spec.hpp"

namespace fairlead {

// A part of a series: its values from `begin` to `end`, after those from `first` on that its
// windows reach back to.
struct Segment {
  std::int64_t series, first, begin, end;
};

// How far before the newest value the windows reach.
std::int64_t reach_of(std::span<const FeatureSpec> specs);

// Of the series `from` to `to` (excluded), each of up to `length` values; a series without values
// has one, too.
std::vector<Segment> segments_of(const FeatureTable& table, std::int64_t from, std::int64_t to,
                                 std::int64_t reach, std::int64_t length);

}  // namespace fairlead
