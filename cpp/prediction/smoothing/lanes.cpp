#include "prediction/smoothing/lanes.hpp"

#include <algorithm>

#include "base/clones.hpp"
#include "prediction/smoothing/recurrence.hpp"
#include "prediction/smoothing/relative.hpp"

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

template <bool kTrend, int kSeasons, bool kFactors = false>
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
      error[i] = step<kTrend, kSeasons, kFactors>(
          value[i], w.alpha.at[i], w.beta.at[i], w.phi.at[i], w.gamma[0].at[i], w.gamma[1].at[i],
          level.at[i], trend.at[i], season_1[i], season_2[i]);
    for (int k = 0; k < kSeasons; ++k) {
      if (++rings.place[k] == rings.end[k]) rings.place[k] = rings.begin[k];
    }
  }
  level_at = level;
  trend_at = trend;
}

FAIRLEAD_CLONES void run_some(bool trend, std::size_t seasons, bool factors,
                              const LaneWeights& weights, Lanes& level_at, Lanes& trend_at,
                              Rings& rings, const Lanes* values, Lanes* errors,
                              std::int64_t steps) {
  if (trend && factors)
    run_part<true, 1, true>(weights, level_at, trend_at, rings, values, errors, steps);
  else if (factors)
    run_part<false, 1, true>(weights, level_at, trend_at, rings, values, errors, steps);
  else if (trend && seasons == 0)
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

struct Products {
  double fraction[kLanes];
  std::int64_t power[kLanes];
  double least[kLanes];
};

FAIRLEAD_CLONES void divide(const Lanes* values, const Lanes* counts, std::int64_t n,
                            Products& products, Lanes* errors, Lanes* inverse) {
  Products p = products;
  for (std::int64_t t = 0; t < n; ++t) {
    for (int i = 0; i < kLanes; ++i) {
      const bool counted = counts[t].at[i] != 0;
      const double forecast = values[t].at[i] - errors[t].at[i];
      const double by = counted ? forecast : 1;
      const double share = counted ? 1 / forecast : 0;
      multiply(p.fraction[i], p.power[i], by);
      p.least[i] = at_most(by, p.least[i]);
      inverse[t].at[i] = share;
      errors[t].at[i] *= share;
    }
  }
  products = p;
}

FAIRLEAD_CLONES void scale(Lanes* errors, std::int64_t n, const Lanes& by_lane) {
  const Lanes by = by_lane;
  for (std::int64_t t = 0; t < n; ++t) {
    for (int i = 0; i < kLanes; ++i) errors[t].at[i] *= by.at[i];
  }
}

// With f the forecast and e = y / f - 1: de = (1 + e) / f * d(y - f), and d(log g) is the mean of
// -d(y - f) / f.
FAIRLEAD_CLONES void derive(const Lanes* shares, const Lanes* inverse, std::int64_t n,
                            const Lanes& mean_of, const Lanes& count_of, Lanes* column) {
  const Lanes mean = mean_of, count = count_of;
  Lanes sum{};
  for (std::int64_t t = 0; t < n; ++t) {
    for (int i = 0; i < kLanes; ++i) {
      column[t].at[i] *= inverse[t].at[i];
      sum.at[i] += column[t].at[i];
    }
  }
  for (int i = 0; i < kLanes; ++i) sum.at[i] /= count.at[i];
  for (std::int64_t t = 0; t < n; ++t) {
    for (int i = 0; i < kLanes; ++i) {
      const double own = shares[t].at[i];
      column[t].at[i] = mean.at[i] * ((1 + own) * column[t].at[i] - own * sum.at[i]);
    }
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
    run_some(form.trend, form.seasons.size(), form.season == Joins::by_factor, weights,
             states.level, states.trend, rings, values.data() + t, errors.data() + t, steps);
    flush(states);
  }
}

Lanes make_relative(std::span<const Lanes> values, std::span<const Lanes> counts,
                    const Lanes& observed, std::span<Lanes> errors, std::span<Lanes> inverse) {
  Products products{};
  for (int i = 0; i < kLanes; ++i) {
    products.fraction[i] = 1;
    products.least[i] = 1;
  }
  divide(values.data(), counts.data(), static_cast<std::int64_t>(values.size()), products,
         errors.data(), inverse.data());
  Lanes means;
  for (int i = 0; i < kLanes; ++i)
    means.at[i] = geometric_mean(products.fraction[i], products.power[i], products.least[i],
                                 static_cast<std::int64_t>(observed.at[i]));
  return means;
}

void derive_relative(std::span<const Lanes> shares, std::span<const Lanes> inverse,
                     const Lanes& mean, const Lanes& observed, std::span<Lanes> derivative) {
  derive(shares.data(), inverse.data(), static_cast<std::int64_t>(shares.size()), mean, observed,
         derivative.data());
}

void multiply(std::span<Lanes> column, const Lanes& by) {
  scale(column.data(), static_cast<std::int64_t>(column.size()), by);
}

void add_squares(std::span<const Lanes* const> columns, std::int64_t steps, std::span<Lanes> out) {
  const std::size_t width = columns.size();
  Lanes unused{};
  for (std::int64_t begin = 0; begin < steps; begin += kTile) {
    const std::int64_t end = std::min(begin + kTile, steps);
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = a; b < width; b += 4) {
        std::array<const Lanes*, 4> four;
        std::array<Lanes*, 4> sums;
        for (std::size_t i = 0; i < 4; ++i) {
          four[i] = columns[std::min(b + i, width - 1)];
          sums[i] = b + i < width ? &out[a * width + b + i] : &unused;
        }
        add_tile(four.data(), columns[a], begin, end, 0, sums.data());
      }
    }
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
