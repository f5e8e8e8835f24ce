// The network trained on other series: what it sees, by its definition, and what it makes of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "demand_values.hpp"
#include "prediction/forecaster.hpp"
#include "prediction/pretrained/inputs.hpp"

namespace fairlead {
namespace {

const std::vector<std::int64_t> kSeasons{24, 168};

Values forecast_at(const Values& values, std::int64_t origin, std::int64_t horizon,
                   const std::vector<std::int64_t>& seasons = kSeasons) {
  const FilledSeries series = whole(values);
  ForecastOptions options;
  options.horizon = horizon;
  options.seasons = seasons;
  ByOriginAndStep out(1, horizon);
  forecasters()[forecaster_named("pretrained")].make()->forecast(series.past(), options,
                                                                 {&origin, 1}, out);
  return {out.data(), out.data() + horizon};
}

Values scaled(Values values, double by) {
  for (double& value : values) value *= by;
  return values;
}

// The last `window` of the first `origin` values, or all of them.
Values latest(const Values& values, std::int64_t origin, std::int64_t window) {
  return {values.begin() + std::max<std::int64_t>(origin - window, 0), values.begin() + origin};
}

double mean_of(const Values& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double mean_change(const Values& values, std::int64_t origin, std::int64_t window,
                   std::int64_t steps) {
  Values changes;
  for (std::int64_t i = std::max(origin - window, steps); i < origin; ++i)
    changes.push_back(std::abs(values[i] - values[i - steps]));
  return mean_of(changes);
}

double deviation(const Values& values) {
  double square = 0;
  for (const double value : values) square += std::pow(value - mean_of(values), 2);
  return std::sqrt(square / static_cast<double>(values.size()));
}

double unit_at(const Values& values, std::int64_t origin) {
  return mean_change(values, origin, 14 * 24, 24) + 1e-3 * mean_of(latest(values, origin, 14 * 24));
}

void expect_origin_inputs(const Values& values, std::int64_t origin) {
  std::array<double, kOriginInputs> made;
  NetworkInputs(values, kSeasons, 48).of_origin(origin, made);
  const double last = values[origin - 1];
  Values wanted;
  for (const std::int64_t window : {2, 3, 6, 12, 24, 48, 96, 168, 336})
    wanted.push_back(mean_of(latest(values, origin, window)) - last);
  wanted.push_back(std::ranges::max(latest(values, origin, 24)) - last);
  wanted.push_back(std::ranges::min(latest(values, origin, 24)) - last);
  wanted.push_back(std::ranges::max(latest(values, origin, 336)) - last);
  wanted.push_back(last);
  wanted.push_back(mean_change(values, origin, 24, 1));
  wanted.push_back(mean_change(values, origin, 336, 1));
  wanted.push_back(mean_change(values, origin, 336, 12));
  wanted.push_back(deviation(latest(values, origin, 24)));
  wanted.push_back(deviation(latest(values, origin, 336)));
  wanted.push_back(values[origin - 2] - last);
  wanted.push_back(values[origin - 4] - last);
  for (std::size_t i = 0; i < kOriginInputs; ++i)
    EXPECT_NEAR(made[i], wanted[i] / unit_at(values, origin), 1e-9) << origin << ", input " << i;
}

TEST(NetworkInputs, AreWhatTheyAreSaidToBe) {
  const Values values = seasonal(700, 9, 5);
  for (const std::int64_t origin : {25, 47, 200, 336, 337, 700})
    expect_origin_inputs(values, origin);
}

// A day later, two days later; a week; the mean change of up to fourteen days; that of a week.
TEST(NetworkInputs, OfAStepLieAtItsPlaceInTheSeasons) {
  const Values values = seasonal(700, 9, 6);
  for (const std::int64_t origin : {60, 190, 500, 700}) {
    const NetworkInputs inputs(values, kSeasons, 48);
    NetworkInputs::Steps made(static_cast<Eigen::Index>(kStepInputs), 48);
    inputs.of_steps(origin, made);
    const double last = values[origin - 1], unit = unit_at(values, origin);
    const auto at = [&](std::int64_t index) { return values[std::max<std::int64_t>(index, 0)]; };
    for (std::int64_t step = 1; step <= 48; ++step) {
      const std::int64_t target = origin + step - 1, back = step <= 24 ? 24 : 48;
      Values changes;
      for (std::int64_t days = back; days < back + 14 * 24 && origin - 1 - days >= 0; days += 24)
        changes.push_back(values[target - days] - values[origin - 1 - days]);
      const double usual = changes.empty() ? 0 : mean_of(changes);
      const Values wanted{static_cast<double>(step) / 24,
                          std::sqrt(static_cast<double>(step) / 24),
                          (at(target - back) - last) / unit,
                          (at(target - back - 24) - last) / unit,
                          (at(target - 168) - last) / unit,
                          usual / unit,
                          (origin > 168 ? at(target - 168) - at(origin - 169) : usual) / unit};
      for (std::size_t i = 0; i < kStepInputs; ++i) {
        EXPECT_NEAR(made(static_cast<Eigen::Index>(i), step - 1), wanted[i], 1e-9)
            << origin << " + " << step << ", input " << i;
      }
    }
  }
}

TEST(Pretrained, KnowsNoUnits) {
  const Values values = seasonal(400, 9, 7);
  const Values made = forecast_at(values, 400, 30);
  EXPECT_EQ(forecast_at(scaled(values, 1024), 400, 30), scaled(made, 1024));
  EXPECT_EQ(forecast_at(scaled(values, 0x1p-40), 400, 30), scaled(made, 0x1p-40));
}

TEST(Pretrained, ReadsNothingAfterTheOrigin) {
  Values values = seasonal(400, 9, 8);
  const Values made = forecast_at(values, 300, 24);
  std::ranges::reverse(values.begin() + 300, values.end());
  EXPECT_EQ(forecast_at(values, 300, 24), made);
  values.resize(300);
  EXPECT_EQ(forecast_at(values, 300, 24), made);
}

TEST(Pretrained, StaysWhereNothingMoves) {
  EXPECT_EQ(forecast_at(Values(100, 0.0), 100, 5), Values(5, 0.0));
  for (const double value : forecast_at(Values(100, 50.0), 100, 24)) EXPECT_NEAR(value, 50, 0.5);
}

TEST(Pretrained, FollowsADayThatRepeats) {
  const Values values = seasonal(500, 2, 9);
  const Values made = forecast_at(values, 400, 24);
  double error = 0, of_last = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    error += std::abs(made[i] - values[400 + i]);
    of_last += std::abs(values[399] - values[400 + i]);
  }
  EXPECT_LT(error, 0.5 * of_last);
}

// Demand between two levels jumps above both.
TEST(Pretrained, TrustsAFreshLevelLessTheFurtherAhead) {
  Values values(300, 40.0);
  for (int t = 0; t < 300; t += 50) std::fill_n(values.begin() + t, 25, 60.0);
  values.resize(310, 120.0);
  const Values made = forecast_at(values, 310, 24);
  EXPECT_NEAR(made.front(), 120, 12);
  EXPECT_LT(made.back(), made.front());
  EXPECT_GT(made.back(), 60);
}

TEST(Pretrained, TakesAnySeasonsAndAHorizonOfSeveral) {
  const Values values = seasonal(90, 9, 10);
  for (const std::vector<std::int64_t>& seasons :
       {std::vector<std::int64_t>{2}, {7}, {12, 84}, {80}}) {
    for (const double value : forecast_at(values, 90, 200, seasons)) {
      EXPECT_TRUE(std::isfinite(value));
      EXPECT_GE(value, 0);
    }
  }
}

TEST(Pretrained, NeedsASeasonOfPast) {
  const auto model = forecasters()[forecaster_named("pretrained")].make();
  const FilledSeries series = whole(Values(30, 1.0));
  ForecastOptions options;
  EXPECT_GT(model->first_origin(series.past(), options), 30);
  options.seasons = kSeasons;
  EXPECT_EQ(model->first_origin(series.past(), options), 25);
}

}  // namespace
}  // namespace fairlead
