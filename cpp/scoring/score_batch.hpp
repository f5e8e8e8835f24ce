// The best nodes for one task of every job: distinct requests are scored once, by either driver.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "scoring/score_inputs.hpp"

namespace fairlead {

struct Scores {
  std::vector<std::int32_t> node;  // jobs x top_k, best first; -1: no further node fits
  std::vector<double> score;       // likewise, in the weights as given; NaN where there is no node
  std::vector<std::int32_t> feasible;  // jobs: nodes that fit
  DeviceTimes times{};
};

using ScoreRunner = std::function<DeviceTimes(const ScoreProblem&)>;

// Everything about jobs and nodes that scoring needs, made once; neither table is kept.
class ScoreBatch {
 public:
  ScoreBatch(const JobTable& jobs, const NodeTable& nodes, const Weights& weights);

  const std::vector<ScoreColumn>& columns() const { return inputs_.columns(); }
  std::int32_t requests() const { return inputs_.requests(); }
  std::int64_t pairs() const {
    return std::int64_t{requests()} * nodes_;
  }  // what a driver looks at

  // Throws InvalidInput where top_k is not from 1 to kMaxTopK.
  Scores score(std::int32_t top_k, const ScoreRunner& run) const;

 private:
  ScoreInputs inputs_;
  std::int32_t nodes_;
  std::vector<std::int32_t> request_of_job_;
  double one_;  // the score that an integer score of 1 stands for
};

DeviceTimes run_on_cpu(const ScoreProblem& problem, const std::function<void()>& pause);

}  // namespace fairlead
