// Mean and variance over a window that slides with time.
#pragma once

#include <cstdint>
#include <vector>

#include "monitoring/moments.hpp"

namespace fairlead {

// A queue of samples whose moments are known at any time, in O(1) amortised per sample.
class SlidingMoments {
 public:
  // Times in ns; they must not decrease.
  void push(std::int64_t time, double value);

  // Forgets the samples at or before `time`.
  void expire(std::int64_t time);

  Moments moments() const;

 private:
  struct Sample {
    std::int64_t time;
    double value;
  };
  struct Suffix {
    std::int64_t time;
    Moments moments;  // of this sample and all later ones in the old half
  };

  void refill();

  std::vector<Suffix> old_;     // back() is the oldest sample
  std::vector<Sample> recent_;  // front() is the oldest sample
  Moments recent_moments_;
};

}  // namespace fairlead
