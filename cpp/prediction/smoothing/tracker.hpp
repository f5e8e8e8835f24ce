// A fitted model moving along a series: one value at a time in, forecasts out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

class Tracker {
 public:
  Tracker(const Form& form, const Model& model) : form_(&form), model_(model) {}

  // Returns the one-step error.
  double observe(double value);

  // The next out.size() values; 0 or more.
  void forecast(std::span<double> out) const;

 private:
  double& place(std::size_t season) {
    return model_.season[season][static_cast<std::size_t>(time_ % form_->seasons[season])];
  }

  const Form* form_;
  Model model_;
  std::int64_t time_ = 0;
};

}  // namespace fairlead::smoothing
