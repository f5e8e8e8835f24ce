// Events by time, for a clock that never goes back (Ahuja, Mehlhorn, Orlin and Tarjan, JACM 1990):
// what is due later stands in the bucket of the highest bit in which its time differs from the
// clock, and is looked at again only as the clock comes near.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace fairlead {

// `Entry` has `std::int64_t order() const`. Pushed entries are not before the last one popped;
// those of one order come out in any sequence.
template <typename Entry>
class RadixHeap {
 public:
  static constexpr std::int64_t kEmpty = std::numeric_limits<std::int64_t>::max();

  // The lowest order inside, kEmpty if there is none.
  std::int64_t least() const { return least_; }

  void push(const Entry& entry) {
    add(entry);
    least_ = std::min(least_, entry.order());
  }

  Entry pop() {
    if (now_.empty()) come_near();
    const Entry entry = now_.back();
    now_.pop_back();
    if (now_.empty()) least_ = least_of_first();
    return entry;
  }

 private:
  void add(const Entry& entry) {
    const auto differs = static_cast<std::uint64_t>(entry.order() ^ clock_);
    if (differs == 0) {
      now_.push_back(entry);
      return;
    }
    const auto bit = static_cast<int>(std::bit_width(differs)) - 1;
    later_[bit].push_back(entry);
    least_of_[bit] = occupied_ >> bit & 1 ? std::min(least_of_[bit], entry.order()) : entry.order();
    occupied_ |= std::uint64_t{1} << bit;
  }

  // Sets the clock to the lowest order, which brings the first bucket nearer.
  void come_near() {
    const int first = std::countr_zero(occupied_);
    occupied_ &= occupied_ - 1;
    clock_ = least_;
    // Every entry goes to a lower bucket, so this one is not written to.
    for (const Entry& entry : later_[first]) add(entry);
    later_[first].clear();
  }

  std::int64_t least_of_first() const {
    return occupied_ == 0 ? kEmpty : least_of_[std::countr_zero(occupied_)];
  }

  std::int64_t clock_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t least_ = kEmpty;
  std::uint64_t occupied_ = 0;               // one bit for each of later_
  std::array<std::int64_t, 64> least_of_{};  // where occupied
  std::vector<Entry> now_;                   // at the clock
  std::array<std::vector<Entry>, 64> later_;
};

}  // namespace fairlead
