#include "matching/matching.hpp"

namespace fairlead {

void Matching::add(std::int64_t row, const Shape& shape, std::span<const std::int32_t> block) {
  std::size_t next = shape.units;
  for (std::int64_t t = 0; t < shape.tasks(); ++t) {
    job.push_back(row);
    task.push_back(static_cast<std::int32_t>(t));
    node.push_back(block[t / shape.tasks_per_unit]);
    for (const Ask& ask : shape.devices) {
      for (std::int64_t k = 0; k < Shape::devices_of(ask); ++k) {
        kind.push_back(ask.resource);
        device.push_back(block[next++]);
      }
    }
    device_end.push_back(static_cast<std::int64_t>(device.size()));
  }
}

}  // namespace fairlead
