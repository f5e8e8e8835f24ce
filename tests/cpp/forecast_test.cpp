// Forecasts of the named models and of their combination, one at a time and in batches.
#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "demand_values.hpp"
#include "prediction/batch.hpp"
#include "prediction/forecast.hpp"

namespace fairlead {
namespace {

std::size_t model(const char* name) {
  return forecaster_named(name);
}

// One past at a time.
Forecast forecast(const Past& past, std::optional<std::size_t> model,
                  const ForecastOptions& options, std::span<const double> probabilities) {
  const ForecastRequest request{model, options, probabilities};
  return fairlead::forecast(std::span<const Past>(&past, 1), request).front();
}

const ForecastOptions kHourly{{24, 168}, 24, 24};
const Values kBand{0.05, 0.5, 0.95};

TEST(Forecast, OfSeasonalNaiveRepeatsTheLastSeason) {
  const FilledSeries series = whole(noise(100, 5));
  const Forecast made = forecast(series.past(), model("seasonal_naive"), {{24}, 24, 30}, kBand);
  for (int step = 0; step < 30; ++step) EXPECT_EQ(made.point[step], series.values[76 + step % 24]);
}

TEST(Forecast, OfRollingModelsIsTheMeanAndMedianOfTheWindow) {
  const FilledSeries series = whole({9, 1, 2, 6});
  const ForecastOptions options{{}, 3, 2};
  EXPECT_EQ(forecast(series.past(), model("rolling_mean"), options, kBand).point, (Values{3, 3}));
  EXPECT_EQ(forecast(series.past(), model("rolling_median"), options, kBand).point, (Values{2, 2}));
}

// A burst in the last of ten-minute values, and the one before it.
TEST(Forecast, OfPartsOfTheSeasonIsTheirMedianAndCountsWhereStepsAreFine) {
  Values values(600, 5.0);
  for (std::size_t i = 594; i < 598; ++i) values[i] = 7;
  values[598] = values[599] = 500;
  const FilledSeries series = whole(values);
  const ForecastOptions ten_minutes{{144}, 144, 2};
  EXPECT_EQ(forecast(series.past(), model("brief_median"), ten_minutes, kBand).point,
            (Values{7, 7}));
  EXPECT_EQ(forecast(series.past(), model("short_median"), ten_minutes, kBand).point,
            (Values{6, 6}));
  const auto weight = [&](const char* name, const ForecastOptions& options) {
    return forecast(series.past(), std::nullopt, options, kBand).weights[forecaster_named(name)];
  };
  EXPECT_GT(weight("brief_median", ten_minutes), 0);
  EXPECT_GT(weight("short_median", ten_minutes), 0);
  EXPECT_EQ(weight("brief_median", kHourly) + weight("short_median", kHourly), 0);
  EXPECT_GT(weight("naive", kHourly), 0);
}

// These do not err about what never changes, so that nothing but the priors weighs them.
TEST(Forecast, OfAutoCountsSomeModelsMoreWithoutEvidence) {
  const FilledSeries series = whole(Values(700, 7.0));
  const Forecast made = forecast(series.past(), std::nullopt, kHourly, kBand);
  const double one = made.weights[model("naive")];
  EXPECT_GT(one, 0.05);
  EXPECT_NEAR(made.weights[model("ridge_level")], one, 1e-12);
  EXPECT_NEAR(made.weights[model("level_shape")], 2 * one, 1e-12);
  EXPECT_NEAR(made.weights[model("median_autoregression")], 4 * one, 1e-12);
}

// An hour after a burst of half an hour `auto` is near where it was, and means are not.
TEST(Forecast, OfAutoDoesNotFollowABurstWhereStepsAreFine) {
  Values values = noise(1500, 8);
  for (std::size_t i = 1490; i < 1493; ++i) values[i] = 1e6;
  const FilledSeries series = whole(values);
  const ForecastOptions ten_minutes{{144}, 144, 6};
  const Forecast made = forecast(series.past(), std::nullopt, ten_minutes, kBand);
  for (int step = 0; step < 6; ++step) EXPECT_LT(made.point[step], 1000);
  const Forecast mean = forecast(series.past(), model("rolling_mean"), ten_minutes, kBand);
  EXPECT_GT(mean.point[0], 10'000);
}

TEST(Forecast, OfAutoDoesNotFollowASingleGlitch) {
  Values values = seasonal(700, 2, 11);
  values[670] *= 1000;
  const FilledSeries series = whole(values);
  const Forecast made = forecast(series.past(), std::nullopt, kHourly, kBand);
  for (int step = 0; step < 24; ++step) EXPECT_LT(made.point[step], 150);
}

TEST(Forecast, OfRidgeFindsAPatternWithoutNoise) {
  const FilledSeries series = whole(seasonal(1000, 0, 1));
  const Values truth = seasonal(1024, 0, 1);
  const Forecast made = forecast(series.past(), model("ridge"), kHourly, kBand);
  for (int step = 0; step < 24; ++step) EXPECT_NEAR(made.point[step], truth[1000 + step], 1);
}

TEST(Forecast, DoesNotDependOnTheUnit) {
  Values values = seasonal(600, 4, 2);
  const Forecast made = forecast(whole(values).past(), std::nullopt, kHourly, kBand);
  for (double& value : values) value *= 1024;  // a power of two: no rounding
  const Forecast scaled = forecast(whole(values).past(), std::nullopt, kHourly, kBand);
  EXPECT_EQ(scaled.model, made.model);
  for (int step = 0; step < 24; ++step)
    EXPECT_DOUBLE_EQ(scaled.point[step], 1024 * made.point[step]);
}

TEST(Forecast, SeesNothingAfterItsOrigin) {
  Values values = seasonal(700, 5, 3);
  for (std::size_t name = 0; name < forecasters().size(); ++name) {
    const Forecast before = forecast(whole(values).past().first(500), name, kHourly, kBand);
    Values changed = values;
    std::fill(changed.begin() + 500, changed.end(), 1e6);
    const FilledSeries other = whole(changed);
    const Forecast after = forecast(other.past().first(500), name, kHourly, kBand);
    EXPECT_EQ(before.point, after.point);
    EXPECT_EQ(before.quantiles, after.quantiles);
  }
}

TEST(Forecast, QuantilesAscendAndAreNeverNegative) {
  Values values = noise(300, 6);
  for (double& value : values) value = std::max(value - 80, 0.0);
  for (std::size_t name = 0; name < forecasters().size(); ++name) {
    const Forecast made = forecast(whole(values).past(), name, kHourly, kBand);
    for (int step = 0; step < 24; ++step) {
      EXPECT_GE(made.quantiles(step, 0), 0);
      EXPECT_LE(made.quantiles(step, 0), made.quantiles(step, 1));
      EXPECT_LE(made.quantiles(step, 1), made.quantiles(step, 2));
    }
  }
}

TEST(Forecast, GivesWayToASimplerModelOnAShortPast) {
  const FilledSeries day = whole(noise(30, 7));
  const FilledSeries hours = whole(noise(20, 7));
  EXPECT_EQ(forecast(day.past(), model("ridge"), kHourly, kBand).model, model("seasonal_naive"));
  EXPECT_EQ(forecast(hours.past(), model("ridge"), kHourly, kBand).model, model("rolling_mean"));
  const Forecast one = forecast(whole({7}).past(), std::nullopt, kHourly, kBand);
  for (const double point : one.point) EXPECT_NEAR(point, 7, 1e-12);
  EXPECT_EQ(one.errors, 0);
}

TEST(Forecast, AutoGivesMostWeightToWhatCameClosest) {
  const Forecast made = forecast(whole(seasonal(900, 3, 8)).past(), std::nullopt, kHourly, kBand);
  for (const char* rough : {"naive", "rolling_mean", "rolling_median"})
    EXPECT_GT(made.weights[made.model], 5 * made.weights[model(rough)]) << rough;
  for (const char* unfitted : {"seasonal_naive", "long_seasonal_naive", "pretrained"})
    EXPECT_GT(made.weights[made.model], made.weights[model(unfitted)]) << unfitted;
  EXPECT_NEAR(std::accumulate(made.weights.begin(), made.weights.end(), 0.0), 1, 1e-12);
}

TEST(Forecast, IsNotTaughtByWhatIsMissing) {
  // The values that stand in for missing ones are those of a day before, twenty too low: a model
  // that learned from them or counted them as outcomes would be pulled down.
  Values values(800);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i / 24 % 2 == 0 ? 100 : 120;
  Values gaps = values;
  for (std::size_t i = 300; i < 310; ++i) gaps[i] = kMissing;
  const FilledSeries filled = fill_missing(gaps, 0, 24);
  const Forecast made = forecast(filled.past(), model("ridge"), {{24, 48}, 24, 6}, kBand);
  const Forecast full = forecast(whole(values).past(), model("ridge"), {{24, 48}, 24, 6}, kBand);
  for (int step = 0; step < 6; ++step) EXPECT_NEAR(made.point[step], full.point[step], 1);
}

TEST(ForecastBatch, EqualsOneForecastAtATime) {
  Values values = seasonal(400, 3, 9);
  const Values second = noise(300, 10);
  values.insert(values.end(), second.begin(), second.end());
  const std::vector<std::int64_t> offsets{0, 400, 700}, phase{0, 5}, known{350, 400, 300};
  const std::vector<std::int32_t> series{0, 0, 1};
  int polls = 0;
  const auto run = [&](unsigned threads) {
    return forecast_batch({values, offsets, phase}, {series, known}, {{}, kHourly, kBand, 2},
                          threads, [&] { ++polls; });
  };
  const ForecastColumns made = run(1);
  EXPECT_GT(polls, 0);
  EXPECT_EQ(run(3).quantiles, made.quantiles);
  EXPECT_EQ(made.vectors.size(), 3u * 2 * 24);
  const FilledSeries last = fill_missing(second, 5, 24);
  const Forecast want = forecast(last.past(), std::nullopt, kHourly, kBand);
  EXPECT_TRUE(std::equal(want.point.begin(), want.point.end(), made.point.begin() + 48));
  EXPECT_EQ(made.model[2], static_cast<std::int32_t>(want.model));
  EXPECT_EQ(made.quantiles.size(), 3u * 24 * 3);
}

TEST(ForecastBatch, RefusesWhatIsNoDemand) {
  const std::vector<std::int64_t> offsets{0, 2}, phase{0}, known{2};
  const std::vector<std::int32_t> series{0};
  const auto run = [&](const Values& values, const ForecastOptions& options) {
    forecast_batch({values, offsets, phase}, {series, known}, {{}, options, kBand}, 1, [] {});
  };
  EXPECT_THROW(run({1, -1}, kHourly), InvalidInput);
  EXPECT_THROW(run({1, std::numeric_limits<double>::infinity()}, kHourly), InvalidInput);
  EXPECT_THROW(run({1, 2}, {{24}, 24, 0}), InvalidInput);
  EXPECT_THROW(run({1, 2}, {{1}, 24, 1}), InvalidInput);
  EXPECT_THROW(run({1, 2}, {{48, 24}, 24, 1}), InvalidInput);
  EXPECT_THROW(run({1, 2}, {{24}, 24, std::int64_t{1} << 60}), InvalidInput);
}

TEST(Registry, NamesTheKnownModelsWhenOneIsUnknown) {
  try {
    forecaster_named("prophet");
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find(", auto"), std::string::npos);
  }
}

}  // namespace
}  // namespace fairlead
