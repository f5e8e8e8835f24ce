// Series and specifications that the tests of features share.
#pragma once

#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "prediction/features/columns.hpp"

namespace fairlead {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
using Values = std::vector<double>;

struct Series {
  Values values;
  std::vector<std::int64_t> offsets{0};

  void add(const Values& more) {
    values.insert(values.end(), more.begin(), more.end());
    offsets.push_back(static_cast<std::int64_t>(values.size()));
  }

  FeatureTable table() const { return {values, offsets}; }
};

inline Values normal_noise(std::size_t n, unsigned seed, double missing = 0) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(50, 9);
  std::bernoulli_distribution gap(missing);
  Values values(n);
  for (double& value : values) value = gap(random) ? kMissing : normal(random);
  return values;
}

inline std::vector<FeatureSpec> every_statistic() {
  std::vector<FeatureSpec> specs{{FeatureStatistic::value, Memory::window, 1},
                                 {FeatureStatistic::value, Memory::window, 30}};
  for (const std::int64_t window : {1, 2, 6, 7, 24, 300}) {
    for (const std::int64_t stride : {1, 5}) {
      for (const std::int64_t least : {std::int64_t{1}, window}) {
        for (const FeatureStatistic statistic :
             {FeatureStatistic::mean, FeatureStatistic::deviation, FeatureStatistic::minimum,
              FeatureStatistic::maximum})
          specs.push_back({statistic, Memory::window, 2, window, stride, least});
        for (const double p : {0.0, 0.3, 1.0})
          specs.push_back(
              {FeatureStatistic::quantile, Memory::window, 1, window, stride, least, p});
      }
    }
  }
  for (const FeatureStatistic statistic : {FeatureStatistic::mean, FeatureStatistic::deviation,
                                           FeatureStatistic::minimum, FeatureStatistic::maximum})
    specs.push_back({statistic, Memory::everything, 3, 1, 1, 2});
  specs.push_back({FeatureStatistic::quantile, Memory::everything, 1, 1, 1, 1, 0.25});
  return specs;
}

inline std::vector<FeatureSpec> with_exponential() {
  std::vector<FeatureSpec> specs = every_statistic();
  specs.push_back({FeatureStatistic::mean, Memory::exponential, 1, 1, 1, 1, 0.3});
  specs.push_back({FeatureStatistic::deviation, Memory::exponential, 1, 1, 1, 1, 0.3});
  return specs;
}

// The columns that `make` fills, which had other numbers before.
template <typename T, typename Make>
std::vector<std::vector<T>> columns_by(const Series& series, const std::vector<FeatureSpec>& specs,
                                       const FeatureRows& rows, const Make& make) {
  const auto count =
      static_cast<std::int64_t>(series.values.size()) + series.table().series() * rows.more;
  std::vector<std::vector<T>> columns(specs.size(), std::vector<T>(count, T{-7}));
  std::vector<T*> places;
  for (std::vector<T>& column : columns) places.push_back(column.data());
  make(std::span<T* const>(places));
  return columns;
}

}  // namespace fairlead
