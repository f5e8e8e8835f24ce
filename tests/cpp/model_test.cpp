// The index over nodes against a look at every node.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "model/fraction.hpp"
#include "model/node_state.hpp"

namespace fairlead {
namespace {

constexpr std::int32_t kRows = 40;

std::shared_ptr<const NodeTable> mixed_nodes() {
  std::vector<std::int64_t> capacity, memory;
  std::vector<std::int32_t> pool, type;
  for (std::int32_t row = 0; row < kRows; ++row) {
    const bool large = row % 5 == 4;
    capacity.insert(capacity.end(),
                    {large ? 96000 : 32000, row % 7 == 0 ? 0 : 256, large ? 8000 : 4000});
    memory.push_back(large ? 80 : 40);
    pool.push_back(row % 3 == 0);
    type.push_back(large);
  }
  NodeColumns c;
  c.n = kRows;
  c.resources = {"cpus", "memory_gib", "gpus"};
  c.is_device = {false, false, true};
  c.capacity = capacity;
  c.gpu_memory = memory;
  c.gpu_type = type;
  c.pool = pool;
  return std::make_shared<const NodeTable>(make_node_table(c));
}

Shape drawn_shape(std::mt19937& random, std::int32_t gpu_kind) {
  Shape shape;
  const auto one_of = [&](std::initializer_list<std::int64_t> values) {
    return *(values.begin() + random() % values.size());
  };
  shape.units = static_cast<std::int32_t>(one_of({1, 1, 1, 2, 5}));
  shape.one_unit_per_node = random() % 4 == 0;
  if (shape.one_unit_per_node) shape.tasks_per_unit = static_cast<std::int32_t>(one_of({1, 2}));
  if (random() % 4 == 0) shape.pool = static_cast<std::int32_t>(random() % 2);
  if (random() % 4 == 0) shape.gpu_types = 1u << (random() % 2);
  const std::int64_t cpus = one_of({500, 4000, 12000}) * shape.tasks_per_unit;
  shape.counted.push_back({0, cpus, cpus * shape.units});
  if (random() % 2 == 0) {
    const std::int64_t memory = one_of({16, 100}) * shape.tasks_per_unit;
    shape.counted.push_back({1, memory, memory * shape.units});
  }
  if (random() % 3 > 0) shape.devices.push_back({gpu_kind, one_of({250, 500, 1000, 2000, 4000})});
  if (!shape.devices.empty() && random() % 4 == 0) shape.gpu_memory = one_of({10, 40, 60});
  return shape;
}

// The rule as docs/semantics.md words it: how good the node is, lower being better.
Fraction merit(const NodeState& state, std::int32_t row, const Shape& shape, Placement rule,
               std::int64_t left) {
  const NodeTable& nodes = state.nodes();
  std::optional<Fraction> free_share;
  Fraction load;
  const auto look = [&](std::int64_t free, std::int64_t taken, std::int64_t capacity) {
    if (capacity == 0) return;
    const Fraction after{free - taken, capacity}, used{capacity - free, capacity};
    if (!free_share || *free_share < after) free_share = after;
    if (load < used) load = used;
  };
  for (std::int32_t r = 0; r < nodes.counted(); ++r) {
    std::int64_t taken = 0;
    for (const Ask& ask : shape.counted) taken += ask.resource == r ? ask.amount : 0;
    look(state.free(row, r), taken, state.capacity(row, r));
  }
  std::int64_t taken = 0;
  for (const Ask& ask : shape.devices) taken += ask.amount * shape.tasks_per_unit;
  look(state.free_share(row, 0), taken, nodes.devices(row, 0) * kWholeDevice);
  switch (rule) {
    case Placement::first_fit:
      return {};
    case Placement::best_fit:
      return *free_share;
    case Placement::worst_fit:
      return {-free_share->numerator, free_share->denominator};
    case Placement::balanced:
      return load;
    case Placement::consolidated:
      return {-2 * state.units_on(row, shape, left) - (state.in_use(row) ? 1 : 0), 1};
  }
  return {};
}

std::int32_t best_of_all(const NodeState& state, const Shape& shape, Placement rule,
                         std::int64_t left, const std::vector<bool>& taken) {
  std::int32_t best = -1;
  Fraction best_merit;
  for (std::int32_t row = 0; row < kRows; ++row) {
    if (state.units_on(row, shape, 1) == 0 || (shape.one_unit_per_node && taken[row])) continue;
    const Fraction m = merit(state, row, shape, rule, left);
    if (best >= 0 && !(m < best_merit)) continue;
    best = row;
    best_merit = m;
  }
  return best;
}

TEST(NodeIndex, CapacitiesThatComeAndGoLeaveNothingBehind) {
  NodeState state(mixed_nodes());
  const std::size_t kinds = state.index().kinds();
  for (std::int64_t step = 0; step < 1000; ++step) {
    state.set_capacity(0, 0, 1000 + step);
    state.set_capacity(1, 0, 2000 + step);
    state.index();
  }
  EXPECT_LE(state.index().kinds(), kinds + 4);
}

TEST(NodeIndex, ChoosesAsALookAtEveryNodeWould) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    const auto nodes = mixed_nodes();
    NodeState state(nodes);
    std::vector<std::pair<Shape, std::vector<std::int32_t>>> placed;
    for (int step = 0; step < 120; ++step) {
      if (random() % 12 == 0) {
        const auto row = static_cast<std::int32_t>(random() % kRows);
        state.set_in_service(row, !state.in_service(row));
      }
      if (random() % 20 == 0) {
        const auto row = static_cast<std::int32_t>(random() % kRows);
        state.set_capacity(row, 0, state.capacity(row, 0) == 48000 ? 32000 : 48000);
      }
      if (!placed.empty() && random() % 3 == 0) {
        std::swap(placed[random() % placed.size()], placed.back());
        state.release(placed.back().first, placed.back().second);
        placed.pop_back();
        continue;
      }
      const Shape shape = drawn_shape(random, nodes->gpu_kind);
      std::int64_t units = 0;
      for (std::int32_t row = 0; row < kRows; ++row)
        units += state.units_on(row, shape, shape.units);
      ASSERT_EQ(state.units(shape, 1 << 20), units) << "seed " << seed << ", step " << step;
      ASSERT_EQ(state.fits(shape), units >= shape.units);
      if (!state.fits(shape)) continue;
      ASSERT_TRUE(state.needs(shape).within(state.headroom()));
      const auto rule = static_cast<Placement>(random() % 5);
      std::vector<std::int32_t> block(shape.block_size());
      NodeState unit_by_unit = state;
      state.place(shape, rule, block);
      std::vector<bool> taken(kRows, false);
      Shape unit = shape;
      unit.units = 1;
      std::size_t next = shape.units;
      const std::size_t cells = shape.tasks_per_unit * shape.devices_per_task();
      for (std::int32_t u = 0; u < shape.units; ++u) {
        const std::int32_t expected =
            best_of_all(unit_by_unit, shape, rule, shape.units - u, taken);
        ASSERT_EQ(block[u], expected) << "seed " << seed << ", step " << step << ", unit " << u;
        taken[expected] = true;
        std::vector<std::int32_t> one{expected};
        one.insert(one.end(), block.begin() + static_cast<std::ptrdiff_t>(next),
                   block.begin() + static_cast<std::ptrdiff_t>(next + cells));
        unit_by_unit.take(unit, one);
        next += cells;
      }
      placed.emplace_back(shape, block);
    }
  }
}

}  // namespace
}  // namespace fairlead
