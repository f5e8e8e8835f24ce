// The mixture of experts over keys of history: each key votes with its last run time and with the
// one most like its last 20, beside the mean of the user's last two and the limit. Votes count by
// how accurate they have been of late for such jobs; the answer is the vote most like them all.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "prediction/jobs/key_table.hpp"
#include "prediction/jobs/predictor.hpp"
#include "prediction/jobs/run_history.hpp"

namespace fairlead {
namespace {

constexpr int kKeys = 8;
constexpr int kExperts = 2 * kKeys + 2;
constexpr int kLevels = 3;  // at which accuracies are kept: user and limit, user, all jobs

using Keys = std::array<std::uint64_t, kKeys>;
using Votes = std::array<float, kExperts>;  // in s; 0: none

Keys keys_of(const JobTraits& job) {
  const std::uint64_t limit = limit_part(job);
  return {history_key(1, job.user),
          history_key(2, job.user, limit),
          history_key(3, job.user, limit, job.size),
          history_key(4, job.user, job.size),
          history_key(5, job.user, job.name),
          history_key(6, job.group),
          history_key(7, limit, job.size),
          history_key(8, limit)};
}

std::array<std::uint64_t, kLevels> levels_of(const JobTraits& job) {
  return {history_key(21, job.user, limit_part(job)), history_key(22, job.user), history_key(23)};
}

// Decayed sum of the accuracies of each expert, and of the times it voted.
struct Accuracy {
  std::array<float, kExperts> sum{}, count{};
};

// exp(x) for x from -20 to 0 to within what a weight needs, in basic arithmetic alone, which gives
// the same bits on every machine.
float soft_weight(float x) {
  float power = std::max(0.0F, 1.0F + x / 256.0F);
  for (int i = 0; i < 8; ++i) power *= power;
  return power;
}

float accuracy_of(float predicted, float run) {
  return predicted < run ? predicted / run : run / predicted;
}

class Mixture final : public RunTimePredictor {
 public:
  explicit Mixture(std::span<const double> params)
      : temperature_(static_cast<float>(params[0])),
        decay_(static_cast<float>(params[1])),
        shrink_(static_cast<float>(params[2])) {}

  std::unique_ptr<RunTimePredictor> clone() const override {
    return std::make_unique<Mixture>(*this);
  }
  std::size_t memo_size() const override { return kExperts; }

  double predict(const JobTraits& job, std::span<float> memo) const override {
    const Votes votes = votes_of(job);
    std::copy(votes.begin(), votes.end(), memo.begin());
    const double chosen = chosen_of(votes, scores_of(job));
    return chosen > 0 ? std::min(chosen, job.limit_s) : everyone_or_limit(job);
  }

  void learn(const JobTraits& job, double run_s, std::span<const float> memo) override {
    for (const std::uint64_t key : levels_of(job)) {
      if (key != 0) score(accuracies_.at(key), static_cast<float>(run_s), memo);
    }
    for (const std::uint64_t key : keys_of(job)) {
      if (key != 0) histories_.at(key).add(run_s);
    }
    everyone_.add(run_s);
  }

 private:
  Votes votes_of(const JobTraits& job) const {
    Votes votes{};
    const auto limit = static_cast<float>(job.limit_s);
    const Keys keys = keys_of(job);
    for (int k = 0; k < kKeys; ++k) {
      const RunHistory* history = histories_.find(keys[k]);
      if (history == nullptr) continue;
      votes[2 * k] = std::min(history->last(), limit);
      votes[2 * k + 1] = std::min(history->most_like_all(), limit);
      if (k == 0) votes[2 * kKeys] = std::min(history->mean_of_last_two(), limit);
    }
    if (has_limit(job)) votes[2 * kKeys + 1] = limit;
    return votes;
  }

  // Accuracy of each expert on jobs of this user and limit, shrunk to that on the user's, and that
  // to the one on all jobs.
  std::array<float, kExperts> scores_of(const JobTraits& job) const {
    std::array<float, kExperts> scores;
    scores.fill(0.5F);
    const auto levels = levels_of(job);
    for (int level = kLevels - 1; level >= 0; --level) {
      const Accuracy* known = accuracies_.find(levels[level]);
      if (known == nullptr) continue;
      for (int e = 0; e < kExperts; ++e) {
        scores[e] = (known->sum[e] + shrink_ * scores[e]) / (known->count[e] + shrink_);
      }
    }
    return scores;
  }

  // 0 where nobody votes.
  double chosen_of(const Votes& votes, const std::array<float, kExperts>& scores) const {
    float top = 0;
    for (int e = 0; e < kExperts; ++e) {
      if (votes[e] > 0) top = std::max(top, scores[e]);
    }
    std::array<float, kExperts> vote, weight;
    int n = 0;
    for (int e = 0; e < kExperts; ++e) {
      if (votes[e] <= 0) continue;
      const float w = soft_weight(temperature_ * (scores[e] - top));
      int at = n++;
      for (; at > 0 && vote[at - 1] > votes[e]; --at) {
        vote[at] = vote[at - 1];
        weight[at] = weight[at - 1];
      }
      vote[at] = votes[e];
      weight[at] = w;
    }
    return n == 0 ? 0.0 : vote[most_accurate(vote.data(), weight.data(), n)];
  }

  void score(Accuracy& known, float run, std::span<const float> votes) const {
    for (int e = 0; e < kExperts; ++e) {
      if (votes[e] <= 0) continue;
      known.sum[e] = decay_ * known.sum[e] + accuracy_of(votes[e], run);
      known.count[e] = decay_ * known.count[e] + 1;
    }
  }

  double everyone_or_limit(const JobTraits& job) const {
    if (everyone_.empty()) return without_history(job);
    return std::min<double>(everyone_.most_like_all(), job.limit_s);
  }

  float temperature_, decay_, shrink_;
  KeyTable<RunHistory> histories_;
  KeyTable<Accuracy> accuracies_;
  RunHistory everyone_;
};

}  // namespace

std::unique_ptr<RunTimePredictor> make_mixture(std::span<const double> params) {
  return std::make_unique<Mixture>(params);
}

}  // namespace fairlead
