// NumPy arrays in as spans, vectors out as arrays; neither copies.
#pragma once

#include <pybind11/numpy.h>

#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace fairlead::bindings {

template <typename T>
using Column = pybind11::array_t<T, pybind11::array::c_style>;

template <typename T>
std::span<const T> view(const Column<T>& column) {
  return {column.data(), static_cast<std::size_t>(column.size())};
}

template <typename T>
std::span<T> mutable_view(Column<T>& column) {
  return {column.mutable_data(), static_cast<std::size_t>(column.size())};
}

// Hands the vector's memory to NumPy.
template <typename T>
Column<T> to_column(std::vector<T>&& values) {
  auto owner = std::make_unique<std::vector<T>>(std::move(values));
  T* data = owner->data();
  const auto size = static_cast<pybind11::ssize_t>(owner->size());
  pybind11::capsule keeper(owner.release(),
                           [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return Column<T>(size, data, keeper);
}

// Between parts of long work, without the GIL: Ctrl-C ends it.
inline void raise_pending_signal() {
  const pybind11::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
}

}  // namespace fairlead::bindings
