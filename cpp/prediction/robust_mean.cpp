#include "prediction/robust_mean.hpp"

#include <algorithm>
#include <cmath>

namespace fairlead {
namespace {

// Of 2, 5 and 10, on series of ten minutes that are not scored: 5 takes 1.2 % from the error (mean
// over Venus before September, Earth before its scored week, ITP clusters and m-small; GPUs of
// Venus lose 1.7 %), and 21 % an hour ahead with three bursts of 30 minutes put into a fortnight of
// Venus. 2 takes 1.4 and 23 %, 10 takes 0.6 and 19 %.
constexpr double kReach = 5;

// The first value with which half the weight is reached.
template <class Key>
double median(std::span<Weighted> values, Key key) {
  std::ranges::sort(values, {}, key);
  double reached = 0;
  for (const Weighted& each : values) {
    reached += each.weight;
    if (reached >= 0.5) return key(each);
  }
  return key(values.back());
}

}  // namespace

double robust_mean(std::span<Weighted> values) {
  const double middle = median(values, [](const Weighted& each) { return each.value; });
  const auto distance = [middle](const Weighted& each) { return std::abs(each.value - middle); };
  const double reach = kReach * median(values, distance);
  double mean = 0;
  for (const Weighted& each : values)
    mean += each.weight * std::clamp(each.value, middle - reach, middle + reach);
  return mean;
}

}  // namespace fairlead
