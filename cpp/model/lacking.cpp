#include "model/lacking.hpp"

#include <limits>

namespace fairlead {
namespace {

std::int64_t units_that_fit(const NodeState& nodes, const Shape& shape) {
  std::int64_t sum = 0;
  for (std::int32_t node = 0; node < nodes.nodes().n; ++node) {
    sum += nodes.units_on(node, shape, shape.units);
  }
  return sum;
}

// `shape` asks no resource: where may it run at all?
std::string lacking_nodes(const NodeState& nodes, Shape shape) {
  shape.one_unit_per_node = false;
  if (units_that_fit(nodes, shape) > 0) return "nodes";  // too few for one unit each
  shape.gpu_types = kAnyType;
  return units_that_fit(nodes, shape) > 0 ? "gpu_type" : "pool";
}

}  // namespace

std::string lacking_resource(const NodeState& nodes, const Shape& shape,
                             const std::vector<std::string>& requests) {
  if (shape.lacking >= 0) return requests[shape.lacking];
  Shape alone = shape;
  alone.counted.clear();
  alone.devices.clear();
  alone.gpu_memory = 0;
  if (units_that_fit(nodes, alone) < shape.units) return lacking_nodes(nodes, alone);

  std::string tightest;
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  const auto consider = [&](const std::string& name) {
    const std::int64_t count = units_that_fit(nodes, alone);
    if (count < fewest) {
      fewest = count;
      tightest = name;
    }
  };
  for (const Ask& ask : shape.counted) {
    alone.counted = {ask};
    consider(nodes.nodes().counted_names[ask.resource]);
  }
  alone.counted.clear();
  for (const Ask& ask : shape.devices) {
    alone.devices = {ask};
    consider(nodes.nodes().device_names[ask.resource]);
  }
  for (const Ask& ask : shape.devices) {
    if (ask.resource != nodes.nodes().gpu_kind || shape.gpu_memory == 0) continue;
    alone.devices = {ask};
    alone.gpu_memory = shape.gpu_memory;
    consider("gpu_memory_gib");
  }
  return tightest;
}

}  // namespace fairlead
