// Which nodes are in service, now and as far as it is known ahead: drains, failures, and the
// capacity plan's switching on and off (docs/semantics.md, Capacity plans).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "model/node_table.hpp"

namespace fairlead {

enum class Health : std::uint8_t { up, drained, failed };
// `leaving`: taken off by the plan, still running jobs; `starting`: switched on, not yet ready.
enum class Power : std::uint8_t { on, leaving, off, starting };

struct Change {
  enum class Kind : std::uint8_t { resume, drain, ready, nodes, capacity };
  Time at;
  Kind kind = Kind::resume;
  std::int32_t target = 0;    // node; for `nodes` the pool
  std::int32_t resource = 0;  // for `capacity`
  std::int64_t value = 0;     // nodes wanted, or units of capacity
  bool planned = false;       // belongs to the capacity plan, which a new plan replaces
};

// When each node will have finished what runs on it; only asked when a plan takes busy nodes off.
using BusyUntil = std::function<std::vector<Time>()>;

class Service {
 public:
  Service(std::shared_ptr<const NodeTable> nodes, const std::vector<Change>& known);

  bool in_service(std::int32_t node) const {
    return health_[node] == Health::up && power_[node] == Power::on;
  }
  bool paid(std::int32_t node) const { return power_[node] != Power::off; }
  // Every node in service now and nothing known ahead: then a feasible job fits once jobs end.
  bool complete() const { return complete_ && !has_ahead(); }

  void set_health(std::int32_t node, Health health);
  Health health(std::int32_t node) const { return health_[node]; }
  void extend(std::shared_ptr<const NodeTable> nodes);

  // Replaces what is left of the capacity plan; `startup` delays what it switches on.
  void set_plan(const std::vector<Change>& plan, Duration startup);
  // The most nodes of the pool that the plan allows from now on; all of them without a plan.
  std::int32_t most_nodes(std::int32_t pool) const;
  std::span<const Change> ahead() const { return ahead_; }  // the last one first

  bool has_ahead() const { return !ahead_.empty(); }
  Time next_change() const { return has_ahead() ? ahead_.back().at : kNever; }

  // Applies all changes due by `now` to the state; true if there were any.
  template <typename State>
  bool advance(Time now, State& state, const BusyUntil& busy_until) {
    bool any = false;
    while (next_change() <= now) {
      const Change change = ahead_.back();
      ahead_.pop_back();
      apply(change, state, busy_until);
      any = true;
    }
    return any;
  }

  template <typename State>
  void apply(const Change& change, State& state, const BusyUntil& busy_until) {
    switch (change.kind) {
      case Change::Kind::resume:
        health_[change.target] = Health::up;
        break;
      case Change::Kind::drain:
        if (health_[change.target] == Health::up) health_[change.target] = Health::drained;
        break;
      case Change::Kind::ready:
        if (power_[change.target] == Power::starting) power_[change.target] = Power::on;
        break;
      case Change::Kind::nodes: {
        const auto busy = [&](std::int32_t node) { return state.in_use(node); };
        resize(change, busy, busy_until);
        break;
      }
      case Change::Kind::capacity:
        order_capacity(change, state);
        break;
    }
    publish(state);
  }

  // Nodes that were leaving and have run empty go off; true if there were any.
  template <typename State>
  bool settle(State& state) {
    const std::int32_t leaving = leaving_;
    for (std::int32_t node = 0; leaving_ > 0 && node < size(); ++node) {
      if (power_[node] == Power::leaving && !state.in_use(node)) set_power(node, Power::off);
    }
    return leaving_ < leaving;
  }

  template <typename State>
  void publish(State& state) {
    complete_ = true;
    for (std::int32_t node = 0; node < size(); ++node) {
      const bool serves = in_service(node);
      state.set_in_service(node, serves);
      complete_ &= serves;
      for (std::int32_t r = 0; r < nodes_->counted(); ++r) {
        // Jobs may have been accepted for the most that was ever there.
        std::int64_t& most = most_capacity_[node * nodes_->counted() + r];
        most = std::max(most, state.capacity(node, r));
        complete_ &= state.capacity(node, r) == most;
      }
    }
  }

  std::int32_t size() const { return static_cast<std::int32_t>(health_.size()); }
  std::uint64_t digest() const;

 private:
  // A fall takes effect at once, what a planned rise adds after the start-up delay; of what is
  // under way only as much stays as is still wanted.
  template <typename State>
  void order_capacity(const Change& change, State& state) {
    std::int64_t coming = state.capacity(change.target, change.resource);
    const bool at_once = !change.planned || startup_.ns == 0 || change.value <= coming;
    if (at_once) {
      if (change.planned) trim_coming(change, 0);
      state.set_capacity(change.target, change.resource, change.value);
      return;
    }
    coming = std::max(coming, trim_coming(change, change.value));
    if (coming >= change.value) return;
    Change ready = change;
    ready.at = change.at + startup_;
    ready.planned = false;
    insert(ready);
  }
  // Lowers rises under way of the node's resource to `most` (0: drops them); the highest left.
  std::int64_t trim_coming(const Change& change, std::int64_t most);
  void resize(const Change& change, const std::function<bool(std::int32_t)>& busy,
              const BusyUntil& busy_until);
  void switch_off(std::int32_t pool, std::int32_t count,
                  const std::function<bool(std::int32_t)>& busy, const BusyUntil& busy_until);
  void switch_on(std::int32_t pool, std::int32_t count, Time now);
  void set_power(std::int32_t node, Power power);
  void insert(const Change& change);
  void forget_ready(std::int32_t node);

  std::shared_ptr<const NodeTable> nodes_;
  std::vector<Health> health_;
  std::vector<Power> power_;
  std::vector<std::int64_t> most_capacity_;  // n x counted: the most so far
  std::vector<Change> ahead_;                // the next one last
  std::vector<std::int32_t> wanted_;  // by pool: nodes the plan wants now; -1: no plan for the pool
  Duration startup_;
  std::int32_t leaving_ = 0;
  bool complete_ = true;
};

}  // namespace fairlead
