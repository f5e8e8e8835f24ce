// What is free now, at the shadow, and in both: the three views that EASY places jobs on
// (docs/semantics.md, Backfill). The views are kept from pass to pass; starts and ends change only
// what they touch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "base/time.hpp"
#include "model/count_state.hpp"
#include "model/node_state.hpp"

namespace fairlead {

template <typename State>
class Spaces {
 public:
  static constexpr bool kCounts = std::is_same_v<State, CountState>;
  using Block = std::span<const std::int32_t>;

  explicit Spaces(const std::shared_ptr<const NodeTable>& nodes) : now(nodes) {}
  // A copy makes the shadow anew when it needs one.
  Spaces(const Spaces& other) : now(other.now) {}
  Spaces& operator=(const Spaces& other) { return *this = Spaces(other); }
  Spaces(Spaces&&) = default;
  Spaces& operator=(Spaces&&) = default;

  State now;
  std::optional<State> shadow;  // once the jobs planned to end by until() have left
  std::optional<State> both;    // on nodes: free now, and at the shadow beside what is held there

  // What a job that is free to start now needs beside the head. Counts fit in both where they fit
  // in each.
  State& beside() { return kCounts ? *shadow : *both; }

  Time until() const { return until_; }
  void set_until(Time at) { until_ = at; }
  // Whether the shadow differs from the present only by jobs that have left it.
  bool walked() const { return walked_; }

  // The shadow as the present.
  void restart_shadow(bool walked) {
    forget();
    shadow = now;
    walked_ = walked;
    until_ = {std::numeric_limits<std::int64_t>::min()};
  }
  void forget() {
    shadow.reset();
    both.reset();
    holder_ = -1;
    walked_ = stale_ = false;
    std::ranges::fill(is_held_, 0);
  }

  // ---- the hold -----------------------------------------------------------------------------

  // Whether the shadow and the hold are those of this head, with nothing since that changes them.
  bool holds_for(std::int64_t job) const { return holder_ == job && !stale_; }
  void make_stale() { stale_ = true; }

  // Holds room for the head, a job, at the shadow; what is beside may be used.
  void hold(std::int64_t job, const Shape& shape, Placement placement) {
    holder_ = job;
    stale_ = false;
    if constexpr (kCounts) {
      shadow->place(shape, placement, {});
    } else {
      held_shape_ = shape;
      held_.resize(shape.block_size());
      shadow->place(shape, placement, held_);
      is_held_.resize(now.nodes().n, 0);
      for (const std::int32_t node : held_nodes()) is_held_[node] = true;
      if (!both) both = now;
      // A shadow that knows of more than ending jobs may have less than the present anywhere.
      if (!walked_) {
        std::ranges::fill(is_held_, 1);
        both->become_min(now, *shadow);
      } else {
        refresh(held_nodes());
      }
    }
  }

  void drop_hold() {
    if (holder_ < 0) return;
    shadow->release(held_shape_, held_);
    if constexpr (!kCounts) {
      for (const std::int32_t node : held_nodes()) is_held_[node] = false;
      refresh(held_nodes());
    }
    holder_ = -1;
  }

  // ---- what happens to jobs -----------------------------------------------------------------

  // A job has been placed on the present, or, where it runs on beyond the shadow, beside the head.
  void started(const Shape& shape, Block block, Time planned_end, bool beside) {
    if (beside && !kCounts) now.take(shape, block);
    if (is_gone()) return;
    if (planned_end > until_) {
      shadow->take(shape, block);
      // Counts know no better place for the head, so what fitted beside it changes nothing.
      if (!(kCounts && beside)) stale_ = true;
    }
    if constexpr (!kCounts) refresh(nodes_of(shape, block));
  }

  void stopped(const Shape& shape, Block block, Time planned_end) {
    now.release(shape, block);
    if (is_gone()) return;
    if (planned_end > until_) shadow->release(shape, block);
    if (planned_end >= until_) stale_ = true;
    if constexpr (!kCounts) refresh(nodes_of(shape, block));
  }

  void replanned(const Shape& shape, Block block, Time from, Time to) {
    if (is_gone()) return;
    if (from <= until_ && to > until_) shadow->take(shape, block);
    if (from > until_ && to <= until_) shadow->release(shape, block);
    stale_ = true;
  }

  // ---- walking the shadow --------------------------------------------------------------------

  // Takes a job out of the shadow, or puts it back; by how many units of `asked` that changes what
  // fits.
  std::int64_t leave_shadow(const Shape& shape, Block block, const Shape& asked) {
    return change_shadow(shape, block, asked, [&] { shadow->release(shape, block); });
  }
  std::int64_t return_to_shadow(const Shape& shape, Block block, const Shape& asked) {
    return change_shadow(shape, block, asked, [&] { shadow->take(shape, block); });
  }

 private:
  static Block nodes_of(const Shape& shape, Block block) {
    return block.empty() ? block : block.first(shape.units);
  }
  Block held_nodes() const { return nodes_of(held_shape_, held_); }

  // Whether there is no shadow to keep up: that of counts is made anew once it is stale.
  bool is_gone() const { return !shadow || (kCounts && stale_); }

  void refresh(Block nodes) {
    if (!both) return;
    for (const std::int32_t node : nodes) {
      both->become_min_on(node, now, is_held_[node] ? *shadow : now);
    }
  }

  template <typename Change>
  std::int64_t change_shadow(const Shape& shape, Block block, const Shape& asked, Change change) {
    const Block nodes = nodes_of(shape, block);
    std::int64_t units = 0;
    is_seen_.resize(now.nodes().n, 0);
    for (const std::int32_t node : nodes) {
      if (!is_seen_[node]) units -= shadow->units_on(node, asked, asked.units);
      is_seen_[node] = true;
    }
    change();
    for (const std::int32_t node : nodes) {
      if (is_seen_[node]) units += shadow->units_on(node, asked, asked.units);
      is_seen_[node] = false;
    }
    return units;
  }

  Time until_;
  bool walked_ = false;
  bool stale_ = false;
  std::int64_t holder_ = -1;           // -1: nothing is held
  Shape held_shape_;                   // a copy: the job may end before the hold does
  std::vector<std::int32_t> held_;     // the head's placement at the shadow
  std::vector<std::uint8_t> is_held_;  // by node
  std::vector<std::uint8_t> is_seen_;  // by node; scratch
};

}  // namespace fairlead
