// The scoring room's bindings.
#include "bindings/bindings.hpp"

namespace fairlead::bindings {

void bind_scoring(pybind11::module_&) {}

}  // namespace fairlead::bindings
