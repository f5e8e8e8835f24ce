// Level x shape: a ridge regression per few steps ahead, on products of levels and shapes.
//
// The idea of separating how much a cycle brings from how it is spread over the cycle, with a
// ridge for the first and few recent cycles for the second, is that of FLAIR (Apache-2.0); the
// model here is our own. It knows several seasons, forecasts from any place in the cycle and refits
// in time that does not depend on the past's length: each product of a level and a shape
// (LevelShapes) is a forecast by itself, the mean of all of them is what the ridge pulls towards,
// and the data choose how to weigh them.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "prediction/forecaster.hpp"
#include "prediction/linear/level_shapes.hpp"
#include "prediction/refits.hpp"
#include "prediction/ridge.hpp"

namespace fairlead {
namespace {

// Strongest first. Averaged, each by the absolute error of its forecasts so far to the power -10:
// a little better on clusters than taking the best one. Chosen, as those of level_shapes.cpp, on
// ETTh1, the training part of M4 hourly without its last two days, and the clusters before their
// last, scored weeks.
constexpr std::array<double, 6> kPenalties{100, 10, 1, 1e-1, 1e-2, 1e-4};
constexpr double kSharpness = 10;
constexpr std::size_t kRefits = 5;              // along the scored origins, besides the last one
constexpr std::int64_t kSeasonsNeeded = 4;      // of the shortest season, before it is worth a fit
constexpr std::int64_t kLongSeasonsNeeded = 3;  // of a longer one, before it is used
constexpr std::int64_t kSeasonsBefore = 2;      // of the shortest, before the first row
constexpr std::int64_t kFewestRows = 24;        // to learn from before the first forecast
constexpr std::int64_t kMostValues = 20'000;    // looked at, the latest ones
constexpr std::int64_t kStepGrowth = 3;         // halves: one fit serves the steps s to 3 s / 2

// What is looked at, and from which origin on.
struct Plan {
  std::vector<std::int64_t> seasons;
  std::int64_t begin;         // the first value looked at
  std::int64_t first_row;     // the first origin learned from
  std::int64_t first_origin;  // the first one forecast
};

// None where the past is too short to learn from.
std::optional<Plan> plan_for(const Past& past, const ForecastOptions& options) {
  Plan plan;
  plan.begin = std::max<std::int64_t>(past.size() - kMostValues, 0);
  const std::int64_t size = past.size() - plan.begin;
  for (const std::int64_t season : options.seasons) {
    if (size < (plan.seasons.empty() ? kSeasonsNeeded : kLongSeasonsNeeded) * season) break;
    plan.seasons.push_back(season);
  }
  if (plan.seasons.empty() && !options.seasons.empty()) return std::nullopt;
  plan.first_row = plan.begin + (plan.seasons.empty() ? 1 : kSeasonsBefore * plan.seasons.front());
  plan.first_origin = plan.first_row + options.horizon + kFewestRows;
  // The bands need errors beyond the fit, at every step.
  if (past.size() < plan.first_origin + 2 * options.horizon) return std::nullopt;
  return plan;
}

// Steps that share a fit, made at the middle one: far ahead neighbours hardly differ.
struct Steps {
  std::int64_t first;
  std::int64_t last;

  std::int64_t middle() const { return (first + last) / 2; }
};

std::vector<Steps> steps_of(std::int64_t horizon) {
  std::vector<Steps> all;
  for (std::int64_t first = 1; first <= horizon; first = first * kStepGrowth / 2 + 1)
    all.push_back({first, std::min(first * kStepGrowth / 2, horizon)});
  return all;
}

using Row = Eigen::Matrix<double, 1, Eigen::Dynamic>;
using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// One of each penalty, side by side.
constexpr int kPenaltyCount = kPenalties.size();
using ByPenalty = Eigen::Array<double, 1, kPenaltyCount>;
using RowsByPenalty = Eigen::Array<double, Eigen::Dynamic, kPenaltyCount, Eigen::RowMajor>;

class Fit {
 public:
  Fit(const Past& past, const Plan& plan, std::span<const std::int64_t> origins,
      std::int64_t horizon)
      : past_(past),
        plan_(plan),
        origins_(origins),
        steps_(steps_of(horizon)),
        horizon_(horizon),
        blocks_(refit_blocks(origins.size(), kRefits)),
        made_(RowsByPenalty::Zero(static_cast<Eigen::Index>(origins.size()) * horizon,
                                  kPenaltyCount)) {}

  void run(ByOriginAndStep& out) {
    sweep();
    for (std::size_t g = 0; g < steps_.size(); ++g) run_steps(g);
    for (const RefitBlock& block : blocks_) average(block, out);
  }

 private:
  // Levels and shapes at every origin, each by what is known there.
  void sweep() {
    LevelShapes known(plan_.seasons);
    const auto shapes = static_cast<Eigen::Index>(known.shapes());
    windows_ = static_cast<Eigen::Index>(known.windows());
    const Eigen::Index rows = past_.size() - plan_.first_row + 1;
    levels_.resize(rows, shapes * windows_);
    scales_.resize(static_cast<std::size_t>(rows));
    middle_shapes_.assign(steps_.size(), Rows(rows, shapes));
    target_shapes_.resize(static_cast<Eigen::Index>(origins_.size()), shapes * horizon_);
    const auto width = static_cast<std::size_t>(shapes);
    Eigen::Index target = 0;
    for (std::int64_t t = plan_.begin; t <= past_.size(); ++t) {
      const Eigen::Index row = t - plan_.first_row;
      if (row >= 0) {
        known.levels({levels_.row(row).data(), static_cast<std::size_t>(levels_.cols())});
        scales_[static_cast<std::size_t>(row)] = known.scale();
        for (std::size_t g = 0; g < steps_.size(); ++g)
          known.shapes_at(t + steps_[g].middle() - 1, {middle_shapes_[g].row(row).data(), width});
      }
      if (target < target_shapes_.rows() && origins_[target] == t) {
        known.shapes_from(
            t, horizon_,
            {target_shapes_.row(target).data(), static_cast<std::size_t>(target_shapes_.cols())});
        ++target;
      }
      if (t < past_.size()) known.observe(past_, t);
    }
  }

  // All products relative to their mean, and that mean, in units of the scale; which is above 0.
  template <typename Shapes>
  void products(Eigen::Index row, const Shapes& shapes, Eigen::Ref<Eigen::VectorXd> out) const {
    const Eigen::Index count = levels_.cols();
    const double unit = 1 / scales_[static_cast<std::size_t>(row)];
    for (Eigen::Index k = 0; k < shapes.size(); ++k) {
      const double factor = shapes[k] * unit;
      for (Eigen::Index i = k * windows_; i < (k + 1) * windows_; ++i)
        out[i] = levels_(row, i) * factor;
    }
    const double mean = out.head(count).mean();
    out.head(count).array() -= mean;
    out[count] = mean;
  }

  void run_steps(std::size_t g) {
    const std::vector<std::vector<LinearModel>> models = fit(g);
    for (std::size_t b = 0; b < blocks_.size(); ++b) forecast_block(models[b], g, blocks_[b]);
  }

  // A model's forecast is linear in the shapes: the levels are taken into its weights once for all
  // steps.
  void forecast_block(const std::vector<LinearModel>& models, std::size_t g,
                      const RefitBlock& block) {
    RowsByPenalty weights(levels_.cols(), kPenaltyCount);
    ByPenalty intercepts;
    for (int p = 0; p < kPenaltyCount; ++p) {
      const LinearModel& model = models[static_cast<std::size_t>(p)];
      const auto of_products = model.weights.head(levels_.cols());
      // What a product adds to the mean, whose weight is one more than fitted.
      const double of_mean = model.weights[levels_.cols()] + 1 - of_products.sum();
      weights.col(p) = of_products.array() + of_mean / static_cast<double>(levels_.cols());
      intercepts[p] = model.intercept;
    }
    RowsByPenalty of_shapes(levels_.cols() / windows_, kPenaltyCount);
    for (auto i = static_cast<Eigen::Index>(block.begin); i < static_cast<Eigen::Index>(block.end);
         ++i) {
      const Eigen::Index row = origins_[static_cast<std::size_t>(i)] - plan_.first_row;
      const double scale = scales_[static_cast<std::size_t>(row)];
      if (!(scale > 0)) continue;
      for (Eigen::Index k = 0; k < of_shapes.rows(); ++k) {
        ByPenalty sum = ByPenalty::Zero();
        for (Eigen::Index w = k * windows_; w < (k + 1) * windows_; ++w)
          sum += levels_(row, w) * weights.row(w);
        of_shapes.row(k) = sum;
      }
      for (std::int64_t step = steps_[g].first; step <= steps_[g].last; ++step) {
        ByPenalty made = scale * intercepts;
        for (Eigen::Index k = 0; k < of_shapes.rows(); ++k)
          made += target_shapes_(i, k * horizon_ + step - 1) * of_shapes.row(k);
        made_.row(i * horizon_ + step - 1) = made.max(0.0);
      }
    }
  }

  // Per block and penalty, the model that knows what the block's first origin knows.
  std::vector<std::vector<LinearModel>> fit(std::size_t g) const {
    std::vector<std::vector<LinearModel>> models;
    NormalEquations equations(levels_.cols() + 1);
    std::int64_t learned = plan_.first_row;  // origins below it are in the equations
    for (const RefitBlock& block : blocks_) {
      // The target of origin t is known at origin o once t + step <= o.
      const std::int64_t until = origins_[block.begin] - steps_[g].middle() + 1;
      learn(equations, g, learned, until);
      learned = std::max(learned, until);
      models.push_back(equations.solve(kPenalties));
    }
    return models;
  }

  // Adds the origins in [from, until) whose targets were observed.
  void learn(NormalEquations& equations, std::size_t g, std::int64_t from,
             std::int64_t until) const {
    std::vector<Eigen::Index> rows;
    for (std::int64_t origin = from; origin < until; ++origin) {
      const Eigen::Index row = origin - plan_.first_row;
      if (past_.observed[origin + steps_[g].middle() - 1] != 0 &&
          scales_[static_cast<std::size_t>(row)] > 0)
        rows.push_back(row);
    }
    if (rows.empty()) return;
    Eigen::MatrixXd x(levels_.cols() + 1, static_cast<Eigen::Index>(rows.size()));
    Eigen::VectorXd y(x.cols());
    for (Eigen::Index i = 0; i < x.cols(); ++i) {
      const Eigen::Index row = rows[static_cast<std::size_t>(i)];
      products(row, middle_shapes_[g].row(row), x.col(i));
      const double target = past_.values[plan_.first_row + row + steps_[g].middle() - 1];
      y[i] = target / scales_[static_cast<std::size_t>(row)] - x(x.rows() - 1, i);
    }
    equations.add_columns(x, y);
  }

  // The penalties' forecasts, weighed by how close they came at the origins of earlier blocks, as
  // far as their outcomes were known when this block was fitted.
  void average(const RefitBlock& block, ByOriginAndStep& out) const {
    ByPenalty weights = known_loss(block.begin, origins_[block.begin]);
    const double least = weights.minCoeff();
    for (double& weight : weights)
      weight = weight > least ? std::pow(least / weight, kSharpness) : 1;
    weights /= weights.sum();
    for (auto i = static_cast<Eigen::Index>(block.begin); i < static_cast<Eigen::Index>(block.end);
         ++i) {
      for (std::int64_t step = 0; step < horizon_; ++step)
        out(i, step) = (made_.row(i * horizon_ + step) * weights).sum();
    }
  }

  ByPenalty known_loss(std::size_t end, std::int64_t known) const {
    ByPenalty loss = ByPenalty::Zero();
    for (std::size_t i = 0; i < end; ++i) {
      const std::int64_t steps = std::min(horizon_, known - origins_[i]);
      for (std::int64_t step = 0; step < steps; ++step) {
        const std::int64_t index = origins_[i] + step;
        if (past_.observed[index] != 0)
          loss += (made_.row(static_cast<Eigen::Index>(i) * horizon_ + step) - past_.values[index])
                      .abs();
      }
    }
    return loss;
  }

  const Past& past_;
  const Plan& plan_;
  std::span<const std::int64_t> origins_;
  std::vector<Steps> steps_;
  std::int64_t horizon_;
  std::vector<RefitBlock> blocks_;
  Eigen::Index windows_ = 0;
  Rows levels_;                      // a row per origin from plan_.first_row on
  std::vector<double> scales_;       // likewise
  std::vector<Rows> middle_shapes_;  // likewise, at the middle of each of steps_
  Rows target_shapes_;               // a row per forecast origin: of each shape all steps
  RowsByPenalty made_;               // a row per forecast origin and step
};

class LevelShape final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    const std::optional<Plan> plan = plan_for(past, options);
    return plan ? plan->first_origin : past.size() + 1;
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const Plan plan = *plan_for(past, options);
    Fit(past, plan, origins, options.horizon).run(out);
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_level_shape() {
  return std::make_unique<LevelShape>();
}

}  // namespace fairlead
