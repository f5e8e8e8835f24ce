#include "prediction/smoothing/season.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fairlead::smoothing {
namespace {

constexpr std::int64_t kShortestSeason = 4;
constexpr double kSignificant = 1.6448536269514722;  // normal quantile of 0.95: 90 % on two sides
constexpr double kSmallestPlace = 0.01;              // of a multiplicative season

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool is_seasonal(std::span<const double> values, std::int64_t season) {
  const auto n = static_cast<std::int64_t>(values.size());
  if (season < kShortestSeason || n < 2 * season) return false;
  std::vector<double> centred(values.begin(), values.end());
  const double mean = mean_of(values);
  for (double& value : centred) value -= mean;
  const auto products = [&](std::int64_t lag) {
    return std::inner_product(centred.begin() + lag, centred.end(), centred.begin(), 0.0);
  };
  const double variance = products(0);
  if (!(variance > 0)) return false;
  double squares = 0;
  for (std::int64_t lag = 1; lag < season; ++lag)
    squares += (products(lag) / variance) * (products(lag) / variance);
  const double limit = std::sqrt((1 + 2 * squares) / static_cast<double>(n));
  return std::abs(products(season) / variance) > kSignificant * limit;
}

// Centred means over a season; the first is at season / 2. An even season takes half of both ends.
std::vector<double> centred_means(std::span<const double> values, std::int64_t season) {
  const std::int64_t half = season / 2;
  const auto n = static_cast<std::int64_t>(values.size());
  const bool even = season % 2 == 0;
  std::vector<double> means;
  double sum = std::accumulate(values.begin(), values.begin() + 2 * half + 1, 0.0);
  for (std::int64_t t = half; t + half < n; ++t) {
    if (t > half) sum += values[t + half] - values[t - half - 1];
    const double ends = even ? (values[t - half] + values[t + half]) / 2 : 0;
    means.push_back((sum - ends) / static_cast<double>(season));
  }
  return means;
}

SeasonShape decompose(std::span<const double> values, std::int64_t season, bool multiplicative) {
  const std::vector<double> means = centred_means(values, season);
  SeasonShape shape{std::vector<double>(static_cast<std::size_t>(season)), multiplicative};
  std::vector<std::int64_t> counts(shape.places.size());
  for (std::size_t i = 0; i < means.size(); ++i) {
    const std::size_t t = i + static_cast<std::size_t>(season) / 2;
    const std::size_t place = t % shape.places.size();
    shape.places[place] += multiplicative ? values[t] / means[i] : values[t] - means[i];
    ++counts[place];
  }
  for (std::size_t place = 0; place < counts.size(); ++place)
    shape.places[place] /= static_cast<double>(std::max<std::int64_t>(counts[place], 1));
  const double mean = mean_of(shape.places);
  for (double& place : shape.places) place = multiplicative ? place / mean : place - mean;
  return shape;
}

}  // namespace

double SeasonShape::taken_from(double value, std::int64_t t) const {
  if (places.empty()) return value;
  const double place = places[static_cast<std::size_t>(t) % places.size()];
  return multiplicative ? value / place : value - place;
}

double SeasonShape::put_on(double value, std::int64_t t) const {
  if (places.empty()) return value;
  const double place = places[static_cast<std::size_t>(t) % places.size()];
  return multiplicative ? value * place : value + place;
}

SeasonShape season_of(std::span<const double> values, std::int64_t season) {
  if (!is_seasonal(values, season)) return {};
  if (*std::ranges::min_element(values) > 0) {
    SeasonShape shape = decompose(values, season, true);
    if (*std::ranges::min_element(shape.places) >= kSmallestPlace) return shape;
  }
  return decompose(values, season, false);
}

}  // namespace fairlead::smoothing
