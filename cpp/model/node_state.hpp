// What is free on every node and device, with exact accounting; places and releases gangs whole.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/needs.hpp"
#include "model/node_index.hpp"
#include "model/node_table.hpp"
#include "model/placement.hpp"
#include "model/shape.hpp"

namespace fairlead {

class NodeState {
 public:
  // Every node in service, everything free.
  explicit NodeState(std::shared_ptr<const NodeTable> nodes);

  const NodeTable& nodes() const { return *nodes_; }

  // Whether the shape may run on the node at all, by pool and device type.
  bool admits(std::int32_t node, const Shape& shape) const {
    return (shape.pool < 0 || nodes_->pool[node] == shape.pool) &&
           (shape.gpu_types == kAnyType || (nodes_->gpu_type[node] & shape.gpu_types) != 0);
  }
  // How many units of the shape the node could take now, at most `most`.
  std::int64_t units_on(std::int32_t node, const Shape& shape, std::int64_t most) const;
  // Units of one job are alike, so it fits exactly when the nodes together hold its units.
  bool fits(const Shape& shape) const { return units(shape, shape.units) >= shape.units; }
  // How many units the nodes hold together, each node at most all of the job's; it stops counting
  // at `enough`.
  std::int64_t units(const Shape& shape, std::int64_t enough) const;
  // Device kinds, then counted resources: what one node must have, and the most that any has.
  Needs needs(const Shape& shape) const;
  Needs headroom() const { return index().headroom(); }

  // Places a job that fits and writes where: the node of each unit, then the devices of each task.
  void place(const Shape& shape, Placement rule, std::span<std::int32_t> block);
  void take(const Shape& shape, std::span<const std::int32_t> block);
  void release(const Shape& shape, std::span<const std::int32_t> block);

  // Brought up to date with the rows that have changed since it was last asked.
  const NodeIndex& index() const;

  bool in_service(std::int32_t node) const { return in_service_[node] != 0; }
  void set_in_service(std::int32_t node, bool value) {
    if (in_service(node) != value) changed(node);
    in_service_[node] = value;
  }
  bool in_use(std::int32_t node) const;

  std::int64_t capacity(std::int32_t node, std::int32_t resource) const {
    return capacity_[node * nodes_->counted() + resource];
  }
  std::int64_t free(std::int32_t node, std::int32_t resource) const {
    return free_[node * nodes_->counted() + resource];
  }
  // Free may become negative: then nothing starts until use falls.
  void set_capacity(std::int32_t node, std::int32_t resource, std::int64_t amount);

  // Per node, resource and device the smaller of the two: what is free in both.
  void become_min(const NodeState& a, const NodeState& b);
  void become_min_on(std::int32_t node, const NodeState& a, const NodeState& b);

  std::int32_t device_share(std::int32_t device) const { return share_[device]; }
  std::int64_t device_memory(std::int32_t device) const { return memory_[device]; }
  std::int64_t free_share(std::int32_t node, std::int32_t kind) const {
    return free_share_[cell(node, kind)];
  }
  std::int32_t whole_devices(std::int32_t node, std::int32_t kind) const {
    return whole_[cell(node, kind)];
  }

  // The state on a table that has got more rows; the new nodes are in service and free.
  void extend(std::shared_ptr<const NodeTable> nodes);

 private:
  std::int32_t cell(std::int32_t node, std::int32_t kind) const {
    return node * nodes_->kinds() + kind;
  }
  bool memory_matters(std::int32_t node, std::int32_t kind) const {
    return kind == nodes_->gpu_kind && nodes_->gpu_memory[node] != kUnknownMemory;
  }
  std::int64_t device_slots(std::int32_t node, const Shape& shape, const Ask& ask) const;
  void changed(std::int32_t node) {
    if (is_changed_[node]) return;
    is_changed_[node] = true;
    changed_.push_back(node);
  }
  void choose_apart(const Shape& shape, Placement rule, std::span<std::int32_t> nodes);
  std::int32_t pick_share(std::int32_t node, const Ask& ask, std::int64_t memory) const;
  void take_counted(std::int32_t node, const Shape& shape, std::int64_t sign);
  void pick_devices(std::int32_t node, const Shape& shape, std::span<std::int32_t> devices);
  void take_device(std::int32_t node, std::int32_t kind, std::int32_t device, const Ask& ask,
                   std::int64_t memory, std::int32_t sign);
  void take_task_devices(std::int32_t node, const Shape& shape,
                         std::span<const std::int32_t> devices, std::int32_t sign);
  void apply(const Shape& shape, std::span<const std::int32_t> block, std::int32_t sign);

  std::shared_ptr<const NodeTable> nodes_;
  std::vector<std::uint8_t> in_service_;  // n
  std::vector<std::int64_t> capacity_;    // n x counted
  std::vector<std::int64_t> free_;        // n x counted
  std::vector<std::int32_t> share_;       // devices: free thousandths
  std::vector<std::int64_t> memory_;      // devices: free bytes
  std::vector<std::int64_t> free_share_;  // n x kinds: sum of share_
  std::vector<std::int32_t> whole_;       // n x kinds: devices entirely free

  mutable NodeIndex index_;
  mutable std::vector<std::int32_t> changed_;     // rows that the index has not seen yet
  mutable std::vector<std::uint8_t> is_changed_;  // n
};

}  // namespace fairlead
