// Batch scoring: for every request the best nodes. One declaration for two drivers; C++17, plain
// pointers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/device_call.hpp"
#include "scoring/terms.hpp"

namespace fairlead {

constexpr std::int32_t kLaneNodes = 16;  // nodes whose amounts of one column lie side by side
constexpr std::int32_t kTileNodes = 128;
constexpr std::int32_t kMaxColumns = 16;
constexpr std::int32_t kMaxTopK = 32;

// Nodes come in tiles of kTileNodes that are alike in pool and device type, rows ascending within a
// tile; what is left of a tile is filled with nodes on which nothing fits. All arrays are the
// caller's.
struct ScoreProblem {
  static constexpr std::uint32_t kAbi = 1;
  static constexpr const char* kDriverName = "fairlead.score_driver";

  std::int32_t requests;
  std::int32_t columns;  // 2, 4, 8 or 16; unused ones are zero
  std::int32_t tiles;
  std::int32_t group_words;  // 32-bit words in a set of groups
  std::int32_t top_k;
  std::int32_t weight;             // of the largest free part
  const float* request;            // [requests][columns]
  const std::uint32_t* allowed;    // [requests][group_words]: groups the request may use
  const std::int32_t* tile_group;  // [tiles]
  // [tiles][kTileNodes / kLaneNodes][columns][2][kLaneNodes]: free, then kTermOne / capacity
  const float* cells;
  const Left* start;         // [tiles][kTileNodes]: before the first column
  const std::int32_t* base;  // [tiles][kTileNodes]: made by base_of
  const std::int32_t* row;   // [tiles][kTileNodes]
  std::uint64_t* keys;       // out [requests][top_k], best first; 0: no further node fits
  std::int32_t* feasible;    // out [requests]: nodes that fit
};

// Where what is free of the node at a place of its tile begins in `cells`, from the tile's first
// cell on; kTermOne / capacity follows kLaneNodes later.
FAIRLEAD_BOTH std::int32_t cell_of(std::int32_t node, std::int32_t column, std::int32_t columns) {
  return (node / kLaneNodes * columns + column) * 2 * kLaneNodes + node % kLaneNodes;
}

FAIRLEAD_BOTH bool allows(const ScoreProblem& p, std::int32_t request, std::int32_t tile) {
  const std::int32_t group = p.tile_group[tile];
  return (p.allowed[std::int64_t{request} * p.group_words + group / 32] >> (group % 32)) & 1u;
}

// `pause` is called now and then; what it throws ends the call.
void score_cpu(const ScoreProblem& problem, const std::function<void()>& pause);

// Built in the CUDA module only.
const DeviceDriver<ScoreProblem>& cuda_score_driver();

struct CudaState {
  std::int32_t count;   // devices
  std::int32_t driver;  // CUDA version the driver supports, 1000 * major + 10 * minor; 0: no driver
  std::int32_t runtime;          // CUDA version of the runtime built in
  char error[kDeviceErrorText];  // empty: a device can be used
};
CudaState probe_cuda();

}  // namespace fairlead
