#include "prediction/features/segments.hpp"

#include <algorithm>

namespace fairlead {

std::int64_t reach_of(std::span<const FeatureSpec> specs) {
  std::int64_t reach = 0;
  for (const FeatureSpec& spec : specs) {
    if (spec.memory == Memory::window) reach = std::max(reach, (spec.window - 1) * spec.stride);
  }
  return reach;
}

std::vector<Segment> segments_of(const FeatureTable& table, std::int64_t from, std::int64_t to,
                                 std::int64_t reach, std::int64_t length) {
  std::vector<Segment> segments;
  for (std::int64_t series = from; series < to; ++series) {
    const std::int64_t n = table.offsets[series + 1] - table.offsets[series];
    std::int64_t begin = 0;
    do {
      const std::int64_t end = std::min(begin + length, n);
      segments.push_back({series, std::max<std::int64_t>(begin - reach, 0), begin, end});
      begin = end;
    } while (begin < n);
  }
  return segments;
}

}  // namespace fairlead
