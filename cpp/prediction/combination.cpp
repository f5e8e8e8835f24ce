#include "prediction/combination.hpp"

#include <cmath>
#include <utility>

#include "prediction/likeness.hpp"
#include "prediction/robust_mean.hpp"
#include "prediction/window_sums.hpp"

namespace fairlead {
namespace {

constexpr double kAssumed = 2;  // forecasts of mean error
// Of the mean's usual errors: how far a single forecast may move it. Of 0.3, 0.5, 1 and 2 the one
// with the least pinball loss on the sets named in the header; 0.3 has as small an error.
constexpr double kFar = 0.5;

// |Errors| by origin and step looked at, 0 where there is no outcome or no forecast, of forecasts
// by the origins on from place `first_row`.
Rows absolute_errors(const ByOriginAndStep& made, Eigen::Index first_row, const Past& past,
                     const Sharing& sharing) {
  const std::span<const std::int64_t> origins = sharing.origins();
  Rows errors = Rows::Zero(std::ssize(origins), sharing.columns());
  for (Eigen::Index row = first_row; row < errors.rows(); ++row) {
    for (Eigen::Index column = 0; column < errors.cols(); ++column) {
      const Eigen::Index step = sharing.steps()[column];
      const std::int64_t index = origins[row] + step;
      if (index >= past.size()) break;
      if (past.observed[index] != 0)
        errors(row, column) = std::abs(past.values[index] - made(row - first_row, step));
    }
  }
  return errors;
}

// Of each record, by block and step; their sum is 1.
std::vector<Rows> shares_of(std::span<const Record> records, const Past& past,
                            const WindowSums& sums, const Sharing& sharing) {
  const Eigen::Index rows = std::ssize(sharing.origins());
  std::vector<Rows> errors;
  Rows mean = Rows::Zero(rows, sharing.columns());
  Eigen::ArrayXd count = Eigen::ArrayXd::Zero(rows);
  for (const Record& record : records) {
    errors.push_back(absolute_errors(record.made, record.first_row, past, sharing));
    mean += errors.back();
    count.tail(rows - record.first_row) += 1;
  }
  mean.colwise() /= count;

  Eigen::Index shared = -1;  // the first row `all` and `assumed` are of: that of most records
  Rows all, assumed;
  std::vector<Rows> shares;
  Rows total = Rows::Zero(sharing.rows(), sharing.columns());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Eigen::Index first = records[i].first_row;
    if (first != shared) {
      shared = first;
      Rows ones = Rows::Ones(rows, sharing.columns());
      ones.topRows(first).setZero();
      all = sums.of(mean * ones);
      assumed = all * kAssumed / sums.of(ones).cwiseMax(1.0);
    }
    const Rows own = sums.of(errors[i]);
    const Rows relative = (all > 0).select((own + assumed) / (all + assumed), 1.0);
    shares.push_back(records[i].prior * (relative.square().square() * relative).inverse());
    for (Eigen::Index row = 0; row < sharing.rows(); ++row) {
      if (sharing.blocks()[row].begin < first) shares.back().row(row).setZero();
    }
    total += shares.back();
  }
  for (Rows& share : shares) share = sharing.for_all_steps(share / total);
  return shares;
}

struct Place {
  Eigen::Index origin;
  Eigen::Index row;          // of its block
  Eigen::Index block_begin;  // the first origin of its block
};

template <class Use>
void each_origin(const Sharing& sharing, Use use) {
  for (Eigen::Index row = 0; row < sharing.rows(); ++row) {
    const Sharing::Block& block = sharing.blocks()[row];
    for (Eigen::Index origin = block.begin; origin < block.end; ++origin)
      use(Place{origin, row, block.begin});
  }
}

// Calls use(forecast, share) by step for every record that forecasts at the place.
template <class Use>
void each_forecast(std::span<const Record> records, const std::vector<Rows>& shares,
                   const Place& place, Use use) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (place.block_begin >= records[i].first_row)
      use(records[i].made.row(place.origin - records[i].first_row).array(),
          shares[i].row(place.row));
  }
}

// At every origin the mean of the records' forecasts, weighted, and how far a single one moves it.
struct Means {
  ByOriginAndStep made;
  Rows moved;
};

Means means_of(std::span<const Record> records, const std::vector<Rows>& shares,
               const Sharing& sharing) {
  const Eigen::Index rows = std::ssize(sharing.origins()), steps = shares.front().cols();
  Means means{ByOriginAndStep::Zero(rows, steps), Rows::Zero(rows, steps)};
  each_origin(sharing, [&](const Place& place) {
    auto made = means.made.row(place.origin).array();
    auto moved = means.moved.row(place.origin);
    each_forecast(records, shares, place,
                  [&](const auto& forecast, const auto& share) { made += share * forecast; });
    each_forecast(records, shares, place, [&](const auto& forecast, const auto& share) {
      moved = moved.max(share * (forecast - made).abs());
    });
  });
  return means;
}

// The usual error of forecasts at the steps looked at, by block: a mean of square roots, so that
// what no model saw coming does not count as usual.
Rows usual_errors(const ByOriginAndStep& made, const Past& past, const WindowSums& sums,
                  const Sharing& sharing) {
  const Rows roots = absolute_errors(made, 0, past, sharing).sqrt();
  const Rows counts = sums.of(Rows::Ones(roots.rows(), roots.cols()));
  return (sums.of(roots) / counts.cwiseMax(1.0)).square();
}

// A robust mean where a single forecast moves the mean by more than `far`.
void make_robust(std::span<const Record> records, const std::vector<Rows>& shares,
                 const Sharing& sharing, const Rows& far, Means& means) {
  std::vector<Weighted> values;
  each_origin(sharing, [&](const Place& place) {
    for (Eigen::Index step = 0; step < far.cols(); ++step) {
      if (!(means.moved(place.origin, step) > far(place.row, step))) continue;
      values.clear();
      each_forecast(records, shares, place, [&](const auto& forecast, const auto& share) {
        values.push_back({forecast[step], share[step]});
      });
      means.made(place.origin, step) = robust_mean(values);
    }
  });
}

}  // namespace

Combination combine(const Past& past, std::span<const std::int64_t> origins,
                    std::span<const Record> records, const ForecastOptions& options) {
  const Sharing sharing(origins, options);
  const std::vector<double> alike = ranking_weights(past, origins, options.seasons);
  const WindowSums sums(sharing, alike);
  const std::vector<Rows> shares = shares_of(records, past, sums, sharing);
  Means means = means_of(records, shares, sharing);
  const Rows far = kFar * usual_errors(means.made, past, sums, sharing);
  make_robust(records, shares, sharing, sharing.for_all_steps(far), means);

  Combination out;
  for (const Rows& share : shares) out.weights.push_back(share.bottomRows<1>().mean());
  out.made = std::move(means.made);
  return out;
}

}  // namespace fairlead
