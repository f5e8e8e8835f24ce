#include "prediction/features/loops.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>

#include "base/clones.hpp"
#include "prediction/features/formulas.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace fairlead::loops {
namespace {

using formulas::kUnknown;
constexpr std::int64_t kBlock = 8;

template <typename T>
inline void write_as(const double* __restrict__ values, T* __restrict__ out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(values[i]);
}

template <typename T>
inline void write_scaled_as(const double* __restrict__ values, double scale, T* __restrict__ out,
                            std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(values[i] * scale);
}

template <typename T>
inline void write_roots_as(const double* __restrict__ squares, double scale, T* __restrict__ out,
                           std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(std::sqrt(squares[i] * scale));
}

#if defined(__SSE2__)
inline void stream_part(const float* from, float* to) {
  _mm_stream_ps(to, _mm_loadu_ps(from));
}
inline void stream_part(const double* from, double* to) {
  _mm_stream_pd(to, _mm_loadu_pd(from));
}

// Whole cache lines go past the caches; a part of one would cost a read of the rest.
template <typename T>
void stream_as(const T* from, T* to, std::int64_t n) {
  constexpr std::int64_t kLine = 64 / sizeof(T), kWidth = 16 / sizeof(T);
  std::int64_t i = 0;
  for (; i < n && reinterpret_cast<std::uintptr_t>(to + i) % 64 != 0; ++i) to[i] = from[i];
  for (; i + kLine <= n; i += kLine) {
    for (std::int64_t j = i; j < i + kLine; j += kWidth) stream_part(from + j, to + j);
  }
  for (; i < n; ++i) to[i] = from[i];
}
#else
template <typename T>
void stream_as(const T* from, T* to, std::int64_t n) {
  std::copy_n(from, n, to);
}
#endif

// A range in two: up to where the second begins at a cache line, if its array does. A vector
// store that straddles two lines costs twice.
template <typename T>
inline std::array<Range, 2> at_lines(Range range) {
  constexpr std::int64_t kLine = 64 / sizeof(T);
  const std::int64_t line = std::min((range.begin + kLine - 1) / kLine * kLine, range.end);
  return {{{range.begin, line}, {line, range.end}}};
}

// Of three windows that together cover one, the value that stands before the others.
template <typename T, typename Before>
inline void join_extremes(const T* runs, std::int64_t shift, std::int64_t further,
                          T* __restrict__ extreme, Range range, Before before) {
  for (const Range part : at_lines<T>(range)) {
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      const T a = runs[i], b = runs[i - shift], c = runs[i - further];
      const T near = before(a, b) ? a : b;
      extreme[i] = before(near, c) ? near : c;
    }
  }
}

template <typename T>
inline void blank_few(const T* value, const double* count, double least, T* __restrict__ out,
                      std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i)
    out[i] = count[i] >= least ? value[i] : static_cast<T>(kUnknown);
}

// GCC and Clang take four values in one register where there are such, else in two.
using Four = double __attribute__((vector_size(4 * sizeof(double)), aligned(8), may_alias));

// y[j] = x[j] + keep * y[j - 1] within four places: first over pairs, then over pairs of pairs.
inline void smooth_four(Four& values, double keep) {
  const Four none{};
  values += keep * __builtin_shufflevector(none, values, 0, 4, 5, 6);
  values += keep * keep * __builtin_shufflevector(none, values, 0, 1, 4, 5);
}

// y[j] = weight * x[j] + keep * y[j - 1] over one block, with the powers of `keep` from the first
// to the fourth. Returns its end without waiting for its places, as the next block waits for it.
inline double smooth_block(const double* values, double weight, const Four& powers, double before,
                           double* level) {
  Four low = weight * *reinterpret_cast<const Four*>(values);
  Four high = weight * *reinterpret_cast<const Four*>(values + 4);
  smooth_four(low, powers[0]);
  smooth_four(high, powers[0]);
  high += powers * low[3];
  const double end = high[3] + powers[3] * powers[3] * before;
  *reinterpret_cast<Four*>(level) = low + powers * before;
  *reinterpret_cast<Four*>(level + 4) = high + powers * (powers[3] * before);
  return end;
}

}  // namespace

// No way out in the middle: that would keep it from becoming vector code.
FAIRLEAD_CLONES bool has_missing(const double* values, std::int64_t n) {
  std::int64_t missing = 0;
  for (std::int64_t i = 0; i < n; ++i) missing += values[i] != values[i] ? 1 : 0;
  return missing > 0;
}

void stream(const float* from, float* to, std::int64_t n) {
  stream_as(from, to, n);
}
void stream(const double* from, double* to, std::int64_t n) {
  stream_as(from, to, n);
}

FAIRLEAD_CLONES void join_sums(const double* near, const double* far, std::int64_t shift,
                               double* sum, Range range) {
  for (const Range part : at_lines<double>(range)) {
#pragma GCC ivdep
    for (std::int64_t i = part.begin; i < part.end; ++i) sum[i] = near[i] + far[i - shift];
  }
}

FAIRLEAD_CLONES void join_minima(const double* runs, std::int64_t shift, std::int64_t further,
                                 double* least, Range range) {
  join_extremes(runs, shift, further, least, range, std::less<>{});
}
FAIRLEAD_CLONES void join_minima(const float* runs, std::int64_t shift, std::int64_t further,
                                 float* least, Range range) {
  join_extremes(runs, shift, further, least, range, std::less<>{});
}
FAIRLEAD_CLONES void join_maxima(const double* runs, std::int64_t shift, std::int64_t further,
                                 double* greatest, Range range) {
  join_extremes(runs, shift, further, greatest, range, std::greater<>{});
}
FAIRLEAD_CLONES void join_maxima(const float* runs, std::int64_t shift, std::int64_t further,
                                 float* greatest, Range range) {
  join_extremes(runs, shift, further, greatest, range, std::greater<>{});
}

FAIRLEAD_CLONES void join_moments(RunsView near, double near_count, RunsView far, double far_count,
                                  std::int64_t shift, double* sum, double* squares, Range range) {
  const double *near_sum = near.sum, *near_squares = near.squares;
  const double *far_sum = far.sum, *far_squares = far.squares;
  const double scale = 1.0 / (near_count * far_count * (near_count + far_count));
  for (const Range part : at_lines<double>(range)) {
#pragma GCC ivdep
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      const double before = near_sum[i], behind = far_sum[i - shift];
      const double apart = before * far_count - behind * near_count;
      squares[i] = near_squares[i] + far_squares[i - shift] + apart * apart * scale;
      sum[i] = before + behind;
    }
  }
}

FAIRLEAD_CLONES void join_counted_squares(CountedRunsView near, CountedRunsView far,
                                          std::int64_t shift, double* squares, Range range) {
  const double *near_count = near.count, *near_sum = near.sum, *near_squares = near.squares;
  const double *far_count = far.count, *far_sum = far.sum, *far_squares = far.squares;
  for (const Range part : at_lines<double>(range)) {
#pragma GCC ivdep
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      squares[i] = formulas::joined_squares(near_count[i], near_sum[i], near_squares[i],
                                            far_count[i - shift], far_sum[i - shift],
                                            far_squares[i - shift]);
    }
  }
}

FAIRLEAD_CLONES void write(const double* values, float* out, std::int64_t n) {
  write_as(values, out, n);
}
FAIRLEAD_CLONES void write(const double* values, double* out, std::int64_t n) {
  write_as(values, out, n);
}
FAIRLEAD_CLONES void write_scaled(const double* values, double scale, float* out, std::int64_t n) {
  write_scaled_as(values, scale, out, n);
}
FAIRLEAD_CLONES void write_scaled(const double* values, double scale, double* out, std::int64_t n) {
  write_scaled_as(values, scale, out, n);
}
FAIRLEAD_CLONES void write_roots(const double* squares, double scale, float* out, std::int64_t n) {
  write_roots_as(squares, scale, out, n);
}
FAIRLEAD_CLONES void write_roots(const double* squares, double scale, double* out, std::int64_t n) {
  write_roots_as(squares, scale, out, n);
}

FAIRLEAD_CLONES void all_means(const double* sum, const double* share, double* __restrict__ mean,
                               std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) mean[i] = sum[i] * share[i];
}

FAIRLEAD_CLONES void all_deviations(const double* squares, const double* share,
                                    double* __restrict__ deviation, std::int64_t n) {
  if (n > 0) deviation[0] = kUnknown;
  for (std::int64_t i = 1; i < n; ++i) deviation[i] = std::sqrt(squares[i] * share[i - 1]);
}

FAIRLEAD_CLONES void counted_means(const double* sum, const double* count, double least,
                                   double* __restrict__ mean, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) mean[i] = formulas::counted_mean(sum[i], count[i], least);
}

FAIRLEAD_CLONES void counted_deviations(const double* squares, const double* count, double least,
                                        double* __restrict__ deviation, std::int64_t n) {
  const double needed = least > 2 ? least : 2;
  for (std::int64_t i = 0; i < n; ++i)
    deviation[i] = formulas::counted_deviation(squares[i], count[i], needed);
}

FAIRLEAD_CLONES void counted_values(const double* value, const double* count, double least,
                                    double* out, std::int64_t n) {
  blank_few(value, count, least, out, n);
}
FAIRLEAD_CLONES void counted_values(const float* value, const double* count, double least,
                                    float* out, std::int64_t n) {
  blank_few(value, count, least, out, n);
}

void prefix_sums(const double* values, double* __restrict__ sum, std::int64_t n) {
  double total = 0;
  std::int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    double local = 0;
    for (std::int64_t j = i; j < i + kBlock; ++j) sum[j] = total + (local += values[j]);
    total += local;
  }
  for (double local = 0; i < n; ++i) sum[i] = total + (local += values[i]);
}

FAIRLEAD_CLONES void welford_terms(const double* values, const double* mean,
                                   double* __restrict__ term, std::int64_t n) {
  if (n > 0) term[0] = 0;
  // A missing value is NaN, and so is the mean before the first known one.
  for (std::int64_t i = 1; i < n; ++i)
    term[i] = formulas::welford_term(values[i], mean[i - 1], mean[i]);
}

FAIRLEAD_CLONES void smooth(const double* values, double weight, double before,
                            double* __restrict__ level, std::int64_t n) {
  const double keep = 1 - weight, squared = keep * keep;
  const Four powers{keep, squared, squared * keep, squared * squared};
  std::int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock)
    before = smooth_block(values + i, weight, powers, before, level + i);
  // No place depends on those after it, so that the last block may be filled up with zeros.
  double rest[kBlock]{};
  std::copy(values + i, values + n, rest);
  smooth_block(rest, weight, powers, before, rest);
  std::copy(rest, rest + (n - i), level + i);
}

}  // namespace fairlead::loops
