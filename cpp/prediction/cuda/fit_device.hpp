// Smoothing fits by a CUDA device: from samples to the driver's arrays, and back to models.
#pragma once

#include <span>
#include <vector>

#include "base/device_calls.hpp"
#include "prediction/cuda/fit_problem.hpp"
#include "prediction/smoothing/fit.hpp"

namespace fairlead {

// Any number of threads may fit at the same time.
class FitDevice {
 public:
  explicit FitDevice(DeviceCalls<FitProblem>& calls) : calls_(calls) {}

  // As smoothing::fit. Throws BackendUnavailable with the driver's text.
  std::vector<smoothing::Model> fit(const smoothing::Form& form,
                                    std::span<const smoothing::Sample> samples,
                                    std::span<const smoothing::Model> sums = {});

 private:
  DeviceCalls<FitProblem>& calls_;
};

}  // namespace fairlead
