// One step of exponential smoothing: the formula that the CPU's lanes, the scalar runs and a CUDA
// thread share.
//
// Error-correction form with up to two seasons (Hyndman, Koehler, Ord and Snyder, Forecasting with
// Exponential Smoothing, 2008, chapter 2; Taylor, Journal of the Operational Research Society 54,
// 2003, for the second season):
//   base = level + phi trend,   forecast = base + season 1 + season 2,   error = value - forecast,
//   level = base + alpha error,   trend = phi trend + beta error,   season k += gamma_k error.
// With a season that multiplies, and e = error / forecast:
//   forecast = base season,
//   level = base (1 + alpha e),   trend = phi trend + beta base e,   season *= 1 + gamma e.
// Whether the errors of a form are sums or factors does not change its recurrence, only which
// weights and states are likely.
#pragma once

#include "base/both.hpp"

namespace fairlead::smoothing {

// Where a season multiplies, states stay above 0 whatever comes: bounds that keep zeros and jumps
// after a fit from ruining it, far from what a fit meets.
constexpr double kLeastBase = 1e-3;   // of the level before
constexpr double kLeastPlace = 1e-3;  // of a season
constexpr double kLeastLevel = 1e-100;
constexpr double kMostGrowth = 99;  // relative error that a season follows

FAIRLEAD_BOTH double at_least(double value, double least) {
  return value > least ? value : least;
}
FAIRLEAD_BOTH double at_most(double value, double most) {
  return value < most ? value : most;
}

// Feeds one value to level, trend and the places of it in its seasons; returns its one-step error.
// A part that the model lacks costs nothing.
template <bool kTrend, int kSeasons, bool kFactors = false>
FAIRLEAD_BOTH double step(double value, double alpha, double beta, double phi, double gamma_1,
                          double gamma_2, double& level, double& trend, double& season_1,
                          double& season_2) {
  double base = level;
  if constexpr (kTrend) {
    trend *= phi;
    base += trend;
  }
  if constexpr (kFactors) {
    base = at_least(base, kLeastBase * level);
    const double forecast = base * season_1;
    const double error = value - forecast;
    const double share = error / forecast;
    level = at_least(base * (1 + alpha * share), kLeastLevel);
    if constexpr (kTrend) trend += beta * (base * share);
    season_1 = at_least(season_1 * (1 + gamma_1 * at_most(share, kMostGrowth)), kLeastPlace);
    return error;
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
