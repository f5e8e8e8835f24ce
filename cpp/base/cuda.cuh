// What every CUDA driver needs: checked calls, the device, memory that is kept.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace fairlead {

struct CudaFailure {
  cudaError_t code;
  const char* call;

  // Takes note of it: what is not sticky must not meet the next call.
  template <std::size_t kSize>
  void tell(char (&text)[kSize]) const {
    cudaGetLastError();
    std::snprintf(text, kSize, "%s: %s (%s)", call, cudaGetErrorName(code),
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

  std::size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace fairlead
