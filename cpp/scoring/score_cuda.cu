// The CUDA driver: one pass filters, scores and keeps the best node; the matrix of scores is never
// stored.
#include <cuda_runtime.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <mutex>

#include "scoring/score.hpp"

namespace fairlead {
namespace {

// ---- kernel -------------------------------------------------------------------------------------

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

// ---- memory and calls ---------------------------------------------------------------------------

struct CudaFailure {
  cudaError_t code;
  const char* call;
};

void check(cudaError_t code, const char* call) {
  if (code != cudaSuccess) throw CudaFailure{code, call};
}
#define FAIRLEAD_CHECK(call) check(call, #call)

// The caller's current device is its own business.
class OnFirstDevice {
 public:
  OnFirstDevice() {
    FAIRLEAD_CHECK(cudaGetDevice(&before_));
    FAIRLEAD_CHECK(cudaSetDevice(0));
  }
  ~OnFirstDevice() { cudaSetDevice(before_); }
  OnFirstDevice(const OnFirstDevice&) = delete;
  OnFirstDevice& operator=(const OnFirstDevice&) = delete;

 private:
  int before_ = 0;
};

// Device memory that grows and is kept for the next call.
class Buffer {
 public:
  template <typename T>
  T* room_for(std::int64_t count) {
    const std::size_t bytes =
        static_cast<std::size_t>(std::max<std::int64_t>(count, 1)) * sizeof(T);
    if (bytes > bytes_) {
      FAIRLEAD_CHECK(cudaFree(data_));
      data_ = nullptr;
      bytes_ = 0;
      FAIRLEAD_CHECK(cudaMalloc(&data_, bytes));
      bytes_ = bytes;
    }
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

// Everything one process keeps on the device. Never destroyed: at exit the driver may be gone
// before us.
class Workspace {
 public:
  Workspace() {
    FAIRLEAD_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    for (cudaEvent_t& event : events_) FAIRLEAD_CHECK(cudaEventCreate(&event));
  }

  ScoreTimes score(const ScoreProblem& p) {
    mark(0);
    const ScoreProblem d = upload(p);
    mark(1);
    for (std::int32_t rank = 0; rank < p.top_k; ++rank) {
      launch(d, rank, stream_);
      FAIRLEAD_CHECK(cudaGetLastError());
    }
    mark(2);
    download(p.keys, d.keys, std::int64_t{p.requests} * p.top_k);
    download(p.feasible, d.feasible, p.requests);
    mark(3);
    FAIRLEAD_CHECK(cudaStreamSynchronize(stream_));
    return {seconds(0), seconds(1), seconds(2)};
  }

 private:
  ScoreProblem upload(const ScoreProblem& p) {
    const std::int64_t nodes = std::int64_t{p.tiles} * kTileNodes;
    const std::int64_t keys = std::int64_t{p.requests} * p.top_k;
    ScoreProblem d = p;
    d.request = copy(buffers_[0], p.request, std::int64_t{p.requests} * p.columns);
    d.allowed = copy(buffers_[1], p.allowed, std::int64_t{p.requests} * p.group_words);
    d.tile_group = copy(buffers_[2], p.tile_group, p.tiles);
    d.cells = copy(buffers_[3], p.cells, nodes * 2 * p.columns);
    d.start = copy(buffers_[4], p.start, nodes);
    d.base = copy(buffers_[5], p.base, nodes);
    d.row = copy(buffers_[6], p.row, nodes);
    d.keys = buffers_[7].room_for<std::uint64_t>(keys);
    d.feasible = buffers_[8].room_for<std::int32_t>(p.requests);
    FAIRLEAD_CHECK(cudaMemsetAsync(d.keys, 0, keys * sizeof *d.keys, stream_));
    FAIRLEAD_CHECK(cudaMemsetAsync(d.feasible, 0, p.requests * sizeof *d.feasible, stream_));
    return d;
  }

  template <typename T>
  const T* copy(Buffer& buffer, const T* from, std::int64_t count) {
    T* const to = buffer.room_for<T>(count);
    FAIRLEAD_CHECK(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyHostToDevice, stream_));
    return to;
  }

  template <typename T>
  void download(T* to, const T* from, std::int64_t count) {
    FAIRLEAD_CHECK(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyDeviceToHost, stream_));
  }

  void mark(int event) { FAIRLEAD_CHECK(cudaEventRecord(events_[event], stream_)); }

  double seconds(int from) const {
    float ms = 0;
    FAIRLEAD_CHECK(cudaEventElapsedTime(&ms, events_[from], events_[from + 1]));
    return ms / 1000.0;
  }

  cudaStream_t stream_ = nullptr;
  cudaEvent_t events_[4] = {};
  Buffer buffers_[9];
};

int score(const ScoreProblem& p, ScoreTimes& times, char (&error)[kErrorText]) {
  static std::mutex one_at_a_time;
  static Workspace* workspace = nullptr;
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  try {
    const OnFirstDevice device;
    if (workspace == nullptr) workspace = new Workspace;
    times = workspace->score(p);
    return kScored;
  } catch (const CudaFailure& failure) {
    cudaGetLastError();  // what is not sticky must not meet the next call
    std::snprintf(error, kErrorText, "%s: %s (%s)", failure.call, cudaGetErrorName(failure.code),
                  cudaGetErrorString(failure.code));
    return failure.code == cudaErrorMemoryAllocation ? kCallFailed : kCudaLost;
  }
}

// Architectures there is machine code for, oldest first, as 100 * major + 10 * minor.
constexpr int kArchitectures[] = {__CUDA_ARCH_LIST__};

void explain(CudaState& state, cudaError_t code) {
  const int driver = state.driver, runtime = state.runtime;
  if (code == cudaErrorInsufficientDriver && driver == 0) {
    std::snprintf(state.error, kErrorText, "no NVIDIA driver (%s)", cudaGetErrorName(code));
  } else if (code == cudaErrorInsufficientDriver) {
    std::snprintf(state.error, kErrorText,
                  "the driver supports CUDA %d.%d, this build needs %d.%d (%s)", driver / 1000,
                  driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10, cudaGetErrorName(code));
  } else {
    std::snprintf(state.error, kErrorText, "%s (%s)", cudaGetErrorName(code),
                  cudaGetErrorString(code));
  }
}

}  // namespace

CudaState probe_cuda() {
  CudaState state{};
  int major = 0, minor = 0;
  cudaRuntimeGetVersion(&state.runtime);
  cudaDriverGetVersion(&state.driver);
  cudaError_t code = cudaGetDeviceCount(&state.count);
  if (code == cudaSuccess && state.count == 0) code = cudaErrorNoDevice;
  if (code == cudaSuccess)
    code = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0);
  if (code == cudaSuccess)
    code = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, 0);
  if (code != cudaSuccess) {
    explain(state, code);
    cudaGetLastError();
  } else if (100 * major + 10 * minor < kArchitectures[0]) {
    std::snprintf(state.error, kErrorText,
                  "the device has compute capability %d.%d, this build needs %d.%d", major, minor,
                  kArchitectures[0] / 100, kArchitectures[0] % 100 / 10);
  }
  return state;
}

const ScoreDriver& cuda_score_driver() {
  static const ScoreDriver driver{kScoreAbi, sizeof(ScoreProblem), score};
  return driver;
}

}  // namespace fairlead
