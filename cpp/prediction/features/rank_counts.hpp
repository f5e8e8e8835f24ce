// A multiset of values of one series, with the k-th smallest in O(log n).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

// Values are known by their index; a Fenwick tree counts those that are in by their rank among all
// (Fenwick 1994). The ranks come from the whole series, the values that come out do not.
class RankCounts {
 public:
  // Over the indices first, first + stride, ... of `values`.
  RankCounts(std::span<const double> values, std::int64_t first, std::int64_t stride)
      : values_(values), rank_(values.size(), 0) {
    const auto n = static_cast<std::int64_t>(values.size());
    for (std::int64_t i = first; i < n; i += stride) {
      if (!std::isnan(values[i])) order_.push_back(i);
    }
    std::ranges::sort(order_, {}, [&](std::int64_t i) { return values[i]; });
    for (std::size_t r = 0; r < order_.size(); ++r) rank_[order_[r]] = r + 1;
    tree_.assign(order_.size() + 1, 0);
  }

  // Missing values are not taken in.
  void add(std::int64_t index) { change(index, 1); }
  void remove(std::int64_t index) { change(index, -1); }
  std::int64_t size() const { return size_; }

  // The k-th smallest, k from 0.
  double value(std::int64_t k) const {
    std::size_t at = 0;
    for (std::size_t step = std::bit_floor(tree_.size() - 1); step > 0; step /= 2) {
      if (at + step < tree_.size() && tree_[at + step] <= k) {
        at += step;
        k -= tree_[at];
      }
    }
    return values_[order_[at]];
  }

 private:
  void change(std::int64_t index, std::int64_t by) {
    if (rank_[index] == 0) return;
    size_ += by;
    for (std::size_t at = rank_[index]; at < tree_.size(); at += at & -at) tree_[at] += by;
  }

  std::span<const double> values_;
  std::vector<std::int64_t> order_;  // indices by ascending value
  std::vector<std::size_t> rank_;    // of each index, from 1; 0 = missing
  std::vector<std::int64_t> tree_;
  std::int64_t size_ = 0;
};

}  // namespace fairlead
