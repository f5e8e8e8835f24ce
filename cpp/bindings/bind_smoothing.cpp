// Bindings of the smoothing models by themselves: without bands, and with what a fit reached.
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "prediction/batch.hpp"
#include "prediction/smoothing/fit.hpp"
#include "prediction/smoothing/stream.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace fairlead::bindings {
namespace {

// Forecasts of every series from its end, horizon by horizon; NaN where a series is too short.
std::vector<double> point_forecasts(const SeriesTable& table, std::size_t model,
                                    const ForecastOptions& options) {
  table.validate();
  options.validate();
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

void check(const smoothing::Form& form) {
  using smoothing::kMostFactors, smoothing::kMostSeasons;
  ForecastOptions{.seasons = form.seasons}.validate();
  if (form.seasons.size() > kMostSeasons)
    throw InvalidInput("a model has at most " + std::to_string(kMostSeasons) + " seasons");
  if (form.by_sums()) return;
  if (form.seasons.size() > 1 || (!form.seasons.empty() && form.seasons[0] > kMostFactors))
    throw InvalidInput("errors or seasons that multiply go with one season of at most " +
                       std::to_string(kMostFactors) + " places");
  if (form.season == smoothing::Joins::by_factor && form.seasons.empty())
    throw InvalidInput("a season that multiplies needs a length");
}

std::vector<smoothing::Model> smoothing_fits(const SeriesTable& table,
                                             const smoothing::Form& form) {
  table.validate();
  check(form);
  std::vector<FilledSeries> filled;
  const std::int64_t season = form.seasons.empty() ? 0 : form.seasons.front();
  for (std::int64_t i = 0; i < table.size(); ++i)
    filled.push_back(fill_missing(table.series(i), 0, season));
  std::vector<smoothing::Sample> samples;
  for (const FilledSeries& series : filled) {
    samples.push_back({series.values, series.observed});
    if (static_cast<std::int64_t>(series.values.size()) < smoothing::fewest_values(form))
      throw InvalidInput("a fit needs at least " + std::to_string(smoothing::fewest_values(form)) +
                         " values of each series, got " + std::to_string(series.values.size()));
    if (!form.by_sums() && !smoothing::is_positive(samples.back()))
      throw InvalidInput("errors or seasons that multiply need positive values");
  }
  return smoothing::fit(form, samples);
}

py::typing::Dict<py::str, py::array> fit_columns(const std::vector<smoothing::Model>& models) {
  std::vector<double> alpha, beta, phi, gamma, squares, level, trend, season;
  for (const smoothing::Model& model : models) {
    alpha.push_back(model.alpha);
    beta.push_back(model.beta);
    phi.push_back(model.phi);
    gamma.push_back(model.gamma[0]);
    squares.push_back(model.squares);
    level.push_back(model.level);
    trend.push_back(model.trend);
    season.insert(season.end(), model.season[0].begin(), model.season[0].end());
  }
  return py::typing::Dict<py::str, py::array>(
      "alpha"_a = to_column(std::move(alpha)), "beta"_a = to_column(std::move(beta)),
      "phi"_a = to_column(std::move(phi)), "gamma"_a = to_column(std::move(gamma)),
      "squares"_a = to_column(std::move(squares)), "level"_a = to_column(std::move(level)),
      "trend"_a = to_column(std::move(trend)), "season"_a = to_column(std::move(season)));
}

smoothing::Joins joins(bool factors) {
  return factors ? smoothing::Joins::by_factor : smoothing::Joins::by_sum;
}

std::vector<double> copied(const Column<double>& column) {
  const std::span<const double> values = view(column);
  return {values.begin(), values.end()};
}

void bind_stream(py::module_& m) {
  using smoothing::SmoothingStream;
  py::class_<SmoothingStream>(m, "SmoothingStream")
      .def(py::init([](const Column<double>& alpha, const Column<double>& beta,
                       const Column<double>& phi, const Column<double>& gamma, std::int64_t season,
                       std::int64_t horizon, double memory, const Column<double>& probabilities,
                       bool factors) {
             if (probabilities.ndim() != 1)
               throw InvalidInput("quantiles must be a list of probabilities, got " +
                                  std::to_string(probabilities.ndim()) + " dimensions");
             return SmoothingStream(
                 {copied(alpha), copied(beta), copied(phi), copied(gamma)},
                 {season, horizon, memory, copied(probabilities), joins(factors)});
           }),
           "alpha"_a.noconvert(), "beta"_a.noconvert(), "phi"_a.noconvert(), "gamma"_a.noconvert(),
           py::kw_only(), "season"_a, "horizon"_a, "memory"_a, "probabilities"_a.noconvert(),
           "season_factors"_a = false)
      .def_property_readonly("tick", &SmoothingStream::tick)
      .def(
          "start",
          [](SmoothingStream& stream, const Column<double>& levels, const Column<double>& seasons) {
            stream.start(view(levels), view(seasons));
          },
          "levels"_a.noconvert(), "seasons"_a.noconvert())
      .def(
          "observe",
          [](SmoothingStream& stream, std::int64_t tick, const Column<double>& values) {
            stream.observe(tick, view(values));
          },
          "tick"_a, "values"_a.noconvert())
      .def(
          "forecast",
          [](const SmoothingStream& stream, std::int64_t steps) {
            // Room for what is refused is not asked for: it may be more than there is.
            const std::int64_t rows =
                stream.series() * std::clamp<std::int64_t>(steps, 0, stream.horizon());
            Column<double> points(rows), quantiles(rows * stream.probabilities());
            stream.forecast(steps, mutable_view(points), mutable_view(quantiles));
            return std::make_pair(points, quantiles);
          },
          "steps"_a);
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
      "smoothing_fits",
      [](const Column<double>& values, const Column<std::int64_t>& offsets,
         const Column<std::int64_t>& phase, bool trend, bool damped,
         const std::vector<std::int64_t>& seasons, bool error_factors, bool season_factors) {
        const SeriesTable table{view(values), view(offsets), view(phase)};
        std::vector<smoothing::Model> models;
        {
          const py::gil_scoped_release nogil;
          models = smoothing_fits(
              table, {trend, damped, seasons, false, joins(error_factors), joins(season_factors)});
        }
        return fit_columns(models);
      },
      "values"_a.noconvert(), "offsets"_a.noconvert(), "phase"_a.noconvert(), py::kw_only(),
      "trend"_a, "damped"_a, "seasons"_a, "error_factors"_a = false, "season_factors"_a = false,
      "The fit of a form of exponential smoothing per series: columns alpha, beta, phi, gamma, "
      "squares, level, trend, and season by place.");
  bind_stream(m);
}

}  // namespace fairlead::bindings
