#include "prediction/jobs/bounds.hpp"

#include <algorithm>
#include <cmath>

#include "base/errors.hpp"
#include "prediction/jobs/predictor.hpp"

namespace fairlead {
namespace {

constexpr int kLevels = 6;
// Chosen on the first halves of KTH-SP2, CTC-SP2 and SDSC-SP2.
constexpr float kDecay = 0.98F;   // weight of an outcome against the next younger one of its key
constexpr float kShrink = 20.0F;  // outcomes that a wider key is worth
constexpr double kStep = 0.004;   // of the level, an outcome (Gibbs and Candes, NeurIPS 2021)
constexpr int kFineFrom = 32;     // cells below are spaced by factor, those above by difference
constexpr double kFineShare = 0.2;
constexpr double kFactor = 1.3;

// Upper edges of the cells, as shares of the limit; the last is the limit itself.
const std::array<double, kShares>& share_edges() {
  static const std::array<double, kShares> edges = [] {
    std::array<double, kShares> made;
    double edge = kFineShare;
    for (int i = kFineFrom - 1; i >= 0; --i, edge /= kFactor) made[i] = edge;
    for (int i = kFineFrom; i < kShares; ++i) {
      made[i] = kFineShare + (1 - kFineShare) * (i - kFineFrom + 1) / (kShares - kFineFrom);
    }
    return made;
  }();
  return edges;
}

// Upper edges where there is no limit, in s: 1 s to 3 years and more.
const std::array<double, kShares>& second_edges() {
  static const std::array<double, kShares> edges = [] {
    std::array<double, kShares> made;
    double edge = 1;
    for (double& cell : made) {
      cell = edge;
      edge *= 1.22;
    }
    return made;
  }();
  return edges;
}

struct Scale {
  const std::array<double, kShares>& edges;
  double unit_s;
};

Scale scale_of(const JobTraits& job) {
  if (has_limit(job)) return {share_edges(), job.limit_s};
  return {second_edges(), 1.0};
}

int cell_of(const Scale& scale, double run_s) {
  const auto at = std::ranges::lower_bound(scale.edges, run_s / scale.unit_s);
  return std::min(static_cast<int>(at - scale.edges.begin()), kShares - 1);
}

// From the widest key to the narrowest; 0 where a label is missing.
std::array<std::uint64_t, kLevels> levels_of(const JobTraits& job) {
  const std::uint64_t kind = has_limit(job) ? 1 : 2;
  const std::uint64_t limit = limit_part(job) + 1;
  return {history_key(1, kind),
          history_key(2, kind, limit),
          history_key(3, kind, job.user),
          history_key(4, kind, job.user, limit),
          history_key(5, kind, job.user, limit, job.size),
          history_key(6, kind, job.user, job.name)};
}

}  // namespace

UpperBounds::UpperBounds(std::vector<double> probabilities)
    : probabilities_(std::move(probabilities)), levels_(probabilities_) {
  for (const double p : probabilities_) {
    if (!(p > 0 && p < 1)) {
      throw InvalidInput("quantiles must lie above 0 and below 1; got " + std::to_string(p));
    }
  }
  if (!std::ranges::is_sorted(probabilities_)) throw InvalidInput("quantiles must be ascending");
}

UpperBounds::Cells UpperBounds::distribution_of(const JobTraits& job) const {
  Cells share{};
  share.back() = 1;
  for (const std::uint64_t key : levels_of(job)) {
    const Counts* known = counts_.find(key);
    if (known == nullptr) continue;
    const float scale = 1 / (known->total + kShrink);
    for (int i = 0; i < kShares; ++i) share[i] = scale * (known->cell[i] + kShrink * share[i]);
  }
  return share;
}

void UpperBounds::predict(const JobTraits& job, std::span<float> bounds) const {
  const Scale scale = scale_of(job);
  const Cells share = distribution_of(job);
  float below = 0;
  int cell = -1;
  for (std::size_t i = 0; i < probabilities_.size(); ++i) {
    const auto level = static_cast<float>(levels_[i]);
    // Cells below the first outcome are no bound, even where a level has sunk to 0.
    while (cell < kShares - 1 && (below <= 0 || below < level)) below += share[++cell];
    bounds[i] = static_cast<float>(scale.edges[cell] * scale.unit_s);
  }
}

void UpperBounds::learn(const JobTraits& job, double run_s, std::span<const float> bounds) {
  for (std::size_t i = 0; i < probabilities_.size(); ++i) {
    const double missed = run_s > bounds[i] ? 1.0 : 0.0;
    levels_[i] = std::clamp(levels_[i] + kStep * (missed - (1 - probabilities_[i])), 0.0, 1.0);
    // Higher probabilities are read at higher levels, so that their bounds are no lower.
    if (i > 0) levels_[i] = std::max(levels_[i], levels_[i - 1]);
  }
  const Scale scale = scale_of(job);
  const int cell = cell_of(scale, run_s);
  for (const std::uint64_t key : levels_of(job)) {
    if (key == 0) continue;
    Counts& known = counts_.at(key);
    for (float& count : known.cell) count *= kDecay;
    known.cell[cell] += 1;
    known.total = kDecay * known.total + 1;
  }
}

namespace {

// One bound as the expected run time.
class Histogram final : public RunTimePredictor {
 public:
  explicit Histogram(double probability) : bounds_({probability}) {}

  std::unique_ptr<RunTimePredictor> clone() const override {
    return std::make_unique<Histogram>(*this);
  }
  std::size_t memo_size() const override { return 1; }
  double predict(const JobTraits& job, std::span<float> memo) const override {
    bounds_.predict(job, memo);
    if (has_limit(job)) return std::min<double>(memo[0], without_history(job));
    // The last edge says that too little is known to reach the level.
    const bool told = memo[0] < static_cast<float>(second_edges().back());
    return told ? memo[0] : without_history(job);
  }
  void learn(const JobTraits& job, double run_s, std::span<const float> memo) override {
    bounds_.learn(job, run_s, memo);
  }

 private:
  UpperBounds bounds_;
};

}  // namespace

std::unique_ptr<RunTimePredictor> make_run_time_histogram(std::span<const double> params) {
  return std::make_unique<Histogram>(params[0]);
}

}  // namespace fairlead
