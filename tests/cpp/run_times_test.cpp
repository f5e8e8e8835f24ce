// Predictors of run times against looks at everything, and what they do at the edges.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "prediction/jobs/learner.hpp"
#include "prediction/jobs/run_history.hpp"

namespace fairlead {
namespace {

double sum_of_ratios(const std::vector<float>& values, const std::vector<float>& weights,
                     float guess) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += weights[i] * std::min(values[i], guess) / std::max(values[i], guess);
  }
  return sum;
}

TEST(MostAccurate, BeatsEveryOtherGuess) {
  std::mt19937 random(7);
  std::lognormal_distribution<float> value(5, 2);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> values(1 + round % 20), weights;
    for (float& v : values) v = value(random);
    std::ranges::sort(values);
    for (std::size_t i = 0; i < values.size(); ++i) weights.push_back(0.1F + value(random));
    const int n = static_cast<int>(values.size());
    const float best = values[most_accurate(values.data(), weights.data(), n)];
    const double reached = sum_of_ratios(values, weights, best);
    for (float guess = values.front(); guess <= values.back(); guess *= 1.1F) {
      EXPECT_LE(sum_of_ratios(values, weights, guess), reached * 1.0001);
    }
  }
}

TEST(RunHistory, RemembersTheLastTwentyWithFadingWeights) {
  RunHistory history;
  std::vector<float> runs;
  std::mt19937 random(8);
  std::lognormal_distribution<float> run(5, 2);
  for (int i = 0; i < 100; ++i) {
    runs.push_back(run(random));
    history.add(runs.back());
    std::vector<std::pair<float, float>> known;
    for (int age = 0; age < std::min<int>(20, i + 1); ++age) {
      known.emplace_back(runs[i - age], std::pow(0.95F, static_cast<float>(age)));
    }
    std::ranges::sort(known);
    std::vector<float> values, weights;
    for (const auto& [v, w] : known) {
      values.push_back(v);
      weights.push_back(w);
    }
    double best = 0;
    for (const float v : values) best = std::max(best, sum_of_ratios(values, weights, v));
    EXPECT_NEAR(sum_of_ratios(values, weights, history.most_like_all()), best, 1e-4 * best);
    EXPECT_EQ(history.last(), runs.back());
  }
}

JobTraits traits(std::uint64_t user, double limit_s, double submit_s = 0) {
  JobTraits job;
  job.user = user;
  job.size = 1;
  job.limit_s = limit_s;
  job.submit_s = submit_s;
  return job;
}

TEST(RunTimePredictors, GiveANumberFromZeroToTheLimitWhateverIsKnown) {
  const double none = std::numeric_limits<double>::infinity();
  for (const RunTimePredictorEntry& entry : run_time_predictors()) {
    RunTimeLearner learner(make_run_time_predictor(entry.name, {}), {0.5, 0.9});
    for (int i = 0; i < 300; ++i) {
      const JobTraits job = traits(i % 3, i % 5 == 0 ? none : 60.0 * (i % 7), i);
      std::array<float, 2> bounds;
      const double predicted = learner.predict(job, bounds);
      EXPECT_TRUE(predicted >= 0 && predicted <= std::max(job.limit_s, kShortestRun))
          << entry.name << " " << i << ": " << predicted;
      EXPECT_LE(bounds[0], bounds[1]);
      EXPECT_TRUE(std::isfinite(bounds[1])) << entry.name;
      const auto ticket = learner.submit(job);
      EXPECT_EQ(learner.predicted(ticket), predicted);
      learner.finish(ticket, i % 11 == 0 ? 0 : std::min(1e9, std::pow(3.0, i % 20)));
    }
    EXPECT_EQ(learner.learned(), 300 - 28) << entry.name;
  }
}

TEST(RunTimePredictors, LearnARepeatedRunTime) {
  for (const RunTimePredictorEntry& entry : run_time_predictors()) {
    if (entry.name == "limit") continue;
    RunTimeLearner learner(make_run_time_predictor(entry.name, {}), {});
    for (int i = 0; i < 400; ++i) learner.finish(learner.submit(traits(1, 3600, 60.0 * i)), 100);
    // Steps along a slope overshoot; a factor of two is what all keep to.
    EXPECT_NEAR(std::log2(learner.predict(traits(1, 3600, 24000), {}) / 100), 0, 1) << entry.name;
  }
}

TEST(RunTimePredictors, UnknownNamesAndValuesOutOfRangeAreErrors) {
  EXPECT_THROW(make_run_time_predictor("oracle", {}), InvalidInput);
  EXPECT_THROW(make_run_time_predictor("mixture", {{"heat", 1}}), InvalidInput);
  EXPECT_THROW(make_run_time_predictor("mixture", {{"decay", 2}}), InvalidInput);
  EXPECT_THROW(UpperBounds({0.9, 0.5}), InvalidInput);
  EXPECT_THROW(UpperBounds({1.0}), InvalidInput);
}

TEST(JobTraitColumns, HaveOneValueAJobOrNone) {
  const std::array<double, 2> submit_s{0, 1};
  const std::array<std::uint64_t, 1> user{7};
  JobTraitColumns columns;
  columns.submit_s = submit_s;
  EXPECT_NO_THROW(columns.validate());
  columns.user = user;
  EXPECT_THROW(columns.validate(), InvalidInput);
}

TEST(RunTimeLearner, ACopyLearnsByItself) {
  RunTimeLearner learner(make_run_time_predictor("mixture", {}), {0.9});
  learner.finish(learner.submit(traits(1, 3600)), 50);
  RunTimeLearner copy = learner;
  for (int i = 0; i < 30; ++i) copy.finish(copy.submit(traits(1, 3600)), 900);
  std::array<float, 1> bound;
  EXPECT_FLOAT_EQ(static_cast<float>(learner.predict(traits(1, 3600), bound)), 50);
  EXPECT_FLOAT_EQ(static_cast<float>(copy.predict(traits(1, 3600), bound)), 900);
}

// Fails to predict, or once to learn, where the job's name says so.
class FailingPredictor final : public RunTimePredictor {
 public:
  static constexpr std::uint64_t kPredict = 1, kLearn = 2;

  std::unique_ptr<RunTimePredictor> clone() const override {
    return std::make_unique<FailingPredictor>(*this);
  }
  std::size_t memo_size() const override { return 1; }
  double predict(const JobTraits& job, std::span<float> memo) const override {
    memo[0] = 1;
    if (job.name == kPredict) throw std::runtime_error("no prediction");
    return job.limit_s;
  }
  void learn(const JobTraits& job, double, std::span<const float>) override {
    if (job.name == kLearn && !std::exchange(failed_, true))
      throw std::runtime_error("nothing learnt");
  }

 private:
  bool failed_ = false;
};

JobTraits failing_traits(std::uint64_t where) {
  JobTraits job = traits(1, 60);
  job.name = where;
  return job;
}

TEST(RunTimeLearner, HasNoTicketTheFewerForAJobThatCouldNotBePredicted) {
  RunTimeLearner learner(std::make_unique<FailingPredictor>(), {0.9});
  const JobTraits fails = failing_traits(FailingPredictor::kPredict);
  for (int i = 0; i < 3; ++i) EXPECT_THROW(learner.submit(fails), std::runtime_error);
  const auto first = learner.submit(traits(1, 60)), second = learner.submit(traits(1, 120));
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
  learner.finish(first, 30);
  EXPECT_THROW(learner.submit(fails), std::runtime_error);
  EXPECT_EQ(learner.submit(traits(1, 60)), first);
  EXPECT_EQ(learner.predicted(second), 120);
}

TEST(RunTimeLearner, AJobThatCouldNotBeLearntFromIsStillOpen) {
  RunTimeLearner learner(std::make_unique<FailingPredictor>(), {0.9});
  const auto ticket = learner.submit(failing_traits(FailingPredictor::kLearn));
  EXPECT_THROW(learner.finish(ticket, 30), std::runtime_error);
  EXPECT_EQ(learner.learned(), 0);
  EXPECT_EQ(learner.submit(traits(1, 60)), ticket + 1);
  learner.finish(ticket, 30);
  EXPECT_EQ(learner.learned(), 1);
  EXPECT_EQ(learner.submit(traits(1, 60)), ticket);
}

TEST(RunTimeLearner, AReplayThatFailsGivesAllTicketsBack) {
  for (const std::uint64_t where : {FailingPredictor::kPredict, FailingPredictor::kLearn}) {
    RunTimeLearner learner(std::make_unique<FailingPredictor>(), {0.9});
    const std::vector<double> submit_s{0, 1, 2, 3, 20}, run_s{100, 100, 100, 5, 5};
    const std::vector<double> end_s{100, std::nan(""), 100, 8, 25};
    const std::vector<std::uint64_t> name{9, 9, 9, where, 9};
    JobTraitColumns jobs;
    jobs.submit_s = submit_s;
    jobs.name = name;
    EXPECT_THROW(replay_run_times(learner, jobs, end_s, run_s), std::runtime_error);
    EXPECT_EQ(learner.learned(), 0);
    const int opened = where == FailingPredictor::kPredict ? 3 : 4;
    std::vector<RunTimeLearner::Ticket> tickets;
    for (int i = 0; i < opened; ++i) tickets.push_back(learner.submit(traits(1, 60)));
    EXPECT_LT(std::ranges::max(tickets), opened);
  }
}

TEST(UpperBounds, CoverAsOftenAsTheySay) {
  RunTimeLearner learner(make_run_time_predictor("limit", {}), {0.5, 0.9});
  std::mt19937 random(9);
  std::lognormal_distribution<double> run(6, 1);
  std::array<int, 2> covered{};
  constexpr int kJobs = 20000;
  for (int i = 0; i < kJobs; ++i) {
    const double r = std::min(run(random) * (i > kJobs / 2 ? 4 : 1), 36000.0);
    const auto ticket = learner.submit(traits(1 + i % 5, 36000));
    for (int q = 0; q < 2; ++q) covered[q] += r <= learner.bounds_of(ticket)[q];
    learner.finish(ticket, r);
  }
  EXPECT_NEAR(covered[0] / static_cast<double>(kJobs), 0.5, 0.02);
  EXPECT_NEAR(covered[1] / static_cast<double>(kJobs), 0.9, 0.01);
}

}  // namespace
}  // namespace fairlead
