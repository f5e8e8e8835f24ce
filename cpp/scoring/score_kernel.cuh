// The kernel: filters, scores and keeps the best node in one pass; the matrix of scores is never
// stored. Included by score_cuda.cu alone: kernel templates do not link across translation units.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <climits>
#include <cstdint>

#include "scoring/score.hpp"

namespace fairlead {
namespace {

constexpr int kThreads = 128;
constexpr int kPerThread = 2;  // requests of one thread share what it reads of a node
constexpr int kLanes = 4;      // nodes read at once
constexpr int kBlockRequests = kThreads * kPerThread;
constexpr int kBlocksWanted = 4096;  // enough to fill any device a few times over

template <int kColumns>
struct Tile {
  alignas(16) float cells[2 * kColumns * kTileNodes];
  alignas(16) Left start[kTileNodes];
  alignas(16) std::int32_t base[kTileNodes];
  alignas(16) std::int32_t row[kTileNodes];

  __device__ void load(const ScoreProblem& p, std::int32_t tile) {
    const std::int64_t at = std::int64_t{tile} * kTileNodes;
    const float* const from = p.cells + at * 2 * kColumns;
    for (int i = threadIdx.x; i < 2 * kColumns * kTileNodes; i += kThreads) cells[i] = from[i];
    for (int i = threadIdx.x; i < kTileNodes; i += kThreads) {
      start[i] = p.start[at + i];
      base[i] = p.base[at + i];
      row[i] = p.row[at + i];
    }
  }

  __device__ float4 four(int cell) const { return *reinterpret_cast<const float4*>(cells + cell); }
};

// One request of a thread and the best node it has seen.
template <int kColumns>
struct Search {
  float asked[kColumns];
  std::int64_t request;
  std::uint64_t bound;  // only keys below it count; 0: nothing to look for
  std::uint64_t best = 0;
  std::int32_t feasible = 0;
  std::int32_t tile_score, tile_at, tile_feasible;

  __device__ void begin(const ScoreProblem& p, std::int64_t which, std::int32_t rank) {
    request = which;
    const bool real = which < p.requests;
    bound = !real ? 0 : rank == 0 ? ~std::uint64_t{0} : p.keys[which * p.top_k + rank - 1];
    for (int c = 0; c < kColumns; ++c) asked[c] = real ? p.request[which * kColumns + c] : 0;
  }

  __device__ bool wants(const ScoreProblem& p, std::int32_t tile) const {
    return bound != 0 && allows(p, static_cast<std::int32_t>(request), tile);
  }

  __device__ void begin_tile() {
    tile_score = INT_MIN;
    tile_at = -1;
    tile_feasible = 0;
  }

  __device__ void see(Left left, int at, std::int32_t base, std::int32_t weight,
                      const std::int32_t* row) {
    const std::int32_t score = score_of(left, base, weight);
    tile_feasible += fits(left);
    if (fits(left) && score > tile_score && key_of(score, row[at]) < bound) {
      tile_score = score;
      tile_at = at;
    }
  }

  __device__ void end_tile(const std::int32_t* row) {
    feasible += tile_feasible;
    if (tile_at >= 0) best = max(best, key_of(tile_score, row[tile_at]));
  }

  // Blocks that share a request meet in an atomic maximum, which no order of arrival can change.
  __device__ void write(const ScoreProblem& p, std::int32_t rank) const {
    if (best == 0) return;
    auto* const key = reinterpret_cast<unsigned long long*>(p.keys + request * p.top_k + rank);
    atomicMax(key, static_cast<unsigned long long>(best));
    if (rank == 0) atomicAdd(p.feasible + request, feasible);
  }
};

template <int kColumns>
__device__ void see_nodes(const Tile<kColumns>& nodes, int at, std::int32_t weight,
                          Search<kColumns> (&search)[kPerThread]) {
  Left left[kPerThread][kLanes];
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) {
    for (int lane = 0; lane < kLanes; ++lane) left[k][lane] = nodes.start[at + lane];
  }
#pragma unroll
  for (int c = 0; c < kColumns; ++c) {
    const int cell = cell_of(at, c, kColumns);
    const float4 free = nodes.four(cell);
    const float4 scale = nodes.four(cell + kLaneNodes);
#pragma unroll
    for (int k = 0; k < kPerThread; ++k) {
      const float asked = search[k].asked[c];
      left[k][0] = with_column(left[k][0], asked, free.x, scale.x);
      left[k][1] = with_column(left[k][1], asked, free.y, scale.y);
      left[k][2] = with_column(left[k][2], asked, free.z, scale.z);
      left[k][3] = with_column(left[k][3], asked, free.w, scale.w);
    }
  }
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) {
#pragma unroll
    for (int lane = 0; lane < kLanes; ++lane) {
      search[k].see(left[k][lane], at + lane, nodes.base[at + lane], weight, nodes.row);
    }
  }
}

// The `rank`-th best node of every request; the keys of lower ranks are there already.
template <int kColumns>
__global__ void __launch_bounds__(kThreads)
    best_nodes(ScoreProblem p, std::int32_t tiles_per_block, std::int32_t rank) {
  __shared__ Tile<kColumns> nodes;
  Search<kColumns> search[kPerThread];
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) {
    search[k].begin(p, std::int64_t{blockIdx.x} * kBlockRequests + k * kThreads + threadIdx.x,
                    rank);
  }
  const std::int32_t first = blockIdx.y * tiles_per_block;
  const std::int32_t last = min(first + tiles_per_block, p.tiles);
  for (std::int32_t tile = first; tile < last; ++tile) {
    __syncthreads();
    nodes.load(p, tile);
    __syncthreads();
    bool wanted[kPerThread], any = false;
#pragma unroll
    for (int k = 0; k < kPerThread; ++k) {
      search[k].begin_tile();
      wanted[k] = search[k].wants(p, tile);
      any |= wanted[k];
    }
    if (!any) continue;
    for (int at = 0; at < kTileNodes; at += kLanes) see_nodes(nodes, at, p.weight, search);
#pragma unroll
    for (int k = 0; k < kPerThread; ++k) {
      if (wanted[k]) search[k].end_tile(nodes.row);
    }
  }
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) search[k].write(p, rank);
}

void launch(const ScoreProblem& p, std::int32_t rank, cudaStream_t stream) {
  const std::int32_t wide = (p.requests + kBlockRequests - 1) / kBlockRequests;
  const std::int32_t splits = std::clamp(kBlocksWanted / wide, 1, std::min(p.tiles, 65535));
  const std::int32_t tiles_per_block = (p.tiles + splits - 1) / splits;
  const dim3 grid(wide, splits);
  switch (p.columns) {
    case 2:
      best_nodes<2><<<grid, kThreads, 0, stream>>>(p, tiles_per_block, rank);
      break;
    case 4:
      best_nodes<4><<<grid, kThreads, 0, stream>>>(p, tiles_per_block, rank);
      break;
    case 8:
      best_nodes<8><<<grid, kThreads, 0, stream>>>(p, tiles_per_block, rank);
      break;
    default:
      best_nodes<kMaxColumns><<<grid, kThreads, 0, stream>>>(p, tiles_per_block, rank);
  }
}

}  // namespace
}  // namespace fairlead
