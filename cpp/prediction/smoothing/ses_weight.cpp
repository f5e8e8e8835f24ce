#include "prediction/smoothing/ses_weight.hpp"

#include <algorithm>

#include "base/clones.hpp"
#include "prediction/smoothing/lanes.hpp"

namespace fairlead::smoothing {
namespace {

constexpr double kSmallest = 0.01;
constexpr double kLargest = 0.99;
constexpr double kUntold = 0.3;
constexpr int kRounds = 5;  // each divides the bracket by 3.5

FAIRLEAD_CLONES void squares_of(const double* values, std::size_t n, const Lanes& weights,
                                Lanes& squares) {
  const Lanes weight = weights;
  Lanes level, sum{};
  for (double& each : level.at) each = values[0];
  for (std::size_t t = 1; t < n; ++t) {
    for (int i = 0; i < kLanes; ++i) {
      const double error = values[t] - level.at[i];
      sum.at[i] += error * error;
      level.at[i] += weight.at[i] * error;
    }
  }
  squares = sum;
}

}  // namespace

double ses_weight(std::span<const double> values) {
  if (values.size() < 3) return kUntold;
  double low = kSmallest, high = kLargest, best = kUntold;
  for (int round = 0; round < kRounds; ++round) {
    const double step = (high - low) / (kLanes - 1);
    Lanes weights, squares;
    for (int i = 0; i < kLanes; ++i) weights.at[i] = low + step * i;
    squares_of(values.data(), values.size(), weights, squares);
    best = weights.at[std::ranges::min_element(squares.at) - squares.at];
    low = std::max(best - step, kSmallest);
    high = std::min(best + step, kLargest);
  }
  return best;
}

}  // namespace fairlead::smoothing
