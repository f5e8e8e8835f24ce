// Bands around a point forecast from the errors the same forecaster made before.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

// A row per origin, a column per step ahead.
using ByOriginAndStep = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Errors (actual - forecast) by step ahead, sorted. A step with fewer than kEnough of them borrows
// from the steps beside it; where even that is too few, each error counts in both directions.
//
// Which of them stands for a probability follows the misses of earlier bands: see AdaptiveLevels.
class AdaptiveLevels;

class ErrorBands {
 public:
  static constexpr std::int64_t kEnough = 20;

  // Row i of `errors` belongs to origins[i]; NaN: no outcome. Only outcomes at indices before
  // `known` count: those of origin o at step h (1, 2, ...) with o + h <= known.
  ErrorBands(const ByOriginAndStep& errors, std::span<const std::int64_t> origins,
             std::int64_t known);

  ~ErrorBands();

  // The p-quantile of the errors `step` ahead (1, 2, ...); 0 if no error is known at any step. Of n
  // sorted errors it is the one at place p * (n + 1), p adapted, between neighbours by
  // interpolation: then a band covers the next of n + 1 exchangeable errors with its nominal
  // probability, as far as n errors reach.
  double quantile(std::int64_t step, double p) const;

  // How many errors stand behind the step.
  std::int64_t count(std::int64_t step) const { return counts_[step - 1]; }

 private:
  std::vector<std::vector<double>> errors_;  // by step
  std::vector<std::int64_t> counts_;         // by step, before any is mirrored
  std::vector<AdaptiveLevels> levels_;       // of each adapted_every_ steps
  std::int64_t adapted_every_ = 1;
};

}  // namespace fairlead
