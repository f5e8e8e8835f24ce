#include "prediction/window_sums.hpp"

#include <algorithm>

namespace fairlead {
namespace {

constexpr std::size_t kBlocks = 16;           // besides that of the present; 32 do no better
constexpr std::int64_t kSeasonsJudged = 2;    // of the longest season
constexpr std::int64_t kJudgedWithout = 512;  // values, where there is no season
constexpr std::int64_t kColumns = 16;         // at least, if there are as many steps

// Each step with the two beside it, where they are many.
Rows with_neighbours(const Rows& sums) {
  if (sums.cols() < kColumns) return sums;
  const Eigen::Index others = sums.cols() - 1;
  Rows out = sums;
  out.leftCols(others) += sums.rightCols(others);
  out.rightCols(others) += sums.leftCols(others);
  return out;
}

}  // namespace

Sharing::Sharing(std::span<const std::int64_t> origins, const ForecastOptions& options)
    : origins_(origins),
      horizon_(options.horizon),
      every_(std::max<std::int64_t>(options.horizon / kColumns, 1)) {
  const std::int64_t judged =
      options.seasons.empty() ? kJudgedWithout : kSeasonsJudged * options.seasons.back();
  const std::size_t scored = origins.size() - 1;
  const std::size_t count = std::min(kBlocks, scored);
  const auto add = [&](std::size_t begin, std::size_t end) {
    const auto from = std::ranges::lower_bound(origins, origins[begin] - judged);
    blocks_.push_back(
        {static_cast<Eigen::Index>(begin), static_cast<Eigen::Index>(end), from - origins.begin()});
  };
  for (std::size_t i = 0; i < count; ++i) add(i * scored / count, (i + 1) * scored / count);
  add(scored, scored + 1);
  for (std::int64_t first = 0; first < horizon_; first += every_)
    steps_.push_back(std::min(first + every_ / 2, horizon_ - 1));
}

Rows Sharing::for_all_steps(const Rows& looked_at) const {
  if (every_ == 1) return looked_at;
  Rows out(looked_at.rows(), horizon_);
  for (std::int64_t step = 0; step < horizon_; ++step) out.col(step) = looked_at.col(step / every_);
  return out;
}

WindowSums::WindowSums(const Sharing& sharing, std::span<const double> alike)
    : sharing_(sharing), alike_(alike), ends_(sharing.rows(), sharing.columns()) {
  const std::span<const std::int64_t> origins = sharing.origins();
  for (Eigen::Index row = 0; row < ends_.rows(); ++row) {
    const Sharing::Block& block = sharing.blocks()[row];
    Eigen::Index end = block.begin;
    for (Eigen::Index column = 0; column < ends_.cols(); ++column) {
      // Step s (from 0) of origin o is known at origin k once o + s < k.
      const Eigen::Index step = sharing.steps()[column];
      while (end > block.from && origins[end - 1] + step >= origins[block.begin]) --end;
      ends_(row, column) = end;
    }
  }
}

Rows WindowSums::of(const Rows& values) const {
  Rows until(values.rows() + 1, values.cols());
  until.row(0).setZero();
  for (Eigen::Index row = 0; row < values.rows(); ++row)
    until.row(row + 1) = until.row(row) + values.row(row);
  Rows sums(ends_.rows(), ends_.cols());
  for (Eigen::Index row = 0; row < sums.rows(); ++row) {
    for (Eigen::Index column = 0; column < sums.cols(); ++column)
      sums(row, column) = until(ends_(row, column), column);
    sums.row(row) -= until.row(sharing_.blocks()[row].from);
  }
  auto present = sums.bottomRows<1>();
  const auto ends = ends_.bottomRows<1>();  // further steps are known from fewer origins
  present.setZero();
  Eigen::Index columns = sums.cols();
  for (Eigen::Index row = sharing_.blocks().back().from; row < std::ssize(alike_); ++row) {
    while (columns > 0 && row >= ends(columns - 1)) --columns;
    present.leftCols(columns) += alike_[row] * values.row(row).head(columns);
  }
  return with_neighbours(sums);
}

}  // namespace fairlead
