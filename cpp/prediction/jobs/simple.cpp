// Rules of one line: the limit, the mean of the user's last two, and means shrunk from the user and
// name to the user to everyone.
#include <algorithm>
#include <array>
#include <cmath>

#include "prediction/jobs/key_table.hpp"
#include "prediction/jobs/predictor.hpp"
#include "prediction/jobs/run_history.hpp"

namespace fairlead {
namespace {

class LimitRule final : public RunTimePredictor {
 public:
  std::unique_ptr<RunTimePredictor> clone() const override {
    return std::make_unique<LimitRule>(*this);
  }
  double predict(const JobTraits& job, std::span<float>) const override {
    return without_history(job);
  }
  void learn(const JobTraits&, double, std::span<const float>) override {}
};

// Tsafrir, Etsion and Feitelson, TPDS 2007, section 4.
class LastTwo final : public RunTimePredictor {
 public:
  std::unique_ptr<RunTimePredictor> clone() const override {
    return std::make_unique<LastTwo>(*this);
  }
  double predict(const JobTraits& job, std::span<float>) const override {
    const RunHistory* history = users_.find(job.user);
    if (history == nullptr) return without_history(job);
    return std::min<double>(history->mean_of_last_two(), job.limit_s);
  }
  void learn(const JobTraits& job, double run_s, std::span<const float>) override {
    if (job.user != 0) users_.at(job.user).add(run_s);
  }

 private:
  KeyTable<RunHistory> users_;
};

// Mean logarithm of the run time with exponentially fading weights, level by level: the mean of a
// level is drawn to that of the level above as by `shrink` jobs.
class ShrunkHistory final : public RunTimePredictor {
 public:
  explicit ShrunkHistory(std::span<const double> params) : shrink_(params[0]), decay_(params[1]) {}

  std::unique_ptr<RunTimePredictor> clone() const override {
    return std::make_unique<ShrunkHistory>(*this);
  }

  double predict(const JobTraits& job, std::span<float>) const override {
    double mean = std::log(without_history(job)), pull = 0;
    for (const std::uint64_t key : levels_of(job)) {
      const Mean* known = means_.find(key);
      if (known == nullptr) continue;
      mean = (known->sum + pull * mean) / (known->count + pull);
      pull = shrink_;
    }
    return std::min(std::exp(mean), job.limit_s);
  }

  void learn(const JobTraits& job, double run_s, std::span<const float>) override {
    for (const std::uint64_t key : levels_of(job)) {
      if (key == 0) continue;
      Mean& known = means_.at(key);
      known.sum = decay_ * known.sum + std::log(run_s);
      known.count = decay_ * known.count + 1;
    }
  }

 private:
  struct Mean {
    double sum = 0, count = 0;
  };

  static std::array<std::uint64_t, 3> levels_of(const JobTraits& job) {
    return {history_key(1), history_key(2, job.user), history_key(3, job.user, job.name)};
  }

  double shrink_, decay_;
  KeyTable<Mean> means_;
};

}  // namespace

double without_history(const JobTraits& job) {
  constexpr double kHour = 3600;
  return has_limit(job) ? std::max(job.limit_s, kShortestRun) : kHour;
}

std::unique_ptr<RunTimePredictor> make_limit_predictor(std::span<const double>) {
  return std::make_unique<LimitRule>();
}
std::unique_ptr<RunTimePredictor> make_last_two(std::span<const double>) {
  return std::make_unique<LastTwo>();
}
std::unique_ptr<RunTimePredictor> make_shrunk_history(std::span<const double> params) {
  return std::make_unique<ShrunkHistory>(params);
}

}  // namespace fairlead
