// What a call on a device reports: where its time went, and how it ended.
#pragma once

#include <cstddef>

namespace fairlead {

struct DeviceTimes {
  double copy_in_s;
  double kernel_s;
  double copy_out_s;
};

// Errors of the models' drivers cross to the core as text.
constexpr std::size_t kDeviceErrorText = 256;
enum DeviceOutcome : int { kDeviceDone = 0, kDeviceFailed = 1, kDeviceLost = 2 };  // to the process

}  // namespace fairlead
