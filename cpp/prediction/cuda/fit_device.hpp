// Smoothing fits by a CUDA device: from samples to the driver's arrays, and back to models.
#pragma once

#include <span>
#include <vector>

#include "prediction/cuda/device_record.hpp"
#include "prediction/cuda/fit_problem.hpp"
#include "prediction/smoothing/fit.hpp"

namespace fairlead {

// Any number of threads may fit at the same time.
class FitDevice {
 public:
  // Throws BackendUnavailable where the driver is of another version.
  explicit FitDevice(const FitDriver& driver);

  // As smoothing::fit. Throws BackendUnavailable with the driver's text.
  std::vector<smoothing::Model> fit(const smoothing::Form& form,
                                    std::span<const smoothing::Sample> samples,
                                    std::span<const smoothing::Model> sums = {});

  const DeviceRecord& record() const { return record_; }

 private:
  void run(const FitProblem& problem);

  const FitDriver& driver_;
  DeviceRecord record_;
};

}  // namespace fairlead
