// Work that a driver of the CUDA module may do, and what Python is told where it fails.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <vector>

#include "base/device_calls.hpp"
#include "bindings/columns.hpp"

namespace fairlead::bindings {

// The driver in a capsule of the CUDA module.
template <typename Problem>
const DeviceDriver<Problem>& driver_in(const pybind11::object& capsule) {
  const void* const driver = PyCapsule_GetPointer(capsule.ptr(), Problem::kDriverName);
  if (driver == nullptr) throw pybind11::error_already_set();
  return *static_cast<const DeviceDriver<Problem>*>(driver);
}

// Seconds of all calls: copies in, kernels, copies out.
template <typename Problem>
Column<double> device_seconds(const DeviceCalls<Problem>& calls) {
  const DeviceTimes times = calls.times();
  return to_column(std::vector{times.copy_in_s, times.kernel_s, times.copy_out_s});
}

// What `make(calls)` returns as a dict; where the device fails, `error`, and whether CUDA is `lost`
// to this process. No calls for None.
template <typename Problem, typename Make>
pybind11::dict by_device(const pybind11::object& capsule, const Make& make) {
  using namespace pybind11::literals;
  std::optional<DeviceCalls<Problem>> calls;
  try {
    if (!capsule.is_none()) calls.emplace(driver_in<Problem>(capsule));
    return make(calls ? &*calls : nullptr);
  } catch (const BackendUnavailable& error) {
    return pybind11::dict("error"_a = error.what(), "lost"_a = calls && calls->lost());
  }
}

}  // namespace fairlead::bindings
