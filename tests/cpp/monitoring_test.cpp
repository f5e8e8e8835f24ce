// Streaming moments against two-pass sums, and the life of an alert.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/errors.hpp"
#include "monitoring/alerts.hpp"
#include "monitoring/moments.hpp"
#include "monitoring/window.hpp"

namespace fairlead {
namespace {

using Times = std::vector<std::int64_t>;
using Values = std::vector<double>;

Moments two_pass(const Values& values) {
  Moments out;
  for (double v : values) out.count += 1, out.mean += v;
  if (out.count > 0) out.mean /= out.count;
  for (double v : values) out.m2 += (v - out.mean) * (v - out.mean);
  return out;
}

Times ticks(std::size_t n) {
  Times times(n);
  for (std::size_t i = 0; i < n; ++i) times[i] = static_cast<std::int64_t>(i);
  return times;
}

TEST(Moments, KeepTheirDigitsUnderALargeMean) {
  Moments m;
  for (double v : {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) m.add(v);
  EXPECT_DOUBLE_EQ(m.variance(), 30.0);
}

TEST(Moments, OfTwoStreamsMergeToThoseOfBoth) {
  Moments a, b;
  for (double v : {1.0, 5.0}) a.add(v);
  for (double v : {2.0, 8.0, 9.0}) b.add(v);
  const Moments both = merge(a, b), expected = two_pass({1, 5, 2, 8, 9});
  EXPECT_DOUBLE_EQ(both.mean, expected.mean);
  EXPECT_DOUBLE_EQ(both.m2, expected.m2);
  EXPECT_EQ(merge({}, {}).count, 0);
}

TEST(SlidingMoments, EqualTheTwoPassMomentsOfTheWindow) {
  const unsigned seed = 20240601;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  std::normal_distribution<double> normal(1e6, 3.0);
  Values values;
  SlidingMoments window;
  for (std::int64_t t = 0; t < 2000; ++t) {
    const std::int64_t width = t < 1000 ? 50 : 7;
    values.push_back(normal(rng));
    window.push(t, values.back());
    window.expire(t - width);
    const auto first = values.end() - std::min<std::int64_t>(width, t + 1);
    const Moments expected = two_pass({first, values.end()}), got = window.moments();
    ASSERT_EQ(got.count, expected.count);
    ASSERT_NEAR(got.mean, expected.mean, 1e-7);
    ASSERT_NEAR(got.m2, expected.m2, 1e-6 * (1 + expected.m2));
  }
}

TEST(SlidingMoments, StayPositiveAfterALargeValueLeaves) {
  SlidingMoments window;
  for (std::int64_t t = 0; t < 30; ++t) {
    window.push(t, t == 5 ? 1e15 : 0.001 * static_cast<double>(t));
    window.expire(t - 10);
    EXPECT_GE(window.moments().m2, 0.0);
  }
  EXPECT_NEAR(window.moments().variance(), 9.1666e-6, 1e-9);
}

TEST(FindAlerts, FireAfterTheBreachHasLastedAndResolveAfterCalm) {
  const Threshold rule{.limit = 5, .for_ns = 2, .clear_ns = 1};
  const auto alerts = find_alerts(rule, ticks(9), Values{0, 6, 7, 8, 3, 9, 1, 1, 1});
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].pending_ns, 1);
  EXPECT_EQ(alerts[0].firing_ns, 3);
  EXPECT_EQ(alerts[0].resolved_ns, 7);
  EXPECT_EQ(alerts[0].value, 8);
  EXPECT_EQ(alerts[0].worst, 9);
}

TEST(FindAlerts, DropABreachThatEndsBeforeItIsOldEnough) {
  const Threshold rule{.limit = 5, .for_ns = 3};
  EXPECT_TRUE(find_alerts(rule, ticks(7), Values{6, 6, 6, 0, 6, 6, 6}).empty());
}

TEST(FindAlerts, JudgeMeanAndVarianceOnlyOverAFullWindow) {
  const Values values{9, 9, 0, 0, 0, 9, 9, 9};
  const Threshold mean{.statistic = Statistic::mean, .limit = 5, .window_ns = 2};
  const auto high = find_alerts(mean, ticks(8), values);
  ASSERT_EQ(high.size(), 1u);
  EXPECT_EQ(high[0].firing_ns, 6);
  EXPECT_EQ(high[0].resolved_ns, -1);
  const Threshold variance{.statistic = Statistic::variance, .limit = 20, .window_ns = 2};
  const auto unsteady = find_alerts(variance, ticks(8), values);
  ASSERT_EQ(unsteady.size(), 2u);
  EXPECT_EQ(unsteady[0].firing_ns, 2);
  EXPECT_EQ(unsteady[1].firing_ns, 5);
  EXPECT_EQ(unsteady[1].value, 40.5);
}

TEST(FindAlerts, TakeNanForNoSample) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Threshold below{.limit = 1, .above = false};
  EXPECT_TRUE(find_alerts(below, ticks(3), Values{nan, nan, 2}).empty());
  const Threshold mean{.statistic = Statistic::mean, .limit = 5, .window_ns = 2};
  EXPECT_EQ(find_alerts(mean, ticks(4), Values{nan, 6, nan, nan}).size(), 1u);
}

TEST(FindAlerts, RefuseUnorderedTimesAndWindowsOfNoLength) {
  EXPECT_THROW(find_alerts({}, Times{0, 2, 2}, Values{0, 0, 0}), InvalidInput);
  EXPECT_THROW(find_alerts({}, Times{0}, Values{}), InvalidInput);
  EXPECT_THROW(find_alerts({.statistic = Statistic::mean}, Times{0}, Values{0}), InvalidInput);
}

}  // namespace
}  // namespace fairlead
