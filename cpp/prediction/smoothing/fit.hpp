// Fits of exponential smoothing, many series at once.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "prediction/smoothing/lanes.hpp"

namespace fairlead::smoothing {

// What to fit to: values at equal steps; where observed is 0 the value feeds the recurrence but its
// error does not count.
struct Sample {
  std::span<const double> values;
  std::span<const std::uint8_t> observed;
};

// A model of a known form: weights, and the states before the first value of its sample.
struct Model {
  double alpha = 0, beta = 0, phi = 1;
  std::array<double, kMostSeasons> gamma{};
  double level = 0, trend = 0;
  std::array<std::vector<double>, kMostSeasons> season;
  // Sum of squared one-step errors; of relative ones, times the squared geometric mean of the
  // forecasts. Infinite where no such model was found.
  double squares = 0;
  std::int64_t count = 0;  // of errors in it

  // Free numbers in it, with the variance of the errors; a season counts one less than its length.
  std::int64_t parameters(const Form& form) const;
};

// The fewest values that `form` is fitted to.
std::int64_t fewest_values(const Form& form);

// Whether all values are so far above 0 that errors or seasons may be shares.
bool is_positive(const Sample& sample);

// The models with the smallest squares found, with 0 < alpha < 1,
// beta < alpha (a tenth of it beside a season), gamma < 1 - alpha and phi from 0.8 to 0.98;
// of a slow form alpha < 0.1 and beta < alpha / 100. Each is as if it were alone.
// A form with factors starts from `sums`, the models of form.with_sums(), which are fitted where
// they are not given.
std::vector<Model> fit(const Form& form, std::span<const Sample> samples,
                       std::span<const Model> sums = {});

}  // namespace fairlead::smoothing
