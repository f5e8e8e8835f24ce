// The fits of a smoothing model along the origins it forecasts from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "prediction/forecaster.hpp"
#include "prediction/refits.hpp"
#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

constexpr std::size_t kRefits = 5;  // along the origins, besides the last one

// Where the known values begin: a series may start with missing ones.
inline std::int64_t first_observed(const Past& past) {
  const auto found =
      std::ranges::find_if(past.observed, [](std::uint8_t seen) { return seen != 0; });
  return found == past.observed.end() ? 0 : found - past.observed.begin();
}

// One fit: the origins it serves, and from where on its values go.
struct Job {
  const ForecastTask* task;
  RefitBlock block;
  std::int64_t from;

  Sample sample() const {
    const Past& past = task->past;
    const auto begin = static_cast<std::size_t>(from);
    const auto size = static_cast<std::size_t>(task->origins[block.begin] - from);
    return {past.values.subspan(begin, size), past.observed.subspan(begin, size)};
  }

  // Moves a fitted model through the values and writes its forecast at each origin.
  template <typename Tracker>
  void track(Tracker& tracker) const {
    std::int64_t seen = from;
    for (std::size_t i = block.begin; i < block.end; ++i) {
      for (; seen < task->origins[i]; ++seen) tracker.observe(task->past.values[seen]);
      const auto steps = static_cast<std::size_t>(task->out->cols());
      tracker.forecast({task->out->row(static_cast<Eigen::Index>(i)).data(), steps});
    }
  }
};

// The fits of all tasks; each uses the latest `most` values, from the first observed one on.
inline std::vector<Job> jobs_of(std::span<const ForecastTask> tasks,
                                std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
  std::vector<Job> jobs;
  for (const ForecastTask& task : tasks) {
    const std::int64_t first = first_observed(task.past);
    for (const RefitBlock& block : refit_blocks(task.origins.size(), kRefits))
      jobs.push_back({&task, block, std::max(first, task.origins[block.begin] - most)});
  }
  return jobs;
}

}  // namespace fairlead::smoothing
