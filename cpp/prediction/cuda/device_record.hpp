// What the calls on a device have come to so far.
#pragma once

#include <mutex>

#include "base/device_call.hpp"
#include "base/errors.hpp"

namespace fairlead {

// Any number of threads may write to it at the same time.
class DeviceRecord {
 public:
  // Throws BackendUnavailable with the driver's text unless the call is done.
  void take(int outcome, const DeviceTimes& times, const char* error) {
    const std::lock_guard lock(mutex_);
    lost_ = lost_ || outcome == kDeviceLost;
    if (outcome != kDeviceDone) throw BackendUnavailable(error);
    times_.copy_in_s += times.copy_in_s;
    times_.kernel_s += times.kernel_s;
    times_.copy_out_s += times.copy_out_s;
  }

  DeviceTimes times() const {  // added up
    const std::lock_guard lock(mutex_);
    return times_;
  }

  bool lost() const {  // CUDA failed for good
    const std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  mutable std::mutex mutex_;
  DeviceTimes times_{};
  bool lost_ = false;
};

}  // namespace fairlead
