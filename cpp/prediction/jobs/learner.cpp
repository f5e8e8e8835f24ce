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
  auto ticket = static_cast<Ticket>(open_.size());
  if (free_.empty()) {
    open_.emplace_back();
    memos_.resize(memos_.size() + width_);
  } else {
    ticket = free_.back();
    free_.pop_back();
  }
  const std::span<float> cells = memo(ticket);
  std::ranges::fill(cells, 0.0F);
  const double predicted = predictor_->predict(job, cells.subspan(bounds_.size()));
  open_[ticket] = {job, predicted};
  if (bounds_.size() > 0) bounds_.predict(job, cells.first(bounds_.size()));
  return ticket;
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
  struct Running {
    double end_s;
    std::size_t row;
    RunTimeLearner::Ticket ticket;
    auto operator<=>(const Running&) const = default;
  };
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running;
  RunTimePredictions made;
  made.predicted_s.resize(n);
  made.bounds_s.resize(n * learner.bounds());
  for (const std::size_t row : order) {
    while (!running.empty() && running.top().end_s <= jobs.submit_s[row]) {
      learner.finish(running.top().ticket, run_s[running.top().row]);
      running.pop();
    }
    const RunTimeLearner::Ticket ticket = learner.submit(jobs.row(row));
    made.predicted_s[row] = learner.predicted(ticket);
    std::ranges::copy(learner.bounds_of(ticket),
                      made.bounds_s.begin() + static_cast<std::ptrdiff_t>(row * learner.bounds()));
    const bool ends = end_s[row] == end_s[row];
    running.push({ends ? end_s[row] : kNeverEnds, row, ticket});
  }
  // What ends after the last submission is learnt too, for predictions yet to come.
  for (; !running.empty(); running.pop()) {
    const Running& job = running.top();
    if (job.end_s < kNeverEnds) {
      learner.finish(job.ticket, run_s[job.row]);
    } else {
      learner.drop(job.ticket);
    }
  }
  return made;
}

}  // namespace fairlead
