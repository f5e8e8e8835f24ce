// What every CUDA driver needs: checked calls, the device, memory that is kept, a timed stream.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <vector>

#include "base/device_call.hpp"

namespace fairlead {

struct CudaFailure {
  cudaError_t code;
  const char* call;

  // Takes note of it: what is not sticky must not meet the next call.
  void tell(char (&text)[kDeviceErrorText]) const {
    cudaGetLastError();
    std::snprintf(text, kDeviceErrorText, "%s: %s (%s)", call, cudaGetErrorName(code),
                  cudaGetErrorString(code));
  }

  // CUDA can be used by this process no more.
  bool is_final() const { return code != cudaErrorMemoryAllocation; }
};

inline void check(cudaError_t code, const char* call) {
  if (code != cudaSuccess) throw CudaFailure{code, call};
}
#define FAIRLEAD_CHECK(call) ::fairlead::check(call, #call)

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

// How the work on the first device ended.
template <typename Work>
int on_first_device(char (&error)[kDeviceErrorText], const Work& work) {
  try {
    const OnFirstDevice device;
    work();
    return kDeviceDone;
  } catch (const CudaFailure& failure) {
    failure.tell(error);
    return failure.is_final() ? kDeviceLost : kDeviceFailed;
  }
}

struct OnDevice {
  static cudaError_t take(void** data, std::size_t bytes) { return cudaMalloc(data, bytes); }
  static cudaError_t give(void* data) { return cudaFree(data); }
};

// Pinned: the device copies it at full speed while the threads do other work.
struct OnHost {
  static cudaError_t take(void** data, std::size_t bytes) { return cudaMallocHost(data, bytes); }
  static cudaError_t give(void* data) { return cudaFreeHost(data); }
};

// Memory that grows and is kept for the next call.
template <typename Where>
class Memory {
 public:
  template <typename T>
  T* room_for(std::int64_t count) {
    const std::size_t bytes =
        static_cast<std::size_t>(std::max<std::int64_t>(count, 1)) * sizeof(T);
    if (bytes > bytes_) {
      if (data_ != nullptr) FAIRLEAD_CHECK(Where::give(data_));
      data_ = nullptr;
      bytes_ = 0;
      FAIRLEAD_CHECK(Where::take(&data_, bytes));
      bytes_ = bytes;
    }
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

using Buffer = Memory<OnDevice>;
using PinnedBuffer = Memory<OnHost>;

// A stream of its own with what moves on it, timed between four marks.
class Stream {
 public:
  Stream() {
    FAIRLEAD_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    for (cudaEvent_t& event : events_) FAIRLEAD_CHECK(cudaEventCreate(&event));
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  cudaStream_t get() const { return stream_; }

  template <typename T>
  T* upload(Buffer& buffer, const T* from, std::int64_t count) {
    T* const to = buffer.room_for<T>(count);
    FAIRLEAD_CHECK(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyHostToDevice, stream_));
    return to;
  }

  template <typename T>
  void download(T* to, const T* from, std::int64_t count) {
    FAIRLEAD_CHECK(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyDeviceToHost, stream_));
  }

  void mark(int event) { FAIRLEAD_CHECK(cudaEventRecord(events_[event], stream_)); }
  void wait() { FAIRLEAD_CHECK(cudaStreamSynchronize(stream_)); }

  // From a mark to the next one, once waited for.
  double seconds(int from) const {
    float ms = 0;
    FAIRLEAD_CHECK(cudaEventElapsedTime(&ms, events_[from], events_[from + 1]));
    return ms / 1000.0;
  }

 private:
  // Never destroyed, as the workspaces that hold it.
  cudaStream_t stream_ = nullptr;
  cudaEvent_t events_[4] = {};
};

// A workspace for each thread that uses the device at the same time, so that one's kernels run
// while another prepares its work. They are kept, and never destroyed: at exit the driver may be
// gone before us.
template <typename Workspace>
class Pool {
 public:
  // Of one pool, for as long as it lives.
  class Loan {
   public:
    explicit Loan(Pool& pool) : pool_(pool), workspace_(pool.take()) {}
    ~Loan() { pool_.give(workspace_); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Workspace* operator->() const { return workspace_; }

   private:
    Pool& pool_;
    Workspace* workspace_;
  };

 private:
  Workspace* take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return new Workspace;
    Workspace* const taken = idle_.back();
    idle_.pop_back();
    return taken;
  }

  void give(Workspace* workspace) {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(workspace);
  }

  std::mutex mutex_;
  std::vector<Workspace*> idle_;
};

}  // namespace fairlead
