// One pass of the policy over the waiting jobs (docs/semantics.md, Backfill), written once for
// nodes and for counts. What every pass goes through is in line, what few need is not: left to the
// compiler, either changes with the code around it.
#include <algorithm>

#include "scheduling/engine.hpp"

namespace fairlead {

// After mere submissions behind a blocked head nothing that was judged can have changed: what is
// free is the same, and time only shortens what fits before the shadow. On nodes with changes known
// ahead the shadow itself may differ.
template <typename State>
[[gnu::always_inline]] inline void Engine::pass(Spaces<State>& spaces, Time now) {
  const bool replans = service_.has_ahead();
  if (disturbed_ || head_ < 0 || (replans && !Spaces<State>::kCounts)) {
    if (replans) spaces.make_stale();
    head_ = -1;
    disturbed_ = false;
    if constexpr (!Spaces<State>::kCounts) {
      no_room_.reset();
      no_room_beside_.reset();
    }
    never_.reset();
    if (!queue_.empty() || !fresh_.empty()) start_in_order(spaces, now);
  } else {
    consider_fresh(spaces, now);
  }
  if (options_.report_reservations) report_reservation(spaces, now);
}

std::span<const Decision> Engine::decide(Time now) {
  now_ = now;
  decisions_.clear();
  if (!refusals_.empty()) std::swap(decisions_, refusals_);
  corrected_.clear();
  if (next_overdue_ <= now) correct_overdue(now);
  if (per_pass_) refresh_keys(now);
  if (auto* const counts = std::get_if<Spaces<CountState>>(&spaces_)) {
    pass(*counts, now);
  } else {
    pass_on_nodes(now);
  }
  return decisions_;
}

void Engine::pass_on_nodes(Time now) {
  pass(std::get<Spaces<NodeState>>(spaces_), now);
}

// Starts jobs in order until one does not fit: the head. One that waits for nodes out of service is
// passed over, so that it blocks nobody.
template <typename State>
[[gnu::always_inline]] inline void Engine::start_in_order(Spaces<State>& spaces, Time now) {
  take_in_fresh(spaces, now);
  const auto wanted = [this](const Shape& shape) { return !never_.holds(shape); };
  for (const Waiting* job = queue_.front(wanted); job != nullptr; job = queue_.front(wanted)) {
    if (spaces.now.fits(*job->shape)) {
      const Row slot = job->slot;
      queue_.erase(job->rank, slot);
      start(spaces, slot, kUnlimited, now);
      continue;
    }
    if constexpr (!Spaces<State>::kCounts) no_room_.add(*job->shape);
    const bool may_never_fit = options_.backfill != Backfill::first_fit && !service_.complete();
    if (may_never_fit && !find_shadow(spaces, *job->shape, now)) {
      never_.add(*job->shape);
      continue;
    }
    head_ = job->slot;
    head_rank_ = job->rank;
    if (options_.backfill == Backfill::none) return;
    fill(spaces, now);
    return;
  }
}

// Offers the waiting jobs what is beside the head.
template <typename State>
void Engine::fill(Spaces<State>& spaces, Time now) {
  Filler<State> filler(*this, spaces, now);
  filler.look();
  queue_.drain(filler);
}

template <typename State>
Waiting Engine::waiting_entry(const State& now, Row slot) const {
  const JobSpec& spec = live_[slot].spec;
  return {rank_of(slot), spec.estimate, spec.shape, now.needs(*spec.shape), slot};
}

// What has been submitted joins the queue; where nobody waits, it starts as long as it fits.
template <typename State>
[[gnu::always_inline]] inline void Engine::take_in_fresh(Spaces<State>& spaces, Time now) {
  if (fresh_.empty()) return;
  if (fresh_.size() > 1) sort_by_rank(fresh_);
  std::size_t next = 0;
  if (queue_.empty()) {
    for (; next < fresh_.size(); ++next) {
      if (!spaces.now.fits(*live_[fresh_[next]].spec.shape)) break;
      start(spaces, fresh_[next], kUnlimited, now);
    }
  }
  for (; next < fresh_.size(); ++next) queue_.insert(waiting_entry(spaces.now, fresh_[next]));
  fresh_.clear();
}

// On nodes a test looks at many of them, so a shape that has failed in this pass is not tested
// again.
template <typename State>
bool Engine::has_room(const State& state, const Shape& shape, Memo& failed) {
  if constexpr (Spaces<State>::kCounts) return state.fits(shape);
  if (failed.holds(shape)) return false;
  if (state.fits(shape)) return true;
  failed.add(shape);
  return false;
}

// Whether a waiting job may start beside the blocked head: it fits now and, where EASY plans for
// the head, ends before the shadow or fits beside what is held there. The shadow is looked for once
// something fits.
template <typename State>
class Engine::Filler {
 public:
  Filler(Engine& engine, Spaces<State>& spaces, Time now)
      : engine_(engine), spaces_(spaces), now_(now) {}

  // What room() says stays until a job is taken or the shadow is found. Every pass looks: in line
  // that is a twentieth faster on KTH-SP2.
  [[gnu::always_inline]] void look() {
    room_.free = spaces_.now.headroom();
    if (room_.in_time != kUnlimited) room_.beside = spaces_.beside().headroom();
  }
  const Room& room() const { return room_; }

  std::optional<Duration> longest(const Shape& shape) {
    if (!engine_.has_room(spaces_.now, shape, engine_.no_room_)) return std::nullopt;
    if (plan()) look();
    if (room_.in_time == kUnlimited) return kUnlimited;
    const bool beside = engine_.has_room(spaces_.beside(), shape, engine_.no_room_beside_);
    return beside ? kUnlimited : room_.in_time;
  }

  [[gnu::always_inline]] bool take(const Waiting& job) {
    const bool was_planned = planned_;
    const bool taken = start(*job.shape, job.estimate, job.slot);
    if (taken || planned_ != was_planned) look();
    return taken;
  }
  // As take(), for who does not ask for room().
  bool start(const Shape& shape, Duration estimate, Row slot) {
    if (!engine_.has_room(spaces_.now, shape, engine_.no_room_)) return false;
    plan();
    if (estimate > room_.in_time &&
        !engine_.has_room(spaces_.beside(), shape, engine_.no_room_beside_))
      return false;
    engine_.start(spaces_, slot, room_.in_time, now_);
    return true;
  }

 private:
  // True where the shadow was looked for.
  bool plan() {
    if (planned_) return false;
    planned_ = true;
    room_.in_time = engine_.time_before_shadow(spaces_, now_);
    return true;
  }

  Engine& engine_;
  Spaces<State>& spaces_;
  Time now_;
  bool planned_ = false;
  Room room_{{}, {}, kUnlimited};
};

template <typename State>
void Engine::hold_for_head(Spaces<State>& spaces, Time now) {
  const JobSpec& head = live_[head_].spec;
  find_shadow(spaces, *head.shape, now);
  spaces.hold(head.id, *head.shape, options_.placement);
}

// How long a job may be to end before the shadow; finds the shadow and holds room for the head.
template <typename State>
[[gnu::always_inline]] inline Duration Engine::time_before_shadow(Spaces<State>& spaces, Time now) {
  if (options_.backfill == Backfill::first_fit) return kUnlimited;
  if (!spaces.holds_for(live_[head_].spec.id)) hold_for_head(spaces, now);
  const Time at = std::max(spaces.until(), now);
  return at == kNever ? kUnlimited : at - now;
}

void Engine::sort_by_rank(std::span<Row> rows) const {
  std::ranges::sort(rows, {}, [this](Row slot) { return rank_of(slot); });
}

void Engine::sort_candidates(std::span<Row> rows) const {
  if (options_.backfill_order == BackfillOrder::queue) return sort_by_rank(rows);
  std::ranges::sort(rows, {}, [this](Row slot) {
    const JobSpec& spec = live_[slot].spec;
    return std::tuple(spec.estimate, spec.submit, spec.id);
  });
}

// Jobs submitted behind the blocked head: each starts now or joins the queue.
template <typename State>
[[gnu::always_inline]] inline void Engine::consider_fresh(Spaces<State>& spaces, Time now) {
  if (fresh_.empty()) return;
  if (fresh_.size() > 1) sort_candidates(fresh_);
  Filler<State> filler(*this, spaces, now);
  for (const Row slot : fresh_) {
    const JobSpec& spec = live_[slot].spec;
    if (options_.backfill == Backfill::none || !filler.start(*spec.shape, spec.estimate, slot))
      queue_.insert(waiting_entry(spaces.now, slot));
  }
  fresh_.clear();
}

// Starts a job that fits now and, where it is longer than `in_time`, beside what is held.
template <typename State>
void Engine::start(Spaces<State>& spaces, Row slot, Duration in_time, Time now) {
  LiveJob& live = live_[slot];
  const Shape& shape = *live.spec.shape;
  if constexpr (!Spaces<State>::kCounts) live.block = blocks_.allocate(shape.block_size());
  const bool beside = live.spec.estimate > in_time;
  State& state = beside && !Spaces<State>::kCounts ? *spaces.both : spaces.now;
  state.place(shape, options_.placement, block_of(live));
  live.state = JobState::running;
  live.start = now;
  live.planned_end = now + live.spec.estimate;
  ++live.attempt;
  ++live.generation;
  live.steps = 0;
  insert_running(slot);
  spaces.started(shape, block_of(live), live.planned_end, beside);
  // On nodes the head may be given other ones in the next pass, beside which others fit.
  if (beside && !Spaces<State>::kCounts) disturbed_ = true;
  decisions_.push_back({Decision::Kind::start, live.spec.id, {slot, live.generation}, now});
}

template <typename State>
void Engine::report_reservation(Spaces<State>& spaces, Time now) {
  if (options_.backfill != Backfill::easy || head_ < 0) return;
  time_before_shadow(spaces, now);
  const Reservation reservation{live_[head_].spec.id, std::max(spaces.until(), now)};
  if (reservation == reported_) return;
  reported_ = reservation;
  decisions_.push_back(
      {Decision::Kind::reserve, reservation.job, {head_, live_[head_].generation}, reservation.at});
}

}  // namespace fairlead
