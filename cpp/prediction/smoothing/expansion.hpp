// The sum of squared one-step errors around a point, to second order, from sums of products.
//
// The errors are linear in the initial states, and the response to the initial state of place j of
// a season is that of place 0, j steps later. So a season of m places costs m products of columns
// per entry and not m^2, and its states are solved for exactly rather than searched.
#pragma once

#include <cstdint>

#include "prediction/smoothing/layout.hpp"

namespace fairlead::smoothing {

// Every kStride-th number from `at` on.
template <int kStride>
struct Strided {
  double* at;

  FAIRLEAD_BOTH double& operator[](std::int64_t i) const { return at[i * kStride]; }
};

// One of those who share a piece of work; each takes every count-th part of it.
struct Worker {
  int index = 0, count = 1;
};

// Half the sum of squares.
template <int kStride>
struct Expansion {
  double squares;
  Strided<kStride> point, gradient;
  Strided<kStride> hessian;   // of the dense unknowns: [column * dense + row], row >= column
  Strided<kStride> diagonal;  // of the others
};

FAIRLEAD_BOTH std::int64_t expansion_numbers(const Layout& layout) {
  return std::int64_t{layout.dense} * layout.dense + 3 * std::int64_t{layout.size} - layout.dense;
}

template <int kStride>
FAIRLEAD_BOTH Expansion<kStride> expansion_in(const Layout& layout, double* at) {
  Expansion<kStride> made{};
  made.point.at = at;
  made.gradient.at = made.point.at + std::int64_t{layout.size} * kStride;
  made.diagonal.at = made.gradient.at + std::int64_t{layout.size} * kStride;
  made.hessian.at = made.diagonal.at + std::int64_t{layout.size - layout.dense} * kStride;
  return made;
}

// What an expansion is made of. Columns are the errors and their derivatives, times 0 where nothing
// was observed; the response is that of all errors to the first place of a season.
template <int kStride>
struct Products {
  Strided<kStride> inner;                  // [a * columns + b], a <= b: of two columns
  Strided<kStride> shifted[kMostSeasons];  // [place * width_of + column]: column by late response
  Strided<kStride> response[kMostSeasons];
  std::int64_t length;  // of the series
};

// Columns that meet the late responses of a season: all and the response of its last place, from
// which the block of the season is built; or the errors alone where it is not solved for as one.
FAIRLEAD_BOTH int width_of(const Layout& layout, int k) {
  return layout.is_dense(k) ? layout.derivatives() + 2 : 1;
}

template <int kFrom, int kTo>
FAIRLEAD_BOTH void fill_diagonal(const Layout& layout, const Products<kFrom>& sums, int k,
                                 const Expansion<kTo>& out) {
  const auto square = [&](std::int64_t t) {
    return t < 0 ? 0 : sums.response[k][t] * sums.response[k][t];
  };
  const int places = layout.places[k];
  double sum = 0;
  for (std::int64_t t = 0; t < sums.length - places; ++t) sum += square(t);
  for (int j = places - 1; j >= 0; --j) {
    sum += square(sums.length - 1 - j);
    out.diagonal[layout.season[k] + j - layout.dense] = sum;
  }
}

// The block of a season, from its last row up along its diagonals.
template <int kFrom, int kTo>
FAIRLEAD_BOTH void fill_block(const Layout& layout, const Products<kFrom>& sums, int k,
                              Worker worker, const Expansion<kTo>& out) {
  const int places = layout.places[k], width = width_of(layout, k);
  const std::int64_t first = layout.season[k];
  const auto response = [&](std::int64_t t) { return t < 0 ? 0 : sums.response[k][t]; };
  for (int below = worker.index; below < places; below += worker.count) {
    int column = places - 1 - below;
    double sum = sums.shifted[k][std::int64_t{column} * width + width - 1];
    for (;;) {
      out.hessian[(first + column) * layout.dense + first + column + below] = sum;
      if (--column < 0) break;
      sum += response(sums.length - 1 - column - below) * response(sums.length - 1 - column);
    }
  }
}

template <int kFrom, int kTo>
FAIRLEAD_BOTH void fill_season(const Layout& layout, const Products<kFrom>& sums, int k,
                               Worker worker, const Expansion<kTo>& out) {
  const int width = width_of(layout, k);
  const std::int64_t first = layout.season[k];
  const bool dense = layout.is_dense(k);
  for (int j = worker.index; j < layout.places[k]; j += worker.count) {
    const std::int64_t at = std::int64_t{j} * width;
    out.gradient[first + j] = sums.shifted[k][at];
    for (int c = 0; dense && c < layout.derivatives(); ++c)
      out.hessian[std::int64_t{c} * layout.dense + first + j] = sums.shifted[k][at + c + 1];
  }
  if (dense)
    fill_block(layout, sums, k, worker, out);
  else if (worker.index == k % worker.count)
    fill_diagonal(layout, sums, k, out);
}

// Each of the workers fills its part; `squares` is the first one's.
template <int kFrom, int kTo>
FAIRLEAD_BOTH void fill(const Layout& layout, const Products<kFrom>& sums, Worker worker,
                        Expansion<kTo>& out) {
  const int columns = layout.derivatives() + 1;
  if (worker.index == 0) out.squares = sums.inner[0];
  for (int row = worker.index; row + 1 < columns; row += worker.count) {
    out.gradient[row] = sums.inner[row + 1];
    for (int c = 0; c <= row; ++c)
      out.hessian[std::int64_t{c} * layout.dense + row] =
          sums.inner[std::int64_t{c + 1} * columns + row + 1];
  }
  if (layout.factors && worker.index == 0)
    out.gradient[layout.level] = out.diagonal[layout.level - layout.dense] = 0;
  for (int k = 0; k < layout.shifted(); ++k) fill_season(layout, sums, k, worker, out);
}

}  // namespace fairlead::smoothing
