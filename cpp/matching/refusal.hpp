// Why a job was not placed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "matching/matching.hpp"
#include "model/node_state.hpp"

namespace fairlead {

class Refusals {
 public:
  Refusals(const JobTable& jobs, const std::shared_ptr<const NodeTable>& nodes)
      : jobs_(jobs), idle_(nodes), reason_(jobs.shapes().size(), -1), status_(reason_.size()) {}

  // While what is free only shrinks, a shape that was refused is refused again.
  bool known(const Shape& shape) const { return reason_[shape.index] >= 0; }
  // Writes status and reason of the job; `now`: what is left of the nodes, in any order.
  void refuse(std::size_t job, const Shape& shape, const NodeState& now, Matching& matching);

 private:
  const JobTable& jobs_;
  NodeState idle_;
  std::vector<std::int32_t> reason_;  // by shape; -1: not refused yet
  std::vector<MatchStatus> status_;   // by shape
};

}  // namespace fairlead
