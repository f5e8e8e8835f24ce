// When a blocked shape will fit, if running jobs end as planned and what is known ahead of capacity
// comes true (docs/semantics.md, Backfill).
#include <algorithm>
#include <limits>

#include "scheduling/engine.hpp"

namespace fairlead {

// The first instant at which the shape fits; false if there is none. Leaves that instant in
// spaces.until() and what is then free in spaces.shadow, with nothing held.
template <typename State>
bool Engine::find_shadow(Spaces<State>& spaces, const Shape& shape, Time now) {
  const bool by_estimate = options_.backfill == Backfill::easy;
  if constexpr (!Spaces<State>::kCounts) {
    if (by_estimate && !service_.has_ahead()) return walk_shadow(spaces, shape, now);
  }
  return replay_shadow(spaces, shape, now);
}

// From the present on. Without EASY nothing is planned by estimates: the question is only whether
// the shape ever fits, and running jobs count as gone at once.
template <typename State>
bool Engine::replay_shadow(Spaces<State>& spaces, const Shape& shape, Time now) {
  spaces.restart_shadow(false);
  State& free = *spaces.shadow;
  std::unique_ptr<Service> outlook;  // rarely there: an optional costs every replay a little
  if (service_.has_ahead()) outlook = std::make_unique<Service>(service_);
  const bool by_estimate = options_.backfill == Backfill::easy;
  const auto end_of = [&](const Running& entry) {
    return by_estimate ? std::max(entry.planned_end, now) : now;
  };
  auto next = running_.begin();
  const auto end = running_.end();
  while (next != end || (outlook && outlook->has_ahead())) {
    const Time ends = next == end ? kNever : end_of(running_[next]);
    const Time at = std::min(ends, outlook ? outlook->next_change() : kNever);
    for (; next != end && end_of(running_[next]) == at; next = running_.next(next)) {
      free.release(*running_[next].shape, placement(running_[next].slot));
    }
    if (outlook) {
      outlook->settle(free);
      outlook->advance(at, free, [&] { return busy_until(next); });
    }
    spaces.set_until(at);
    if (free.fits(shape)) return true;
  }
  return false;
}

// From where the shadow stood: back while the shape fits earlier, else on until it fits. Jobs come
// and go by planned end, all with one end together; those overdue count as ending now.
bool Engine::walk_shadow(Spaces<NodeState>& spaces, const Shape& shape, Time now) {
  spaces.drop_hold();
  if (!spaces.walked()) spaces.restart_shadow(true);
  std::int64_t units = spaces.shadow->units(shape, std::numeric_limits<std::int64_t>::max());
  const auto walk_to = [&](Time at) {
    for (auto p = running_.first_behind(spaces.until().ns);
         p != running_.end() && running_[p].planned_end <= at; p = running_.next(p)) {
      units += spaces.leave_shadow(*running_[p].shape, placement(running_[p].slot), shape);
    }
    spaces.set_until(at);
  };
  const auto last_before = [&](RunningJobs::Position p) {
    return p == running_.begin() ? now : running_[running_.previous(p)].planned_end;
  };
  if (spaces.until() < now) walk_to(now);
  while (units >= shape.units) {
    auto p = running_.first_behind(spaces.until().ns);
    const Time last = last_before(p);
    if (last <= now) {
      spaces.set_until(now);
      return true;
    }
    while (last_before(p) == last) {
      p = running_.previous(p);
      units += spaces.return_to_shadow(*running_[p].shape, placement(running_[p].slot), shape);
    }
    spaces.set_until(std::max(last_before(p), now));
    if (units < shape.units) {
      walk_to(last);
      return true;
    }
  }
  while (units < shape.units) {
    const auto p = running_.first_behind(spaces.until().ns);
    if (p == running_.end()) return false;
    walk_to(running_[p].planned_end);
  }
  return true;
}

template bool Engine::find_shadow(Spaces<CountState>&, const Shape&, Time);
template bool Engine::find_shadow(Spaces<NodeState>&, const Shape&, Time);

}  // namespace fairlead
