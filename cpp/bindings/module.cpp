// The extension module fairlead._core: every room's bindings, and how it was built.
#include <pybind11/pybind11.h>

#include "bindings/bindings.hpp"

PYBIND11_MODULE(_core, m) {
  m.doc() = "The C++ core of fairlead; private, use the functions of the package.";
  m.attr("__version__") = FAIRLEAD_VERSION;
  m.attr("cuda_build_reason") = FAIRLEAD_CUDA_REASON;
  fairlead::bindings::register_errors();
  fairlead::bindings::bind_monitoring(m);
  fairlead::bindings::bind_prediction(m);
  fairlead::bindings::bind_features(m);
  fairlead::bindings::bind_usage(m);
  fairlead::bindings::bind_run_times(m);
  fairlead::bindings::bind_scheduling(m);  // after the learner it takes
  fairlead::bindings::bind_engine(m);      // after the tables it takes
  fairlead::bindings::bind_scoring(m);
  fairlead::bindings::bind_smoothing(m);
}
