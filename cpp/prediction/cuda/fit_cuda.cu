// The CUDA driver of the smoothing fits: chunks that fit the memory, streams, errors as text.
#include <cuda_runtime.h>

#include <algorithm>

#include "base/cuda.cuh"
#include "prediction/cuda/fit_lane.hpp"
#include "prediction/cuda/fit_problem.hpp"

namespace fairlead {
namespace {

// One thread of a block: each worker of each lane is one.
template <typename Lane>
class ThreadCrew {
 public:
  FAIRLEAD_BOTH explicit ThreadCrew(Lane& lane) : lane_(&lane) {}

  template <typename Part>
  FAIRLEAD_BOTH void each(const Part& part) {
    part(*lane_);
#ifdef __CUDA_ARCH__
    __syncthreads();
#endif
  }

  template <typename Question>
  FAIRLEAD_BOTH bool any(const Question& question) {
#ifdef __CUDA_ARCH__
    return __syncthreads_or(question(*lane_)) != 0;
#else
    return question(*lane_);
#endif
  }

 private:
  Lane* lane_;
};

constexpr int kBlocksAtOnce = 2;  // of a multiprocessor, at least: half of its registers each

template <int kSeasons, bool kFactors = false>
__global__ void __launch_bounds__(kFitLanes* kFitWorkers, kBlocksAtOnce)
    fit_blocks(FitProblem problem, std::int64_t steps, std::int64_t room, double* scratch) {
  __shared__ smoothing::Search<kFitLanes> searches[kFitLanes];
  using Lane = FitLane<kSeasons, kFactors>;
  const int lane = static_cast<int>(threadIdx.x), block = static_cast<int>(blockIdx.x);
  Lane own(problem, block, lane, steps, scratch + block * room * kFitLanes, searches[lane],
           {static_cast<int>(threadIdx.y), kFitWorkers});
  ThreadCrew<Lane> crew(own);
  fit_block(problem.layout, crew);
}

using Kernel = void (*)(FitProblem, std::int64_t, std::int64_t, double*);

Kernel kernel_for(const smoothing::Layout& layout) {
  constexpr Kernel kKernels[] = {fit_blocks<0>, fit_blocks<1>, fit_blocks<2>};
  return layout.factors ? Kernel{fit_blocks<1, true>} : kKernels[layout.seasons];
}

constexpr std::int64_t kMostScratch = std::int64_t{4} << 30;  // bytes of one workspace
constexpr std::int64_t kShareOfFree = 4;  // and no more than one part in so many

// What one call keeps on the device.
class Workspace {
 public:
  Workspace() {
    std::size_t free = 0, total = 0;
    FAIRLEAD_CHECK(cudaMemGetInfo(&free, &total));
    most_ = std::min(kMostScratch, static_cast<std::int64_t>(free) / kShareOfFree);
  }

  DeviceTimes fit(const FitProblem& problem) {
    DeviceTimes times{};
    for (std::int32_t begin = 0; begin < problem.blocks;) {
      const std::int32_t end = chunk_end(problem, begin);
      run_chunk(problem, begin, end);
      times.copy_in_s += stream_.seconds(0);
      times.kernel_s += stream_.seconds(1);
      times.copy_out_s += stream_.seconds(2);
      begin = end;
    }
    return times;
  }

 private:
  static std::int64_t steps_of(const FitProblem& p, std::int32_t block) {
    return p.first[block + 1] - p.first[block];
  }

  static std::int64_t room_for_steps(const FitProblem& p, std::int64_t steps) {
    return FitRoom(p.layout, steps).size;
  }

  // As many blocks as the scratch memory has room for; they get longer towards the end.
  std::int32_t chunk_end(const FitProblem& p, std::int32_t begin) const {
    std::int32_t end = begin + 1;
    for (; end < p.blocks; ++end) {
      const std::int64_t each = room_for_steps(p, steps_of(p, end)) * kFitLanes * sizeof(double);
      if ((end + 1 - begin) * each > most_) break;
    }
    return end;
  }

  void run_chunk(const FitProblem& p, std::int32_t begin, std::int32_t end) {
    const std::int64_t blocks = end - begin, lanes = blocks * kFitLanes;
    const std::int64_t row = p.first[begin], numbers = (p.first[end] - row) * kFitLanes;
    const std::int64_t unknowns = std::int64_t{p.layout.size} * kFitLanes;
    const std::int64_t steps = steps_of(p, end - 1), room = room_for_steps(p, steps);
    stream_.mark(0);
    FitProblem d = p;
    d.blocks = static_cast<std::int32_t>(blocks);
    d.first = stream_.upload(buffers_[0], p.first + begin, blocks + 1);
    d.values = stream_.upload(buffers_[1], p.values + row * kFitLanes, numbers) - row * kFitLanes;
    d.observed =
        stream_.upload(buffers_[2], p.observed + row * kFitLanes, numbers) - row * kFitLanes;
    d.length = stream_.upload(buffers_[3], p.length + begin * kFitLanes, lanes);
    d.count = stream_.upload(buffers_[4], p.count + begin * kFitLanes, lanes);
    d.point = stream_.upload(buffers_[5], p.point + begin * unknowns, blocks * unknowns);
    d.squares = buffers_[6].room_for<double>(lanes);
    double* const scratch = buffers_[7].room_for<double>(blocks * room * kFitLanes);
    stream_.mark(1);
    kernel_for(p.layout)<<<static_cast<unsigned>(blocks), dim3(kFitLanes, kFitWorkers), 0,
                           stream_.get()>>>(d, steps, room, scratch);
    FAIRLEAD_CHECK(cudaGetLastError());
    stream_.mark(2);
    stream_.download(p.point + begin * unknowns, d.point, blocks * unknowns);
    stream_.download(p.squares + begin * kFitLanes, d.squares, lanes);
    stream_.mark(3);
    stream_.wait();
  }

  Stream stream_;
  std::int64_t most_ = 0;
  Buffer buffers_[8];
};

int fit(const FitProblem& problem, DeviceTimes& times, char (&error)[kDeviceErrorText]) {
  static Pool<Workspace>& pool = *new Pool<Workspace>;
  return on_first_device(error, [&] { times = Pool<Workspace>::Loan(pool)->fit(problem); });
}

}  // namespace

const DeviceDriver<FitProblem>& cuda_fit_driver() {
  static const DeviceDriver<FitProblem> driver{FitProblem::kAbi, sizeof(FitProblem), fit};
  return driver;
}

}  // namespace fairlead
