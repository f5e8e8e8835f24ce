#include <algorithm>
#include <limits>
#include <numeric>

#include "matching/demand.hpp"
#include "matching/matching.hpp"
#include "matching/refusal.hpp"
#include "model/node_state.hpp"

namespace fairlead {
namespace {

// Capacity of a node by the same measure.
double capacity(std::int32_t node, const NodeTable& nodes, const std::vector<double>& total) {
  double share = 0;
  for (std::int32_t r = 0; r < nodes.counted(); ++r) {
    const auto here = static_cast<double>(nodes.capacity[node * nodes.counted() + r]);
    if (total[r] > 0) share = std::max(share, here / total[r]);
  }
  for (std::int32_t kind = 0; kind < nodes.kinds(); ++kind) {
    const auto here = static_cast<double>(nodes.devices(node, kind) * kWholeDevice);
    const double all = total[nodes.counted() + kind];
    if (all > 0) share = std::max(share, here / all);
  }
  return share;
}

std::vector<std::int32_t> nodes_by(NodeOrder order, const NodeTable& nodes,
                                   const std::vector<double>& total) {
  std::vector<double> key(nodes.n, 0.0);
  for (std::int32_t node = 0; node < nodes.n; ++node) {
    switch (order) {
      case NodeOrder::row:
        break;
      case NodeOrder::capacity:
        key[node] = -capacity(node, nodes, total);
        break;
      case NodeOrder::price:
        key[node] = nodes.price.empty() ? 0 : nodes.price[node];
        break;
      case NodeOrder::speed:
        key[node] = -nodes.speed_of(node);
        break;
    }
  }
  return sorted_by<std::int32_t>(key);
}

// The same nodes in another order, so that the lowest row is the one to try first.
NodeTable rearranged(const NodeTable& nodes, const std::vector<std::int32_t>& order) {
  NodeTable made = nodes;
  made.capacity.clear();
  made.device_begin = {0};
  made.speed.clear();
  made.price.clear();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int32_t node = order[i];
    const auto first = nodes.capacity.begin() + std::ptrdiff_t{node} * nodes.counted();
    made.capacity.insert(made.capacity.end(), first, first + nodes.counted());
    for (std::int32_t kind = 0; kind < nodes.kinds(); ++kind) {
      made.device_begin.push_back(made.device_begin.back() + nodes.devices(node, kind));
    }
    made.gpu_memory[i] = nodes.gpu_memory[node];
    made.pool[i] = nodes.pool[node];
    made.gpu_type[i] = nodes.gpu_type[node];
  }
  return made;
}

}  // namespace

Matching match_greedy(const JobTable& jobs, const std::shared_ptr<const NodeTable>& nodes,
                      const GreedyMethod& method) {
  const std::vector<double> total = totals(*nodes);
  const std::vector<std::int32_t> order = nodes_by(method.nodes, *nodes, total);
  NodeState state(std::make_shared<const NodeTable>(rearranged(*nodes, order)));
  Refusals refusals(jobs, nodes);
  Matching result;
  result.status.assign(jobs.size(), MatchStatus::placed);
  result.reason.assign(jobs.size(), 0);
  std::vector<std::vector<std::int32_t>> blocks(jobs.size());
  for (const std::size_t row : jobs_by_demand(jobs, *nodes, total)) {
    const Shape& shape = *jobs.spec(row).shape;
    if (refusals.known(shape) || shape.lacking >= 0 || !state.fits(shape)) {
      refusals.refuse(row, shape, state, result);
      continue;
    }
    blocks[row].resize(shape.block_size());
    state.place(shape, method.rule, blocks[row]);
    for (std::int32_t unit = 0; unit < shape.units; ++unit) {
      blocks[row][unit] = order[blocks[row][unit]];
    }
  }
  for (std::size_t row = 0; row < jobs.size(); ++row) {
    if (!blocks[row].empty())
      result.add(static_cast<std::int64_t>(row), *jobs.spec(row).shape, blocks[row]);
  }
  return result;
}

}  // namespace fairlead
