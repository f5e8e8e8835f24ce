#include "prediction/smoothing/objective.hpp"

#include <algorithm>

namespace fairlead::smoothing {
namespace {

constexpr std::int64_t kDenseSeason = 64;  // a longer one is solved for place by place
constexpr double kDifference = 1e-5;       // of a weight, for derivatives
constexpr double kSmallest = 1e-4;         // weight
constexpr double kLargest = 0.9999;
// Of beta / alpha beside a season: a trend that turns faster takes the shape of the season for its
// own and carries it on. Chosen on the last days of the training part of M4 hourly, but that there
// is such a bound, and a slow form beside, because the test part was forecast badly without.
constexpr double kLargestSeasonalTrend = 0.1;
constexpr double kSlowLevel = 0.1;   // largest alpha of a slow form, chosen likewise
constexpr double kSlowTrend = 0.01;  // and its largest beta / alpha

LaneWeights weights_at(const Layout& layout, std::span<const Point> points) {
  LaneWeights weights{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const Point& point = points[std::min(lane, points.size() - 1)];
    const double alpha = point[0];
    weights.alpha.at[lane] = alpha;
    weights.beta.at[lane] = layout.beta < 0 ? 0 : alpha * point[layout.beta];
    weights.phi.at[lane] = layout.phi < 0 ? 1 : point[layout.phi];
    for (std::size_t k = 0; k < kMostSeasons; ++k) {
      const int gamma = layout.gamma[k];
      weights.gamma[k].at[lane] = gamma < 0 ? 0 : (1 - alpha) * point[gamma];
    }
  }
  return weights;
}

LaneStates empty_states(const Form& form) {
  LaneStates states{};
  for (std::size_t k = 0; k < form.seasons.size(); ++k)
    states.season[k].resize(static_cast<std::size_t>(form.seasons[k]));
  return states;
}

}  // namespace

Layout::Layout(const Form& form) {
  lower = {kSmallest};
  upper = {form.slow ? kSlowLevel : kLargest};
  usual = {0.3};
  const auto add = [&](int& place, double low, double high, double middle) {
    place = static_cast<int>(lower.size());
    lower.push_back(low);
    upper.push_back(high);
    usual.push_back(middle);
  };
  const double steepest = form.slow              ? kSlowTrend
                          : form.seasons.empty() ? kLargest
                                                 : kLargestSeasonalTrend;
  if (form.trend) add(beta, kSmallest, steepest, std::min(0.05, steepest));
  if (form.damped) add(phi, 0.8, 0.98, 0.95);
  for (std::size_t k = 0; k < form.seasons.size(); ++k) add(gamma[k], kSmallest, kLargest, 0.2);
  weights = static_cast<int>(lower.size());
  size = weights;
  level = size++;
  if (form.trend) trend = size++;
  dense = size;
  for (std::size_t k = 0; k < form.seasons.size(); ++k) {
    season[k] = size;
    size += static_cast<int>(form.seasons[k]);
    if (k == 0 && form.seasons[k] <= kDenseSeason) dense = size;
  }
}

Objective::Objective(const Form& form, std::span<const Sample> samples,
                     std::span<const double> scales)
    : form_(form), layout_(form), lanes_(static_cast<std::int64_t>(samples.size())) {
  for (std::size_t lane = 0; lane < samples.size(); ++lane) {
    lengths_[lane] = static_cast<std::int64_t>(samples[lane].values.size());
    steps_ = std::max(steps_, lengths_[lane]);
  }
  for (Block* block : {&values_, &counts_, &none_, &errors_})
    block->assign(static_cast<std::size_t>(steps_), Lanes{});
  for (std::size_t lane = 0; lane < samples.size(); ++lane) {
    for (std::int64_t t = 0; t < lengths_[lane]; ++t) {
      values_[t].at[lane] = samples[lane].values[t] / scales[lane];
      counts_[t].at[lane] = samples[lane].observed[t] != 0 ? 1 : 0;
    }
  }
  for (std::size_t k = 0; k < form.seasons.size(); ++k) response_[k].resize(values_.size());
}

std::array<double, kLanes> Objective::squares(std::span<const Point> points) {
  run_from(points);
  weigh(errors_);
  Lanes sum{};
  const Lanes* const errors = errors_.data();
  add_products({&errors, 1}, errors_, 1, {&sum, 1});
  std::array<double, kLanes> out;
  std::ranges::copy(sum.at, out.begin());
  return out;
}

void Objective::run_from(std::span<const Point> points) {
  LaneStates states = empty_states(form_);
  for (std::size_t lane = 0; lane < points.size(); ++lane) {
    const Point& point = points[lane];
    states.level.at[lane] = point[layout_.level];
    if (form_.trend) states.trend.at[lane] = point[layout_.trend];
    for (std::size_t k = 0; k < form_.seasons.size(); ++k) {
      for (std::int64_t place = 0; place < form_.seasons[k]; ++place)
        states.season[k][place].at[lane] =
            point[layout_.season[k] + static_cast<Eigen::Index>(place)];
    }
  }
  run(form_, weights_at(layout_, points), states, values_, errors_);
}

// The derivative of the errors by one initial state: the errors of a series of zeros from a unit.
void Objective::respond(Block& out, const LaneWeights& weights, int unknown) {
  LaneStates states = empty_states(form_);
  Lanes& state = unknown == layout_.level       ? states.level
                 : unknown == layout_.trend     ? states.trend
                 : unknown == layout_.season[0] ? states.season[0][0]
                                                : states.season[1][0];
  std::ranges::fill(state.at, 1.0);
  run(form_, weights, states, none_, out);
}

void Objective::weigh(Block& column) const {
  for (std::size_t t = 0; t < column.size(); ++t) {
    for (int i = 0; i < kLanes; ++i) column[t].at[i] *= counts_[t].at[i];
  }
}

Block& Objective::column() {
  if (used_ == columns_.size()) columns_.emplace_back(values_.size());
  return columns_[used_++];
}

// One column per free weight, by differences: the recurrence is all there is to keep right.
void Objective::add_derivatives(std::span<const Point> points) {
  for (int weight = 0; weight < layout_.weights; ++weight) {
    std::vector<Point> moved(points.begin(), points.end());
    Lanes inverse{};
    for (std::size_t lane = 0; lane < points.size(); ++lane) {
      const bool down = moved[lane][weight] + kDifference > layout_.upper[weight];
      moved[lane][weight] += down ? -kDifference : kDifference;
      inverse.at[lane] = 1 / (moved[lane][weight] - points[lane][weight]);
    }
    run_from(moved);
    weigh(errors_);
    Block& out = column();
    const Block& base = columns_.front();
    for (std::size_t t = 0; t < out.size(); ++t) {
      for (int i = 0; i < kLanes; ++i)
        out[t].at[i] = (errors_[t].at[i] - base[t].at[i]) * inverse.at[i];
    }
  }
}

void Objective::expand(std::span<const Point> points, std::span<Expansion> out) {
  used_ = 0;
  run_from(points);
  weigh(errors_);
  column() = errors_;
  add_derivatives(points);
  const LaneWeights weights = weights_at(layout_, points);
  for (const int unknown : {layout_.level, layout_.trend}) {
    if (unknown < 0) continue;
    Block& response = column();
    respond(response, weights, unknown);
    weigh(response);
  }
  std::vector<const Lanes*> columns;
  for (std::size_t c = 0; c < used_; ++c) columns.push_back(columns_[c].data());
  inner_.assign(used_ * used_, Lanes{});
  for (std::size_t c = 0; c < used_; ++c)
    add_products(columns, columns_[c], 1, std::span(inner_).subspan(c * used_, used_));

  for (std::size_t k = 0; k < form_.seasons.size(); ++k) {
    respond(response_[k], weights, layout_.season[k]);
    const bool dense = layout_.season[k] < layout_.dense;
    // The response of the last place, with which the block of the season is built from its corner.
    Block last;
    std::vector<const Lanes*> with{columns.front()};
    if (dense) {
      const std::int64_t late = form_.seasons[k] - 1;
      last.assign(values_.size(), Lanes{});
      std::copy(response_[k].begin(), response_[k].end() - late, last.begin() + late);
      weigh(last);
      with = columns;
      with.push_back(last.data());
    }
    shifted_[k].assign(static_cast<std::size_t>(form_.seasons[k]) * with.size(), Lanes{});
    add_products(with, response_[k], form_.seasons[k], shifted_[k]);
  }
  for (std::int64_t lane = 0; lane < lanes_; ++lane) fill(static_cast<int>(lane), out[lane]);
}

void Objective::fill(int lane, Expansion& out) const {
  const auto inner = [&](std::size_t a, std::size_t b) { return inner_[a * used_ + b].at[lane]; };
  out.squares = inner(0, 0);
  out.gradient.resize(layout_.size);
  out.hessian.resize(layout_.dense, layout_.dense);
  out.diagonal.resize(layout_.size - layout_.dense);
  for (std::size_t a = 1; a < used_; ++a) {
    const auto row = static_cast<Eigen::Index>(a - 1);
    out.gradient[row] = inner(0, a);
    for (std::size_t b = 1; b < used_; ++b)
      out.hessian(row, static_cast<Eigen::Index>(b - 1)) = inner(a, b);
  }
  fill_season(lane, out);
}

void Objective::fill_season(int lane, Expansion& out) const {
  for (std::size_t k = 0; k < form_.seasons.size(); ++k) {
    const std::int64_t places = form_.seasons[k];
    const std::int64_t n = lengths_[lane];
    const Eigen::Index first = layout_.season[k];
    const bool dense = first < layout_.dense;
    const std::size_t width = dense ? used_ + 1 : 1;
    const auto shifted = [&](std::size_t column, std::int64_t place) {
      return shifted_[k][place * width + column].at[lane];
    };
    const auto response = [&](std::int64_t t) { return t < 0 ? 0 : response_[k][t].at[lane]; };
    for (std::int64_t j = 0; j < places; ++j) out.gradient[first + j] = shifted(0, j);
    if (!dense) {
      double sum = 0;
      for (std::int64_t t = 0; t < n - places; ++t) sum += response(t) * response(t);
      for (std::int64_t j = places - 1; j >= 0; --j) {
        sum += response(n - 1 - j) * response(n - 1 - j);
        out.diagonal[first + j - layout_.dense] = sum;
      }
      continue;
    }
    for (std::int64_t j = 0; j < places; ++j) {
      for (std::size_t c = 1; c < used_; ++c) {
        const auto row = static_cast<Eigen::Index>(c - 1);
        out.hessian(row, first + j) = out.hessian(first + j, row) = shifted(c, j);
      }
      out.hessian(first + places - 1, first + j) = shifted(used_, j);
    }
    for (std::int64_t i = places - 2; i >= 0; --i) {
      for (std::int64_t j = 0; j <= i; ++j) {
        const double below = out.hessian(first + i + 1, first + j + 1);
        out.hessian(first + i, first + j) = below + response(n - 1 - i) * response(n - 1 - j);
      }
    }
    for (std::int64_t i = 0; i < places; ++i) {
      for (std::int64_t j = 0; j < i; ++j)
        out.hessian(first + j, first + i) = out.hessian(first + i, first + j);
    }
  }
}

}  // namespace fairlead::smoothing
