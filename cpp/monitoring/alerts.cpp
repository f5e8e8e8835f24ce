#include "monitoring/alerts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "base/errors.hpp"
#include "monitoring/window.hpp"

namespace fairlead {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// The statistic of a rule after each sample; NaN while there is nothing to judge.
class Watched {
 public:
  explicit Watched(const Threshold& rule) : rule_(rule) {}

  double next(std::int64_t time, double value) {
    if (rule_.statistic == Statistic::value) return value;
    if (!begin_) begin_ = time;
    if (!std::isnan(value)) window_.push(time, value);
    window_.expire(time - rule_.window_ns);
    const Moments moments = window_.moments();
    if (time - *begin_ < rule_.window_ns || moments.count == 0) return kUnknown;
    return rule_.statistic == Statistic::mean ? moments.mean : moments.variance();
  }

 private:
  const Threshold& rule_;
  SlidingMoments window_;
  std::optional<std::int64_t> begin_;
};

// One alert at a time: idle -> pending -> firing -> idle.
class Life {
 public:
  Life(const Threshold& rule, std::vector<Alert>& fired) : rule_(rule), fired_(fired) {}

  void breach(std::int64_t time, double value) {
    calm_since_.reset();
    if (!pending_since_) pending_since_ = time;
    if (!firing_ && time - *pending_since_ >= rule_.for_ns) {
      firing_ = true;
      fired_.push_back({*pending_since_, time, -1, value, value});
    }
    if (firing_) {
      double& worst = fired_.back().worst;
      worst = rule_.above ? std::max(worst, value) : std::min(worst, value);
    }
  }

  void calm(std::int64_t time) {
    if (!firing_) return pending_since_.reset();
    if (!calm_since_) calm_since_ = time;
    if (time - *calm_since_ < rule_.clear_ns) return;
    fired_.back().resolved_ns = time;
    firing_ = false;
    pending_since_.reset();
  }

 private:
  const Threshold& rule_;
  std::vector<Alert>& fired_;
  std::optional<std::int64_t> pending_since_;
  std::optional<std::int64_t> calm_since_;
  bool firing_ = false;
};

void check(const Threshold& rule, std::span<const std::int64_t> time_ns,
           std::span<const double> values) {
  if (time_ns.size() != values.size()) throw InvalidInput("time and values differ in length");
  if (rule.statistic != Statistic::value && rule.window_ns <= 0)
    throw InvalidInput("a mean or variance needs a window above 0 s");
  const auto disorder = std::ranges::adjacent_find(time_ns, std::ranges::greater_equal{});
  if (disorder != time_ns.end())
    throw InvalidInput("time must increase; row " + std::to_string(disorder - time_ns.begin() + 1) +
                       " does not; sort the samples and drop repeats");
}

}  // namespace

std::vector<Alert> find_alerts(const Threshold& rule, std::span<const std::int64_t> time_ns,
                               std::span<const double> values) {
  check(rule, time_ns, values);
  std::vector<Alert> fired;
  Watched watched(rule);
  Life life(rule, fired);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double statistic = watched.next(time_ns[i], values[i]);
    if (rule.above ? statistic > rule.limit : statistic < rule.limit)
      life.breach(time_ns[i], statistic);
    else
      life.calm(time_ns[i]);
  }
  return fired;
}

}  // namespace fairlead
