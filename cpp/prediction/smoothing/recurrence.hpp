// One step of additive exponential smoothing: the formula that the CPU's lanes, the scalar runs and
// a CUDA thread share.
//
// Error-correction form with up to two seasons (Hyndman, Koehler, Ord and Snyder, Forecasting with
// Exponential Smoothing, 2008, chapter 2; Taylor, Journal of the Operational Research Society 54,
// 2003, for the second season):
//   forecast = level + phi trend + season 1 + season 2,   error = value - forecast,
//   level += phi trend + alpha error,   trend = phi trend + beta error,   season k += gamma_k
//   error.
#pragma once

#include "base/both.hpp"

namespace fairlead::smoothing {

// Feeds one value to level, trend and the places of it in its seasons; returns its one-step error.
// A part that the model lacks costs nothing.
template <bool kTrend, int kSeasons>
FAIRLEAD_BOTH double step(double value, double alpha, double beta, double phi, double gamma_1,
                          double gamma_2, double& level, double& trend, double& season_1,
                          double& season_2) {
  double base = level;
  if constexpr (kTrend) {
    trend *= phi;
    base += trend;
  }
  double forecast = base;
  if constexpr (kSeasons > 0) forecast += season_1;
  if constexpr (kSeasons > 1) forecast += season_2;
  const double error = value - forecast;
  level = base + alpha * error;
  if constexpr (kTrend) trend += beta * error;
  if constexpr (kSeasons > 0) season_1 += gamma_1 * error;
  if constexpr (kSeasons > 1) season_2 += gamma_2 * error;
  return error;
}

}  // namespace fairlead::smoothing
