// Fractions of integers, compared exactly.
#pragma once

#include <cstdint>

namespace fairlead {

struct Fraction {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;  // positive
  friend bool operator<(const Fraction& a, const Fraction& b) {
    return static_cast<__int128>(a.numerator) * b.denominator <
           static_cast<__int128>(b.numerator) * a.denominator;
  }
};

}  // namespace fairlead
