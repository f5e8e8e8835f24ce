// Distinct rows of integers, numbered as they come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/hash.hpp"

namespace fairlead {

class RowSet {
 public:
  explicit RowSet(std::size_t width) : width_(width), slots_(1024, -1) {}

  std::int32_t size() const { return static_cast<std::int32_t>(hashes_.size()); }
  std::span<const std::int64_t> row(std::int32_t id) const {
    return {cells_.data() + id * width_, width_};
  }

  // The number of the row equal to this one, which is kept if it is new.
  std::int32_t add(std::span<const std::int64_t> values) {
    std::uint64_t hash = 0;
    for (const std::int64_t value : values) {
      hash = combine(hash, static_cast<std::uint64_t>(value));
    }
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] >= 0; slot = (slot + 1) & (slots_.size() - 1)) {
      if (hashes_[slots_[slot]] == hash && std::ranges::equal(row(slots_[slot]), values)) {
        return slots_[slot];
      }
    }
    slots_[slot] = size();
    hashes_.push_back(hash);
    cells_.insert(cells_.end(), values.begin(), values.end());
    if (hashes_.size() * 2 > slots_.size()) grow();
    return size() - 1;
  }

 private:
  void grow() {
    slots_.assign(slots_.size() * 4, -1);
    for (std::int32_t id = 0; id < size(); ++id) {
      std::size_t slot = hashes_[id] & (slots_.size() - 1);
      while (slots_[slot] >= 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = id;
    }
  }

  std::size_t width_;
  std::vector<std::int64_t> cells_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::int32_t> slots_;  // open addressing, a power of two
};

}  // namespace fairlead
