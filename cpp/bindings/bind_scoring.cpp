// The bindings of scoring and matching.
#include <pybind11/stl.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "base/names.hpp"
#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "bindings/devices.hpp"
#include "bindings/tables.hpp"
#include "matching/matching.hpp"
#include "scoring/score_batch.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace fairlead::bindings {
namespace {

py::dict score_columns(Scores&& scores) {
  const DeviceTimes& t = scores.times;
  return py::dict(
      "node"_a = to_column(std::move(scores.node)), "score"_a = to_column(std::move(scores.score)),
      "feasible"_a = to_column(std::move(scores.feasible)),
      "times_s"_a =
          py::dict("copy_in"_a = t.copy_in_s, "score"_a = t.kernel_s, "copy_out"_a = t.copy_out_s));
}

ScoreRunner runner(DeviceCalls<ScoreProblem>* cuda) {
  if (cuda == nullptr)
    return [](const ScoreProblem& problem) { return run_on_cpu(problem, raise_pending_signal); };
  return [cuda](const ScoreProblem& problem) {
    cuda->run(problem);
    return cuda->times();
  };
}

py::dict score(const ScoreBatch& batch, std::int32_t top_k, const py::object& driver) {
  return by_device<ScoreProblem>(driver, [&](DeviceCalls<ScoreProblem>* cuda) {
    Scores scores;
    {
      const py::gil_scoped_release nogil;
      scores = batch.score(top_k, runner(cuda));
    }
    return score_columns(std::move(scores));
  });
}

std::unique_ptr<ScoreBatch> make_batch(const NodeTable& nodes, const py::dict& columns,
                                       const std::map<std::string, double>& terms) {
  const Weights weights = make_weights(terms);
  const JobColumns jobs = job_columns(columns);
  const py::gil_scoped_release nogil;
  return std::make_unique<ScoreBatch>(JobTable(jobs, nodes, 0, 0), nodes, weights);
}

py::list column_list(const ScoreBatch& batch) {
  py::list columns;
  for (const ScoreColumn& column : batch.columns()) {
    columns.append(py::make_tuple(column.name, column.unit, column.exact));
  }
  return columns;
}

py::dict matching_columns(Matching&& m) {
  std::vector<std::int8_t> status(m.status.size());
  std::ranges::transform(m.status, status.begin(), [](MatchStatus s) { return std::int8_t(s); });
  return py::dict(
      "status"_a = to_column(std::move(status)), "reason"_a = to_column(std::move(m.reason)),
      "reasons"_a = m.reasons, "job"_a = to_column(std::move(m.job)),
      "task"_a = to_column(std::move(m.task)), "node"_a = to_column(std::move(m.node)),
      "device_end"_a = to_column(std::move(m.device_end)), "kind"_a = to_column(std::move(m.kind)),
      "device"_a = to_column(std::move(m.device)));
}

Matching match_by(const std::string& method, const JobTable& jobs,
                  const std::shared_ptr<const NodeTable>& nodes) {
  if (method == "exhaustive") return match_exhaustive(jobs, nodes);
  for (const GreedyMethod& entry : kGreedyMethods) {
    if (entry.name == method) return match_greedy(jobs, nodes, entry);
  }
  throw InvalidInput("unknown method '" + method + "'; known are " +
                     listed(kGreedyMethods, &GreedyMethod::name) + ", exhaustive, learned");
}

}  // namespace

void bind_scoring(py::module_& m) {
  py::class_<ScoreBatch>(m, "ScoreBatch",
                         "One task of every job against every node, ready to be scored.")
      .def(py::init(&make_batch), "nodes"_a, "jobs"_a, "terms"_a)
      .def("score", &score, py::kw_only(), "top_k"_a, "driver"_a,
           "Best nodes by job. `driver`: the capsule of _cuda, or None for the CPU. Where it "
           "fails: `error`, and whether CUDA is `lost` to this process.")
      .def_property_readonly("requests", &ScoreBatch::requests, "Distinct requests.")
      .def_property_readonly("pairs", &ScoreBatch::pairs, "Distinct requests times nodes.")
      .def_property_readonly("columns", &column_list, "(name, unit, exact) by column.");
  m.def(
      "match",
      [](const std::shared_ptr<NodeTable>& nodes, const py::dict& columns,
         const std::string& method) {
        const JobColumns jobs = job_columns(columns);
        Matching matching;
        {
          const py::gil_scoped_release nogil;
          matching = match_by(method, JobTable(jobs, *nodes, 0, 0), nodes);
        }
        return matching_columns(std::move(matching));
      },
      "nodes"_a, "jobs"_a, "method"_a,
      "Tasks to nodes: status and reason by job, a row a placed task.");
  m.def(
      "match_by_type",
      [](const std::shared_ptr<NodeTable>& nodes, const py::dict& columns, std::int32_t types,
         const Column<std::int32_t>& type_of_node, const Column<std::int32_t>& order) {
        const JobColumns jobs = job_columns(columns);
        Matching matching;
        {
          const py::gil_scoped_release nogil;
          matching = match_by_type(JobTable(jobs, *nodes, 0, 0), nodes,
                                   {types, view(type_of_node), view(order)});
        }
        return matching_columns(std::move(matching));
      },
      "nodes"_a, "jobs"_a, "types"_a, "type_of_node"_a.noconvert(), "order"_a.noconvert(),
      "As `match`, each job on the first type in its row of `order` (jobs x types) with room.");
  m.def("score_terms", [] {
    std::map<std::string, std::string> terms;
    for (const TermEntry& entry : kTerms) terms.emplace(entry.name, entry.description);
    return terms;
  });
  m.def("match_methods", [] {
    std::map<std::string, std::string> methods;
    for (const GreedyMethod& entry : kGreedyMethods) methods.emplace(entry.name, entry.description);
    return methods;
  });
}

}  // namespace fairlead::bindings
