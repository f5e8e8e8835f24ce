// A driver that has lost its device.
#pragma once

#include <cstdio>

#include "base/device_call.hpp"

namespace fairlead {

template <typename Problem>
int lose_device(const Problem&, DeviceTimes&, char (&error)[kDeviceErrorText]) {
  std::snprintf(error, kDeviceErrorText, "cudaErrorIllegalAddress");
  return kDeviceLost;
}

template <typename Problem>
constexpr DeviceDriver<Problem> kBroken{Problem::kAbi, sizeof(Problem), lose_device<Problem>};

}  // namespace fairlead
