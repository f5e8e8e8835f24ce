// What each thread of a block does for the features of a segment: the body of the kernel, which the
// tests run on the CPU as well.
//
// Threads lie along time, as vector lanes do on the CPU: a place of a step depends on no other
// place of it, so that series and columns are read and written as they lie in memory, side by side,
// with nothing to transpose, and the windows of one long series keep as many blocks busy as many
// short ones. What depends on all values so far is one block's for each series: threads take eight
// places each, and only the chain from eight to eight is left to one thread. Every number comes by
// the same operations in the same order as on the CPU (features/windows.hpp, running.hpp).
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "prediction/cuda/feature_problem.hpp"
#include "prediction/features/exponential.hpp"
#include "prediction/features/formulas.hpp"

namespace fairlead {

template <typename T>
class FeatureWorker {
 public:
  // `values` and `out` are those of the problem, `out` by column; `slots` of the block.
  FAIRLEAD_BOTH FeatureWorker(const FeaturePass& pass, const FeatureSegment& segment,
                              const double* values, T* out, std::int64_t rows, double* slots,
                              int thread, int threads)
      : segment_(segment),
        values_(values + segment.value),
        out_(out + segment.row),
        rows_(rows),
        slots_(slots),
        longest_(pass.longest),
        thread_(thread),
        threads_(threads) {}

  FAIRLEAD_BOTH void run(const FeatureStep& step) const {
    switch (step.op) {
      case FeatureOp::singles:
        return singles(step);
      case FeatureOp::join:
        return join(step);
      case FeatureOp::overlap:
        return overlap(step);
      case FeatureOp::local_scan:
        return local_scan(step);
      case FeatureOp::chain_scan:
        return chain_scan(step);
      case FeatureOp::join_scan:
        return join_scan(step);
      case FeatureOp::welford:
        return welford(step);
      case FeatureOp::local_smooth:
        return local_smooth(step);
      case FeatureOp::chain_smooth:
        return chain_smooth(step);
      case FeatureOp::join_smooth:
        return join_smooth(step);
      case FeatureOp::smooth_gaps:
        return smooth_gaps(step);
      case FeatureOp::weighted:
        return weighted(step);
      default:
        return write(step);
    }
  }

 private:
  // ---- Places.

  FAIRLEAD_BOTH double* slot(std::int32_t which) const { return slots_ + which * longest_; }

  template <typename Do>
  FAIRLEAD_BOTH void each(std::int64_t count, const Do& act) const {
    for (std::int64_t i = thread_; i < count; i += threads_) act(i);
  }

  // Calls act(block, its first place, where it ends) for the blocks of the places from `from` on.
  template <typename Do>
  FAIRLEAD_BOTH void each_block(std::int64_t from, std::int64_t end, const Do& act) const {
    each((end - from + kScanBlock - 1) / kScanBlock, [&](std::int64_t block) {
      const std::int64_t begin = from + block * kScanBlock;
      act(block, begin, begin + kScanBlock < end ? begin + kScanBlock : end);
    });
  }

  FAIRLEAD_BOTH static bool is_known(double value) { return value == value; }

  // ---- Windows.

  FAIRLEAD_BOTH void singles(const FeatureStep& step) const {
    double* const out = slot(step.out);
    each(segment_.size, [&](std::int64_t i) {
      const double value = values_[i];
      out[i] = is_known(value) ? 1 : 0;
      if (step.parts > 1) out[i + longest_] = is_known(value) ? value : 0;
      if (step.parts > 2) out[i + 2 * longest_] = 0;
    });
  }

  // Runs that begin before the segment are shorter: with a `far` one of none they stay as they are.
  FAIRLEAD_BOTH void join(const FeatureStep& step) const {
    const double *near = slot(step.near), *far = slot(step.far);
    double* const out = slot(step.out);
    const std::int64_t sum = longest_, squares = 2 * longest_;
    each(segment_.size, [&](std::int64_t i) {
      const std::int64_t j = i - step.shift;
      if (step.parts > 2)
        out[i + squares] = j < 0
                               ? near[i + squares]
                               : formulas::joined_squares(near[i], near[i + sum], near[i + squares],
                                                          far[j], far[j + sum], far[j + squares]);
      if (step.parts > 1) out[i + sum] = j < 0 ? near[i + sum] : near[i + sum] + far[j + sum];
      out[i] = j < 0 ? near[i] : near[i] + far[j];
    });
  }

  FAIRLEAD_BOTH static double none(ScanKind kind) {
    return kind == ScanKind::sum     ? 0
           : kind == ScanKind::least ? formulas::kInfinity
                                     : -formulas::kInfinity;
  }

  FAIRLEAD_BOTH static double added(ScanKind kind, double to, double value) {
    if (kind == ScanKind::sum) return to + value;
    const bool before = kind == ScanKind::least ? value < to : to < value;
    return before ? value : to;
  }

  // Of a slot, or of the series with what a missing value adds.
  FAIRLEAD_BOTH double read(std::int32_t from, ScanKind kind, std::int64_t i) const {
    if (from != kRaw) return slot(from)[i];
    return is_known(values_[i]) ? values_[i] : none(kind);
  }

  FAIRLEAD_BOTH void overlap(const FeatureStep& step) const {
    double* const out = slot(step.out);
    each(segment_.size, [&](std::int64_t i) {
      double extreme = read(step.near, step.scan, i);
      if (i >= step.shift)
        extreme = added(step.scan, extreme, read(step.near, step.scan, i - step.shift));
      if (i >= step.further)
        extreme = added(step.scan, extreme, read(step.near, step.scan, i - step.further));
      out[i] = extreme;
    });
  }

  // ---- All values so far.

  FAIRLEAD_BOTH void local_scan(const FeatureStep& step) const {
    double* const out = slot(step.out);
    each_block(0, segment_.size, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      double local = none(step.scan);
      for (std::int64_t i = begin; i < end; ++i)
        out[i] = local = added(step.scan, local, read(step.near, step.scan, i));
    });
  }

  FAIRLEAD_BOTH void chain_scan(const FeatureStep& step) const {
    if (thread_ != 0) return;
    const double* const local = slot(step.out);
    double* const before = slot(step.far);
    double total = none(step.scan);
    for (std::int64_t block = 0; block * kScanBlock < segment_.size; ++block) {
      before[block] = total;
      const std::int64_t last = (block + 1) * kScanBlock - 1;
      if (last < segment_.size) total = added(step.scan, total, local[last]);
    }
  }

  FAIRLEAD_BOTH void join_scan(const FeatureStep& step) const {
    const double* const before = slot(step.far);
    double* const out = slot(step.out);
    each(segment_.size,
         [&](std::int64_t i) { out[i] = added(step.scan, before[i / kScanBlock], out[i]); });
  }

  FAIRLEAD_BOTH void welford(const FeatureStep& step) const {
    const double *count = slot(step.near), *sum = count + longest_;
    double* const out = slot(step.out);
    each(segment_.size, [&](std::int64_t i) {
      out[i] = i == 0 ? 0
                      : formulas::welford_term(values_[i],
                                               formulas::counted_mean(sum[i - 1], count[i - 1], 1),
                                               formulas::counted_mean(sum[i], count[i], 1));
    });
  }

  // ---- Exponential weights: loops::smooth place by place, with the first value before its blocks.

  // keep, keep^2, keep^3 and keep^4, as they are rounded there.
  struct Powers {
    double keep, squared, cubed, fourth;

    FAIRLEAD_BOTH explicit Powers(double weight)
        : keep(1 - weight),
          squared(keep * keep),
          cubed(squared * keep),
          fourth(squared * squared) {}

    FAIRLEAD_BOTH double operator[](std::int64_t i) const {
      return i == 0 ? keep : i == 1 ? squared : i == 2 ? cubed : fourth;
    }
  };

  // y[j] = x[j] + keep * y[j - 1] over four places: over pairs, then over pairs of pairs.
  FAIRLEAD_BOTH static void smooth_four(double* y, const Powers& powers) {
    for (int j = 3; j > 0; --j) y[j] += powers.keep * y[j - 1];
    for (int j = 3; j > 1; --j) y[j] += powers.squared * y[j - 2];
  }

  FAIRLEAD_BOTH void local_smooth(const FeatureStep& step) const {
    const Powers powers(step.parameter);
    double* const out = slot(step.out);
    each_block(1, segment_.whole, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      double block[kScanBlock] = {};
      for (std::int64_t i = begin; i < end; ++i) block[i - begin] = step.parameter * values_[i];
      smooth_four(block, powers);
      smooth_four(block + 4, powers);
      for (int j = 0; j < 4; ++j) block[4 + j] += powers[j] * block[3];
      for (std::int64_t i = begin; i < end; ++i) out[i] = block[i - begin];
    });
  }

  FAIRLEAD_BOTH void chain_smooth(const FeatureStep& step) const {
    if (thread_ != 0 || segment_.whole == 0) return;
    const Powers powers(step.parameter);
    const double eighth = powers.fourth * powers.fourth;
    double* const out = slot(step.out);
    double* const before = slot(step.far);
    double mean = out[0] = values_[0];
    for (std::int64_t block = 0; 1 + block * kScanBlock < segment_.whole; ++block) {
      before[block] = mean;
      const std::int64_t last = (block + 1) * kScanBlock;
      if (last < segment_.whole) mean = out[last] + eighth * mean;
    }
  }

  FAIRLEAD_BOTH void join_smooth(const FeatureStep& step) const {
    const Powers powers(step.parameter);
    const double* const before = slot(step.far);
    double* const out = slot(step.out);
    each(segment_.whole - 1, [&](std::int64_t i) {
      const std::int64_t place = i % kScanBlock;
      const double mean = before[i / kScanBlock];
      out[1 + i] += place < 4 ? powers[place] * mean : powers[place - 4] * (powers.fourth * mean);
    });
  }

  FAIRLEAD_BOTH void smooth_gaps(const FeatureStep& step) const {
    if (thread_ != 0) return;
    double* const out = slot(step.out);
    double level = segment_.whole > 0 ? out[segment_.whole - 1] : formulas::kUnknown;
    double old = 1;
    for (std::int64_t i = segment_.whole; i < segment_.size; ++i) {
      formulas::smooth_over_gaps(values_[i], step.parameter, level, old);
      out[i] = level;
    }
  }

  FAIRLEAD_BOTH void weighted(const FeatureStep& step) const {
    if (thread_ != 0) return;
    double* const out = slot(step.out);
    ExponentialMoments moments(step.parameter);
    for (std::int64_t i = 0; i < segment_.size; ++i) {
      moments.add(values_[i]);
      out[i] = moments.deviation();
    }
  }

  // ---- Columns.

  FAIRLEAD_BOTH std::int64_t row_of(const FeatureStep& step, std::int64_t place) const {
    const std::int64_t row = place + segment_.first + step.to_row;
    return row < 0 ? 0 : row < segment_.rows ? row : segment_.rows;
  }

  // The first segment of a series writes all rows before its own, the last one all behind.
  template <typename Statistic>
  FAIRLEAD_BOTH void write_rows(const FeatureStep& step, const Statistic& statistic) const {
    T* const column = out_ + step.column * rows_;
    const std::int64_t low =
        segment_.first + segment_.begin == 0 ? 0 : row_of(step, segment_.begin);
    const std::int64_t high = segment_.last ? segment_.rows : row_of(step, segment_.size);
    each(high - low, [&](std::int64_t i) {
      const std::int64_t place = low + i - step.to_row - segment_.first;
      const bool known = place >= 0 && place < segment_.size;
      column[low + i] = static_cast<T>(known ? statistic(place) : formulas::kUnknown);
    });
  }

  FAIRLEAD_BOTH void write(const FeatureStep& step) const {
    const double* const near = slot(step.near);
    const double* const far = step.far == kRaw ? values_ : slot(step.far);
    const double least = step.least;
    if (step.op == FeatureOp::write_value)
      write_rows(step, [&](std::int64_t i) { return values_[i]; });
    else if (step.op == FeatureOp::write_mean)
      write_rows(step,
                 [&](std::int64_t i) { return formulas::counted_mean(far[i], near[i], least); });
    else if (step.op == FeatureOp::write_spread)
      write_rows(step, [&](std::int64_t i) {
        return formulas::counted_deviation(far[i], near[i], least > 2 ? least : 2);
      });
    else if (step.op == FeatureOp::write_counted)
      write_rows(step,
                 [&](std::int64_t i) { return near[i] >= least ? far[i] : formulas::kUnknown; });
    else
      write_rows(step, [&](std::int64_t i) { return quantile(step, i); });
  }

  // ---- Quantiles: each place by itself, since a window that slides would be a chain.

  // Bits that order as the numbers do.
  FAIRLEAD_BOTH static std::int64_t ordered(std::int64_t bits) {
    return bits < 0 ? bits ^ INT64_MAX : bits;
  }
  FAIRLEAD_BOTH static std::int64_t key_of(double value) {
    std::int64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return ordered(bits);
  }
  FAIRLEAD_BOTH static double value_of(std::int64_t key) {
    const std::int64_t bits = ordered(key);
    double value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
  }

  template <typename Do>
  FAIRLEAD_BOTH void each_of_window(const FeatureStep& step, std::int64_t at, const Do& act) const {
    for (std::int64_t k = 0; k < step.window && at >= 0; ++k, at -= step.stride) act(values_[at]);
  }

  // The quantile of the window that ends at a place: the value `below` it by halving the range
  // between the least and the greatest, and the next one.
  FAIRLEAD_BOTH double quantile(const FeatureStep& step, std::int64_t at) const {
    std::int64_t count = 0;
    double low = formulas::kInfinity, high = -formulas::kInfinity;
    each_of_window(step, at, [&](double value) {
      count += is_known(value) ? 1 : 0;
      low = value < low ? value : low;
      high = value > high ? value : high;
    });
    if (static_cast<double>(count) < step.least) return formulas::kUnknown;
    const formulas::QuantilePlace place = formulas::quantile_place(step.parameter, count);
    const double below = value_at(step, at, place.below, low, high);
    std::int64_t up_to = 0;
    double next = high;
    each_of_window(step, at, [&](double value) {
      up_to += value <= below ? 1 : 0;
      next = value > below && value < next ? value : next;
    });
    return formulas::interpolated(below, up_to > place.above ? below : next, place.share);
  }

  // The value at a place of the sorted window, the first one 0.
  FAIRLEAD_BOTH double value_at(const FeatureStep& step, std::int64_t at, std::int64_t place,
                                double least, double greatest) const {
    std::int64_t low = key_of(least), high = key_of(greatest);
    while (low < high) {
      const std::int64_t middle = (low & high) + ((low ^ high) >> 1);
      const double pivot = value_of(middle);
      std::int64_t up_to = 0;
      each_of_window(step, at, [&](double value) { up_to += value <= pivot ? 1 : 0; });
      if (up_to > place)
        high = middle;
      else
        low = middle + 1;
    }
    return value_of(low);
  }

  const FeatureSegment& segment_;
  const double* values_;
  T* out_;
  std::int64_t rows_;
  double* slots_;
  std::int64_t longest_;
  int thread_, threads_;
};

// The features of a segment. `crew.each(part)` has every thread of the block do a part and then
// waits for all.
template <typename Crew>
FAIRLEAD_BOTH void make_features(const FeaturePass& pass, Crew& crew) {
  for (std::int32_t i = 0; i < pass.step_count; ++i)
    crew.each([&](auto& worker) { worker.run(pass.steps[i]); });
}

}  // namespace fairlead
