#include "prediction/metrics.hpp"

#include <cmath>
#include <limits>

namespace fairlead {

double seasonal_scale(std::span<const double> values, std::int64_t season) {
  double sum = 0;
  std::int64_t pairs = 0;
  for (std::size_t i = season; i < values.size(); ++i) {
    const double difference = std::abs(values[i] - values[i - season]);
    if (std::isnan(difference)) continue;
    sum += difference;
    ++pairs;
  }
  return pairs == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(pairs);
}

void Accuracy::add(double actual, const ForecastValue& forecast) {
  if (std::isnan(actual)) return;
  const double error = std::abs(actual - forecast.point);
  const double size = std::abs(actual) + std::abs(forecast.point);
  ++count_;
  absolute_ += error;
  squared_ += error * error;
  relative_ += size > 0 ? 200 * error / size : 0;
  double loss = 0;
  for (std::size_t i = 0; i < kDeciles.size(); ++i)
    loss += pinball(actual, forecast.deciles[i], kDeciles[i]);
  pinball_ += loss / static_cast<double>(kDeciles.size());
  for (std::size_t band = 0; band < covered_.size(); ++band) {
    const double lower = forecast.bands[2 * band];
    const double upper = forecast.bands[2 * band + 1];
    covered_[band] += lower <= actual && actual <= upper ? 1 : 0;
    width_[band] += upper - lower;
  }
}

double Accuracy::mean(double sum) const {
  return count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count_);
}

double Accuracy::rmse() const {
  return std::sqrt(mean(squared_));
}

}  // namespace fairlead
