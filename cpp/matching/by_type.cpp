#include <algorithm>

#include "base/errors.hpp"
#include "matching/demand.hpp"
#include "matching/matching.hpp"
#include "matching/refusal.hpp"
#include "model/node_state.hpp"

namespace fairlead {
namespace {

void check(const JobTable& jobs, const NodeTable& nodes, const Preferences& preferences) {
  const auto types = static_cast<std::size_t>(preferences.types);
  const auto in_range = [&](std::int32_t type) { return type >= 0 && type < preferences.types; };
  if (preferences.type_of_node.size() != static_cast<std::size_t>(nodes.n) ||
      preferences.order.size() != jobs.size() * types ||
      !std::ranges::all_of(preferences.type_of_node, in_range) ||
      !std::ranges::all_of(preferences.order, in_range))
    throw InvalidInput("every node needs a type, and every job an order of all types");
}

// What is free, for the nodes of each type alone and for all together.
class FreeByType {
 public:
  FreeByType(const std::shared_ptr<const NodeTable>& nodes, const Preferences& preferences)
      : all_(nodes), of_type_(preferences.types, all_) {
    for (std::int32_t node = 0; node < nodes->n; ++node) {
      for (std::int32_t type = 0; type < preferences.types; ++type) {
        if (preferences.type_of_node[node] != type) of_type_[type].set_in_service(node, false);
      }
    }
  }

  const NodeState& all() const { return all_; }

  // Writes the block and returns true where the job fits on nodes of the first type that has room,
  // or on nodes of any.
  bool place(const Shape& shape, std::span<const std::int32_t> order,
             std::span<std::int32_t> block) {
    for (const std::int32_t type : order) {
      if (!of_type_[type].fits(shape)) continue;
      of_type_[type].place(shape, Placement::first_fit, block);
      all_.take(shape, block);
      return true;
    }
    if (!all_.fits(shape)) return false;
    all_.place(shape, Placement::first_fit, block);
    for (NodeState& state : of_type_) state.take(shape, block);
    return true;
  }

 private:
  NodeState all_;
  std::vector<NodeState> of_type_;
};

}  // namespace

Matching match_by_type(const JobTable& jobs, const std::shared_ptr<const NodeTable>& nodes,
                       const Preferences& preferences) {
  check(jobs, *nodes, preferences);
  FreeByType free(nodes, preferences);
  Refusals refusals(jobs, nodes);
  Matching result;
  result.status.assign(jobs.size(), MatchStatus::placed);
  result.reason.assign(jobs.size(), 0);
  const auto types = static_cast<std::size_t>(preferences.types);
  std::vector<std::vector<std::int32_t>> blocks(jobs.size());
  for (const std::size_t row : jobs_by_demand(jobs, *nodes, totals(*nodes))) {
    const Shape& shape = *jobs.spec(row).shape;
    std::vector<std::int32_t> block(shape.block_size());
    const std::span<const std::int32_t> order = preferences.order.subspan(row * types, types);
    if (refusals.known(shape) || shape.lacking >= 0 || !free.place(shape, order, block)) {
      refusals.refuse(row, shape, free.all(), result);
    } else {
      blocks[row] = std::move(block);
    }
  }
  for (std::size_t row = 0; row < jobs.size(); ++row) {
    if (!blocks[row].empty())
      result.add(static_cast<std::int64_t>(row), *jobs.spec(row).shape, blocks[row]);
  }
  return result;
}

}  // namespace fairlead
