// From samples to the points of a search and back: where it starts, and the model it ends at.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "prediction/smoothing/expansion.hpp"
#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

// What the values of a sample are divided by.
inline double scale_of(const Sample& sample) {
  double sum = 0;
  for (const double value : sample.values) sum += std::abs(value);
  return sum > 0 ? sum / static_cast<double>(sample.values.size()) : 1;
}

// Of values observed.
inline std::int64_t count_of(const Sample& sample) {
  return std::ranges::count_if(sample.observed, [](std::uint8_t seen) { return seen != 0; });
}

template <int kStride>
void put_weights(const Layout& layout, const Model& model, const Strided<kStride>& point) {
  point[0] = model.alpha;
  if (layout.beta >= 0) point[layout.beta] = model.beta / model.alpha;
  if (layout.phi >= 0) point[layout.phi] = model.phi;
  for (int k = 0; k < layout.seasons; ++k)
    point[layout.gamma[k]] = model.gamma[k] / (1 - model.alpha);
  for (int i = 0; i < layout.weights; ++i)
    point[i] = std::clamp(point[i], layout.lower[i], layout.upper[i]);
}

// Puts states where a search begins, and weights: the usual ones where the model has none.
template <int kStride>
void put_start(const Layout& layout, const Model& model, double scale,
               const Strided<kStride>& point) {
  for (int i = 0; i < layout.weights; ++i) point[i] = layout.usual[i];
  if (model.alpha > 0) put_weights(layout, model, point);
  point[layout.level] = model.level / scale;
  if (layout.trend >= 0) point[layout.trend] = model.trend / scale;
  for (int k = 0; k < layout.seasons; ++k) {
    for (int place = 0; place < layout.places[k]; ++place)
      point[layout.season[k] + place] = model.season[k][place] / (layout.factors ? 1 : scale);
  }
}

template <int kStride>
Model model_at(const Layout& layout, const Strided<kStride>& point, double scale) {
  const StepWeights weights = weights_at(layout, point);
  Model model;
  model.alpha = weights.alpha;
  model.beta = weights.beta;
  model.phi = weights.phi;
  model.level = point[layout.level] * scale;
  if (layout.trend >= 0) model.trend = point[layout.trend] * scale;
  for (int k = 0; k < layout.seasons; ++k) {
    model.gamma[k] = weights.gamma[k];
    for (int place = 0; place < layout.places[k]; ++place)
      model.season[k].push_back(point[layout.season[k] + place] * (layout.factors ? 1 : scale));
  }
  return model;
}

}  // namespace fairlead::smoothing
