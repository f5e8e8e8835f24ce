// One function per room: each adds its functions and classes to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace fairlead::bindings {

void register_errors();
void bind_monitoring(pybind11::module_& m);
void bind_engine(pybind11::module_& m);
void bind_features(pybind11::module_& m);
void bind_prediction(pybind11::module_& m);
void bind_run_times(pybind11::module_& m);
void bind_scheduling(pybind11::module_& m);
void bind_scoring(pybind11::module_& m);
void bind_smoothing(pybind11::module_& m);
void bind_usage(pybind11::module_& m);

}  // namespace fairlead::bindings
