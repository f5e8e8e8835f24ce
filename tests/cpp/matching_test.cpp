// Matching below the bindings: greedy against exhaustive search, gangs, and what is refused.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "matching/matching.hpp"
#include "model/node_state.hpp"

namespace fairlead {
namespace {

// Nodes of cpus and gpus, and jobs that ask for them; kept alive while columns refer to them.
struct Instance {
  std::shared_ptr<const NodeTable> nodes;
  std::vector<std::int64_t> submit, cpus, gpus;
  std::vector<std::int32_t> tasks;

  explicit Instance(const std::vector<std::pair<std::int64_t, std::int64_t>>& capacities) {
    std::vector<std::int64_t> capacity;
    for (const auto& [c, g] : capacities) {
      capacity.push_back(c * 1000);
      capacity.push_back(g * 1000);
    }
    const std::vector<std::int32_t> pool(capacities.size(), 0);
    NodeColumns columns;
    columns.n = static_cast<std::int32_t>(capacities.size());
    columns.resources = {"cpus", "gpus"};
    columns.is_device = {false, true};
    columns.capacity = capacity;
    columns.pool = pool;
    nodes = std::make_shared<const NodeTable>(make_node_table(columns));
  }

  // Thousandths of a device.
  Instance& job(std::int64_t cpu, std::int64_t gpu_share, std::int32_t gang = 1) {
    submit.push_back(0);
    cpus.push_back(cpu * 1000);
    gpus.push_back(gpu_share);
    tasks.push_back(gang);
    return *this;
  }

  JobTable jobs() const {
    JobColumns columns;
    columns.n = submit.size();
    columns.submit_ns = submit;
    columns.tasks = tasks;
    columns.resources = {"cpus", "gpus"};
    columns.requests = {cpus, gpus};
    return JobTable(columns, *nodes, 0, 0);
  }
};

Matching greedy(const Instance& in, std::string_view name = "greedy") {
  for (const GreedyMethod& method : kGreedyMethods) {
    if (method.name == name) return match_greedy(in.jobs(), in.nodes, method);
  }
  throw InvalidInput("no such method");
}

TEST(Greedy, PutsTheLargestDemandOnTheLargestNode) {
  Instance in({{8, 0}, {32, 0}, {16, 0}});
  in.job(4, 0).job(30, 0).job(10, 0);
  const Matching m = greedy(in);
  EXPECT_EQ(m.job, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(m.node, (std::vector<std::int32_t>{2, 1, 2}));
}

TEST(Greedy, NamesDevicesOnTheNodeTheyAreOn) {
  Instance in({{8, 2}, {8, 4}});
  in.job(1, 3000).job(1, 2000).job(1, 500);
  const Matching m = greedy(in);
  EXPECT_EQ(m.node, (std::vector<std::int32_t>{1, 0, 1}));
  EXPECT_EQ(m.device, (std::vector<std::int32_t>{0, 1, 2, 0, 1, 3}));
  EXPECT_EQ(m.device_end, (std::vector<std::int64_t>{3, 5, 6}));
}

TEST(Greedy, RefusesAGangWholeAndSaysWhy) {
  Instance in({{8, 0}, {8, 0}});
  in.job(5, 0, 2).job(3, 0, 3).job(9, 0);
  const Matching m = greedy(in);
  EXPECT_EQ(m.status, (std::vector<MatchStatus>{MatchStatus::placed, MatchStatus::unplaced,
                                                MatchStatus::infeasible}));
  EXPECT_EQ(m.reasons[m.reason[1]], "resources:cpus");
  EXPECT_EQ(m.reasons[m.reason[2]], "infeasible:cpus");
  EXPECT_EQ(m.job.size(), 2u);
}

TEST(ByType, TakesTheFirstTypeWithRoom) {
  Instance in({{8, 0}, {8, 2}, {8, 0}});
  in.job(4, 0).job(4, 0).job(4, 0).job(4, 1000).job(16, 0);
  const std::vector<std::int32_t> type{0, 1, 0}, order{1, 0, 1, 0, 0, 1, 0, 1, 1, 0};
  const Matching m = match_by_type(in.jobs(), in.nodes, {2, type, order});
  // The job with a GPU has the largest share, so it goes first, and leaves room for one more.
  EXPECT_EQ(m.job, (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(m.node, (std::vector<std::int32_t>{1, 0, 0, 1}));
  EXPECT_EQ(m.reasons[m.reason[4]], "infeasible:cpus");
}

TEST(ByType, NeedsATypeOfEveryNodeAndAnOrderOfEveryJob) {
  Instance in({{8, 0}});
  in.job(4, 0);
  const std::vector<std::int32_t> none, zero{0}, beyond{1};
  EXPECT_THROW(match_by_type(in.jobs(), in.nodes, {1, none, zero}), InvalidInput);
  EXPECT_THROW(match_by_type(in.jobs(), in.nodes, {1, zero, none}), InvalidInput);
  EXPECT_THROW(match_by_type(in.jobs(), in.nodes, {1, zero, beyond}), InvalidInput);
}

TEST(Exhaustive, FindsWhatGreedyMisses) {
  Instance in({{10, 0}, {10, 0}});
  in.job(4, 0).job(4, 0).job(3, 0).job(3, 0).job(3, 0).job(3, 0);
  EXPECT_EQ(match_exhaustive(in.jobs(), in.nodes).job.size(), 6u);
  EXPECT_EQ(greedy(in).job.size(), 5u);
}

TEST(Exhaustive, TriesEveryDeviceForAShare) {
  // Thousandths 4, 4, 3, 3, 3, 3 on two devices: the pick of the fullest device that suffices
  // fails.
  Instance in({{8, 2}});
  in.job(1, 400).job(1, 400).job(1, 300).job(1, 300).job(1, 300).job(1, 300);
  EXPECT_EQ(match_exhaustive(in.jobs(), in.nodes).job.size(), 6u);
  EXPECT_EQ(greedy(in).job.size(), 5u);
}

// What was placed can be taken from an idle cluster, task by task, and nothing is left negative.
TEST(Exhaustive, IsValidAndNeverWorseThanAnyMethod) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
    Instance in({{below(6), below(3)}, {below(6), below(3)}, {below(6), below(3)}});
    const std::vector<std::int64_t> shares{0, 0, 300, 500, 700, 1000, 2000};
    for (int i = 0; i < 6; ++i) {
      in.job(below(4), shares[below(7)], 1 + static_cast<std::int32_t>(below(3)));
    }
    const Matching best = match_exhaustive(in.jobs(), in.nodes);
    std::vector<std::int64_t> cpus(3, 0);
    for (std::size_t i = 0; i < best.job.size(); ++i) cpus[best.node[i]] += in.cpus[best.job[i]];
    for (std::int32_t n = 0; n < 3; ++n) EXPECT_LE(cpus[n], in.nodes->capacity[n]);
    std::vector<std::int64_t> share(in.nodes->all_devices(), 0);
    for (std::size_t i = 0, d = 0; i < best.job.size(); ++i) {
      for (; d < static_cast<std::size_t>(best.device_end[i]); ++d) {
        const std::int32_t device = in.nodes->first_device(best.node[i], 0) + best.device[d];
        share[device] += std::min(in.gpus[best.job[i]], kWholeDevice);
        EXPECT_LE(share[device], kWholeDevice);
      }
    }
    for (const GreedyMethod& method : kGreedyMethods) {
      EXPECT_LE(greedy(in, method.name).job.size(), best.job.size()) << method.name;
    }
  }
}

TEST(Exhaustive, GivesUpAfterAStatedNumberOfSteps) {
  Instance in({{10, 0}, {11, 0}, {12, 0}, {13, 0}, {14, 0}, {15, 0}});
  for (int i = 0; i < 30; ++i) in.job(3 + i % 5, 0);
  EXPECT_THROW(match_exhaustive(in.jobs(), in.nodes, 1000), InvalidInput);
}

}  // namespace
}  // namespace fairlead
