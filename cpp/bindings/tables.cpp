#include "bindings/tables.hpp"

#include <pybind11/functional.h>

#include <algorithm>

namespace py = pybind11;

namespace fairlead::bindings {
namespace {

// An order written in Python: called once a pass with (now_ns, job rows, estimates in ns), whole
// columns.
class PythonOrder final : public Policy {
 public:
  PythonOrder(py::function keys, bool plans) : keys_(std::move(keys)), plans_(plans) {}
  ~PythonOrder() override {
    const py::gil_scoped_acquire gil;
    keys_ = py::function();
  }
  KeyUse key_use() const override { return KeyUse::per_pass; }
  bool plans() const override { return plans_; }
  double key(const Snapshot&, Row) const override { return 0; }
  void keys(const Snapshot& now, std::span<const Row> rows, std::span<double> out) const override {
    if (rows.empty()) return;
    const py::gil_scoped_acquire gil;
    std::vector<std::int64_t> jobs, estimates;
    for (const Row row : rows) {
      jobs.push_back(now.job(row).id);
      estimates.push_back(now.job(row).estimate.ns);
    }
    const py::object result =
        keys_(now.now().ns, to_column(std::move(jobs)), to_column(std::move(estimates)));
    const auto keys = result.cast<Column<double>>();  // its own array where it had to be converted
    const auto values = view(keys);
    if (values.size() != out.size())
      throw InvalidInput("an order must return one key a waiting job");
    std::ranges::copy(values, out.begin());
  }

 private:
  py::function keys_;
  bool plans_;
};

}  // namespace

std::shared_ptr<NodeTable> make_nodes(const py::dict& c) {
  NodeColumns columns;
  columns.resources = c["resources"].cast<std::vector<std::string>>();
  for (const auto& kind : c["kinds"].cast<std::vector<std::string>>()) {
    columns.is_device.push_back(kind == "device");
  }
  columns.capacity = column<std::int64_t>(c, "capacity");
  columns.gpu_memory = column<std::int64_t>(c, "gpu_memory");
  columns.gpu_type = column<std::int32_t>(c, "gpu_type");
  columns.pool = column<std::int32_t>(c, "pool");
  columns.speed = column<double>(c, "speed");
  columns.price = column<double>(c, "price");
  columns.n = static_cast<std::int32_t>(columns.pool.size());
  return std::make_shared<NodeTable>(make_node_table(columns));
}

JobColumns job_columns(const py::dict& c) {
  JobColumns columns;
  columns.submit_ns = column<std::int64_t>(c, "submit_ns");
  columns.n = columns.submit_ns.size();
  columns.duration_ns = column<std::int64_t>(c, "duration_ns");
  columns.limit_ns = column<std::int64_t>(c, "limit_ns");
  columns.estimate_ns = column<std::int64_t>(c, "estimate_ns");
  columns.tasks = column<std::int32_t>(c, "tasks");
  columns.tasks_per_node = column<std::int32_t>(c, "tasks_per_node");
  columns.gpu_memory = column<std::int64_t>(c, "gpu_memory");
  columns.pool = column<std::int32_t>(c, "pool");
  columns.gpu_type = column<std::int32_t>(c, "gpu_type");
  columns.type_masks = c["type_masks"].cast<std::vector<std::uint64_t>>();
  columns.priority = column<double>(c, "priority");
  columns.urgency = column<double>(c, "urgency");
  columns.key = column<double>(c, "key");
  const auto requests = c["requests"].cast<py::dict>();
  for (const auto& [name, values] : requests) {
    columns.resources.push_back(name.cast<std::string>());
    columns.requests.push_back(column<std::int64_t>(requests, columns.resources.back().c_str()));
  }
  return columns;
}

std::vector<Change> changes(const py::dict& c, bool planned) {
  const auto at = column<std::int64_t>(c, "time_ns");
  const auto kind = column<std::int32_t>(c, "kind");
  const auto target = column<std::int32_t>(c, "target");
  const auto resource = column<std::int32_t>(c, "resource");
  const auto value = column<std::int64_t>(c, "value");
  std::vector<Change> result;
  for (std::size_t i = 0; i < at.size(); ++i) {
    result.push_back({Time{at[i]}, static_cast<Change::Kind>(kind[i]), target[i], resource[i],
                      value[i], planned});
  }
  return result;
}

std::vector<Event> events(const py::dict& c) {
  const auto at = column<std::int64_t>(c, "time_ns");
  const auto kind = column<std::int32_t>(c, "kind");
  const auto target = column<std::int64_t>(c, "target");
  const auto resource = column<std::int32_t>(c, "resource");
  const auto value = column<std::int64_t>(c, "value");
  std::vector<Event> result;
  for (std::size_t i = 0; i < at.size(); ++i) {
    result.push_back(
        {Time{at[i]}, static_cast<Event::Kind>(kind[i]), target[i], resource[i], value[i]});
  }
  return result;
}

JobTraitColumns trait_columns(const py::dict& c) {
  JobTraitColumns columns;
  columns.user = column<std::uint64_t>(c, "user");
  columns.name = column<std::uint64_t>(c, "name");
  columns.group = column<std::uint64_t>(c, "group");
  columns.size = column<std::uint64_t>(c, "size");
  columns.limit_s = column<double>(c, "limit_s");
  columns.submit_s = column<double>(c, "submit_s");
  columns.cpus = column<double>(c, "cpus");
  columns.gpus = column<double>(c, "gpus");
  columns.validate();
  return columns;
}

EngineOptions engine_options(const py::dict& o) {
  EngineOptions options;
  if (py::isinstance<py::str>(o["order"])) {
    options.policy = make_order(o["order"].cast<std::string>(), o["params"].cast<Params>());
  } else {
    options.policy = std::make_shared<PythonOrder>(o["order"].cast<py::function>(), false);
  }
  options.backfill = backfill_named(o["backfill"].cast<std::string>());
  options.backfill_order = backfill_order_named(o["backfill_order"].cast<std::string>());
  options.placement = placement_named(o["placement"].cast<std::string>());
  options.correction = correction_named(o["correction"].cast<std::string>());
  options.requeue = o["requeue"].cast<bool>();
  options.counts = o["counts"].cast<bool>();
  options.index_from = o["index_from"].cast<std::size_t>();
  options.report_reservations = o["report_reservations"].cast<bool>();
  options.down = o["down"].cast<std::vector<std::int32_t>>();
  options.known = changes(o["known"].cast<py::dict>(), false);
  return options;
}

}  // namespace fairlead::bindings
