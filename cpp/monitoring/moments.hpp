// Count, mean and spread of a stream in one pass.
#pragma once

namespace fairlead {

// Welford, Technometrics 4(3), 1962. No sum of squares is kept, so a large mean costs no digits.
struct Moments {
  double count = 0;
  double mean = 0;
  double m2 = 0;  // sum of squared deviations from the mean

  void add(double value) {
    count += 1;
    const double delta = value - mean;
    mean += delta / count;
    m2 += delta * (value - mean);
  }

  // Of the sample (n - 1); 0 below two values.
  double variance() const { return count < 2 ? 0.0 : m2 / (count - 1); }
};

// Chan, Golub and LeVeque, COMPSTAT 1982: the moments of both streams together.
inline Moments merge(const Moments& a, const Moments& b) {
  const double count = a.count + b.count;
  if (count == 0) return {};
  const double delta = b.mean - a.mean;
  return {count, a.mean + delta * (b.count / count),
          a.m2 + b.m2 + delta * delta * (a.count * b.count / count)};
}

}  // namespace fairlead
