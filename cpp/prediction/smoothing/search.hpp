// Levenberg-Marquardt within bounds for one series: asks for a point, is told the expansion there.
//
// The steps are apart so that several workers can share the long ones, between barriers:
//   begin, then until done(): expand around asked(), tell, and until settled():
//   build, eliminate unknown by unknown, settle.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "prediction/smoothing/expansion.hpp"

namespace fairlead::smoothing {

constexpr int kMostSteps = 30;
// With a long season beside another, whose places are solved for one by one, the search creeps, and
// what it gains late are first states: on the training part of M4 hourly and on clusters before
// their scored weeks forecasts after 10, 30 and 100 steps are equally good.
constexpr int kMostCreepingSteps = 10;
constexpr int kManyPlaces = 64;
constexpr double kFirstDamping = 1e-2;
constexpr double kLeastDamping = 1e-9;
constexpr double kMostDamping = 1e6;
constexpr double kLessDamping = 0.1;
constexpr double kMoreDamping = 10;
constexpr double kSmallGain = 1e-5;  // of the sum of squares: the search ends after two such steps
constexpr int kSmallGains = 2;
constexpr double kNothing = 1e-24;  // squares per value, in units of the mean value

constexpr double kInfinity = std::numeric_limits<double>::infinity();

FAIRLEAD_BOTH double within(double value, double low, double high) {
  return value < low ? low : high < value ? high : value;
}

FAIRLEAD_BOTH int most_steps(const Layout& layout) {
  const bool creeps = layout.seasons > 1 && layout.size - layout.dense > kManyPlaces;
  return creeps ? kMostCreepingSteps : kMostSteps;
}

template <int kStride>
class Search {
 public:
  // Two expansions and two rows of the dense unknowns.
  static FAIRLEAD_BOTH std::int64_t numbers(const Layout& layout) {
    return 2 * expansion_numbers(layout) + 2 * std::int64_t{layout.dense};
  }

  // In memory of that many numbers. The first point is whatever is put into asked().
  FAIRLEAD_BOTH void begin(const Layout& layout, double* room) {
    const std::int64_t each = expansion_numbers(layout) * kStride;
    trial_ = expansion_in<kStride>(layout, room);
    best_ = expansion_in<kStride>(layout, room + each);
    slope_.at = room + 2 * each;
    pivots_.at = slope_.at + std::int64_t{layout.dense} * kStride;
    damping_ = kFirstDamping;
    set_ = 0;
    small_gains_ = 0;
    is_first_ = true;
    done_ = settled_ = false;
  }

  // A search for nothing.
  FAIRLEAD_BOTH void skip() { done_ = settled_ = true; }

  FAIRLEAD_BOTH Expansion<kStride>& asked() { return trial_; }
  FAIRLEAD_BOTH const Expansion<kStride>& best() const { return best_; }
  FAIRLEAD_BOTH bool done() const { return done_; }
  FAIRLEAD_BOTH bool settled() const { return settled_; }

  // `count`: of values observed.
  FAIRLEAD_BOTH void tell(const Layout& layout, std::int64_t count) {
    // Where a search begins without a sum of squares there is no way to tell where to go.
    const bool lost = is_first_ && !(trial_.squares < kInfinity);
    if (lost) trial_.squares = kInfinity;
    if (is_first_ || trial_.squares < best_.squares) {
      const double gain = is_first_ ? 1 : 1 - trial_.squares / best_.squares;
      small_gains_ = gain < kSmallGain ? small_gains_ + 1 : 0;
      const Expansion<kStride> made = trial_;
      trial_ = best_;
      best_ = made;
      const double less = damping_ * kLessDamping;
      if (!is_first_) damping_ = less < kLeastDamping ? kLeastDamping : less;
      is_first_ = false;
    } else {
      damping_ *= kMoreDamping;
    }
    done_ = lost || small_gains_ >= kSmallGains || damping_ > kMostDamping ||
            best_.squares <= kNothing * static_cast<double>(count);
    settled_ = done_;
    if (!done_) hold(layout);
  }

  // The damped system for the dense part of the next step, in place of what was told of the trial.
  // A weight that is set moves by what it is set to; the others are solved for around it.
  FAIRLEAD_BOTH void build(const Layout& layout, Worker worker) {
    const int dense = layout.dense;
    const auto hessian = [&](int row, int column) {
      const int first = row < column ? row : column, later = row < column ? column : row;
      return best_.hessian[std::int64_t{first} * dense + later];
    };
    double sum = 0;
    for (int i = 0; i < dense; ++i) sum += hessian(i, i) * (1 + damping_);
    // The level and the mean of a season say the same: the damping decides between them.
    const double ridge = 1e-10 * (1 + sum / dense);
    for (int column = worker.index; column < dense; column += worker.count) {
      double slope = best_.gradient[column];
      for (int i = 0; i < layout.weights; ++i) {
        if (is_set(i)) slope += hessian(i, column) * change_[i];
      }
      slope_[column] = is_set(column) ? -change_[column] : slope;
      for (int row = column; row < dense; ++row) {
        const bool apart = is_set(row) || is_set(column);
        const double own = hessian(row, column);
        trial_.hessian[std::int64_t{column} * dense + row] =
            row != column ? (apart ? 0 : own) : (apart ? 1 : own * (1 + damping_) + ridge);
      }
    }
  }

  // Column `k` of the Cholesky factor, from those before it. An unknown without a positive pivot
  // stays where it is.
  FAIRLEAD_BOTH void eliminate(const Layout& layout, int k, Worker worker) {
    const std::int64_t dense = layout.dense;
    const Strided<kStride>& system = trial_.hessian;
    double pivot = system[k * dense + k];
    for (int j = 0; j < k; ++j) pivot -= system[j * dense + k] * system[j * dense + k];
    pivot = pivot > 0 ? sqrt(pivot) : kInfinity;
    if (worker.index == 0) pivots_[k] = pivot;
    constexpr int kTogether = 4;  // rows that share what is read of row k
    for (std::int64_t row = k + 1 + kTogether * worker.index; row < dense;
         row += kTogether * worker.count) {
      if (row + kTogether <= dense) {
        eliminate_rows<kTogether>(dense, k, row, pivot);
      } else {
        for (std::int64_t i = row; i < dense; ++i) eliminate_rows<1>(dense, k, i, pivot);
      }
    }
  }

  // Solves, and moves the point; a weight that would leave its bounds is set to its bound instead,
  // and the others are to be solved for anew.
  FAIRLEAD_BOTH void settle(const Layout& layout) {
    solve(layout.dense);
    settled_ = true;
    for (int i = 0; i < layout.weights; ++i) {
      if (is_set(i)) continue;
      const double at = best_.point[i] - slope_[i];
      const double bound = within(at, layout.lower[i], layout.upper[i]);
      if (bound == at) continue;
      change_[i] = bound - best_.point[i];
      set_ |= 1u << i;
      settled_ = false;
    }
    if (settled_) move(layout);
  }

 private:
  FAIRLEAD_BOTH bool is_set(int i) const { return i < kMostWeights && (set_ >> i & 1u) != 0; }

  // A weight that stands at a bound and would leave it stays.
  FAIRLEAD_BOTH void hold(const Layout& layout) {
    set_ = 0;
    for (int i = 0; i < layout.weights; ++i) {
      const double at = best_.point[i], slope = best_.gradient[i];
      if ((at <= layout.lower[i] && slope > 0) || (at >= layout.upper[i] && slope < 0)) {
        set_ |= 1u << i;
        change_[i] = 0;
      }
    }
  }

  template <int kRows>
  FAIRLEAD_BOTH void eliminate_rows(std::int64_t dense, int k, std::int64_t row, double pivot) {
    const Strided<kStride>& system = trial_.hessian;
    double sums[kRows];
    for (int i = 0; i < kRows; ++i) sums[i] = system[k * dense + row + i];
    for (int j = 0; j < k; ++j) {
      const double factor = system[j * dense + k];
      for (int i = 0; i < kRows; ++i) sums[i] -= system[j * dense + row + i] * factor;
    }
    for (int i = 0; i < kRows; ++i) system[k * dense + row + i] = sums[i] / pivot;
  }

  // The slope becomes what to go down by.
  FAIRLEAD_BOTH void solve(std::int64_t dense) {
    const Strided<kStride>& factor = trial_.hessian;
    for (std::int64_t i = 0; i < dense; ++i) {
      double sum = slope_[i];
      for (std::int64_t j = 0; j < i; ++j) sum -= factor[j * dense + i] * slope_[j];
      slope_[i] = sum / pivots_[i];
    }
    for (std::int64_t i = dense - 1; i >= 0; --i) {
      double sum = slope_[i];
      for (std::int64_t j = i + 1; j < dense; ++j) sum -= factor[i * dense + j] * slope_[j];
      slope_[i] = sum / pivots_[i];
    }
  }

  FAIRLEAD_BOTH void move(const Layout& layout) {
    for (int i = 0; i < layout.dense; ++i) trial_.point[i] = best_.point[i] - slope_[i];
    for (int i = layout.dense; i < layout.size; ++i)
      trial_.point[i] =
          best_.point[i] -
          best_.gradient[i] / (best_.diagonal[i - layout.dense] * (1 + damping_) + 1e-10);
    for (int i = 0; i < layout.weights; ++i)
      trial_.point[i] = within(trial_.point[i], layout.lower[i], layout.upper[i]);
  }

  Expansion<kStride> trial_, best_;
  Strided<kStride> slope_, pivots_;
  double change_[kMostWeights];
  double damping_;
  unsigned set_;  // a bit per weight
  int small_gains_;
  bool is_first_, done_, settled_;
};

}  // namespace fairlead::smoothing
