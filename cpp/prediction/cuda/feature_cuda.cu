// The CUDA driver of features: one batch of series at a time on a stream, errors as text. Results
// are many times the values, so that the bus limits it: they leave by pinned memory, and the host's
// threads, each with a workspace, copy, compute and unload different batches at the same time.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstring>

#include "base/cuda.cuh"
#include "prediction/cuda/feature_problem.hpp"
#include "prediction/cuda/feature_worker.hpp"

namespace fairlead {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksAtOnce = 4;  // of a multiprocessor

// One thread of a block.
template <typename T>
class ThreadCrew {
 public:
  FAIRLEAD_BOTH explicit ThreadCrew(const FeatureWorker<T>& worker) : worker_(worker) {}

  template <typename Part>
  FAIRLEAD_BOTH void each(const Part& part) {
    part(worker_);
#ifdef __CUDA_ARCH__
    __syncthreads();
#endif
  }

 private:
  const FeatureWorker<T>& worker_;
};

// The blocks share the segments; the slots of a block serve one after another.
template <typename T>
__global__ void __launch_bounds__(kThreads, kBlocksAtOnce)
    make_blocks(FeaturePass pass, const double* values, T* out, std::int64_t rows, double* slots) {
  double* const own = slots + std::int64_t{blockIdx.x} * pass.slots * pass.longest;
  for (std::int64_t i = blockIdx.x; i < pass.segment_count; i += gridDim.x) {
    const FeatureWorker<T> worker(pass, pass.segments[i], values, out, rows, own,
                                  static_cast<int>(threadIdx.x), kThreads);
    ThreadCrew<T> crew(worker);
    make_features(pass, crew);
  }
}

constexpr std::int64_t kMostSlots = std::int64_t{1} << 30;  // bytes of one workspace
constexpr std::int64_t kShareOfFree = 16;                   // and no more than one part in so many

// What one call keeps on the device, and pinned on the host.
class Workspace {
 public:
  Workspace() {
    std::size_t free = 0, total = 0;
    FAIRLEAD_CHECK(cudaMemGetInfo(&free, &total));
    most_slots_ = std::min(kMostSlots, static_cast<std::int64_t>(free) / kShareOfFree);
    FAIRLEAD_CHECK(cudaDeviceGetAttribute(&processors_, cudaDevAttrMultiProcessorCount, 0));
  }

  template <typename T>
  DeviceTimes run(const FeatureProblem& p) {
    const std::int64_t results = p.rows * p.column_count;
    double* const values = pinned_[0].room_for<double>(p.value_count);
    T* const staged = pinned_[1].room_for<T>(results);
    std::copy_n(p.values, p.value_count, values);
    stream_.mark(0);
    const double* const read = stream_.upload(buffers_[0], values, p.value_count);
    T* const made = buffers_[1].room_for<T>(results);
    const FeaturePass windows = upload(p.windows, buffers_ + 2);
    const FeaturePass running = upload(p.running, buffers_ + 4);
    stream_.mark(1);
    launch(windows, read, made, p.rows, buffers_[6]);
    launch(running, read, made, p.rows, buffers_[7]);
    stream_.mark(2);
    stream_.download(staged, made, results);
    stream_.mark(3);
    stream_.wait();
    for (std::int32_t c = 0; c < p.column_count; ++c)
      std::memcpy(p.columns[c], staged + c * p.rows, p.rows * sizeof(T));
    return {stream_.seconds(0), stream_.seconds(1), stream_.seconds(2)};
  }

 private:
  FeaturePass upload(const FeaturePass& p, Buffer* buffers) {
    FeaturePass d = p;
    if (p.step_count == 0) return d;
    d.steps = stream_.upload(buffers[0], p.steps, p.step_count);
    d.segments = stream_.upload(buffers[1], p.segments, p.segment_count);
    return d;
  }

  // As many blocks as run at once and have room for their slots.
  template <typename T>
  void launch(const FeaturePass& pass, const double* values, T* out, std::int64_t rows,
              Buffer& slots) {
    if (pass.step_count == 0) return;
    const std::int64_t numbers = pass.slots * pass.longest;
    const std::int64_t each = std::max<std::int64_t>(numbers * sizeof(double), 1);
    const std::int64_t blocks =
        std::min({pass.segment_count, std::int64_t{processors_} * kBlocksAtOnce,
                  std::max<std::int64_t>(most_slots_ / each, 1)});
    make_blocks<<<static_cast<unsigned>(blocks), kThreads, 0, stream_.get()>>>(
        pass, values, out, rows, slots.room_for<double>(blocks * numbers));
    FAIRLEAD_CHECK(cudaGetLastError());
  }

  Stream stream_;
  std::int64_t most_slots_ = 0;
  int processors_ = 0;
  Buffer buffers_[8];
  PinnedBuffer pinned_[2];
};

int run(const FeatureProblem& problem, DeviceTimes& times, char (&error)[kDeviceErrorText]) {
  static Pool<Workspace>& pool = *new Pool<Workspace>;
  return on_first_device(error, [&] {
    const Pool<Workspace>::Loan workspace(pool);
    times = problem.single ? workspace->run<float>(problem) : workspace->run<double>(problem);
  });
}

}  // namespace

const DeviceDriver<FeatureProblem>& cuda_feature_driver() {
  static const DeviceDriver<FeatureProblem> driver{FeatureProblem::kAbi, sizeof(FeatureProblem),
                                                   run};
  return driver;
}

}  // namespace fairlead
