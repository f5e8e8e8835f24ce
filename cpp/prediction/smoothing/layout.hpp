// Where the unknowns of a form stand in a point of the search; plain numbers, for CUDA too.
#pragma once

#include <cstdint>

#include "base/both.hpp"

namespace fairlead::smoothing {

constexpr int kMostSeasons = 2;  // of one model
constexpr int kMostWeights = 3 + kMostSeasons;

// First the free weights (alpha, beta / alpha, phi, gamma_k / (1 - alpha)), then level, trend and
// the places of the seasons. Beside a season that multiplies, the level is last and stays where it
// starts: twice the level and half the season would be the same. -1: none.
struct Layout {
  int weights = 1;
  int beta = -1, phi = -1;
  int gamma[kMostSeasons] = {-1, -1};
  int level = 1, trend = -1;
  int seasons = 0;
  int season[kMostSeasons] = {-1, -1};
  int places[kMostSeasons] = {0, 0};
  int dense = 0;  // unknowns before this one are solved for together, those after it one by one
  int size = 0;
  bool relative = false;  // errors are shares of their forecasts
  bool factors = false;   // the places of the season multiply
  double lower[kMostWeights] = {}, upper[kMostWeights] = {}, usual[kMostWeights] = {};

  // Whether the errors are linear in the first states, and the same j steps later for place j of a
  // season.
  FAIRLEAD_BOTH bool linear() const { return !relative && !factors; }
  // Derivatives of the errors that are runs of their own: by the weights, the level and the trend;
  // where the errors are not linear by all unknowns.
  FAIRLEAD_BOTH int derivatives() const { return linear() ? weights + (trend < 0 ? 1 : 2) : dense; }
  // Those of them that are found by moving the unknown: it takes no more than the recurrence.
  FAIRLEAD_BOTH int differences() const { return linear() ? weights : dense; }
  // Seasons whose derivatives are one run, shifted.
  FAIRLEAD_BOTH int shifted() const { return linear() ? seasons : 0; }
  FAIRLEAD_BOTH bool is_dense(int k) const { return season[k] < dense; }
};

// The weights of the recurrence at a point.
struct StepWeights {
  double alpha, beta, phi, gamma[kMostSeasons];
};

template <typename Point>
FAIRLEAD_BOTH StepWeights weights_at(const Layout& layout, Point point) {
  StepWeights weights{};
  weights.alpha = point[0];
  weights.beta = layout.beta < 0 ? 0 : weights.alpha * point[layout.beta];
  weights.phi = layout.phi < 0 ? 1 : point[layout.phi];
  for (int k = 0; k < kMostSeasons; ++k) {
    const int gamma = layout.gamma[k];
    weights.gamma[k] = gamma < 0 ? 0 : (1 - weights.alpha) * point[gamma];
  }
  return weights;
}

// Where a search may start: every combination of a few weights.
FAIRLEAD_BOTH int first_weights(const Layout& layout) {
  return layout.seasons > 0 ? 15 : 5;
}

template <typename Point>
FAIRLEAD_BOTH void set_first_weights(const Layout& layout, int which, Point point) {
  constexpr double kAlphas[] = {0.02, 0.1, 0.3, 0.6, 0.9};
  constexpr double kGammas[] = {0.02, 0.2, 0.6};
  const int gammas = layout.seasons > 0 ? 3 : 1;
  const double alpha = kAlphas[which / gammas];
  point[0] = alpha < layout.upper[0] ? alpha : layout.upper[0];
  for (int k = 0; k < layout.seasons; ++k) point[layout.gamma[k]] = kGammas[which % gammas];
}

// `which` of -1: none of them was better than nothing, so the usual ones.
template <typename Point>
FAIRLEAD_BOTH void set_chosen_weights(const Layout& layout, int which, Point point) {
  for (int i = 0; i < layout.weights; ++i) point[i] = layout.usual[i];
  if (which >= 0) set_first_weights(layout, which, point);
}

constexpr double kDifference = 1e-5;  // of an unknown, for derivatives

// How far an unknown moves for its derivative: a weight down where up is out of bounds.
FAIRLEAD_BOTH double difference_at(const Layout& layout, int unknown, double value) {
  const bool out = unknown < layout.weights && value + kDifference > layout.upper[unknown];
  return out ? -kDifference : kDifference;
}

// States decay geometrically; below this they are set to 0, because numbers below the normal range
// cost a CPU a hundred times as much. Their squares are still normal.
constexpr double kTiny = 1e-150;

FAIRLEAD_BOTH double flushed(double value) {
  return (value < 0 ? -value : value) < kTiny ? 0.0 : value;
}

// Steps from one such look at all states to the next.
FAIRLEAD_BOTH std::int64_t steps_between_flushes(std::int64_t longest_season) {
  constexpr std::int64_t kFewest = 64;
  return longest_season > kFewest ? longest_season : kFewest;
}

}  // namespace fairlead::smoothing
