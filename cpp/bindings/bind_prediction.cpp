// The prediction room's bindings.
#include "bindings/bindings.hpp"

namespace fairlead::bindings {

void bind_prediction(pybind11::module_&) {}

}  // namespace fairlead::bindings
