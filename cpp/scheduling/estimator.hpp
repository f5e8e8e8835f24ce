// Makes the estimates of a simulation: predicted at submission, and learnt from what has finished
// (docs/semantics.md, Time and durations).
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/time.hpp"
#include "prediction/jobs/learner.hpp"

namespace fairlead {

class Estimator {
 public:
  void predict_with(RunTimeLearner learner);
  bool predicts() const { return learner_ != nullptr; }

  Duration submitted(std::int64_t job, const JobTraits& traits);
  void finished(std::int64_t job, Duration run);
  void dropped(std::int64_t job);

 private:
  RunTimeLearner& own();

  std::shared_ptr<RunTimeLearner> learner_;  // shared with copies until one of them learns
  std::unordered_map<std::int64_t, RunTimeLearner::Ticket> tickets_;  // of jobs that have not ended
};

}  // namespace fairlead
