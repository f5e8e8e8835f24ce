// Smoothing models against slow and obvious versions of themselves, and against the future.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "prediction/forecaster.hpp"
#include "prediction/smoothing/choice.hpp"
#include "prediction/smoothing/fit.hpp"
#include "prediction/smoothing/season.hpp"
#include "prediction/smoothing/ses_weight.hpp"
#include "prediction/smoothing/theta.hpp"
#include "prediction/smoothing/tracker.hpp"

namespace fairlead {
namespace {

using namespace smoothing;
using Values = std::vector<double>;

// A level that wanders, a day of shape, and noise; never below 1.
Values demand(std::int64_t n, unsigned seed, std::int64_t season = 24) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Values values;
  double level = 100;
  for (std::int64_t t = 0; t < n; ++t) {
    level += normal(random);
    const double angle = 2 * M_PI * static_cast<double>(t % season) / static_cast<double>(season);
    values.push_back(std::max(level + 20 * std::sin(angle) + 3 * normal(random), 1.0));
  }
  return values;
}

FilledSeries whole(const Values& values) {
  return fill_missing(values, 0, 0);
}

Sample sample_of(const FilledSeries& series) {
  return {series.values, series.observed};
}

ByOriginAndStep forecasts(std::size_t model, const Past& past, const ForecastOptions& options,
                          const std::vector<std::int64_t>& origins) {
  ByOriginAndStep out(static_cast<Eigen::Index>(origins.size()), options.horizon);
  forecasters()[model].make()->forecast(past, options, origins, out);
  return out;
}

// ---- every model of the registry

class EveryModel : public testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(Registry, EveryModel, testing::Range<std::size_t>(0, forecasters().size()),
                         [](const auto& about) {
                           return std::string(forecasters()[about.param].name);
                         });

TEST_P(EveryModel, SeesNothingAfterAnOrigin) {
  const ForecastOptions options{{7, 21}, 7, 10};
  const Values values = demand(260, 11, 7);
  Values changed = values;
  std::mt19937_64 random(12);
  std::shuffle(changed.begin() + 200, changed.end(), random);
  changed[200] = 1e4;
  const FilledSeries series = whole(values), other = whole(changed);
  const std::int64_t first = forecasters()[GetParam()].make()->first_origin(series.past(), options);
  ASSERT_LT(first, 180) << "too long a start for this test";
  const std::vector<std::int64_t> origins{180, 186, 187, 193, 199, 200, 205, 230, 260};
  const ByOriginAndStep before = forecasts(GetParam(), series.past(), options, origins);
  const ByOriginAndStep after = forecasts(GetParam(), other.past(), options, origins);
  EXPECT_EQ(before.topRows(6), after.topRows(6));
  EXPECT_NE(before.bottomRows(3), after.bottomRows(3));
}

TEST_P(EveryModel, ForecastsManySeriesAsOneByOne) {
  const ForecastOptions options{{7, 21}, 7, 5};
  std::vector<FilledSeries> series;
  for (unsigned i = 0; i < 11; ++i) series.push_back(whole(demand(150 + 9 * i, i, 7)));
  const std::unique_ptr<Forecaster> model = forecasters()[GetParam()].make();
  std::vector<std::vector<std::int64_t>> origins;
  std::vector<ByOriginAndStep> together(series.size(), ByOriginAndStep(3, 5));
  for (const FilledSeries& each : series) origins.push_back({145, 147, each.past().size()});
  std::vector<ForecastTask> tasks;
  for (std::size_t i = 0; i < series.size(); ++i)
    tasks.push_back({series[i].past(), origins[i], &together[i]});
  model->forecast_all(tasks, options);
  for (std::size_t i = 0; i < series.size(); ++i) {
    ByOriginAndStep alone(3, 5);
    model->forecast(series[i].past(), options, origins[i], alone);
    EXPECT_EQ(alone, together[i]) << "series " << i;
  }
}

TEST_P(EveryModel, GivesFiniteForecastsThatAreNotNegativeForHardSeries) {
  const ForecastOptions options{{4, 8}, 4, 6};
  Values falling, spikes, zeros(80, 0.0), huge(80, 1e90), one(80, 0.0), tiny(80, 1e-90);
  for (int t = 0; t < 80; ++t) {
    falling.push_back(std::max(80.0 - 2 * t, 0.0));
    spikes.push_back(t % 17 == 0 ? 1e12 : 0);
  }
  one[40] = 5;
  huge[50] = 1;
  for (const Values& values : {falling, spikes, zeros, huge, one, tiny, Values(80, 3.0)}) {
    const FilledSeries series = whole(values);
    const std::int64_t size = series.past().size();
    const std::int64_t first =
        forecasters()[GetParam()].make()->first_origin(series.past(), options);
    if (first > size) continue;  // it says that it cannot
    const ByOriginAndStep made =
        forecasts(GetParam(), series.past(), options, {std::max(first, size - 10), size});
    EXPECT_TRUE(made.allFinite());
    EXPECT_GE(made.minCoeff(), 0);
  }
}

TEST_P(EveryModel, StartsWhereTheFirstValueIsKnown) {
  const ForecastOptions options{{4, 8}, 4, 3};
  Values values = demand(90, 3, 4);
  std::fill(values.begin(), values.begin() + 15, std::nan(""));
  const FilledSeries series = fill_missing(values, 0, 4);
  const std::unique_ptr<Forecaster> model = forecasters()[GetParam()].make();
  const std::int64_t first =
      std::max<std::int64_t>(model->first_origin(series.past(), options), 16);
  if (first > 90) GTEST_SKIP() << "it makes nothing of zeros";
  const ByOriginAndStep made = forecasts(GetParam(), series.past(), options, {first, 90});
  EXPECT_TRUE(made.allFinite());
  EXPECT_GE(made.minCoeff(), 0);
}

// A trend that follows the slopes of a season would carry them on for the whole horizon.
TEST(Holt, DoesNotCarryTheSlopeOfASeasonOn) {
  std::mt19937_64 random(31);
  std::normal_distribution<double> normal;
  Values values;
  for (int t = 0; t < 24 * 20 + 2; ++t)
    values.push_back(100 + 50 * std::sin(2 * M_PI * t / 24) + normal(random));
  const FilledSeries series = whole(values);
  const std::int64_t size = series.past().size();
  for (const char* name : {"holt", "damped_holt"}) {
    const ByOriginAndStep made =
        forecasts(forecaster_named(name), series.past(), {{24}, 24, 48}, {size - 12, size});
    EXPECT_LT(made.maxCoeff(), 200) << name;
    EXPECT_GT(made.minCoeff(), 0) << name;
  }
}

// ---- fits

// One-step errors by the definition, with every state kept; of relative ones n log(squares) is
// n log(sum of e^2) + 2 sum of log(forecast).
double plain_squares(const Form& form, const Model& m, const Values& values) {
  double level = m.level, trend = m.trend, squares = 0, logs = 0;
  auto season = m.season;
  const bool factors = form.season == Joins::by_factor, relative = form.error == Joins::by_factor;
  for (std::size_t t = 0; t < values.size(); ++t) {
    const double base = level + m.phi * trend;
    double place = factors ? season[0][t % form.seasons[0]] : 0;
    for (std::size_t k = 0; !factors && k < form.seasons.size(); ++k)
      place += season[k][t % form.seasons[k]];
    const double fitted = factors ? base * place : base + place;
    const double error = values[t] - fitted;
    squares += relative ? error * error / (fitted * fitted) : error * error;
    logs += relative ? std::log(fitted) : 0;
    level = base + m.alpha * error / (factors ? place : 1);
    trend = m.phi * trend + m.beta * error / (factors ? place : 1);
    for (std::size_t k = 0; k < form.seasons.size(); ++k)
      season[k][t % form.seasons[k]] += m.gamma[k] * error / (factors ? base : 1);
  }
  return squares * std::exp(2 * logs / static_cast<double>(values.size()));
}

const std::vector<Form> kForms{{false, false, {}},    {true, false, {}},    {true, true, {}},
                               {false, false, {12}},  {true, false, {12}},  {true, true, {12}},
                               {true, true, {7, 21}}, {false, false, {100}}};
constexpr Joins kSum = Joins::by_sum, kFactor = Joins::by_factor;
const std::vector<Form> kFactorForms{{false, false, {}, false, kFactor},
                                     {true, false, {}, false, kFactor},
                                     {true, true, {}, false, kFactor},
                                     {false, false, {12}, false, kFactor},
                                     {true, false, {12}, false, kFactor},
                                     {true, true, {12}, false, kFactor},
                                     {false, false, {12}, false, kFactor, kFactor},
                                     {true, false, {12}, false, kFactor, kFactor},
                                     {true, true, {12}, false, kFactor, kFactor},
                                     {true, false, {12}, false, kSum, kFactor}};

std::vector<Form> all_forms() {
  std::vector<Form> forms = kForms;
  forms.insert(forms.end(), kFactorForms.begin(), kFactorForms.end());
  return forms;
}

TEST(SmoothingFit, ReportsTheSquaresOfItsModel) {
  for (const Form& form : all_forms()) {
    std::vector<FilledSeries> series;
    std::vector<Sample> samples;
    for (unsigned i = 0; i < 9; ++i) series.push_back(whole(demand(250 + 30 * i, i, 12)));
    for (const FilledSeries& each : series) samples.push_back(sample_of(each));
    const std::vector<Model> models = fit(form, samples);
    for (std::size_t i = 0; i < models.size(); ++i) {
      const double plain = plain_squares(form, models[i], series[i].values);
      EXPECT_NEAR(models[i].squares / plain, 1, 1e-6);
    }
  }
}

TEST(SmoothingFit, IsNoWorseThanModelsNearIt) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (const Form& form : all_forms()) {
    const bool factors = form.season == Joins::by_factor;
    const Values values = demand(400, 21, 12);
    const Model best = fit(form, std::vector<Sample>{sample_of(whole(values))}).front();
    for (int trial = 0; trial < 200; ++trial) {
      Model other = best;
      other.level += normal(random);
      if (form.trend) other.trend += 0.05 * normal(random);
      other.alpha = std::clamp(other.alpha + 0.05 * normal(random), 1e-4, 0.9999);
      other.beta = std::min(other.beta, other.alpha);
      for (std::size_t k = 0; k < form.seasons.size(); ++k) {
        other.gamma[k] = std::clamp(other.gamma[k] + 0.02 * normal(random), 1e-5, 1 - other.alpha);
        for (double& place : other.season[k]) place += (factors ? 0.005 : 0.5) * normal(random);
      }
      EXPECT_GT(plain_squares(form, other, values), best.squares * (1 - 1e-4));
    }
  }
}

// Fitted to 120 values, a form forecasts the next twelve.
template <typename Course>
void expect_found(const Form& form, const Course& course, double tolerance) {
  Values values;
  for (int t = 0; t < 120; ++t) values.push_back(course(t));
  const Model model = fit(form, std::vector<Sample>{sample_of(whole(values))}).front();
  Tracker tracker(form, model);
  for (const double value : values) tracker.observe(value);
  Values made(12);
  tracker.forecast(made);
  for (int ahead = 0; ahead < 12; ++ahead) EXPECT_NEAR(made[ahead], course(120 + ahead), tolerance);
}

TEST(SmoothingFit, FindsASeasonWithoutNoise) {
  expect_found({true, false, {6}}, [](int t) { return 50 + 0.5 * t + 10 * (t % 6); }, 0.01);
}

TEST(SmoothingFit, FindsAFactorWithoutNoise) {
  const auto course = [](int t) { return (50 + 0.5 * t) * (1 + 0.2 * (t % 6)); };
  expect_found({true, false, {6}, false, kFactor, kFactor}, course, 0.05);
}

TEST(SmoothingFit, OfFactorsIsTheSameInOtherUnits) {
  const Form form{true, true, {12}, false, kFactor, kFactor};
  const Values values = demand(300, 4, 12);
  Values larger;
  for (const double value : values) larger.push_back(1024 * value);
  const std::vector<FilledSeries> series{whole(values), whole(larger)};
  const std::vector<Model> models =
      fit(form, std::vector<Sample>{sample_of(series[0]), sample_of(series[1])});
  EXPECT_EQ(models[0].alpha, models[1].alpha);
  EXPECT_EQ(models[0].season, models[1].season);
  EXPECT_EQ(models[0].level * 1024, models[1].level);
}

TEST(SmoothingFit, OfFactorsStaysFiniteWhenValuesFallToZeroLater) {
  Values values(60, 100.0);
  for (std::size_t t = 0; t < values.size(); t += 6) values[t] = 0.001;
  for (const Form& form : kFactorForms) {
    const Model model = fit(form, std::vector<Sample>{sample_of(whole(values))}).front();
    EXPECT_FALSE(std::isnan(model.squares));
    Tracker tracker(form, model);
    for (int t = 0; t < 500; ++t) tracker.observe(t < 60 ? values[t] : 0);
    for (int t = 0; t < 20; ++t) tracker.observe(7);
    Values made(12);
    tracker.forecast(made);
    for (const double value : made) EXPECT_TRUE(std::isfinite(value) && value >= 0);
  }
}

TEST(SmoothingChoice, TakesFactorsOnlyWhereAllValuesArePositive) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  Values values;
  for (int t = 0; t < 300; ++t)
    values.push_back((20 + t) * (1 + 0.5 * std::sin(t * M_PI / 6)) *
                     std::exp(0.1 * normal(random)));
  Values zero = values;
  zero[100] = 0;
  const std::vector<Form> forms{{true, false, {12}}, {true, false, {12}, false, kFactor, kFactor}};
  const FilledSeries positive = whole(values), other = whole(zero);
  const std::vector<Sample> samples{sample_of(positive), sample_of(other)};
  for (const ChoiceRule rule : {ChoiceRule::aicc, ChoiceRule::held_out}) {
    const std::vector<Chosen> chosen = choose(forms, rule, samples, 12);
    EXPECT_EQ(chosen[0].form, 1u);
    EXPECT_EQ(chosen[1].form, 0u);
  }
}

TEST(SmoothingFit, LearnsNothingFromWhatIsMissing) {
  Values values = demand(300, 8);
  FilledSeries series = whole(values);
  for (int t = 100; t < 110; ++t) series.observed[t] = 0, series.values[t] = values[t - 24];
  const Form form{false, false, {24}};
  const Model model = fit(form, std::vector<Sample>{sample_of(series)}).front();
  EXPECT_EQ(model.count, 290);
  EXPECT_LT(model.squares, plain_squares(form, model, series.values));
}

TEST(SmoothingChoice, TakesTheFormOfTheSeries) {
  const std::vector<Form> forms{{false, false, {}}, {true, false, {}}, {false, false, {12}}};
  const FilledSeries seasonal = whole(demand(300, 9, 12));
  std::mt19937_64 random(6);
  std::normal_distribution<double> normal(50, 5);
  Values noise(300);
  for (double& value : noise) value = normal(random);
  const FilledSeries flat = whole(noise);
  const std::vector<Sample> samples{sample_of(seasonal), sample_of(flat)};
  for (const ChoiceRule rule : {ChoiceRule::aicc, ChoiceRule::held_out})
    EXPECT_EQ(choose(forms, rule, samples, 12)[0].form, 2u);
  EXPECT_EQ(choose(forms, ChoiceRule::aicc, samples, 12)[1].form, 0u);
}

// ---- theta

double plain_theta_squares(ThetaKind kind, const Values& y, double alpha, double theta,
                           double level) {
  RunningLine all, line;
  for (const double value : y) all.observe(value);
  double squares = 0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    const RunningLine& used = kind == ThetaKind::standard ? all : line;
    const double power = std::pow(1 - alpha, static_cast<double>(t));
    const double made = level + (1 - 1 / theta) * (power * used.intercept +
                                                   (1 - power * (1 - alpha)) / alpha * used.slope);
    if (t >= 3) squares += (y[t] - made) * (y[t] - made);
    level += alpha * (y[t] - level);
    line.observe(y[t]);
  }
  return squares;
}

TEST(Theta, LineIsThatOfLeastSquares) {
  RunningLine line;
  for (int t = 1; t <= 50; ++t) line.observe(3 + 0.25 * t + (t % 2 == 0 ? 1 : -1));
  double covariance = 0, variance = 0;
  for (int t = 1; t <= 50; ++t) {
    const double y = 3 + 0.25 * t + (t % 2 == 0 ? 1 : -1);
    covariance += (t - 25.5) * y;
    variance += (t - 25.5) * (t - 25.5);
  }
  EXPECT_NEAR(line.slope, covariance / variance, 1e-12);
  EXPECT_NEAR(line.intercept, line.mean - line.slope * 25.5, 1e-12);
}

TEST(Theta, FitIsNoWorseThanAnyOfAGrid) {
  const Values values = demand(200, 31);
  for (const ThetaKind kind : {ThetaKind::standard, ThetaKind::dynamic_optimized}) {
    const ThetaModel best = fit_theta(kind, values);
    const double plain =
        plain_theta_squares(kind, values, best.alpha, 1 / (1 - best.share), best.level);
    EXPECT_NEAR(best.squares / plain, 1, 1e-8);
    for (double alpha = 0.1; alpha < 1; alpha += 0.089) {
      for (const double theta : {1.0, 1.5, 2.0, 4.0}) {
        if (kind == ThetaKind::standard && theta != 2) continue;
        for (double level = 60; level < 140; level += 4)
          EXPECT_GE(plain_theta_squares(kind, values, alpha, theta, level),
                    best.squares * (1 - 1e-4));
      }
    }
  }
}

TEST(Season, IsFoundMultiplicativeAndTakenOff) {
  Values values;
  for (int t = 0; t < 100; ++t) values.push_back((100 + t) * (t % 5 == 0 ? 2 : 1));
  const SeasonShape shape = season_of(values, 5);
  ASSERT_TRUE(shape.multiplicative);
  EXPECT_NEAR(shape.places[0] / shape.places[1], 2, 0.02);
  EXPECT_DOUBLE_EQ(shape.put_on(shape.taken_from(7, 3), 3), 7);
  values[20] = 0;
  EXPECT_FALSE(season_of(values, 5).multiplicative);
  EXPECT_TRUE(season_of(Values(100, 4.0), 5).places.empty());
  EXPECT_TRUE(season_of(Values(9, 4.0), 5).places.empty());
}

// ---- simple smoothing

TEST(SesWeight, IsTheBestOfAFineGrid) {
  const Values values = demand(150, 41, 1000);
  const auto squares = [&](double weight) {
    double level = values[0], sum = 0;
    for (const double value : values) {
      sum += (value - level) * (value - level);
      level += weight * (value - level);
    }
    return sum;
  };
  const double best = ses_weight(values);
  for (double weight = 0.01; weight < 0.991; weight += 0.01)
    EXPECT_GE(squares(weight), squares(best) * (1 - 1e-6));
}

TEST(Intermittent, MeanSizeOverMeanIntervalOfARegularDemand) {
  Values values;
  for (int t = 1; t <= 60; ++t) values.push_back(t % 4 == 0 ? 8 : 0);
  const FilledSeries series = whole(values);
  const ByOriginAndStep croston =
      forecasts(forecaster_named("croston"), series.past(), {{}, 4, 2}, {60});
  EXPECT_DOUBLE_EQ(croston(0, 1), 2);
  values.insert(values.end(), 100, 0.0);
  const FilledSeries faded = whole(values);
  const ForecastOptions options{{}, 4, 2};
  EXPECT_LT(forecasts(forecaster_named("tsb"), faded.past(), options, {160})(0, 0), 1);
  EXPECT_DOUBLE_EQ(forecasts(forecaster_named("croston"), faded.past(), options, {160})(0, 0), 2);
}

}  // namespace
}  // namespace fairlead
