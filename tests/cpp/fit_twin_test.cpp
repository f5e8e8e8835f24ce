// The body of the CUDA kernel of the smoothing fits, run on the CPU: the same bits as the CPU's own
// fits, whatever the order of the workers between two barriers; and the driver's boundary.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "base/errors.hpp"
#include "broken_driver.hpp"
#include "prediction/batch.hpp"
#include "prediction/cuda/fit_device.hpp"
#include "prediction/cuda/fit_lane.hpp"

namespace fairlead {
namespace {

using namespace smoothing;
using Values = std::vector<double>;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// All threads of a block, one after another, in an order of its own between any two barriers: a
// thread that reads what another one writes before the same barrier would be found out.
template <int kSeasons, bool kFactors>
class Crew {
 public:
  using Lane = FitLane<kSeasons, kFactors>;

  Crew(const FitProblem& problem, std::int32_t block) : searches_(kFitLanes) {
    const std::int64_t steps = problem.first[block + 1] - problem.first[block];
    scratch_.assign(static_cast<std::size_t>(FitRoom(problem.layout, steps).size) * kFitLanes,
                    kMissing);
    for (int worker = 0; worker < kFitWorkers; ++worker) {
      for (int lane = 0; lane < kFitLanes; ++lane)
        lanes_.emplace_back(problem, block, lane, steps, scratch_.data(), searches_[lane],
                            Worker{worker, kFitWorkers});
    }
    order_.resize(lanes_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  template <typename Part>
  void each(const Part& part) {
    std::ranges::shuffle(order_, random_);
    for (const std::size_t i : order_) part(lanes_[i]);
  }

  template <typename Question>
  bool any(const Question& question) {
    return std::ranges::any_of(lanes_, question);
  }

 private:
  std::vector<Search<kFitLanes>> searches_;
  std::vector<double> scratch_;
  std::vector<Lane> lanes_;
  std::vector<std::size_t> order_;
  std::mt19937 random_{7};
};

template <int kSeasons, bool kFactors = false>
void run_twin(const FitProblem& problem) {
  for (std::int32_t block = 0; block < problem.blocks; ++block) {
    Crew<kSeasons, kFactors> crew(problem, block);
    fit_block(problem.layout, crew);
  }
}

int twin(const FitProblem& problem, DeviceTimes& times, char (&)[kDeviceErrorText]) {
  times = {1, 2, 3};
  if (problem.layout.factors)
    run_twin<1, true>(problem);
  else if (problem.layout.seasons == 0)
    run_twin<0>(problem);
  else if (problem.layout.seasons == 1)
    run_twin<1>(problem);
  else
    run_twin<2>(problem);
  return kDeviceDone;
}

constexpr DeviceDriver<FitProblem> kTwin{FitProblem::kAbi, sizeof(FitProblem), twin};

// A level that wanders, a day of shape, noise and gaps.
Values demand(std::int64_t n, unsigned seed, std::int64_t season, double scale, bool gaps) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Values values;
  double level = 30;
  for (std::int64_t t = 0; t < n; ++t) {
    level += 0.5 * normal(random);
    const double angle = 2 * M_PI * static_cast<double>(t % season) / static_cast<double>(season);
    const double value = std::max(level + 20 * std::sin(angle) + 3 * normal(random), 0.0);
    values.push_back(gaps && random() % 9 == 0 ? kMissing : scale * value);
  }
  return values;
}

// Series of many lengths and sizes, and such as are hard: constants, zeros, a line, one spike.
std::vector<Values> hard_series(std::int64_t fewest, std::int64_t season) {
  std::vector<Values> all;
  for (unsigned i = 0; i < 34; ++i)
    all.push_back(demand(fewest + 3 * i, i, season, i % 5 == 0 ? 1e12 : 1, i % 3 == 0));
  const auto n = static_cast<std::size_t>(fewest + 40);
  all.emplace_back(n, 0.0);
  all.emplace_back(n, 7.0);
  all.emplace_back(n, 1e12);
  Values line, spikes, alternating;
  for (std::size_t t = 0; t < n; ++t) {
    line.push_back(3 * static_cast<double>(t));
    spikes.push_back(t % 17 == 0 ? 1e12 : 0);
    alternating.push_back(t % 2 == 0 ? 1 : 5);
  }
  all.insert(all.end(), {line, spikes, alternating, Values(static_cast<std::size_t>(fewest), 2.0)});
  return all;
}

class TwinOfForm : public testing::TestWithParam<Form> {};

constexpr Joins kSum = Joins::by_sum, kFactor = Joins::by_factor;

INSTANTIATE_TEST_SUITE_P(
    Forms, TwinOfForm,
    testing::Values(Form{false, false, {}}, Form{true, false, {}}, Form{true, true, {}},
                    Form{false, false, {7}}, Form{true, false, {7}}, Form{true, true, {24}},
                    Form{true, true, {24}, true}, Form{false, false, {70}},
                    Form{true, false, {4, 9}}, Form{true, true, {7, 21}, true},
                    Form{false, false, {3, 6}}, Form{false, false, {}, false, kFactor},
                    Form{true, true, {}, false, kFactor}, Form{true, false, {7}, false, kFactor},
                    Form{false, false, {24}, true, kFactor},
                    Form{false, false, {7}, false, kFactor, kFactor},
                    Form{true, true, {24}, false, kFactor, kFactor},
                    Form{true, false, {5}, true, kSum, kFactor}));

TEST_P(TwinOfForm, FitsAsTheCpuBitForBit) {
  const Form& form = GetParam();
  std::vector<FilledSeries> filled;
  const std::int64_t season = form.seasons.empty() ? 12 : form.seasons.front();
  for (Values& values : hard_series(fewest_values(form), season)) {
    if (!form.by_sums()) {
      for (double& value : values) value += 1e-3;
    }
    filled.push_back(fill_missing(values, 0, form.seasons.empty() ? 0 : season));
  }
  std::vector<Sample> samples;
  for (const FilledSeries& series : filled) samples.push_back({series.values, series.observed});
  DeviceCalls<FitProblem> calls(kTwin);
  FitDevice device(calls);
  const std::vector<Model> ours = device.fit(form, samples), expected = fit(form, samples);
  ASSERT_EQ(ours.size(), expected.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    SCOPED_TRACE("series " + std::to_string(i));
    EXPECT_EQ(ours[i].alpha, expected[i].alpha);
    EXPECT_EQ(ours[i].beta, expected[i].beta);
    EXPECT_EQ(ours[i].phi, expected[i].phi);
    EXPECT_EQ(ours[i].gamma, expected[i].gamma);
    EXPECT_EQ(ours[i].level, expected[i].level);
    EXPECT_EQ(ours[i].trend, expected[i].trend);
    EXPECT_EQ(ours[i].season, expected[i].season);
    EXPECT_EQ(ours[i].squares, expected[i].squares);
    EXPECT_EQ(ours[i].count, expected[i].count);
  }
}

// Many series end to end, with an origin at the end of each.
struct Table {
  Values values;
  std::vector<std::int64_t> offsets{0}, phase, known;
  std::vector<std::int32_t> series;

  explicit Table(const std::vector<Values>& all) {
    for (const Values& each : all) {
      values.insert(values.end(), each.begin(), each.end());
      offsets.push_back(static_cast<std::int64_t>(values.size()));
      series.push_back(static_cast<std::int32_t>(phase.size()));
      phase.push_back(0);
      known.push_back(static_cast<std::int64_t>(each.size()));
    }
  }
};

class TwinOfModel : public testing::TestWithParam<std::size_t> {};

std::vector<std::size_t> models_of_devices() {
  std::vector<std::size_t> models;
  for (std::size_t i = 0; i < forecasters().size(); ++i) {
    if (forecasters()[i].make()->uses_device()) models.push_back(i);
  }
  return models;
}

INSTANTIATE_TEST_SUITE_P(Registry, TwinOfModel, testing::ValuesIn(models_of_devices()),
                         [](const auto& about) {
                           return std::string(forecasters()[about.param].name);
                         });

TEST_P(TwinOfModel, ForecastsWithBandsAsTheCpuBitForBit) {
  std::vector<Values> all = hard_series(12, 7);  // some are too short for a season
  all.push_back({4.0});
  all.push_back({kMissing, 3.0, kMissing});
  const Table table(all);
  const Values probabilities{0.1, 0.5, 0.9};
  ForecastRequest request{GetParam(), {{7, 21}, 7, 5}, probabilities, 3};
  const SeriesTable series{table.values, table.offsets, table.phase};
  const OriginTable origins{table.series, table.known};
  const ForecastColumns expected = forecast_batch(series, origins, request, 1, [] {});
  DeviceCalls<FitProblem> calls(kTwin);
  FitDevice device(calls);
  request.options.device = &device;
  const ForecastColumns ours = forecast_batch(series, origins, request, 2, [] {});
  EXPECT_EQ(ours.point, expected.point);
  EXPECT_EQ(ours.quantiles, expected.quantiles);
  EXPECT_EQ(ours.model, expected.model);
  EXPECT_EQ(ours.errors, expected.errors);
  EXPECT_GT(calls.times().kernel_s, 0) << "the device was not asked";
}

TEST(FitDevice, ErrorsBecomeExceptionsOnThisSide) {
  const Values values(20, 3.0);
  const FilledSeries series = fill_missing(values, 0, 0);
  const Sample sample{series.values, series.observed};
  DeviceCalls<FitProblem> calls(kBroken<FitProblem>);
  FitDevice device(calls);
  EXPECT_THROW(device.fit({}, {&sample, 1}), BackendUnavailable);
  EXPECT_TRUE(device.fit({}, {}).empty());
}

}  // namespace
}  // namespace fairlead
