// Powers of two without the C library: the same bits on every machine, and several in flight.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace fairlead {

// 2^x for |x| <= 1000, to 1e-14 of its value: 2^(i/512) from a table, times a polynomial for the
// rest.
class PowersOfTwo {
 public:
  PowersOfTwo() {
    for (int i = 0; i < kSteps; ++i) step_[i] = std::exp2(static_cast<double>(i) / kSteps);
  }

  double operator()(double x) const {
    // Adding 1.5 * 2^52 rounds to whole steps and leaves them in the low bits.
    const double shifted = x * kSteps + kRounder;
    const auto whole = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(shifted) -
                                                 std::bit_cast<std::uint64_t>(kRounder));
    const double r = (x - (shifted - kRounder) * (1.0 / kSteps)) * kLn2;  // |r| <= ln 2 / 1024
    const double power = 1 + r * (1 + r * (1.0 / 2 + r * (1.0 / 6)));
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(step_[whole & (kSteps - 1)]);
    const auto exponent = static_cast<std::uint64_t>(whole >> kStepBits) << 52;
    return std::bit_cast<double>(bits + exponent) * power;
  }

 private:
  static constexpr int kStepBits = 9, kSteps = 1 << kStepBits;
  static constexpr double kLn2 = 0.693147180559945309417;
  static constexpr double kRounder = 6755399441055744.0;

  std::array<double, kSteps> step_{};
};

}  // namespace fairlead
