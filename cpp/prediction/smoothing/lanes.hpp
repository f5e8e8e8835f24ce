// Eight series side by side: the recurrences and sums of products over time-major blocks, where
// each SIMD lane carries one series (or one prefix of one).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "prediction/smoothing/layout.hpp"

namespace fairlead::smoothing {

constexpr int kLanes = 8;  // a register of AVX-512, two of AVX2

struct alignas(64) Lanes {
  double at[kLanes];
};
using Block = std::vector<Lanes>;  // by time

// How a part goes with the others.
enum class Joins {
  by_sum,    // additive
  by_factor  // multiplicative: a share of what it joins
};

// Which parts a model has: trend, season and error in the sense of Hyndman et al.
struct Form {
  bool trend = false;
  bool damped = false;                // only with a trend
  std::vector<std::int64_t> seasons;  // lengths, none to two
  bool slow = false;                  // level and trend may move a little only
  // Either by factor: at most one season, of at most kMostFactors places.
  Joins error = Joins::by_sum;
  Joins season = Joins::by_sum;

  bool operator==(const Form&) const = default;
  // The form with the same parts that are all added.
  Form with_sums() const { return {trend, damped, seasons, slow}; }
  bool by_sums() const { return error == Joins::by_sum && season == Joins::by_sum; }
};

constexpr std::int64_t kMostFactors = 64;  // their equations are solved together

struct LaneWeights {
  Lanes alpha, beta, phi;
  std::array<Lanes, kMostSeasons> gamma;
};

struct LaneStates {
  Lanes level, trend;
  std::array<Block, kMostSeasons> season;  // [t mod length]
};

// Runs the recurrence over `values` from the states at time 0, which it moves on; errors[t] are the
// one-step errors, value less forecast.
void run(const Form& form, const LaneWeights& weights, LaneStates& states,
         std::span<const Lanes> values, std::span<Lanes> errors);

// Turns errors into shares of their forecasts, errors[t] / (values[t] - errors[t]), and returns the
// geometric mean of the forecasts. Where counts[t] is 0 both are left out; `observed` is the sum of
// counts. `inverse` becomes 1 / forecast, or 0.
Lanes make_relative(std::span<const Lanes> values, std::span<const Lanes> counts,
                    const Lanes& observed, std::span<Lanes> errors, std::span<Lanes> inverse);

// Turns the derivative of errors into that of the shares times the mean.
void derive_relative(std::span<const Lanes> shares, std::span<const Lanes> inverse,
                     const Lanes& mean, const Lanes& observed, std::span<Lanes> derivative);

void multiply(std::span<Lanes> column, const Lanes& by);

// Adds to out[a * columns.size() + b], for a <= b, the sum over t of columns[a][t] * columns[b][t].
void add_squares(std::span<const Lanes* const> columns, std::int64_t steps, std::span<Lanes> out);

// Adds to out[shift * columns.size() + c], for shift = 0 .. shifts - 1, the sum over t of
// columns[c][t] * response[t - shift], lane by lane. All have the same length.
void add_products(std::span<const Lanes* const> columns, std::span<const Lanes> response,
                  std::int64_t shifts, std::span<Lanes> out);

}  // namespace fairlead::smoothing
