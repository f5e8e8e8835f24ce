// Makes the estimates of a simulation: predicted at submission and learnt from what has finished,
// and corrected where a job outruns them (docs/semantics.md, Time and durations).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "prediction/jobs/learner.hpp"

namespace fairlead {

// How the estimate of a job that has outrun it is moved.
enum class Correct : std::uint8_t { doubling, limit, stepwise };
Correct correct_named(std::string_view name);

class Estimator {
 public:
  void predict_with(RunTimeLearner learner);
  void correct_by(Correct correct) { correct_ = correct; }
  bool predicts() const { return learner_ != nullptr; }
  // Whether the engine is left to correct by itself.
  bool leaves_correction() const { return correct_ == Correct::doubling; }

  Duration submitted(std::int64_t job, const JobTraits& traits);
  void finished(std::int64_t job, Duration run);
  void dropped(std::int64_t job);
  void started(std::int32_t slot);
  // The estimate of the job in a slot that has run for `elapsed`, not less than `estimate`; above
  // `elapsed`, or the limit.
  Duration corrected(std::int32_t slot, Duration estimate, Duration elapsed, Duration limit);

 private:
  RunTimeLearner& own();

  std::shared_ptr<RunTimeLearner> learner_;  // shared with copies until one of them learns
  std::unordered_map<std::int64_t, RunTimeLearner::Ticket> tickets_;  // of jobs that have not ended
  std::vector<std::uint8_t> steps_;                                   // made, by slot
  Correct correct_ = Correct::doubling;
};

}  // namespace fairlead
