// The bindings of features: of series, of times and of jobs.
#include <pybind11/stl.h>

#include <array>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "bindings/devices.hpp"
#include "bindings/tables.hpp"
#include "prediction/cuda/feature_device.hpp"
#include "prediction/features/calendar.hpp"
#include "prediction/features/columns.hpp"
#include "prediction/features/job_history.hpp"
#include "prediction/features/stream.hpp"
#include "prediction/trees/ensemble.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace fairlead::bindings {
namespace {

using SpecTuple = std::tuple<std::string, std::string, std::int64_t, std::int64_t, std::int64_t,
                             std::int64_t, double>;

template <typename Kind, std::size_t N>
Kind named(const std::array<std::pair<const char*, Kind>, N>& known, const std::string& name) {
  for (const auto& [word, kind] : known) {
    if (word == name) return kind;
  }
  throw InvalidInput("unknown kind of feature '" + name + "'");
}

constexpr std::array<std::pair<const char*, FeatureStatistic>, 6> kStatistics{
    {{"value", FeatureStatistic::value},
     {"mean", FeatureStatistic::mean},
     {"std", FeatureStatistic::deviation},
     {"min", FeatureStatistic::minimum},
     {"max", FeatureStatistic::maximum},
     {"quantile", FeatureStatistic::quantile}}};
constexpr std::array<std::pair<const char*, Memory>, 3> kMemories{
    {{"window", Memory::window},
     {"everything", Memory::everything},
     {"exponential", Memory::exponential}}};

std::vector<FeatureSpec> specs_from(const std::vector<SpecTuple>& tuples) {
  std::vector<FeatureSpec> specs;
  for (const auto& [statistic, memory, lag, window, stride, min_samples, parameter] : tuples)
    specs.push_back({named(kStatistics, statistic), named(kMemories, memory), lag, window, stride,
                     min_samples, parameter});
  return specs;
}

// An array a column, of NumPy's own memory: what is freed is used again without a page fault.
// `make` fills them, without the GIL.
template <typename T, typename Make>
std::vector<Column<T>> columns_of(const FeatureTable& table, std::size_t count,
                                  const FeatureRows& rows, const Make& make) {
  std::vector<Column<T>> columns;
  std::vector<T*> places;
  for (std::size_t i = 0; i < count; ++i) {
    columns.emplace_back(static_cast<py::ssize_t>(table.values.size()) +
                         table.series() * rows.more);
    places.push_back(columns.back().mutable_data());
  }
  const py::gil_scoped_release nogil;
  make(std::span<T* const>(places));
  return columns;
}

// By the device, or without one on the threads.
py::list feature_list(const FeatureTable& table, const std::vector<FeatureSpec>& specs,
                      const FeatureRows& rows, unsigned threads, bool single,
                      FeatureDevice* device) {
  const auto make = [&]<typename T>(std::span<T* const> columns) {
    if (device != nullptr)
      device->columns<T>(table, specs, rows, threads, raise_pending_signal, columns);
    else
      feature_columns<T>(table, specs, rows, threads, raise_pending_signal, columns);
  };
  if (single) return py::cast(columns_of<float>(table, specs.size(), rows, make));
  return py::cast(columns_of<double>(table, specs.size(), rows, make));
}

void bind_series(py::module_& m) {
  m.def(
      "feature_columns",
      [](const Column<double>& values, const Column<std::int64_t>& offsets,
         const std::vector<SpecTuple>& specs, std::int64_t first_origin, std::int64_t more,
         unsigned threads, bool single) -> py::list {
        return feature_list({view(values), view(offsets)}, specs_from(specs), {first_origin, more},
                            threads, single, nullptr);
      },
      "values"_a.noconvert(), "offsets"_a.noconvert(), "specs"_a, py::kw_only(), "first_origin"_a,
      "more"_a, "threads"_a, "single"_a,
      "One array per (statistic, memory, lag, window, stride, min_samples, parameter); row r of a "
      "series is what is known at the origin first_origin + r.");
  m.def(
      "device_feature_columns",
      [](const Column<double>& values, const Column<std::int64_t>& offsets,
         const std::vector<SpecTuple>& specs, std::int64_t first_origin, std::int64_t more,
         unsigned threads, bool single, const py::object& driver) {
        return by_device<FeatureProblem>(driver, [&](DeviceCalls<FeatureProblem>* calls) {
          FeatureDevice device(*calls);
          const py::list columns = feature_list({view(values), view(offsets)}, specs_from(specs),
                                                {first_origin, more}, threads, single, &device);
          return py::dict("columns"_a = columns, "device_s"_a = device_seconds(*calls));
        });
      },
      "values"_a.noconvert(), "offsets"_a.noconvert(), "specs"_a, py::kw_only(), "first_origin"_a,
      "more"_a, "threads"_a, "single"_a, "driver"_a,
      "The same `columns` by a CUDA device, and device_s: copies in, kernels, copies out. "
      "`driver`: "
      "the capsule of _cuda. Where it fails: `error`, and whether CUDA is `lost` to this process.");
}

void bind_stream(py::module_& m) {
  py::class_<FeatureStream>(m, "FeatureStream", "Features of series that grow value by value.")
      .def(py::init([](const std::vector<SpecTuple>& specs, std::size_t series) {
             return FeatureStream(specs_from(specs), series);
           }),
           "specs"_a, "series"_a)
      .def(
          "observe",
          [](FeatureStream& stream, const Column<double>& values) {
            Column<double> out({stream.features(), stream.series()});
            stream.observe(view(values), mutable_view(out));
            return out;
          },
          "values"_a.noconvert(), "What is known after the next values: a row a feature.");
}

void bind_calendar(py::module_& m) {
  m.def(
      "calendar_column",
      [](const Column<std::int64_t>& local_ns, const std::string& field) {
        Column<double> out(local_ns.size());
        const std::span<double> places = mutable_view(out);
        const CalendarField which = calendar_field(field);
        const py::gil_scoped_release nogil;
        write_calendar(view(local_ns), which, places);
        return out;
      },
      "local_ns"_a.noconvert(), "field"_a, "One field of times on the wall clock.");
  m.def(
      "harmonic_column",
      [](const Column<std::int64_t>& first_places, const Column<std::int64_t>& offsets,
         std::int64_t season, std::int64_t harmonic, bool sine) {
        Column<double> out(offsets.data()[offsets.size() - 1]);
        const std::span<double> places = mutable_view(out);
        const py::gil_scoped_release nogil;
        write_harmonics(view(first_places), view(offsets), season, harmonic, sine, places);
        return out;
      },
      "first_places"_a.noconvert(), "offsets"_a.noconvert(), py::kw_only(), "season"_a,
      "harmonic"_a, "sine"_a, "A wave of a season along each series.");
}

// Views of the dict's arrays, which must outlive it.
TreeTable tree_table(const py::dict& c) {
  return {column<std::int32_t>(c, "leaves"),
          column<std::int32_t>(c, "feature"),
          column<double>(c, "threshold"),
          column<std::int32_t>(c, "decision"),
          column<std::int32_t>(c, "left"),
          column<std::int32_t>(c, "right"),
          column<double>(c, "leaf_value"),
          column<std::int64_t>(c, "category_sets"),
          column<std::int64_t>(c, "category_bounds"),
          column<std::uint32_t>(c, "category_words")};
}

void bind_trees(py::module_& m) {
  py::class_<TreeEnsemble>(m, "TreeEnsemble", "Trained trees, evaluated for many rows at a time.")
      .def(py::init([](const py::dict& columns, std::int32_t features, std::int32_t outputs) {
             return TreeEnsemble(tree_table(columns), features, outputs);
           }),
           "columns"_a, py::kw_only(), "features"_a, "outputs"_a)
      .def(
          "predict",
          [](const TreeEnsemble& trees, const Column<double>& rows, unsigned threads) {
            const py::ssize_t count = rows.size() / trees.features();
            Column<double> out({count, static_cast<py::ssize_t>(trees.outputs())});
            const std::span<double> places = mutable_view(out);
            const py::gil_scoped_release nogil;
            trees.predict(view(rows), places, threads, raise_pending_signal);
            return out;
          },
          "rows"_a.noconvert(), py::kw_only(), "threads"_a, "Sums of the leaf values by output.");
}

py::list columns_of(JobHistoryColumns&& made) {
  py::list columns;
  for (std::vector<double>* column : {&made.ended, &made.running, &made.waiting, &made.since_end_s,
                                      &made.since_submit_s, &made.geometric_mean_s})
    columns.append(to_column(std::move(*column)));
  for (std::vector<std::vector<double>>* group : {&made.last_s, &made.quantile_s}) {
    for (std::vector<double>& column : *group) columns.append(to_column(std::move(column)));
  }
  return columns;
}

void bind_jobs(py::module_& m) {
  m.attr("NOT_YET") = kNotYet;
  m.def(
      "job_history",
      [](const Column<std::int64_t>& submit_ns, const Column<std::int64_t>& start_ns,
         const Column<std::int64_t>& end_ns, const Column<std::int32_t>& group, std::int32_t groups,
         std::int32_t last, double weight, std::int32_t window,
         const std::vector<double>& probabilities) {
        const JobTimes jobs{view(submit_ns), view(start_ns), view(end_ns), view(group)};
        JobHistoryColumns made;
        {
          const py::gil_scoped_release nogil;
          made = job_history(jobs, {groups, last, weight, window, probabilities});
        }
        return columns_of(std::move(made));
      },
      "submit_ns"_a.noconvert(), "start_ns"_a.noconvert(), "end_ns"_a.noconvert(),
      "group"_a.noconvert(), py::kw_only(), "groups"_a, "last"_a, "weight"_a, "window"_a,
      "probabilities"_a,
      "Columns ended, running, waiting, since_end_s, since_submit_s, geometric_mean_s, the last "
      "run "
      "times and the quantiles of what was known of each job's group at its submission.");
}

}  // namespace

void bind_features(py::module_& m) {
  bind_series(m);
  bind_stream(m);
  bind_calendar(m);
  bind_trees(m);
  bind_jobs(m);
}

}  // namespace fairlead::bindings
