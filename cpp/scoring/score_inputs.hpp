// Jobs and nodes as the score drivers take them: distinct requests, nodes in tiles.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/job_table.hpp"
#include "model/node_table.hpp"
#include "scoring/score.hpp"
#include "scoring/score_column.hpp"
#include "scoring/weights.hpp"

namespace fairlead {

class ScoreInputs {
 public:
  // Scores one task of each job against an idle cluster, every node in service.
  ScoreInputs(const JobTable& jobs, const NodeTable& nodes, const Weights& weights);

  const std::vector<ScoreColumn>& columns() const { return columns_; }
  std::int32_t requests() const { return requests_; }
  // The distinct request that the tasks of a shape make.
  std::int32_t request_of(std::int32_t shape) const { return request_of_shape_[shape]; }

  // `keys` holds requests() x top_k, `feasible` requests(). Good for as long as all three live.
  ScoreProblem problem(std::int32_t top_k, std::span<std::uint64_t> keys,
                       std::span<std::int32_t> feasible) const;

 private:
  class Builder;

  std::vector<ScoreColumn> columns_;
  std::vector<std::int32_t> request_of_shape_;
  std::int32_t requests_ = 0;
  std::int32_t width_ = 2;  // columns the drivers see
  std::int32_t group_words_ = 1;
  std::int32_t weight_;
  std::vector<float> request_;
  std::vector<std::uint32_t> allowed_;
  std::vector<std::int32_t> tile_group_;
  std::vector<float> cells_;
  std::vector<Left> start_;
  std::vector<std::int32_t> base_, row_;  // row -1: a filler
};

}  // namespace fairlead
