// Calls to a driver of the CUDA module, and what they have come to so far.
#pragma once

#include <mutex>

#include "base/device_call.hpp"
#include "base/errors.hpp"

namespace fairlead {

// Any number of threads may use it at the same time.
template <typename Problem>
class DeviceCalls {
 public:
  // Throws BackendUnavailable where the driver is of another version. It must stay.
  explicit DeviceCalls(const DeviceDriver<Problem>& driver) : driver_(driver) {
    if (driver.abi != Problem::kAbi || driver.size != sizeof(Problem))
      throw BackendUnavailable(
          "the CUDA module was built from another version of fairlead; reinstall");
  }

  // Throws BackendUnavailable with the driver's text unless the problem is solved.
  void run(const Problem& problem) {
    DeviceTimes times{};
    char error[kDeviceErrorText] = "";
    const int outcome = driver_.run(problem, times, error);
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
  const DeviceDriver<Problem>& driver_;
  mutable std::mutex mutex_;
  DeviceTimes times_{};
  bool lost_ = false;
};

}  // namespace fairlead
