// Scoring below the bindings: rounding, keys, the fast loops against the plain formula, and the
// driver's boundary; no GPU needed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "base/errors.hpp"
#include "scoring/score_batch.hpp"

namespace fairlead {
namespace {

TEST(ScoreColumn, TakesTheCoarsestUnitThatLosesNothing) {
  const std::vector<std::int64_t> requests{0, 6'000, 9'000}, free{96'000, 0};
  const ScoreColumn column = make_score_column("cpus", requests, free);
  EXPECT_EQ(column.unit, 3'000);
  EXPECT_TRUE(column.exact);
  EXPECT_EQ(request_amount(column, 9'000), 3.0F);
  EXPECT_EQ(free_amount(column, 96'000), 32.0F);
}

TEST(ScoreColumn, RoundsRequestsUpAndWhatIsFreeDown) {
  const std::int64_t odd = (std::int64_t{1} << 40) + 1;
  const ScoreColumn column = make_score_column("memory_gib", std::vector{odd}, std::vector{odd});
  EXPECT_EQ(column.unit, odd) << "one amount is its own unit";
  const std::vector<std::int64_t> requests{1, odd}, free{odd, odd - 1};
  const ScoreColumn rounded = make_score_column("memory_gib", requests, free);
  EXPECT_EQ(rounded.unit, std::int64_t{1} << 17);
  EXPECT_FALSE(rounded.exact);
  EXPECT_EQ(request_amount(rounded, 1), 1.0F);
  EXPECT_GT(request_amount(rounded, odd), free_amount(rounded, odd));
  EXPECT_LT(free_amount(rounded, odd), static_cast<float>(kAmountLimit));
}

TEST(ScoreColumn, KeepsAmountsBelowTheLimitAtTheEndOfTheRange) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::int64_t> requests{most, 1}, free{most};
  const ScoreColumn column = make_score_column("slots", requests, free);
  EXPECT_LT(free_amount(column, most), static_cast<float>(kAmountLimit));
  EXPECT_LE(request_amount(column, most), static_cast<float>(kAmountLimit));
  EXPECT_FALSE(column.exact);
}

TEST(ScoreColumn, ARequestBeyondEveryCapacityNeverFits) {
  const std::vector<std::int64_t> requests{std::int64_t{1} << 50}, free{3};
  const ScoreColumn column = make_score_column("slots", requests, free);
  EXPECT_EQ(request_amount(column, requests[0]), static_cast<float>(kAmountLimit));
}

TEST(Keys, OrderByScoreThenLowestRow) {
  EXPECT_GT(key_of(1, 5), key_of(0, 5));
  EXPECT_GT(key_of(0, 5), key_of(-1, 0));
  EXPECT_GT(key_of(7, 3), key_of(7, 4));
  EXPECT_GT(key_of(std::numeric_limits<std::int32_t>::min() + 1, INT32_MAX), 0u);
  EXPECT_EQ(score_of_key(key_of(-12345, 678)), -12345);
  EXPECT_EQ(row_of_key(key_of(-12345, 678)), 678);
}

TEST(Weights, AddUpToOneAndNoneIsLost) {
  const Weights weights = make_weights({{"best_fit", 3.0}, {"speed", -1.0}, {"cost", 1e-9}});
  EXPECT_EQ(weights.of(Term::best_fit), 768);
  EXPECT_EQ(weights.of(Term::speed), -256);
  EXPECT_EQ(weights.of(Term::cost), 1);
  EXPECT_EQ(weights.of(Term::balanced), 0);
  EXPECT_THROW(make_weights({{"fit", 1.0}}), InvalidInput);
  EXPECT_THROW(make_weights({}), InvalidInput);
  EXPECT_THROW(make_weights({{"cost", std::numeric_limits<double>::infinity()}}), InvalidInput);
}

// A problem with arrays of its own.
struct Instance {
  std::vector<float> request, cells;
  std::vector<std::uint32_t> allowed;
  std::vector<Left> start;
  std::vector<std::int32_t> tile_group, base, row;
  std::vector<std::uint64_t> keys;
  std::vector<std::int32_t> feasible;
  ScoreProblem problem{};

  Instance(unsigned seed, std::int32_t requests, std::int32_t columns, std::int32_t tiles,
           std::int32_t top_k, std::int32_t weight) {
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::int32_t>(random() % n); };
    const std::int32_t groups = 1 + below(40), words = (groups + 31) / 32;
    const std::size_t nodes = std::size_t(tiles) * kTileNodes;
    for (std::int32_t i = 0; i < requests * columns; ++i)
      request.push_back(static_cast<float>(below(9)));
    for (std::int32_t i = 0; i < requests * words; ++i)
      allowed.push_back(static_cast<std::uint32_t>(random() | random()));
    for (std::int32_t i = 0; i < tiles; ++i) tile_group.push_back(below(groups));
    cells.resize(nodes * 2 * columns);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool is_scale = i / kLaneNodes % 2 == 1;
      const float free = is_scale ? cells[i - kLaneNodes] : static_cast<float>(below(30));
      cells[i] = !is_scale ? free : free > 0 ? kTermOne / free : 0;
    }
    for (std::size_t i = 0; i < nodes; ++i) {
      start.push_back(bits_of(static_cast<float>(below(3) * kTermOne / 8)));
      base.push_back(base_of(below(3) * kTermOne, weight));
      // Rows ascend within a tile and alternate between tiles.
      row.push_back(static_cast<std::int32_t>(i % kTileNodes * tiles + tiles - 1 - i / kTileNodes));
    }
    keys.assign(std::size_t(requests) * top_k, 99);
    feasible.assign(requests, 99);
    problem = {requests,       columns,        tiles,
               words,          top_k,          weight,
               request.data(), allowed.data(), tile_group.data(),
               cells.data(),   start.data(),   base.data(),
               row.data(),     keys.data(),    feasible.data()};
  }

  // All keys of a request by the plain formula, best first.
  std::vector<std::uint64_t> all_keys(std::int32_t r) const {
    std::vector<std::uint64_t> found;
    for (std::int32_t tile = 0; tile < problem.tiles; ++tile) {
      for (std::int32_t i = 0; allows(problem, r, tile) && i < kTileNodes; ++i) {
        const std::size_t at = std::size_t(tile) * kTileNodes + i;
        Left left = start[at];
        for (std::int32_t c = 0; c < problem.columns; ++c) {
          const float* const tile_cells =
              &cells[std::size_t(tile) * kTileNodes * 2 * problem.columns];
          const float* const cell = tile_cells + cell_of(i, c, problem.columns);
          left = with_column(left, request[r * problem.columns + c], cell[0], cell[kLaneNodes]);
        }
        if (fits(left)) found.push_back(key_of(score_of(left, base[at], problem.weight), row[at]));
      }
    }
    std::ranges::sort(found, std::greater());
    return found;
  }
};

TEST(ScoreCpu, EveryWidthGivesThePlainFormulaBitForBit) {
  for (unsigned seed = 0; seed < 32; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::int32_t columns = 2 << seed % 4, top_k = 1 + static_cast<std::int32_t>(seed % 3) * 4;
    Instance in(seed, 300, columns, 1 + static_cast<std::int32_t>(seed % 7), top_k,
                seed % 2 ? -700 : 300);
    score_cpu(in.problem, [] {});
    for (std::int32_t r = 0; r < 300; ++r) {
      std::vector<std::uint64_t> expected = in.all_keys(r);
      ASSERT_EQ(in.feasible[r], std::ssize(expected));
      expected.resize(top_k, 0);
      for (std::int32_t k = 0; k < top_k; ++k) ASSERT_EQ(in.keys[r * top_k + k], expected[k]);
    }
  }
}

TEST(ScoreCpu, WhatPauseThrowsEndsTheCall) {
  Instance in(1, 10, 2, 1, 1, 0);
  EXPECT_THROW(score_cpu(in.problem, [] { throw std::runtime_error("stop"); }), std::runtime_error);
}

NodeTable two_nodes() {
  const std::vector<std::int64_t> capacity{8'000, 4'000, 4'000, 0};
  const std::vector<std::int32_t> pool{0, 1};
  NodeColumns c;
  c.n = 2;
  c.resources = {"cpus", "gpus"};
  c.is_device = {false, true};
  c.capacity = capacity;
  c.pool = pool;
  return make_node_table(c);
}

JobTable jobs_asking(const NodeTable& nodes, const std::vector<std::int64_t>& cpus,
                     const std::vector<std::int64_t>& gpus, const std::vector<std::int32_t>& pool) {
  const std::vector<std::int64_t> submit(cpus.size(), 0);
  JobColumns c;
  c.n = cpus.size();
  c.submit_ns = submit;
  c.resources = {"cpus", "gpus"};
  c.requests = {cpus, gpus};
  c.pool = pool;
  return JobTable(c, nodes, 0, 0);
}

DeviceTimes on_cpu(const ScoreProblem& problem) {
  return run_on_cpu(problem, [] {});
}

TEST(ScoreBatch, ScoresDistinctRequestsOnceAndFillsEveryJob) {
  const NodeTable nodes = two_nodes();
  const JobTable jobs =
      jobs_asking(nodes, {4'000, 4'000, 9'000, 1'000}, {0, 0, 0, 500}, {-1, -1, -1, 1});
  const ScoreBatch batch(jobs, nodes, make_weights({{"best_fit", 1.0}}));
  EXPECT_EQ(batch.requests(), 3);
  EXPECT_EQ(batch.pairs(), 6);
  const Scores scores = batch.score(2, on_cpu);
  EXPECT_EQ(scores.node, (std::vector<std::int32_t>{1, 0, 1, 0, -1, -1, -1, -1}));
  EXPECT_EQ(scores.feasible, (std::vector<std::int32_t>{2, 2, 0, 0}));
  EXPECT_EQ(scores.score[0], 1.0);
  EXPECT_TRUE(std::isnan(scores.score[4]));
  EXPECT_THROW(batch.score(0, on_cpu), InvalidInput);
  EXPECT_THROW(batch.score(kMaxTopK + 1, on_cpu), InvalidInput);
}

}  // namespace
}  // namespace fairlead
