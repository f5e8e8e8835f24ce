// The deterministic engine: events in, decisions out (docs/semantics.md). It reads no clock, no
// file, no random source and no true run time; what drives it (a simulation, a live queue) does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/batch.hpp"
#include "base/sorted_list.hpp"
#include "base/time.hpp"
#include "model/block_pool.hpp"
#include "model/job_table.hpp"
#include "scheduling/journal.hpp"
#include "scheduling/policy.hpp"
#include "scheduling/registry.hpp"
#include "scheduling/service.hpp"
#include "scheduling/spaces.hpp"
#include "scheduling/waiting_queue.hpp"

namespace fairlead {

struct EngineOptions {
  PolicyPtr policy;
  Backfill backfill = Backfill::easy;
  BackfillOrder backfill_order = BackfillOrder::queue;
  Placement placement = Placement::first_fit;
  Correction correction = Correction::doubling;
  bool requeue = true;               // a job that loses a node starts over
  bool counts = true;                // keep one node without devices as counts
  std::size_t index_from = 128;      // waiting jobs that are still looked at one by one
  bool report_reservations = false;  // make `reserve` decisions; costs a shadow in every pass
  std::vector<std::int32_t> down;    // nodes not yet in service
  std::vector<Change> known;         // when they will be, and other changes known ahead
};

// Names one attempt of one live job; stale once the attempt has ended.
struct Handle {
  Row slot = -1;
  std::uint32_t generation = 0;
};

struct Decision {
  enum class Kind : std::uint8_t { start, reserve, refuse };
  Kind kind = Kind::start;
  std::int64_t job = 0;
  Handle handle;
  Time at;  // of the start; for `reserve` the shadow time
};

enum class Outcome : std::uint8_t { completed, timeout, failed, cancelled, requeued };

// One ended attempt. A job cancelled while waiting has no start (kNever). Where it ran stands in
// the journal of placements, block after block in the order of the runs; engines that keep counts
// write none.
struct Run {
  std::int64_t job = 0;
  Time start, end;
  std::int32_t node = -1;    // -1: on several
  std::uint32_t ending = 0;  // the attempt and, in the last byte, its outcome

  static std::uint32_t ending_of(std::int32_t attempt, Outcome outcome) {
    return static_cast<std::uint32_t>(attempt) << 8 | static_cast<std::uint32_t>(outcome);
  }
  std::int32_t attempt() const { return static_cast<std::int32_t>(ending >> 8); }
  Outcome outcome() const { return static_cast<Outcome>(ending & 0xff); }
};
static_assert(sizeof(Run) == 32);

enum class JobState : std::uint8_t { none, waiting, running, infeasible };

// A submitted job that has not ended; two cache lines.
struct alignas(64) LiveJob {
  JobSpec spec;
  Time start, planned_end;
  double key = 0;
  std::int64_t block = -1;
  std::uint32_t generation = 0;
  std::int32_t attempt = 0;
  JobState state = JobState::none;
  std::uint8_t steps = 0;  // by which this attempt was corrected, where that is stepwise
  Row next_free = -1;      // slot, while this one holds no job
};

class Engine final : private Snapshot {
 public:
  Engine(std::shared_ptr<const NodeTable> nodes, EngineOptions options);

  // Events. Those of one instant come in the order of docs/semantics.md, then one decide().
  void submit(const JobSpec& job, Time now) {
    submit_as([&job](JobSpec& spec) { spec = job; }, now);
  }
  // `write(JobSpec&)` writes the job where it stays.
  template <typename Write>
  void submit_as(Write write, Time now);
  bool finish(Handle handle, Outcome outcome, Time now);  // false: stale, ignored
  bool cancel(std::int64_t job, Time now);                // false: no such live job
  bool set_estimate(std::int64_t job, Duration estimate, Time now);
  void node_add(const NodeTable& more, Time now);
  void node_drain(std::int32_t node);
  void node_resume(std::int32_t node);
  void node_fail(std::int32_t node, Time now);
  void capacity(std::int32_t node, std::int32_t resource, std::int64_t amount, Time now);
  void set_plan(const std::vector<Change>& plan, Duration startup, Time now);
  bool advance(Time now);  // changes known ahead that are due; true if there were any

  // One pass of the policy. The span is valid until the next call.
  std::span<const Decision> decide(Time now);

  // Jobs that outran their estimate by the last decide() and so have a new planned end.
  std::span<const Handle> corrected() const { return corrected_; }
  Time next_change() const { return service_.next_change(); }

  const NodeTable& nodes() const { return *nodes_; }
  const EngineOptions& options() const { return options_; }
  const LiveJob& live(Row slot) const { return live_[slot]; }
  bool current(Handle h) const {
    return live_[h.slot].generation == h.generation && live_[h.slot].state == JobState::running;
  }
  std::optional<Row> find(std::int64_t job) const;
  std::span<const std::int32_t> placement(Row slot) const {
    const LiveJob& live = live_[slot];
    if (live.block < 0) return {};
    return blocks_.block(live.block, live.spec.shape->block_size());
  }
  std::span<const LiveJob> live() const { return live_; }
  std::size_t waiting() const { return queue_.size() + fresh_.size(); }
  std::size_t running() const { return running_.size(); }
  // The node of a running job, -1 where it is on several.
  std::int32_t node_of(Row slot) const {
    return live_[slot].block < 0 ? 0 : node_of(placement(slot), live_[slot].spec.shape->units);
  }
  // Lowest speed among the nodes of a running job.
  double speed_of(Row slot) const;
  // What keeps a live job from running, judged now; empty for one that runs.
  std::string blocked_by(Row slot, const std::vector<std::string>& request_names, Time now);

  // Capacity in service (with nodes that still run jobs), per counted resource, then per device
  // kind.
  std::vector<std::int64_t> capacity_online() const;
  double paid_nodes() const;
  double usd_per_hour() const;
  bool take_service_changed();

  // What has ended; whoever drives an engine for months takes note and lets it be forgotten.
  void forget_ended() {
    runs_.clear();
    placements_.clear();
  }
  // The shape's index is about to be given to another one; no live job has the shape.
  void forget_shape(const Shape& shape) {
    if (static_cast<std::size_t>(shape.index) < feasible_.size()) feasible_[shape.index] = -1;
  }
  const Journal<Run>& runs() const { return runs_; }
  const Journal<std::int32_t>& placements() const { return placements_; }

  // Moves what has ended into the part that copies share.
  void seal();
  // An independent copy; what has ended is shared, so the cost is that of the live jobs.
  Engine fork();
  // Canonical over the logical state: independent of slots and of how it came about. Version 2.
  std::uint64_t digest() const;

 private:
  struct Running {
    Time planned_end;
    Row slot;
    const Shape* shape;
    std::int64_t order() const { return planned_end.ns; }
    bool operator==(const Running& other) const { return slot == other.slot; }
  };

  // Shapes known to fail a test in this pass: what is free only shrinks, so one failure stands for
  // all.
  class Memo {
   public:
    void reset() {
      pass_ += any_;
      any_ = false;
    }
    bool holds(const Shape& shape) const {
      return any_ && static_cast<std::size_t>(shape.index) < stamp_.size() &&
             stamp_[shape.index] == pass_;
    }
    void add(const Shape& shape) {
      if (static_cast<std::size_t>(shape.index) >= stamp_.size()) stamp_.resize(shape.index + 1, 0);
      stamp_[shape.index] = pass_;
      any_ = true;
    }

   private:
    std::uint64_t pass_ = 1;
    bool any_ = false;  // in this pass
    std::vector<std::uint64_t> stamp_;
  };

  using RunningJobs = SortedList<Running>;

  struct Reservation {
    std::int64_t job = -1;
    Time at;
    bool operator==(const Reservation&) const = default;
  };

  Row blank_slot();
  void retire(Row slot);
  void record(Row slot, Outcome outcome, Time end);
  Rank rank_of(Row slot) const;
  Running running_entry(Row slot) const;
  void insert_running(Row slot);
  void enqueue(Row slot, Time now);
  void dequeue(Row slot);
  void stop(Row slot);  // gives back what a running job holds
  void plan_end(Row slot, Time planned_end);
  [[gnu::noinline]] void correct_overdue(Time now);
  [[gnu::noinline]] void refresh_keys(Time now);
  std::span<std::int32_t> block_of(const LiveJob& job);

  // What policies see.
  Time now() const override { return now_; }
  const JobSpec& job(Row row) const override { return live_[row].spec; }
  double dominant_share(Row row) const override;

  // The one node of a placement, -1 where it is on several.
  static std::int32_t node_of(std::span<const std::int32_t> block, std::int32_t units);
  std::vector<Time> busy_until(RunningJobs::Position first) const;

  bool feasible(const Shape& shape) {
    const auto index = static_cast<std::size_t>(shape.index);
    if (index < feasible_.size() && feasible_[index] >= 0) return feasible_[index] != 0;
    return judge_feasible(shape);
  }
  [[gnu::noinline]] bool judge_feasible(const Shape& shape);
  const NodeState& everything();
  void nodes_changed(Time now);
  void service_changed();

  // pass.cpp: the policy's pass, written once for both kinds of state.
  template <typename State>
  class Filler;
  template <typename State>
  Waiting waiting_entry(const State& now, Row slot) const;
  template <typename State>
  void pass(Spaces<State>& spaces, Time now);
  [[gnu::noinline]] void pass_on_nodes(Time now);
  template <typename State>
  void start_in_order(Spaces<State>& spaces, Time now);
  template <typename State>
  [[gnu::noinline]] void fill(Spaces<State>& spaces, Time now);
  template <typename State>
  void take_in_fresh(Spaces<State>& spaces, Time now);
  template <typename State>
  void consider_fresh(Spaces<State>& spaces, Time now);
  void sort_by_rank(std::span<Row> rows) const;
  void sort_candidates(std::span<Row> rows) const;
  template <typename State>
  [[gnu::noinline]] void hold_for_head(Spaces<State>& spaces, Time now);
  template <typename State>
  Duration time_before_shadow(Spaces<State>& spaces, Time now);
  template <typename State>
  bool has_room(const State& state, const Shape& shape, Memo& failed);
  template <typename State>
  void start(Spaces<State>& spaces, Row slot, Duration in_time, Time now);
  template <typename State>
  void report_reservation(Spaces<State>& spaces, Time now);

  // shadow.cpp: when a blocked shape will fit.
  template <typename State>
  bool find_shadow(Spaces<State>& spaces, const Shape& shape, Time now);
  bool walk_shadow(Spaces<NodeState>& spaces, const Shape& shape, Time now);
  template <typename State>
  bool replay_shadow(Spaces<State>& spaces, const Shape& shape, Time now);

  template <typename Visit>
  decltype(auto) with_space(Visit&& visit) {
    if (auto* const counts = std::get_if<Spaces<CountState>>(&spaces_)) return visit(*counts);
    return visit(*std::get_if<Spaces<NodeState>>(&spaces_));
  }

  std::shared_ptr<const NodeTable> nodes_;
  EngineOptions options_;
  bool per_pass_;  // the policy makes keys anew in every pass
  Service service_;
  std::variant<Spaces<CountState>, Spaces<NodeState>> spaces_;
  // All nodes known or planned, empty: judges feasibility. Forks share it.
  std::shared_ptr<const NodeState> everything_;
  std::vector<std::int8_t> feasible_;  // by shape index: 1 yes, 0 no, -1 not yet judged

  Time now_;  // of the latest call
  std::vector<LiveJob> live_;
  Row free_slot_ = -1;  // the first of those that hold no job
  WaitingQueue queue_;
  RunningJobs running_;         // by planned end
  Time next_overdue_ = kNever;  // before it no job outruns its estimate
  std::vector<Row> infeasible_;
  BlockPool blocks_;
  std::vector<double> total_counted_, total_devices_;    // over all nodes known
  mutable std::unordered_map<std::int64_t, Row> index_;  // by id; made when first asked for
  mutable bool indexed_ = false;

  // What the last pass left behind, so that one after mere submissions looks at those alone.
  bool disturbed_ = true;  // anything but submissions behind the head happened since
  Batch<Row> fresh_;       // submitted since, in no queue yet
  Row head_ = -1;          // the blocked head, if any
  Rank head_rank_;
  Memo no_room_, no_room_beside_, never_;  // shapes that failed in this pass
  Reservation reported_;

  Batch<Decision> decisions_;
  Batch<Decision> refusals_;  // made by submissions, handed out by the next decide()
  Batch<Handle> corrected_;
  Journal<Run> runs_;
  Journal<std::int32_t> placements_;
  bool service_changed_ = true;
};

// ---- what every job goes through, in line wherever it does ----------------------------------

// One that holds no job, and that is still free.
inline Row Engine::blank_slot() {
  if (free_slot_ < 0) {
    live_.emplace_back();
    free_slot_ = static_cast<Row>(live_.size() - 1);
  }
  return free_slot_;
}

template <typename Write>
[[gnu::always_inline]] inline void Engine::submit_as(Write write, Time now) {
  now_ = now;
  const Row slot = blank_slot();
  LiveJob& live = live_[slot];
  write(live.spec);  // may throw: then nothing has happened
  free_slot_ = live.next_free;
  live.attempt = 0;
  if (indexed_) index_[live.spec.id] = slot;
  if (feasible(*live.spec.shape)) {
    enqueue(slot, now);
    return;
  }
  live.state = JobState::infeasible;
  infeasible_.push_back(slot);
  refusals_.push_back({Decision::Kind::refuse, live.spec.id, {slot, live.generation}, now});
}

inline Rank Engine::rank_of(Row slot) const {
  const LiveJob& live = live_[slot];
  return {Rank::key_of(live.key), live.spec.submit, live.spec.id};
}

inline Engine::Running Engine::running_entry(Row slot) const {
  return {live_[slot].planned_end, slot, live_[slot].spec.shape};
}

[[gnu::always_inline]] inline void Engine::insert_running(Row slot) {
  const LiveJob& live = live_[slot];
  running_.insert(running_entry(slot));
  // At its limit a job does not outrun its estimate: whoever drives the engine ends it.
  if (live.spec.estimate < live.spec.limit)
    next_overdue_ = std::min(next_overdue_, live.planned_end);
}

// The job waits for the next pass, which starts it or puts it into the queue.
[[gnu::always_inline]] inline void Engine::enqueue(Row slot, Time now) {
  LiveJob& live = live_[slot];
  live.state = JobState::waiting;
  now_ = now;
  // Keys of every pass are made for all waiting jobs at once, when it comes.
  if (!per_pass_) live.key = options_.policy->key(*this, slot);
  fresh_.push_back(slot);
  if (head_ >= 0 && rank_of(slot) < head_rank_) disturbed_ = true;
}

}  // namespace fairlead
