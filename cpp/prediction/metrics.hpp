// How good forecasts were: errors of the point, pinball loss of quantiles, coverage of bands.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

// The probabilities whose mean pinball loss stands for the whole distribution.
inline constexpr std::array<double, 9> kDeciles{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};

// The loss that the p-quantile minimises (Koenker and Bassett, Econometrica 46(1), 1978); 0 or
// more.
constexpr double pinball(double actual, double quantile, double p) {
  return actual >= quantile ? p * (actual - quantile) : (1 - p) * (quantile - actual);
}

// Mean |y_t - y_(t - season)| over the pairs without NaN: the scale of MASE (Hyndman and Koehler,
// Int. J. Forecasting 22(4), 2006). NaN without a pair.
double seasonal_scale(std::span<const double> values, std::int64_t season);

// A forecast of one value: the point, its quantiles at kDeciles, and a lower and upper end per
// band.
struct ForecastValue {
  double point = 0;
  std::span<const double> deciles;
  std::span<const double> bands;  // lower, upper, lower, upper, ...
};

// Means over the values scored so far, NaN without any; a NaN actual is not scored.
class Accuracy {
 public:
  explicit Accuracy(std::size_t bands) : covered_(bands), width_(bands) {}

  void add(double actual, const ForecastValue& forecast);

  std::int64_t count() const { return count_; }
  double mae() const { return mean(absolute_); }
  double rmse() const;
  double smape() const { return mean(relative_); }        // per cent, 0 to 200; 0/0 counts as 0
  double pinball_loss() const { return mean(pinball_); }  // mean over kDeciles
  double coverage(std::size_t band) const { return mean(covered_[band]); }
  double width(std::size_t band) const { return mean(width_[band]); }

 private:
  double mean(double sum) const;

  std::int64_t count_ = 0;
  double absolute_ = 0;
  double squared_ = 0;
  double relative_ = 0;
  double pinball_ = 0;
  std::vector<double> covered_;
  std::vector<double> width_;
};

}  // namespace fairlead
