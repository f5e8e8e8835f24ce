// Features of series against their definitions: every statistic, with gaps, pieces and threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "feature_series.hpp"
#include "prediction/features/columns.hpp"

namespace fairlead {
namespace {

double statistic_of(Values known, const FeatureSpec& spec) {
  const auto n = static_cast<double>(known.size());
  const bool few = known.empty() || static_cast<std::int64_t>(known.size()) < spec.min_samples;
  if (few || (spec.statistic == FeatureStatistic::deviation && known.size() < 2)) return kMissing;
  std::ranges::sort(known);
  double mean = 0, squares = 0;
  for (const double value : known) mean += value / n;
  for (const double value : known) squares += (value - mean) * (value - mean);
  switch (spec.statistic) {
    case FeatureStatistic::mean:
      return mean;
    case FeatureStatistic::deviation:
      return std::sqrt(squares / (n - 1));
    case FeatureStatistic::minimum:
      return known.front();
    case FeatureStatistic::maximum:
      return known.back();
    default: {
      const double at = spec.parameter * (n - 1);
      const auto below = static_cast<std::size_t>(at);
      const std::size_t above = std::min(below + 1, known.size() - 1);
      return known[below] + (known[above] - known[below]) * (at - static_cast<double>(below));
    }
  }
}

// What a specification says of one series at one origin, read off its definition.
double plain(const Values& values, const FeatureSpec& spec, std::int64_t origin) {
  const std::int64_t newest = origin - spec.lag;
  if (newest < 0 || newest >= static_cast<std::int64_t>(values.size())) return kMissing;
  if (spec.statistic == FeatureStatistic::value) return values[newest];
  const bool all = spec.memory == Memory::everything;
  const std::int64_t window = all ? newest + 1 : spec.window;
  Values known;
  for (std::int64_t k = 0; k < window; ++k) {
    const std::int64_t at = newest - k * spec.stride;
    if (at >= 0 && !std::isnan(values[at])) known.push_back(values[at]);
  }
  return statistic_of(known, spec);
}

template <typename T = double>
std::vector<std::vector<T>> made(const Series& series, const std::vector<FeatureSpec>& specs,
                                 FeatureRows rows = {}, unsigned threads = 1) {
  return columns_by<T>(series, specs, rows, [&](std::span<T* const> columns) {
    feature_columns<T>(series.table(), specs, rows, threads, [] {}, columns);
  });
}

void expect_definitions(const Series& series, FeatureRows rows) {
  const std::vector<FeatureSpec> specs = every_statistic();
  const auto columns = made(series, specs, rows, 2);
  std::size_t row = 0;
  for (std::size_t s = 0; s + 1 < series.offsets.size(); ++s) {
    const Values values(series.values.begin() + series.offsets[s],
                        series.values.begin() + series.offsets[s + 1]);
    const auto n = static_cast<std::int64_t>(values.size()) + rows.more;
    for (std::int64_t r = 0; r < n; ++r, ++row) {
      for (std::size_t c = 0; c < specs.size(); ++c) {
        const double want = plain(values, specs[c], rows.first_origin + r);
        const std::string at = "column " + std::to_string(c) + " series " + std::to_string(s) +
                               " row " + std::to_string(r);
        ASSERT_EQ(std::isnan(columns[c][row]), std::isnan(want)) << at;
        if (!std::isnan(want)) {
          ASSERT_NEAR(columns[c][row], want, 1e-10) << at;
        }
      }
    }
  }
}

TEST(FeatureColumns, EqualTheirDefinitionsForSeriesOfAnyLength) {
  Series series;
  for (const std::size_t n : {0, 1, 2, 23, 24, 25, 90, 400, 310}) series.add(normal_noise(n, 1));
  expect_definitions(series, {0, 0});
  expect_definitions(series, {-3, 9});
}

TEST(FeatureColumns, LeaveMissingValuesOut) {
  Series series;
  for (unsigned i = 0; i < 10; ++i) series.add(normal_noise(40 + 30 * i, i, 0.3));
  series.add(Values(50, kMissing));
  expect_definitions(series, {0, 0});
}

TEST(FeatureColumns, OfALongSeriesAreThoseOfItsPieces) {
  Series series;
  series.add(normal_noise(13'000, 5));
  const std::vector<FeatureSpec> specs = every_statistic();
  const auto columns = made(series, specs);
  for (std::size_t c = 0; c < specs.size(); ++c) {
    if (specs[c].memory == Memory::everything) continue;
    for (std::int64_t row = 0; row < 13'000; row += row % 4096 > 4000 ? 1 : 53) {
      const double want = plain(series.values, specs[c], row);
      if (!std::isnan(want)) {
        ASSERT_NEAR(columns[c][row], want, 1e-10) << c << " row " << row;
      }
    }
  }
}

TEST(FeatureColumns, AreTheSameBitsWhateverComesLater) {
  Series before, after;
  Values values = normal_noise(6'000, 6);
  before.add(values);
  before.add(values);
  for (std::size_t i = 4'500; i < values.size(); ++i) values[i] = i % 3 == 0 ? kMissing : 1e12;
  after.add(values);
  after.add(values);
  const auto first = made(before, with_exponential()), second = made(after, with_exponential());
  for (std::size_t c = 0; c < first.size(); ++c) {
    for (std::size_t row = 0; row <= 4'500; ++row) {
      const bool both_unknown = std::isnan(first[c][row]) && std::isnan(second[c][row]);
      ASSERT_TRUE(first[c][row] == second[c][row] || both_unknown) << c << " row " << row;
    }
  }
}

TEST(FeatureColumns, AreTheSameBitsForAnyNumberOfThreads) {
  Series series;
  for (unsigned i = 0; i < 40; ++i) series.add(normal_noise(50 + 10 * i, i, i % 2 ? 0.1 : 0));
  const auto one = made(series, with_exponential()), four = made(series, with_exponential(), {}, 4);
  for (std::size_t c = 0; c < one.size(); ++c) {
    for (std::size_t row = 0; row < one[c].size(); ++row)
      ASSERT_TRUE(one[c][row] == four[c][row] || std::isnan(four[c][row]));
  }
}

TEST(FeatureColumns, InSinglePrecisionAreTheRoundedOnes) {
  Series series;
  series.add(normal_noise(500, 8));
  series.add(normal_noise(400, 9, 0.3));
  series.add(normal_noise(25'000, 10));  // more results than caches hold
  const auto wide = made(series, with_exponential());
  const auto narrow = made<float>(series, with_exponential());
  for (std::size_t c = 0; c < wide.size(); ++c) {
    for (std::size_t row = 0; row < wide[c].size(); ++row) {
      if (!std::isnan(wide[c][row])) {
        ASSERT_EQ(narrow[c][row], static_cast<float>(wide[c][row]));
      }
    }
  }
}

TEST(FeatureColumns, KeepNoTraceOfASpikeAndNoSpreadOfAConstant) {
  Series series;
  Values values(60, 0.1);
  values[3] = 1e15;
  series.add(values);
  series.add(Values(60, 1e12));
  const std::vector<FeatureSpec> specs{{FeatureStatistic::deviation, Memory::window, 1, 6, 1, 6},
                                       {FeatureStatistic::mean, Memory::window, 1, 6, 1, 6}};
  const auto columns = made(series, specs);
  for (std::size_t row = 20; row < 60; ++row) {
    EXPECT_LT(columns[0][row], 1e-16);
    EXPECT_NEAR(columns[1][row], 0.1, 1e-16);
    EXPECT_EQ(columns[0][60 + row], 0);
  }
}

TEST(FeatureColumns, RefuseWhatReadsTheFuture) {
  Series series;
  series.add(normal_noise(5, 1));
  EXPECT_THROW(made(series, {{FeatureStatistic::value, Memory::window, 0}}), InvalidInput);
  EXPECT_THROW(made(series, {{FeatureStatistic::quantile, Memory::window, 1, 2, 1, 2, 1.5}}),
               InvalidInput);
  EXPECT_THROW(made(series, {{FeatureStatistic::minimum, Memory::exponential, 1, 1, 1, 1, 0.5}}),
               InvalidInput);
}

}  // namespace
}  // namespace fairlead
