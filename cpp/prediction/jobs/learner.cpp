#include "prediction/jobs/learner.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>

namespace fairlead {
namespace {

constexpr double kNeverEnds = std::numeric_limits<double>::infinity();

}  // namespace

RunTimeLearner::RunTimeLearner(std::unique_ptr<RunTimePredictor> predictor,
                               std::vector<double> probabilities)
    : predictor_(std::move(predictor)),
      bounds_(std::move(probabilities)),
      width_(bounds_.size() + predictor_->memo_size()) {}

RunTimeLearner::RunTimeLearner(const RunTimeLearner& other)
    : predictor_(other.predictor_->clone()),
      bounds_(other.bounds_),
      width_(other.width_),
      open_(other.open_),
      memos_(other.memos_),
      free_(other.free_),
      learned_(other.learned_) {}

double RunTimeLearner::predict(const JobTraits& job, std::span<float> bounds) const {
  std::array<float, 64> memo{};
  const double predicted = predictor_->predict(job, std::span(memo).first(predictor_->memo_size()));
  if (!bounds.empty()) bounds_.predict(job, bounds);
  return predicted;
}

RunTimeLearner::Ticket RunTimeLearner::submit(const JobTraits& job) {
  const Ticket ticket = blank_ticket();
  const std::span<float> cells = memo(ticket);
  std::ranges::fill(cells, 0.0F);
  const double predicted = predictor_->predict(job, cells.subspan(bounds_.size()));
  if (bounds_.size() > 0) bounds_.predict(job, cells.first(bounds_.size()));
  // What may throw is over: the ticket is given out.
  Open& open = open_[ticket];
  open.job = job;
  open.predicted_s = predicted;
  free_ = open.next_free;
  return ticket;
}

RunTimeLearner::Ticket RunTimeLearner::blank_ticket() {
  if (free_ == kNoTicket) {
    memos_.resize(width_ * (open_.size() + 1));
    open_.emplace_back();
    free_ = static_cast<Ticket>(open_.size() - 1);
  }
  return free_;
}

void RunTimeLearner::drop(Ticket ticket) {
  open_[ticket].next_free = free_;
  free_ = ticket;
}

std::span<const float> RunTimeLearner::bounds_of(Ticket ticket) const {
  return std::span(memos_).subspan(width_ * static_cast<std::size_t>(ticket), bounds_.size());
}

void RunTimeLearner::finish(Ticket ticket, double run_s) {
  const Open& open = open_[ticket];
  if (run_s > 0) {
    run_s = std::max(run_s, kShortestRun);
    const std::span<const float> cells = memo(ticket);
    predictor_->learn(open.job, run_s, cells.subspan(bounds_.size()));
    if (bounds_.size() > 0) bounds_.learn(open.job, run_s, cells.first(bounds_.size()));
    ++learned_;
  }
  drop(ticket);
}

namespace {

// The jobs of a log that run, by their end. Those that never end, or that an exception leaves
// behind, give their tickets back.
class RunningJobs {
 public:
  RunningJobs(RunTimeLearner& learner, std::span<const double> run_s)
      : learner_(learner), run_s_(run_s) {}
  RunningJobs(const RunningJobs&) = delete;
  RunningJobs& operator=(const RunningJobs&) = delete;
  ~RunningJobs() {
    for (; !jobs_.empty(); jobs_.pop()) learner_.drop(jobs_.top().ticket);
  }

  RunTimeLearner::Ticket submit(const JobTraits& job, std::size_t row, double end_s) {
    const RunTimeLearner::Ticket ticket = learner_.submit(job);
    jobs_.push({end_s, row, ticket});
    return ticket;
  }

  void finish_until(double time_s) {
    for (; !jobs_.empty() && jobs_.top().end_s <= time_s; jobs_.pop())
      learner_.finish(jobs_.top().ticket, run_s_[jobs_.top().row]);
  }

 private:
  struct Running {
    double end_s;
    std::size_t row;
    RunTimeLearner::Ticket ticket;
    auto operator<=>(const Running&) const = default;
  };

  RunTimeLearner& learner_;
  std::span<const double> run_s_;
  std::priority_queue<Running, std::vector<Running>, std::greater<>> jobs_;
};

}  // namespace

RunTimePredictions predict_run_times(const RunTimeLearner& learner, const JobTraitColumns& jobs) {
  RunTimePredictions made;
  made.predicted_s.resize(jobs.rows());
  made.bounds_s.resize(jobs.rows() * learner.bounds());
  for (std::size_t row = 0; row < jobs.rows(); ++row) {
    const auto bounds = std::span(made.bounds_s).subspan(row * learner.bounds(), learner.bounds());
    made.predicted_s[row] = learner.predict(jobs.row(row), bounds);
  }
  return made;
}

RunTimePredictions replay_run_times(RunTimeLearner& learner, const JobTraitColumns& jobs,
                                    std::span<const double> end_s, std::span<const double> run_s) {
  const std::size_t n = jobs.rows();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t row) { return jobs.submit_s[row]; });
  RunningJobs running(learner, run_s);
  RunTimePredictions made;
  made.predicted_s.resize(n);
  made.bounds_s.resize(n * learner.bounds());
  for (const std::size_t row : order) {
    running.finish_until(jobs.submit_s[row]);
    const bool ends = end_s[row] == end_s[row];
    const RunTimeLearner::Ticket ticket =
        running.submit(jobs.row(row), row, ends ? end_s[row] : kNeverEnds);
    made.predicted_s[row] = learner.predicted(ticket);
    std::ranges::copy(learner.bounds_of(ticket),
                      made.bounds_s.begin() + static_cast<std::ptrdiff_t>(row * learner.bounds()));
  }
  // What ends after the last submission is learnt too, for predictions yet to come.
  running.finish_until(std::numeric_limits<double>::max());
  return made;
}

}  // namespace fairlead
