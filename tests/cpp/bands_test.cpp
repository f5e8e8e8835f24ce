// Bands around forecasts, and measures of how good both were.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/errors.hpp"
#include "demand_values.hpp"
#include "prediction/adaptive_levels.hpp"
#include "prediction/intervals.hpp"
#include "prediction/lasting_shift.hpp"
#include "prediction/likeness.hpp"
#include "prediction/metrics.hpp"

namespace fairlead {
namespace {

TEST(ErrorBands, PutQuantilesAtPTimesNPlusOne) {
  ByOriginAndStep errors(61, 1);
  std::vector<std::int64_t> origins(61);
  for (int i = 0; i < 61; ++i) errors(i, 0) = i * 7 % 61, origins[i] = i;
  const ByOriginAndStep made = ByOriginAndStep::Zero(61, 1);
  const ErrorBands bands(made, errors, origins, 100, BandRule::empirical);
  EXPECT_NEAR(bands.quantile(1, 0.5), 30, 1e-9);
  EXPECT_NEAR(bands.quantile(1, 0.25), 14.5, 1e-9);
  EXPECT_EQ(bands.quantile(1, 0.99), 60);
  EXPECT_EQ(bands.quantile(1, 0), 0);
  // The last of them were judged by bands of the others, which moved the levels a little.
  EXPECT_NEAR(ErrorBands(made, errors, origins, 100).quantile(1, 0.5), 30, 1);
}

TEST(LastingShift, IsFoundWhereForecastsLieBesideTheMiddle) {
  std::vector<std::int64_t> origins(300);
  std::iota(origins.begin(), origins.end(), 0);
  const Values random = noise(300, 15);
  ByOriginAndStep errors(300, 1);
  for (int i = 0; i < 300; ++i) errors(i, 0) = random[i] - 50;
  EXPECT_FALSE(has_lasting_shift(errors, origins, 300));
  errors.array() += 20;
  EXPECT_TRUE(has_lasting_shift(errors, origins, 300));
  errors.bottomRows(20).setConstant(1e6);
  ByOriginAndStep before = errors;
  before.bottomRows(20).setConstant(-1e6);
  EXPECT_TRUE(has_lasting_shift(errors, origins, 280));
  EXPECT_TRUE(has_lasting_shift(before, origins, 280));
}

// Errors of 40 after forecasts of 0, of 10 after those of 10, and noise.
TEST(ErrorBands, HaveTheMiddleOfErrorsAfterForecastsLikeThePresentOne) {
  std::vector<std::int64_t> origins(301);
  std::iota(origins.begin(), origins.end(), 0);
  const Values random = noise(301, 16);
  ByOriginAndStep made(301, 1), errors(301, 1);
  for (int i = 0; i < 301; ++i) {
    made(i, 0) = i % 2 == 0 ? 0 : 10;
    errors(i, 0) = (i % 2 == 0 ? 40 : 10) + (random[i] - 50) / 20;
  }
  EXPECT_NEAR(ErrorBands(made, errors, origins, 300).middle(1), 40, 2);
  made(300, 0) = 10;
  EXPECT_NEAR(ErrorBands(made, errors, origins, 300).middle(1), 10, 2);
  EXPECT_EQ(ErrorBands(made, errors, origins, 300, BandRule::split).middle(1), 0);
  for (int i = 0; i < 301; ++i) errors(i, 0) = random[i] - 50;
  EXPECT_EQ(ErrorBands(made, errors, origins, 300).middle(1), 0);
}

// Errors of about 5 at the first step and 100 at the second: their common middle lies far above all
// errors of the one, and below those of the other.
TEST(ErrorBands, HaveAMiddleInsideTheBandOfEachStep) {
  std::vector<std::int64_t> origins(301);
  std::iota(origins.begin(), origins.end(), 0);
  const Values random = noise(602, 17);
  const ByOriginAndStep made = ByOriginAndStep::Zero(301, 2);
  ByOriginAndStep errors(301, 2);
  for (int i = 0; i < 301; ++i)
    errors.row(i) << 5 + random[2 * i] / 50, 100 + random[2 * i + 1] / 5;
  for (const BandRule rule : {BandRule::adaptive, BandRule::empirical}) {
    const ErrorBands bands(made, errors, origins, 300, rule);
    for (const std::int64_t step : {1, 2}) {
      EXPECT_GT(bands.middle(step), 0);
      EXPECT_GE(bands.middle(step), bands.quantile(step, 0.25)) << step;
      EXPECT_LE(bands.middle(step), bands.quantile(step, 0.75)) << step;
    }
  }
}

TEST(AdaptiveLevels, RiseWhereErrorsGrow) {
  Values errors(400);
  std::vector<std::int64_t> origins(400);
  std::iota(origins.begin(), origins.end(), 0);
  const Values random = noise(400, 12);
  for (std::size_t i = 0; i < 400; ++i) errors[i] = (random[i] - 50) * (i < 200 ? 1 : 3);
  const AdaptiveLevels levels(errors, origins, 1, 400);
  EXPECT_GT(levels.level(0.8), 0.83);
  EXPECT_LT(levels.level(0.2), 0.17);
  EXPECT_EQ(levels.level(0), 0);
  EXPECT_EQ(levels.level(1), 1);
  for (double p = 0.01; p < 1; p += 0.01) EXPECT_LE(levels.level(p - 0.01), levels.level(p));
}

TEST(AdaptiveLevels, UseNoOutcomeAfterWhatIsKnown) {
  const Values random = noise(300, 13);
  Values changed = random;
  std::fill(changed.begin() + 200, changed.end(), 1e6);
  std::vector<std::int64_t> origins(300);
  std::iota(origins.begin(), origins.end(), 0);
  const AdaptiveLevels before(random, origins, 5, 204), after(changed, origins, 5, 204);
  EXPECT_EQ(before.level(0.9), after.level(0.9));
}

TEST(ErrorBands, UseNoOutcomeAfterWhatIsKnown) {
  ByOriginAndStep errors = ByOriginAndStep::Constant(30, 2, 1);
  errors.bottomRows(10).setConstant(1000);
  std::vector<std::int64_t> origins(30);
  std::iota(origins.begin(), origins.end(), 5);
  const ErrorBands bands(ByOriginAndStep::Zero(30, 2), errors, origins, 25);
  EXPECT_EQ(bands.count(1), 20);
  EXPECT_EQ(bands.count(2), 19 + 20);  // below 20, so those of step 1 come in
  EXPECT_EQ(bands.quantile(2, 1), 1);
}

TEST(ErrorBands, LieAroundTheForecastWhereErrorsAreFew) {
  const ByOriginAndStep errors = ByOriginAndStep::Constant(1, 2, 3);
  const std::vector<std::int64_t> origins{4};
  const ErrorBands bands(ByOriginAndStep::Zero(1, 2), errors, origins, 6);
  EXPECT_EQ(bands.count(1), 2);
  EXPECT_EQ(bands.quantile(1, 0.1), -3);
  EXPECT_EQ(bands.quantile(1, 0.9), 3);
}

// Forecasts of 0 and 10 in turn, errors of 0 to 4 after the first and of 20 to 24 after the second.
TEST(ErrorBands, WeighErrorsAfterForecastsLikeThePresentOne) {
  ByOriginAndStep made(101, 1), errors(101, 1);
  std::vector<std::int64_t> origins(101);
  for (int i = 0; i < 101; ++i) {
    made(i, 0) = i % 2 == 0 ? 0 : 10;
    errors(i, 0) = (i % 2 == 0 ? 0 : 20) + i / 2 % 5;
    origins[i] = i;
  }
  errors(100, 0) = kMissing;
  const ErrorBands alike(made, errors, origins, 100, BandRule::empirical);
  EXPECT_LT(alike.quantile(1, 0.8), 5);
  made(100, 0) = 10;
  EXPECT_GT(ErrorBands(made, errors, origins, 100, BandRule::empirical).quantile(1, 0.2), 19);
  const ErrorBands split(made, errors, origins, 100, BandRule::split);
  EXPECT_NEAR(split.quantile(1, 0.9), -split.quantile(1, 0.1), 1e-9);
}

TEST(ErrorBands, WeighErrorsAfterUnrestLikeThePresentOne) {
  const ByOriginAndStep made = ByOriginAndStep::Zero(101, 1);
  ByOriginAndStep errors(101, 1);
  std::vector<std::int64_t> origins(101);
  Values unsteady(101);
  for (int i = 0; i < 101; ++i) {
    unsteady[i] = i % 2;
    errors(i, 0) = (i % 2 == 0 ? 0 : 20) + i / 2 % 5;
    origins[i] = i;
  }
  const auto upper = [&](BandRule rule) {
    return ErrorBands(made, errors, origins, 100, rule, nearness(unsteady)).quantile(1, 0.8);
  };
  EXPECT_LT(upper(BandRule::empirical), 5);
  EXPECT_GT(upper(BandRule::split), 19);
  unsteady[100] = 1;
  EXPECT_GT(upper(BandRule::empirical), 19);
}

TEST(Unrest, IsTheMeanChangeOverAnEighthOfTheSeason) {
  const FilledSeries series = whole({9, 9, 9, 9, 12, 10, 10, 4});
  const std::vector<std::int64_t> origins{1, 4, 6, 8};
  const std::vector<std::int64_t> seasons{24, 168};
  EXPECT_EQ(unrest(series.past(), origins, seasons), (Values{0, 0, 5.0 / 3, 8.0 / 3}));
  EXPECT_EQ(unrest(series.past(), origins, {}), unrest(series.past(), origins, seasons));
}

// Values that never change leave the time of day: 1.1 at the same one, 0.1 + 1 - 0.5 a tenth of a
// day from it, 0.1 from a fifth of a day on. For sizes a half is added.
TEST(Likeness, GoesByTheTimeOfDay) {
  const FilledSeries series = whole(Values(100, 7.0));
  const std::vector<std::int64_t> origins{60, 68, 70, 78, 80}, seasons{20};
  const std::vector<double> ranking = ranking_weights(series.past(), origins, seasons);
  const std::vector<double> sizes = size_weights(series.past(), origins, seasons);
  const std::vector<double> expected{1.1, 0.1, 0.1, 0.6};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(ranking[i] / ranking[0], expected[i] / 1.1, 1e-12);
    EXPECT_NEAR(sizes[i] / sizes[0], (0.5 + ranking[i]) / (0.5 + ranking[0]), 1e-12);
  }
}

// The last values lie 50 above those of their day, as at the first of the origins and no other.
TEST(Likeness, GoesByTheDistanceFromTheMeanOfTheDay) {
  Values values(100, 10.0);
  for (const std::size_t high : {57, 58, 59, 97, 98, 99}) values[high] = 60;
  for (std::size_t i = 60; i < 70; ++i) values[i] += 0.5 * static_cast<double>(i - 59);
  const FilledSeries series = whole(values);
  std::vector<std::int64_t> origins;
  for (std::int64_t origin = 60; origin <= 100; origin += 4) origins.push_back(origin);
  const std::vector<double> weights = ranking_weights(series.past(), origins, {});
  for (std::size_t i = 1; i < weights.size(); ++i) EXPECT_GT(weights[0], weights[i]);
}

TEST(ErrorBands, SplitCoversTheNextOfExchangeableErrors) {
  const Values errors = noise(2000, 14);
  std::vector<std::int64_t> origins(20);
  std::iota(origins.begin(), origins.end(), 0);
  int inside = 0, all = 0;
  for (int from = 0; from + 20 <= 2000; from += 20, ++all) {
    ByOriginAndStep known(20, 1);
    for (int i = 0; i < 20; ++i) known(i, 0) = errors[from + i] - 50;
    const double next = known(19, 0);
    known(19, 0) = kMissing;
    const ErrorBands bands(ByOriginAndStep::Zero(20, 1), known, origins, 19, BandRule::split);
    inside += std::abs(next) <= bands.quantile(1, 0.9);
  }
  // 80 of 100 are to lie inside; four standard deviations are 16.
  EXPECT_NEAR(inside, 0.8 * all, 16);
}

TEST(ErrorBands, TakeNoUnknownRule) {
  EXPECT_EQ(band_rule_named("split"), BandRule::split);
  EXPECT_THROW(band_rule_named("splt"), InvalidInput);
}

TEST(Accuracy, MatchesAWorkedExample) {
  Accuracy accuracy(1);
  const Values deciles{1, 2, 3, 4, 5, 6, 7, 8, 9}, band{2, 8};
  accuracy.add(10, {5, deciles, band});
  accuracy.add(5, {5, deciles, band});
  accuracy.add(kMissing, {5, deciles, band});
  EXPECT_EQ(accuracy.count(), 2);
  EXPECT_DOUBLE_EQ(accuracy.mae(), 2.5);
  EXPECT_DOUBLE_EQ(accuracy.rmse(), std::sqrt(12.5));
  EXPECT_DOUBLE_EQ(accuracy.smape(), 50 / 1.5);
  // At 10: sum of p (10 - q) = 0.9 + 1.6 + 2.1 + 2.4 + 2.5 + 2.4 + 2.1 + 1.6 + 0.9 = 16.5.
  // At 5: 2 (0.4 + 0.6 + 0.6 + 0.4) = 4.
  EXPECT_NEAR(accuracy.pinball_loss(), (16.5 + 4.0) / 9 / 2, 1e-12);
  EXPECT_EQ(accuracy.coverage(0), 0.5);
  EXPECT_EQ(accuracy.width(0), 6);
}

TEST(SeasonalScale, SkipsPairsWithAMissingValue) {
  EXPECT_DOUBLE_EQ(seasonal_scale(Values{1, 2, 5, kMissing, 9, 10}, 2), 4);
  EXPECT_TRUE(std::isnan(seasonal_scale(Values{1, 2}, 2)));
}

}  // namespace
}  // namespace fairlead
