// Fits of exponential smoothing on a CUDA device: what crosses to the CUDA module. C++17, plain
// pointers.
#pragma once

#include <cstdint>

#include "base/device_call.hpp"
#include "prediction/smoothing/layout.hpp"

namespace fairlead {

constexpr int kFitLanes = 32;   // series side by side: the threads of a warp
constexpr int kFitWorkers = 8;  // warps that share the work for them

// Series of one form, in blocks of kFitLanes of similar length; what is left of the last block has
// length 0. Values are by time, the lanes of a block side by side. All arrays are the caller's.
struct FitProblem {
  static constexpr std::uint32_t kAbi = 2;
  static constexpr const char* kDriverName = "fairlead.fit_driver";

  smoothing::Layout layout;
  std::int32_t blocks;
  const std::int64_t* first;     // [blocks + 1]: the row of values at which a block begins
  const double* values;          // [rows][kFitLanes]: divided by the scale of the series
  const std::uint8_t* observed;  // likewise
  const std::int64_t* length;    // [blocks][kFitLanes]
  const std::int64_t* count;     // [blocks][kFitLanes]: of observed values
  double* point;                 // [blocks][layout.size][kFitLanes]: the start; out: the best
  double* squares;               // out [blocks][kFitLanes]: at it, in scaled units
};

// Built in the CUDA module only.
const DeviceDriver<FitProblem>& cuda_fit_driver();

}  // namespace fairlead
