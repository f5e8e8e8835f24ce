// What usage teaches: buckets, decaying histograms, recommenders, peaks of machines.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "base/errors.hpp"
#include "prediction/usage/costs.hpp"
#include "prediction/usage/histograms.hpp"
#include "prediction/usage/peaks.hpp"
#include "prediction/usage/powers.hpp"
#include "prediction/usage/windows.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000, kDayNs = 24 * kHourNs;

TEST(Usage, PowersAreThoseOfTheLibrary) {
  const PowersOfTwo power;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(-1000, 1000);
  for (int i = 0; i < 100'000; ++i) {
    const double x = uniform(random);
    EXPECT_NEAR(power(x) / std::exp2(x), 1, 2e-14) << x;
  }
  EXPECT_EQ(power(0), 1);
  EXPECT_EQ(power(-3), 0.125);
}

TEST(Usage, RenormalisingKeepsQuantiles) {
  DecayingHistograms histograms(Buckets({}), kDayNs, 1e-4);
  histograms.resize(1);
  for (int day = 0; day < 500; ++day) histograms.add(0, day % 2 == 0 ? 1.0 : 2.0, 1, day * kDayNs);
  // The last sample, at 2, weighs two thirds.
  EXPECT_NEAR(histograms.quantile(0, 0.3), 1, 0.06);
  EXPECT_NEAR(histograms.quantile(0, 0.5), 2, 0.11);
  EXPECT_TRUE(std::isfinite(histograms.total(0)));
}

TEST(Usage, ManyRowsAreAddedAsOneByOne) {
  DecayingHistograms whole(Buckets({}), kHourNs, 1e-4), single(Buckets({}), kHourNs, 1e-4);
  whole.resize(3);
  single.resize(3);
  std::mt19937_64 random(2);
  std::vector<std::int32_t> target;
  std::vector<double> value;
  std::vector<std::int64_t> time_ns;
  for (int row = 0; row < 2'000; ++row) {
    target.push_back(static_cast<std::int32_t>(random() % 3));
    value.push_back(static_cast<double>(random() % 1'000) / 7);
    time_ns.push_back(static_cast<std::int64_t>(row) * kHourNs / 2);
    single.add(target.back(), value.back(), 0.1, time_ns.back());
  }
  whole.add(target, value, 0.1, time_ns);
  for (std::size_t t = 0; t < 3; ++t) {
    EXPECT_EQ(whole.total(t), single.total(t));
    EXPECT_EQ(whole.quantile(t, 0.9), single.quantile(t, 0.9));
  }
}

TEST(Usage, CheckpointOutOfRangeThrows) {
  DecayingHistograms histograms(Buckets({}), kDayNs, 1e-4);
  histograms.resize(1);
  EXPECT_THROW(histograms.load(0, {0, 1, {176}, {1}}), InvalidInput);
  EXPECT_THROW(Buckets({1, 10, 1}), InvalidInput);
}

TEST(Usage, NothingSampledIsNoRecommendation) {
  RecommenderOptions options;
  options.half_life_ns = kDayNs;
  UsageRecommender recommender(options);
  recommender.resize(1, 1);
  const Recommendations made = recommender.recommend();
  EXPECT_TRUE(std::isnan(made.target[0]));
  EXPECT_EQ(made.samples[0], 0);
  EXPECT_THROW(recommender.out_of_memory({}), InvalidInput);
}

TEST(Usage, PeaksNeedAHistory) {
  EXPECT_THROW(machine_peaks({}, 0, 0, {.history = 0}), InvalidInput);
  EXPECT_TRUE(machine_peaks({}, 0, 0, {}).time_ns.empty());
}

}  // namespace
}  // namespace fairlead
