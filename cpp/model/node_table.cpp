#include "model/node_table.hpp"

#include <algorithm>

#include "base/errors.hpp"
#include "model/shape.hpp"

namespace fairlead {
namespace {

constexpr std::int32_t kMaxGpuTypes = 64;  // a type set is a 64-bit mask

std::uint64_t type_bit(std::int32_t code) {
  if (code < 0) return 0;
  if (code >= kMaxGpuTypes) {
    throw InvalidInput(
        "nodes['gpu_type'] names more than 64 types; merge types that jobs never tell apart");
  }
  return std::uint64_t{1} << code;
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

NodeTable make_node_table(const NodeColumns& columns) {
  NodeTable table;
  table.n = columns.n;
  const std::size_t width = columns.resources.size();
  for (std::size_t r = 0; r < width; ++r) {
    (columns.is_device[r] ? table.device_names : table.counted_names)
        .push_back(columns.resources[r]);
  }
  if (std::max(table.counted_names.size(), table.device_names.size()) > kMaxResources) {
    throw InvalidInput("nodes declare more than " + std::to_string(kMaxResources) +
                       " counted resources; leave out those that no job asks");
  }
  const auto gpus = std::ranges::find(table.device_names, "gpus");
  if (gpus != table.device_names.end()) {
    table.gpu_kind = static_cast<std::int32_t>(gpus - table.device_names.begin());
  }
  std::int64_t devices = 0;
  table.device_begin.push_back(0);
  for (std::int32_t node = 0; node < columns.n; ++node) {
    for (std::size_t r = 0; r < width; ++r) {
      const std::int64_t amount = columns.capacity[node * width + r];
      if (!columns.is_device[r]) {
        table.capacity.push_back(amount);
        continue;
      }
      devices += amount / kWholeDevice;
      if (devices > INT32_MAX) throw InvalidInput("nodes: more than 2^31 devices in all");
      table.device_begin.push_back(static_cast<std::int32_t>(devices));
    }
    table.gpu_memory.push_back(columns.gpu_memory.empty() ? kUnknownMemory
                                                          : columns.gpu_memory[node]);
    table.gpu_type.push_back(columns.gpu_type.empty() ? 0 : type_bit(columns.gpu_type[node]));
  }
  table.pool.assign(columns.pool.begin(), columns.pool.end());
  // Speeds of 1 are left out, so that run times stay integers.
  if (std::ranges::any_of(columns.speed, [](double s) { return s != 1.0; })) {
    table.speed.assign(columns.speed.begin(), columns.speed.end());
  }
  table.price.assign(columns.price.begin(), columns.price.end());
  return table;
}

NodeTable NodeTable::with(const NodeTable& more) const {
  if (more.counted_names != counted_names || more.device_names != device_names) {
    throw InvalidInput("added nodes must declare the resources of the cluster, in its order");
  }
  NodeTable all = *this;
  if (all.speed.empty() && !more.speed.empty()) all.speed.assign(n, 1.0);
  if (all.price.empty() && !more.price.empty()) all.price.assign(n, 0.0);
  all.n += more.n;
  append(all.capacity, more.capacity);
  append(all.gpu_memory, more.gpu_memory);
  append(all.pool, more.pool);
  append(all.gpu_type, more.gpu_type);
  append(all.speed, more.speed);
  append(all.price, more.price);
  if (!all.speed.empty()) all.speed.resize(all.n, 1.0);
  if (!all.price.empty()) all.price.resize(all.n, 0.0);
  const std::int32_t offset = all.all_devices();
  for (std::size_t i = 1; i < more.device_begin.size(); ++i) {
    all.device_begin.push_back(offset + more.device_begin[i]);
  }
  return all;
}

}  // namespace fairlead
