// What crosses between the core and the CUDA module for a call on a device. C++17.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fairlead {

struct DeviceTimes {
  double copy_in_s;
  double kernel_s;
  double copy_out_s;
};

// Errors cross as text.
constexpr std::size_t kDeviceErrorText = 256;
enum DeviceOutcome : int { kDeviceDone = 0, kDeviceFailed = 1, kDeviceLost = 2 };  // to the process

// What the CUDA module hands to the core for one kind of problem, in a capsule of the name
// Problem::kDriverName.
template <typename Problem>
struct DeviceDriver {
  std::uint32_t abi;   // Problem::kAbi
  std::uint32_t size;  // sizeof(Problem)
  int (*run)(const Problem& problem, DeviceTimes& times, char (&error)[kDeviceErrorText]);
};

}  // namespace fairlead
