// An engine that runs for months keeps what lives and nothing else.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "scheduling/live_engine.hpp"

namespace fairlead {
namespace {

std::shared_ptr<const NodeTable> four_nodes() {
  const std::vector<std::int64_t> capacity{8000, 4000, 8000, 4000, 8000, 4000, 8000, 4000};
  const std::vector<std::int32_t> pool(4, 0);
  NodeColumns c;
  c.n = 4;
  c.resources = {"cpus", "gpus"};
  c.is_device = {false, true};
  c.capacity = capacity;
  c.pool = pool;
  return std::make_shared<const NodeTable>(make_node_table(c));
}

EngineOptions easy() {
  EngineOptions options;
  options.policy = make_order("fcfs", {});
  options.counts = false;
  options.requeue = false;
  return options;
}

class Months : public testing::Test {
 protected:
  // One job of cpus and gpus (in thousandths); its number.
  std::int64_t submit(std::int64_t cpus, std::int64_t gpus, const char* device = "gpus") {
    const std::vector<std::int64_t> at{now_}, limit{1000}, c{cpus}, g{gpus};
    JobColumns columns;
    columns.n = 1;
    columns.submit_ns = at;
    columns.limit_ns = limit;
    columns.estimate_ns = limit;
    columns.resources = {"cpus", device};
    columns.requests = {c, g};
    return engine_.submit(columns, Time{now_});
  }

  void decide() {
    for (const Decision& decision : engine_.engine().decide(Time{now_})) {
      if (decision.kind == Decision::Kind::start) running_.push_back(decision.job);
    }
  }

  LiveEngine engine_{four_nodes(), easy()};
  std::int64_t now_ = 0;
  std::vector<std::int64_t> running_;
};

TEST_F(Months, RowsShapesAndRunsOfEndedJobsAreUsedAgain) {
  std::mt19937 random(5);
  std::size_t most_rows = 0, most_shapes = 0;
  for (int round = 0; round < 20'000; ++round) {
    ++now_;
    // Requests hardly ever repeat: thousands of shapes pass by, few live at a time.
    submit(1 + random() % 4000, (1 + random() % 3) * 1000);
    decide();
    while (engine_.engine().waiting() > 10 || (!running_.empty() && random() % 2 == 0)) {
      std::swap(running_[random() % running_.size()], running_.back());
      ASSERT_TRUE(engine_.finish(running_.back(), Outcome::completed, Time{now_}));
      running_.pop_back();
      decide();
    }
    most_rows = std::max(most_rows, engine_.engine().live().size());
    most_shapes = std::max(most_shapes, engine_.shapes());
    ASSERT_EQ(engine_.engine().runs().size(), 0u);
    ASSERT_EQ(engine_.engine().placements().size(), 0u);
  }
  EXPECT_LE(most_rows, 40u);
  EXPECT_LE(most_shapes, 40u);
}

TEST_F(Months, AShapeThatComesAgainIsJudgedAnew) {
  const std::int64_t large = submit(9000, 0);  // on no node
  EXPECT_EQ(engine_.engine().decide(Time{now_})[0].kind, Decision::Kind::refuse);
  EXPECT_EQ(engine_.blocked_by(large, Time{now_}), "infeasible:cpus");
  EXPECT_TRUE(engine_.cancel(large, Time{now_}));
  submit(1000, 0);  // is given the place of the other shape
  EXPECT_EQ(engine_.engine().decide(Time{now_})[0].kind, Decision::Kind::start);
}

TEST_F(Months, ReasonsNameWhatEachJobLacks) {
  const std::int64_t a = submit(1000, 1000, "tpus"), b = submit(1000, 1000, "fpgas");
  decide();
  EXPECT_EQ(engine_.blocked_by(a, Time{now_}), "infeasible:tpus");
  EXPECT_EQ(engine_.blocked_by(b, Time{now_}), "infeasible:fpgas");
}

TEST_F(Months, JobsThatEndWithANodeAreToldAndForgotten) {
  const std::int64_t job = submit(8000, 0);
  decide();
  EXPECT_EQ(engine_.node_fail(0, Time{++now_}), std::vector<std::int64_t>{job});
  EXPECT_FALSE(engine_.finish(job, Outcome::completed, Time{now_}));
  EXPECT_EQ(engine_.engine().running(), 0u);
}

TEST_F(Months, AForkLivesOnWhenItsOriginForgets) {
  const std::int64_t job = submit(8000, 0);
  decide();
  LiveEngine fork = engine_.fork();
  ASSERT_EQ(fork.engine().digest(), engine_.engine().digest());
  ASSERT_TRUE(engine_.finish(job, Outcome::completed, Time{++now_}));
  submit(1, 2000);  // in the place of the shape that the fork's job still has
  decide();
  EXPECT_EQ(fork.engine().running(), 1u);
  EXPECT_TRUE(fork.finish(job, Outcome::completed, Time{now_}));
  EXPECT_EQ(fork.engine().running(), 0u);
}

}  // namespace
}  // namespace fairlead
