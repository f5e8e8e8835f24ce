// The engine itself: events in, decisions out, for whoever drives it in real time.
#include <pybind11/stl.h>

#include "bindings/bindings.hpp"
#include "bindings/tables.hpp"
#include "scheduling/live_engine.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace fairlead::bindings {
namespace {

Outcome outcome_named(const std::string& name) {
  if (name == "completed") return Outcome::completed;
  if (name == "timeout") return Outcome::timeout;
  if (name == "failed") return Outcome::failed;
  throw InvalidInput("status must be one of completed, timeout, failed; got '" + name + "'");
}

// One decision as (kind, job, time, nodes of the tasks, devices of the tasks by kind).
py::tuple decision_row(const Engine& engine, const Decision& decision) {
  constexpr const char* kKinds[] = {"start", "reserve", "refuse"};
  py::list tasks;
  if (decision.kind == Decision::Kind::start) {
    const Shape& shape = *engine.live(decision.handle.slot).spec.shape;
    const std::span<const std::int32_t> block = engine.placement(decision.handle.slot);
    std::size_t next = shape.units;
    for (std::int64_t t = 0; t < shape.tasks(); ++t) {
      py::list devices;
      for (const Ask& ask : shape.devices) {
        for (std::int64_t k = 0; k < Shape::devices_of(ask); ++k) {
          devices.append(py::make_tuple(engine.nodes().device_names[ask.resource], block[next++]));
        }
      }
      tasks.append(py::make_tuple(block.empty() ? 0 : block[t / shape.tasks_per_unit], devices));
    }
  }
  return py::make_tuple(kKinds[static_cast<int>(decision.kind)], decision.job, decision.at.ns,
                        tasks);
}

py::list decide(LiveEngine& self, std::int64_t now_ns) {
  std::span<const Decision> decisions;
  {
    const py::gil_scoped_release nogil;
    decisions = self.engine().decide(Time{now_ns});
  }
  py::list rows;
  for (const Decision& decision : decisions) rows.append(decision_row(self.engine(), decision));
  return rows;
}

}  // namespace

void bind_engine(py::module_& m) {
  using Self = LiveEngine;
  using Ns = std::int64_t;
  py::class_<Self>(m, "Engine")
      .def(py::init([](const std::shared_ptr<NodeTable>& nodes, const py::dict& options) {
             return Self(nodes, engine_options(options));
           }),
           "nodes"_a, "options"_a)
      .def(
          "submit",
          [](Self& s, const py::dict& columns, Ns now) {
            return s.submit(job_columns(columns), Time{now});
          },
          "columns"_a, "now_ns"_a)
      .def(
          "finish",
          [](Self& s, std::int64_t job, const std::string& status, Ns now) {
            return s.finish(job, outcome_named(status), Time{now});
          },
          "job"_a, "status"_a, "now_ns"_a)
      .def(
          "cancel", [](Self& s, std::int64_t job, Ns now) { return s.cancel(job, Time{now}); },
          "job"_a, "now_ns"_a)
      .def(
          "estimate",
          [](Self& s, std::int64_t job, Ns estimate, Ns now) {
            return s.engine().set_estimate(job, Duration{estimate}, Time{now});
          },
          "job"_a, "estimate_ns"_a, "now_ns"_a)
      .def(
          "node_add",
          [](Self& s, const std::shared_ptr<NodeTable>& more, Ns now) {
            s.engine().node_add(*more, Time{now});
          },
          "nodes"_a, "now_ns"_a)
      .def(
          "node_drain", [](Self& s, std::int32_t node) { s.engine().node_drain(node); }, "node"_a)
      .def(
          "node_resume", [](Self& s, std::int32_t node) { s.engine().node_resume(node); }, "node"_a)
      .def(
          "node_fail",
          [](Self& s, std::int32_t node, Ns now) { return s.node_fail(node, Time{now}); }, "node"_a,
          "now_ns"_a)
      .def(
          "capacity",
          [](Self& s, std::int32_t node, std::int32_t resource, std::int64_t amount, Ns now) {
            s.engine().capacity(node, resource, amount, Time{now});
          },
          "node"_a, "resource"_a, "amount"_a, "now_ns"_a)
      .def(
          "advance", [](Self& s, Ns now) { return s.engine().advance(Time{now}); }, "now_ns"_a)
      .def("decide", &decide, "now_ns"_a)
      .def(
          "blocked_by",
          [](Self& s, std::int64_t job, Ns now) { return s.blocked_by(job, Time{now}); }, "job"_a,
          "now_ns"_a)
      .def("fork", &Self::fork)
      .def("digest", [](Self& s) { return s.engine().digest(); })
      .def_property_readonly("waiting", [](Self& s) { return s.engine().waiting(); })
      .def_property_readonly("running", [](Self& s) { return s.engine().running(); });
}

}  // namespace fairlead::bindings
