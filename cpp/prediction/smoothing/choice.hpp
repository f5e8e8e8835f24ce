// Which form of exponential smoothing to use for a sample.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/smoothing/fit.hpp"

namespace fairlead {

class FitDevice;

namespace smoothing {

enum class ChoiceRule {
  aicc,     // smallest corrected Akaike criterion (Hurvich and Tsai, Biometrika 76(2), 1989)
  held_out  // smallest absolute error of forecasts of the last values from a fit without them
};

struct Chosen {
  std::size_t form = 0;
  Model model;
};

// n log(squares) + 2 k + the correction for few values; infinite where there are too few.
double aicc(const Form& form, const Model& model);

// The chosen form and its fit, for each sample. The first form fits every sample; the others are
// tried where a sample is long enough. With a device it makes the fits.
std::vector<Chosen> choose(std::span<const Form> forms, ChoiceRule rule,
                           std::span<const Sample> samples, std::int64_t horizon,
                           FitDevice* device = nullptr);

}  // namespace smoothing
}  // namespace fairlead
