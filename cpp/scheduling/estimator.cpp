#include "scheduling/estimator.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>
#include <utility>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kMinute = 60 * kSecond.ns;
constexpr std::int64_t kHour = 60 * kMinute;

// Tsafrir, Etsion and Feitelson, TPDS 2007, section 5.1; the last is repeated.
constexpr std::array<std::int64_t, 11> kSteps{kMinute,    5 * kMinute, 15 * kMinute, 30 * kMinute,
                                              kHour,      2 * kHour,   5 * kHour,    10 * kHour,
                                              20 * kHour, 50 * kHour,  100 * kHour};

constexpr std::array<std::pair<std::string_view, Correct>, 3> kNames{
    {{"doubling", Correct::doubling}, {"limit", Correct::limit}, {"stepwise", Correct::stepwise}}};

double seconds_of(Duration d) {
  return static_cast<double>(d.ns) / 1e9;
}

// Through float32: logarithms and exponentials may differ in the last bit between machines.
Duration estimate_of(double seconds) {
  const double ns = std::ceil(static_cast<double>(static_cast<float>(seconds)) * 1e9);
  return ns < 9.2e18 ? Duration{static_cast<std::int64_t>(ns)} : kUnlimited;
}

Duration doubled(Duration estimate) {
  const std::int64_t twice = estimate.ns > kUnlimited.ns / 2 ? kUnlimited.ns : 2 * estimate.ns;
  return {std::max(twice, kSecond.ns)};
}

}  // namespace

Correct correct_named(std::string_view name) {
  std::string known;
  for (const auto& [each, correct] : kNames) {
    if (each == name) return correct;
    known += (known.empty() ? "" : ", ") + std::string(each);
  }
  throw InvalidInput("correction must be one of " + known + "; got '" + std::string(name) + "'");
}

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

void Estimator::started(std::int32_t slot) {
  if (static_cast<std::size_t>(slot) >= steps_.size()) steps_.resize(slot + 1);
  steps_[slot] = 0;
}

Duration Estimator::corrected(std::int32_t slot, Duration estimate, Duration elapsed,
                              Duration limit) {
  while (estimate < limit && estimate <= elapsed) {
    if (correct_ == Correct::stepwise) {
      std::uint8_t& made = steps_[slot];
      const std::int64_t step = kSteps[std::min<std::size_t>(made, kSteps.size() - 1)];
      made = static_cast<std::uint8_t>(std::min<std::size_t>(made + 1u, kSteps.size()));
      estimate.ns += std::min(step, kUnlimited.ns - estimate.ns);
    } else if (correct_ == Correct::limit && limit != kUnlimited) {
      estimate = limit;
    } else {
      estimate = doubled(estimate);
    }
  }
  return std::min(estimate, limit);
}

}  // namespace fairlead
