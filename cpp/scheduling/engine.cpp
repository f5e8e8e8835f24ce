#include "scheduling/engine.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kMinute = 60 * kSecond.ns;
constexpr std::int64_t kHour = 60 * kMinute;

// Tsafrir, Etsion and Feitelson, TPDS 2007, section 5.1; the last is repeated.
constexpr std::array<std::int64_t, 11> kSteps{kMinute,    5 * kMinute, 15 * kMinute, 30 * kMinute,
                                              kHour,      2 * kHour,   5 * kHour,    10 * kHour,
                                              20 * kHour, 50 * kHour,  100 * kHour};

// The estimate that follows one below the limit that the job has outrun.
Duration next_estimate(Correction correction, const JobSpec& job, std::uint8_t& steps) {
  const std::int64_t known = job.estimate.ns;
  if (correction == Correction::limit && job.limit != kUnlimited) return job.limit;
  std::int64_t more = std::max(known, kSecond.ns - known);  // doubling: at least to 1 s
  if (correction == Correction::stepwise) {
    more = kSteps[steps];
    if (steps + 1u < kSteps.size()) ++steps;
  }
  return {known + std::min(more, job.limit.ns - known)};
}

}  // namespace

Engine::Engine(std::shared_ptr<const NodeTable> nodes, EngineOptions options)
    : nodes_(std::move(nodes)),
      options_(std::move(options)),
      per_pass_(options_.policy->key_use() == KeyUse::per_pass),
      service_(nodes_, options_.known),
      spaces_(std::in_place_type<Spaces<NodeState>>, nodes_),
      queue_(options_.backfill_order == BackfillOrder::shortest, options_.index_from) {
  if (options_.counts && CountState::can_hold(*nodes_)) spaces_.emplace<Spaces<CountState>>(nodes_);
  for (const std::int32_t node : options_.down) service_.set_health(node, Health::drained);
  nodes_changed(now_);
  service_changed();
}

// ---- events -------------------------------------------------------------------------------------

bool Engine::finish(Handle handle, Outcome outcome, Time now) {
  now_ = now;
  if (!current(handle)) return false;
  record(handle.slot, outcome, now);
  stop(handle.slot);
  retire(handle.slot);
  return true;
}

bool Engine::cancel(std::int64_t job, Time now) {
  now_ = now;
  const std::optional<Row> slot = find(job);
  if (!slot) return false;
  record(*slot, Outcome::cancelled, now);
  switch (live_[*slot].state) {
    case JobState::waiting:
      dequeue(*slot);
      break;
    case JobState::running:
      stop(*slot);
      break;
    default:
      std::erase(infeasible_, *slot);
  }
  retire(*slot);
  return true;
}

bool Engine::set_estimate(std::int64_t job, Duration estimate, Time now) {
  now_ = now;
  const std::optional<Row> slot = find(job);
  if (!slot) return false;
  LiveJob& live = live_[*slot];
  live.spec.estimate = std::min(estimate, live.spec.limit);
  if (live.state == JobState::running) plan_end(*slot, live.start + live.spec.estimate);
  if (live.state == JobState::waiting) {
    dequeue(*slot);
    enqueue(*slot, now);
    disturbed_ = true;
  }
  return true;
}

void Engine::node_add(const NodeTable& more, Time now) {
  now_ = now;
  if (!std::holds_alternative<Spaces<NodeState>>(spaces_)) {
    throw InvalidInput(
        "an engine that keeps counts has one node for good; make it with counts=False");
  }
  nodes_ = std::make_shared<const NodeTable>(nodes_->with(more));
  std::get<Spaces<NodeState>>(spaces_).now.extend(nodes_);
  service_.extend(nodes_);
  nodes_changed(now);
  service_changed();
}

void Engine::node_drain(std::int32_t node) {
  if (service_.health(node) != Health::up) return;
  service_.set_health(node, Health::drained);
  service_changed();
}

void Engine::node_resume(std::int32_t node) {
  service_.set_health(node, Health::up);
  service_changed();
}

void Engine::node_fail(std::int32_t node, Time now) {
  now_ = now;
  std::vector<Row> lost;
  running_.each([&](const Running& entry) {
    const std::span<const std::int32_t> block = placement(entry.slot);
    const std::span<const std::int32_t> on =
        block.empty() ? block : block.first(live_[entry.slot].spec.shape->units);
    if (block.empty() || std::ranges::find(on, node) != on.end()) lost.push_back(entry.slot);
  });
  for (const Row slot : lost) {
    record(slot, options_.requeue ? Outcome::requeued : Outcome::failed, now);
    stop(slot);
    if (options_.requeue) {
      enqueue(slot, now);
    } else {
      retire(slot);
    }
  }
  service_.set_health(node, Health::failed);
  service_changed();
}

void Engine::capacity(std::int32_t node, std::int32_t resource, std::int64_t amount, Time now) {
  now_ = now;
  with_space([&](auto& spaces) { spaces.now.set_capacity(node, resource, amount); });
  nodes_changed(now);
  service_changed();
}

void Engine::set_plan(const std::vector<Change>& plan, Duration startup, Time now) {
  now_ = now;
  service_.set_plan(plan, startup);
  nodes_changed(now);
  service_changed();
}

bool Engine::advance(Time now) {
  now_ = now;
  if (service_.next_change() > now) return false;
  with_space([&](auto& spaces) {
    service_.advance(now, spaces.now, [this] { return busy_until(running_.begin()); });
  });
  service_changed();
  return true;
}

// ---- bookkeeping --------------------------------------------------------------------------------

[[gnu::always_inline]] inline void Engine::retire(Row slot) {
  LiveJob& live = live_[slot];
  if (indexed_) index_.erase(live.spec.id);
  live.state = JobState::none;
  ++live.generation;
  live.next_free = std::exchange(free_slot_, slot);
}

[[gnu::always_inline]] inline void Engine::record(Row slot, Outcome outcome, Time end) {
  const LiveJob& live = live_[slot];
  const bool ran = live.state == JobState::running;
  runs_.push_back({live.spec.id, ran ? live.start : kNever, end, ran ? node_of(slot) : -1,
                   Run::ending_of(live.attempt, outcome)});
  if (live.block >= 0) placements_.append(placement(slot));
}

void Engine::dequeue(Row slot) {
  Row* const fresh = std::ranges::find(fresh_, slot);
  if (fresh != fresh_.end()) {
    fresh_.erase(fresh, fresh + 1);
  } else {
    queue_.erase(rank_of(slot), slot);
  }
  disturbed_ = true;
}

[[gnu::always_inline]] inline void Engine::stop(Row slot) {
  LiveJob& live = live_[slot];
  const Shape& shape = *live.spec.shape;
  running_.erase(running_entry(slot));
  with_space([&](auto& spaces) {
    spaces.stopped(shape, placement(slot), live.planned_end);
    if (service_.settle(spaces.now)) {
      spaces.forget();
      service_changed_ = true;
    }
  });
  if (live.block >= 0) blocks_.release(live.block, shape.block_size());
  live.block = -1;
  ++live.generation;
  disturbed_ = true;
}

void Engine::plan_end(Row slot, Time planned_end) {
  LiveJob& live = live_[slot];
  running_.erase(running_entry(slot));
  with_space([&](auto& spaces) {
    spaces.replanned(*live.spec.shape, placement(slot), live.planned_end, planned_end);
  });
  live.planned_end = planned_end;
  insert_running(slot);
  disturbed_ = true;
}

void Engine::correct_overdue(Time now) {
  auto at = running_.begin();
  while (at != running_.end() && running_[at].planned_end <= now) {
    const Row slot = running_[at].slot;
    LiveJob& live = live_[slot];
    JobSpec& spec = live.spec;
    if (spec.estimate >= spec.limit) {
      at = running_.next(at);
      continue;
    }
    while (spec.estimate < spec.limit && live.start + spec.estimate <= now) {
      spec.estimate = next_estimate(options_.correction, spec, live.steps);
    }
    plan_end(slot, live.start + spec.estimate);
    corrected_.push_back({slot, live.generation});
    at = running_.begin();
  }
  next_overdue_ = at == running_.end() ? kNever : running_[at].planned_end;
}

// All waiting jobs get new keys, and so a new order.
void Engine::refresh_keys(Time now) {
  now_ = now;
  std::vector<Row> rows(fresh_.begin(), fresh_.end());
  queue_.each([&](const Waiting& job) { rows.push_back(job.slot); });
  sort_by_rank(rows);
  std::vector<double> keys(rows.size());
  options_.policy->keys(*this, rows, keys);
  queue_.clear();
  fresh_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    live_[rows[i]].key = keys[i];
    fresh_.push_back(rows[i]);
  }
  disturbed_ = true;
}

std::span<std::int32_t> Engine::block_of(const LiveJob& live) {
  if (live.block < 0) return {};
  return blocks_.block(live.block, live.spec.shape->block_size());
}

std::vector<Time> Engine::busy_until(RunningJobs::Position first) const {
  std::vector<Time> until(nodes_->n, Time{std::numeric_limits<std::int64_t>::min()});
  for (auto at = first; at != running_.end(); at = running_.next(at)) {
    const std::span<const std::int32_t> block = placement(running_[at].slot);
    const std::int32_t units = running_[at].shape->units;
    for (std::int32_t u = 0; u < units; ++u) {
      Time& node = until[block.empty() ? 0 : block[u]];
      node = std::max(node, running_[at].planned_end);
    }
  }
  return until;
}

void Engine::service_changed() {
  with_space([&](auto& spaces) {
    service_.settle(spaces.now);
    service_.publish(spaces.now);
    spaces.forget();
  });
  service_changed_ = true;
  disturbed_ = true;
}

}  // namespace fairlead
