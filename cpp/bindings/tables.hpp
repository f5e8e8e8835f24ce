// Dicts of arrays, as python/fairlead/scheduling/boundary.py makes them, to the core's tables.
#pragma once

#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "bindings/columns.hpp"
#include "prediction/jobs/traits.hpp"
#include "scheduling/simulation.hpp"

namespace fairlead::bindings {

// A column of a dict of arrays; absent and None are an empty span. tables.py made the arrays, so a
// wrong dtype is a mistake of ours and named as such.
template <typename T>
std::span<const T> column(const pybind11::dict& columns, const char* name) {
  if (!columns.contains(name) || columns[name].is_none()) return {};
  const pybind11::object value = columns[name];
  if (!pybind11::isinstance<Column<T>>(value)) {
    throw InvalidInput(std::string("column '") + name + "' must be a contiguous array of " +
                       pybind11::str(pybind11::dtype::of<T>()).cast<std::string>());
  }
  return view(pybind11::reinterpret_borrow<Column<T>>(value));
}

std::shared_ptr<NodeTable> make_nodes(const pybind11::dict& columns);
JobColumns job_columns(const pybind11::dict& columns);
// Rows (time, kind, target, resource, value) of changes known ahead.
std::vector<Change> changes(const pybind11::dict& columns, bool planned);
std::vector<Event> events(const pybind11::dict& columns);
EngineOptions engine_options(const pybind11::dict& options);
// Views of columns that may be None.
JobTraitColumns trait_columns(const pybind11::dict& columns);

}  // namespace fairlead::bindings
