// The scheduling room's bindings: tables in, a simulation that runs without the GIL, columns out.
#include <pybind11/stl.h>

#include <chrono>
#include <optional>

#include "bindings/bindings.hpp"
#include "bindings/tables.hpp"
#include "scheduling/run_all.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace fairlead::bindings {
namespace {

// Lets Ctrl-C through and shows progress at most ten times a second.
class Pause {
 public:
  explicit Pause(py::object progress) : progress_(std::move(progress)) {}
  void operator()(double share) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (!progress_.is_none()) progress_(share);
  }

 private:
  py::object progress_;
  std::chrono::steady_clock::time_point last_{};
};

py::dict outcomes(Simulation& simulation) {
  Outcomes out;
  {
    const py::gil_scoped_release nogil;
    out = simulation.outcomes();
  }
  return py::dict(
      "start_ns"_a = to_column(std::move(out.start_ns)),
      "end_ns"_a = to_column(std::move(out.end_ns)), "status"_a = to_column(std::move(out.status)),
      "attempts"_a = to_column(std::move(out.attempts)), "node"_a = to_column(std::move(out.node)),
      "reason"_a = to_column(std::move(out.reason)), "reasons"_a = out.reasons);
}

// Ended attempts in order of their end, then those that still run (outcome -1).
struct RunColumns {
  std::vector<std::int64_t> job, start_ns, end_ns;
  std::vector<std::int32_t> attempt;
  std::vector<std::int8_t> outcome;
};

RunColumns run_columns(const Simulation& simulation) {
  RunColumns out;
  const Engine& engine = simulation.engine();
  const auto add = [&](std::int64_t job, Time start, std::int64_t end, std::int32_t attempt,
                       int outcome) {
    out.job.push_back(job);
    out.start_ns.push_back(start == kNever ? kMissingTime : start.ns);
    out.end_ns.push_back(end);
    out.attempt.push_back(attempt);
    out.outcome.push_back(static_cast<std::int8_t>(outcome));
  };
  engine.runs().each([&](const Run& run) {
    add(run.job, run.start, run.end.ns, run.attempt(), static_cast<int>(run.outcome()));
  });
  for (const LiveJob& live : engine.live()) {
    if (live.state == JobState::running)
      add(live.spec.id, live.start, kMissingTime, live.attempt, -1);
  }
  return out;
}

py::dict runs(const Simulation& simulation) {
  RunColumns out = run_columns(simulation);
  return py::dict("job"_a = to_column(std::move(out.job)),
                  "start_ns"_a = to_column(std::move(out.start_ns)),
                  "end_ns"_a = to_column(std::move(out.end_ns)),
                  "attempt"_a = to_column(std::move(out.attempt)),
                  "outcome"_a = to_column(std::move(out.outcome)));
}

// One row a task of every attempt that started; its devices are those up to device_end.
struct PlacementColumns {
  std::vector<std::int64_t> job, device_end;
  std::vector<std::int32_t> attempt, task, node, kind, device;

  void add(std::int64_t id, std::int32_t try_, const Shape& shape,
           std::span<const std::int32_t> block) {
    std::size_t next = shape.units;
    for (std::int64_t t = 0; t < shape.tasks(); ++t) {
      job.push_back(id);
      attempt.push_back(try_);
      task.push_back(static_cast<std::int32_t>(t));
      node.push_back(block.empty() ? 0 : block[t / shape.tasks_per_unit]);
      for (const Ask& ask : shape.devices) {
        for (std::int64_t k = 0; k < Shape::devices_of(ask); ++k) {
          kind.push_back(ask.resource);
          device.push_back(block[next++]);
        }
      }
      device_end.push_back(static_cast<std::int64_t>(device.size()));
    }
  }
};

py::dict placements(const Simulation& simulation) {
  PlacementColumns out;
  const Engine& engine = simulation.engine();
  const std::vector<std::int32_t> cells = engine.placements().all();
  std::size_t next = 0;
  engine.runs().each([&](const Run& run) {
    if (run.start == kNever) return;
    const Shape& shape = simulation.shape_of(run.job);
    std::span<const std::int32_t> block;
    if (!cells.empty()) {
      block = std::span(cells).subspan(next, shape.block_size());
      next += block.size();
    }
    out.add(run.job, run.attempt(), shape, block);
  });
  for (std::size_t slot = 0; slot < engine.live().size(); ++slot) {
    const LiveJob& live = engine.live(static_cast<Row>(slot));
    if (live.state != JobState::running) continue;
    out.add(live.spec.id, live.attempt, *live.spec.shape, engine.placement(static_cast<Row>(slot)));
  }
  return py::dict(
      "job"_a = to_column(std::move(out.job)), "attempt"_a = to_column(std::move(out.attempt)),
      "task"_a = to_column(std::move(out.task)), "node"_a = to_column(std::move(out.node)),
      "device_end"_a = to_column(std::move(out.device_end)),
      "kind"_a = to_column(std::move(out.kind)), "device"_a = to_column(std::move(out.device)));
}

py::dict capacity(const Simulation& simulation) {
  std::vector<std::int64_t> at, online;
  std::vector<double> paid, price;
  for (const CapacitySample& sample : simulation.capacity()) {
    at.push_back(sample.at.ns);
    paid.push_back(sample.paid_nodes);
    price.push_back(sample.usd_per_hour);
    online.insert(online.end(), sample.online.begin(), sample.online.end());
  }
  return py::dict(
      "time_ns"_a = to_column(std::move(at)), "paid_nodes"_a = to_column(std::move(paid)),
      "usd_per_hour"_a = to_column(std::move(price)), "online"_a = to_column(std::move(online)));
}

void bind_registry(py::module_& m) {
  m.def("orders", [] {
    py::list list;
    for (const OrderEntry& entry : orders()) {
      py::dict params;
      for (const auto& [name, value] : entry.params) params[py::str(std::string(name))] = value;
      list.append(py::dict("name"_a = entry.name, "description"_a = entry.description,
                           "params"_a = params, "plans"_a = make_order(entry.name, {})->plans()));
    }
    return list;
  });
  m.def("presets", [] {
    py::list list;
    for (const PresetEntry& entry : presets()) {
      list.append(py::dict("name"_a = entry.name, "description"_a = entry.description,
                           "order"_a = entry.order, "backfill"_a = name_of(entry.backfill),
                           "backfill_order"_a = name_of(entry.backfill_order)));
    }
    return list;
  });
  m.def("placement_rules", [] {
    py::dict rules;
    for (const PlacementRule& rule : kPlacements) {
      rules[py::str(std::string(rule.name))] = py::str(std::string(rule.description));
    }
    return rules;
  });
}

}  // namespace

void bind_scheduling(py::module_& m) {
  bind_registry(m);
  py::class_<NodeTable, std::shared_ptr<NodeTable>>(m, "Nodes")
      .def(py::init(&make_nodes), "columns"_a)
      .def_readonly("n", &NodeTable::n)
      .def_readonly("counted", &NodeTable::counted_names)
      .def_readonly("devices", &NodeTable::device_names);
  py::class_<Simulation>(m, "Simulation")
      .def(py::init([](const std::shared_ptr<NodeTable>& nodes, const py::dict& options) {
             return Simulation(nodes, engine_options(options));
           }),
           "nodes"_a, "options"_a)
      .def(
          "add_jobs",
          [](Simulation& s, const py::dict& columns, const std::optional<py::dict>& traits) {
            const JobColumns jobs = job_columns(columns);
            std::vector<JobTraits> rows;
            if (traits) rows = trait_columns(*traits).all();
            const py::gil_scoped_release nogil;
            s.add_jobs(jobs, std::move(rows));
          },
          "columns"_a, "traits"_a = py::none())
      .def(
          "predict_with",
          [](Simulation& s, const RunTimeLearner& learner) { s.predict_with(learner); },
          "learner"_a)
      .def(
          "add_events",
          [](Simulation& s, const py::dict& columns) { s.add_events(events(columns)); },
          "columns"_a)
      .def(
          "set_plan",
          [](Simulation& s, const py::dict& columns, std::int64_t startup_ns) {
            s.set_plan(changes(columns, true), Duration{startup_ns});
          },
          "columns"_a, "startup_ns"_a)
      .def(
          "run_until",
          [](Simulation& s, std::int64_t until_ns, py::object progress) {
            Pause pause(std::move(progress));
            const py::gil_scoped_release nogil;
            s.run_until(Time{until_ns}, std::ref(pause));
          },
          "until_ns"_a, "progress"_a = py::none())
      .def("fork", &Simulation::fork, "arrivals"_a = true)
      .def("digest", [](const Simulation& s) { return s.engine().digest(); })
      .def_property_readonly("now_ns", [](const Simulation& s) { return s.now().ns; })
      .def_property_readonly("jobs", &Simulation::jobs)
      .def_property_readonly("waiting", [](const Simulation& s) { return s.engine().waiting(); })
      .def_property_readonly("running", [](const Simulation& s) { return s.engine().running(); })
      .def_property_readonly("ignored_events", &Simulation::ignored_events)
      .def("outcomes", &outcomes)
      .def("runs", &runs)
      .def("placements", &placements)
      .def("capacity", &capacity);
  m.def(
      "run_all",
      [](const std::vector<Simulation*>& simulations, std::int64_t until_ns, unsigned threads,
         py::object progress) {
        Pause pause(std::move(progress));
        const py::gil_scoped_release nogil;
        run_all(simulations, Time{until_ns}, threads, std::ref(pause));
      },
      "simulations"_a, "until_ns"_a, "threads"_a, "progress"_a = py::none());
}

}  // namespace fairlead::bindings
