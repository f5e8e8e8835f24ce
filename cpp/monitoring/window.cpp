// Two stacks make a queue. Values are only ever merged, never taken out of a sum: subtracting a
// large value that leaves the window is what drives other rolling variances below zero.
#include "monitoring/window.hpp"

#include <algorithm>
#include <ranges>

namespace fairlead {

void SlidingMoments::push(std::int64_t time, double value) {
  recent_.push_back({time, value});
  recent_moments_.add(value);
}

void SlidingMoments::expire(std::int64_t time) {
  while (true) {
    while (!old_.empty() && old_.back().time <= time) old_.pop_back();
    if (!old_.empty() || recent_.empty() || recent_.front().time > time) return;
    refill();
  }
}

Moments SlidingMoments::moments() const {
  return old_.empty() ? recent_moments_ : merge(old_.back().moments, recent_moments_);
}

void SlidingMoments::refill() {
  Moments suffix;
  for (const Sample& sample : std::views::reverse(recent_)) {
    suffix.add(sample.value);
    old_.push_back({sample.time, suffix});
  }
  recent_.clear();
  recent_moments_ = {};
}

}  // namespace fairlead
