// The nodes of a cluster as columns: capacities, devices, pools, types, speeds. Immutable once
// built.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fairlead {

inline constexpr std::int64_t kUnknownMemory = -1;

struct NodeTable {
  std::int32_t n = 0;
  std::vector<std::string> counted_names;  // e.g. cpus, memory_gib
  std::vector<std::string> device_names;   // e.g. gpus
  std::vector<std::int64_t> capacity;      // n x counted, integer units
  std::vector<std::int32_t>
      device_begin;  // n x kinds + 1: first device of (node, kind) among all devices
  std::vector<std::int64_t> gpu_memory;  // n: bytes of each GPU, kUnknownMemory where not given
  std::vector<std::int32_t> pool;        // n
  std::vector<std::uint64_t> gpu_type;   // n: one bit, or 0 where not given
  std::vector<double> speed;             // n; empty: all 1
  std::vector<double> price;             // n: USD per hour; empty: none
  std::int32_t gpu_kind = -1;            // index of "gpus" among the device kinds

  std::int32_t counted() const { return static_cast<std::int32_t>(counted_names.size()); }
  std::int32_t kinds() const { return static_cast<std::int32_t>(device_names.size()); }
  std::int32_t first_device(std::int32_t node, std::int32_t kind) const {
    return device_begin[node * kinds() + kind];
  }
  std::int32_t devices(std::int32_t node, std::int32_t kind) const {
    return device_begin[node * kinds() + kind + 1] - first_device(node, kind);
  }
  std::int32_t all_devices() const { return device_begin.empty() ? 0 : device_begin.back(); }
  bool has_devices() const { return all_devices() > 0; }
  double speed_of(std::int32_t node) const { return speed.empty() ? 1.0 : speed[node]; }

  // The table with the rows of `more` (same resources) behind its own.
  NodeTable with(const NodeTable& more) const;
};

// Columns as they come from outside, resources in one order of their own.
struct NodeColumns {
  std::int32_t n = 0;
  std::vector<std::string> resources;
  std::vector<bool> is_device;               // parallel to resources
  std::span<const std::int64_t> capacity;    // n x resources; devices in thousandths
  std::span<const std::int64_t> gpu_memory;  // empty: unknown
  std::span<const std::int32_t> gpu_type;    // empty or -1: none
  std::span<const std::int32_t> pool;
  std::span<const double> speed;  // empty: all 1
  std::span<const double> price;  // empty: none
};

NodeTable make_node_table(const NodeColumns& columns);

}  // namespace fairlead
