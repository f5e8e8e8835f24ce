#include "prediction/adaptive_levels.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace fairlead {
namespace {

// Of 0, 0.002 and 0.005 the one with the least pinball loss beside 0 on ETTh1, on the training part
// of M4 hourly and on cluster demand before its last weeks; 0 would never notice a shift.
constexpr double kRate = 0.002;
constexpr std::uint8_t kNotJudged = 0x80;

}  // namespace

AdaptiveLevels::AdaptiveLevels(std::span<const double> errors,
                               std::span<const std::int64_t> origins, std::int64_t step,
                               std::int64_t known) {
  constexpr std::size_t kMoving = kKnots.size() - 2;  // all but 0 and 1
  std::vector<std::uint8_t> below(errors.size(), kNotJudged);
  std::vector<double> sorted;
  std::size_t learned = 0;
  const auto learn_until = [&](std::int64_t now) {
    for (; learned < errors.size() && origins[learned] + step <= now; ++learned) {
      if (std::isnan(errors[learned])) continue;
      sorted.insert(std::ranges::upper_bound(sorted, errors[learned]), errors[learned]);
      if (below[learned] == kNotJudged) continue;
      for (std::size_t i = 0; i < kMoving; ++i) {
        const double miss = (below[learned] >> i & 1) != 0 ? 1 : 0;
        levels_[i + 1] = std::clamp(levels_[i + 1] + kRate * (kKnots[i + 1] - miss), 0.0, 1.0);
      }
    }
  };
  for (std::size_t row = 0; row < errors.size() && origins[row] < known; ++row) {
    learn_until(origins[row]);
    if (static_cast<std::int64_t>(sorted.size()) < ErrorBands::kEnough) continue;
    below[row] = 0;
    for (std::size_t i = 0; i < kMoving; ++i) {
      const bool is_below = errors[row] < sorted_quantile(sorted, levels_[i + 1]);
      below[row] = static_cast<std::uint8_t>(below[row] | static_cast<int>(is_below) << i);
    }
  }
  learn_until(known);
  for (std::size_t i = 1; i < levels_.size(); ++i)
    levels_[i] = std::max(levels_[i], levels_[i - 1]);
}

double AdaptiveLevels::level(double p) const {
  const auto above = std::ranges::upper_bound(kKnots, p) - kKnots.begin();
  const auto i = static_cast<std::size_t>(std::min<std::ptrdiff_t>(above, kKnots.size() - 1));
  const double share = (p - kKnots[i - 1]) / (kKnots[i] - kKnots[i - 1]);
  return levels_[i - 1] + share * (levels_[i] - levels_[i - 1]);
}

double sorted_quantile(std::span<const double> sorted, double p) {
  const double last = static_cast<double>(sorted.size() - 1);
  const double place = std::clamp(p * (last + 2) - 1, 0.0, last);
  const double below = std::floor(place);
  const auto i = static_cast<std::size_t>(below);
  const double next = sorted[std::min(i + 1, sorted.size() - 1)];
  return sorted[i] + (place - below) * (next - sorted[i]);
}

}  // namespace fairlead
