// The engine itself: events in, decisions out, for whoever drives it in real time.
#include <pybind11/stl.h>

#include <algorithm>

#include "bindings/bindings.hpp"
#include "bindings/tables.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace fairlead::bindings {
namespace {

// An engine with the job tables whose shapes its live jobs point to.
class DrivenEngine {
 public:
  DrivenEngine(std::shared_ptr<NodeTable> nodes, EngineOptions options)
      : engine_(std::move(nodes), std::move(options)) {}

  Engine& engine() { return engine_; }

  // Submits all rows at once; their numbers go on from those of earlier submissions.
  std::int64_t submit(const JobColumns& columns, Time now) {
    const std::int64_t first = jobs_;
    auto table = std::make_shared<const JobTable>(columns, engine_.nodes(), first, shapes_);
    for (std::size_t k = 0; k < table->size(); ++k)
      engine_.submit(table->spec(table->row_at(k)), now);
    jobs_ += static_cast<std::int64_t>(table->size());
    shapes_ += static_cast<std::int32_t>(table->shapes().size());
    tables_.push_back(std::move(table));
    return first;
  }

  bool finish(std::int64_t job, Outcome outcome, Time now) {
    const std::optional<Row> slot = engine_.find(job);
    return slot && engine_.finish({*slot, engine_.live(*slot).generation}, outcome, now);
  }

  std::string blocked_by(std::int64_t job, Time now) {
    const std::optional<Row> slot = engine_.find(job);
    if (!slot) return "";
    const auto table = std::ranges::find_if(tables_, [&](const auto& t) {
      return job < t->first_id() + static_cast<std::int64_t>(t->size());
    });
    return engine_.blocked_by(*slot, (*table)->resources(), now);
  }

  DrivenEngine fork() {
    engine_.seal();
    return *this;
  }

 private:
  Engine engine_;
  std::vector<std::shared_ptr<const JobTable>> tables_;
  std::int64_t jobs_ = 0;
  std::int32_t shapes_ = 0;
};

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

py::list decide(DrivenEngine& self, std::int64_t now_ns) {
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
  using Self = DrivenEngine;
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
          "cancel",
          [](Self& s, std::int64_t job, Ns now) { return s.engine().cancel(job, Time{now}); },
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
          [](Self& s, std::int32_t node, Ns now) { s.engine().node_fail(node, Time{now}); },
          "node"_a, "now_ns"_a)
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
