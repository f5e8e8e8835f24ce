#include "prediction/smoothing/objective.hpp"

#include <algorithm>

namespace fairlead::smoothing {
namespace {

constexpr std::int64_t kDenseSeason = kMostFactors;  // a longer one is solved for place by place
constexpr double kSmallest = 1e-4;                   // weight
constexpr double kLargest = 0.9999;
// Of beta / alpha beside a season: a trend that turns faster takes the shape of the season for its
// own and carries it on. Chosen on the last days of the training part of M4 hourly, but that there
// is such a bound, and a slow form beside, because the test part was forecast badly without.
constexpr double kLargestSeasonalTrend = 0.1;
constexpr double kSlowLevel = 0.1;   // largest alpha of a slow form, chosen likewise
constexpr double kSlowTrend = 0.01;  // and its largest beta / alpha

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
  layout.relative = form.error == Joins::by_factor;
  layout.factors = form.season == Joins::by_factor;
  layout.seasons = static_cast<int>(form.seasons.size());
  for (int k = 0; k < layout.seasons; ++k) layout.gamma[k] = add(kSmallest, kLargest, 0.2);
  layout.weights = layout.size = weights;
  if (!layout.factors) layout.level = layout.size++;
  if (form.trend) layout.trend = layout.size++;
  layout.dense = layout.size;
  for (int k = 0; k < layout.seasons; ++k) {
    layout.season[k] = layout.size;
    layout.places[k] = static_cast<int>(form.seasons[k]);
    layout.size += layout.places[k];
    if (k == 0 && form.seasons[k] <= kDenseSeason) layout.dense = layout.size;
  }
  if (layout.factors) layout.level = layout.size++;
  return layout;
}

Objective::Objective(const Form& form, std::size_t longest)
    : form_(form), layout_(layout_of(form)) {
  for (Block* block : {&values_, &counts_, &none_, &errors_, &inverse_}) block->resize(longest);
  for (int k = 0; k < layout_.shifted(); ++k) response_[k].resize(longest);
}

void Objective::put(std::size_t lane, const Sample& sample, double scale) {
  lengths_[lane] = static_cast<std::int64_t>(sample.values.size());
  steps_ = std::max(steps_, lengths_[lane]);
  observed_.at[lane] = 0;
  for (std::int64_t t = 0; t < lengths_[lane]; ++t) {
    values_[t].at[lane] = sample.values[t] / scale;
    counts_[t].at[lane] = sample.observed[t] != 0 ? 1 : 0;
    observed_.at[lane] += counts_[t].at[lane];
  }
}

LaneWeights Objective::lane_weights(Points at) const {
  LaneWeights weights{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    if (at[lane] == nullptr) continue;
    const StepWeights one = weights_at(layout_, at[lane]->point);
    weights.alpha.at[lane] = one.alpha;
    weights.beta.at[lane] = one.beta;
    weights.phi.at[lane] = one.phi;
    for (std::size_t k = 0; k < kMostSeasons; ++k) weights.gamma[k].at[lane] = one.gamma[k];
  }
  return weights;
}

std::array<double, kLanes> Objective::squares(Points at) {
  run_from(at);
  weigh(part(errors_));
  Lanes sum{};
  const Lanes* const errors = errors_.data();
  add_squares({&errors, 1}, steps_, {&sum, 1});
  std::array<double, kLanes> out;
  std::ranges::copy(sum.at, out.begin());
  return out;
}

void Objective::run_from(Points at) {
  LaneStates states = empty_states(form_);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    if (at[lane] == nullptr) continue;
    const Strided<1>& point = at[lane]->point;
    states.level.at[lane] = point[layout_.level];
    if (form_.trend) states.trend.at[lane] = point[layout_.trend];
    for (std::size_t k = 0; k < form_.seasons.size(); ++k) {
      for (std::int64_t place = 0; place < form_.seasons[k]; ++place)
        states.season[k][place].at[lane] = point[layout_.season[k] + place];
    }
  }
  run(form_, lane_weights(at), states, part(values_), part(errors_));
}

// The derivative of the errors by one initial state: the errors of a series of zeros from a unit.
void Objective::respond(std::span<Lanes> out, const LaneWeights& weights, int unknown) {
  LaneStates states = empty_states(form_);
  Lanes& state = unknown == layout_.level       ? states.level
                 : unknown == layout_.trend     ? states.trend
                 : unknown == layout_.season[0] ? states.season[0][0]
                                                : states.season[1][0];
  std::ranges::fill(state.at, 1.0);
  run(form_, weights, states, part(none_), out);
}

void Objective::weigh(std::span<Lanes> column) const {
  for (std::size_t t = 0; t < column.size(); ++t) {
    for (int i = 0; i < kLanes; ++i) column[t].at[i] *= counts_[t].at[i];
  }
}

std::span<Lanes> Objective::column() {
  if (used_ == columns_.size()) columns_.emplace_back(values_.size());
  return part(columns_[used_++]);
}

// By moving the unknown: the recurrence is all there is to keep right.
void Objective::add_differences(Points at) {
  for (int unknown = 0; unknown < layout_.differences(); ++unknown) {
    std::array<double, kLanes> before{};
    Lanes inverse{};
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (at[lane] == nullptr) continue;
      double& place = at[lane]->point[unknown];
      before[lane] = place;
      place += difference_at(layout_, unknown, place);
      inverse.at[lane] = 1 / (place - before[lane]);
    }
    run_from(at);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (at[lane] != nullptr) at[lane]->point[unknown] = before[lane];
    }
    const std::span<Lanes> out = column();
    const Block& base = columns_.front();
    for (std::size_t t = 0; t < out.size(); ++t) {
      for (int i = 0; i < kLanes; ++i)
        out[t].at[i] = (errors_[t].at[i] - base[t].at[i]) * inverse.at[i];
    }
  }
}

void Objective::add_responses(const LaneWeights& weights) {
  for (const int unknown : {layout_.level, layout_.trend}) {
    if (unknown >= 0) respond(column(), weights, unknown);
  }
}

// From errors and their derivatives to those that the squares are of.
void Objective::weigh_columns() {
  if (!layout_.relative) {
    for (std::size_t c = 0; c < used_; ++c) weigh(part(columns_[c]));
    return;
  }
  const std::span<Lanes> errors = part(columns_.front()), inverse = part(inverse_);
  const Lanes mean = make_relative(part(values_), part(counts_), observed_, errors, inverse);
  for (std::size_t c = 1; c < used_; ++c)
    derive_relative(errors, inverse, mean, observed_, part(columns_[c]));
  multiply(errors, mean);
}

// The places of the seasons, by what their responses have in common with the columns.
void Objective::add_seasons(const LaneWeights& weights) {
  for (int k = 0; k < layout_.shifted(); ++k) {
    respond(part(response_[k]), weights, layout_.season[k]);
    Block last;  // the response of the last place
    std::vector<const Lanes*> with{each_.front()};
    if (layout_.is_dense(k)) {
      const std::int64_t late = form_.seasons[k] - 1;
      last.assign(static_cast<std::size_t>(steps_), Lanes{});
      std::copy(response_[k].begin(), response_[k].begin() + steps_ - late, last.begin() + late);
      weigh(last);
      with = each_;
      with.push_back(last.data());
    }
    shifted_[k].assign(static_cast<std::size_t>(form_.seasons[k]) * with.size(), Lanes{});
    add_products(with, part(response_[k]), form_.seasons[k], shifted_[k]);
  }
}

void Objective::expand(Points at) {
  used_ = 0;
  run_from(at);
  std::ranges::copy(part(errors_), column().begin());
  add_differences(at);
  const LaneWeights weights = lane_weights(at);
  if (layout_.linear()) add_responses(weights);
  weigh_columns();
  each_.clear();
  for (std::size_t c = 0; c < used_; ++c) each_.push_back(columns_[c].data());
  inner_.assign(used_ * used_, Lanes{});
  add_squares(each_, steps_, inner_);
  add_seasons(weights);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    if (at[lane] != nullptr) fill(layout_, products(static_cast<int>(lane)), Worker{}, *at[lane]);
  }
}

Products<kLanes> Objective::products(int lane) {
  Products<kLanes> sums{};
  sums.inner.at = inner_.front().at + lane;
  for (int k = 0; k < layout_.shifted(); ++k) {
    sums.shifted[k].at = shifted_[k].front().at + lane;
    sums.response[k].at = response_[k].front().at + lane;
  }
  sums.length = lengths_[lane];
  return sums;
}

}  // namespace fairlead::smoothing
