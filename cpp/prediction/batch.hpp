// Many series and many origins in one call, as columns.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "prediction/forecast.hpp"

namespace fairlead {

// Series i is values[offsets[i] .. offsets[i + 1]), NaN where missing, with its `ends` beside it
// unless there are none; phase and ends as in Past.
struct SeriesTable {
  std::span<const double> values;
  std::span<const std::int64_t> offsets;
  std::span<const std::int64_t> phase;
  std::span<const double> ends{};

  std::int64_t size() const { return static_cast<std::int64_t>(phase.size()); }
  std::span<const double> series(std::int64_t i) const { return part(values, i); }
  std::span<const double> ends_of(std::int64_t i) const {
    return ends.empty() ? ends : part(ends, i);
  }
  void validate() const;

 private:
  std::span<const double> part(std::span<const double> column, std::int64_t i) const {
    return column.subspan(offsets[i], offsets[i + 1] - offsets[i]);
  }
};

// One forecast each: of `series[i]`, when its first `known[i]` values are known. Grouped by series.
struct OriginTable {
  std::span<const std::int32_t> series;
  std::span<const std::int64_t> known;

  void validate(const SeriesTable& table) const;
};

struct ForecastColumns {
  std::vector<double> point;         // origins x horizon
  std::vector<double> quantiles;     // origins x horizon x probabilities
  std::vector<std::int32_t> model;   // per origin, see Forecast::model
  std::vector<double> weights;       // origins x models
  std::vector<std::int64_t> errors;  // per origin: past errors behind the last step's bands
  std::vector<double> vectors;       // origins x request.vectors x horizon, NaN where fewer
};

// In blocks of a few origins, each by one of `threads` threads; the result is the same for any
// number of them. `poll` is called now and then in the calling thread; if it throws, the rest is
// left and the exception goes on.
ForecastColumns forecast_batch(const SeriesTable& table, const OriginTable& origins,
                               const ForecastRequest& request, unsigned threads,
                               const std::function<void()>& poll);

// Forecasts to score: a row per origin and step. `quantiles` are those of kDeciles, then lower and
// upper per band.
struct ScoreTable {
  std::span<const std::int32_t> series;
  std::span<const double> actual;  // NaN: not scored
  std::span<const double> point;
  std::span<const double> quantiles;  // rows x (9 + 2 * bands)

  void validate(std::int64_t n_series, std::size_t bands) const;
};

struct AccuracyColumns {  // a value per series
  std::vector<std::int64_t> count;
  std::vector<double> mae, rmse, smape, pinball;
  std::vector<double> coverage, width;  // series x bands
};

AccuracyColumns score_batch(const ScoreTable& table, std::int64_t n_series, std::size_t bands);

}  // namespace fairlead
