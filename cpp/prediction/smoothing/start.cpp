#include "prediction/smoothing/start.hpp"

#include <algorithm>
#include <numeric>

namespace fairlead::smoothing {
namespace {

constexpr std::int64_t kFirstValues = 10;  // that give the level where there is no season
constexpr std::int64_t kFirstCycles = 4;   // that give the shape of a season, at most

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The mean distance of each place in the season from the mean of its cycle, which it takes away
// from `values`.
std::vector<double> take_shape(std::vector<double>& values, std::int64_t season) {
  const auto n = static_cast<std::int64_t>(values.size());
  const std::int64_t cycles = std::clamp<std::int64_t>(n / season, 1, kFirstCycles);
  std::vector<double> shape(static_cast<std::size_t>(season), 0.0);
  for (std::int64_t cycle = 0; cycle < cycles; ++cycle) {
    const std::span<const double> part(values.data() + cycle * season, std::min(season, n));
    const double mean = mean_of(part);
    for (std::size_t place = 0; place < part.size(); ++place)
      shape[place] += (part[place] - mean) / static_cast<double>(cycles);
  }
  for (std::int64_t t = 0; t < n; ++t) values[t] -= shape[t % season];
  return shape;
}

}  // namespace

Model starting_states(const Form& form, std::span<const double> values) {
  Model model;
  std::vector<double> rest(values.begin(), values.end());
  for (std::size_t k = 0; k < form.seasons.size(); ++k)
    model.season[k] = take_shape(rest, form.seasons[k]);
  const std::int64_t season = form.seasons.empty() ? 1 : form.seasons.front();
  const auto n = static_cast<std::int64_t>(rest.size());
  const std::int64_t first = std::min(std::max(kFirstValues, season), n);
  const std::span<const double> known(rest);
  model.level = mean_of(known.first(first));
  if (form.trend && n >= 2 * first) {
    model.trend = (mean_of(known.subspan(first, first)) - model.level) / static_cast<double>(first);
    model.level -= model.trend * static_cast<double>(first + 1) / 2;
  }
  return model;
}

}  // namespace fairlead::smoothing
