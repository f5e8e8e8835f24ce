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

// Which parts a model has.
struct Form {
  bool trend = false;
  bool damped = false;                // only with a trend
  std::vector<std::int64_t> seasons;  // lengths, none to two
  bool slow = false;                  // level and trend may move a little only
};

struct LaneWeights {
  Lanes alpha, beta, phi;
  std::array<Lanes, kMostSeasons> gamma;
};

struct LaneStates {
  Lanes level, trend;
  std::array<Block, kMostSeasons> season;  // [t mod length]
};

// Runs the recurrence over `values` from the states at time 0, which it moves on; errors[t] are the
// one-step errors.
void run(const Form& form, const LaneWeights& weights, LaneStates& states,
         std::span<const Lanes> values, std::span<Lanes> errors);

// Adds to out[shift * columns.size() + c], for shift = 0 .. shifts - 1, the sum over t of
// columns[c][t] * response[t - shift], lane by lane. All have the same length.
void add_products(std::span<const Lanes* const> columns, std::span<const Lanes> response,
                  std::int64_t shifts, std::span<Lanes> out);

}  // namespace fairlead::smoothing
