// The engine below the bindings: scenario tables, forks and digests, without Python.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "scheduling/simulation.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kS = 1'000'000'000;

// Jobs in whole seconds, kept alive while the columns refer to them.
struct Jobs {
  std::vector<std::int64_t> submit, duration, limit, amount;
  std::vector<std::int32_t> tasks;
  std::string resource = "cpus";

  void add(std::int64_t at, std::int64_t run, std::int64_t lim, std::int64_t units,
           std::int32_t gang = 1) {
    submit.push_back(at * kS);
    duration.push_back(run * kS);
    limit.push_back(lim * kS);
    amount.push_back(units * 1000);
    tasks.push_back(gang);
  }

  JobColumns columns() const {
    JobColumns c;
    c.n = submit.size();
    c.submit_ns = submit;
    c.duration_ns = duration;
    c.limit_ns = limit;
    c.estimate_ns = limit;
    c.tasks = tasks;
    c.resources = {resource};
    c.requests = {amount};
    return c;
  }
};

std::shared_ptr<const NodeTable> nodes(std::int32_t n, std::int64_t cpus, std::int64_t gpus) {
  std::vector<std::int64_t> capacity;
  for (std::int32_t i = 0; i < n; ++i) {
    capacity.push_back(cpus * 1000);
    capacity.push_back(gpus * 1000);
  }
  const std::vector<std::int32_t> pool(n, 0);
  NodeColumns c;
  c.n = n;
  c.resources = {"cpus", "gpus"};
  c.is_device = {false, true};
  c.capacity = capacity;
  c.pool = pool;
  return std::make_shared<const NodeTable>(make_node_table(c));
}

EngineOptions options(const char* order, Backfill backfill,
                      Placement placement = Placement::first_fit) {
  EngineOptions o;
  o.policy = make_order(order, {});
  o.backfill = backfill;
  o.placement = placement;
  return o;
}

std::vector<std::int64_t> starts_of(Simulation& simulation) {
  std::vector<std::int64_t> starts;
  for (const std::int64_t ns : simulation.outcomes().start_ns) {
    starts.push_back(ns == kMissingTime ? -1 : ns / kS);
  }
  return starts;
}

Simulation run(const Jobs& jobs, std::shared_ptr<const NodeTable> table, EngineOptions o,
               Time until = kNever) {
  Simulation simulation(std::move(table), std::move(o));
  simulation.add_jobs(jobs.columns());
  simulation.run_until(until);
  return simulation;
}

// A 10-CPU machine: the head waits for all of it, short jobs slip in front, long ones do not.
Jobs easy_example() {
  Jobs jobs;
  jobs.add(0, 100, 100, 6);  // runs at once
  jobs.add(1, 50, 50, 10);   // the head: shadow at 100
  jobs.add(2, 90, 90, 4);    // ends at 92, before the shadow
  jobs.add(3, 10, 500, 1);   // would outlast the shadow and nothing is free beside the head
  return jobs;
}

TEST(Easy, ShortJobsPassTheHeadAndLongOnesWait) {
  Simulation simulation = run(easy_example(), nodes(1, 10, 0), options("fcfs", Backfill::easy));
  EXPECT_EQ(starts_of(simulation), (std::vector<std::int64_t>{0, 100, 2, 150}));
}

TEST(Easy, CountsAndNodesDecideAlike) {
  for (const Backfill backfill : {Backfill::none, Backfill::first_fit, Backfill::easy}) {
    Simulation counts = run(easy_example(), nodes(1, 10, 0), options("fcfs", backfill));
    EngineOptions by_node = options("fcfs", backfill);
    by_node.counts = false;
    Simulation node = run(easy_example(), nodes(1, 10, 0), std::move(by_node));
    EXPECT_EQ(starts_of(counts), starts_of(node));
  }
}

TEST(Order, ShortestFirstBlocksOnTheFirstThatDoesNotFit) {
  Jobs jobs;
  jobs.add(0, 10, 10, 6);
  jobs.add(0, 5, 5, 8);
  jobs.add(0, 7, 7, 2);
  Simulation simulation = run(jobs, nodes(1, 10, 0), options("sjf", Backfill::none));
  EXPECT_EQ(starts_of(simulation), (std::vector<std::int64_t>{5, 0, 0}));
}

TEST(Order, UnknownNamesListTheKnownOnes) {
  EXPECT_THROW(make_order("nope", {}), InvalidInput);
  EXPECT_THROW(make_order("fcfs", {{"alpha", 1.0}}), InvalidInput);
}

TEST(Gang, StartsWholeOrNotAtAll) {
  Jobs jobs;
  jobs.resource = "gpus";
  jobs.add(0, 10, 10, 2);     // 2 of the 4 GPUs of node 0
  jobs.add(0, 10, 10, 3, 2);  // two tasks of 3: only node 1 has room for one
  Simulation simulation = run(jobs, nodes(2, 1, 4), options("fcfs", Backfill::easy));
  EXPECT_EQ(starts_of(simulation), (std::vector<std::int64_t>{0, 10}));
}

TEST(Limit, JobsAreKilledAtItAndCompleteWhenEqual) {
  Jobs jobs;
  jobs.add(0, 20, 10, 1);
  jobs.add(0, 10, 10, 1);
  Simulation simulation = run(jobs, nodes(1, 10, 0), options("fcfs", Backfill::none));
  const Outcomes out = simulation.outcomes();
  EXPECT_EQ(out.status[0], static_cast<std::int8_t>(JobStatus::timeout));
  EXPECT_EQ(out.status[1], static_cast<std::int8_t>(JobStatus::completed));
  EXPECT_EQ(out.end_ns, (std::vector<std::int64_t>{10 * kS, 10 * kS}));
}

TEST(Infeasible, IsAValueThatBlocksNobody) {
  Jobs jobs;
  jobs.add(0, 5, 5, 11);
  jobs.add(0, 5, 5, 10);
  Simulation simulation = run(jobs, nodes(1, 10, 0), options("fcfs", Backfill::none));
  const Outcomes out = simulation.outcomes();
  EXPECT_EQ(out.status[0], static_cast<std::int8_t>(JobStatus::infeasible));
  EXPECT_EQ(out.reasons[out.reason[0]], "infeasible:cpus");
  EXPECT_EQ(out.start_ns[1], 0);
}

TEST(Failure, JobsOnTheNodeStartOver) {
  Jobs jobs;
  jobs.add(0, 10, 10, 4);
  Simulation simulation(nodes(2, 4, 0), options("fcfs", Backfill::easy));
  simulation.add_jobs(jobs.columns());
  simulation.add_events({{Time{4 * kS}, Event::Kind::node_fail, 0}});
  simulation.run_until(kNever);
  const Outcomes out = simulation.outcomes();
  EXPECT_EQ(out.start_ns[0], 4 * kS);
  EXPECT_EQ(out.attempts[0], 2);
  EXPECT_EQ(out.node[0], 1);
}

TEST(Fork, NeverDisturbsItsOriginAndAgreesWithIt) {
  Jobs jobs;
  for (int i = 0; i < 200; ++i) jobs.add(i, 7 + i % 13, 20, 1 + i % 5);
  Simulation origin = run(jobs, nodes(3, 6, 0), options("fcfs", Backfill::easy), Time{100 * kS});
  const std::uint64_t before = origin.engine().digest();
  Simulation fork = origin.fork();
  EXPECT_EQ(fork.engine().digest(), before);
  fork.run_until(kNever);
  EXPECT_EQ(origin.engine().digest(), before);
  EXPECT_NE(fork.engine().digest(), before);
  origin.run_until(kNever);
  EXPECT_EQ(starts_of(origin), starts_of(fork));
  EXPECT_EQ(origin.engine().digest(), fork.engine().digest());
}

TEST(Engine, StaleFinishesAreIgnored) {
  Engine engine(nodes(1, 10, 0), options("fcfs", Backfill::none));
  Jobs jobs;
  jobs.add(0, 10, 10, 4);
  const JobTable table(jobs.columns(), engine.nodes(), 0, 0);
  engine.submit(table.spec(0), Time{0});
  const Handle handle = engine.decide(Time{0}).front().handle;
  EXPECT_TRUE(engine.finish(handle, Outcome::completed, Time{kS}));
  EXPECT_FALSE(engine.finish(handle, Outcome::completed, Time{2 * kS}));
  EXPECT_EQ(engine.runs().size(), 1u);
}

TEST(Placement, EveryRuleHasItsChoice) {
  // Free CPUs after the first three jobs: 3, 1 and 4 of 4 on nodes 0, 1, 2.
  const auto chosen = [](Placement rule) {
    NodeState state(nodes(3, 4, 0));
    Shape one, three;
    one.counted = {{0, 1000}};
    three.counted = {{0, 3000}};
    state.take(one, std::vector<std::int32_t>{0});
    state.take(three, std::vector<std::int32_t>{1});
    std::vector<std::int32_t> block(1);
    state.place(one, rule, block);
    return block.front();
  };
  EXPECT_EQ(chosen(Placement::first_fit), 0);
  EXPECT_EQ(chosen(Placement::best_fit), 1);
  EXPECT_EQ(chosen(Placement::worst_fit), 2);
  EXPECT_EQ(chosen(Placement::balanced), 2);
  EXPECT_EQ(chosen(Placement::consolidated), 0);
}

TEST(NodeState, ReleaseGivesBackExactlyWhatWasTaken) {
  const NodeState empty(nodes(2, 8, 4));
  NodeState state = empty;
  Shape shape;
  shape.units = 3;
  shape.counted = {{0, 2500}};
  shape.devices = {{0, 400}};
  std::vector<std::int32_t> block(shape.block_size());
  ASSERT_TRUE(state.fits(shape));
  state.place(shape, Placement::best_fit, block);
  EXPECT_TRUE(state.in_use(block[0]));
  state.release(shape, block);
  for (std::int32_t node = 0; node < 2; ++node) {
    EXPECT_FALSE(state.in_use(node));
    EXPECT_EQ(state.free(node, 0), empty.free(node, 0));
  }
  for (std::int32_t device = 0; device < 8; ++device)
    EXPECT_EQ(state.device_share(device), kWholeDevice);
}

TEST(Journal, CopiesShareThePastAndGoTheirOwnWay) {
  Journal<int> origin;
  for (int i = 0; i < 3000; ++i) origin.push_back(i);
  origin.seal();
  Journal<int> copy = origin;
  origin.push_back(-1);
  copy.push_back(-2);
  EXPECT_EQ(origin.all().back(), -1);
  EXPECT_EQ(copy.all().back(), -2);
  EXPECT_EQ(origin.all()[2999], 2999);
  EXPECT_EQ(copy.size(), 3001u);
}

// Fails once, at the second job.
class FailingPredictor final : public RunTimePredictor {
 public:
  explicit FailingPredictor(int& asked) : asked_(asked) {}
  std::unique_ptr<RunTimePredictor> clone() const override {
    return std::make_unique<FailingPredictor>(asked_);
  }
  double predict(const JobTraits& job, std::span<float>) const override {
    if (++asked_ == 2) throw std::runtime_error("no prediction");
    return job.limit_s;
  }
  void learn(const JobTraits&, double, std::span<const float>) override {}

 private:
  int& asked_;
};

TEST(Simulation, LosesNoJobWhosePredictionFails) {
  const Jobs jobs = easy_example();
  Simulation expected = run(jobs, nodes(1, 10, 0), options("fcfs", Backfill::easy));
  Simulation simulation(nodes(1, 10, 0), options("fcfs", Backfill::easy));
  int asked = 0;
  simulation.predict_with({std::make_unique<FailingPredictor>(asked), {}});
  std::vector<JobTraits> traits(jobs.limit.size());
  for (std::size_t i = 0; i < traits.size(); ++i) {
    traits[i].limit_s = static_cast<double>(jobs.limit[i] / kS);
  }
  simulation.add_jobs(jobs.columns(), std::move(traits));
  EXPECT_THROW(simulation.run_until(kNever), std::runtime_error);
  simulation.run_until(kNever);
  EXPECT_EQ(asked, 5);
  EXPECT_EQ(starts_of(simulation), starts_of(expected));
}

TEST(Engine, HasNoSlotTheFewerForAJobThatCouldNotBeWritten) {
  Engine engine(nodes(1, 10, 0), options("fcfs", Backfill::easy));
  const auto fail = [](JobSpec&) { throw std::runtime_error("no job"); };
  for (int i = 0; i < 3; ++i) EXPECT_THROW(engine.submit_as(fail, Time{}), std::runtime_error);
  EXPECT_EQ(engine.live().size(), 1u);
  EXPECT_EQ(engine.waiting(), 0u);
}

TEST(Journal, IsEmptyOnceClearedAndLeavesCopiesAlone) {
  Journal<int> origin;
  for (int i = 0; i < 3000; ++i) origin.push_back(i);
  origin.seal();
  Journal<int> copy = origin;
  const auto clear_and_fill = [&origin](int item) {
    origin.clear();
    EXPECT_EQ(origin.size(), 0u);
    EXPECT_TRUE(origin.all().empty());
    for (int i = 0; i < 1500; ++i) origin.push_back(item);
    EXPECT_EQ(origin.all(), std::vector<int>(1500, item));
  };
  clear_and_fill(-1);  // the copy reads what was there
  clear_and_fill(-2);  // nobody else does
  origin.seal();
  Journal<int>(origin).push_back(7);
  clear_and_fill(-3);  // nor any more
  ASSERT_EQ(copy.size(), 3000u);
  EXPECT_EQ(copy.all()[2999], 2999);
}

}  // namespace
}  // namespace fairlead
