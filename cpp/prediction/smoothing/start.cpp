#include "prediction/smoothing/start.hpp"

#include <algorithm>
#include <numeric>

#include "prediction/smoothing/points.hpp"
#include "prediction/smoothing/relative.hpp"
#include "prediction/smoothing/tracker.hpp"

namespace fairlead::smoothing {
namespace {

constexpr std::int64_t kFirstValues = 10;  // that give the level where there is no season
constexpr std::int64_t kFirstCycles = 4;   // that give the shape of a season, at most
constexpr double kFlatWeight = 0.02;       // of a start that is to stay above 0
constexpr double kLeastFactor = 0.05;      // of a season to start from

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

// Whether every forecast of the sample is well above 0.
bool has_shares(const Form& form, const Model& model, const Sample& sample) {
  const double least = kLeastForecast * scale_of(sample);
  Tracker tracker(form, model);
  return std::ranges::all_of(sample.values,
                             [&](double value) { return value - tracker.observe(value) > least; });
}

// Level, trend and seasons of the first values.
Model first_states(const Form& form, std::span<const double> values) {
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

Model from_sums(const Form& form, const Sample& sample, Model sums) {
  const bool factors = form.season == Joins::by_factor;
  if (factors) {
    for (double& place : sums.season[0]) place = std::max(1 + place / sums.level, kLeastFactor);
  }
  if (sums.level > 0 && has_shares(form, sums, sample)) return sums;
  Model flat;
  flat.alpha = kFlatWeight;
  flat.gamma.fill(kFlatWeight);
  flat.phi = 0.9;
  flat.level = scale_of(sample);
  for (std::size_t k = 0; k < form.seasons.size(); ++k)
    flat.season[k].assign(static_cast<std::size_t>(form.seasons[k]), factors ? 1 : 0);
  return flat;
}

}  // namespace

std::vector<Model> starts_of(const Form& form, std::span<const Sample> samples,
                             std::span<const Model> sums) {
  std::vector<Model> starts;
  for (std::size_t i = 0; i < samples.size(); ++i)
    starts.push_back(sums.empty() ? first_states(form, samples[i].values)
                                  : from_sums(form, samples[i], sums[i]));
  return starts;
}

}  // namespace fairlead::smoothing
