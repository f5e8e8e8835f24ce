// The bindings of run-time prediction: a learner that goes through columns of jobs.
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <string>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "bindings/tables.hpp"
#include "prediction/jobs/learner.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace fairlead::bindings {
namespace {

using Predictions = py::typing::Tuple<Column<double>, Column<float>>;

Predictions to_predictions(RunTimePredictions&& made) {
  return py::make_tuple(to_column(std::move(made.predicted_s)),
                        to_column(std::move(made.bounds_s)));
}

Predictions replay(RunTimeLearner& learner, const py::dict& columns, const Column<double>& end_s,
                   const Column<double>& run_s) {
  const JobTraitColumns jobs = trait_columns(columns);
  const std::span<const double> ends = view(end_s), runs = view(run_s);
  if (ends.size() != jobs.rows() || runs.size() != jobs.rows()) {
    throw InvalidInput("end_s and run_s must have one value a job");
  }
  RunTimePredictions made;
  {
    const py::gil_scoped_release nogil;
    made = replay_run_times(learner, jobs, ends, runs);
  }
  return to_predictions(std::move(made));
}

}  // namespace

void bind_run_times(py::module_& m) {
  py::class_<RunTimeLearner>(m, "RunTimeLearner",
                             "Predicts run times and learns from the jobs that have ended.")
      .def(py::init([](const std::string& name,
                       const std::vector<std::pair<std::string, double>>& params,
                       const std::vector<double>& quantiles) {
             return RunTimeLearner(make_run_time_predictor(name, params), quantiles);
           }),
           "name"_a, "params"_a, "quantiles"_a)
      .def("clone", [](const RunTimeLearner& learner) { return RunTimeLearner(learner); })
      .def_property_readonly("learned", &RunTimeLearner::learned, "Jobs learnt from.")
      .def(
          "predict",
          [](const RunTimeLearner& learner, const py::dict& columns) {
            const JobTraitColumns jobs = trait_columns(columns);
            RunTimePredictions made;
            {
              const py::gil_scoped_release nogil;
              made = predict_run_times(learner, jobs);
            }
            return to_predictions(std::move(made));
          },
          "columns"_a, "Run times in s and bounds, bound by bound of each job; learns nothing.")
      .def("replay", &replay, "columns"_a, "end_s"_a.noconvert(), "run_s"_a.noconvert(),
           "The same for jobs in order, each from those that had ended by its submission.");
}

}  // namespace fairlead::bindings
