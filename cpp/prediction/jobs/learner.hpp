// A predictor at work: it predicts when a job is submitted and learns when the job ends, and keeps
// what it needs in between.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "prediction/jobs/bounds.hpp"
#include "prediction/jobs/predictor.hpp"

namespace fairlead {

class RunTimeLearner {
 public:
  using Ticket = std::int32_t;  // of a job that has not ended

  // Bounds are made at these probabilities, ascending; none without.
  RunTimeLearner(std::unique_ptr<RunTimePredictor> predictor, std::vector<double> probabilities);
  RunTimeLearner(const RunTimeLearner& other);
  RunTimeLearner& operator=(const RunTimeLearner&) = delete;

  std::size_t bounds() const { return bounds_.size(); }
  std::int64_t learned() const { return learned_; }

  // Run time in s and `bounds()` bounds; learns nothing.
  double predict(const JobTraits& job, std::span<float> bounds) const;
  // The same for a job that will end or be dropped. Should the predictor throw, here or at the end,
  // the ticket is as before.
  Ticket submit(const JobTraits& job);
  double predicted(Ticket ticket) const { return open_[ticket].predicted_s; }
  std::span<const float> bounds_of(Ticket ticket) const;
  // The job ended after `run_s`; a run time of 0 or less teaches nothing.
  void finish(Ticket ticket, double run_s);
  void drop(Ticket ticket);

 private:
  static constexpr Ticket kNoTicket = -1;

  struct Open {
    JobTraits job;
    double predicted_s = 0;
    Ticket next_free = kNoTicket;  // of a ticket that no job has
  };
  Ticket blank_ticket();  // one that is still free
  std::span<float> memo(Ticket ticket) {
    return std::span(memos_).subspan(width_ * static_cast<std::size_t>(ticket), width_);
  }

  std::unique_ptr<RunTimePredictor> predictor_;
  UpperBounds bounds_;
  std::size_t width_;  // floats of a job: bounds, then what the predictor left
  std::vector<Open> open_;
  std::vector<float> memos_;
  Ticket free_ = kNoTicket;  // the first, as a list: to give one back needs no memory
  std::int64_t learned_ = 0;
};

// What a learner says of every job of a table.
struct RunTimePredictions {
  std::vector<double> predicted_s;
  std::vector<float> bounds_s;  // bound by bound of each job
};

// All from what is known now.
RunTimePredictions predict_run_times(const RunTimeLearner& learner, const JobTraitColumns& jobs);

// Goes through a log in order: each job is predicted at its submission, from the jobs that had
// ended by then; it ends at `end_s` (NaN: never) after `run_s`. Rows in any order.
RunTimePredictions replay_run_times(RunTimeLearner& learner, const JobTraitColumns& jobs,
                                    std::span<const double> end_s, std::span<const double> run_s);

}  // namespace fairlead
