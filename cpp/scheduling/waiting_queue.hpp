// The waiting jobs in order: key, then submission, then row. Starting from the front costs nothing
// more for a long queue.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "scheduling/policy.hpp"

namespace fairlead {

struct Waiting {
  double key = 0;
  Time submit;
  std::int64_t id = 0;
  Row slot = 0;
  // What the whole job needs of the first counted resource it asks (-1: none): most candidates fail
  // here, before anything else of theirs is touched.
  std::int32_t first_resource = -1;
  std::int64_t first_need = 0;

  bool operator<(const Waiting& other) const {
    if (key != other.key) return key < other.key;
    if (submit != other.submit) return submit < other.submit;
    return id < other.id;
  }
};

class WaitingQueue {
 public:
  std::size_t size() const { return entries_.size() - begin_; }
  const Waiting& operator[](std::size_t position) const { return entries_[begin_ + position]; }
  std::span<Waiting> entries() { return std::span(entries_).subspan(begin_); }

  // True where the entry has become the last.
  bool insert(const Waiting& entry) {
    if (size() == 0 || entries_.back() < entry) {
      entries_.push_back(entry);
      return true;
    }
    entries_.insert(std::upper_bound(first(), entries_.end(), entry), entry);
    return false;
  }

  void erase(const Waiting& entry) {
    entries_.erase(std::lower_bound(first(), entries_.end(), entry));
  }

  void sort() { std::sort(first(), entries_.end()); }

  // Takes out the entries at the given positions, which are in ascending order.
  void drop(std::span<const std::size_t> positions) {
    std::size_t prefix = 0;
    while (prefix < positions.size() && positions[prefix] == prefix) ++prefix;
    if (prefix < positions.size()) close_gaps(positions.subspan(prefix));
    begin_ += prefix;
    // Each entry is moved at most once for every entry that was started before it.
    if (begin_ > kKeptFront && begin_ > entries_.size() / 2) {
      entries_.erase(entries_.begin(), first());
      begin_ = 0;
    }
  }

 private:
  static constexpr std::size_t kKeptFront = 64;

  std::vector<Waiting>::iterator first() {
    return entries_.begin() + static_cast<std::ptrdiff_t>(begin_);
  }

  void close_gaps(std::span<const std::size_t> positions) {
    const std::span<Waiting> queue = entries();
    std::size_t keep = positions.front();
    for (std::size_t gap = 0; gap < positions.size(); ++gap) {
      const std::size_t end = gap + 1 < positions.size() ? positions[gap + 1] : queue.size();
      for (std::size_t i = positions[gap] + 1; i < end; ++i) queue[keep++] = queue[i];
    }
    entries_.resize(begin_ + keep);
  }

  std::vector<Waiting> entries_;
  std::size_t begin_ = 0;
};

}  // namespace fairlead
