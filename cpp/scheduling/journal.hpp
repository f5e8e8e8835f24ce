// An append-only list in chunks: it grows without moving, and copies share what was there when they
// were made.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace fairlead {

template <typename T>
class Journal {
 public:
  void push_back(const T& item) {
    if (!open_ || chunks_.back()->size() == kChunk) open();
    chunks_.back()->push_back(item);
    ++size_;
  }
  void append(std::span<const T> items) {
    for (const T& item : items) push_back(item);
  }
  std::size_t size() const { return size_; }

  // Call before copying: neither this nor the copy then writes to a chunk that the other reads.
  void seal() { open_ = false; }

  // Visits in order of appending.
  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& chunk : chunks_) {
      for (const T& item : *chunk) visit(item);
    }
  }

  std::vector<T> all() const {
    std::vector<T> result;
    result.reserve(size_);
    for (const auto& chunk : chunks_) result.insert(result.end(), chunk->begin(), chunk->end());
    return result;
  }

 private:
  static constexpr std::size_t kChunk = 1024;

  void open() {
    open_ = true;
    // A chunk that no copy reads any more is filled up first, so that many short-lived forks cost
    // nothing.
    if (!chunks_.empty() && chunks_.back().use_count() == 1 && chunks_.back()->size() < kChunk)
      return;
    chunks_.push_back(std::make_shared<std::vector<T>>());
    chunks_.back()->reserve(kChunk);
  }

  std::vector<std::shared_ptr<std::vector<T>>> chunks_;
  std::size_t size_ = 0;
  bool open_ = false;
};

}  // namespace fairlead
