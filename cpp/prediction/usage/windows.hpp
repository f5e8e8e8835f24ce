// Limits from usage by moving windows: maximum, mean and percentile of load with weights that halve
// with age (Rzadca et al., "Autopilot", EuroSys 2020, section 3.2).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/usage/histograms.hpp"
#include "prediction/usage/recommender.hpp"

namespace fairlead {

// The window that a time lies in, also before 0.
inline std::int64_t window_of(std::int64_t time_ns, std::int64_t window_ns) {
  return time_ns / window_ns - (time_ns % window_ns < 0 ? 1 : 0);
}

// The limit is the largest of the parts asked for.
struct WindowStatistic {
  double percentile = -1;  // of the load-adjusted histogram, 0 to 1; below 0: not used
  double of_maximum = 0;   // share of the maximum
  double of_mean = 0;      // share of the weighted mean
};

struct WindowOptions {
  BucketScheme buckets;
  std::int64_t window_ns = 0;
  std::int64_t half_life_ns = 0;
  std::int64_t windows = 1;  // that the maximum looks back over
  bool peaks = false;        // a window's sample is its peak
  WindowStatistic statistic;
  double margin = 0.1;
  std::int64_t hold = 12;  // windows: the largest of so many limits is in force
  double least = 0;
};

// A sample costs O(1) amortised, the end of a window O(buckets). Samples of one target come in
// order of time; older ones count as of the open window.
class WindowRecommender {
 public:
  explicit WindowRecommender(const WindowOptions& options);

  std::size_t targets() const { return targets_.size(); }
  void resize(std::size_t targets);
  void observe(std::span<const std::int32_t> target, std::span<const std::int64_t> time_ns,
               std::span<const double> value);
  // Limits as if the open windows ended now; lower and upper are those of the weighted mean and of
  // the maximum, where these are further out.
  Recommendations recommend() const;

 private:
  struct Extreme {
    std::int64_t window;
    double value;
  };
  struct Target {
    std::int64_t window = 0, samples = 0;  // the open window; samples in all
    double sum = 0, peak = 0;              // of the open window
    std::int64_t in_window = 0;
    double load = 0, weight = 0;        // decayed to the open window, without it
    std::vector<Extreme> maxima, held;  // falling values of rising windows
  };

  void close(std::size_t target, std::int64_t next);
  double mean(const Target& target) const;
  double limit(std::size_t target) const;

  WindowOptions options_;
  DecayingHistograms histograms_;
  std::vector<Target> targets_;
};

}  // namespace fairlead
