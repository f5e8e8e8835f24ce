// Work that a driver of the CUDA module may do, and what Python is told where it fails.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/device_call.hpp"
#include "base/errors.hpp"
#include "bindings/columns.hpp"

namespace fairlead::bindings {

// The device behind a capsule of the CUDA module; none for None.
template <typename Device, typename Driver>
std::optional<Device> device_of(const pybind11::object& driver, const char* name) {
  if (driver.is_none()) return {};
  const void* const pointer = PyCapsule_GetPointer(driver.ptr(), name);
  if (pointer == nullptr) throw pybind11::error_already_set();
  return std::optional<Device>(std::in_place, *static_cast<const Driver*>(pointer));
}

// What `make(device)` returns as a dict, with the seconds the device took; where the device fails,
// `error`, and whether CUDA is `lost` to this process.
template <typename Device, typename Driver, typename Make>
pybind11::dict by_device(const pybind11::object& driver, const char* name, const Make& make) {
  using namespace pybind11::literals;
  std::optional<Device> device = device_of<Device, Driver>(driver, name);
  try {
    pybind11::dict made = make(device ? &*device : nullptr);
    const DeviceTimes times = device ? device->record().times() : DeviceTimes{};
    made["device_s"] = to_column(std::vector{times.copy_in_s, times.kernel_s, times.copy_out_s});
    return made;
  } catch (const BackendUnavailable& error) {
    return pybind11::dict("error"_a = error.what(), "lost"_a = device && device->record().lost());
  }
}

}  // namespace fairlead::bindings
