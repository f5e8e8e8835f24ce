#include "prediction/smoothing/lanes.hpp"

#include <algorithm>

#include "base/clones.hpp"
#include "prediction/smoothing/recurrence.hpp"

namespace fairlead::smoothing {
namespace {

constexpr std::int64_t kTile = 64;  // steps of all columns that stay in the first-level cache

void flush(Lanes& lanes) {
  for (double& value : lanes.at) value = flushed(value);
}

void flush(LaneStates& states) {
  flush(states.level);
  flush(states.trend);
  for (Block& season : states.season) std::ranges::for_each(season, [](Lanes& s) { flush(s); });
}

struct Rings {
  std::array<Lanes*, kMostSeasons> place;
  std::array<Lanes*, kMostSeasons> begin;
  std::array<Lanes*, kMostSeasons> end;
};

template <bool kTrend, int kSeasons>
inline __attribute__((always_inline)) void run_part(const LaneWeights& weights, Lanes& level_at,
                                                    Lanes& trend_at, Rings& rings,
                                                    const Lanes* values, Lanes* errors,
                                                    std::int64_t steps) {
  const LaneWeights w = weights;
  Lanes level = level_at;
  Lanes trend = trend_at;
  Lanes none{};
  for (std::int64_t t = 0; t < steps; ++t) {
    double* season_1 = kSeasons > 0 ? rings.place[0]->at : none.at;
    double* season_2 = kSeasons > 1 ? rings.place[1]->at : none.at;
    const double* value = values[t].at;
    double* error = errors[t].at;
#pragma GCC ivdep
    for (int i = 0; i < kLanes; ++i)
      error[i] = step<kTrend, kSeasons>(value[i], w.alpha.at[i], w.beta.at[i], w.phi.at[i],
                                        w.gamma[0].at[i], w.gamma[1].at[i], level.at[i],
                                        trend.at[i], season_1[i], season_2[i]);
    for (int k = 0; k < kSeasons; ++k) {
      if (++rings.place[k] == rings.end[k]) rings.place[k] = rings.begin[k];
    }
  }
  level_at = level;
  trend_at = trend;
}

FAIRLEAD_CLONES void run_some(bool trend, std::size_t seasons, const LaneWeights& weights,
                              Lanes& level_at, Lanes& trend_at, Rings& rings, const Lanes* values,
                              Lanes* errors, std::int64_t steps) {
  if (trend && seasons == 0)
    run_part<true, 0>(weights, level_at, trend_at, rings, values, errors, steps);
  else if (trend && seasons == 1)
    run_part<true, 1>(weights, level_at, trend_at, rings, values, errors, steps);
  else if (trend)
    run_part<true, 2>(weights, level_at, trend_at, rings, values, errors, steps);
  else if (seasons == 0)
    run_part<false, 0>(weights, level_at, trend_at, rings, values, errors, steps);
  else if (seasons == 1)
    run_part<false, 1>(weights, level_at, trend_at, rings, values, errors, steps);
  else
    run_part<false, 2>(weights, level_at, trend_at, rings, values, errors, steps);
}

// What AVX2 takes in one register, AVX-512 in half of one. Left to find the lanes by itself, GCC
// lays vectors along time and pays for it at every step; of vectors wider than the registers it
// makes memory.
using Quad = double __attribute__((vector_size(4 * sizeof(double)), may_alias));

inline Quad& quad(Lanes& lanes, int i) {
  return *reinterpret_cast<Quad*>(lanes.at + 4 * i);
}
inline const Quad& quad(const Lanes& lanes, int i) {
  return *reinterpret_cast<const Quad*>(lanes.at + 4 * i);
}

// out[c] += sum of columns[c][t] * response[t - shift] over [begin, end), four columns at a time.
FAIRLEAD_CLONES void add_tile(const Lanes* const* columns, const Lanes* response,
                              std::int64_t begin, std::int64_t end, std::int64_t shift,
                              Lanes* const* out) {
  for (int half = 0; half < kLanes / 4; ++half) {
    Quad a = quad(*out[0], half), b = quad(*out[1], half);
    Quad c = quad(*out[2], half), d = quad(*out[3], half);
    for (std::int64_t t = std::max(begin, shift); t < end; ++t) {
      const Quad r = quad(response[t - shift], half);
      a += quad(columns[0][t], half) * r;
      b += quad(columns[1][t], half) * r;
      c += quad(columns[2][t], half) * r;
      d += quad(columns[3][t], half) * r;
    }
    quad(*out[0], half) = a, quad(*out[1], half) = b;
    quad(*out[2], half) = c, quad(*out[3], half) = d;
  }
}

}  // namespace

void run(const Form& form, const LaneWeights& weights, LaneStates& states,
         std::span<const Lanes> values, std::span<Lanes> errors) {
  Rings rings{};
  for (std::size_t k = 0; k < form.seasons.size(); ++k) {
    rings.begin[k] = rings.place[k] = states.season[k].data();
    rings.end[k] = rings.begin[k] + form.seasons[k];
  }
  const auto n = static_cast<std::int64_t>(values.size());
  const std::int64_t longest = form.seasons.empty() ? 1 : form.seasons.back();
  const std::int64_t between = steps_between_flushes(longest);
  for (std::int64_t t = 0; t < n; t += between) {
    const std::int64_t steps = std::min(between, n - t);
    run_some(form.trend, form.seasons.size(), weights, states.level, states.trend, rings,
             values.data() + t, errors.data() + t, steps);
    flush(states);
  }
}

void add_products(std::span<const Lanes* const> columns, std::span<const Lanes> response,
                  std::int64_t shifts, std::span<Lanes> out) {
  const auto n = static_cast<std::int64_t>(response.size());
  const std::size_t width = columns.size();
  Lanes unused{};
  for (std::int64_t begin = 0; begin < n; begin += kTile) {
    const std::int64_t end = std::min(begin + kTile, n);
    for (std::int64_t shift = 0; shift < std::min(shifts, end); ++shift) {
      for (std::size_t c = 0; c < width; c += 4) {
        std::array<const Lanes*, 4> four;
        std::array<Lanes*, 4> sums;
        for (std::size_t i = 0; i < 4; ++i) {
          four[i] = columns[std::min(c + i, width - 1)];
          sums[i] = c + i < width ? &out[shift * width + c + i] : &unused;
        }
        add_tile(four.data(), response.data(), begin, end, shift, sums.data());
      }
    }
  }
}

}  // namespace fairlead::smoothing
