// Demand sums, features, ridge, bands, metrics and forecasts against slow and obvious versions.
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "prediction/adaptive_levels.hpp"
#include "prediction/batch.hpp"
#include "prediction/demand.hpp"
#include "prediction/features.hpp"
#include "prediction/forecast.hpp"
#include "prediction/intervals.hpp"
#include "prediction/lasting_shift.hpp"
#include "prediction/metrics.hpp"
#include "prediction/ridge.hpp"

namespace fairlead {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
using Values = std::vector<double>;

Values noise(std::size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 100);
  Values values(n);
  std::ranges::generate(values, [&] { return uniform(random); });
  return values;
}

// A day and a week of shape, and noise.
Values seasonal(std::int64_t n, double spread, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Values values;
  for (std::int64_t t = 0; t < n; ++t) {
    const double day = std::sin(2 * M_PI * static_cast<double>(t % 24) / 24);
    const double weekend = t % 168 >= 120 ? -20 : 0;
    values.push_back(std::max(60 + 20 * day + weekend + spread * normal(random), 0.0));
  }
  return values;
}

FilledSeries whole(const Values& values) {
  return fill_missing(values, 0, 0);
}

std::size_t model(const char* name) {
  return forecaster_named(name);
}

// One past at a time.
Forecast forecast(const Past& past, std::optional<std::size_t> model,
                  const ForecastOptions& options, std::span<const double> probabilities) {
  const ForecastRequest request{model, options, probabilities};
  return fairlead::forecast(std::span<const Past>(&past, 1), request).front();
}

// ---- demand

TEST(MeanUse, CountsPartsOfIntervalsExactly) {
  const std::vector<std::int64_t> start{0, 5, 25}, end{30, 15, 40}, amount{4, 10, 3};
  const std::vector<std::int32_t> group{0, 0, 1};
  const Values means = mean_use({start, end, amount, group}, 2, {0, 10, 4}, 1);
  EXPECT_EQ(means, (Values{9, 9, 4, 0, 0, 0, 1.5, 3}));
}

TEST(MeanUse, LeavesOutWhatLiesOutsideTheGrid) {
  const std::vector<std::int64_t> start{-50, 0, 100}, end{5, 500, 200}, amount{2, 1, 9};
  const std::vector<std::int32_t> group{0, 0, 0};
  EXPECT_EQ(mean_use({start, end, amount, group}, 1, {0, 10, 2}, 1), (Values{2, 1}));
}

TEST(MeanUse, DoesNotOverflow) {
  const std::int64_t big = 4'000'000'000'000'000'000;
  const std::vector<std::int64_t> start(3, 0), end(3, big), amount(3, big);
  const std::vector<std::int32_t> group(3, 0);
  EXPECT_DOUBLE_EQ(mean_use({start, end, amount, group}, 1, {0, big, 1}, 2)[0], 6e18);
}

TEST(MeanUse, RefusesAnEndBeforeItsStart) {
  const std::vector<std::int64_t> start{5}, end{4}, amount{1};
  const std::vector<std::int32_t> group{0};
  EXPECT_THROW(mean_use({start, end, amount, group}, 1, {0, 1, 1}, 1), InvalidInput);
}

// ---- history

TEST(FillMissing, TakesTheSeasonBeforeThenTheLastValue) {
  const Values raw{1, 2, 3, kMissing, kMissing, 6, kMissing};
  const FilledSeries filled = fill_missing(raw, 0, 3);
  EXPECT_EQ(filled.values, (Values{1, 2, 3, 1, 2, 6, 1}));
  EXPECT_EQ(filled.observed, (std::vector<std::uint8_t>{1, 1, 1, 0, 0, 1, 0}));
  EXPECT_EQ(fill_missing(raw, 0, 0).values, (Values{1, 2, 3, 3, 3, 6, 6}));
}

// ---- features

double plain_feature(const Values& values, const Feature& f, std::int64_t step, std::int64_t origin,
                     std::int64_t phase) {
  const std::int64_t target = origin + step - 1;
  const auto at = [&](std::int64_t i) { return i < 0 ? kMissing : values[i]; };
  if (f.kind == FeatureKind::lag) return at(origin - f.length);
  if (f.kind == FeatureKind::sine)
    return std::sin(2 * M_PI * static_cast<double>(f.order * (phase + target)) /
                    static_cast<double>(f.length));
  if (f.kind == FeatureKind::cosine)
    return std::cos(2 * M_PI * static_cast<double>(f.order * (phase + target)) /
                    static_cast<double>(f.length));
  if (f.kind == FeatureKind::season_lag || f.kind == FeatureKind::season_mean) {
    std::int64_t place = target - (target - origin + f.length) / f.length * f.length;
    place += f.shift;
    if (place >= origin) place -= f.length;
    if (f.kind == FeatureKind::season_lag) return at(place - f.order * f.length);
    double sum = 0;
    for (std::int64_t k = 0; k < f.order; ++k) sum += at(place - k * f.length);
    return sum / static_cast<double>(f.order);
  }
  if (origin < f.length) return kMissing;
  const Values window(values.begin() + (origin - f.length), values.begin() + origin);
  if (f.kind == FeatureKind::minimum) return *std::ranges::min_element(window);
  if (f.kind == FeatureKind::maximum) return *std::ranges::max_element(window);
  const double n = static_cast<double>(f.length);
  const double mean = std::accumulate(window.begin(), window.end(), 0.0) / n;
  if (f.kind == FeatureKind::mean) return mean;
  double squares = 0;
  for (const double value : window) squares += (value - mean) * (value - mean);
  return f.length < 2 ? 0 : std::sqrt(squares / (n - 1));
}

std::vector<Feature> every_kind() {
  std::vector<Feature> features{{FeatureKind::lag, 1},
                                {FeatureKind::lag, 9},
                                {FeatureKind::season_lag, 7},
                                {FeatureKind::season_lag, 7, 2},
                                {FeatureKind::season_lag, 7, 0, 1},
                                {FeatureKind::season_lag, 7, 1, -1},
                                {FeatureKind::season_mean, 5, 3},
                                {FeatureKind::sine, 7, 2},
                                {FeatureKind::cosine, 24, 1}};
  for (const std::int64_t window : {1, 2, 5, 24}) {
    for (const FeatureKind kind :
         {FeatureKind::mean, FeatureKind::deviation, FeatureKind::minimum, FeatureKind::maximum})
      features.push_back({kind, window});
  }
  return features;
}

TEST(Features, EqualTheirDefinitionsAtEveryOriginAndStep) {
  const Values values = noise(73, 1);
  const FilledSeries series = fill_missing(values, -3, 0);
  const std::vector<Feature> features = every_kind();
  for (const std::int64_t step : {1, 2, 7, 8, 20}) {
    const Eigen::MatrixXd made = feature_matrix(series.past(), features, step, 0);
    for (std::size_t column = 0; column < features.size(); ++column) {
      for (std::int64_t origin = 0; origin <= 73; ++origin) {
        const double want = plain_feature(values, features[column], step, origin, -3);
        const double got = made(origin, static_cast<Eigen::Index>(column));
        EXPECT_EQ(std::isnan(got), origin < first_origin(features[column], step));
        if (!std::isnan(want)) {
          EXPECT_NEAR(got, want, 1e-11) << "column " << column << " origin " << origin;
        }
      }
    }
  }
}

TEST(Features, AreTheSameForOriginsFromTheMiddleOn) {
  const FilledSeries series = whole(noise(60, 2));
  const std::vector<Feature> features = every_kind();
  const Eigen::MatrixXd all = feature_matrix(series.past(), features, 3, 0);
  EXPECT_EQ(feature_matrix(series.past(), features, 3, 40), all.bottomRows(21));
}

TEST(Features, KeepNoTraceOfASpikeThatLeftTheWindow) {
  Values values(40, 0.5);
  values[3] = 1e15;
  const std::vector<Feature> spread{{FeatureKind::deviation, 6}, {FeatureKind::mean, 6}};
  const Eigen::MatrixXd made = feature_matrix(whole(values).past(), spread, 1, 20);
  EXPECT_EQ(made.col(0).maxCoeff(), 0);
  EXPECT_EQ(made.col(1).maxCoeff(), 0.5);
}

TEST(Features, RefuseLengthsBelowOne) {
  const FilledSeries series = whole(noise(5, 3));
  const std::vector<Feature> bad{{FeatureKind::mean, 0}};
  EXPECT_THROW(feature_matrix(series.past(), bad, 1, 0), InvalidInput);
}

// ---- ridge

TEST(Ridge, EqualsTheClosedFormOnStandardisedFeatures) {
  std::srand(4);
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(50, 3).array() * 5 + 100;
  const Eigen::VectorXd y = x * Eigen::Vector3d(1, -2, 0.5) + Eigen::VectorXd::Random(50);
  NormalEquations equations(3);
  equations.add(x.topRows(20), y.head(20));
  equations.add(x.bottomRows(30), y.tail(30));
  const std::vector<double> penalties{0.3};
  const LinearModel model = equations.solve(penalties).front();

  const Eigen::RowVectorXd mean = x.colwise().mean();
  Eigen::MatrixXd z = x.rowwise() - mean;
  const Eigen::RowVectorXd deviation = (z.array().square().colwise().sum() / 50).sqrt();
  z = z.array().rowwise() / deviation.array();
  const Eigen::MatrixXd system = z.transpose() * z / 50 + 0.3 * Eigen::MatrixXd::Identity(3, 3);
  const Eigen::VectorXd w = system.inverse() * (z.transpose() * y / 50);
  // The sums carry x^2 of 1e4 beside a variance of 8, so three digits of sixteen go.
  EXPECT_NEAR((model.weights - w.cwiseQuotient(deviation.transpose())).norm(), 0, 1e-10);
  EXPECT_NEAR((x * model.weights).mean() + model.intercept, y.mean(), 1e-9);
}

TEST(Ridge, GivesAConstantFeatureNoWeight) {
  Eigen::MatrixXd x(4, 2);
  x << 1, 7, 2, 7, 3, 7, 4, 7;
  NormalEquations equations(2);
  equations.add(x, Eigen::Vector4d(2, 4, 6, 8));
  const std::vector<double> penalties{1e-12};
  const LinearModel model = equations.solve(penalties).front();
  EXPECT_NEAR(model.weights[0], 2, 1e-9);
  EXPECT_EQ(model.weights[1], 0);
}

// ---- bands and metrics

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
  EXPECT_FALSE(lasting_shift(errors, origins, 300).has_value());
  errors.array() += 20;
  EXPECT_NEAR(lasting_shift(errors, origins, 300).value_or(0), 20, 6);
  errors.bottomRows(20).setConstant(1e6);
  ByOriginAndStep before = errors;
  before.bottomRows(20).setConstant(-1e6);
  EXPECT_EQ(lasting_shift(errors, origins, 280), lasting_shift(before, origins, 280));
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

// ---- forecasts

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
  EXPECT_TRUE(forecasters()[made.model].learns);
  EXPECT_GT(made.weights[made.model], 5 * made.weights[model("rolling_mean")]);
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
