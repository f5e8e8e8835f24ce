// Drives the engine through a trace: it alone knows the true run times.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/radix_heap.hpp"
#include "model/job_table.hpp"
#include "prediction/jobs/traits.hpp"
#include "scheduling/engine.hpp"
#include "scheduling/estimator.hpp"

namespace fairlead {

// What a trace says happened from outside, in the order in which one instant handles it.
struct Event {
  enum class Kind : std::uint8_t {
    node_drain,
    node_resume,
    node_fail,
    capacity,
    cancel,
    estimate,
    tick
  };
  Time at;
  Kind kind = Kind::tick;
  std::int64_t target = 0;    // node or job
  std::int32_t resource = 0;  // counted resource, for `capacity`
  std::int64_t value = 0;     // units of capacity, or the estimate in ns
};

// Capacity in service from `at` on; one a change.
struct CapacitySample {
  Time at;
  double paid_nodes = 0;
  double usd_per_hour = 0;
  std::vector<std::int64_t> online;  // counted resources, then device kinds
};

enum class JobStatus : std::int8_t {
  waiting,
  running,
  infeasible,
  completed,
  timeout,
  failed,
  cancelled
};

// One row a job, in the order in which the jobs were given.
struct Outcomes {
  std::vector<std::int64_t> start_ns, end_ns;  // kMissingTime where there is none
  std::vector<std::int8_t> status;
  std::vector<std::int32_t> attempts;
  std::vector<std::int32_t> node;    // -1: none, or several
  std::vector<std::int32_t> reason;  // into reasons; 0 is no reason
  std::vector<std::string> reasons;
};

inline constexpr std::int64_t kMissingTime = std::numeric_limits<std::int64_t>::min();

class Simulation {
 public:
  Simulation(std::shared_ptr<const NodeTable> nodes, EngineOptions options);

  // From now on each job's estimate is made at its submission, from the jobs that have finished by
  // then in this simulation; jobs must then be added with their traits.
  void predict_with(RunTimeLearner learner);

  // Jobs join behind those known; their submissions must not lie in the past.
  void add_jobs(const JobColumns& columns, std::vector<JobTraits> traits = {});
  void add_events(std::vector<Event> events);
  void set_plan(const std::vector<Change>& plan, Duration startup);

  // Handles every instant up to and including `until`. `pause` is called now and then with the
  // share of submissions made; it may throw to interrupt, which leaves the simulation between two
  // instants.
  void run_until(Time until, const std::function<void(double)>& pause = {});

  // An independent copy. Without arrivals it knows no job that has not been submitted yet, nor what
  // happens to it from outside: what if nothing more came?
  Simulation fork(bool arrivals = true);
  Time now() const { return now_; }
  Engine& engine() { return engine_; }
  const Engine& engine() const { return engine_; }
  std::size_t jobs() const { return known_jobs_; }
  std::int64_t ignored_events() const { return ignored_events_; }
  Outcomes outcomes();
  std::vector<CapacitySample> capacity() const { return samples_.all(); }
  const Shape& shape_of(std::int64_t job) const;

 private:
  struct Source {
    std::shared_ptr<const JobTable> table;
    std::shared_ptr<const std::vector<JobTraits>> traits;
    std::size_t next = 0;
    Time next_at{};  // when the next job is submitted

    void look() { next_at = next < table->size() ? table->submit(table->row_at(next)) : kNever; }
  };
  // When the job in a slot ends, and whether that is at its limit.
  struct End {
    Time at;
    bool killed = false;
  };
  struct Due {
    Time at;
    Handle handle;
    std::int64_t order() const { return at.ns; }
  };

  Time next_instant() const;
  void look_at_events();
  void look_at_arrivals();
  void step();
  bool finish_due();
  [[gnu::noinline]] bool apply_events(Event::Kind last);
  bool apply(const Event& event);
  [[gnu::noinline]] void learn_from(Row slot);
  void submit_due();
  void follow_decisions();
  [[gnu::noinline]] void follow_corrections();
  void schedule_end(Handle handle);
  const Source& source_of(std::int64_t job) const;
  [[gnu::noinline]] void sample_capacity();

  std::shared_ptr<const NodeTable> nodes_;
  Engine engine_;
  std::vector<Source> sources_;
  std::shared_ptr<const std::vector<Event>> events_;
  std::size_t next_event_ = 0;
  Time next_event_at_ = kNever;
  Time next_arrival_ = kNever;  // over all sources
  RadixHeap<Due> due_;          // true ends, and planned ends that come before them
  std::vector<End> end_;        // by slot, of the running job
  Estimator estimator_;
  Journal<CapacitySample> samples_;
  Time now_{std::numeric_limits<std::int64_t>::min()};
  std::size_t known_jobs_ = 0;
  std::int32_t known_shapes_ = 0;
  std::size_t submitted_ = 0;
  std::int64_t ignored_events_ = 0;
};

}  // namespace fairlead
