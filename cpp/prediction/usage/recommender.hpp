// Requests from usage by the rules of the Kubernetes Vertical Pod Autoscaler: percentiles of a
// decaying histogram with a margin, and bounds that tighten as evidence grows.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "prediction/usage/histograms.hpp"

namespace fairlead {

struct RecommenderOptions {
  BucketScheme buckets;
  std::int64_t half_life_ns = 0;
  double sample_weight = 1;
  double epsilon = 1e-4;
  std::int64_t peak_window_ns = 0;  // above 0: one sample a window, its peak; 0: every sample
  double target = 0.9, lower = 0.5, upper = 0.95;
  double margin = 0.15;
  double least = 0;                          // of every recommendation
  double bump_ratio = 1.2, bump_amount = 0;  // after running out of memory: the larger of both
};

// Rows: a member (container, run of a job) is sampled; its target keeps the histogram.
struct UsageSamples {
  std::span<const std::int32_t> target, member;
  std::span<const std::int64_t> time_ns;
  std::span<const double> value;  // 0 or more; NaN: not sampled
};

struct Recommendations {
  std::vector<double> target, lower, upper;  // NaN without a sample
  std::vector<std::int64_t> samples;

  void add(std::int64_t seen, double wanted, double least, double most) {
    samples.push_back(seen);
    target.push_back(wanted);
    lower.push_back(least);
    upper.push_back(most);
  }
  void add_unknown(std::int64_t seen) {
    constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
    add(seen, kMissing, kMissing, kMissing);
  }
};

// A sample costs O(1), a recommendation O(buckets).
class UsageRecommender {
 public:
  struct Target {
    std::int64_t first_ns = 0, last_ns = 0, samples = 0;
  };

  explicit UsageRecommender(const RecommenderOptions& options);

  std::size_t targets() const { return targets_.size(); }
  void resize(std::size_t targets, std::size_t members);

  // Returns how many samples counted. Of one member, a peak older than the last and any other
  // sample that is not newer than the last do not.
  std::int64_t observe(const UsageSamples& samples);
  // The members ran out of memory with `value` asked for; returns how many counted.
  std::int64_t out_of_memory(const UsageSamples& events);

  Recommendations recommend() const;

  const Target& target(std::size_t target) const { return targets_[target]; }
  std::span<const double> weights(std::size_t target) const { return histograms_.weights(target); }
  // Peaks of windows that are open at `now_ns` are left out, as they will be sampled again.
  std::vector<HistogramCheckpoint> save(std::int64_t now_ns) const;
  void load(std::size_t target, const Target& seen, const HistogramCheckpoint& checkpoint);

 private:
  struct Member {
    std::int64_t last_ns = 0, window_end_ns = 0;
    double peak = 0, memory_peak = 0;  // of the window; the latter without running out of memory
    std::int32_t target = -1;          // below 0: not seen yet
  };

  // Whether a sample counts; if so it is the last of its member.
  bool accept(const UsageSamples& samples, std::size_t row);
  void add(const UsageSamples& samples, std::size_t from, std::size_t to);
  void add_peak(Member& member, double value, std::int64_t time_ns, bool out_of_memory);

  RecommenderOptions options_;
  DecayingHistograms histograms_;
  std::vector<Target> targets_;
  std::vector<Member> members_;
};

}  // namespace fairlead
