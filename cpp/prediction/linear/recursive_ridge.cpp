// One autoregression by ridge over many lags, run forward step by step: on the values themselves,
// on their changes over a season, or on those of their logarithms.
//
// Differencing over the season first leaves to the regression what a season ago does not explain;
// it is worth half of the error on daily shapes that change slowly. Several such models differ in
// what they take for constant, so their combination is better than the best of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/clones.hpp"
#include "prediction/forecaster.hpp"
#include "prediction/refits.hpp"
#include "prediction/ridge.hpp"

namespace fairlead {
namespace {

// Of features scaled to variance 1: what is left after a season is noisier and is held more firmly.
// Chosen on ETTh1 and on the training parts of M4 hourly without their last two days, with the
// figures of tests/benchmarks/bench_demand.py in view.
constexpr double kPenalty = 1e-2;
constexpr double kSeasonPenalty = 5e-2;
constexpr std::size_t kRefits = 8;            // along the scored origins, besides the last one
constexpr std::int64_t kMostRecentLags = 24;  // or as many as the shortest season has
constexpr std::int64_t kLagsWithoutSeason = 12;
constexpr std::int64_t kRowsPerLag = 3;     // before the first forecast
constexpr std::int64_t kMostRows = 20'000;  // learned from, the latest ones
constexpr double kFarthest = 2;    // a step, in the largest known deviations from the centre
constexpr double kMostGrowth = 7;  // of logarithms, above the largest known
constexpr std::int64_t kTooLong = std::numeric_limits<std::int64_t>::max() / 4;

enum class Target { level, change, difference, long_difference, log_difference, recent };

// What is regressed on what: x_t = w_t - w_(t - difference) (difference 0: w_t) on x_(t - lag).
struct Design {
  std::int64_t difference;
  std::vector<std::int64_t> lags;  // ascending

  std::int64_t reach() const { return difference + lags.back(); }
  std::int64_t first_origin() const {
    return reach() + kRowsPerLag * static_cast<std::int64_t>(lags.size());
  }
};

// How many of the seasons and how many multiples of the shortest one have lags; richest first.
struct Reach {
  std::size_t seasons;
  std::int64_t multiples;
};
constexpr std::array<Reach, 4> kReaches{{{2, 6}, {1, 6}, {1, 1}, {0, 0}}};

// Lags of the recent past, of the shortest season and, with the next longer one, of that.
std::vector<std::int64_t> lags_of(std::span<const std::int64_t> seasons, const Reach& reach) {
  std::vector<std::int64_t> lags;
  const std::int64_t recent =
      seasons.empty() ? kLagsWithoutSeason : std::min(seasons.front(), kMostRecentLags);
  for (std::int64_t lag = 1; lag <= recent; ++lag) lags.push_back(lag);
  for (std::size_t i = 0; i < reach.seasons; ++i) {
    for (const std::int64_t lag : {seasons[i] - 1, seasons[i], seasons[i] + 1}) lags.push_back(lag);
  }
  for (std::int64_t k = 2; k <= reach.multiples; ++k) {
    if (reach.seasons < 2 || k * seasons[0] < seasons[1] - 1) lags.push_back(k * seasons[0]);
  }
  std::ranges::sort(lags);
  lags.erase(std::unique(lags.begin(), lags.end()), lags.end());
  if (lags.front() == 0) lags.erase(lags.begin());
  return lags;
}

std::int64_t difference_of(Target target, std::span<const std::int64_t> seasons) {
  switch (target) {
    case Target::level:
    case Target::recent:
      return 0;
    case Target::change:
      return 1;
    case Target::long_difference:
      return seasons.size() > 1 ? seasons[1] : kTooLong;
    default:
      return seasons.empty() ? kTooLong : seasons.front();
  }
}

// The richest design that leaves two fifths of the past to forecast; none if there is no such.
std::optional<Design> design_for(Target target, std::int64_t size,
                                 std::span<const std::int64_t> seasons) {
  const std::int64_t difference = difference_of(target, seasons);
  if (difference >= size) return std::nullopt;
  if (target == Target::recent) return Design{0, {1, 2, 3}};
  for (const Reach& reach : kReaches) {
    if (reach.seasons > seasons.size()) continue;
    Design design{difference, lags_of(seasons, reach)};
    if (design.first_origin() <= size * 3 / 5) return design;
  }
  return std::nullopt;
}

constexpr Eigen::Index kLanes = 16;  // origins forecast side by side
using Lanes = Eigen::Matrix<double, kLanes, 1>;

// Adds weights[i] * rows[i] for each of n rows, in their order.
FAIRLEAD_CLONES void add_weighted(const double* weights, const double* const* rows, std::size_t n,
                                  double* out) {
  // What AVX2 takes in one register: of vectors wider than those GCC makes memory.
  using Quad = double __attribute__((vector_size(4 * sizeof(double))));
  Quad sums[kLanes / 4];
  std::memcpy(sums, out, sizeof sums);
  for (std::size_t i = 0; i < n; ++i) {
    const double weight = weights[i];
    for (Eigen::Index k = 0; k < kLanes / 4; ++k) {
      Quad row;
      std::memcpy(&row, rows[i] + 4 * k, sizeof row);
      sums[k] += weight * row;
    }
  }
  std::memcpy(out, sums, sizeof sums);
}

// Values around a few origins, one of each side by side: the known ones, where those of
// neighbouring origins lie side by side already as they are, and the ones forecast.
class LaneWindow {
 public:
  // `back`: how far before its origin a value is read. No more than kLanes origins.
  LaneWindow(const std::vector<double>& values, std::span<const std::int64_t> origins,
             std::int64_t back, std::int64_t steps)
      : made_(kLanes, steps) {
    if (static_cast<Eigen::Index>(origins.size()) == kLanes &&
        origins.back() - origins.front() == kLanes - 1) {
      known_ = values.data() + origins.front();
      stride_ = 1;
      return;
    }
    gathered_.resize(kLanes, back);
    for (std::int64_t row = 0; row < back; ++row) {
      for (Eigen::Index lane = 0; lane < kLanes; ++lane) {
        const auto i = std::min(static_cast<std::size_t>(lane), origins.size() - 1);
        gathered_(lane, row) = values[static_cast<std::size_t>(origins[i] - back + row)];
      }
    }
    known_ = gathered_.data() + gathered_.size();
  }

  // kLanes values at `step` from the origins, which is the first one forecast; before it below 0.
  const double* at(std::int64_t step) const {
    return step < 0 ? known_ + step * stride_ : made_.data() + step * kLanes;
  }

  void put(std::int64_t step, const Lanes& values) { made_.col(step) = values; }

 private:
  const double* known_;  // just behind the last known ones
  std::int64_t stride_ = kLanes;
  Eigen::Matrix<double, kLanes, Eigen::Dynamic> gathered_;
  Eigen::Matrix<double, kLanes, Eigen::Dynamic> made_;
};

class Fit {
 public:
  Fit(const Past& past, const Design& design, bool logarithms)
      : past_(past),
        design_(design),
        logarithms_(logarithms),
        first_row_(std::max(design.reach(), past.size() - kMostRows)),
        equations_(static_cast<Eigen::Index>(design.lags.size())) {
    level_.assign(past.values.begin(), past.values.end());
    if (logarithms_) {
      for (double& value : level_) value = std::log(value);
    }
    x_.assign(level_.size(), 0.0);
    for (std::size_t t = design.difference; t < x_.size(); ++t)
      x_[t] = design.difference == 0 ? level_[t] : level_[t] - level_[t - design.difference];
    learned_ = first_row_;
    scanned_ = static_cast<std::size_t>(design.difference);
  }

  void run(std::span<const std::int64_t> origins, ByOriginAndStep& out) {
    for (const RefitBlock& block : refit_blocks(origins.size(), kRefits)) {
      const LinearModel model = fit(origins[block.begin]);
      forecast(model, origins.subspan(block.begin, block.end - block.begin),
               out.middleRows(static_cast<Eigen::Index>(block.begin),
                              static_cast<Eigen::Index>(block.end - block.begin)));
    }
  }

 private:
  LinearModel fit(std::int64_t known) {
    while (learned_ < known) learn_run(known);
    for (; scanned_ < static_cast<std::size_t>(known); ++scanned_) {
      lowest_ = std::min(lowest_, x_[scanned_]);
      highest_ = std::max(highest_, x_[scanned_]);
      top_ = std::max(top_, level_[scanned_]);
    }
    const double& penalty = design_.difference > 1 ? kSeasonPenalty : kPenalty;
    return std::move(equations_.solve({&penalty, 1}).front());
  }

  // Adds the next run of observed targets below `known`.
  void learn_run(std::int64_t known) {
    while (learned_ < known && past_.observed[learned_] == 0) ++learned_;
    std::int64_t to = learned_;
    while (to < known && past_.observed[to] != 0) ++to;
    const Eigen::Index rows = to - learned_;
    Eigen::MatrixXd features(rows, static_cast<Eigen::Index>(design_.lags.size()));
    for (Eigen::Index i = 0; i < features.cols(); ++i)
      features.col(i) = column(learned_ - design_.lags[i], rows);
    if (rows > 0) equations_.add(features, column(learned_, rows));
    learned_ = to;
  }

  Eigen::Map<const Eigen::VectorXd> column(std::int64_t from, Eigen::Index rows) const {
    return {x_.data() + from, rows};
  }

  void forecast(const LinearModel& model, std::span<const std::int64_t> origins,
                Eigen::Ref<ByOriginAndStep> out) const {
    for (std::size_t lane = 0; lane < origins.size(); lane += kLanes) {
      const auto some = origins.subspan(lane, std::min<std::size_t>(kLanes, origins.size() - lane));
      forecast_lanes(
          model, some,
          out.middleRows(static_cast<Eigen::Index>(lane), static_cast<Eigen::Index>(some.size())));
    }
  }

  // A few origins step by step, so that lanes carry origins.
  void forecast_lanes(const LinearModel& model, std::span<const std::int64_t> origins,
                      Eigen::Ref<ByOriginAndStep> out) const {
    LaneWindow x(x_, origins, design_.lags.back(), out.cols());
    LaneWindow level(level_, origins, design_.difference, out.cols());
    const double centre = (lowest_ + highest_) / 2;
    const double farthest = kFarthest * (highest_ - centre);
    std::vector<const double*> lagged(design_.lags.size());
    for (std::int64_t step = 0; step < out.cols(); ++step) {
      for (std::size_t i = 0; i < lagged.size(); ++i) lagged[i] = x.at(step - design_.lags[i]);
      Lanes next = Lanes::Constant(model.intercept);
      add_weighted(model.weights.data(), lagged.data(), lagged.size(), next.data());
      next = next.cwiseMax(centre - farthest).cwiseMin(centre + farthest);
      x.put(step, next);
      if (design_.difference > 0)
        next += Eigen::Map<const Lanes>(level.at(step - design_.difference));
      level.put(step, next);
      if (logarithms_) next = next.cwiseMin(top_ + kMostGrowth).array().exp();
      out.col(step) = next.head(out.rows()).cwiseMax(0.0);
    }
  }

  const Past& past_;
  const Design& design_;
  bool logarithms_;
  std::int64_t first_row_;
  NormalEquations equations_;
  std::vector<double> level_;  // values or their logarithms
  std::vector<double> x_;      // what is regressed
  std::int64_t learned_ = 0;   // targets below it are in the equations
  std::size_t scanned_ = 0;    // values below it are in these three:
  double lowest_ = std::numeric_limits<double>::infinity();
  double highest_ = -std::numeric_limits<double>::infinity();
  double top_ = -std::numeric_limits<double>::infinity();
};

class RecursiveRidge final : public Forecaster {
 public:
  explicit RecursiveRidge(Target target) : target_(target) {}

  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    const std::optional<Design> design = design_for(target_, past.size(), options.seasons);
    if (!design || (logarithms() && std::ranges::min(past.values) <= 0)) return past.size() + 1;
    return std::max(design->first_origin(), past.size() - kMostRows / 2);
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const Design design = *design_for(target_, past.size(), options.seasons);
    Fit(past, design, logarithms()).run(origins, out);
  }

 private:
  bool logarithms() const { return target_ == Target::log_difference; }

  Target target_;
};

}  // namespace

std::unique_ptr<Forecaster> make_ridge_level() {
  return std::make_unique<RecursiveRidge>(Target::level);
}
std::unique_ptr<Forecaster> make_ridge_change() {
  return std::make_unique<RecursiveRidge>(Target::change);
}
std::unique_ptr<Forecaster> make_ridge_difference() {
  return std::make_unique<RecursiveRidge>(Target::difference);
}
std::unique_ptr<Forecaster> make_ridge_long_difference() {
  return std::make_unique<RecursiveRidge>(Target::long_difference);
}
std::unique_ptr<Forecaster> make_ridge_log() {
  return std::make_unique<RecursiveRidge>(Target::log_difference);
}

std::unique_ptr<Forecaster> make_autoregression() {
  return std::make_unique<RecursiveRidge>(Target::recent);
}

}  // namespace fairlead
