// The extension module fairlead._cuda: loaded on first use, never with the package. Importing it
// asks the driver nothing.
#include <pybind11/pybind11.h>

#include "prediction/cuda/feature_problem.hpp"
#include "prediction/cuda/fit_problem.hpp"
#include "scoring/score.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace {

template <typename Problem>
py::capsule capsule_of(const fairlead::DeviceDriver<Problem>& driver) {
  return py::capsule(&driver, Problem::kDriverName);
}

}  // namespace

PYBIND11_MODULE(_cuda, m) {
  m.doc() =
      "Scoring, fits and features with CUDA; private, use fairlead.score, predict and cuda_info.";
  m.attr("built_with") =
      "CUDA " FAIRLEAD_CUDA_VERSION ", architectures " FAIRLEAD_CUDA_ARCHITECTURES;
  m.attr("score_driver") = capsule_of(fairlead::cuda_score_driver());
  m.attr("fit_driver") = capsule_of(fairlead::cuda_fit_driver());
  m.attr("feature_driver") = capsule_of(fairlead::cuda_feature_driver());
  m.def(
      "probe",
      [] {
        const fairlead::CudaState state = fairlead::probe_cuda();
        return py::dict("count"_a = state.count, "driver"_a = state.driver,
                        "runtime"_a = state.runtime, "error"_a = state.error);
      },
      "Asks the driver for devices; `error` is empty where one can be used. Versions are those of "
      "CUDA, 1000 * major + 10 * minor.");
}
