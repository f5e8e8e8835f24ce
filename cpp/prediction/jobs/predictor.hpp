// Predictors of how long a job will run: from what is known at its submission and from the jobs
// that have finished by then. A new one is one file and one line in registry.cpp.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "prediction/jobs/traits.hpp"

namespace fairlead {

class RunTimePredictor {
 public:
  virtual ~RunTimePredictor() = default;
  virtual std::unique_ptr<RunTimePredictor> clone() const = 0;

  // Floats that a prediction leaves for learning from the same job.
  virtual std::size_t memo_size() const { return 0; }
  // Run time in s, at most the limit, or kShortestRun. Fills `memo` of memo_size() floats.
  virtual double predict(const JobTraits& job, std::span<float> memo) const = 0;
  // The job ran `run_s`, kShortestRun or more; `memo` is that of its prediction.
  virtual void learn(const JobTraits& job, double run_s, std::span<const float> memo) = 0;
};

using RunTimeParams = std::vector<std::pair<std::string, double>>;

struct RunTimeParam {
  std::string_view name;
  double value = 0;  // unless given
  double least = 0, most = 0;
};

struct RunTimePredictorEntry {
  std::string_view name;
  std::unique_ptr<RunTimePredictor> (*make)(std::span<const double> params);
  std::vector<RunTimeParam> params;
};

std::span<const RunTimePredictorEntry> run_time_predictors();

// The predictor of that name; unknown names and parameters, and values out of range, are errors.
std::unique_ptr<RunTimePredictor> make_run_time_predictor(std::string_view name,
                                                          const RunTimeParams& params);

// What counts as the shortest run and limit, in s: ratios and logarithms need one.
inline constexpr double kShortestRun = 1e-3;

// Where nothing is known of a job: its limit, or an hour.
double without_history(const JobTraits& job);

std::unique_ptr<RunTimePredictor> make_limit_predictor(std::span<const double> params);
std::unique_ptr<RunTimePredictor> make_last_two(std::span<const double> params);
std::unique_ptr<RunTimePredictor> make_shrunk_history(std::span<const double> params);
std::unique_ptr<RunTimePredictor> make_mixture(std::span<const double> params);
std::unique_ptr<RunTimePredictor> make_run_time_histogram(std::span<const double> params);
std::unique_ptr<RunTimePredictor> make_run_time_ridge(std::span<const double> params);
std::unique_ptr<RunTimePredictor> make_run_time_quantile(std::span<const double> params);

}  // namespace fairlead
