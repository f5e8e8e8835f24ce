// Entries sorted by an integer, in short blocks: walked like an array, and an insertion moves few.
// While one block holds them all, new ones stand behind those in order until somebody looks: most
// leave unseen.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fairlead {

// `Entry` has `std::int64_t order() const` and `==`; entries with one order stand in any.
template <typename Entry>
class SortedList {
 public:
  struct Position {
    std::size_t block = 0, offset = 0;
    bool operator==(const Position&) const = default;
  };

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void insert(const Entry& entry) {
    ++size_;
    if (blocks_.size() > 1) return insert_in_order(entry);
    Block& block = blocks_.front();
    block.entries[block.size++] = entry;
    if (block.size == kBlock) give_up_laziness();
  }

  // The entry must be there.
  [[gnu::always_inline]] void erase(const Entry& entry) {
    --size_;
    if (blocks_.size() > 1) return erase_in_order(entry);
    Block& block = blocks_.front();
    Entry* at = block.entries.data();
    while (!(*at == entry)) ++at;
    // What is in order moves up; behind that, any entry may fill the gap.
    Entry* const unordered = block.entries.data() + in_order_;
    if (at < unordered) {
      at = std::copy(at + 1, unordered, at);
      --in_order_;
    }
    *at = block.entries[--block.size];
  }

  // Positions hold until something is inserted or erased.
  Position begin() {
    settle();
    return {};
  }
  Position end() const { return {blocks_.size() - 1, blocks_.back().size}; }
  const Entry& operator[](Position p) const { return blocks_[p.block].entries[p.offset]; }
  Position next(Position p) const {
    if (++p.offset == blocks_[p.block].size && p.block + 1 < blocks_.size()) p = {p.block + 1, 0};
    return p;
  }
  Position previous(Position p) const {
    if (p.offset == 0) p = {p.block - 1, blocks_[p.block - 1].size};
    --p.offset;
    return p;
  }

  // The first entry behind the order, or the end.
  Position first_behind(std::int64_t order) {
    settle();
    const std::size_t b = block_behind(order);
    const std::size_t offset = behind(blocks_[b], order);
    if (offset == blocks_[b].size && b + 1 < blocks_.size()) return {b + 1, 0};
    return {b, offset};
  }

  template <typename Visit>
  void each(Visit visit) {
    settle();
    for (const Block& block : blocks_) {
      for (std::size_t i = 0; i < block.size; ++i) visit(block.entries[i]);
    }
  }

 private:
  static constexpr std::size_t kBlock = 64;
  struct Block {
    std::size_t size = 0;
    std::array<Entry, kBlock> entries;
  };

  [[gnu::noinline]] void give_up_laziness() {
    settle();
    halve(0);
  }

  [[gnu::noinline]] void insert_in_order(const Entry& entry) {
    const std::size_t b = block_behind(entry.order());
    Block& block = blocks_[b];
    Entry* const at = block.entries.data() + behind(block, entry.order());
    Entry* const end = block.entries.data() + block.size++;
    std::copy_backward(at, end, end + 1);
    *at = entry;
    if (block.size == kBlock) halve(b);
  }

  [[gnu::noinline]] void erase_in_order(const Entry& entry) {
    Position at = first_behind(entry.order() - 1);
    while (!((*this)[at] == entry)) at = next(at);
    Block& block = blocks_[at.block];
    Entry* const gap = block.entries.data() + at.offset;
    std::copy(gap + 1, block.entries.data() + block.size--, gap);
    if (block.size > 0) return;
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(at.block));
    if (blocks_.size() == 1) in_order_ = blocks_.front().size;
  }

  // Brings the entries of a single block in order.
  void settle() {
    if (blocks_.size() > 1) return;
    Block& block = blocks_.front();
    for (; in_order_ < block.size; ++in_order_) {
      const Entry entry = block.entries[in_order_];
      std::size_t at = in_order_;
      for (; at > 0 && entry.order() < block.entries[at - 1].order(); --at)
        block.entries[at] = block.entries[at - 1];
      block.entries[at] = entry;
    }
  }

  // How many of the block are not behind the order; no branch depends on what is compared.
  static std::size_t behind(const Block& block, std::int64_t order) {
    const Entry* base = block.entries.data();
    std::size_t n = block.size;
    while (n > 1) {
      const std::size_t half = n / 2;
      base += base[half - 1].order() <= order ? half : 0;
      n -= half;
    }
    const std::size_t before = static_cast<std::size_t>(base - block.entries.data());
    return before + (n == 1 && base->order() <= order ? 1 : 0);
  }

  // The last block that begins at or before the order, else the first.
  std::size_t block_behind(std::int64_t order) const {
    if (blocks_.size() == 1) return 0;
    const auto it = std::partition_point(
        blocks_.begin() + 1, blocks_.end(),
        [&](const Block& block) { return block.entries.front().order() <= order; });
    return static_cast<std::size_t>(it - blocks_.begin()) - 1;
  }

  void halve(std::size_t b) {
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(b) + 1, blocks_[b]);
    Block& upper = blocks_[b + 1];
    std::copy(upper.entries.begin() + kBlock / 2, upper.entries.end(), upper.entries.begin());
    blocks_[b].size = upper.size = kBlock / 2;
  }

  std::vector<Block> blocks_ = std::vector<Block>(1);
  std::size_t size_ = 0;
  std::size_t in_order_ = 0;  // entries of a single block
};

}  // namespace fairlead
