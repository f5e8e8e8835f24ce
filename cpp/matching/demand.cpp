#include "matching/demand.hpp"

#include <limits>

namespace fairlead {
namespace {

double demand(const Shape& shape, const NodeTable& nodes, const std::vector<double>& total) {
  double share = shape.lacking >= 0 ? std::numeric_limits<double>::infinity() : 0;
  for (const Ask& ask : shape.counted) {
    share = std::max(share, static_cast<double>(ask.total) / total[ask.resource]);
  }
  for (const Ask& ask : shape.devices) {
    const auto asked = static_cast<double>(ask.amount) * static_cast<double>(shape.tasks());
    share = std::max(share, asked / total[nodes.counted() + ask.resource]);
  }
  return share;
}

}  // namespace

std::vector<double> totals(const NodeTable& nodes) {
  std::vector<double> sum(nodes.counted() + nodes.kinds(), 0.0);
  for (std::int32_t node = 0; node < nodes.n; ++node) {
    for (std::int32_t r = 0; r < nodes.counted(); ++r) {
      sum[r] += static_cast<double>(nodes.capacity[node * nodes.counted() + r]);
    }
    for (std::int32_t kind = 0; kind < nodes.kinds(); ++kind) {
      sum[nodes.counted() + kind] += static_cast<double>(nodes.devices(node, kind) * kWholeDevice);
    }
  }
  return sum;
}

std::vector<std::size_t> jobs_by_demand(const JobTable& jobs, const NodeTable& nodes,
                                        const std::vector<double>& total) {
  std::vector<double> of_shape, key(jobs.size());
  for (const Shape& shape : jobs.shapes()) of_shape.push_back(-demand(shape, nodes, total));
  for (std::size_t row = 0; row < jobs.size(); ++row)
    key[row] = of_shape[jobs.spec(row).shape->index];
  return sorted_by<std::size_t>(key);
}

}  // namespace fairlead
