// The formulas of features at one place, for the loops of the CPU and for CUDA. C++17.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/both.hpp"

namespace fairlead::formulas {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Squared deviations of the run joined from two neighbouring ones, either of which may be empty,
// from the count, sum and squared deviations of both (Chan, Golub and LeVeque 1982): nothing large
// is subtracted.
FAIRLEAD_BOTH double joined_squares(double near_count, double near_sum, double near_squares,
                                    double far_count, double far_sum, double far_squares) {
  const double apart = near_sum * far_count - far_sum * near_count;
  const double weight = near_count * far_count * (near_count + far_count);
  const double scale = weight > 0 ? 1.0 / weight : 0;
  return near_squares + far_squares + apart * apart * scale;
}

// NaN below `least` values.
FAIRLEAD_BOTH double counted_mean(double sum, double count, double least) {
  return count >= least ? sum * (1.0 / count) : kUnknown;
}

// NaN below `needed` values, which must be two or more.
FAIRLEAD_BOTH double counted_deviation(double squares, double count, double needed) {
  const double spread = std::sqrt(squares * (1.0 / (count - 1)));
  return count >= needed ? spread : kUnknown;
}

// The term whose sums are the squared deviations of all values so far (Welford 1962), from the
// means up to the value before and up to the value; 0 where one of them is missing.
FAIRLEAD_BOTH double welford_term(double value, double mean_before, double mean) {
  const double product = (value - mean_before) * (value - mean);
  return product == product ? product : 0;
}

// The exponential mean goes on by one value, missing or not: `level` is NaN before the first one,
// `old` the weight it has left.
FAIRLEAD_BOTH void smooth_over_gaps(double value, double weight, double& level, double& old) {
  old *= 1 - weight;
  if (value != value) return;
  level = level != level ? value : (old * level + weight * value) / (old + weight);
  old = 1;
}

// Between which two places of the sorted values a quantile lies, and how far (linear interpolation,
// as NumPy and pandas do).
struct QuantilePlace {
  std::int64_t below;
  std::int64_t above;
  double share;
};

FAIRLEAD_BOTH QuantilePlace quantile_place(double probability, std::int64_t count) {
  const double at = probability * static_cast<double>(count - 1);
  const double below = std::floor(at);
  const auto place = static_cast<std::int64_t>(below);
  return {place, place + 1 < count ? place + 1 : count - 1, at - below};
}

FAIRLEAD_BOTH double interpolated(double below, double above, double share) {
  return below + (above - below) * share;
}

}  // namespace fairlead::formulas
