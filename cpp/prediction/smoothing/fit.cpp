#include "prediction/smoothing/fit.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "prediction/smoothing/objective.hpp"
#include "prediction/smoothing/points.hpp"
#include "prediction/smoothing/search.hpp"

namespace fairlead::smoothing {
namespace {

// Takes for each lane the first weights with the smallest sum of squares.
void choose_start(Objective& objective, const Layout& layout, std::span<Around* const> at) {
  std::array<double, kLanes> least;
  std::array<int, kLanes> chosen;
  least.fill(kInfinity);
  chosen.fill(-1);
  for (int which = 0; which < first_weights(layout); ++which) {
    for (const Around* each : at) set_first_weights(layout, which, each->point);
    const std::array<double, kLanes> squares = objective.squares(at);
    for (std::size_t lane = 0; lane < at.size(); ++lane) {
      if (!(squares[lane] < least[lane])) continue;
      least[lane] = squares[lane];
      chosen[lane] = which;
    }
  }
  for (std::size_t lane = 0; lane < at.size(); ++lane)
    set_chosen_weights(layout, chosen[lane], at[lane]->point);
}

// Moves on until the next point is known, or nothing more is to be gained.
void step(Search<1>& search, const Layout& layout, std::int64_t count) {
  search.tell(layout, count);
  while (!search.settled()) {
    search.build(layout, {});
    for (int k = 0; k < layout.dense; ++k) search.eliminate(layout, k, {});
    search.settle(layout);
  }
}

std::vector<Model> fit_block(const Form& form, std::span<const Sample> samples) {
  const Layout layout = layout_of(form);
  const auto room = static_cast<std::size_t>(Search<1>::numbers(layout));
  std::vector<double> rooms(room * samples.size());
  std::vector<double> scales;
  std::vector<Search<1>> searches(samples.size());
  std::vector<Around*> at;
  for (std::size_t lane = 0; lane < samples.size(); ++lane) {
    const Sample& sample = samples[lane];
    scales.push_back(scale_of(sample));
    searches[lane].begin(layout, rooms.data() + room * lane);
    at.push_back(&searches[lane].asked());
    put_start(layout, starting_states(form, sample.values), scales.back(), at.back()->point);
  }
  Objective objective(form, samples, scales);
  choose_start(objective, layout, at);
  const int most = most_steps(layout);
  for (int taken = 0; taken < most && !std::ranges::all_of(searches, &Search<1>::done); ++taken) {
    objective.expand(at);
    for (std::size_t lane = 0; lane < searches.size(); ++lane) {
      if (!searches[lane].done()) step(searches[lane], layout, count_of(samples[lane]));
    }
  }
  std::vector<Model> models;
  for (std::size_t lane = 0; lane < samples.size(); ++lane) {
    const Around& best = searches[lane].best();
    models.push_back(model_at(layout, best.point, scales[lane]));
    models.back().squares = best.squares * scales[lane] * scales[lane];
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
