// The monitoring room's bindings.
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "monitoring/alerts.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace fairlead::bindings {
namespace {

Statistic statistic_named(const std::string& name) {
  if (name == "value") return Statistic::value;
  if (name == "mean") return Statistic::mean;
  if (name == "variance") return Statistic::variance;
  throw InvalidInput("unknown kind '" + name + "'; known are value, mean, variance");
}

// Struct of alerts -> dict of columns.
py::dict alert_columns(const std::vector<Alert>& alerts) {
  std::vector<std::int64_t> pending, firing, resolved;
  std::vector<double> value, worst;
  for (const Alert& alert : alerts) {
    pending.push_back(alert.pending_ns);
    firing.push_back(alert.firing_ns);
    resolved.push_back(alert.resolved_ns);
    value.push_back(alert.value);
    worst.push_back(alert.worst);
  }
  return py::dict("pending_ns"_a = to_column(std::move(pending)),
                  "firing_ns"_a = to_column(std::move(firing)),
                  "resolved_ns"_a = to_column(std::move(resolved)),
                  "value"_a = to_column(std::move(value)), "worst"_a = to_column(std::move(worst)));
}

}  // namespace

void bind_monitoring(py::module_& m) {
  m.def(
      "find_alerts",
      [](const Column<std::int64_t>& time_ns, const Column<double>& values, const std::string& kind,
         double limit, bool above, std::int64_t window_ns, std::int64_t for_ns,
         std::int64_t clear_ns) {
        const Threshold rule{statistic_named(kind), limit, above, window_ns, for_ns, clear_ns};
        std::vector<Alert> alerts;
        {
          py::gil_scoped_release nogil;
          alerts = find_alerts(rule, view(time_ns), view(values));
        }
        return alert_columns(alerts);
      },
      "time_ns"_a.noconvert(), "values"_a.noconvert(), py::kw_only(), "kind"_a, "limit"_a,
      "above"_a, "window_ns"_a, "for_ns"_a, "clear_ns"_a,
      "Alerts of one threshold over a stream of samples: columns pending_ns, firing_ns, "
      "resolved_ns "
      "(-1: firing still), value, worst.");
}

}  // namespace fairlead::bindings
