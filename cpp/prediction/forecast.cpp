#include "prediction/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/errors.hpp"
#include "prediction/metrics.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kMostOrigins = 512;   // scored ones, besides the last
constexpr std::int64_t kSeasonsScored = 2;   // of the longest season, if that reaches further back
constexpr std::int64_t kLossBlocks = 4;      // of origins; bands are renewed at the start of each
constexpr std::int64_t kFirstLossBlock = 2;  // the earlier ones only give errors for bands
// What a learner's loss counts for: it was made with, on average, three quarters of today's past.
constexpr double kLearnersCredit = 0.9;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Evenly spaced origins up to past.size(), which is the last one. The spacing has no factor in
// common with a season, so that all hours of the day take part.
std::vector<std::int64_t> origins_from(std::int64_t first, std::int64_t size,
                                       const std::vector<std::int64_t>& seasons) {
  const std::int64_t longest = seasons.empty() ? 0 : seasons.back();
  const std::int64_t span =
      std::min(size - first, std::max(kMostOrigins, kSeasonsScored * longest));
  std::int64_t spacing = (span + kMostOrigins - 1) / kMostOrigins;
  const auto shares_factor = [&](std::int64_t season) { return std::gcd(spacing, season) > 1; };
  while (std::ranges::any_of(seasons, shares_factor)) ++spacing;
  std::vector<std::int64_t> origins;
  for (std::int64_t back = span / spacing * spacing; back > 0; back -= spacing)
    origins.push_back(size - back);
  origins.push_back(size);
  return origins;
}

// A model's forecasts from every origin, and how far off they were (NaN: no outcome yet).
struct Record {
  ByOriginAndStep made;
  ByOriginAndStep errors;
};

Record record_of(const Forecaster& forecaster, const Past& past, const ForecastOptions& options,
                 std::span<const std::int64_t> origins) {
  const auto rows = static_cast<Eigen::Index>(origins.size());
  Record record{ByOriginAndStep(rows, options.horizon),
                ByOriginAndStep::Constant(rows, options.horizon, kUnknown)};
  forecaster.forecast(past, options, origins, record.made);
  for (Eigen::Index row = 0; row < rows; ++row) {
    const std::int64_t steps = std::min(options.horizon, past.size() - origins[row]);
    for (std::int64_t step = 0; step < steps; ++step) {
      const std::int64_t index = origins[row] + step;
      if (past.observed[index] != 0)
        record.errors(row, step) = past.values[index] - record.made(row, step);
    }
  }
  return record;
}

// Sum of pinball losses, over kDeciles, of the known outcomes of origins [begin, end) under
// `bands`.
double loss_of(const Record& record, const ErrorBands& bands, Eigen::Index begin, Eigen::Index end,
               std::int64_t& scored) {
  double loss = 0;
  for (Eigen::Index step = 0; step < record.errors.cols(); ++step) {
    for (const double p : kDeciles) {
      const double shift = bands.quantile(step + 1, p);
      for (Eigen::Index row = begin; row < end; ++row) {
        const double error = record.errors(row, step);
        if (std::isnan(error)) continue;
        const double made = record.made(row, step);
        loss += pinball(made + error, std::max(made + shift, 0.0), p);
        ++scored;
      }
    }
  }
  return loss;
}

// Mean pinball loss over the later half of the origins, block by block, under the bands that the
// outcomes known at the start of a block give. NaN without an outcome.
double back_tested_loss(const Record& record, std::span<const std::int64_t> origins) {
  const auto rows = static_cast<std::int64_t>(origins.size()) - 1;
  double loss = 0;
  std::int64_t scored = 0;
  for (std::int64_t block = kFirstLossBlock; block < kLossBlocks; ++block) {
    const std::int64_t begin = block * rows / kLossBlocks;
    const std::int64_t end = (block + 1) * rows / kLossBlocks;
    if (begin == end) continue;
    const ErrorBands bands(record.errors, origins, origins[begin]);
    loss += loss_of(record, bands, begin, end, scored);
  }
  return scored == 0 ? kUnknown : loss / static_cast<double>(scored);
}

struct Candidate {
  std::size_t model;
  std::unique_ptr<Forecaster> forecaster;
  std::int64_t first_origin;
};

Candidate candidate(std::size_t model, const Past& past, const ForecastOptions& options) {
  std::unique_ptr<Forecaster> forecaster = forecasters()[model].make();
  const std::int64_t first = forecaster->first_origin(past, options);
  return {model, std::move(forecaster), first};
}

// The model itself, or the next simpler one that the past is long enough for.
Candidate usable_candidate(std::size_t model, const Past& past, const ForecastOptions& options) {
  for (const std::size_t other : {model, forecaster_named("seasonal_naive")}) {
    Candidate found = candidate(other, past, options);
    if (found.first_origin <= past.size()) return found;
  }
  return candidate(forecaster_named("rolling_mean"), past, options);
}

std::vector<Candidate> all_candidates(const Past& past, const ForecastOptions& options) {
  std::vector<Candidate> all;
  for (std::size_t model = 0; model < forecasters().size(); ++model) {
    Candidate found = candidate(model, past, options);
    if (found.first_origin <= past.size()) all.push_back(std::move(found));
  }
  return all;
}

void write(const Record& record, std::span<const std::int64_t> origins, std::int64_t known,
           std::span<const double> probabilities, Forecast& out) {
  const ErrorBands bands(record.errors, origins, known);
  const Eigen::Index last = record.made.rows() - 1;
  const Eigen::Index steps = record.made.cols();
  out.point.resize(static_cast<std::size_t>(steps));
  out.quantiles.resize(steps, static_cast<Eigen::Index>(probabilities.size()));
  for (Eigen::Index step = 0; step < steps; ++step) {
    out.point[step] = std::max(record.made(last, step), 0.0);
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      const double shift = bands.quantile(step + 1, probabilities[i]);
      out.quantiles(step, static_cast<Eigen::Index>(i)) =
          std::max(record.made(last, step) + shift, 0.0);
    }
  }
  out.errors = bands.count(steps);
}

// The smallest loss; rolling_mean, which is always among them, where there is no outcome to
// compare.
std::size_t best_of(const std::vector<Candidate>& candidates, const std::vector<double>& losses) {
  const auto compared = [&](const Candidate& each) {
    const double loss = losses[each.model];
    if (std::isnan(loss)) return std::numeric_limits<double>::infinity();
    return forecasters()[each.model].learns ? kLearnersCredit * loss : loss;
  };
  const std::size_t fallback = forecaster_named("rolling_mean");
  std::size_t best = 0;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const double loss = compared(candidates[i]);
    const double least = compared(candidates[best]);
    if (loss < least || (std::isinf(least) && candidates[i].model == fallback)) best = i;
  }
  return best;
}

}  // namespace

Forecast forecast(const Past& past, std::optional<std::size_t> model,
                  const ForecastOptions& options, std::span<const double> probabilities) {
  if (past.size() < 1) throw InvalidInput("a forecast needs at least one known value");
  std::vector<Candidate> candidates;
  if (model) {
    candidates.push_back(usable_candidate(*model, past, options));
  } else {
    candidates = all_candidates(past, options);
  }
  std::int64_t first = 1;  // the same origins for all, so that losses compare
  for (const Candidate& each : candidates) first = std::max(first, each.first_origin);
  const std::vector<std::int64_t> origins = origins_from(first, past.size(), options.seasons);

  Forecast out;
  out.losses.assign(forecasters().size(), kUnknown);
  std::vector<Record> records;
  for (const Candidate& each : candidates) {
    records.push_back(record_of(*each.forecaster, past, options, origins));
    if (!model) out.losses[each.model] = back_tested_loss(records.back(), origins);
  }
  const std::size_t best = best_of(candidates, out.losses);
  out.model = candidates[best].model;
  write(records[best], origins, past.size(), probabilities, out);
  return out;
}

}  // namespace fairlead
