#include "prediction/history.hpp"

#include <cmath>

namespace fairlead {

FilledSeries fill_missing(std::span<const double> raw, std::int64_t phase, std::int64_t season) {
  const auto n = static_cast<std::int64_t>(raw.size());
  FilledSeries filled{{raw.begin(), raw.end()}, std::vector<std::uint8_t>(raw.size(), 1), phase};
  bool started = false;  // a season back must not reach before the first known value
  std::int64_t first = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (!std::isnan(raw[i])) {
      if (!started) first = i;
      started = true;
      continue;
    }
    filled.observed[i] = 0;
    const bool season_known = started && season > 0 && i - season >= first;
    filled.values[i] = season_known ? filled.values[i - season] : i > 0 ? filled.values[i - 1] : 0;
  }
  return filled;
}

}  // namespace fairlead
