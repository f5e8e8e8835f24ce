// Powers of two without the C library: the same bits on every machine, and several at a time.
#pragma once

#include <array>
#include <span>

namespace fairlead {

// 2^x for |x| <= 1000, to 1e-14 of its value.
class PowersOfTwo {
 public:
  PowersOfTwo();

  double operator()(double x) const;
  // scale * 2^x of each.
  void operator()(std::span<const double> x, double scale, std::span<double> powers) const;

 private:
  static constexpr int kSteps = 512;

  std::array<double, kSteps> step_;  // 2^(i / kSteps)
};

}  // namespace fairlead
