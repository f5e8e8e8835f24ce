#include "prediction/features.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/errors.hpp"
#include "prediction/features/calendar.hpp"
#include "prediction/features/columns.hpp"

namespace fairlead {
namespace {

bool is_calendar(const Feature& feature) {
  return feature.kind == FeatureKind::sine || feature.kind == FeatureKind::cosine;
}

// How far before the origin the value lies that a seasonal lag reads; at least 1, so it is known.
std::int64_t lag_of(const Feature& feature, std::int64_t step) {
  if (feature.kind == FeatureKind::lag) return feature.length;
  const std::int64_t season = feature.length;
  const std::int64_t nearest = (step + season - 1) / season * season - step + 1 - feature.shift;
  return (nearest < 1 ? nearest + season : nearest) + feature.order * season;
}

FeatureSpec spec_of(const Feature& feature, std::int64_t step) {
  const std::int64_t length = feature.length;
  switch (feature.kind) {
    case FeatureKind::mean:
      return {FeatureStatistic::mean, Memory::window, 1, length, 1, length};
    case FeatureKind::deviation:
      return {FeatureStatistic::deviation, Memory::window, 1, length, 1, length};
    case FeatureKind::minimum:
      return {FeatureStatistic::minimum, Memory::window, 1, length, 1, length};
    case FeatureKind::maximum:
      return {FeatureStatistic::maximum, Memory::window, 1, length, 1, length};
    case FeatureKind::season_mean: {
      const std::int64_t nearest = lag_of({FeatureKind::season_lag, length}, step);
      return {FeatureStatistic::mean, Memory::window, nearest,
              feature.order,          length,         feature.order};
    }
    default:
      return {FeatureStatistic::value, Memory::window, lag_of(feature, step)};
  }
}

void check(const Feature& feature) {
  const bool counted = feature.kind == FeatureKind::season_mean ||
                       feature.kind == FeatureKind::sine || feature.kind == FeatureKind::cosine;
  if (feature.length < 1 || feature.order < (counted ? 1 : 0) ||
      std::abs(feature.shift) >= feature.length)
    throw InvalidInput("a feature needs a length of 1 or more, an order, and a shift within it");
}

}  // namespace

bool is_level(FeatureKind kind) {
  return kind != FeatureKind::deviation && kind != FeatureKind::sine && kind != FeatureKind::cosine;
}

std::int64_t first_origin(const Feature& feature, std::int64_t step) {
  switch (feature.kind) {
    case FeatureKind::sine:
    case FeatureKind::cosine:
      return 0;
    case FeatureKind::season_mean:
      return lag_of({FeatureKind::season_lag, feature.length, feature.order - 1}, step);
    case FeatureKind::lag:
    case FeatureKind::season_lag:
      return lag_of(feature, step);
    default:
      return feature.length;
  }
}

Eigen::MatrixXd feature_matrix(const Past& past, std::span<const Feature> features,
                               std::int64_t step, std::int64_t from) {
  for (const Feature& feature : features) check(feature);
  if (step < 1 || from < 0 || from > past.size())
    throw InvalidInput("features need a step of 1 or more and origins within the series");
  Eigen::MatrixXd out(past.size() - from + 1, static_cast<Eigen::Index>(features.size()));
  std::vector<FeatureSpec> specs;
  std::vector<double*> columns;
  for (std::size_t i = 0; i < features.size(); ++i) {
    auto column = out.col(static_cast<Eigen::Index>(i));
    if (is_calendar(features[i])) {
      write_harmonic(past.phase + from + step - 1, features[i].length, features[i].order,
                     features[i].kind == FeatureKind::sine,
                     {column.data(), static_cast<std::size_t>(column.size())});
    } else {
      specs.push_back(spec_of(features[i], step));
      columns.push_back(column.data());
    }
  }
  const std::int64_t offsets[] = {0, past.size()};
  feature_columns<double>({past.values, offsets}, specs, {from, 1 - from}, 1, [] {}, columns);
  for (std::size_t i = 0; i < features.size(); ++i) {
    // One value has no spread.
    if (features[i].kind == FeatureKind::deviation && features[i].length == 1)
      out.col(static_cast<Eigen::Index>(i))
          .tail(past.size() + 1 - std::max<std::int64_t>(from, 1))
          .setZero();
  }
  return out;
}

}  // namespace fairlead
