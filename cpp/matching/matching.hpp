// Tasks to nodes at one moment, on an idle cluster: who goes where, and what keeps the others out.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/job_table.hpp"
#include "model/node_table.hpp"
#include "model/placement.hpp"

namespace fairlead {

enum class NodeOrder : std::uint8_t { row, capacity, price, speed };

struct GreedyMethod {
  std::string_view name;
  NodeOrder nodes;
  Placement rule;
  std::string_view description;
};

// Jobs come by demand, the largest first; a method says which node takes them.
inline constexpr std::array<GreedyMethod, 8> kGreedyMethods{{
    {"greedy", NodeOrder::capacity, Placement::first_fit, "the largest node that fits"},
    {"first_fit", NodeOrder::row, Placement::first_fit, "the lowest row that fits"},
    {"best_fit", NodeOrder::row, Placement::best_fit, "the node that is left with least"},
    {"worst_fit", NodeOrder::row, Placement::worst_fit, "the node that is left with most"},
    {"balanced", NodeOrder::row, Placement::balanced, "the least loaded node"},
    {"consolidated", NodeOrder::row, Placement::consolidated,
     "the node that holds most of the tasks still to place, then one already in use"},
    {"cheapest", NodeOrder::price, Placement::first_fit, "the cheapest node that fits"},
    {"fastest", NodeOrder::speed, Placement::first_fit, "the fastest node that fits"},
}};

enum class MatchStatus : std::int8_t { placed, unplaced, infeasible };

struct Matching {
  std::vector<MatchStatus> status;       // by job
  std::vector<std::int32_t> reason;      // by job: index into reasons
  std::vector<std::string> reasons{""};  // e.g. resources:gpus, infeasible:pool

  // One row a placed task, jobs in row order; devices of row i end at device_end[i].
  std::vector<std::int64_t> job, device_end;
  std::vector<std::int32_t> task, node, kind, device;

  void add(std::int64_t row, const Shape& shape, std::span<const std::int32_t> block);
};

Matching match_greedy(const JobTable& jobs, const std::shared_ptr<const NodeTable>& nodes,
                      const GreedyMethod& method);

// What each job would best run on: types of nodes, and for each job all types, the best one first.
struct Preferences {
  std::int32_t types = 0;
  std::span<const std::int32_t> type_of_node;  // n
  std::span<const std::int32_t> order;         // jobs x types
};

// Jobs by demand, the largest first; each goes whole to nodes of the first type in its order that
// has room, to the lowest rows, or where no type alone has room to nodes of any.
Matching match_by_type(const JobTable& jobs, const std::shared_ptr<const NodeTable>& nodes,
                       const Preferences& preferences);

// As many tasks as can be placed, gangs whole; of several such placements the one that takes the
// first jobs on the lowest nodes. Tries all of them: throws InvalidInput after so many steps.
inline constexpr std::int64_t kExhaustiveSteps = 20'000'000;
Matching match_exhaustive(const JobTable& jobs, const std::shared_ptr<const NodeTable>& nodes,
                          std::int64_t steps = kExhaustiveSteps);

}  // namespace fairlead
