#include "scheduling/estimator.hpp"

#include <atomic>
#include <cmath>
#include <utility>

namespace fairlead {
namespace {

double seconds_of(Duration d) {
  return static_cast<double>(d.ns) / 1e9;
}

// Through float32: logarithms and exponentials may differ in the last bit between machines.
Duration estimate_of(double seconds) {
  const double ns = std::ceil(static_cast<double>(static_cast<float>(seconds)) * 1e9);
  return ns < 9.2e18 ? Duration{static_cast<std::int64_t>(ns)} : kUnlimited;
}

}  // namespace

void Estimator::predict_with(RunTimeLearner learner) {
  learner_ = std::make_shared<RunTimeLearner>(std::move(learner));
}

// Copies of a simulation may run on other threads: what they have read of the shared learner must
// be over before the last owner writes.
RunTimeLearner& Estimator::own() {
  if (learner_.use_count() > 1) learner_ = std::make_shared<RunTimeLearner>(*learner_);
  std::atomic_thread_fence(std::memory_order_acquire);
  return *learner_;
}

Duration Estimator::submitted(std::int64_t job, const JobTraits& traits) {
  RunTimeLearner& learner = own();
  const RunTimeLearner::Ticket ticket = learner.submit(traits);
  tickets_[job] = ticket;
  return estimate_of(learner.predicted(ticket));
}

void Estimator::finished(std::int64_t job, Duration run) {
  const auto ticket = tickets_.find(job);
  if (ticket == tickets_.end()) return;
  own().finish(ticket->second, seconds_of(run));
  tickets_.erase(ticket);
}

void Estimator::dropped(std::int64_t job) {
  const auto ticket = tickets_.find(job);
  if (ticket == tickets_.end()) return;
  own().drop(ticket->second);
  tickets_.erase(ticket);
}

}  // namespace fairlead
