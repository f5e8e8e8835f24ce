// Events by time, for a clock that never goes back. The next few stand in order, which is all there
// is of a short list. What is due later stands in the bucket of the highest bit in which its time
// differs from the clock (Ahuja, Mehlhorn, Orlin and Tarjan, JACM 1990), and is looked at again
// only as the clock comes near.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "base/batch.hpp"

namespace fairlead {

// `Entry` has `std::int64_t order() const`. Pushed entries are not before the last one popped;
// those of one order come out in any sequence.
template <typename Entry>
class RadixHeap {
 public:
  static constexpr std::int64_t kEmpty = std::numeric_limits<std::int64_t>::max();

  // The lowest order inside, kEmpty if there is none.
  std::int64_t least() const { return least_; }

  // What is rarely needed stays out of line, so that this is all that a push takes.
  [[gnu::always_inline]] void push(Entry entry) {
    least_ = std::min(least_, entry.order());
    if (entry.order() > horizon_) return add_later(entry);
    Entry* at = next_.add();
    for (; at != next_.begin() && at[-1].order() < entry.order(); --at) *at = at[-1];
    *at = entry;
    if (next_.size() > kFew) thin_out();
  }

  Entry pop() {
    if (next_.empty()) come_near();
    const Entry entry = next_.back();
    next_.pop_back();
    least_ = next_.empty() ? least_later() : next_.back().order();
    return entry;
  }

 private:
  static constexpr std::size_t kFew = 32;  // at most so many stand in order
  static constexpr std::size_t kNear = 8;  // and come out of the buckets at once

  [[gnu::noinline]] void add_later(const Entry& entry) {
    const auto differs = static_cast<std::uint64_t>(entry.order() ^ clock_);
    const auto bit = static_cast<int>(std::bit_width(differs)) - 1;
    later_[bit].push_back(entry);
    least_of_[bit] = occupied_ >> bit & 1 ? std::min(least_of_[bit], entry.order()) : entry.order();
    occupied_ |= std::uint64_t{1} << bit;
  }

  // Half of the few stay, with what is due at one time with the last of them.
  [[gnu::noinline]] void thin_out() {
    horizon_ = next_[next_.size() - kFew / 2].order();
    const auto near = [this](const Entry& entry) { return entry.order() <= horizon_; };
    Entry* const stay = std::ranges::find_if(next_, near);
    std::for_each(next_.begin(), stay, [this](const Entry& entry) { add_later(entry); });
    next_.erase(next_.begin(), stay);
  }

  // Puts the first buckets in order as long as they hold few, else takes what is due at once.
  [[gnu::noinline]] void come_near() {
    if (later_[std::countr_zero(occupied_)].size() > kNear) return spread();
    do {
      std::vector<Entry>& first = later_[std::countr_zero(occupied_)];
      if (next_.size() + first.size() > kNear) break;
      for (const Entry& entry : first) next_.push_back(entry);
      first.clear();
      occupied_ &= occupied_ - 1;
    } while (occupied_ != 0);
    std::ranges::sort(next_, std::ranges::greater{}, &Entry::order);
    horizon_ = occupied_ == 0 ? kEmpty : next_.begin()->order();
  }

  // Sets the clock to the lowest order: every entry of the first bucket goes to a lower one.
  void spread() {
    std::vector<Entry>& first = later_[std::countr_zero(occupied_)];
    occupied_ &= occupied_ - 1;
    clock_ = horizon_ = least_;
    for (const Entry& entry : first) {
      if (entry.order() == clock_) {
        next_.push_back(entry);
      } else {
        add_later(entry);
      }
    }
    first.clear();
  }

  std::int64_t least_later() const {
    return occupied_ == 0 ? kEmpty : least_of_[std::countr_zero(occupied_)];
  }

  std::int64_t least_ = kEmpty;
  std::int64_t horizon_ = kEmpty;  // what is due by then stands in next_
  Batch<Entry> next_;              // the next one last
  std::int64_t clock_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t occupied_ = 0;               // one bit for each of later_
  std::array<std::int64_t, 64> least_of_{};  // where occupied
  std::array<std::vector<Entry>, 64> later_;
};

}  // namespace fairlead
