// The CUDA driver of scoring: device memory, streams, errors as text.
#include <cuda_runtime.h>

#include <cstdio>
#include <mutex>

#include "base/cuda.cuh"
#include "scoring/score.hpp"
#include "scoring/score_kernel.cuh"

namespace fairlead {
namespace {

// Everything one process keeps on the device. Never destroyed: at exit the driver may be gone
// before us.
class Workspace {
 public:
  DeviceTimes score(const ScoreProblem& p) {
    stream_.mark(0);
    const ScoreProblem d = upload(p);
    stream_.mark(1);
    for (std::int32_t rank = 0; rank < p.top_k; ++rank) {
      launch(d, rank, stream_.get());
      FAIRLEAD_CHECK(cudaGetLastError());
    }
    stream_.mark(2);
    stream_.download(p.keys, d.keys, std::int64_t{p.requests} * p.top_k);
    stream_.download(p.feasible, d.feasible, p.requests);
    stream_.mark(3);
    stream_.wait();
    return {stream_.seconds(0), stream_.seconds(1), stream_.seconds(2)};
  }

 private:
  ScoreProblem upload(const ScoreProblem& p) {
    const std::int64_t nodes = std::int64_t{p.tiles} * kTileNodes;
    const std::int64_t keys = std::int64_t{p.requests} * p.top_k;
    ScoreProblem d = p;
    d.request = stream_.upload(buffers_[0], p.request, std::int64_t{p.requests} * p.columns);
    d.allowed = stream_.upload(buffers_[1], p.allowed, std::int64_t{p.requests} * p.group_words);
    d.tile_group = stream_.upload(buffers_[2], p.tile_group, p.tiles);
    d.cells = stream_.upload(buffers_[3], p.cells, nodes * 2 * p.columns);
    d.start = stream_.upload(buffers_[4], p.start, nodes);
    d.base = stream_.upload(buffers_[5], p.base, nodes);
    d.row = stream_.upload(buffers_[6], p.row, nodes);
    d.keys = buffers_[7].room_for<std::uint64_t>(keys);
    d.feasible = buffers_[8].room_for<std::int32_t>(p.requests);
    FAIRLEAD_CHECK(cudaMemsetAsync(d.keys, 0, keys * sizeof *d.keys, stream_.get()));
    FAIRLEAD_CHECK(cudaMemsetAsync(d.feasible, 0, p.requests * sizeof *d.feasible, stream_.get()));
    return d;
  }

  Stream stream_;
  Buffer buffers_[9];
};

int score(const ScoreProblem& p, DeviceTimes& times, char (&error)[kDeviceErrorText]) {
  static std::mutex one_at_a_time;
  static Workspace* workspace = nullptr;
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  return on_first_device(error, [&] {
    if (workspace == nullptr) workspace = new Workspace;
    times = workspace->score(p);
  });
}

// Architectures there is machine code for, oldest first, as 100 * major + 10 * minor.
constexpr int kArchitectures[] = {__CUDA_ARCH_LIST__};

void explain(CudaState& state, cudaError_t code) {
  const int driver = state.driver, runtime = state.runtime;
  if (code == cudaErrorInsufficientDriver && driver == 0) {
    std::snprintf(state.error, kDeviceErrorText, "no NVIDIA driver (%s)", cudaGetErrorName(code));
  } else if (code == cudaErrorInsufficientDriver) {
    std::snprintf(state.error, kDeviceErrorText,
                  "the driver supports CUDA %d.%d, this build needs %d.%d (%s)", driver / 1000,
                  driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10, cudaGetErrorName(code));
  } else {
    std::snprintf(state.error, kDeviceErrorText, "%s (%s)", cudaGetErrorName(code),
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
    std::snprintf(state.error, kDeviceErrorText,
                  "the device has compute capability %d.%d, this build needs %d.%d", major, minor,
                  kArchitectures[0] / 100, kArchitectures[0] % 100 / 10);
  }
  return state;
}

const DeviceDriver<ScoreProblem>& cuda_score_driver() {
  static const DeviceDriver<ScoreProblem> driver{ScoreProblem::kAbi, sizeof(ScoreProblem), score};
  return driver;
}

}  // namespace fairlead
