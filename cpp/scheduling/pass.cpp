// One pass of the policy over the waiting jobs (docs/semantics.md, Backfill), written once for
// nodes and for counts.
#include <algorithm>

#include "scheduling/engine.hpp"

namespace fairlead {
namespace {

// Whether a shape fits while jobs are released one by one: only the nodes they leave are counted
// anew.
template <typename State>
class FitTracker {
 public:
  FitTracker(const State& state, const Shape& shape) : state_(state), shape_(shape) {}
  void freed(std::span<const std::int32_t>) {}
  void all_changed() {}
  bool fits() const { return state_.fits(shape_); }

 private:
  const State& state_;
  const Shape& shape_;
};

template <>
class FitTracker<NodeState> {
 public:
  FitTracker(const NodeState& state, const Shape& shape)
      : state_(state), shape_(shape), units_(state.nodes().n, 0) {
    all_changed();
  }
  void freed(std::span<const std::int32_t> nodes) {
    for (const std::int32_t node : nodes) count(node);
  }
  void all_changed() {
    for (std::int32_t node = 0; node < state_.nodes().n; ++node) count(node);
  }
  bool fits() const { return total_ >= shape_.units; }

 private:
  void count(std::int32_t node) {
    const std::int64_t units = state_.units_on(node, shape_, shape_.units);
    total_ += units - units_[node];
    units_[node] = units;
  }

  const NodeState& state_;
  const Shape& shape_;
  std::vector<std::int64_t> units_;
  std::int64_t total_ = 0;
};

}  // namespace

std::span<const Decision> Engine::decide(Time now) {
  now_ = now;
  decisions_.clear();
  decisions_.swap(refusals_);
  correct_overdue(now);
  if (per_pass_) refresh_keys(now);
  with_space([&](auto& spaces) { pass(spaces, now); });
  return decisions_;
}

template <typename State>
void Engine::pass(Spaces<State>& spaces, Time now) {
  // After mere submissions behind a blocked head nothing that was judged can have changed: what is
  // free is the same, and time only shortens what fits before the shadow. On nodes the head's
  // placement at the shadow may differ once candidates have started, so EASY looks at all again
  // there.
  const bool same_shadow = std::is_same_v<State, CountState> || options_.backfill != Backfill::easy;
  if (disturbed_ || head_ < 0 || !same_shadow) {
    head_ = -1;
    shadow_at_.reset();
    no_room_.reset();
    no_room_beside_.reset();
    never_.reset();
    start_in_order(spaces, now);
  } else if (options_.backfill != Backfill::none) {
    consider_from(spaces, settled_, now);
  }
  if (options_.report_reservations) report_reservation(spaces, now);
  drop_started();
  settled_ = queue_.size();
  disturbed_ = false;
}

// Starts jobs in order until one does not fit: the head. One that waits for nodes out of service is
// passed over, so that it blocks nobody.
template <typename State>
void Engine::start_in_order(Spaces<State>& spaces, Time now) {
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    const Shape& shape = *live_[queue_[i].slot].spec.shape;
    if (spaces.now.fits(shape)) {
      start(spaces.now, i, now);
      continue;
    }
    if (options_.backfill != Backfill::first_fit && !service_.complete()) {
      if (never_.holds(shape)) continue;
      if (!find_shadow(spaces, shape, now)) {
        never_.add(shape);
        continue;
      }
    }
    head_ = queue_[i].slot;
    if (options_.backfill != Backfill::none) consider_from(spaces, i + 1, now);
    return;
  }
}

// Whether the first resource asked is there; on nodes that takes a look at each, so all are let
// through.
template <typename State>
bool Engine::may_fit(const State& state, std::size_t position) const {
  if constexpr (std::is_same_v<State, CountState>) {
    const Waiting& entry = queue_[position];
    return entry.first_resource < 0 || entry.first_need <= state.free(0, entry.first_resource);
  }
  return true;
}

template <typename State>
void Engine::consider_from(Spaces<State>& spaces, std::size_t first, Time now) {
  if (options_.backfill_order == BackfillOrder::queue) {
    for (std::size_t i = first; i < queue_.size(); ++i) {
      if (may_fit(spaces.now, i)) consider(spaces, i, now);
    }
    return;
  }
  candidates_.clear();
  for (std::size_t i = first; i < queue_.size(); ++i) {
    if (may_fit(spaces.now, i) && spaces.now.fits(*live_[queue_[i].slot].spec.shape)) {
      candidates_.push_back(i);
    }
  }
  const auto key = [this](std::size_t i) {
    return std::tuple(live_[queue_[i].slot].spec.estimate, queue_[i].submit, queue_[i].id);
  };
  std::ranges::sort(candidates_, {}, key);
  for (const std::size_t i : candidates_) consider(spaces, i, now);
}

// On nodes a test looks at many of them, so a shape that has failed in this pass is not tested
// again.
template <typename State>
bool Engine::has_room(const State& state, const Shape& shape, Memo& failed) {
  if constexpr (std::is_same_v<State, CountState>) return state.fits(shape);
  if (failed.holds(shape)) return false;
  if (state.fits(shape)) return true;
  failed.add(shape);
  return false;
}

template <typename State>
void Engine::consider(Spaces<State>& spaces, std::size_t position, Time now) {
  const Row slot = queue_[position].slot;
  const JobSpec& spec = live_[slot].spec;
  const Shape& shape = *spec.shape;
  if (!has_room(spaces.now, shape, no_room_)) return;
  if (options_.backfill == Backfill::first_fit) return start(spaces.now, position, now);

  if (!shadow_at_) find_shadow(spaces, *live_[head_].spec.shape, now);
  if (held_for_ != head_) hold_for_head(spaces);
  if (now + spec.estimate <= *shadow_at_) {
    start(spaces.now, position, now);
    const std::span<const std::int32_t> block = placement(slot);
    if (block.empty()) spaces.both.become_min_on(0, spaces.now, spaces.shadow);
    for (std::size_t u = 0; u < block.size() && u < static_cast<std::size_t>(shape.units); ++u) {
      spaces.both.become_min_on(block[u], spaces.now, spaces.shadow);
    }
    return;
  }
  if (!has_room(spaces.both, shape, no_room_beside_)) return;
  start(spaces.both, position, now);
  spaces.now.take(shape, placement(slot));
  spaces.shadow.take(shape, placement(slot));
}

// Places the job on `state` and counts it as running.
template <typename State>
void Engine::start(State& state, std::size_t position, Time now) {
  const Row slot = queue_[position].slot;
  LiveJob& live = live_[slot];
  const Shape& shape = *live.spec.shape;
  if constexpr (!std::is_same_v<State, CountState>)
    live.block = blocks_.allocate(shape.block_size());
  state.place(shape, options_.placement, block_of(live));
  live.state = JobState::running;
  live.start = now;
  live.planned_end = now + live.spec.estimate;
  ++live.attempt;
  ++live.generation;
  const Running entry = running_entry(slot);
  running_.insert(std::upper_bound(running_.begin(), running_.end(), entry), entry);
  started_.push_back(position);
  decisions_.push_back({Decision::Kind::start, live.spec.id, {slot, live.generation}, now});
}

// The first instant at which the shape fits if running jobs end as planned and what is known ahead
// of capacity comes true. Leaves that instant in shadow_at_ and what is then free in spaces.shadow.
// Without EASY nothing is planned by estimates: the question is only whether the shape ever fits,
// and running jobs count as gone at once.
template <typename State>
bool Engine::find_shadow(Spaces<State>& spaces, const Shape& shape, Time now) {
  shadow_at_.reset();
  held_for_ = -1;
  spaces.shadow = spaces.now;
  State& free = spaces.shadow;
  std::optional<Service> outlook;
  if (service_.has_ahead()) outlook = service_;
  FitTracker<State> tracker(free, shape);
  const bool by_estimate = options_.backfill == Backfill::easy;
  const auto end_of = [&](const Running& entry) {
    return by_estimate ? std::max(entry.planned_end, now) : now;
  };
  std::size_t next = 0;
  while (next < running_.size() || (outlook && outlook->has_ahead())) {
    const Time end = next < running_.size() ? end_of(running_[next]) : kNever;
    const Time change = outlook ? outlook->next_change() : kNever;
    const Time at = std::min(end, change);
    for (; next < running_.size() && end_of(running_[next]) == at; ++next) {
      const Shape& released = *running_[next].shape;
      if constexpr (std::is_same_v<State, CountState>) {
        free.release(released, {});
      } else {
        const std::span<const std::int32_t> block = placement(running_[next].slot);
        free.release(released, block);
        tracker.freed(block.first(released.units));
      }
    }
    if (outlook) {
      outlook->settle(free);
      if (outlook->advance(at, free, [&] { return busy_until(next); })) tracker.all_changed();
    }
    if (tracker.fits()) {
      shadow_at_ = at;
      return true;
    }
  }
  return false;
}

// The head's nodes and devices are held from the shadow on; the rest may be used beside it.
template <typename State>
void Engine::hold_for_head(Spaces<State>& spaces) {
  const Shape& shape = *live_[head_].spec.shape;
  if constexpr (!std::is_same_v<State, CountState>) held_.resize(shape.block_size());
  spaces.shadow.place(shape, options_.placement, held_);
  spaces.both.become_min(spaces.now, spaces.shadow);
  held_for_ = head_;
}

template <typename State>
void Engine::report_reservation(Spaces<State>& spaces, Time now) {
  if (options_.backfill != Backfill::easy || head_ < 0) return;
  if (!shadow_at_ && !find_shadow(spaces, *live_[head_].spec.shape, now)) return;
  const Reservation reservation{live_[head_].spec.id, *shadow_at_};
  if (reservation == reported_) return;
  reported_ = reservation;
  decisions_.push_back(
      {Decision::Kind::reserve, reservation.job, {head_, live_[head_].generation}, reservation.at});
}

void Engine::drop_started() {
  if (started_.empty()) return;
  std::ranges::sort(started_);
  queue_.drop(started_);
  started_.clear();
}

}  // namespace fairlead
