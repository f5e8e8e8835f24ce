// In the steady state the engine allocates nothing: under a load of one kind it needs no more than
// it has, whatever the policy and the length of the queue. This file counts what is allocated in
// the whole program.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "scheduling/live_engine.hpp"
#include "scheduling/simulation.hpp"

// Sanitizers bring an allocator of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FAIRLEAD_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FAIRLEAD_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef FAIRLEAD_COUNTS_ALLOCATIONS
#define FAIRLEAD_COUNTS_ALLOCATIONS 1
#endif

namespace {

thread_local std::int64_t allocations = 0;

#if FAIRLEAD_COUNTS_ALLOCATIONS
void* checked(void* memory) {
  ++allocations;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
#endif

}  // namespace

#if FAIRLEAD_COUNTS_ALLOCATIONS
// The other forms of new and delete come down to these. In line, compilers would see malloc() meet
// delete.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return checked(std::malloc(std::max<std::size_t>(size, 1)));
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
  const auto line = static_cast<std::size_t>(align);
  return checked(std::aligned_alloc(line, (size + line - 1) / line * line));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif

namespace fairlead {
namespace {

constexpr std::int64_t kUnit = 1000;  // of a resource

// How many allocations the work makes.
template <typename Work>
std::int64_t allocations_of(Work work) {
  const std::int64_t before = allocations;
  work();
  return allocations - before;
}

struct Case {
  Backfill backfill;
  BackfillOrder backfill_order;
  bool counts;
  std::size_t population;  // jobs that wait or run together in a round

  EngineOptions options() const {
    EngineOptions options;
    options.policy = make_order("fcfs", {});
    options.backfill = backfill;
    options.backfill_order = backfill_order;
    options.counts = counts;
    return options;
  }
};

std::string name_of(const testing::TestParamInfo<Case>& info) {
  const Case& c = info.param;
  std::string name = c.backfill == Backfill::none ? "Fcfs" : "Easy";
  if (c.backfill_order == BackfillOrder::shortest) name += "ShortestFirst";
  return name + (c.counts ? "OnCountsOf" : "OnNodesOf") + std::to_string(c.population);
}

std::vector<Case> cases(std::size_t population) {
  std::vector<Case> cases;
  for (const bool counts : {true, false}) {
    cases.push_back({Backfill::none, BackfillOrder::queue, counts, population});
    cases.push_back({Backfill::easy, BackfillOrder::queue, counts, population});
    cases.push_back({Backfill::easy, BackfillOrder::shortest, counts, population});
  }
  return cases;
}

// One large node without devices, or sixteen with eight GPUs each.
std::shared_ptr<const NodeTable> cluster_of(const Case& c) {
  NodeColumns columns;
  columns.n = c.counts ? 1 : 16;
  columns.resources = {"cpus", "memory_gib", "storage_gib"};
  columns.is_device = {false, false, false};
  std::vector<std::int64_t> one = {64 * kUnit, 64 * kUnit, 64 * kUnit};
  if (c.counts) {
    for (std::int64_t& amount : one) amount *= 16;
  } else {
    columns.resources.emplace_back("gpus");
    columns.is_device.push_back(true);
    one.push_back(8 * kUnit);
  }
  std::vector<std::int64_t> capacity;
  for (std::int32_t i = 0; i < columns.n; ++i) {
    capacity.insert(capacity.end(), one.begin(), one.end());
  }
  const std::vector<std::int32_t> pool(columns.n, 0);
  columns.capacity = capacity;
  columns.pool = pool;
  return std::make_shared<const NodeTable>(make_node_table(columns));
}

// No two ask for the same, and few for less than another of everything; all fit the cluster. Some
// outrun their estimates.
struct Jobs {
  std::vector<std::int64_t> submit, duration, limit, estimate, cpus, memory, storage, gpus;
  std::vector<std::int32_t> tasks;

  // Submitted so far apart.
  Jobs(std::size_t n, Duration apart) {
    std::mt19937 random(11);
    const auto below = [&](std::uint32_t most) {
      return static_cast<std::int64_t>(random() % most);
    };
    for (std::size_t i = 0; i < n; ++i) {
      submit.push_back(static_cast<std::int64_t>(i) * apart.ns);
      duration.push_back((1 + below(3000)) * kSecond.ns);
      estimate.push_back((1 + below(3600)) * kSecond.ns);
      limit.push_back(7200 * kSecond.ns);
      std::int64_t left = 24 * kUnit;
      cpus.push_back(1 + below(static_cast<std::uint32_t>(left)));
      left -= cpus.back();
      memory.push_back(below(static_cast<std::uint32_t>(left + 1)));
      storage.push_back(left - memory.back() + below(100));
      constexpr std::int64_t kGpus[] = {0, 250, 500, 1000, 1000, 1000, 2000, 4000};
      gpus.push_back(kGpus[below(8)]);
      tasks.push_back(below(4) == 0 ? static_cast<std::int32_t>(1 + below(8)) : 1);
    }
  }

  JobColumns columns(bool counts) const {
    JobColumns columns;
    columns.n = submit.size();
    columns.submit_ns = submit;
    columns.duration_ns = duration;
    columns.limit_ns = limit;
    columns.estimate_ns = estimate;
    columns.tasks = tasks;
    columns.resources = {"cpus", "memory_gib", "storage_gib"};
    columns.requests = {cpus, memory, storage};
    if (!counts) {
      columns.resources.emplace_back("gpus");
      columns.requests.emplace_back(gpus);
    }
    return columns;
  }
};

// A round submits the same jobs as the one before: at first as many as may be there together, then
// one for each that ends.
class Rounds {
 public:
  explicit Rounds(const Case& c)
      : population_(c.population),
        nodes_(cluster_of(c)),
        jobs_(Jobs(kJobs, Duration{}).columns(c.counts), *nodes_, 0, 0),
        engine_(nodes_, c.options()) {
    ends_.reserve(c.population);
  }

  void run() {
    std::size_t left = kJobs;
    submit(left, population_);
    while (!ends_.empty()) {
      now_ = ends_.front().at;
      submit(left, finish_due());
      engine_.forget_ended();
    }
  }

  std::size_t live() const { return engine_.waiting() + engine_.running(); }

 private:
  static constexpr std::size_t kJobs = 4000;
  struct End {
    Time at;
    Handle handle;
  };

  // As many as there are left.
  void submit(std::size_t& left, std::size_t count) {
    for (; left > 0 && count > 0; --left, --count) {
      JobSpec job = jobs_.spec(kJobs - left);
      job.id = submitted_++;
      job.submit = now_;
      engine_.submit(job, now_);
    }
    for (const Decision& decision : engine_.decide(now_)) {
      const auto row = static_cast<std::size_t>(decision.job) % kJobs;
      ends_.push_back({now_ + jobs_.duration(row), decision.handle});
      std::ranges::push_heap(ends_, std::ranges::greater{}, &End::at);
    }
  }

  std::size_t finish_due() {
    std::size_t ended = 0;
    for (; !ends_.empty() && ends_.front().at <= now_; ++ended) {
      std::ranges::pop_heap(ends_, std::ranges::greater{}, &End::at);
      engine_.finish(ends_.back().handle, Outcome::completed, now_);
      ends_.pop_back();
    }
    return ended;
  }

  std::size_t population_;
  std::shared_ptr<const NodeTable> nodes_;
  JobTable jobs_;
  Engine engine_;
  std::vector<End> ends_;
  Time now_;
  std::int64_t submitted_ = 0;
};

class SteadyState : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!FAIRLEAD_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer has the allocator";
  }
};

// A round is like the one before it, so once what is kept has been used in whatever order it was
// given back, none needs more.
TEST_P(SteadyState, AnEngineAllocatesNothing) {
  Rounds rounds(GetParam());
  rounds.run();
  rounds.run();
  EXPECT_EQ(allocations_of([&] { rounds.run(); }), 0);
  EXPECT_EQ(allocations_of([&] { rounds.run(); }), 0);
  EXPECT_EQ(rounds.live(), 0u);
}

// What waits is looked at one by one, or in an index.
INSTANTIATE_TEST_SUITE_P(Few, SteadyState, testing::ValuesIn(cases(100)), name_of);
INSTANTIATE_TEST_SUITE_P(Many, SteadyState, testing::ValuesIn(cases(1500)), name_of);

// Two allocations are a chunk of a journal, which holds 1,024 runs or nodes of placements. The
// event queue gets a bucket for every further bit of the clock.
using SteadyStateOfASimulation = SteadyState;
TEST_P(SteadyStateOfASimulation, AllocatesForWhatHasEndedAlone) {
  const Case& c = GetParam();
  constexpr std::size_t kJobs = 40'000;
  const Jobs jobs(kJobs, Duration{60 * kSecond.ns});
  Simulation simulation(cluster_of(c), c.options());
  simulation.add_jobs(jobs.columns(c.counts));
  const auto ended_chunks = [&] {
    return (simulation.engine().runs().size() + simulation.engine().placements().size()) / 1024;
  };
  simulation.run_until(Time{jobs.submit[kJobs / 2]});
  const std::size_t before = ended_chunks();
  const std::int64_t made = allocations_of([&] { simulation.run_until(kNever); });
  EXPECT_EQ(simulation.engine().runs().size(), kJobs);
  EXPECT_LE(made, 2 * static_cast<std::int64_t>(ended_chunks() - before) + 64);
}

INSTANTIATE_TEST_SUITE_P(Few, SteadyStateOfASimulation, testing::ValuesIn(cases(100)), name_of);

// Submissions come as tables, which are made for each.
TEST(SteadyStateOfALiveEngine, EndsAndDecisionsAllocateNothing) {
  if (!FAIRLEAD_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer has the allocator";
  const Case c{Backfill::easy, BackfillOrder::queue, false, 0};
  const Jobs jobs(500, Duration{});
  LiveEngine live(cluster_of(c), c.options());
  std::vector<std::int64_t> running;
  running.reserve(500);
  Time now;
  const auto decide = [&] {
    for (const Decision& decision : live.engine().decide(now)) running.push_back(decision.job);
  };
  std::int64_t made = 0, ended = 0;
  for (int round = 0; round < 4; ++round) {
    live.submit(jobs.columns(c.counts), now);
    made = allocations_of(decide);
    for (ended = 0; !running.empty(); ++ended) {
      now = now + kSecond;
      const std::int64_t job = running.back();
      running.pop_back();
      made += allocations_of([&] {
        live.finish(job, Outcome::completed, now);
        decide();
      });
    }
  }
  EXPECT_EQ(ended, 500);
  EXPECT_EQ(made, 0);
}

}  // namespace
}  // namespace fairlead
