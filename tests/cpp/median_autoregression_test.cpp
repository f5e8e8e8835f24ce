// The median regression on the last value, against lines known beforehand and found by trial.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "demand_values.hpp"
#include "prediction/forecaster.hpp"

namespace fairlead {
namespace {

// What is forecast after all of it.
Values forecast_after(const Values& values, std::int64_t horizon) {
  const FilledSeries series = whole(values);
  const auto model = forecasters()[forecaster_named("median_autoregression")].make();
  ForecastOptions options;
  options.horizon = horizon;
  const std::vector<std::int64_t> origins{series.past().size()};
  ByOriginAndStep out(1, horizon);
  model->forecast(series.past(), options, origins, out);
  return {out.data(), out.data() + horizon};
}

// The value at `place` of the line with the least sum of absolute errors: one through two points.
double by_trial(const Values& x, const Values& y, double place) {
  double least = std::numeric_limits<double>::infinity(), at_place = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (x[i] == x[j]) continue;
      const double slope = (y[i] - y[j]) / (x[i] - x[j]);
      double loss = 0;
      for (std::size_t k = 0; k < x.size(); ++k)
        loss += std::abs(y[k] - y[i] - slope * (x[k] - x[i]));
      if (loss < least) least = loss, at_place = y[i] + slope * (place - x[i]);
    }
  }
  return at_place;
}

TEST(MedianAutoregression, IsTheLineWithTheLeastAbsoluteErrors) {
  const Values random = noise(120, 21);
  Values values{50};
  for (std::size_t t = 1; t < random.size(); ++t)
    values.push_back(10 + 0.7 * values.back() + (t % 5 == 0 ? random[t] : 0.1 * random[t]));
  const Values made = forecast_after(values, 3);
  for (std::size_t step = 1; step <= 3; ++step) {
    const Values x(values.begin(), values.end() - static_cast<std::ptrdiff_t>(step));
    const Values y(values.begin() + static_cast<std::ptrdiff_t>(step), values.end());
    EXPECT_NEAR(made[step - 1], by_trial(x, y, values.back()), 0.5) << "step " << step;
  }
}

TEST(MedianAutoregression, HoldsALevelThatMostlyHeld) {
  const Values random = noise(40, 22);
  Values values;
  for (const double level : random) values.insert(values.end(), 12, level);
  values.back() = 95;
  EXPECT_NEAR(forecast_after(values, 1)[0], 95, 0.5);
}

TEST(MedianAutoregression, GoesBackWhereLevelsDid) {
  Values values;
  for (int t = 0; t < 300; ++t) values.push_back(t % 20 < 15 ? 10 + t % 3 : 60 + t % 3);
  values.push_back(61);  // one value of a burst of five
  const Values made = forecast_after(values, 12);
  EXPECT_GT(made[0], 50);
  EXPECT_LT(made[11], 20);
}

// Every other value is missing, and the value before stands in for it: of what is observed each is
// 100 less the one before.
TEST(MedianAutoregression, LearnsNothingFromTargetsThatAreMissing) {
  Values values;
  for (int t = 0; t < 100; ++t) {
    values.push_back(t % 2 == 0 ? 30 : 70);
    values.push_back(kMissing);
  }
  EXPECT_NEAR(forecast_after(values, 1)[0], 30, 0.5);
}

TEST(MedianAutoregression, MixesTheLinesOfStepsBetweenThoseWithTheirOwn) {
  Values values;
  for (int t = 0; t < 200; ++t) values.push_back(1000 - 2 * t);
  const Values made = forecast_after(values, 30);
  for (int step = 1; step <= 30; ++step)
    EXPECT_NEAR(made[static_cast<std::size_t>(step - 1)], 1000 - 2 * (199 + step), 2);
}

}  // namespace
}  // namespace fairlead
