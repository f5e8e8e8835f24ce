// Relative errors as a least-squares problem; plain arithmetic, for CUDA too.
//
// With errors e that are shares of their forecasts f, the likelihood of n values is largest where
//   n log(sum of e^2) + 2 sum of log |f|
// is smallest (Hyndman et al., 2008, section 5.1). That is n log of the sum of (g e)^2, g being the
// geometric mean of the forecasts: as a sum of squares it stands beside that of errors that are
// differences, and it is found by the same search.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#include "base/both.hpp"

namespace fairlead::smoothing {

// Of values whose mean is 1. From one below, nothing is a share.
constexpr double kLeastForecast = 1e-9;
constexpr double kNoMean = std::numeric_limits<double>::infinity();

FAIRLEAD_BOTH std::int64_t bits_of(double value) {
  std::int64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

FAIRLEAD_BOTH double number_of(std::int64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

constexpr std::int64_t kFractionBits = (std::int64_t{1} << 52) - 1;
constexpr std::int64_t kBias = 1023;

// Goes on with a product of many positive numbers, kept as a fraction of 1 to 2 and a power of 2.
FAIRLEAD_BOTH void multiply(double& fraction, std::int64_t& power, double by) {
  const std::int64_t bits = bits_of(fraction * by);
  power += (bits >> 52) - kBias;
  fraction = number_of((bits & kFractionBits) | kBias << 52);
}

constexpr double kLog2 = 0.693147180559945309417;

// Logarithm and exponential from sums and products alone, so that they have the same bits on a
// device; to about 1e-15. `fraction` is from 1 to 2.
FAIRLEAD_BOTH double log_of(double fraction) {
  const double z = (fraction - 1) / (fraction + 1), square = z * z;
  double sum = 0;
  for (int odd = 31; odd > 0; odd -= 2) sum = sum * square + 1.0 / odd;
  return 2 * z * sum;
}

FAIRLEAD_BOTH double exp_of(double value) {
  const double scaled = value / kLog2;
  const auto whole = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  const double rest = value - static_cast<double>(whole) * kLog2;
  double sum = 1;
  for (int k = 16; k > 0; --k) sum = 1 + sum * rest / k;
  return sum * number_of((whole + kBias) << 52);
}

// Of `count` forecasts; infinite where one of them was too small for shares, so that no search
// stays there.
FAIRLEAD_BOTH double geometric_mean(double fraction, std::int64_t power, double least,
                                    std::int64_t count) {
  if (!(least > kLeastForecast) || count == 0) return kNoMean;
  const double log = log_of(fraction) + static_cast<double>(power) * kLog2;
  return exp_of(log / static_cast<double>(count));
}

}  // namespace fairlead::smoothing
