// The prediction room's bindings.
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "bindings/devices.hpp"
#include "prediction/batch.hpp"
#include "prediction/cuda/fit_device.hpp"
#include "prediction/demand.hpp"
#include "prediction/likeness.hpp"
#include "prediction/metrics.hpp"
#include "prediction/present.hpp"
#include "prediction/pretrained/inputs.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace fairlead::bindings {
namespace {

using NamedColumns = py::typing::Dict<py::str, py::array>;

void bind_demand(py::module_& m) {
  m.def(
      "use_by_interval",
      [](const Column<std::int64_t>& start_ns, const Column<std::int64_t>& end_ns,
         const Column<std::int64_t>& amount, const Column<std::int32_t>& group, std::int32_t groups,
         std::int64_t origin_ns, std::int64_t step_ns, std::int64_t intervals, std::int64_t unit) {
        const UseTable uses{view(start_ns), view(end_ns), view(amount), view(group)};
        UseColumns used;
        {
          const py::gil_scoped_release nogil;
          used = use_by_interval(uses, groups, {origin_ns, step_ns, intervals}, unit);
        }
        return NamedColumns("mean"_a = to_column(std::move(used.mean)),
                            "at_end"_a = to_column(std::move(used.at_end)));
      },
      "start_ns"_a.noconvert(), "end_ns"_a.noconvert(), "amount"_a.noconvert(),
      "group"_a.noconvert(), py::kw_only(), "groups"_a, "origin_ns"_a, "step_ns"_a, "intervals"_a,
      "unit"_a,
      "Amount in use over `unit`, per group and interval, group by group: columns mean, at_end.");
}

py::dict forecast_dict(ForecastColumns&& made) {
  return py::dict("point"_a = to_column(std::move(made.point)),
                  "quantiles"_a = to_column(std::move(made.quantiles)),
                  "model"_a = to_column(std::move(made.model)),
                  "weights"_a = to_column(std::move(made.weights)),
                  "errors"_a = to_column(std::move(made.errors)),
                  "vectors"_a = to_column(std::move(made.vectors)));
}

void bind_forecast(py::module_& m) {
  m.def(
      "device_forecasters",
      [] {
        std::vector<std::string> names;
        for (const ForecasterEntry& entry : forecasters()) {
          if (entry.make()->uses_device()) names.emplace_back(entry.name);
        }
        return names;
      },
      "The models that a CUDA device can fit.");
  m.def(
      "forecasters",
      [] {
        py::typing::Dict<py::str, py::str> known;
        for (const ForecasterEntry& entry : forecasters())
          known[py::str(std::string(entry.name))] = std::string(entry.description);
        return known;
      },
      "Model names and what they do, in registry order.");
  m.def(
      "forecast",
      [](const Column<double>& values, const Column<std::int64_t>& offsets,
         const Column<std::int64_t>& phase, const Column<double>& ends,
         const Column<std::int32_t>& series, const Column<std::int64_t>& known,
         const std::string& model, const std::vector<std::int64_t>& seasons, std::int64_t window,
         std::int64_t horizon, const Column<double>& probabilities, const std::string& intervals,
         std::int64_t vectors, unsigned threads, const py::object& driver) {
        const SeriesTable table{view(values), view(offsets), view(phase), view(ends)};
        ForecastRequest request{{},
                                {seasons, window, horizon},
                                view(probabilities),
                                vectors,
                                band_rule_named(intervals)};
        if (model != "auto") request.model = forecaster_named(model);
        return by_device<FitProblem>(driver, [&](DeviceCalls<FitProblem>* calls) {
          std::optional<FitDevice> device;
          if (calls != nullptr) request.options.device = &device.emplace(*calls);
          ForecastColumns made;
          {
            const py::gil_scoped_release nogil;
            made = forecast_batch(table, {view(series), view(known)}, request, threads,
                                  raise_pending_signal);
          }
          py::dict columns = forecast_dict(std::move(made));
          if (calls != nullptr) columns["device_s"] = device_seconds(*calls);
          return columns;
        });
      },
      "values"_a.noconvert(), "offsets"_a.noconvert(), "phase"_a.noconvert(), "ends"_a.noconvert(),
      "series"_a.noconvert(), "known"_a.noconvert(), py::kw_only(), "model"_a, "seasons"_a,
      "window"_a, "horizon"_a, "probabilities"_a.noconvert(), "intervals"_a = "adaptive",
      "vectors"_a = 0, "threads"_a = 1, "driver"_a = py::none(),
      "Forecasts per origin: columns point, quantiles, model, weights, errors, vectors; by a "
      "device also device_s: copies in, kernels, copies out. `driver`: the capsule of _cuda, or "
      "None for the CPU. Where it fails: `error`, and whether CUDA is `lost` to this process. "
      "`ends`: the value at the end of each interval, or empty.");
}

void check_origins(const Column<std::int64_t>& origins, std::int64_t values) {
  for (const std::int64_t origin : view(origins)) {
    if (origin < 0 || origin > values)
      throw InvalidInput("origins must lie from 0 to the number of values");
  }
}

void bind_scores(py::module_& m) {
  m.def(
      "follow_present",
      [](const Column<double>& made, const Column<double>& values, const Column<double>& ends,
         const Column<std::int64_t>& origins, std::int64_t horizon) {
        check_origins(origins, values.size());
        if (horizon < 1 || made.size() != origins.size() * horizon || ends.size() != values.size())
          throw InvalidInput("made must have one value per origin and step, ends one per value");
        const FilledSeries filled = fill_missing(view(values), 0, 0);
        Past past = filled.past();
        past.ends = view(ends);
        ByOriginAndStep moved =
            Eigen::Map<const ByOriginAndStep>(made.data(), origins.size(), horizon);
        follow_present(past, view(origins), moved);
        return to_column(std::vector<double>(moved.data(), moved.data() + moved.size()));
      },
      "made"_a.noconvert(), "values"_a.noconvert(), "ends"_a.noconvert(), "origins"_a.noconvert(),
      "horizon"_a,
      "Forecasts (origins x horizon) moved towards the values at the ends of the intervals, as far "
      "as would have paid.");
  m.def(
      "error_quantiles",
      [](const Column<double>& made, const Column<double>& errors,
         const Column<std::int64_t>& origins, std::int64_t horizon, std::int64_t known,
         const Column<double>& probabilities, const std::string& intervals,
         const Column<double>& values, const std::vector<std::int64_t>& seasons) {
        if (horizon < 1 || origins.size() < 1 || errors.size() != origins.size() * horizon ||
            made.size() != errors.size())
          throw InvalidInput("made and errors must have one value per origin and step");
        check_origins(origins, values.size());
        const FilledSeries filled = fill_missing(view(values), 0, 0);
        const auto table = [&](const Column<double>& column) {
          return Eigen::Map<const ByOriginAndStep>(column.data(), origins.size(), horizon);
        };
        const ErrorBands bands(table(made), table(errors), view(origins), known,
                               band_rule_named(intervals),
                               size_weights(filled.past(), view(origins), seasons));
        std::vector<double> shifts;
        for (std::int64_t step = 1; step <= horizon; ++step) {
          for (const double p : view(probabilities)) shifts.push_back(bands.quantile(step, p));
        }
        return to_column(std::move(shifts));
      },
      "made"_a.noconvert(), "errors"_a.noconvert(), "origins"_a.noconvert(), "horizon"_a, "known"_a,
      "probabilities"_a.noconvert(), "intervals"_a, "values"_a.noconvert(), "seasons"_a,
      "Quantiles of the errors of forecasts (origins x horizon) of the values, by step: what to "
      "add to the last.");
  m.def(
      "network_inputs",
      [](const Column<double>& values, const std::vector<std::int64_t>& seasons,
         const Column<std::int64_t>& origins, std::int64_t horizon) {
        check_origins(origins, values.size());
        if (seasons.empty() || std::ranges::min(seasons) < 2 || horizon < 1)
          throw InvalidInput("a season of two steps or more and a horizon of one are needed");
        if (std::ranges::any_of(view(origins), [&](std::int64_t origin) {
              return origin < NetworkInputs::first_origin(seasons.front());
            }))
          throw InvalidInput("origins must lie a season and a value after the first value");
        const NetworkInputs inputs(view(values), seasons, horizon);
        NetworkInputs::Steps of_steps(static_cast<Eigen::Index>(kStepInputs), horizon);
        std::vector<double> table, last, unit;
        for (const std::int64_t origin : view(origins)) {
          std::array<double, kOriginInputs> of_origin;
          inputs.of_origin(origin, of_origin);
          inputs.of_steps(origin, of_steps);
          for (std::int64_t step = 0; step < horizon; ++step) {
            table.insert(table.end(), of_origin.begin(), of_origin.end());
            for (const double input : of_steps.col(step)) table.push_back(input);
          }
          last.push_back(inputs.last(origin));
          unit.push_back(inputs.unit(origin));
        }
        return NamedColumns("inputs"_a = to_column(std::move(table)),
                            "last"_a = to_column(std::move(last)),
                            "unit"_a = to_column(std::move(unit)));
      },
      "values"_a.noconvert(), "seasons"_a, "origins"_a.noconvert(), "horizon"_a,
      "What the network of `pretrained` sees (origins x horizon x inputs), and per origin the last "
      "value and the unit that its answer counts in. scripts/pretrain.py trains on it.");
  m.attr("DECILES") = py::tuple(py::cast(kDeciles));
  m.def(
      "seasonal_scale",
      [](const Column<double>& values, std::int64_t season) {
        return seasonal_scale(view(values), season);
      },
      "values"_a.noconvert(), "season"_a, "Mean |y_t - y_(t - season)|; NaN without a pair.");
  m.def(
      "forecast_scores",
      [](const Column<std::int32_t>& series, const Column<double>& actual,
         const Column<double>& point, const Column<double>& quantiles, std::int64_t n_series,
         std::size_t bands) {
        const ScoreTable table{view(series), view(actual), view(point), view(quantiles)};
        AccuracyColumns scores;
        {
          const py::gil_scoped_release nogil;
          scores = score_batch(table, n_series, bands);
        }
        return NamedColumns("count"_a = to_column(std::move(scores.count)),
                            "mae"_a = to_column(std::move(scores.mae)),
                            "rmse"_a = to_column(std::move(scores.rmse)),
                            "smape"_a = to_column(std::move(scores.smape)),
                            "pinball"_a = to_column(std::move(scores.pinball)),
                            "coverage"_a = to_column(std::move(scores.coverage)),
                            "width"_a = to_column(std::move(scores.width)));
      },
      "series"_a.noconvert(), "actual"_a.noconvert(), "point"_a.noconvert(),
      "quantiles"_a.noconvert(), py::kw_only(), "n_series"_a, "bands"_a,
      "Accuracy per series; quantiles are DECILES, then lower and upper per band.");
}

}  // namespace

void bind_prediction(py::module_& m) {
  bind_demand(m);
  bind_forecast(m);
  bind_scores(m);
}

}  // namespace fairlead::bindings
