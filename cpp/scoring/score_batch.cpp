#include "scoring/score_batch.hpp"

#include <chrono>
#include <limits>
#include <string>

#include "base/errors.hpp"

namespace fairlead {

ScoreBatch::ScoreBatch(const JobTable& jobs, const NodeTable& nodes, const Weights& weights)
    : inputs_(jobs, nodes, weights), nodes_(nodes.n), one_(weights.total / kWeightOne / kTermOne) {
  request_of_job_.reserve(jobs.size());
  for (std::size_t row = 0; row < jobs.size(); ++row) {
    request_of_job_.push_back(inputs_.request_of(jobs.spec(row).shape->index));
  }
}

Scores ScoreBatch::score(std::int32_t top_k, const ScoreRunner& run) const {
  if (top_k < 1 || top_k > kMaxTopK) {
    throw InvalidInput("top_k must be from 1 to " + std::to_string(kMaxTopK) + "; got " +
                       std::to_string(top_k));
  }
  std::vector<std::uint64_t> keys(std::size_t(requests()) * top_k);
  std::vector<std::int32_t> feasible(requests());
  Scores result;
  if (pairs() > 0) result.times = run(inputs_.problem(top_k, keys, feasible));
  result.node.reserve(request_of_job_.size() * top_k);
  result.score.reserve(request_of_job_.size() * top_k);
  result.feasible.reserve(request_of_job_.size());
  for (const std::int32_t request : request_of_job_) {
    for (std::int32_t rank = 0; rank < top_k; ++rank) {
      const std::uint64_t key = keys[std::size_t(request) * top_k + rank];
      result.node.push_back(key == 0 ? -1 : row_of_key(key));
      result.score.push_back(key == 0 ? std::numeric_limits<double>::quiet_NaN()
                                      : score_of_key(key) * one_);
    }
    result.feasible.push_back(feasible[request]);
  }
  return result;
}

DeviceTimes run_on_cpu(const ScoreProblem& problem, const std::function<void()>& pause) {
  const auto begin = std::chrono::steady_clock::now();
  score_cpu(problem, pause);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  return {0, spent.count(), 0};
}

}  // namespace fairlead
