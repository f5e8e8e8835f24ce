#include "prediction/jobs/run_history.hpp"

#include <algorithm>

namespace fairlead {
namespace {

constexpr float kFade = 0.95F;       // weight of a run time against the next younger one
constexpr int kMostCandidates = 64;  // of most_accurate()

}  // namespace

int most_accurate(const float* values, const float* weights, int n) {
  std::array<float, kMostCandidates> below;
  float sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += weights[i] * values[i];
    below[i] = sum;
  }
  float above = 0;  // sum of weight / value over the larger ones
  float best_score = -1;
  int best = n - 1;
  for (int i = n - 1; i >= 0; --i) {
    const float score = below[i] / values[i] + values[i] * above;
    if (score > best_score) {
      best_score = score;
      best = i;
    }
    above += weights[i] / values[i];
  }
  return best;
}

void RunHistory::add(double run_s) {
  const auto run = static_cast<float>(run_s);
  previous_ = last_;
  last_ = run;
  if (count_ >= kRemembered) forget_oldest();
  int n = std::min(count_, kRemembered - 1);
  for (int i = 0; i < n; ++i) weight_[i] *= kFade;
  for (; n > 0 && run_[n - 1] > run; --n) {
    run_[n] = run_[n - 1];
    weight_[n] = weight_[n - 1];
  }
  run_[n] = run;
  weight_[n] = 1;
  ++count_;
  const int known = std::min(count_, kRemembered);
  best_ = run_[most_accurate(run_.data(), weight_.data(), known)];
}

// The least weight is the oldest.
void RunHistory::forget_oldest() {
  const auto oldest = std::min_element(weight_.begin(), weight_.end()) - weight_.begin();
  std::copy(run_.begin() + oldest + 1, run_.end(), run_.begin() + oldest);
  std::copy(weight_.begin() + oldest + 1, weight_.end(), weight_.begin() + oldest);
}

}  // namespace fairlead
