// Levels and shapes against slow and obvious versions, and what their products forecast.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "prediction/forecaster.hpp"
#include "prediction/linear/level_shapes.hpp"

namespace fairlead {
namespace {

using Values = std::vector<double>;

Values uniform(std::size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> some(1, 100);
  Values values(n);
  for (double& value : values) value = some(random);
  return values;
}

double day_and_week(std::int64_t t) {
  const double day = 1 + 0.6 * std::sin(2 * M_PI * static_cast<double>(t % 24) / 24);
  return day * (t % 168 < 120 ? 1.2 : 0.5);
}

LevelShapes after(const FilledSeries& series, std::int64_t known,
                  const std::vector<std::int64_t>& seasons) {
  LevelShapes shapes(seasons);
  for (std::int64_t t = 0; t < known; ++t) shapes.observe(series.past(), t);
  return shapes;
}

Values shapes_at(const LevelShapes& shapes, std::int64_t t) {
  Values at(shapes.shapes());
  shapes.shapes_at(t, at);
  return at;
}

ByOriginAndStep forecast(const FilledSeries& series, const ForecastOptions& options,
                         const std::vector<std::int64_t>& origins) {
  ByOriginAndStep out(static_cast<Eigen::Index>(origins.size()), options.horizon);
  const auto& entry = forecasters()[forecaster_named("level_shape")];
  entry.make()->forecast(series.past(), options, origins, out);
  return out;
}

TEST(LevelShapes, AreDiscountedDemandOverTheMeanOfTheCycleAroundIt) {
  const std::int64_t season = 5, known = 43;
  const Values values = uniform(known, 1);
  const LevelShapes shapes = after(fill_missing(values, 0, 0), known, {season});
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(known);
  for (std::int64_t place = 0; place < season; ++place) {
    const std::vector<double> keeps{0.3, 0.9};
    for (std::size_t k = 0; k < keeps.size(); ++k) {
      double seen = 0, around = 0;
      for (std::int64_t t = place; t < known - season / 2; t += season) {
        const std::int64_t begin = std::max<std::int64_t>(t - season / 2, 0);
        double cycle = 0;
        for (std::int64_t i = begin; i < begin + season; ++i) cycle += values[i] / season;
        seen = keeps[k] * seen + values[t];
        around = keeps[k] * around + cycle;
      }
      const double want = (seen + 0.1 * mean) / (around + 0.1 * mean);
      EXPECT_NEAR(shapes_at(shapes, known + 5 * season - known % season + place)[k + 1], want,
                  1e-12);
    }
  }
}

TEST(LevelShapes, AreTheSameOneByOneAndManyAtOnce) {
  const FilledSeries series = fill_missing(uniform(60, 2), 0, 0);
  for (const std::int64_t known : {0, 60}) {
    const LevelShapes some = after(series, known, {5, 12});
    const std::int64_t count = 31;
    Values together(some.shapes() * count);
    some.shapes_from(58, count, together);
    for (std::int64_t i = 0; i < count; ++i) {
      const Values at = shapes_at(some, 58 + i);
      for (std::size_t k = 0; k < at.size(); ++k)
        EXPECT_DOUBLE_EQ(together[k * count + i], at[k]) << "step " << i << ", shape " << k;
    }
  }
}

TEST(LevelShapes, OfALongSeasonLeanOnTheShorterOne) {
  Values values;
  for (std::int64_t t = 0; t < 24 * 6; ++t) values.push_back(t % 24 < 12 ? 150 : 50);
  // Less than a week is known: its shapes are those of the day.
  const LevelShapes shapes = after(fill_missing(values, 0, 0), 24 * 6, {24, 168});
  for (std::int64_t t = 200; t < 230; ++t) {
    const Values at = shapes_at(shapes, t);
    ASSERT_EQ(at.size(), 5);
    EXPECT_EQ(at[0], 1);
    EXPECT_EQ(at[2], at[1]);
    EXPECT_EQ(at[4], at[3]);
    EXPECT_EQ(at[1] > 1, t % 24 < 12);
  }
}

TEST(LevelShapes, MissingValuesTeachNothing) {
  Values values = uniform(60, 2);
  for (std::int64_t t = 31; t < 35; ++t) values[t] = std::nan("");
  const FilledSeries series = fill_missing(values, 0, 6);
  const LevelShapes before = after(series, 31, {6}), later = after(series, 35, {6});
  Values level_before(before.shapes() * before.windows()), level_later(level_before.size());
  before.levels(level_before);
  later.levels(level_later);
  EXPECT_EQ(before.scale(), later.scale());
  EXPECT_EQ(level_before, level_later);
}

TEST(LevelShape, ForecastsTheShapeOfDayAndWeekAtTheLevelOfNow) {
  Values values;
  for (std::int64_t t = 0; t < 168 * 8; ++t)
    values.push_back(100 * std::exp(static_cast<double>(t) / 500) * day_and_week(t));
  const FilledSeries series = fill_missing(values, 0, 0);
  for (const std::int64_t known : {168 * 6, 168 * 6 + 100}) {
    const ByOriginAndStep made = forecast(series, {{24, 168}, 24, 48}, {known - 30, known});
    double error = 0, of_last_week = 0;
    for (std::int64_t step = 0; step < 48; ++step) {
      error += std::abs(made(1, step) - values[known + step]);
      of_last_week += std::abs(values[known + step - 168] - values[known + step]);
    }
    EXPECT_LT(error, 0.25 * of_last_week);
  }
}

TEST(LevelShape, KnowsNoUnit) {
  const Values values = uniform(300, 3);
  Values larger = values;
  for (double& value : larger) value *= 0x1p40;
  const ForecastOptions options{{7, 21}, 7, 9};
  const std::vector<std::int64_t> origins{200, 250, 300};
  const ByOriginAndStep made = forecast(fill_missing(values, 0, 0), options, origins);
  const ByOriginAndStep scaled = forecast(fill_missing(larger, 0, 0), options, origins);
  EXPECT_EQ(made * 0x1p40, scaled);
}

TEST(LevelShape, ForecastsWithoutASeasonAndFromZeros) {
  Values values(50, 0.0);
  for (std::int64_t t = 0; t < 200; ++t) values.push_back(40);
  const ByOriginAndStep made = forecast(fill_missing(values, 0, 0), {{}, 12, 3}, {40, 100, 250});
  EXPECT_EQ(made.row(0).maxCoeff(), 0);
  for (std::int64_t step = 0; step < 3; ++step) EXPECT_NEAR(made(2, step), 40, 1);
}

}  // namespace
}  // namespace fairlead
