#include "prediction/smoothing/theta.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/clones.hpp"
#include "prediction/smoothing/lanes.hpp"

namespace fairlead::smoothing {
namespace {

constexpr double kSmallestAlpha = 0.1;
constexpr double kLargestAlpha = 0.99;
constexpr double kLargestShare = 1 - 1e-10;
constexpr int kRounds = 5;             // each divides the bracket of alpha by 3.5
constexpr std::int64_t kUnscored = 3;  // first values, where the line is not one yet

// Sums of products over the scored values, for eight values of alpha at once. The error is
// u - share * g - c * (level - first value): u for a level that starts at the first value.
struct Sums {
  Lanes uu, ug, uc, gg, gc, cc;
};

FAIRLEAD_CLONES void add_sums(const double* values, const double* intercepts, const double* slopes,
                              std::int64_t n, const Lanes& alphas, Sums& sums) {
  const Lanes alpha = alphas;
  Sums s{};
  Lanes level, power, inverse;
  for (int i = 0; i < kLanes; ++i) {
    level.at[i] = values[0];
    power.at[i] = 1;
    inverse.at[i] = 1 / alpha.at[i];
  }
  for (std::int64_t t = 0; t < n; ++t) {
    const double scored = t < kUnscored ? 0 : 1;
    const double value = values[t], intercept = intercepts[t], slope = slopes[t];
    for (int i = 0; i < kLanes; ++i) {
      const double c = power.at[i];
      const double next = c - alpha.at[i] * c;
      const double g = scored * (c * intercept + (1 - next) * inverse.at[i] * slope);
      const double distance = value - level.at[i];
      const double u = scored * distance;
      s.uu.at[i] += u * u;
      s.ug.at[i] += u * g;
      s.uc.at[i] += u * c;
      s.gg.at[i] += g * g;
      s.gc.at[i] += g * c;
      s.cc.at[i] += scored * c * c;
      level.at[i] += alpha.at[i] * distance;
      power.at[i] = flushed(next);
    }
  }
  sums = s;
}

// The best share and level for the alpha of one lane.
ThetaModel solve(ThetaKind kind, const Sums& sums, int lane, double alpha, double first) {
  const double uu = sums.uu.at[lane], ug = sums.ug.at[lane], uc = sums.uc.at[lane];
  const double gg = sums.gg.at[lane], gc = sums.gc.at[lane], cc = sums.cc.at[lane];
  double share = 0.5;
  if (kind == ThetaKind::dynamic_optimized) {
    const double within = gg - gc * gc / cc;
    share = within > 1e-12 * gg ? (ug - gc * uc / cc) / within : 0;
    share = std::clamp(share, 0.0, kLargestShare);
  }
  const double shift = (uc - share * gc) / cc;
  const double squares = uu - share * (2 * ug - share * gg) - shift * shift * cc;
  return {kind, alpha, share, first + shift, std::max(squares, 0.0)};
}

}  // namespace

void RunningLine::observe(double value) {
  // Of Fiorucci et al., equations 14 to 16.
  const auto t = static_cast<double>(++seen);
  if (seen > 1) slope = ((t - 2) * slope + 6 * (value - mean) / t) / (t + 1);
  mean += (value - mean) / t;
  intercept = mean - slope * (t + 1) / 2;
}

ThetaModel fit_theta(ThetaKind kind, std::span<const double> values) {
  std::vector<double> intercepts(values.size()), slopes(values.size());
  RunningLine line;
  for (std::size_t t = 0; t < values.size(); ++t) {
    intercepts[t] = line.intercept;
    slopes[t] = line.slope;
    line.observe(values[t]);
  }
  if (kind == ThetaKind::standard) {
    std::ranges::fill(intercepts, line.intercept);
    std::ranges::fill(slopes, line.slope);
  }
  double low = kSmallestAlpha, high = kLargestAlpha;
  ThetaModel best;
  for (int round = 0; round < kRounds; ++round) {
    const double step = (high - low) / (kLanes - 1);
    Lanes alphas;
    for (int i = 0; i < kLanes; ++i) alphas.at[i] = low + step * i;
    Sums sums;
    add_sums(values.data(), intercepts.data(), slopes.data(),
             static_cast<std::int64_t>(values.size()), alphas, sums);
    for (int i = 0; i < kLanes; ++i) {
      const ThetaModel made = solve(kind, sums, i, alphas.at[i], values[0]);
      if ((round == 0 && i == 0) || made.squares < best.squares) best = made;
    }
    low = std::max(best.alpha - step, kSmallestAlpha);
    high = std::min(best.alpha + step, kLargestAlpha);
  }
  return best;
}

}  // namespace fairlead::smoothing
