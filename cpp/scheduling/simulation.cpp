#include "scheduling/simulation.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <unordered_map>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr std::size_t kInstantsBetweenPauses = 1 << 14;

// The turn a kind has within one instant: nodes and capacity, then jobs, then the tick.
int turn(Event::Kind kind) {
  if (kind <= Event::Kind::capacity) return 0;
  return kind <= Event::Kind::estimate ? 1 : 2;
}

// Work takes longer on a slow node; rounded up to whole nanoseconds.
Duration wall_time(Duration work, double speed) {
  if (speed == 1.0 || work == kUnlimited) return work;
  const double ns = std::ceil(static_cast<double>(work.ns) / speed);
  return ns < 9.2e18 ? Duration{static_cast<std::int64_t>(ns)} : kUnlimited;
}

}  // namespace

Simulation::Simulation(std::shared_ptr<const NodeTable> nodes, EngineOptions options)
    : nodes_(nodes),
      engine_(std::move(nodes), std::move(options)),
      events_(std::make_shared<const std::vector<Event>>()) {}

void Simulation::predict_with(RunTimeLearner learner) {
  estimator_.predict_with(std::move(learner));
}

void Simulation::add_jobs(const JobColumns& columns, std::vector<JobTraits> traits) {
  assert(!estimator_.predicts() || traits.size() == columns.n);
  const auto first = static_cast<std::int64_t>(known_jobs_);
  auto table = std::make_shared<const JobTable>(columns, *nodes_, first, known_shapes_);
  if (table->size() > 0 && table->submit(table->row_at(0)) <= now_) {
    throw InvalidInput("jobs['submit_time'] lies in the past of the simulation, row " +
                       std::to_string(table->row_at(0)) + "; submit jobs later than `now`");
  }
  known_jobs_ += table->size();
  known_shapes_ += static_cast<std::int32_t>(table->shapes().size());
  sources_.push_back(
      {std::move(table), std::make_shared<const std::vector<JobTraits>>(std::move(traits))});
  sources_.back().look();
  look_at_arrivals();
}

void Simulation::add_events(std::vector<Event> events) {
  for (std::size_t i = next_event_; i < events_->size(); ++i) events.push_back((*events_)[i]);
  std::ranges::stable_sort(events, [](const Event& a, const Event& b) {
    return std::pair(a.at, turn(a.kind)) < std::pair(b.at, turn(b.kind));
  });
  events_ = std::make_shared<const std::vector<Event>>(std::move(events));
  next_event_ = 0;
  look_at_events();
}

void Simulation::look_at_events() {
  next_event_at_ = next_event_ < events_->size() ? (*events_)[next_event_].at : kNever;
}

void Simulation::look_at_arrivals() {
  next_arrival_ = kNever;
  for (const Source& source : sources_) next_arrival_ = std::min(next_arrival_, source.next_at);
}

void Simulation::set_plan(const std::vector<Change>& plan, Duration startup) {
  engine_.set_plan(plan, startup, now_);
}

Time Simulation::next_instant() const {
  const std::int64_t inside = std::min(engine_.next_change().ns, due_.least());
  return {std::min(inside, std::min(next_event_at_.ns, next_arrival_.ns))};
}

// One instant, or one round of it: zero-length jobs that a pass starts are due again at once.
[[gnu::always_inline]] inline void Simulation::step() {
  const bool has_events = next_event_at_ <= now_;
  bool happened = finish_due();
  if (engine_.next_change() <= now_) happened |= engine_.advance(now_);
  if (has_events) happened |= apply_events(Event::Kind::estimate);
  if (next_arrival_ <= now_) {
    submit_due();
    happened = true;
  }
  if (has_events) happened |= apply_events(Event::Kind::tick);
  if (happened) follow_decisions();
  if (engine_.take_service_changed()) sample_capacity();
}

void Simulation::run_until(Time until, const std::function<void(double)>& pause) {
  std::size_t instants = 0;
  for (Time next = next_instant(); next <= until && next != kNever; next = next_instant()) {
    now_ = next;
    step();
    if (pause && ++instants % kInstantsBetweenPauses == 0) {
      pause(static_cast<double>(submitted_) /
            static_cast<double>(std::max<std::size_t>(known_jobs_, 1)));
    }
  }
  if (until != kNever) now_ = std::max(now_, until);
}

// True also where a job has merely outrun its estimate: its correction opens a pass.
bool Simulation::finish_due() {
  bool happened = false;
  while (due_.least() <= now_.ns) {
    const Handle handle = due_.pop().handle;
    if (!engine_.current(handle)) continue;
    const End& end = end_[handle.slot];
    if (end.at <= now_) {
      if (estimator_.predicts()) learn_from(handle.slot);
      engine_.finish(handle, end.killed ? Outcome::timeout : Outcome::completed, now_);
      happened = true;
    } else if (engine_.live(handle.slot).planned_end <= now_) {
      happened = true;
    }
  }
  return happened;
}

bool Simulation::apply_events(Event::Kind last) {
  bool happened = false;
  while (next_event_ < events_->size()) {
    const Event& event = (*events_)[next_event_];
    if (event.at > now_ || event.kind > last) break;
    if (!apply(event)) ++ignored_events_;
    happened = true;
    ++next_event_;
    look_at_events();
  }
  return happened;
}

bool Simulation::apply(const Event& event) {
  const auto node = static_cast<std::int32_t>(event.target);
  switch (event.kind) {
    case Event::Kind::node_drain:
      engine_.node_drain(node);
      return true;
    case Event::Kind::node_resume:
      engine_.node_resume(node);
      return true;
    case Event::Kind::node_fail:
      engine_.node_fail(node, now_);
      return true;
    case Event::Kind::capacity:
      engine_.capacity(node, event.resource, event.value, now_);
      return true;
    case Event::Kind::cancel:
      estimator_.dropped(event.target);
      return engine_.cancel(event.target, now_);
    case Event::Kind::estimate: {
      if (!engine_.set_estimate(event.target, Duration{event.value}, now_)) return false;
      const Row slot = *engine_.find(event.target);
      const LiveJob& live = engine_.live(slot);
      if (live.state == JobState::running) schedule_end({slot, live.generation});
      return true;
    }
    case Event::Kind::tick:
      return true;
  }
  return false;
}

void Simulation::learn_from(Row slot) {
  const LiveJob& live = engine_.live(slot);
  estimator_.finished(live.spec.id, now_ - live.start);
}

// Should an estimate fail, what is not submitted yet stays due.
[[gnu::always_inline]] inline void Simulation::submit_due() {
  Time next_arrival = kNever;
  for (Source& source : sources_) {
    const JobTable& table = *source.table;
    while (source.next_at <= now_) {
      const std::size_t row = table.row_at(source.next);
      const auto write = [&](JobSpec& spec) {
        table.write(row, spec);
        if (!estimator_.predicts()) return;
        const Duration predicted = estimator_.submitted(spec.id, (*source.traits)[row]);
        spec.estimate = std::min(predicted, spec.limit);
      };
      engine_.submit_as(write, now_);
      ++source.next;
      source.look();
      ++submitted_;
    }
    next_arrival = std::min(next_arrival, source.next_at);
  }
  next_arrival_ = next_arrival;
}

[[gnu::always_inline]] inline void Simulation::follow_decisions() {
  for (const Decision& decision : engine_.decide(now_)) {
    if (decision.kind != Decision::Kind::start) continue;
    const Handle handle = decision.handle;
    if (static_cast<std::size_t>(handle.slot) >= end_.size()) end_.resize(handle.slot + 1);
    const Source& source = source_of(decision.job);
    const auto row = static_cast<std::size_t>(decision.job - source.table->first_id());
    const Duration run = wall_time(source.table->duration(row), engine_.speed_of(handle.slot));
    const Duration limit = source.table->limit(row);
    end_[handle.slot] = {now_ + std::min(run, limit), run > limit};
    schedule_end(handle);
  }
  if (!engine_.corrected().empty()) follow_corrections();
}

void Simulation::follow_corrections() {
  for (const Handle& handle : engine_.corrected()) schedule_end(handle);
}

[[gnu::always_inline]] inline void Simulation::schedule_end(Handle handle) {
  const Time at =
      std::min(end_[handle.slot].at, std::max(engine_.live(handle.slot).planned_end, now_));
  if (at == kNever) return;
  due_.push({at, handle});
}

const Simulation::Source& Simulation::source_of(std::int64_t job) const {
  auto source = sources_.rbegin();
  while (source->table->first_id() > job) ++source;
  return *source;
}

const Shape& Simulation::shape_of(std::int64_t job) const {
  const Source& source = source_of(job);
  return *source.table->spec(static_cast<std::size_t>(job - source.table->first_id())).shape;
}

void Simulation::sample_capacity() {
  samples_.push_back(
      {now_, engine_.paid_nodes(), engine_.usd_per_hour(), engine_.capacity_online()});
}

Simulation Simulation::fork(bool arrivals) {
  samples_.seal();
  engine_.seal();
  Simulation copy = *this;
  for (Source& source : copy.sources_) {
    if (arrivals) break;
    source.next = source.table->size();
    source.look();
  }
  copy.look_at_arrivals();
  return copy;
}

Outcomes Simulation::outcomes() {
  Outcomes result;
  result.start_ns.assign(known_jobs_, kMissingTime);
  result.end_ns.assign(known_jobs_, kMissingTime);
  result.status.assign(known_jobs_, static_cast<std::int8_t>(JobStatus::waiting));
  result.attempts.assign(known_jobs_, 0);
  result.node.assign(known_jobs_, -1);
  result.reason.assign(known_jobs_, 0);
  result.reasons = {""};
  std::unordered_map<std::string, std::int32_t> codes{{"", 0}};
  const auto reason = [&](const std::string& text) {
    const auto [it, added] = codes.emplace(text, static_cast<std::int32_t>(result.reasons.size()));
    if (added) result.reasons.push_back(text);
    return it->second;
  };
  engine_.runs().each([&](const Run& run) {
    if (run.outcome() == Outcome::requeued) return;
    constexpr JobStatus kStatus[] = {JobStatus::completed, JobStatus::timeout, JobStatus::failed,
                                     JobStatus::cancelled};
    const std::int64_t job = run.job;
    result.status[job] = static_cast<std::int8_t>(kStatus[static_cast<int>(run.outcome())]);
    if (run.start != kNever) result.start_ns[job] = run.start.ns;
    result.end_ns[job] = run.end.ns;
    result.attempts[job] = run.attempt();
    result.node[job] = run.node;
    if (run.outcome() == Outcome::failed) result.reason[job] = reason("node_failed");
  });
  for (std::size_t slot = 0; slot < engine_.live().size(); ++slot) {
    const LiveJob& live = engine_.live(static_cast<Row>(slot));
    if (live.state == JobState::none) continue;
    const std::int64_t job = live.spec.id;
    result.attempts[job] = live.attempt;
    const auto& names = source_of(job).table->resources();
    result.reason[job] = reason(engine_.blocked_by(static_cast<Row>(slot), names, now_));
    if (live.state == JobState::infeasible) {
      result.status[job] = static_cast<std::int8_t>(JobStatus::infeasible);
    }
    if (live.state != JobState::running) continue;
    result.status[job] = static_cast<std::int8_t>(JobStatus::running);
    result.start_ns[job] = live.start.ns;
    result.node[job] = engine_.node_of(static_cast<Row>(slot));
  }
  return result;
}

}  // namespace fairlead
