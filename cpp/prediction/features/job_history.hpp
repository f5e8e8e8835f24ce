// What was known of earlier jobs when a job was submitted: features of jobs, keyed on completion.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace fairlead {

// A time that has not come.
constexpr std::int64_t kNotYet = std::numeric_limits<std::int64_t>::max();

// Jobs in any order; starts and ends may be kNotYet. `group` is the key whose history counts, such
// as the user, from 0; -1: none.
struct JobTimes {
  std::span<const std::int64_t> submit_ns;
  std::span<const std::int64_t> start_ns;
  std::span<const std::int64_t> end_ns;
  std::span<const std::int32_t> group;
};

struct JobHistoryOptions {
  std::int32_t groups = 1;
  std::int32_t last = 2;              // run times of the jobs that ended last, newest first
  double weight = 0.3;                // of the newest in the mean of logarithms
  std::int32_t window = 20;           // ended jobs that quantiles are over
  std::vector<double> probabilities;  // of quantiles
};

// Columns of job features: as many as all of these and `last` + the quantiles, in this order.
struct JobHistoryColumns {
  std::vector<double> ended, running, waiting;  // jobs of the group
  std::vector<double> since_end_s, since_submit_s;
  std::vector<double> geometric_mean_s;     // exponentially weighted, of run times, 1 s or more
  std::vector<std::vector<double>> last_s;  // NaN where there are fewer
  std::vector<std::vector<double>> quantile_s;
};

// One pass over submissions, starts and ends in order of time. A job sees the ends at or before its
// submission, and the starts and submissions before it: neither its own nor those of its instant.
// Throws InvalidInput where a start precedes its submission or an end its start.
JobHistoryColumns job_history(const JobTimes& jobs, const JobHistoryOptions& options);

}  // namespace fairlead
