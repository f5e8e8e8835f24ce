// Features of series on a CUDA device: what crosses to the CUDA module. C++17, plain pointers.
#pragma once

#include <cstdint>

#include "base/device_call.hpp"

namespace fairlead {

// What the threads of a block do together between two barriers, each at its share of the places of
// a segment. Results stand in slots: numbered arrays of as many places as any segment has values.
enum class FeatureOp : std::int32_t {
  singles,     // out = count, sum and squared deviations of the runs of single values
  join,        // out = the runs `near` with the runs `far` that end `shift` places before them
  overlap,     // out = the extreme of three runs of near: at a place, `shift` and `further` before
  local_scan,  // out = sums or extremes of near so far, within blocks of kScanBlock places
  chain_scan,  // far = the same of all blocks before each block of out; by one thread
  join_scan,   // out = both joined
  welford,     // out = terms of the squared deviations, from the count and sum so far in near
  local_smooth,   // out = exponential means, within blocks; the first value starts them
  chain_smooth,   // far = the mean before each block of out; by one thread
  join_smooth,    // out = both joined
  smooth_gaps,    // out goes on from the first missing value; by one thread
  weighted,       // out = exponential deviations; by one thread
  write_value,    // column = the series
  write_mean,     // column = from counts in near and sums in far
  write_spread,   // column = deviations from counts in near and squared ones in far
  write_counted,  // column = far where near counts enough
  write_quantile  // column = of windows of the series
};

enum class ScanKind : std::int32_t { sum, least, greatest };

constexpr std::int32_t kRaw = -1;  // instead of a slot: the series, missing values not counted
constexpr std::int64_t kScanBlock = 8;

// Only what its kind reads is set.
struct FeatureStep {
  FeatureOp op;
  ScanKind scan = ScanKind::sum;
  std::int32_t near = 0, far = 0, out = 0;
  std::int32_t parts = 0;   // of runs, in slots side by side: 1 the count, 2 the sum, 3 the squares
  std::int32_t column = 0;  // of the results
  std::int64_t shift = 0, further = 0;
  std::int64_t to_row = 0;  // of a column: from the place in the series to its row
  std::int64_t window = 0, stride = 0;
  double least = 0;      // fewer values give NaN
  double parameter = 0;  // the probability, or the weight
};

// A part of a series: `size` values, of which those before `begin` are only for windows to reach
// back to. Places are counted from the first of them, `first` of the series.
struct FeatureSegment {
  std::int64_t value;        // of the problem's values: its first one
  std::int64_t size, whole;  // `whole`: values before the first missing one
  std::int64_t first, begin;
  std::int64_t row, rows;  // of the series: the first, of all results, and how many
  bool last;               // also writes the rows behind
};

// What is done to each of some segments, one step after another.
struct FeaturePass {
  const FeatureStep* steps;
  std::int32_t step_count;
  std::int32_t slots;
  const FeatureSegment* segments;
  std::int64_t segment_count;
  std::int64_t longest;  // values of a segment, or more: the places of a slot
};

// Some whole series, one after another. All arrays are the caller's.
struct FeatureProblem {
  static constexpr std::uint32_t kAbi = 1;
  static constexpr const char* kDriverName = "fairlead.feature_driver";

  const double* values;  // NaN = missing
  std::int64_t value_count;
  FeaturePass windows;  // over segments of series
  FeaturePass running;  // over whole series
  bool single;          // results are float, else double
  std::int64_t rows;    // of all series
  std::int32_t column_count;
  void* const* columns;  // out: each [rows]
};

// Built in the CUDA module only.
const DeviceDriver<FeatureProblem>& cuda_feature_driver();

}  // namespace fairlead
