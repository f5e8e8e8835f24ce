// Linear predictors of the logarithm of the run time, learnt job by job: least squares with a
// ridge, and a quantile.
#include <algorithm>
#include <array>
#include <cmath>

#include "prediction/jobs/key_table.hpp"
#include "prediction/jobs/predictor.hpp"
#include "prediction/jobs/run_history.hpp"

namespace fairlead {
namespace {

constexpr int kFeatures = 10;
constexpr double kDay = 86400;
constexpr double kTwoPi = 6.283185307179586;

using Features = std::array<double, kFeatures>;

double dot(const Features& a, std::span<const double> b) {
  double sum = 0;
  for (int i = 0; i < kFeatures; ++i) sum += a[i] * b[i];
  return sum;
}

// Logarithms are centred near what is usual, so that one ridge suits all weights. A job without
// history repeats its limit; how many features it lacks is a feature.
class JobFeatures {
 public:
  Features of(const JobTraits& job) const {
    const double limit = log_hours(without_history(job));
    const RunHistory* user = histories_.find(user_key(job));
    const RunHistory* alike = histories_.find(alike_key(job));
    const double day = kTwoPi * std::fmod(job.submit_s, kDay) / kDay;
    const auto past = [&](const RunHistory* history, auto value) {
      return history == nullptr ? limit : log_hours(value(*history));
    };
    return {1.0,
            limit,
            std::log1p(job.cpus) / 4,
            std::log1p(job.gpus),
            past(user, [](const RunHistory& h) { return h.last(); }),
            past(user, [](const RunHistory& h) { return h.most_like_all(); }),
            past(alike, [](const RunHistory& h) { return h.last(); }),
            past(alike, [](const RunHistory& h) { return h.most_like_all(); }),
            std::sin(day),
            std::cos(day)};
  }

  void learn(const JobTraits& job, double run_s) {
    for (const std::uint64_t key : {user_key(job), alike_key(job)}) {
      if (key != 0) histories_.at(key).add(run_s);
    }
  }

  static double log_hours(double seconds) { return std::log(seconds / 3600.0); }
  static double seconds(double log_hours) {
    return 3600.0 * std::exp(std::clamp(log_hours, -15.0, 15.0));
  }

 private:
  static std::uint64_t user_key(const JobTraits& job) { return history_key(1, job.user); }
  static std::uint64_t alike_key(const JobTraits& job) {
    return history_key(2, job.user, limit_part(job), job.size);
  }

  KeyTable<RunHistory> histories_;
};

Features recalled(std::span<const float> memo) {
  Features x;
  std::copy_n(memo.begin(), kFeatures, x.begin());
  return x;
}

// What both have in common: weights on features.
template <typename Self>
class Linear : public RunTimePredictor {
 public:
  std::unique_ptr<RunTimePredictor> clone() const override {
    return std::make_unique<Self>(static_cast<const Self&>(*this));
  }
  std::size_t memo_size() const override { return kFeatures; }

  double predict(const JobTraits& job, std::span<float> memo) const override {
    if (!seen_) return without_history(job);
    const Features x = features_.of(job);
    std::copy(x.begin(), x.end(), memo.begin());
    return std::min(JobFeatures::seconds(dot(x, weights_)), job.limit_s);
  }

  void learn(const JobTraits& job, double run_s, std::span<const float> memo) override {
    // The first prediction was made before there was anything to remember.
    const Features x = memo[0] == 0 ? features_.of(job) : recalled(memo);
    static_cast<Self&>(*this).fit(x, JobFeatures::log_hours(run_s));
    features_.learn(job, run_s);
    seen_ = true;
  }

 protected:
  Features weights_{};

 private:
  JobFeatures features_;
  bool seen_ = false;
};

// Recursive least squares with forgetting (Haykin, Adaptive Filter Theory, chapter 9).
class Ridge final : public Linear<Ridge> {
 public:
  explicit Ridge(std::span<const double> params) : forget_(params[1]) {
    for (int i = 0; i < kFeatures; ++i) inverse_[i][i] = 1 / params[0];
  }

  void fit(const Features& x, double y) {
    Features gain;
    for (int i = 0; i < kFeatures; ++i) gain[i] = dot(x, inverse_[i]);
    const double scale = 1 / (forget_ + dot(x, gain));
    const double error = y - dot(x, weights_);
    for (int i = 0; i < kFeatures; ++i) weights_[i] += error * scale * gain[i];
    for (int i = 0; i < kFeatures; ++i) {
      for (int j = 0; j < kFeatures; ++j) {
        inverse_[i][j] = (inverse_[i][j] - scale * gain[i] * gain[j]) / forget_;
      }
    }
    limit_trace();
  }

 private:
  // Directions that no job shows would grow without end under forgetting.
  void limit_trace() {
    constexpr double kMost = 1e3;
    double trace = 0;
    for (int i = 0; i < kFeatures; ++i) trace += inverse_[i][i];
    if (trace <= kMost) return;
    for (Features& row : inverse_) {
      for (double& cell : row) cell *= kMost / trace;
    }
  }

  double forget_;
  std::array<Features, kFeatures> inverse_{};
};

// Pinball loss by steps along its slope, each weight with a step of its own (AdaGrad: Duchi, Hazan
// and Singer, JMLR 12, 2011).
class Quantile final : public Linear<Quantile> {
 public:
  explicit Quantile(std::span<const double> params) : probability_(params[0]), step_(params[1]) {
    weights_[1] = 1;  // begins as the limit
  }

  void fit(const Features& x, double y) {
    const double slope = y > dot(x, weights_) ? probability_ : probability_ - 1;
    for (int i = 0; i < kFeatures; ++i) {
      const double gradient = slope * x[i];
      squares_[i] += gradient * gradient;
      if (squares_[i] > 0) weights_[i] += step_ * gradient / std::sqrt(squares_[i]);
    }
  }

 private:
  double probability_, step_;
  Features squares_{};
};

}  // namespace

std::unique_ptr<RunTimePredictor> make_run_time_ridge(std::span<const double> params) {
  return std::make_unique<Ridge>(params);
}
std::unique_ptr<RunTimePredictor> make_run_time_quantile(std::span<const double> params) {
  return std::make_unique<Quantile>(params);
}

}  // namespace fairlead
