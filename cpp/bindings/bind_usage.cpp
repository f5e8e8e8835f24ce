// The bindings of what usage teaches: recommenders of requests, and peaks of machines.
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "prediction/usage/costs.hpp"
#include "prediction/usage/peaks.hpp"
#include "prediction/usage/recommender.hpp"
#include "prediction/usage/windows.hpp"

namespace py = pybind11;
using namespace pybind11::literals;

namespace fairlead::bindings {
namespace {

using NamedColumns = py::typing::Dict<py::str, py::array>;
using Targets = Column<std::int32_t>;
using Times = Column<std::int64_t>;
using Values = Column<double>;

// Arrays come from Python in one piece and unchecked; the core indexes by them.
void check(const Targets& codes, std::size_t count, const Times& times, const Values& values) {
  if (codes.size() != values.size() || times.size() != values.size())
    throw InvalidInput("columns must be equally long");
  for (const std::int32_t code : view(codes)) {
    if (code < 0 || static_cast<std::size_t>(code) >= count)
      throw InvalidInput("a code must be 0 to " + std::to_string(count) + " exclusive; got " +
                         std::to_string(code));
  }
}

NamedColumns columns_of(Recommendations&& made) {
  return NamedColumns("target"_a = to_column(std::move(made.target)),
                      "lower"_a = to_column(std::move(made.lower)),
                      "upper"_a = to_column(std::move(made.upper)),
                      "samples"_a = to_column(std::move(made.samples)));
}

BucketScheme scheme(const std::tuple<double, double, double>& buckets) {
  return {std::get<0>(buckets), std::get<1>(buckets), std::get<2>(buckets)};
}

std::unique_ptr<UsageRecommender> make_usage(const std::tuple<double, double, double>& buckets,
                                             std::int64_t half_life_ns, double sample_weight,
                                             std::int64_t peak_window_ns,
                                             const std::tuple<double, double, double>& percentiles,
                                             double margin, double least, double bump_ratio,
                                             double bump_amount) {
  RecommenderOptions options;
  options.buckets = scheme(buckets);
  options.half_life_ns = half_life_ns;
  options.sample_weight = sample_weight;
  options.peak_window_ns = peak_window_ns;
  std::tie(options.target, options.lower, options.upper) = percentiles;
  options.margin = margin;
  options.least = least;
  options.bump_ratio = bump_ratio;
  options.bump_amount = bump_amount;
  return std::make_unique<UsageRecommender>(options);
}

template <std::int64_t (UsageRecommender::*act)(const UsageSamples&)>
std::int64_t with_samples(UsageRecommender& self, const Targets& target, const Targets& member,
                          const Times& time_ns, const Values& value, std::size_t members) {
  check(target, self.targets(), time_ns, value);
  check(member, members, time_ns, value);
  const UsageSamples samples{view(target), view(member), view(time_ns), view(value)};
  const py::gil_scoped_release nogil;
  return (self.*act)(samples);
}

py::list save(const UsageRecommender& self, std::int64_t now_ns) {
  py::list rows;
  const std::vector<HistogramCheckpoint> saved = self.save(now_ns);
  for (std::size_t t = 0; t < saved.size(); ++t) {
    const UsageRecommender::Target& seen = self.target(t);
    rows.append(py::make_tuple(saved[t].reference_ns, saved[t].total, saved[t].bucket,
                               saved[t].weight, seen.first_ns, seen.last_ns, seen.samples));
  }
  return rows;
}

void bind_decaying(py::module_& m) {
  m.def(
      "bucket_starts",
      [](const std::tuple<double, double, double>& buckets) {
        const Buckets made(scheme(buckets));
        std::vector<double> starts;
        for (std::int32_t b = 0; b < made.count(); ++b) starts.push_back(made.start(b));
        return to_column(std::move(starts));
      },
      "buckets"_a, "Starts of the buckets (first, most, ratio).");
  m.def(
      "bucket_of",
      [](const std::tuple<double, double, double>& buckets, const Values& value) {
        const Buckets made(scheme(buckets));
        std::vector<std::int32_t> index;
        for (const double v : view(value)) index.push_back(made.index(v));
        return to_column(std::move(index));
      },
      "buckets"_a, "value"_a.noconvert(), "The bucket of each value of 0 or more.");
  py::class_<UsageRecommender>(m, "UsageRecommender",
                               "Decaying histograms by target, and requests from them.")
      .def(py::init(&make_usage), py::kw_only(), "buckets"_a, "half_life_ns"_a, "sample_weight"_a,
           "peak_window_ns"_a, "percentiles"_a, "margin"_a, "least"_a, "bump_ratio"_a,
           "bump_amount"_a)
      .def("resize", &UsageRecommender::resize, "targets"_a, "members"_a)
      .def("observe", &with_samples<&UsageRecommender::observe>, "target"_a.noconvert(),
           "member"_a.noconvert(), "time_ns"_a.noconvert(), "value"_a.noconvert(), "members"_a,
           "How many samples counted.")
      .def("out_of_memory", &with_samples<&UsageRecommender::out_of_memory>, "target"_a.noconvert(),
           "member"_a.noconvert(), "time_ns"_a.noconvert(), "value"_a.noconvert(), "members"_a,
           "How many events counted.")
      .def("recommend", [](const UsageRecommender& self) { return columns_of(self.recommend()); })
      .def("weights",
           [](const UsageRecommender& self, std::size_t target) {
             if (target >= self.targets()) throw InvalidInput("no such target");
             const std::span<const double> weights = self.weights(target);
             return to_column(std::vector<double>(weights.begin(), weights.end()));
           })
      .def("save", &save, "now_ns"_a,
           "By target: reference_ns, total, buckets, weights, first_ns, last_ns, samples.")
      .def(
          "load",
          [](UsageRecommender& self, std::size_t target, std::int64_t reference_ns, double total,
             std::vector<std::int32_t> bucket, std::vector<std::uint32_t> weight,
             std::int64_t first_ns, std::int64_t last_ns, std::int64_t samples) {
            if (target >= self.targets() || bucket.size() != weight.size())
              throw InvalidInput("no such target, or buckets and weights of unlike length");
            self.load(target, {first_ns, last_ns, samples},
                      {reference_ns, total, std::move(bucket), std::move(weight)});
          },
          "target"_a, "reference_ns"_a, "total"_a, "bucket"_a, "weight"_a, "first_ns"_a,
          "last_ns"_a, "samples"_a);
}

std::unique_ptr<WindowRecommender> make_windows(const std::tuple<double, double, double>& buckets,
                                                std::int64_t window_ns, std::int64_t half_life_ns,
                                                std::int64_t windows, bool peaks,
                                                const std::tuple<double, double, double>& statistic,
                                                double margin, std::int64_t hold, double least) {
  const auto [percentile, of_maximum, of_mean] = statistic;
  return std::make_unique<WindowRecommender>(
      WindowOptions{scheme(buckets), window_ns, half_life_ns, windows, peaks,
                    WindowStatistic{percentile, of_maximum, of_mean}, margin, hold, least});
}

std::unique_ptr<CostRecommender> make_costs(
    const std::tuple<double, double, double>& buckets, std::int64_t window_ns, bool peaks,
    const std::vector<std::int64_t>& half_lives_ns, const std::vector<double>& margins,
    std::int64_t cost_half_life_ns, const std::tuple<double, double, double, double>& prices,
    double least) {
  CostOptions options{scheme(buckets), window_ns, peaks, half_lives_ns, margins, cost_half_life_ns};
  std::tie(options.overrun, options.underrun, options.change, options.choose) = prices;
  options.least = least;
  return std::make_unique<CostRecommender>(options);
}

// What the recommenders by windows share.
template <typename Recommender>
void bind_windowed(py::class_<Recommender>& bound) {
  bound.def("resize", &Recommender::resize, "targets"_a)
      .def(
          "observe",
          [](Recommender& self, const Targets& target, const Times& time_ns, const Values& value) {
            check(target, self.targets(), time_ns, value);
            const py::gil_scoped_release nogil;
            self.observe(view(target), view(time_ns), view(value));
          },
          "target"_a.noconvert(), "time_ns"_a.noconvert(), "value"_a.noconvert())
      .def("recommend", [](const Recommender& self) { return columns_of(self.recommend()); });
}

void bind_windows(py::module_& m) {
  py::class_<WindowRecommender> windows(m, "WindowRecommender",
                                        "Limits by the statistics of moving windows.");
  windows.def(py::init(&make_windows), py::kw_only(), "buckets"_a, "window_ns"_a, "half_life_ns"_a,
              "windows"_a, "peaks"_a, "statistic"_a, "margin"_a, "hold"_a, "least"_a);
  bind_windowed(windows);
  py::class_<CostRecommender> costs(m, "CostRecommender", "Limits by least cost over models.");
  costs.def(py::init(&make_costs), py::kw_only(), "buckets"_a, "window_ns"_a, "peaks"_a,
            "half_lives_ns"_a, "margins"_a, "cost_half_life_ns"_a, "prices"_a, "least"_a);
  bind_windowed(costs);
}

void bind_peaks(py::module_& m) {
  m.def(
      "machine_peaks",
      [](const Times& time_ns, const Targets& machine, const Targets& task, const Values& usage,
         const Values& limit, std::int32_t machines, std::int32_t tasks, double share,
         double percentile, double sigmas, std::size_t history, std::size_t warm_up) {
        check(machine, static_cast<std::size_t>(machines), time_ns, usage);
        check(task, static_cast<std::size_t>(tasks), time_ns, limit);
        const PeakRows rows{view(time_ns), view(machine), view(task), view(usage), view(limit)};
        MachinePeaks made;
        {
          const py::gil_scoped_release nogil;
          made =
              machine_peaks(rows, machines, tasks, {share, percentile, sigmas, history, warm_up});
        }
        return NamedColumns("time_ns"_a = to_column(std::move(made.time_ns)),
                            "machine"_a = to_column(std::move(made.machine)),
                            "usage"_a = to_column(std::move(made.usage)),
                            "limit"_a = to_column(std::move(made.limit)),
                            "borg_default"_a = to_column(std::move(made.borg_default)),
                            "rc_like"_a = to_column(std::move(made.rc_like)),
                            "n_sigma"_a = to_column(std::move(made.n_sigma)),
                            "maximum"_a = to_column(std::move(made.largest)));
      },
      "time_ns"_a.noconvert(), "machine"_a.noconvert(), "task"_a.noconvert(), "usage"_a.noconvert(),
      "limit"_a.noconvert(), py::kw_only(), "machines"_a, "tasks"_a, "share"_a, "percentile"_a,
      "sigmas"_a, "history"_a, "warm_up"_a,
      "Peak predictions per time and machine, rows in order of time.");
}

}  // namespace

void bind_usage(py::module_& m) {
  bind_decaying(m);
  bind_windows(m);
  bind_peaks(m);
}

}  // namespace fairlead::bindings
