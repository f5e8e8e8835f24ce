#include "prediction/combination.hpp"

#include <algorithm>

#include "prediction/robust_mean.hpp"

namespace fairlead {
namespace {

constexpr std::size_t kRenewals = 32;         // of the weights along the origins, about
constexpr std::int64_t kSeasonsJudged = 2;    // of the longest season
constexpr std::int64_t kJudgedWithout = 512;  // values, where there is no season
constexpr Eigen::Index kNeighbours = 16;      // a step shares with those within 1/16 of the horizon
constexpr double kAssumed = 2;                // forecasts of mean error

using Row = Eigen::Array<double, 1, Eigen::Dynamic>;
using Rows = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The origins [begin, end) that share weights; by their errors from row `from` on.
struct Block {
  Eigen::Index begin;
  Eigen::Index end;
  Eigen::Index from;
};

std::vector<Block> blocks_of(std::span<const std::int64_t> origins,
                             const ForecastOptions& options) {
  const std::int64_t judged =
      options.seasons.empty() ? kJudgedWithout : kSeasonsJudged * options.seasons.back();
  const std::size_t scored = origins.size() - 1;
  const std::size_t count = std::min(kRenewals, scored);
  std::vector<Block> blocks;
  const auto add = [&](std::size_t begin, std::size_t end) {
    const auto from = std::ranges::lower_bound(origins, origins[begin] - judged);
    blocks.push_back(
        {static_cast<Eigen::Index>(begin), static_cast<Eigen::Index>(end), from - origins.begin()});
  };
  for (std::size_t i = 0; i < count; ++i) add(i * scored / count, (i + 1) * scored / count);
  add(scored, scored + 1);
  return blocks;
}

// Sums over a block's window, per step, of the errors whose outcome was known at its start.
class WindowSums {
 public:
  WindowSums(std::span<const std::int64_t> origins, const std::vector<Block>& blocks,
             std::int64_t horizon)
      : blocks_(blocks), ends_(static_cast<Eigen::Index>(blocks.size()), horizon) {
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      for (std::int64_t step = 0; step < horizon; ++step) {
        // Step s (from 0) of origin o is known at origin k once o + s < k.
        const auto known = origins.first(static_cast<std::size_t>(blocks[b].begin));
        const auto end = std::ranges::lower_bound(known, origins[blocks[b].begin] - step);
        ends_(static_cast<Eigen::Index>(b), step) = end - known.begin();
      }
    }
  }

  // `values`: origins from `first_row` on x steps. Row b: the sums of block b.
  Rows of(const Rows& values, Eigen::Index first_row) const {
    Rows until(values.rows() + 1, values.cols());
    until.row(0).setZero();
    for (Eigen::Index row = 0; row < values.rows(); ++row)
      until.row(row + 1) = until.row(row) + values.row(row);
    Rows sums(ends_.rows(), values.cols());
    for (Eigen::Index b = 0; b < sums.rows(); ++b) {
      const Eigen::Index from = std::max<Eigen::Index>(blocks_[b].from - first_row, 0);
      for (Eigen::Index step = 0; step < sums.cols(); ++step) {
        const Eigen::Index end = ends_(b, step) - first_row;
        sums(b, step) = end > from ? until(end, step) - until(from, step) : 0;
      }
    }
    return sums;
  }

  // How many values each of them would be of.
  Rows counts(Eigen::Index first_row) const {
    Rows out(ends_.rows(), ends_.cols());
    for (Eigen::Index b = 0; b < out.rows(); ++b) {
      const Eigen::Index from = std::max(blocks_[b].from, first_row);
      out.row(b) = (ends_.row(b).array() - from).cwiseMax(0).cast<double>();
    }
    return out;
  }

 private:
  const std::vector<Block>& blocks_;
  Eigen::Matrix<Eigen::Index, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> ends_;
};

// Each step with its neighbours.
Rows smoothed(const Rows& sums) {
  const Eigen::Index steps = sums.cols();
  const Eigen::Index reach = steps / kNeighbours;
  Rows out(sums.rows(), steps);
  for (Eigen::Index step = 0; step < steps; ++step) {
    const Eigen::Index from = std::max<Eigen::Index>(step - reach, 0);
    const Eigen::Index to = std::min(step + reach, steps - 1);
    out.col(step) = sums.middleCols(from, to - from + 1).rowwise().sum();
  }
  return out;
}

// |error|, 0 where there is no outcome. `observed` is 1 or 0 by value of the past.
Rows absolute_errors(const Record& record, const Past& past, const Eigen::ArrayXd& observed,
                     std::span<const std::int64_t> origins) {
  const Eigen::Map<const Row> values(past.values.data(), past.size());
  Rows errors(record.made.rows(), record.made.cols());
  for (Eigen::Index row = 0; row < errors.rows(); ++row) {
    const std::int64_t origin = origins[record.first_row + row];
    const auto steps = std::min<Eigen::Index>(errors.cols(), past.size() - origin);
    errors.row(row).head(steps) =
        (values.segment(origin, steps) - record.made.row(row).head(steps).array()).abs() *
        observed.segment(origin, steps).transpose();
    errors.row(row).tail(errors.cols() - steps).setZero();
  }
  return errors;
}

// Per record, blocks x steps: weights before they are made to sum to 1.
std::vector<Rows> raw_weights(const Past& past, std::span<const std::int64_t> origins,
                              std::span<const Record> records, const std::vector<Block>& blocks,
                              std::int64_t horizon) {
  const auto rows = static_cast<Eigen::Index>(origins.size());
  const Eigen::ArrayXd observed = (Eigen::Map<const Eigen::Array<std::uint8_t, Eigen::Dynamic, 1>>(
                                       past.observed.data(), past.size()) != 0)
                                      .cast<double>();
  std::vector<Rows> errors;
  Rows mean = Rows::Zero(rows, horizon);
  Eigen::ArrayXd count = Eigen::ArrayXd::Zero(rows);
  for (const Record& record : records) {
    errors.push_back(absolute_errors(record, past, observed, origins));
    mean.bottomRows(errors.back().rows()) += errors.back();
    count.tail(errors.back().rows()) += 1;
  }
  mean.colwise() /= count;

  const WindowSums sums(origins, blocks, horizon);
  Eigen::Index shared = -1;  // the first row `all` and `assumed` are of: that of most records
  Rows all, assumed;
  std::vector<Rows> weights;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Eigen::Index first = records[i].first_row;
    const Rows own = smoothed(sums.of(errors[i], first));
    if (first != shared) {
      shared = first;
      all = smoothed(sums.of(mean.bottomRows(rows - first), first));
      assumed = all * kAssumed / smoothed(sums.counts(first)).cwiseMax(1.0);
    }
    const Rows relative = (all > 0).select((own + assumed) / (all + assumed), 1.0);
    weights.push_back(records[i].prior * relative.square().square().inverse());
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      if (blocks[b].begin < first) weights.back().row(static_cast<Eigen::Index>(b)).setZero();
    }
  }
  return weights;
}

// Row by row the mean of the records' forecasts, weighted by `shares` (blocks x steps each).
ByOriginAndStep means(std::span<const Record> records, const std::vector<Rows>& shares,
                      const std::vector<Block>& blocks) {
  ByOriginAndStep made = ByOriginAndStep::Zero(blocks.back().end, shares.front().cols());
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const Row of_block = shares[i].row(static_cast<Eigen::Index>(b));
      if (blocks[b].begin < records[i].first_row) continue;
      for (Eigen::Index row = blocks[b].begin; row < blocks[b].end; ++row)
        made.row(row).array() += of_block * records[i].made.row(row - records[i].first_row).array();
    }
  }
  return made;
}

// The same with means that single forecasts far from the others move little.
ByOriginAndStep robust_means(std::span<const Record> records, const std::vector<Rows>& shares,
                             const std::vector<Block>& blocks) {
  ByOriginAndStep made(blocks.back().end, shares.front().cols());
  std::vector<Weighted> values;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (Eigen::Index row = blocks[b].begin; row < blocks[b].end; ++row) {
      for (Eigen::Index step = 0; step < made.cols(); ++step) {
        values.clear();
        for (std::size_t i = 0; i < records.size(); ++i) {
          if (blocks[b].begin < records[i].first_row) continue;
          values.push_back({records[i].made(row - records[i].first_row, step),
                            shares[i](static_cast<Eigen::Index>(b), step)});
        }
        made(row, step) = robust_mean(values);
      }
    }
  }
  return made;
}

}  // namespace

Combination combine(const Past& past, std::span<const std::int64_t> origins,
                    std::span<const Record> records, const ForecastOptions& options) {
  const std::vector<Block> blocks = blocks_of(origins, options);
  std::vector<Rows> shares = raw_weights(past, origins, records, blocks, options.horizon);
  Rows total = shares.front();
  for (std::size_t i = 1; i < shares.size(); ++i) total += shares[i];

  Combination out;
  for (Rows& share : shares) {
    share /= total;
    out.weights.push_back(share.bottomRows(1).mean());
  }
  out.made =
      options.fine_steps() ? robust_means(records, shares, blocks) : means(records, shares, blocks);
  return out;
}

}  // namespace fairlead
