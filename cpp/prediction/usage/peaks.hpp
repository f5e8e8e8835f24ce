// Predictions of the peak use of a machine from what its tasks used and may use (Bashir et al.,
// "Take it to the limit", EuroSys 2021).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

struct PeakOptions {
  double share = 0.9;        // Borg default: of the limits
  double percentile = 0.99;  // RC-like: of each task's history
  double sigmas = 5;         // N-sigma: deviations above the machine's mean
  std::size_t history = 24;  // samples looked back over
  std::size_t warm_up = 24;  // samples before a history counts; until then limits stand in
};

// Rows in order of time; a task at most once a time and on one machine at a time.
struct PeakRows {
  std::span<const std::int64_t> time_ns;
  std::span<const std::int32_t> machine, task;
  std::span<const double> usage, limit;
};

// A row for each time and machine that has a task then, in order of time.
struct MachinePeaks {
  std::vector<std::int64_t> time_ns;
  std::vector<std::int32_t> machine;
  std::vector<double> usage, limit;  // sums over the tasks there
  std::vector<double> borg_default, rc_like, n_sigma, largest;
};

MachinePeaks machine_peaks(const PeakRows& rows, std::int32_t machines, std::int32_t tasks,
                           const PeakOptions& options);

}  // namespace fairlead
