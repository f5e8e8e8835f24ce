// The last run times under one key, and the one of them that is most like them all.
#pragma once

#include <array>
#include <cstdint>

namespace fairlead {

inline constexpr int kRemembered = 20;

class RunHistory {
 public:
  // Run times are in s and above 0.
  void add(double run_s);

  bool empty() const { return count_ == 0; }
  float last() const { return last_; }
  float mean_of_last_two() const { return count_ > 1 ? 0.5F * (last_ + previous_) : last_; }
  // Among the last run times r the one with the largest sum of w_i min(r, r_i) / max(r, r_i), where
  // a run that is n runs older than the latest weighs w = 0.95^n: the best guess by the accuracy of
  // Tsafrir et al. if the next one is drawn from them.
  float most_like_all() const { return best_; }

 private:
  void forget_oldest();

  std::array<float, kRemembered> run_{}, weight_{};  // by run time
  float last_ = 0, previous_ = 0, best_ = 0;
  std::int32_t count_ = 0;
};

// The index among values in ascending order, above 0, of the one with the largest sum of
// weight_i min(v, v_i) / max(v, v_i). The sum is convex between two of them in the logarithm, so
// that no number between them does better.
int most_accurate(const float* values, const float* weights, int n);

}  // namespace fairlead
