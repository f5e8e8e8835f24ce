#include "model/node_state.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include "base/errors.hpp"
#include "base/names.hpp"

namespace fairlead {

Placement placement_named(std::string_view name) {
  for (const PlacementRule& entry : kPlacements) {
    if (entry.name == name) return entry.rule;
  }
  throw InvalidInput("placement must be one of " + listed(kPlacements, &PlacementRule::name) +
                     "; got '" + std::string(name) + "'");
}

NodeState::NodeState(std::shared_ptr<const NodeTable> nodes)
    : nodes_(std::make_shared<const NodeTable>()) {
  extend(std::move(nodes));
}

void NodeState::extend(std::shared_ptr<const NodeTable> nodes) {
  const std::int32_t known = nodes_->n;
  const std::int32_t kinds = nodes->kinds();
  nodes_ = std::move(nodes);
  const std::int32_t n = nodes_->n;
  in_service_.resize(n, 1);
  is_changed_.resize(n, 0);
  const auto first = nodes_->capacity.begin() + std::ptrdiff_t{known} * nodes_->counted();
  capacity_.insert(capacity_.end(), first, nodes_->capacity.end());
  free_.insert(free_.end(), first, nodes_->capacity.end());
  share_.resize(nodes_->all_devices(), static_cast<std::int32_t>(kWholeDevice));
  memory_.resize(nodes_->all_devices(), 0);
  free_share_.resize(std::size_t(n) * kinds);
  whole_.resize(std::size_t(n) * kinds);
  for (std::int32_t node = known; node < n; ++node) {
    for (std::int32_t kind = 0; kind < kinds; ++kind) {
      const std::int32_t begin = nodes_->first_device(node, kind);
      const std::int32_t count = nodes_->devices(node, kind);
      whole_[cell(node, kind)] = count;
      free_share_[cell(node, kind)] = count * kWholeDevice;
      if (!memory_matters(node, kind)) continue;
      std::fill_n(memory_.begin() + begin, count, nodes_->gpu_memory[node]);
    }
  }
  index_.extend(*this);
  for (std::int32_t node = known; node < n; ++node) changed(node);
}

std::int64_t NodeState::device_slots(std::int32_t node, const Shape& shape, const Ask& ask) const {
  const std::int32_t kind = ask.resource;
  const std::int64_t memory = kind == nodes_->gpu_kind ? shape.gpu_memory : 0;
  if (memory > 0 && nodes_->gpu_memory[node] < memory) return 0;
  if (ask.amount >= kWholeDevice) return whole_[cell(node, kind)] / Shape::devices_of(ask);
  std::int64_t slots = 0;
  const std::int32_t begin = nodes_->first_device(node, kind);
  for (std::int32_t d = begin; d < begin + nodes_->devices(node, kind); ++d) {
    std::int64_t here = share_[d] / ask.amount;
    if (memory > 0) here = std::min(here, memory_[d] / memory);
    slots += here;
  }
  return slots;
}

std::int64_t NodeState::units_on(std::int32_t node, const Shape& shape, std::int64_t most) const {
  if (!in_service_[node] || !admits(node, shape)) return 0;
  if (shape.one_unit_per_node) most = std::min<std::int64_t>(most, 1);
  const std::int64_t* const free = free_.data() + std::ptrdiff_t{node} * nodes_->counted();
  for (const Ask& ask : shape.counted) {
    if (free[ask.resource] < ask.amount) return 0;
    if (most > 1) most = std::min(most, free[ask.resource] / ask.amount);
  }
  for (const Ask& ask : shape.devices) {
    if (free_share_[cell(node, ask.resource)] < ask.amount) return 0;
    most = std::min(most, device_slots(node, shape, ask) / shape.tasks_per_unit);
  }
  return most;
}

std::int64_t NodeState::units(const Shape& shape, std::int64_t enough) const {
  return index().units(*this, shape, enough);
}

const NodeIndex& NodeState::index() const {
  if (changed_.empty()) return index_;
  for (const std::int32_t node : changed_) {
    index_.update(*this, node);
    is_changed_[node] = false;
  }
  changed_.clear();
  return index_;
}

Needs NodeState::needs(const Shape& shape) const {
  Needs needs;
  const auto at_least = [&](std::int32_t i, std::int64_t amount) {
    if (static_cast<std::size_t>(i) < kNeeds) needs.amount[i] = amount;
  };
  for (const Ask& ask : shape.devices) {
    const bool share = ask.amount < kWholeDevice;
    at_least(ask.resource, share ? ask.amount : ask.amount * shape.tasks_per_unit);
  }
  for (const Ask& ask : shape.counted) at_least(nodes_->kinds() + ask.resource, ask.amount);
  return needs;
}

bool NodeState::in_use(std::int32_t node) const {
  for (std::int32_t r = 0; r < nodes_->counted(); ++r) {
    if (free(node, r) < capacity(node, r)) return true;
  }
  for (std::int32_t kind = 0; kind < nodes_->kinds(); ++kind) {
    if (free_share_[cell(node, kind)] < nodes_->devices(node, kind) * kWholeDevice) return true;
  }
  return false;
}

// For gangs with one unit a node: what one node is given changes nothing on the others.
void NodeState::choose_apart(const Shape& shape, Placement rule, std::span<std::int32_t> nodes) {
  index();
  for (std::int32_t& node : nodes) {
    node = index_.choose(*this, shape, rule, 1);
    assert(node >= 0 && "place() needs a job that fits");
    index_.remove(node);
  }
}

// The device with the smallest sufficient free share, then the lowest index.
std::int32_t NodeState::pick_share(std::int32_t node, const Ask& ask, std::int64_t memory) const {
  const std::int32_t begin = nodes_->first_device(node, ask.resource);
  std::int32_t best = -1;
  for (std::int32_t d = begin; d < begin + nodes_->devices(node, ask.resource); ++d) {
    if (share_[d] < ask.amount || (memory > 0 && memory_[d] < memory)) continue;
    if (best < 0 || share_[d] < share_[best]) best = d;
  }
  return best;
}

void NodeState::take_counted(std::int32_t node, const Shape& shape, std::int64_t sign) {
  changed(node);
  for (const Ask& ask : shape.counted) {
    free_[node * nodes_->counted() + ask.resource] -= sign * ask.amount;
  }
}

void NodeState::take_device(std::int32_t node, std::int32_t kind, std::int32_t device,
                            const Ask& ask, std::int64_t memory, std::int32_t sign) {
  const auto amount = static_cast<std::int32_t>(std::min(ask.amount, kWholeDevice));
  const bool was_whole = share_[device] == kWholeDevice;
  share_[device] -= sign * amount;
  whole_[cell(node, kind)] += int{share_[device] == kWholeDevice} - int{was_whole};
  free_share_[cell(node, kind)] -= sign * amount;
  if (!memory_matters(node, kind)) return;
  // A whole device is taken with all of its memory.
  memory_[device] -= sign * (amount == kWholeDevice ? nodes_->gpu_memory[node] : memory);
}

void NodeState::take_task_devices(std::int32_t node, const Shape& shape,
                                  std::span<const std::int32_t> devices, std::int32_t sign) {
  std::size_t next = 0;
  for (const Ask& ask : shape.devices) {
    const std::int32_t begin = nodes_->first_device(node, ask.resource);
    for (std::int64_t k = 0; k < Shape::devices_of(ask); ++k) {
      take_device(node, ask.resource, begin + devices[next++], ask, shape.gpu_memory, sign);
    }
  }
}

// Chooses and takes the devices of one task; `devices` gets their numbers on the node.
void NodeState::pick_devices(std::int32_t node, const Shape& shape,
                             std::span<std::int32_t> devices) {
  std::size_t next = 0;
  for (const Ask& ask : shape.devices) {
    const std::int32_t begin = nodes_->first_device(node, ask.resource);
    const std::int64_t memory = ask.resource == nodes_->gpu_kind ? shape.gpu_memory : 0;
    if (ask.amount < kWholeDevice) {
      devices[next++] = pick_share(node, ask, memory) - begin;
      continue;
    }
    std::int64_t wanted = Shape::devices_of(ask);
    for (std::int32_t d = begin; wanted > 0; ++d) {
      if (share_[d] != kWholeDevice) continue;
      devices[next++] = d - begin;
      --wanted;
    }
  }
  take_task_devices(node, shape, devices, 1);
}

void NodeState::place(const Shape& shape, Placement rule, std::span<std::int32_t> block) {
  const std::int32_t per_task = shape.devices_per_task();
  std::size_t next = shape.units;
  if (shape.one_unit_per_node) choose_apart(shape, rule, block.first(shape.units));
  for (std::int32_t unit = 0; unit < shape.units; ++unit) {
    if (!shape.one_unit_per_node)
      block[unit] = index().choose(*this, shape, rule, shape.units - unit);
    const std::int32_t node = block[unit];
    assert(node >= 0 && "place() needs a job that fits");
    take_counted(node, shape, 1);
    if (per_task == 0) continue;
    for (std::int32_t task = 0; task < shape.tasks_per_unit; ++task) {
      pick_devices(node, shape, block.subspan(next, per_task));
      next += per_task;
    }
  }
}

void NodeState::apply(const Shape& shape, std::span<const std::int32_t> block, std::int32_t sign) {
  const std::int32_t per_task = shape.devices_per_task();
  std::size_t next = shape.units;
  for (std::int32_t unit = 0; unit < shape.units; ++unit) {
    take_counted(block[unit], shape, sign);
    if (per_task == 0) continue;
    for (std::int32_t task = 0; task < shape.tasks_per_unit; ++task) {
      take_task_devices(block[unit], shape, block.subspan(next, per_task), sign);
      next += per_task;
    }
  }
}

void NodeState::take(const Shape& shape, std::span<const std::int32_t> block) {
  apply(shape, block, 1);
}

void NodeState::release(const Shape& shape, std::span<const std::int32_t> block) {
  apply(shape, block, -1);
}

void NodeState::set_capacity(std::int32_t node, std::int32_t resource, std::int64_t amount) {
  const std::int32_t i = node * nodes_->counted() + resource;
  if (capacity_[i] == amount) return;
  free_[i] += amount - capacity_[i];
  capacity_[i] = amount;
  index_.forget_kind(node);
  changed(node);
}

void NodeState::become_min(const NodeState& a, const NodeState& b) {
  *this = a;
  for (std::int32_t node = 0; node < nodes_->n; ++node) become_min_on(node, a, b);
}

void NodeState::become_min_on(std::int32_t node, const NodeState& a, const NodeState& b) {
  changed(node);
  in_service_[node] = a.in_service_[node] && b.in_service_[node];
  for (std::int32_t r = 0; r < nodes_->counted(); ++r) {
    const std::int32_t i = node * nodes_->counted() + r;
    free_[i] = std::min(a.free_[i], b.free_[i]);
    if (const auto least = std::min(a.capacity_[i], b.capacity_[i]); least != capacity_[i]) {
      capacity_[i] = least;
      index_.forget_kind(node);
    }
  }
  for (std::int32_t kind = 0; kind < nodes_->kinds(); ++kind) {
    std::int64_t sum = 0;
    std::int32_t whole = 0;
    const std::int32_t begin = nodes_->first_device(node, kind);
    for (std::int32_t d = begin; d < begin + nodes_->devices(node, kind); ++d) {
      share_[d] = std::min(a.share_[d], b.share_[d]);
      memory_[d] = std::min(a.memory_[d], b.memory_[d]);
      sum += share_[d];
      whole += share_[d] == kWholeDevice;
    }
    free_share_[cell(node, kind)] = sum;
    whole_[cell(node, kind)] = whole;
  }
}

}  // namespace fairlead
