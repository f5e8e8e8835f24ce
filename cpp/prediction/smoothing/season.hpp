// Taking the season out of a series, where it has one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fairlead::smoothing {

// What to divide by (multiplicative) or take away, by place in the season; the first value is at
// place 0. Empty: no season.
struct SeasonShape {
  std::vector<double> places;
  bool multiplicative = false;

  double taken_from(double value, std::int64_t t) const;
  double put_on(double value, std::int64_t t) const;
};

// The season of `values` if their autocorrelation one season apart is significant at 90 % (Fiorucci
// et al., International Journal of Forecasting 32(4), 2016, section 4), by classical decomposition:
// multiplicative where all values and all its places are positive, else additive.
SeasonShape season_of(std::span<const double> values, std::int64_t season);

}  // namespace fairlead::smoothing
