// The body of the CUDA kernel of features, run on the CPU: the same bits as the CPU's own columns,
// whatever the order of the threads between two barriers; and the driver's boundary.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "broken_driver.hpp"
#include "feature_series.hpp"
#include "prediction/cuda/feature_device.hpp"
#include "prediction/cuda/feature_plan.hpp"
#include "prediction/cuda/feature_worker.hpp"

namespace fairlead {
namespace {

constexpr int kThreads = 19;

// All threads of a block, one after another, in an order of its own between any two barriers: a
// thread that reads what another one writes before the same barrier would be found out.
template <typename T>
class Crew {
 public:
  Crew(const FeaturePass& pass, const FeatureSegment& segment, const double* values, T* out,
       std::int64_t rows)
      : slots_(static_cast<std::size_t>(pass.slots * pass.longest), -3) {
    for (int thread = 0; thread < kThreads; ++thread)
      workers_.emplace_back(pass, segment, values, out, rows, slots_.data(), thread, kThreads);
    order_.resize(kThreads);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  template <typename Part>
  void each(const Part& part) {
    std::ranges::shuffle(order_, random_);
    for (const std::size_t i : order_) part(workers_[i]);
  }

 private:
  Values slots_;
  std::vector<FeatureWorker<T>> workers_;
  std::vector<std::size_t> order_;
  std::mt19937 random_{7};
};

template <typename T>
void run_twin(const FeatureProblem& problem) {
  std::vector<T> out(static_cast<std::size_t>(problem.rows * problem.column_count), T{-5});
  for (const FeaturePass& pass : {problem.windows, problem.running}) {
    for (std::int64_t i = 0; i < pass.segment_count; ++i) {
      Crew<T> crew(pass, pass.segments[i], problem.values, out.data(), problem.rows);
      make_features(pass, crew);
    }
  }
  for (std::int32_t c = 0; c < problem.column_count; ++c)
    std::copy_n(out.data() + c * problem.rows, problem.rows, static_cast<T*>(problem.columns[c]));
}

int twin(const FeatureProblem& problem, DeviceTimes& times, char (&)[kDeviceErrorText]) {
  times = {1, 2, 3};
  problem.single ? run_twin<float>(problem) : run_twin<double>(problem);
  return kDeviceDone;
}

constexpr DeviceDriver<FeatureProblem> kTwin{FeatureProblem::kAbi, sizeof(FeatureProblem), twin};

// Every kind of feature, alone and beside others, so that each window ends in its own slots.
std::vector<FeatureSpec> all_kinds() {
  std::vector<FeatureSpec> specs = with_exponential();
  for (const std::int64_t least : {1, 4}) {
    for (const double weight : {0.02, 1.0}) {
      specs.push_back({FeatureStatistic::mean, Memory::exponential, 2, 1, 1, least, weight});
      specs.push_back({FeatureStatistic::deviation, Memory::exponential, 3, 1, 1, least, weight});
    }
  }
  specs.push_back({FeatureStatistic::minimum, Memory::window, 1, 168, 1, 100});
  specs.push_back({FeatureStatistic::deviation, Memory::window, 5, 9, 24, 2});
  return specs;
}

template <typename T>
void expect_same(const Series& series, const std::vector<FeatureSpec>& specs,
                 const FeatureRows& rows, std::int64_t batch_bytes = 1 << 20) {
  const auto expected = columns_by<T>(series, specs, rows, [&](std::span<T* const> columns) {
    feature_columns<T>(series.table(), specs, rows, 1, [] {}, columns);
  });
  DeviceCalls<FeatureProblem> calls(kTwin);
  FeatureDevice device(calls, batch_bytes);
  const auto found = columns_by<T>(series, specs, rows, [&](std::span<T* const> columns) {
    device.columns<T>(series.table(), specs, rows, 2, [] {}, columns);
  });
  for (std::size_t c = 0; c < specs.size(); ++c) {
    for (std::size_t row = 0; row < expected[c].size(); ++row) {
      const T a = expected[c][row], b = found[c][row];
      ASSERT_TRUE(a == b || (std::isnan(a) && std::isnan(b)))
          << "column " << c << " row " << row << ": " << b << " for " << a;
    }
  }
  EXPECT_GT(calls.times().kernel_s, 0) << "the device was not asked";
}

template <typename T>
class FeatureTwin : public testing::Test {};
using Precisions = testing::Types<double, float>;
TYPED_TEST_SUITE(FeatureTwin, Precisions);

TYPED_TEST(FeatureTwin, MakesEveryKindAsTheCpuBitForBit) {
  Series series;
  for (const std::size_t n : {0, 1, 2, 7, 8, 9, 17, 25, 90, 400, 310})
    series.add(normal_noise(n, static_cast<unsigned>(n)));
  for (unsigned i = 0; i < 6; ++i) series.add(normal_noise(30 + 40 * i, i, 0.3));
  for (const FeatureRows rows : {FeatureRows{0, 0}, FeatureRows{-3, 9}, FeatureRows{2, 1}})
    expect_same<TypeParam>(series, all_kinds(), rows);
}

TYPED_TEST(FeatureTwin, MakesHardSeriesAsTheCpuBitForBit) {
  Series series;
  series.add(Values(50, kMissing));
  series.add(Values(70, 1e12));
  series.add(Values(70, 0));
  Values late(90, kMissing), spikes, tail = normal_noise(200, 3), negative = normal_noise(80, 4);
  late[60] = 3;
  late[61] = 5;
  for (std::size_t t = 0; t < 120; ++t) spikes.push_back(t % 17 == 0 ? 1e15 : 0.1);
  std::fill(tail.begin() + 131, tail.end(), kMissing);
  for (double& value : negative) value -= 50;
  for (const Values& values : {late, spikes, tail, negative}) series.add(values);
  expect_same<TypeParam>(series, all_kinds(), {-1, 2});
}

TYPED_TEST(FeatureTwin, CutsLongSeriesAndManyAsTheCpuBitForBit) {
  Series series;
  series.add(normal_noise(9'000, 5));
  series.add(normal_noise(4'000, 6, 0.01));
  for (unsigned i = 0; i < 40; ++i) series.add(normal_noise(3 + 5 * i, i, i % 2 ? 0.1 : 0));
  const std::vector<FeatureSpec> specs{
      {FeatureStatistic::value, Memory::window, 30},
      {FeatureStatistic::mean, Memory::window, 1, 168, 1, 168},
      {FeatureStatistic::deviation, Memory::window, 1, 24, 1, 24},
      {FeatureStatistic::maximum, Memory::window, 1, 168, 1, 168},
      {FeatureStatistic::minimum, Memory::window, 1, 4, 400, 1},
      {FeatureStatistic::quantile, Memory::window, 1, 24, 1, 24, 0.9},
      {FeatureStatistic::deviation, Memory::everything},
      {FeatureStatistic::maximum, Memory::everything},
      {FeatureStatistic::mean, Memory::exponential, 1, 1, 1, 1, 0.1}};
  expect_same<TypeParam>(series, specs, {0, 0});
  expect_same<TypeParam>(series, specs, {-2, 3}, 1);  // a batch a series
}

TEST(FeatureDevice, AsksTheDeviceForWhatItHasAPartInOnly) {
  EXPECT_TRUE(is_for_device({FeatureStatistic::quantile, Memory::window, 1, 256, 7, 1, 0.5}));
  EXPECT_FALSE(is_for_device({FeatureStatistic::quantile, Memory::window, 1, 257, 1, 1, 0.5}));
  EXPECT_FALSE(is_for_device({FeatureStatistic::quantile, Memory::everything, 1, 1, 1, 1, 0.5}));
  EXPECT_TRUE(is_for_device({FeatureStatistic::maximum, Memory::window, 1, 100'000}));
}

TEST(FeatureDevice, GivesTheThreadsTheRest) {
  Series series;
  series.add(normal_noise(700, 1, 0.2));
  const std::vector<FeatureSpec> specs{
      {FeatureStatistic::quantile, Memory::window, 1, 300, 1, 1, 0.5},
      {FeatureStatistic::value, Memory::window, 1},
      {FeatureStatistic::quantile, Memory::everything, 1, 1, 1, 1, 0.25}};
  expect_same<double>(series, specs, {0, 1});
}

void make_column(DeviceCalls<FeatureProblem>& calls, std::int64_t lag) {
  Series series;
  series.add(normal_noise(9, 1));
  const std::vector<FeatureSpec> specs{{FeatureStatistic::value, Memory::window, lag}};
  FeatureDevice device(calls);
  columns_by<double>(series, specs, {}, [&](std::span<double* const> columns) {
    device.columns<double>(series.table(), specs, {}, 1, [] {}, columns);
  });
}

TEST(FeatureDevice, ErrorsBecomeExceptionsOnThisSide) {
  DeviceCalls<FeatureProblem> calls(kBroken<FeatureProblem>);
  EXPECT_THROW(make_column(calls, 1), BackendUnavailable);
}

TEST(FeatureDevice, RefusesWhatReadsTheFuture) {
  DeviceCalls<FeatureProblem> calls(kTwin);
  EXPECT_THROW(make_column(calls, 0), InvalidInput);
}

}  // namespace
}  // namespace fairlead
