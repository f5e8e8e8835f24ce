// Where fits start.
#pragma once

#include <span>
#include <vector>

#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

// Without `sums` level, trend and seasons of the first values; weights stay at their defaults. For
// a form with factors `sums` are the models of its twin: the starts are those, their seasons as
// factors; or flat ones, where those make forecasts that nothing can be a share of.
std::vector<Model> starts_of(const Form& form, std::span<const Sample> samples,
                             std::span<const Model> sums);

// The models that `fit_from` finds from the starts. Relative errors have more than one best place;
// without a season it costs little to look for another, from the first values.
template <typename FitFrom>
std::vector<Model> fit_from_starts(const Form& form, std::span<const Sample> samples,
                                   std::span<const Model> sums, FitFrom fit_from) {
  if (form.by_sums()) return fit_from(starts_of(form, samples, {}));
  std::vector<Model> models = fit_from(starts_of(form, samples, sums));
  if (!form.seasons.empty()) return models;
  std::vector<Model> others = fit_from(starts_of(form, samples, {}));
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (others[i].squares < models[i].squares) models[i] = std::move(others[i]);
  }
  return models;
}

}  // namespace fairlead::smoothing
