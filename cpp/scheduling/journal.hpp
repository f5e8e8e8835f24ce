// An append-only list in chunks, each of which knows the one before: it grows without moving, and a
// copy takes one pointer and shares what was there.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace fairlead {

template <typename T>
class Journal {
 public:
  Journal() = default;
  Journal(const Journal&) = default;
  Journal(Journal&&) noexcept = default;
  Journal& operator=(const Journal& other) { return *this = Journal(other); }
  Journal& operator=(Journal&& other) noexcept {
    std::swap(last_, other.last_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    return *this;
  }
  // One by one: chunks that let go of each other would do so as deep as the list is long.
  ~Journal() {
    while (last_ && last_.use_count() == 1) last_ = std::move(last_->before);
  }

  void push_back(const T& item) {
    if (room_ == 0) open();
    std::vector<T>& items = last_->items;
    if (items.size() == items.capacity()) __builtin_unreachable();  // open() made room
    items.push_back(item);
    --room_;
    ++size_;
  }
  void append(std::span<const T> items) {
    for (const T& item : items) push_back(item);
  }
  std::size_t size() const { return size_; }
  // The chunk stays where no copy reads it, so that who forgets after every item allocates nothing.
  void clear() {
    if (!is_own()) {
      *this = Journal();
      return;
    }
    Journal earlier;
    earlier.last_ = std::move(last_->before);
    last_->items.clear();
    room_ = kChunk;
    size_ = 0;
  }

  // Call before copying: neither this nor the copy then writes to a chunk that the other reads.
  void seal() { room_ = 0; }

  // Visits in order of appending.
  template <typename Visit>
  void each(Visit visit) const {
    if (!last_) return;
    std::vector<const Chunk*> earlier;  // often none
    for (const Chunk* chunk = last_->before.get(); chunk != nullptr; chunk = chunk->before.get()) {
      earlier.push_back(chunk);
    }
    for (auto chunk = earlier.rbegin(); chunk != earlier.rend(); ++chunk) {
      for (const T& item : (*chunk)->items) visit(item);
    }
    for (const T& item : last_->items) visit(item);
  }

  std::vector<T> all() const {
    std::vector<T> result;
    result.reserve(size_);
    each([&](const T& item) { result.push_back(item); });
    return result;
  }

 private:
  static constexpr std::size_t kChunk = 1024;
  struct Chunk {
    std::vector<T> items;
    std::shared_ptr<Chunk> before;
  };

  // Whether no copy reads the last chunk, or none does any more.
  bool is_own() const {
    if (!last_ || last_.use_count() > 1) return false;
    // Copies that were dropped in other threads have done with the chunk.
    std::atomic_thread_fence(std::memory_order_acquire);
    return true;
  }

  [[gnu::noinline]] void open() {
    // A chunk of its own is filled up first, so that many short-lived forks cost nothing.
    if (!is_own() || last_->items.size() == kChunk) {
      auto chunk = std::make_shared<Chunk>();
      chunk->items.reserve(kChunk);
      chunk->before = std::move(last_);
      last_ = std::move(chunk);
    }
    room_ = kChunk - last_->items.size();
  }

  std::shared_ptr<Chunk> last_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;  // in the last chunk, while it is this journal's alone
};

}  // namespace fairlead
