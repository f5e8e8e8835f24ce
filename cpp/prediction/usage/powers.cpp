#include "prediction/usage/powers.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/clones.hpp"

namespace fairlead {
namespace {

constexpr int kStepBits = 9;
constexpr double kPerUnit = 1 << kStepBits;
constexpr double kLn2 = 0.693147180559945309417;
// Adding 1.5 * 2^52 rounds to whole steps and leaves them in the low bits.
constexpr double kRounder = 6755399441055744.0;

// A step from the table, times a polynomial for the rest, of which |r| <= ln 2 / 1024.
inline double power(double x, const double* step) {
  const double shifted = x * kPerUnit + kRounder;
  const auto whole = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(shifted) -
                                               std::bit_cast<std::uint64_t>(kRounder));
  const double r = (x - (shifted - kRounder) * (1 / kPerUnit)) * kLn2;
  const double rest = 1 + r * (1 + r * (1.0 / 2 + r * (1.0 / 6)));
  const auto bits = std::bit_cast<std::uint64_t>(step[whole & ((1 << kStepBits) - 1)]);
  const auto exponent = static_cast<std::uint64_t>(whole >> kStepBits) << 52;
  return std::bit_cast<double>(bits + exponent) * rest;
}

FAIRLEAD_CLONES void powers_of(const double* __restrict x, const double* __restrict step,
                               double scale, double* __restrict out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = scale * power(x[i], step);
}

}  // namespace

PowersOfTwo::PowersOfTwo() {
  for (int i = 0; i < kSteps; ++i) step_[i] = std::exp2(static_cast<double>(i) / kSteps);
}

double PowersOfTwo::operator()(double x) const {
  return power(x, step_.data());
}

void PowersOfTwo::operator()(std::span<const double> x, double scale,
                             std::span<double> powers) const {
  powers_of(x.data(), step_.data(), scale, powers.data(), x.size());
}

}  // namespace fairlead
