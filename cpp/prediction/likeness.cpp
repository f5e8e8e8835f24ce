#include "prediction/likeness.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace fairlead {
namespace {

// No nearer than kReach of all ranks counts kLeast of the nearest, about. Of reaches 0.15 to 0.5
// and least weights 0.05 to 0.4; see ErrorBands.
constexpr double kReach = 0.3;
constexpr double kLeast = 0.1;

constexpr double kReachInSeason = 0.2;  // of it, in either direction; kLeast beyond

constexpr std::int64_t kPartOfSeason = 8;
constexpr std::int64_t kWithoutSeason = 24;  // steps, in the place of the shortest season

// By how many steps lie between the places in the season.
double nearness_in_season(std::int64_t steps_before, std::int64_t season) {
  const std::int64_t on = steps_before % season;
  const auto away = static_cast<double>(std::min(on, season - on));
  return kLeast + std::max(1 - away / (kReachInSeason * static_cast<double>(season)), 0.0);
}

// Of the value before each origin from the mean of the season that it ends.
std::vector<double> distances_from_mean(const Past& past, std::span<const std::int64_t> origins,
                                        std::int64_t season) {
  std::vector<double> until(static_cast<std::size_t>(past.size()) + 1);
  std::partial_sum(past.values.begin(), past.values.end(), until.begin() + 1);
  std::vector<double> distances;
  distances.reserve(origins.size());
  for (const std::int64_t origin : origins) {
    const std::int64_t window = std::min(season, origin);
    const double sum = until[origin] - until[origin - window];
    const double mean = sum / static_cast<double>(std::max<std::int64_t>(window, 1));
    distances.push_back(origin > 0 ? past.values[origin - 1] - mean : 0);
  }
  return distances;
}

}  // namespace

std::vector<double> nearness(std::span<const double> values) {
  const std::size_t n = values.size() - 1;
  std::vector<std::pair<double, std::size_t>> order;
  order.reserve(n);
  for (std::size_t i = 0; i < n; ++i) order.emplace_back(values[i], i);
  std::ranges::sort(order);
  const auto value_of = &std::pair<double, std::size_t>::first;
  const auto below = std::ranges::lower_bound(order, values[n], {}, value_of) - order.begin();
  const auto up_to = std::ranges::upper_bound(order, values[n], {}, value_of) - order.begin();
  const auto here = static_cast<double>(below + up_to);
  const double reach = kReach * static_cast<double>(n);
  std::vector<double> weights(n);
  for (std::size_t from = 0, to = 0; from < n; from = to) {
    while (to < n && order[to].first == order[from].first) ++to;
    const double away = std::abs(static_cast<double>(from + to) - here) / 2;
    for (std::size_t i = from; i < to; ++i)
      weights[order[i].second] = kLeast + std::max(1 - away / reach, 0.0);
  }
  return weights;
}

std::vector<double> unrest(const Past& past, std::span<const std::int64_t> origins,
                           std::span<const std::int64_t> seasons) {
  const std::int64_t season = seasons.empty() ? kWithoutSeason : seasons.front();
  const std::int64_t window = std::max<std::int64_t>(season / kPartOfSeason, 1);
  std::vector<double> means;
  means.reserve(origins.size());
  for (const std::int64_t origin : origins) {
    const std::int64_t from = std::max<std::int64_t>(origin - window, 1);
    double sum = 0;
    for (std::int64_t t = from; t < origin; ++t)
      sum += std::abs(past.values[t] - past.values[t - 1]);
    means.push_back(sum / static_cast<double>(std::max<std::int64_t>(origin - from, 1)));
  }
  return means;
}

std::vector<double> ranking_weights(const Past& past, std::span<const std::int64_t> origins,
                                    std::span<const std::int64_t> seasons) {
  const std::int64_t season = seasons.empty() ? kWithoutSeason : seasons.front();
  std::vector<double> weights = nearness(distances_from_mean(past, origins, season));
  if (seasons.empty()) return weights;
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] *= nearness_in_season(origins.back() - origins[i], season);
  return weights;
}

std::vector<double> size_weights(const Past& past, std::span<const std::int64_t> origins,
                                 std::span<const std::int64_t> seasons) {
  std::vector<double> weights = ranking_weights(past, origins, seasons);
  const std::vector<double> by_unrest = nearness(unrest(past, origins, seasons));
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = by_unrest[i] * (0.5 + weights[i]);
  return weights;
}

}  // namespace fairlead
