// Forecasts of many series that move together, tick by tick, with constant state and time per
// series.
//
// The point is that of exponential smoothing (recurrence.hpp). The bands are quantiles of the
// errors by step ahead, each moved by every error towards its probability (Robbins and Monro,
// Annals of Mathematical Statistics 22(3), 1951), in steps that follow the size of the errors and
// do not get smaller than the memory says.
#pragma once

#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "prediction/smoothing/lanes.hpp"

namespace fairlead::smoothing {

struct StreamWeights {  // a value per series
  std::vector<double> alpha, beta, phi, gamma;
};

struct StreamOptions {
  std::int64_t season = 0;            // ticks; 0: none
  std::int64_t horizon = 1;           // ticks; with a season not more than it
  double memory = 500;                // errors that a quantile looks back on
  std::vector<double> probabilities;  // of the quantiles, ascending
  Joins joins = Joins::by_sum;        // the season
};

class SmoothingStream {
 public:
  SmoothingStream(StreamWeights weights, StreamOptions options);

  std::int64_t series() const { return static_cast<std::int64_t>(states_.size()); }
  std::int64_t horizon() const { return options_.horizon; }
  std::int64_t probabilities() const { return std::ssize(options_.probabilities); }
  std::int64_t tick() const { return tick_; }  // the last one; -1 before the first

  // Begins all series at the states of a fit, before tick 0: without it each begins at its first
  // value. `seasons` is series x season.
  void start(std::span<const double> levels, std::span<const double> seasons);

  // The values of all series at `tick`, which is later than the last one; NaN where missing. Ticks
  // left out count as missing. As many as the season or the horizon has cost a step each, and 512
  // more where the season multiplies; further ones cost nothing.
  void observe(std::int64_t tick, std::span<const double> values);

  // The next `steps` ticks, at most the horizon; 0 or more, NaN for a series without a value yet.
  // Points are series x steps, quantiles series x steps x probabilities.
  void forecast(std::int64_t steps, std::span<double> points, std::span<double> quantiles) const;

 private:
  struct State {
    double level = 0, trend = 0;
    bool started = false;
  };
  // Level and trend after one of the last `horizon` ticks, from which its forecasts follow.
  struct Mark {
    double level = 0, trend = 0;
    bool known = false;
  };

  void leave_out(std::int64_t end);
  void leap(std::int64_t ticks);
  void advance(std::int64_t tick, std::span<const double> values);
  void score(std::int64_t series, std::int64_t tick, double value);
  void move(std::int64_t series, std::int64_t tick, double value);
  double made(std::int64_t series, const Mark& mark, std::int64_t steps, std::int64_t tick) const;
  double season_at(std::int64_t series, std::int64_t tick) const;
  bool factors() const { return options_.joins == Joins::by_factor; }
  double joined(double base, double season) const {
    return factors() ? base * season : base + season;
  }

  StreamWeights weights_;
  StreamOptions options_;
  std::int64_t tick_ = -1;
  std::vector<State> states_;
  std::vector<double> season_;        // series x season, by tick % season
  std::vector<Mark> marks_;           // series x horizon, by tick % horizon
  std::vector<double> spread_;        // series x horizon: mean absolute error
  std::vector<std::int64_t> counts_;  // series x horizon: errors seen
  std::vector<double> shifts_;        // series x horizon x probabilities: quantiles of the errors
};

}  // namespace fairlead::smoothing
