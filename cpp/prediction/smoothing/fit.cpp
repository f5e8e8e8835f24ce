#include "prediction/smoothing/fit.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "prediction/smoothing/objective.hpp"
#include "prediction/smoothing/start.hpp"

namespace fairlead::smoothing {
namespace {

constexpr int kMostSteps = 30;
// With a long season beside another, whose places are solved for one by one, the search creeps, and
// what it gains late are first states: on the training part of M4 hourly and on clusters before
// their scored weeks forecasts after 10, 30 and 100 steps are equally good.
constexpr int kMostCreepingSteps = 10;
constexpr int kManyPlaces = 64;
constexpr double kFirstDamping = 1e-2;
constexpr double kMostDamping = 1e6;
constexpr double kLessDamping = 0.1;
constexpr double kMoreDamping = 10;
constexpr double kSmallGain = 1e-5;  // of the sum of squares: the search ends after two such steps
constexpr int kSmallGains = 2;
constexpr double kNothing = 1e-24;  // squares per value, in units of the mean value

// Levenberg-Marquardt within bounds for one lane: asks for a point, is told the expansion there.
// The driver evaluates the questions of all lanes together.
class Search {
 public:
  Search(const Layout& layout, Point start) : layout_(&layout), trial_(std::move(start)) {}

  const Point& asked() const { return trial_; }
  const Point& best() const { return best_; }
  double squares() const { return at_best_.squares; }
  bool done() const { return done_; }

  void tell(const Expansion& at_trial, std::int64_t count) {
    const bool first = best_.size() == 0;
    if (first || at_trial.squares < at_best_.squares) {
      const double gain = first ? 1 : 1 - at_trial.squares / at_best_.squares;
      small_gains_ = gain < kSmallGain ? small_gains_ + 1 : 0;
      best_ = trial_;
      at_best_ = at_trial;
      if (!first) damping_ = std::max(damping_ * kLessDamping, 1e-9);
    } else {
      damping_ *= kMoreDamping;
    }
    done_ = small_gains_ >= kSmallGains || damping_ > kMostDamping ||
            at_best_.squares <= kNothing * static_cast<double>(count);
    if (!done_) trial_ = next();
  }

 private:
  // A weight that stands at a bound and would leave it stays.
  bool is_held(int i) const {
    if (i >= layout_->weights) return false;
    const double slope = at_best_.gradient[i];
    return (best_[i] <= layout_->lower[i] && slope > 0) ||
           (best_[i] >= layout_->upper[i] && slope < 0);
  }

  Point next() const {
    const int dense = layout_->dense;
    Point point = best_;
    point.head(dense) += dense_step();
    const Eigen::Index rest = layout_->size - dense;
    point.tail(rest) -= (at_best_.gradient.tail(rest).array() /
                         (at_best_.diagonal.array() * (1 + damping_) + 1e-10))
                            .matrix();
    for (int i = 0; i < layout_->weights; ++i)
      point[i] = std::clamp(point[i], layout_->lower[i], layout_->upper[i]);
    return point;
  }

  // The damped step within the bounds: a weight that would leave them is set to its bound, and the
  // others are solved for anew.
  Eigen::VectorXd dense_step() const {
    const int dense = layout_->dense;
    Eigen::MatrixXd system = at_best_.hessian;
    // The level and the mean of a season say the same: the damping decides between them.
    system.diagonal() *= 1 + damping_;
    system.diagonal().array() += 1e-10 * (1 + system.diagonal().mean());
    Eigen::VectorXd slope = at_best_.gradient.head(dense);
    const auto set = [&](int i, double change) {
      slope += system.col(i) * change;
      system.row(i).setZero();
      system.col(i).setZero();
      system(i, i) = 1;
      slope[i] = -change;
    };
    std::vector<bool> is_set(static_cast<std::size_t>(layout_->weights));
    for (int i = 0; i < layout_->weights; ++i) {
      if (is_held(i)) set(i, 0), is_set[i] = true;
    }
    for (;;) {
      const Eigen::VectorXd step = -system.llt().solve(slope);
      bool within = true;
      for (int i = 0; i < layout_->weights; ++i) {
        if (is_set[i]) continue;
        const double bound = std::clamp(best_[i] + step[i], layout_->lower[i], layout_->upper[i]);
        if (bound == best_[i] + step[i]) continue;
        set(i, bound - best_[i]);
        is_set[i] = true;
        within = false;
      }
      if (within) return step;
    }
  }

  const Layout* layout_;
  Point trial_, best_;
  Expansion at_best_;
  double damping_ = kFirstDamping;
  int small_gains_ = 0;
  bool done_ = false;
};

double scale_of(const Sample& sample) {
  double sum = 0;
  for (const double value : sample.values) sum += std::abs(value);
  return sum > 0 ? sum / static_cast<double>(sample.values.size()) : 1;
}

std::int64_t count_of(const Sample& sample) {
  return std::ranges::count_if(sample.observed, [](std::uint8_t seen) { return seen != 0; });
}

Point point_of(const Layout& layout, const Form& form, const Model& model, double scale) {
  Point point(layout.size);
  for (int i = 0; i < layout.weights; ++i) point[i] = layout.usual[i];
  point[layout.level] = model.level / scale;
  if (form.trend) point[layout.trend] = model.trend / scale;
  for (std::size_t k = 0; k < form.seasons.size(); ++k) {
    for (std::size_t place = 0; place < model.season[k].size(); ++place)
      point[layout.season[k] + static_cast<Eigen::Index>(place)] = model.season[k][place] / scale;
  }
  return point;
}

Model model_of(const Layout& layout, const Form& form, const Point& point, double scale) {
  Model model;
  model.alpha = point[0];
  if (form.trend) model.beta = model.alpha * point[layout.beta];
  if (form.damped) model.phi = point[layout.phi];
  model.level = point[layout.level] * scale;
  if (form.trend) model.trend = point[layout.trend] * scale;
  for (std::size_t k = 0; k < form.seasons.size(); ++k) {
    model.gamma[k] = (1 - model.alpha) * point[layout.gamma[k]];
    for (std::int64_t place = 0; place < form.seasons[k]; ++place)
      model.season[k].push_back(point[layout.season[k] + static_cast<Eigen::Index>(place)] * scale);
  }
  return model;
}

// Every combination of a few weights, with the starting states.
std::vector<std::array<double, 2>> first_weights(const Form& form) {
  std::vector<std::array<double, 2>> all;
  for (const double alpha : {0.02, 0.1, 0.3, 0.6, 0.9}) {
    if (form.seasons.empty()) {
      all.push_back({alpha, 0});
      continue;
    }
    for (const double gamma : {0.02, 0.2, 0.6}) all.push_back({alpha, gamma});
  }
  return all;
}

// Takes for each lane the first weights with the smallest sum of squares.
void choose_start(Objective& objective, const Form& form, const Layout& layout,
                  std::vector<Point>& points) {
  std::vector<Point> trial = points;
  std::array<double, kLanes> least;
  least.fill(std::numeric_limits<double>::infinity());
  for (const auto& [alpha, gamma] : first_weights(form)) {
    for (Point& point : trial) {
      point[0] = std::min(alpha, layout.upper[0]);
      for (const int place : layout.gamma) {
        if (place >= 0) point[place] = gamma;
      }
    }
    const std::array<double, kLanes> squares = objective.squares(trial);
    for (std::size_t lane = 0; lane < points.size(); ++lane) {
      if (!(squares[lane] < least[lane])) continue;
      least[lane] = squares[lane];
      points[lane] = trial[lane];
    }
  }
}

std::vector<Model> fit_block(const Form& form, std::span<const Sample> samples) {
  const Layout layout(form);
  std::vector<double> scales;
  std::vector<Point> points;
  for (const Sample& sample : samples) {
    scales.push_back(scale_of(sample));
    points.push_back(point_of(layout, form, starting_states(form, sample.values), scales.back()));
  }
  Objective objective(form, samples, scales);
  choose_start(objective, form, layout, points);
  std::vector<Search> searches;
  for (const Point& point : points) searches.emplace_back(layout, point);
  std::vector<Expansion> expansions(samples.size());
  const bool creeps = form.seasons.size() > 1 && layout.size - layout.dense > kManyPlaces;
  const int most = creeps ? kMostCreepingSteps : kMostSteps;
  for (int taken = 0; taken < most && !std::ranges::all_of(searches, &Search::done); ++taken) {
    for (std::size_t lane = 0; lane < searches.size(); ++lane)
      points[lane] = searches[lane].asked();
    objective.expand(points, expansions);
    for (std::size_t lane = 0; lane < searches.size(); ++lane) {
      if (!searches[lane].done()) searches[lane].tell(expansions[lane], count_of(samples[lane]));
    }
  }
  std::vector<Model> models;
  for (std::size_t lane = 0; lane < samples.size(); ++lane) {
    models.push_back(model_of(layout, form, searches[lane].best(), scales[lane]));
    models.back().squares = searches[lane].squares() * scales[lane] * scales[lane];
    models.back().count = count_of(samples[lane]);
  }
  return models;
}

}  // namespace

std::int64_t Model::parameters(const Form& form) const {
  std::int64_t free = 3;  // alpha, level and the variance
  if (form.trend) free += 2;
  if (form.damped) free += 1;
  for (const std::int64_t length : form.seasons) free += length;  // gamma, and one place is given
  return free;
}

std::int64_t fewest_values(const Form& form) {
  const std::int64_t states = form.trend ? 2 : 1;
  return form.seasons.empty() ? states + 4 : 2 * form.seasons.back() + states + 4;
}

std::vector<Model> fit(const Form& form, std::span<const Sample> samples) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return samples[i].values.size(); });
  std::vector<Model> models(samples.size());
  for (std::size_t begin = 0; begin < order.size(); begin += kLanes) {
    const std::size_t end = std::min(begin + kLanes, order.size());
    std::vector<Sample> block;
    for (std::size_t i = begin; i < end; ++i) block.push_back(samples[order[i]]);
    std::vector<Model> made = fit_block(form, block);
    for (std::size_t i = begin; i < end; ++i) models[order[i]] = std::move(made[i - begin]);
  }
  return models;
}

}  // namespace fairlead::smoothing
