// One histogram a target, in which a sample loses half of its weight with every half life.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/usage/buckets.hpp"
#include "prediction/usage/powers.hpp"

namespace fairlead {

// What is written down of one histogram: weights as whole numbers of which the largest is
// kLargestWeight, buckets that round to 0 left out.
struct HistogramCheckpoint {
  static constexpr double kLargestWeight = 10'000;

  std::int64_t reference_ns = 0;
  double total = 0;
  std::vector<std::int32_t> bucket;
  std::vector<std::uint32_t> weight;
};

// A sample at time t weighs weight * 2^((t - reference) / half life). When that exponent exceeds
// kLargestExponent the reference moves to t, rounded to whole half lives, and all weights are
// scaled by the power of two between. Buckets lighter than epsilon count as empty.
class DecayingHistograms {
 public:
  static constexpr double kLargestExponent = 100;

  DecayingHistograms(Buckets buckets, std::int64_t half_life_ns, double epsilon);

  const Buckets& buckets() const { return buckets_; }
  void resize(std::size_t targets);

  void add(std::size_t target, double value, double weight, std::int64_t time_ns);
  // The same for many rows at once, of one weight; several are in flight at a time.
  void add(std::span<const std::int32_t> target, std::span<const double> value, double weight,
           std::span<const std::int64_t> time_ns);
  // Takes a sample back; what is left lighter than epsilon goes with it.
  void subtract(std::size_t target, double value, double weight, std::int64_t time_ns);

  bool empty(std::size_t target) const;
  // Upper end of the bucket in which the share p of the weight is reached; 0 if empty.
  double quantile(std::size_t target, double p) const;
  double total(std::size_t target) const { return targets_[target].total; }
  std::span<const double> weights(std::size_t target) const;

  HistogramCheckpoint save(std::size_t target) const;
  void load(std::size_t target, const HistogramCheckpoint& checkpoint);  // throws InvalidInput

 private:
  struct Target {
    std::int64_t reference_ns = 0;
    double total = 0;
    std::int32_t lowest = 0, highest = 0;  // first and last bucket that is not empty
    bool used = false;                     // the reference is set
  };

  static constexpr std::size_t kBlock = 256;

  std::span<double> weights(std::size_t target);
  bool too_old(const Target& target, std::int64_t time_ns) const {
    return !target.used || static_cast<double>(time_ns - target.reference_ns) > longest_ns_;
  }
  double half_lives(const Target& target, std::int64_t time_ns) const;
  // Rows whose ages are known; at most kBlock.
  void put(std::span<const std::int32_t> target, std::span<const double> value,
           std::span<const double> half_lives, double weight);
  void widen(Target& target, std::int32_t bucket, double held) const;
  void move_reference(std::size_t target, std::int64_t time_ns);
  void tighten(std::size_t target);

  Buckets buckets_;
  std::int64_t half_life_ns_;
  double half_lives_a_ns_, longest_ns_;
  double epsilon_;
  std::vector<Target> targets_;
  std::vector<double> weights_;  // targets x buckets
  PowersOfTwo power_;
};

}  // namespace fairlead
