// A hash table from 64-bit keys to records that are made on first use: open addressing, records in
// the order of their making, nothing ever erased.
#pragma once

#include <cstdint>
#include <vector>

namespace fairlead {

template <typename Record>
class KeyTable {
 public:
  // The record of the key, or nothing. Key 0 has none.
  const Record* find(std::uint64_t key) const {
    if (key == 0 || cells_.empty()) return nullptr;
    for (std::size_t at = key & mask_;; at = (at + 1) & mask_) {
      if (cells_[at].key == key) return &records_[cells_[at].record];
      if (cells_[at].key == 0) return nullptr;
    }
  }

  // The record of a key that is not 0; a new one is a copy of `fresh`.
  Record& at(std::uint64_t key, const Record& fresh = {}) {
    if (2 * (records_.size() + 1) > cells_.size()) grow();
    std::size_t at = key & mask_;
    for (; cells_[at].key != 0; at = (at + 1) & mask_) {
      if (cells_[at].key == key) return records_[cells_[at].record];
    }
    Record& made = records_.emplace_back(fresh);
    cells_[at] = {key, static_cast<std::uint32_t>(records_.size() - 1)};
    return made;
  }

 private:
  struct Cell {
    std::uint64_t key = 0;
    std::uint32_t record = 0;
  };

  void grow() {
    std::vector<Cell> old(cells_.empty() ? 64 : 2 * cells_.size());
    old.swap(cells_);
    mask_ = cells_.size() - 1;
    for (const Cell& cell : old) {
      if (cell.key == 0) continue;
      std::size_t at = cell.key & mask_;
      while (cells_[at].key != 0) at = (at + 1) & mask_;
      cells_[at] = cell;
    }
  }

  std::vector<Cell> cells_;
  std::size_t mask_ = 0;
  std::vector<Record> records_;
};

}  // namespace fairlead
