#include "prediction/features/running.hpp"

#include <algorithm>
#include <cmath>

#include "prediction/features/exponential.hpp"
#include "prediction/features/formulas.hpp"
#include "prediction/features/loops.hpp"

namespace fairlead {
namespace {

using formulas::kInfinity;
using formulas::kUnknown;

// The least (`Least` true) or greatest so far.
template <bool Least>
void scan_extremes(const double* values, double* out, std::int64_t n) {
  double extreme = Least ? kInfinity : -kInfinity;
  for (std::int64_t i = 0; i < n; ++i) {
    extreme = Least ? std::min(extreme, values[i]) : std::max(extreme, values[i]);
    out[i] = extreme;
  }
}

double least_samples(const FeatureSpec& spec) {
  return static_cast<double>(std::max<std::int64_t>(spec.min_samples, 1));
}

// Unknown up to the place before the `least`-th known value.
void blank_until(const SeriesView& series, std::int64_t least, Buffer& made) {
  std::int64_t known = 0;
  for (std::int64_t i = 0; i < series.size(); ++i) {
    known += std::isnan(series.raw()[i]) ? 0 : 1;
    if (known >= least) return;
    made[i] = kUnknown;
  }
}

}  // namespace

RunningFeatures::RunningFeatures(std::span<const FeatureSpec> specs)
    : specs_(specs), empty_(std::ranges::none_of(specs, [](const FeatureSpec& spec) {
        return spec.memory == Memory::exponential ||
               (spec.memory == Memory::everything && spec.statistic != FeatureStatistic::quantile);
      })) {}

bool RunningFeatures::asks(Memory memory, FeatureStatistic statistic) const {
  return std::ranges::any_of(specs_, [&](const FeatureSpec& spec) {
    return spec.memory == memory && spec.statistic == statistic;
  });
}

void RunningFeatures::write(SeriesView& series, FeatureSink& sink) {
  made_.resize(series.size());
  const bool moments = asks(Memory::everything, FeatureStatistic::mean) ||
                       asks(Memory::everything, FeatureStatistic::deviation);
  const bool extremes = asks(Memory::everything, FeatureStatistic::minimum) ||
                        asks(Memory::everything, FeatureStatistic::maximum);
  if (moments) write_moments(series, sink);
  if (extremes) write_extremes(series, sink);
  for (std::size_t column = 0; column < specs_.size(); ++column) {
    if (specs_[column].memory != Memory::exponential) continue;
    if (specs_[column].statistic == FeatureStatistic::mean)
      write_exponential_mean(column, series, sink);
    else
      write_exponential_deviation(column, series, sink);
  }
}

void RunningFeatures::write_moments(SeriesView& series, FeatureSink& sink) {
  const std::int64_t n = series.size();
  const bool gaps = series.has_gaps();
  sum_.resize(n);
  mean_.resize(n);
  loops::prefix_sums(series.or_zero(), sum_.data(), n);
  if (gaps)
    loops::counted_means(sum_.data(), series.counts(), 1, mean_.data(), n);
  else
    loops::all_means(sum_.data(), series.shares(), mean_.data(), n);
  if (asks(Memory::everything, FeatureStatistic::deviation)) {
    squares_.resize(n);
    loops::welford_terms(series.raw(), mean_.data(), made_.data(), n);
    loops::prefix_sums(made_.data(), squares_.data(), n);
  }
  if (gaps)
    write_counted_moments(series, sink);
  else
    write_all_moments(series, sink);
}

void RunningFeatures::write_counted_moments(SeriesView& series, FeatureSink& sink) {
  const std::int64_t n = series.size();
  for (std::size_t column = 0; column < specs_.size(); ++column) {
    const FeatureSpec& spec = specs_[column];
    if (spec.memory != Memory::everything) continue;
    if (spec.statistic == FeatureStatistic::mean) {
      loops::counted_means(sum_.data(), series.counts(), least_samples(spec), made_.data(), n);
      sink.values(column, made_.data(), 0);
    } else if (spec.statistic == FeatureStatistic::deviation) {
      loops::counted_deviations(squares_.data(), series.counts(), least_samples(spec), made_.data(),
                                n);
      sink.values(column, made_.data(), 0);
    }
  }
}

// Without gaps the count of a place is its number, and what is not known yet lies in front.
void RunningFeatures::write_all_moments(SeriesView& series, FeatureSink& sink) {
  for (std::size_t column = 0; column < specs_.size(); ++column) {
    const FeatureSpec& spec = specs_[column];
    if (spec.memory != Memory::everything) continue;
    const std::int64_t from = std::max<std::int64_t>(spec.min_samples, 1) - 1;
    if (spec.statistic == FeatureStatistic::mean) {
      sink.values(column, mean_.data(), from);
    } else if (spec.statistic == FeatureStatistic::deviation) {
      loops::all_deviations(squares_.data(), series.shares(), made_.data(), series.size());
      sink.values(column, made_.data(), from);
    }
  }
}

void RunningFeatures::write_extremes(SeriesView& series, FeatureSink& sink) {
  const std::int64_t n = series.size();
  sum_.resize(n);
  for (std::size_t column = 0; column < specs_.size(); ++column) {
    const FeatureSpec& spec = specs_[column];
    if (spec.memory != Memory::everything) continue;
    if (spec.statistic == FeatureStatistic::minimum)
      scan_extremes<true>(series.or_infinity(), sum_.data(), n);
    else if (spec.statistic == FeatureStatistic::maximum)
      scan_extremes<false>(series.or_minus_infinity(), sum_.data(), n);
    else
      continue;
    loops::counted_values(sum_.data(), series.counts(), least_samples(spec), made_.data(), n);
    sink.values(column, made_.data(), 0);
  }
}

void RunningFeatures::write_exponential_mean(std::size_t column, const SeriesView& series,
                                             FeatureSink& sink) {
  const FeatureSpec& spec = specs_[column];
  const double* values = series.raw();
  const std::int64_t whole = series.first_gap();
  if (whole > 0) {
    made_[0] = values[0];
    loops::smooth(values + 1, spec.parameter, values[0], made_.data() + 1, whole - 1);
  }
  if (series.has_gaps()) {
    // From the first gap on one by one, with the state the whole part ended in.
    double level = whole > 0 ? made_[whole - 1] : kUnknown;
    double old = 1;
    for (std::int64_t i = whole; i < series.size(); ++i) {
      formulas::smooth_over_gaps(values[i], spec.parameter, level, old);
      made_[i] = level;
    }
  }
  blank_until(series, spec.min_samples, made_);
  sink.values(column, made_.data(), 0);
}

void RunningFeatures::write_exponential_deviation(std::size_t column, const SeriesView& series,
                                                  FeatureSink& sink) {
  const FeatureSpec& spec = specs_[column];
  ExponentialMoments moments(spec.parameter);
  for (std::int64_t i = 0; i < series.size(); ++i) {
    moments.add(series.raw()[i]);
    made_[i] = moments.count() >= least_samples(spec) ? moments.deviation() : kUnknown;
  }
  sink.values(column, made_.data(), 0);
}

}  // namespace fairlead
