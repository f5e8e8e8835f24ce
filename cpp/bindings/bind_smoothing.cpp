// Bindings of the smoothing models by themselves: without bands, and with what a fit reached.
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "prediction/batch.hpp"
#include "prediction/smoothing/fit.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace fairlead::bindings {
namespace {

// Forecasts of every series from its end, horizon by horizon; NaN where a series is too short.
std::vector<double> point_forecasts(const SeriesTable& table, std::size_t model,
                                    const ForecastOptions& options) {
  table.validate();
  const std::unique_ptr<Forecaster> forecaster = forecasters()[model].make();
  const std::int64_t season = options.seasons.empty() ? 0 : options.seasons.front();
  std::vector<FilledSeries> filled;
  for (std::int64_t i = 0; i < table.size(); ++i)
    filled.push_back(fill_missing(table.series(i), table.phase[i], season));
  std::vector<std::int64_t> ends(filled.size());
  std::vector<ByOriginAndStep> made(filled.size(),
                                    ByOriginAndStep::Constant(1, options.horizon, std::nan("")));
  std::vector<ForecastTask> tasks;
  for (std::size_t i = 0; i < filled.size(); ++i) {
    const Past past = filled[i].past();
    ends[i] = past.size();
    if (forecaster->first_origin(past, options) <= past.size())
      tasks.push_back({past, {&ends[i], 1}, &made[i]});
  }
  forecaster->forecast_all(tasks, options);
  std::vector<double> out;
  for (const ByOriginAndStep& row : made)
    out.insert(out.end(), row.data(), row.data() + row.size());
  return out;
}

std::vector<double> smoothing_squares(const SeriesTable& table, const smoothing::Form& form) {
  table.validate();
  std::vector<FilledSeries> filled;
  for (std::int64_t i = 0; i < table.size(); ++i)
    filled.push_back(fill_missing(table.series(i), 0, 0));
  std::vector<smoothing::Sample> samples;
  for (const FilledSeries& series : filled) {
    samples.push_back({series.values, series.observed});
    if (static_cast<std::int64_t>(series.values.size()) < smoothing::fewest_values(form))
      throw InvalidInput("a series is too short for the form");
  }
  std::vector<double> squares;
  for (const smoothing::Model& model : smoothing::fit(form, samples))
    squares.push_back(model.squares);
  return squares;
}

}  // namespace

void bind_smoothing(py::module_& m) {
  m.def(
      "point_forecasts",
      [](const Column<double>& values, const Column<std::int64_t>& offsets,
         const Column<std::int64_t>& phase, const std::string& model,
         const std::vector<std::int64_t>& seasons, std::int64_t window, std::int64_t horizon) {
        const SeriesTable table{view(values), view(offsets), view(phase)};
        std::vector<double> made;
        {
          const py::gil_scoped_release nogil;
          made = point_forecasts(table, forecaster_named(model), {seasons, window, horizon});
        }
        return to_column(std::move(made));
      },
      "values"_a.noconvert(), "offsets"_a.noconvert(), "phase"_a.noconvert(), py::kw_only(),
      "model"_a, "seasons"_a, "window"_a, "horizon"_a,
      "Forecasts from the end of each series, without bands; NaN where it is too short.");
  m.def(
      "smoothing_squares",
      [](const Column<double>& values, const Column<std::int64_t>& offsets,
         const Column<std::int64_t>& phase, bool trend, bool damped,
         const std::vector<std::int64_t>& seasons) {
        const SeriesTable table{view(values), view(offsets), view(phase)};
        std::vector<double> squares;
        {
          const py::gil_scoped_release nogil;
          squares = smoothing_squares(table, {trend, damped, seasons});
        }
        return to_column(std::move(squares));
      },
      "values"_a.noconvert(), "offsets"_a.noconvert(), "phase"_a.noconvert(), py::kw_only(),
      "trend"_a, "damped"_a, "seasons"_a,
      "The smallest sum of squared one-step errors of a form of exponential smoothing, per "
      "series.");
}

}  // namespace fairlead::bindings
