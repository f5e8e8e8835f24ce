// The theta method as a state-space model, with its level and slope solved for.
//
// Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler, Models for optimising the theta method
// and their relationship to state space models, International Journal of Forecasting 32(4), 2016.
// With k = 1 - 1 / theta, q = 1 - alpha, and A and B the line through the values seen so far:
//   forecast of value t (0, 1, ...) = level + k (q^t A + (1 - q^(t + 1)) / alpha B),
//   level += alpha (value - level).
#pragma once

#include <cstdint>
#include <span>

namespace fairlead::smoothing {

enum class ThetaKind {
  standard,          // theta is 2, one line through all values of the sample (STM)
  dynamic_optimized  // theta is fitted, the line is that through the values before (DOTM)
};

struct ThetaModel {
  ThetaKind kind = ThetaKind::standard;
  double alpha = 0.5, share = 0.5,
         level = 0;    // share: 1 - 1 / theta; level: before the first value
  double squares = 0;  // sum of squared errors from the fourth value on
};

// The least-squares fit to at least four values, with alpha from 0.1 to 0.99 and theta at least 1.
// For each alpha the best level and theta are exact; alpha itself is found to 0.002.
ThetaModel fit_theta(ThetaKind kind, std::span<const double> values);

// The line through the values 1, 2, ... n seen so far, in constant time for each.
struct RunningLine {
  double mean = 0, intercept = 0, slope = 0;
  std::int64_t seen = 0;

  void observe(double value);
};

}  // namespace fairlead::smoothing
