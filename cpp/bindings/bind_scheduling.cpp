// The scheduling room's bindings.
#include "bindings/bindings.hpp"

namespace fairlead::bindings {

void bind_scheduling(pybind11::module_&) {}

}  // namespace fairlead::bindings
