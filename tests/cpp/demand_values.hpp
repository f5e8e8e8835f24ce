// Series of demand to test with: noise, a day and a week of shape, as they are or filled.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "prediction/history.hpp"

namespace fairlead {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
using Values = std::vector<double>;

inline Values noise(std::size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 100);
  Values values(n);
  std::ranges::generate(values, [&] { return uniform(random); });
  return values;
}

// A day and a week of shape, and noise.
inline Values seasonal(std::int64_t n, double spread, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Values values;
  for (std::int64_t t = 0; t < n; ++t) {
    const double day = std::sin(2 * M_PI * static_cast<double>(t % 24) / 24);
    const double weekend = t % 168 >= 120 ? -20 : 0;
    values.push_back(std::max(60 + 20 * day + weekend + spread * normal(random), 0.0));
  }
  return values;
}

inline FilledSeries whole(const Values& values) {
  return fill_missing(values, 0, 0);
}

}  // namespace fairlead
