// Which quantile of past errors to take so that a band covers what it should, learned from misses.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "prediction/intervals.hpp"

namespace fairlead {

// Adaptive conformal inference (Gibbs and Candes, NeurIPS 2021) on one step ahead. The origins are
// gone through in time: at each, the band ends are quantiles of the errors known there, at levels
// that start at their nominal probability p and move by kRate * (p - [outcome below the end]) as
// soon as the outcome is known. So a model that has become worse than its past gets wider bands.
class AdaptiveLevels {
 public:
  // `errors`: by origin, NaN without an outcome; known at an origin after origins[i] + step - 1.
  AdaptiveLevels(std::span<const double> errors, std::span<const std::int64_t> origins,
                 std::int64_t step, std::int64_t known);

  // The level to take for probability `p`; ascends with it.
  double level(double p) const;

 private:
  // Between these, levels are interpolated.
  static constexpr std::array<double, 9> kKnots{0, 0.025, 0.05, 0.2, 0.5, 0.8, 0.95, 0.975, 1};

  std::array<double, 9> levels_ = kKnots;
};

// The value at place p * (n + 1) of n sorted ones, between neighbours by interpolation (Hyndman and
// Fan, The American Statistician 50(4), 1996, type 6); the first or last beyond them. n >= 1.
double sorted_quantile(std::span<const double> sorted, double p);

}  // namespace fairlead
