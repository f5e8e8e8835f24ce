#include "prediction/batch.hpp"

#include <cmath>
#include <string>

#include "base/errors.hpp"
#include "prediction/forecast.hpp"
#include "prediction/metrics.hpp"

namespace fairlead {
namespace {

constexpr double kLargest = 1e100;  // squares of it still add up

void check(const ForecastOptions& options, std::span<const double> probabilities) {
  if (options.horizon < 1) throw InvalidInput("the horizon must be 1 interval or more");
  if (options.window < 1) throw InvalidInput("the window must be 1 interval or more");
  std::int64_t shorter = 1;
  for (const std::int64_t season : options.seasons) {
    if (season <= shorter) throw InvalidInput("season lengths must be 2 or more and ascend");
    shorter = season;
  }
  for (const double p : probabilities) {
    if (!(p >= 0 && p <= 1)) throw InvalidInput("probabilities must lie between 0 and 1");
  }
}

// Writes the results of one origin to its place in the columns.
class Writer {
 public:
  Writer(std::size_t origins, std::size_t horizon, std::size_t probabilities)
      : horizon_(horizon), probabilities_(probabilities) {
    columns_.point.resize(origins * horizon);
    columns_.quantiles.resize(origins * horizon * probabilities);
    columns_.model.resize(origins);
    columns_.losses.resize(origins * forecasters().size());
    columns_.errors.resize(origins);
  }

  void write(std::size_t origin, const Forecast& made) {
    std::ranges::copy(made.point, columns_.point.begin() + origin * horizon_);
    std::copy_n(made.quantiles.data(), horizon_ * probabilities_,
                columns_.quantiles.begin() + origin * horizon_ * probabilities_);
    columns_.model[origin] = static_cast<std::int32_t>(made.model);
    std::ranges::copy(made.losses, columns_.losses.begin() + origin * made.losses.size());
    columns_.errors[origin] = made.errors;
  }

  ForecastColumns take() { return std::move(columns_); }

 private:
  std::size_t horizon_;
  std::size_t probabilities_;
  ForecastColumns columns_;
};

}  // namespace

void SeriesTable::validate() const {
  const auto n = static_cast<std::int64_t>(values.size());
  if (offsets.size() != phase.size() + 1 || offsets.front() != 0 || offsets.back() != n)
    throw InvalidInput("offsets must run from 0 to the number of values, one more than series");
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    if (offsets[i + 1] < offsets[i]) throw InvalidInput("offsets must not decrease");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i]) && !(values[i] >= 0 && values[i] <= kLargest))
      throw InvalidInput("value " + std::to_string(i) + " must be from 0 to 1e100, or missing");
  }
}

void OriginTable::validate(const SeriesTable& table) const {
  if (series.size() != known.size())
    throw InvalidInput("series and known must have one value per origin each");
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i] < 0 || series[i] >= table.size())
      throw InvalidInput("origin " + std::to_string(i) + " names no series");
    const auto length = static_cast<std::int64_t>(table.series(series[i]).size());
    if (known[i] < 1 || known[i] > length)
      throw InvalidInput("origin " + std::to_string(i) + " must know from 1 to " +
                         std::to_string(length) + " values");
  }
}

ForecastColumns forecast_batch(const SeriesTable& table, const OriginTable& origins,
                               std::optional<std::size_t> model, const ForecastOptions& options,
                               std::span<const double> probabilities,
                               const std::function<void()>& poll) {
  table.validate();
  origins.validate(table);
  check(options, probabilities);
  Writer writer(origins.series.size(), static_cast<std::size_t>(options.horizon),
                probabilities.size());
  FilledSeries filled;
  std::int32_t filled_series = -1;
  const std::int64_t season = options.seasons.empty() ? 0 : options.seasons.front();
  for (std::size_t i = 0; i < origins.series.size(); ++i) {
    poll();
    const std::int32_t series = origins.series[i];
    if (series != filled_series) {
      filled = fill_missing(table.series(series), table.phase[series], season);
      filled_series = series;
    }
    const Past past = filled.past().first(origins.known[i]);
    writer.write(i, forecast(past, model, options, probabilities));
  }
  return writer.take();
}

void ScoreTable::validate(std::int64_t n_series, std::size_t bands) const {
  const std::size_t rows = series.size();
  const std::size_t width = kDeciles.size() + 2 * bands;
  if (actual.size() != rows || point.size() != rows || quantiles.size() != rows * width)
    throw InvalidInput("series, actual, point and quantiles must have one row per value each");
  for (const std::int32_t i : series) {
    if (i < 0 || i >= n_series) throw InvalidInput("a row names no series");
  }
}

AccuracyColumns score_batch(const ScoreTable& table, std::int64_t n_series, std::size_t bands) {
  table.validate(n_series, bands);
  std::vector<Accuracy> scores(n_series, Accuracy(bands));
  const std::size_t width = kDeciles.size() + 2 * bands;
  for (std::size_t row = 0; row < table.series.size(); ++row) {
    const std::span<const double> quantiles = table.quantiles.subspan(row * width, width);
    scores[table.series[row]].add(
        table.actual[row],
        {table.point[row], quantiles.first(kDeciles.size()), quantiles.subspan(kDeciles.size())});
  }
  AccuracyColumns out;
  for (const Accuracy& score : scores) {
    out.count.push_back(score.count());
    out.mae.push_back(score.mae());
    out.rmse.push_back(score.rmse());
    out.smape.push_back(score.smape());
    out.pinball.push_back(score.pinball_loss());
    for (std::size_t band = 0; band < bands; ++band) {
      out.coverage.push_back(score.coverage(band));
      out.width.push_back(score.width(band));
    }
  }
  return out;
}

}  // namespace fairlead
