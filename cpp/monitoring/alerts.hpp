// Thresholds on a stream of samples, and the life of an alert: pending, firing, resolved.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

enum class Statistic { value, mean, variance };

struct Threshold {
  Statistic statistic = Statistic::value;
  double limit = 0;
  bool above = true;           // breach: statistic > limit; otherwise statistic < limit
  std::int64_t window_ns = 0;  // what mean and variance are taken over
  std::int64_t for_ns = 0;     // how long a breach lasts before the alert fires
  std::int64_t clear_ns = 0;   // how long calm lasts before the alert resolves
};

struct Alert {
  std::int64_t pending_ns = 0;    // first sample in breach
  std::int64_t firing_ns = 0;     // first sample with the breach for_ns old
  std::int64_t resolved_ns = -1;  // first sample with calm clear_ns old; -1: still firing
  double value = 0;               // the statistic when the alert fired
  double worst = 0;               // the farthest it went beyond the limit
};

// The alerts that fired, in time order; one alert covers all breaches up to its resolution.
// NaN enters no window and is no breach. Mean and variance are judged once the window is full.
// Throws InvalidInput unless the times increase and the window of a mean or variance is positive.
std::vector<Alert> find_alerts(const Threshold& rule, std::span<const std::int64_t> time_ns,
                               std::span<const double> values);

}  // namespace fairlead
