#include "prediction/window_sums.hpp"

#include <algorithm>

namespace fairlead {
namespace {

constexpr std::size_t kBlocks = 16;           // besides that of the present; 32 do no better
constexpr std::int64_t kSeasonsJudged = 2;    // of the longest season
constexpr std::int64_t kJudgedWithout = 512;  // values, where there is no season
constexpr std::int64_t kColumns = 16;         // at least, if there are as many steps

// A model that is right in the evening need not be in the morning: an error counts in full where
// the origin lies in the same part of the shortest season, kBeside in the two parts next to it, and
// kElsewhere in the others. On the sets named in combination.hpp this takes 0.7 % from the error;
// parts of a fifth to a tenth do as well, and an elsewhere of 0.03 to 0.3.
constexpr std::int64_t kParts = 8;
constexpr double kBeside = 0.4;
constexpr double kElsewhere = 0.1;

// Each step with the two beside it, where the columns are many.
Rows with_neighbours(const Rows& sums) {
  Rows out = sums;
  const Eigen::Index others = sums.cols() - 1;
  if (sums.cols() < kColumns) return out;
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

  const std::int64_t season = options.seasons.empty() ? 1 : options.seasons.front();
  parts_ = season < 3 ? 1 : std::min(season, kParts);
  for (const std::int64_t origin : origins) {
    // The present lies in the middle of its part.
    const std::int64_t before = (origins.back() - origin) % season;
    part_of_.push_back((before * parts_ + season / 2) / season % parts_);
  }
  for (std::int64_t first = 0; first < horizon_; first += every_)
    steps_.push_back(std::min(first + every_ / 2, horizon_ - 1));
}

Rows Sharing::for_all_steps(const Rows& looked_at) const {
  if (every_ == 1) return looked_at;
  Rows out(looked_at.rows(), horizon_);
  for (std::int64_t step = 0; step < horizon_; ++step) out.col(step) = looked_at.col(step / every_);
  return out;
}

WindowSums::WindowSums(const Sharing& sharing)
    : parts_(sharing.parts()), begins_(sharing.rows()), ends_(sharing.rows(), sharing.columns()) {
  const std::span<const std::int64_t> origins = sharing.origins();
  const auto rows = static_cast<Eigen::Index>(origins.size());
  Indices places(rows + 1, parts_);  // how many origins come before in the order of the sums
  for (Eigen::Index part = 0; part < parts_; ++part) {
    for (Eigen::Index row = 0; row < rows; ++row) {
      places(row, part) = std::ssize(order_);
      if (sharing.part_of(row) == part) order_.push_back(row);
    }
    places(rows, part) = std::ssize(order_);
  }
  Eigen::Index first = 0;
  for (const Sharing::Block& block : sharing.blocks()) {
    begins_.segment(first, parts_) = places.row(block.from);
    Eigen::Index end = block.begin;
    for (Eigen::Index column = 0; column < sharing.columns(); ++column) {
      // Step s (from 0) of origin o is known at origin k once o + s < k.
      const Eigen::Index step = sharing.step(column);
      while (end > block.from && origins[end - 1] + step >= origins[block.begin]) --end;
      ends_.col(column).segment(first, parts_) = places.row(end);
    }
    first += parts_;
  }
}

Rows WindowSums::of(const Rows& values) const {
  Rows until(values.rows() + 1, values.cols());
  until.row(0).setZero();
  for (Eigen::Index place = 0; place < values.rows(); ++place)
    until.row(place + 1) = until.row(place) + values.row(order_[place]);
  Rows sums(ends_.rows(), ends_.cols());
  for (Eigen::Index row = 0; row < sums.rows(); ++row) {
    for (Eigen::Index column = 0; column < sums.cols(); ++column)
      sums(row, column) = until(ends_(row, column), column);
    sums.row(row) -= until.row(begins_[row]);
  }
  return with_neighbours(with_other_parts(sums));
}

Rows WindowSums::with_other_parts(const Rows& sums) const {
  if (parts_ == 1) return sums;
  Rows out(sums.rows(), sums.cols());
  for (Eigen::Index first = 0; first < sums.rows(); first += parts_) {
    const Rows all = kElsewhere * sums.middleRows(first, parts_).colwise().sum();
    for (Eigen::Index part = 0; part < parts_; ++part) {
      const auto before = sums.row(first + (part + parts_ - 1) % parts_);
      const auto after = sums.row(first + (part + 1) % parts_);
      out.row(first + part) = all + (1 - kElsewhere) * sums.row(first + part) +
                              (kBeside - kElsewhere) * (before + after);
    }
  }
  return out;
}

}  // namespace fairlead
