// The vector loops below the features: one pass over contiguous values each, no branch inside.
#pragma once

#include <cstdint>

namespace fairlead::loops {

// Half-open range of indices a loop runs over.
struct Range {
  std::int64_t begin;
  std::int64_t end;
};

// ---- Joining two neighbouring runs of values: `near` ends at i, `far` at i - shift. The result
// may take the place of `near`.

// sum[i] = near[i] + far[i - shift]
void join_sums(const double* near, const double* far, std::int64_t shift, double* sum, Range range);

// Sum, and sum of squared deviations of the run joined from `near_count` and `far_count` values,
// from the sums and squared deviations of both (Chan, Golub and LeVeque 1982): nothing large is
// subtracted.
struct RunsView {
  const double* sum;
  const double* squares;
};
void join_moments(RunsView near, double near_count, RunsView far, double far_count,
                  std::int64_t shift, double* sum, double* squares, Range range);

// The squares where the counts differ from place to place. Equal counts give the same bits.
struct CountedRunsView {
  const double* count;
  const double* sum;
  const double* squares;
};
void join_counted_squares(CountedRunsView near, CountedRunsView far, std::int64_t shift,
                          double* squares, Range range);

// ---- The least and the greatest of three runs: those that end at i, i - shift and i - further.
void join_minima(const double* runs, std::int64_t shift, std::int64_t further, double* least,
                 Range range);
void join_minima(const float* runs, std::int64_t shift, std::int64_t further, float* least,
                 Range range);
void join_maxima(const double* runs, std::int64_t shift, std::int64_t further, double* greatest,
                 Range range);
void join_maxima(const float* runs, std::int64_t shift, std::int64_t further, float* greatest,
                 Range range);

// ---- The series itself.

bool has_missing(const double* values, std::int64_t n);

// ---- From statistics of runs to features, in the precision of the output.

void write(const double* values, float* out, std::int64_t n);
void write(const double* values, double* out, std::int64_t n);
void write_scaled(const double* values, double scale, float* out, std::int64_t n);
void write_scaled(const double* values, double scale, double* out, std::int64_t n);
void write_roots(const double* squares, double scale, float* out, std::int64_t n);
void write_roots(const double* squares, double scale, double* out, std::int64_t n);

// Copies past the caches, for results that are larger than they are.
void stream(const float* from, float* to, std::int64_t n);
void stream(const double* from, double* to, std::int64_t n);

// With the shares 1, 1/2, 1/3, ...: mean[i] = sum[i] * share[i], and deviations from the second on.
void all_means(const double* sum, const double* share, double* mean, std::int64_t n);
void all_deviations(const double* squares, const double* share, double* deviation, std::int64_t n);

// mean[i] = sum[i] / count[i], NaN below `least` values.
void counted_means(const double* sum, const double* count, double least, double* mean,
                   std::int64_t n);
// NaN below `least` or two values.
void counted_deviations(const double* squares, const double* count, double least, double* deviation,
                        std::int64_t n);
// value[i], NaN below `least` values.
void counted_values(const double* value, const double* count, double least, double* out,
                    std::int64_t n);
void counted_values(const float* value, const double* count, double least, float* out,
                    std::int64_t n);

// ---- All values so far.

// sum[i] = values[0] + ... + values[i], in blocks of eight counted from 0.
void prefix_sums(const double* values, double* sum, std::int64_t n);

// Terms whose prefix sums are the squared deviations of all values so far (Welford 1962):
// (x[i] - mean[i - 1]) * (x[i] - mean[i]), and 0 where one of them is missing.
void welford_terms(const double* values, const double* mean, double* term, std::int64_t n);

// y[i] = weight * x[i] + (1 - weight) * y[i - 1] with y[-1] = `before`; in blocks of eight counted
// from 0, so that the chain of dependent operations is one multiply and add per block.
void smooth(const double* values, double weight, double before, double* level, std::int64_t n);

}  // namespace fairlead::loops
