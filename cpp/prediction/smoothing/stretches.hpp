// Which origins share a fit, so that none sees its future.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "prediction/forecaster.hpp"
#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

// The origins [begin, end) forecast from a fit to what the first of them knows.
struct Stretch {
  std::size_t begin;
  std::size_t end;
};

constexpr std::size_t kRefits = 5;  // along the origins, besides the last one

// Stretches of about equal size, and the last origin by itself: its fit uses the whole past.
inline std::vector<Stretch> stretches_of(std::size_t origins) {
  std::vector<Stretch> all;
  const std::size_t before = origins - 1;
  const std::size_t count = std::min(kRefits, before);
  for (std::size_t i = 0; i < count; ++i)
    all.push_back({i * before / count, (i + 1) * before / count});
  all.push_back({before, origins});
  return all;
}

// Where the known values begin: a series may start with missing ones.
inline std::int64_t first_observed(const Past& past) {
  const auto found =
      std::ranges::find_if(past.observed, [](std::uint8_t seen) { return seen != 0; });
  return found == past.observed.end() ? 0 : found - past.observed.begin();
}

// One fit: the origins it serves, and from where on its values go.
struct Job {
  const ForecastTask* task;
  Stretch stretch;
  std::int64_t from;

  Sample sample() const {
    const Past& past = task->past;
    const auto begin = static_cast<std::size_t>(from);
    const auto size = static_cast<std::size_t>(task->origins[stretch.begin] - from);
    return {past.values.subspan(begin, size), past.observed.subspan(begin, size)};
  }

  // Moves a fitted model through the values and writes its forecast at each origin.
  template <typename Tracker>
  void track(Tracker& tracker) const {
    std::int64_t seen = from;
    for (std::size_t i = stretch.begin; i < stretch.end; ++i) {
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
    for (const Stretch stretch : stretches_of(task.origins.size()))
      jobs.push_back({&task, stretch, std::max(first, task.origins[stretch.begin] - most)});
  }
  return jobs;
}

}  // namespace fairlead::smoothing
