// Whom a combination believes: by errors, by the time of day, by what the others say.
#include "prediction/combination.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "demand_values.hpp"
#include "prediction/window_sums.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kFirst = 200, kLast = 400;  // origins
constexpr Eigen::Index kSteps = 24;

ForecastOptions hourly() {
  ForecastOptions options;
  options.seasons = {24, 168};
  options.horizon = kSteps;
  return options;
}

// What a model forecast at each origin, for all steps.
Record record(const std::function<double(std::int64_t)>& forecast, double prior = 1) {
  Record made{0, 0, ByOriginAndStep(kLast - kFirst + 1, kSteps), prior};
  for (std::int64_t origin = kFirst; origin <= kLast; ++origin)
    made.made.row(origin - kFirst).setConstant(forecast(origin));
  return made;
}

Record always(double forecast, double prior = 1) {
  return record([=](std::int64_t) { return forecast; }, prior);
}

// Of demand that is always 10.
Combination combined(const std::vector<Record>& records,
                     const ForecastOptions& options = hourly()) {
  const FilledSeries series = whole(Values(kLast, 10.0));
  std::vector<std::int64_t> origins(kLast - kFirst + 1);
  std::iota(origins.begin(), origins.end(), kFirst);
  return combine(series.past(), origins, records, options);
}

// Two records that erred alike, and one that erred twice as much with four times their prior.
TEST(Combination, WeighsPriorsByErrors) {
  const auto weights = [](double last) {
    return combined({always(11), always(9), always(last, 4)}).weights;
  };
  const std::vector<double> alike = weights(11), twice = weights(12);
  EXPECT_NEAR(alike[2], 4.0 / 6, 1e-12);
  EXPECT_EQ(twice[0], twice[1]);
  EXPECT_NEAR(twice[2] / twice[0], 4.0 / 32, 0.01);
}

// One is right at origins of the twelve hours around the present one, the other beyond.
TEST(Combination, GoesByErrorsAtTheSameTimeOfDay) {
  const auto is_near = [](std::int64_t origin) {
    const std::int64_t before = (kLast - origin) % 24;
    return before <= 6 || before >= 18;
  };
  const std::vector<Record> records{
      record([&](std::int64_t origin) { return is_near(origin) ? 10.5 : 14; }),
      record([&](std::int64_t origin) { return is_near(origin) ? 14 : 10.5; })};
  EXPECT_GT(combined(records).weights[0], 0.95);
  ForecastOptions without;
  without.horizon = kSteps;
  EXPECT_NEAR(combined(records, without).weights[0], 0.5, 0.2);
}

// An error two to four hours from the present time of day counts more than one half a day from it,
// and that one counts as well.
TEST(Combination, CountsErrorsLessTheFartherTheirTimeOfDay) {
  const auto ratio = [](std::int64_t from, std::int64_t to) {
    const auto worse = [=](std::int64_t origin) {
      const std::int64_t before = (kLast - origin) % 24;
      return before >= from && before < to ? 13.0 : 11.0;
    };
    const std::vector<double> weights = combined({record(worse), always(11)}).weights;
    return weights[1] / weights[0];
  };
  const double beside = ratio(2, 5), elsewhere = ratio(11, 14);
  EXPECT_GT(beside, elsewhere);
  EXPECT_GT(elsewhere, 1);
}

// However far one forecast lies off, it moves the mean of the others by little.
TEST(Combination, IsNotMovedByOneForecastFarFromTheOthers) {
  const auto with = [](double far) {
    const auto fails = [=](std::int64_t origin) { return origin == kLast ? far : 8.8; };
    const std::vector<Record> records{always(9), always(11), always(9.5), always(10.5),
                                      record(fails)};
    return combined(records).made.bottomRows<1>().eval();
  };
  EXPECT_LT(with(1e9).maxCoeff(), 14);
  EXPECT_EQ(with(1e9), with(1e12));
}

// What a weight at an earlier origin goes by was known there: later values change none.
TEST(Combination, SeesNothingAfterAnEarlierOrigin) {
  Values values = seasonal(kLast, 8, 5);
  std::vector<std::int64_t> origins(kLast - kFirst + 1);
  std::iota(origins.begin(), origins.end(), kFirst);
  const std::vector<Record> records{always(40), always(70), always(62), always(90)};
  const auto made = [&](const Values& past) {
    return combine(whole(past).past(), origins, records, hourly()).made;
  };
  const ByOriginAndStep before = made(values);
  for (std::int64_t origin = kFirst + 1; origin < kLast; ++origin) {
    Values changed = values;
    std::fill(changed.begin() + origin, changed.end(), 41.0);
    const Eigen::Index rows = origin - kFirst + 1;
    EXPECT_EQ(made(changed).topRows(rows), before.topRows(rows)) << origin;
  }
}

// Of the present the errors count as they are alike, in blocks before it one by one; those whose
// outcome has come, of eleven origins and three steps.
TEST(WindowSums, AreOverWhatWasKnown) {
  std::vector<std::int64_t> origins(11);
  std::iota(origins.begin(), origins.end(), 10);
  ForecastOptions options;
  options.horizon = 3;
  const Sharing sharing(origins, options);
  std::vector<double> alike(10);
  std::iota(alike.begin(), alike.end(), 1.0);
  const Rows counts = WindowSums(sharing, alike).of(Rows::Ones(11, 3));
  ASSERT_EQ(counts.rows(), 11);  // a block for each
  for (Eigen::Index row = 0; row < 10; ++row) {
    for (Eigen::Index step = 0; step < 3; ++step)
      EXPECT_EQ(counts(row, step), std::max<Eigen::Index>(row - step, 0));
  }
  for (Eigen::Index step = 0; step < 3; ++step) {
    const auto known = static_cast<double>(10 - step);
    EXPECT_EQ(counts(10, step), known * (known + 1) / 2);
  }
}

// Where all lie as close together as they usually err, it is the weighted mean.
TEST(Combination, IsTheWeightedMeanOfForecastsThatLieTogether) {
  const Combination made = combined({always(9), always(11.5), always(10.2)});
  const double mean = made.weights[0] * 9 + made.weights[1] * 11.5 + made.weights[2] * 10.2;
  EXPECT_NEAR(made.made.bottomRows<1>().mean(), mean, 1e-9);
}

// Steps beyond sixteen share weights; a model that is better further ahead is seen to be.
TEST(Combination, SharesWeightsAmongStepsOfALongHorizon) {
  ForecastOptions options = hourly();
  options.horizon = 50;
  std::vector<Record> records;
  for (const bool early : {true, false}) {
    Record each{0, 0, ByOriginAndStep(kLast - kFirst + 1, 50), 1};
    each.made.leftCols(25).setConstant(early ? 10.5 : 14);
    each.made.rightCols(25).setConstant(early ? 14 : 10.5);
    records.push_back(std::move(each));
  }
  const Combination made = combined(records, options);
  const auto last = made.made.bottomRows<1>();
  EXPECT_NEAR(last(0), 10.5, 0.1);
  EXPECT_NEAR(last(49), 10.5, 0.1);
  EXPECT_EQ(last(0), last(1));
}

}  // namespace
}  // namespace fairlead
