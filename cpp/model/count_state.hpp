// What is free on one node without devices: a few counters stand for it (docs/semantics.md,
// Fitting).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "model/needs.hpp"
#include "model/node_table.hpp"
#include "model/placement.hpp"
#include "model/shape.hpp"

namespace fairlead {

// Has what the scheduling pass asks of NodeState, so that it is written once. Placement blocks stay
// empty.
class CountState {
 public:
  explicit CountState(const std::shared_ptr<const NodeTable>& nodes) {
    std::ranges::copy(nodes->capacity, capacity_.begin());
    free_ = capacity_;
  }

  static bool can_hold(const NodeTable& nodes) { return nodes.n == 1 && !nodes.has_devices(); }

  bool fits(const Shape& shape) const {
    if (!in_service_) return false;
    for (const Ask& ask : shape.counted) {
      if (free_[ask.resource] < ask.total) return false;
    }
    return true;
  }

  // What the whole job must have of the first few counted resources, and what there is.
  Needs needs(const Shape& shape) const {
    Needs needs = Needs::none();
    for (const Ask& ask : shape.counted) {
      if (static_cast<std::size_t>(ask.resource) < kNeeds) needs.amount[ask.resource] = ask.total;
    }
    return needs;
  }
  Needs headroom() const {
    return in_service_ ? Needs{{free_[0], free_[1], free_[2]}} : Needs::none();
  }

  void place(const Shape& shape, Placement, std::span<std::int32_t> block) { take(shape, block); }
  void take(const Shape& shape, std::span<const std::int32_t>) {
    for (const Ask& ask : shape.counted) free_[ask.resource] -= ask.total;
  }
  void release(const Shape& shape, std::span<const std::int32_t>) {
    for (const Ask& ask : shape.counted) free_[ask.resource] += ask.total;
  }

  bool in_service(std::int32_t) const { return in_service_; }
  void set_in_service(std::int32_t, bool value) { in_service_ = value; }
  bool in_use(std::int32_t) const { return free_ != capacity_; }

  std::int64_t capacity(std::int32_t, std::int32_t resource) const { return capacity_[resource]; }
  std::int64_t free(std::int32_t, std::int32_t resource) const { return free_[resource]; }
  void set_capacity(std::int32_t, std::int32_t resource, std::int64_t amount) {
    free_[resource] += amount - capacity_[resource];
    capacity_[resource] = amount;
  }

 private:
  bool in_service_ = true;
  std::array<std::int64_t, kMaxResources> capacity_{};
  std::array<std::int64_t, kMaxResources> free_{};
};

}  // namespace fairlead
