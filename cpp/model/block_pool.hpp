// Placement blocks of running jobs in one array: freed blocks are reused, and a copy is one memcpy.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

class BlockPool {
 public:
  // Blocks come in powers of two, so that a freed one fits the next of its class.
  std::int64_t allocate(std::int64_t size) {
    std::vector<std::int64_t>& list = free_[class_of(size)];
    if (!list.empty()) {
      const std::int64_t offset = list.back();
      list.pop_back();
      return offset;
    }
    const auto offset = static_cast<std::int64_t>(cells_.size());
    cells_.resize(cells_.size() + (std::size_t{1} << class_of(size)));
    return offset;
  }

  void release(std::int64_t offset, std::int64_t size) { free_[class_of(size)].push_back(offset); }

  std::span<std::int32_t> block(std::int64_t offset, std::int64_t size) {
    return {cells_.data() + offset, static_cast<std::size_t>(size)};
  }
  std::span<const std::int32_t> block(std::int64_t offset, std::int64_t size) const {
    return {cells_.data() + offset, static_cast<std::size_t>(size)};
  }

 private:
  static constexpr int kClasses = 40;
  static int class_of(std::int64_t size) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(size > 1 ? size - 1 : 0)));
  }

  std::vector<std::int32_t> cells_;
  std::vector<std::int64_t> free_[kClasses];
};

}  // namespace fairlead
