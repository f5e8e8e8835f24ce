// The order in which jobs are matched: the largest first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "model/job_table.hpp"
#include "model/node_table.hpp"

namespace fairlead {

// Capacity of all nodes together: counted resources, then device kinds in thousandths.
std::vector<double> totals(const NodeTable& nodes);

// Rows by key, lowest first; ties in row order.
template <typename Row>
std::vector<Row> sorted_by(const std::vector<double>& key) {
  std::vector<Row> rows(key.size());
  std::iota(rows.begin(), rows.end(), Row{0});
  std::ranges::stable_sort(rows, {}, [&](Row row) { return key[row]; });
  return rows;
}

// By the largest share of the cluster that a job asks of any resource, as in DRF (Ghodsi et al.,
// NSDI 2011); the largest first.
std::vector<std::size_t> jobs_by_demand(const JobTable& jobs, const NodeTable& nodes,
                                        const std::vector<double>& total);

}  // namespace fairlead
