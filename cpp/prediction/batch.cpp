#include "prediction/batch.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <string>

#include "base/crew.hpp"
#include "base/errors.hpp"
#include "prediction/metrics.hpp"

namespace fairlead {
namespace {

constexpr double kLargest = 1e100;  // squares of it still add up

void check(const ForecastRequest& request) {
  request.options.validate();
  for (const double p : request.probabilities) {
    if (!(p >= 0 && p <= 1)) throw InvalidInput("probabilities must lie between 0 and 1");
  }
}

// Origins of one block: so few that what all models made for them stays small.
constexpr std::size_t kMostInBlock = 64;
constexpr std::int64_t kValuesInBlock = 4'000'000;
constexpr std::int64_t kScoredOrigins = 512;

// With a device: so many that their fits fill a good part of it, and yet so few that every thread
// has blocks to follow its fits with.
constexpr std::size_t kMostForDevice = 4096;
constexpr std::int64_t kValuesForDevice = 32'000'000;
constexpr std::size_t kBlocksOfThread = 2;

std::size_t block_size(const OriginTable& origins, const ForecastRequest& request,
                       unsigned threads) {
  std::int64_t longest = 0;
  for (const std::int64_t known : origins.known) longest = std::max(longest, known);
  const std::int64_t models = request.model ? 1 : static_cast<std::int64_t>(forecasters().size());
  const std::int64_t each = std::min(longest, kScoredOrigins) * models * request.options.horizon;
  const bool device = request.options.device != nullptr;
  const std::size_t share = origins.known.size() / (kBlocksOfThread * std::max(threads, 1U));
  const std::size_t most = device ? std::clamp(share, kMostInBlock, kMostForDevice) : kMostInBlock;
  const std::int64_t values = device ? kValuesForDevice : kValuesInBlock;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(values / std::max<std::int64_t>(each, 1),
                                                           1, static_cast<std::int64_t>(most)));
}

// Makes forecasts block by block, each into its place in the columns.
class Batch {
 public:
  Batch(const SeriesTable& table, const OriginTable& origins, const ForecastRequest& request,
        unsigned threads)
      : table_(table),
        origins_(origins),
        request_(request),
        block_(block_size(origins, request, threads)) {
    const std::size_t n = origins.series.size();
    const auto horizon = static_cast<std::size_t>(request.options.horizon);
    columns_.point.resize(n * horizon);
    columns_.quantiles.resize(n * horizon * request.probabilities.size());
    columns_.model.resize(n);
    columns_.weights.resize(n * forecasters().size());
    columns_.errors.resize(n);
    columns_.vectors.resize(n * static_cast<std::size_t>(request.vectors) * horizon,
                            std::numeric_limits<double>::quiet_NaN());
  }

  std::size_t blocks() const { return (origins_.series.size() + block_ - 1) / block_; }

  void run(std::size_t block) {
    run_block(block * block_, std::min((block + 1) * block_, origins_.series.size()));
  }

  ForecastColumns take() { return std::move(columns_); }

 private:
  void run_block(std::size_t begin, std::size_t end) {
    const std::int64_t season =
        request_.options.seasons.empty() ? 0 : request_.options.seasons.front();
    std::deque<FilledSeries> filled;
    std::vector<Past> pasts;
    for (std::size_t i = begin; i < end; ++i) {
      const std::int32_t series = origins_.series[i];
      if (i == begin || series != origins_.series[i - 1])
        filled.push_back(fill_missing(table_.series(series), table_.phase[series], season));
      Past whole = filled.back().past();
      whole.ends = table_.ends_of(series);
      pasts.push_back(whole.first(origins_.known[i]));
    }
    const std::vector<Forecast> made = forecast(pasts, request_);
    for (std::size_t i = begin; i < end; ++i) write(i, made[i - begin]);
  }

  void write(std::size_t origin, const Forecast& made) {
    const auto put = [origin](const auto& values, std::size_t width, auto& column) {
      std::copy_n(values.data(), values.size(),
                  column.begin() + static_cast<std::ptrdiff_t>(origin * width));
    };
    const std::size_t horizon = made.point.size();
    put(made.point, horizon, columns_.point);
    put(made.quantiles, horizon * request_.probabilities.size(), columns_.quantiles);
    put(made.weights, made.weights.size(), columns_.weights);
    put(made.vectors, horizon * static_cast<std::size_t>(request_.vectors), columns_.vectors);
    columns_.model[origin] = static_cast<std::int32_t>(made.model);
    columns_.errors[origin] = made.errors;
  }

  const SeriesTable& table_;
  const OriginTable& origins_;
  const ForecastRequest& request_;
  std::size_t block_;
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
  if (!ends.empty() && ends.size() != values.size())
    throw InvalidInput("ends must have one value per value, or none");
  for (const std::span<const double> column : {values, ends}) {
    for (std::size_t i = 0; i < column.size(); ++i) {
      if (!std::isnan(column[i]) && !(column[i] >= 0 && column[i] <= kLargest))
        throw InvalidInput("value " + std::to_string(i) + " must be from 0 to 1e100, or missing");
    }
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
                               const ForecastRequest& request, unsigned threads,
                               const std::function<void()>& poll) {
  table.validate();
  origins.validate(table);
  check(request);
  Batch batch(table, origins, request, threads);
  const auto make = [&batch] { return [&batch](std::size_t block) { batch.run(block); }; };
  share_out(batch.blocks(), threads, make, poll);
  return batch.take();
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
