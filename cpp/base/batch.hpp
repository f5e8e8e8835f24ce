// What is filled and emptied all the time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace fairlead {

// A vector for hot loops: growing is a call, so that it takes no registers from what stands around
// push_back(), and nothing is asked to empty it. Items are default constructible.
template <typename T>
class Batch {
 public:
  Batch() = default;
  Batch(const Batch& other) : items_(other.begin(), other.end()), size_(other.size_) {}
  Batch(Batch&& other) noexcept
      : items_(std::move(other.items_)), size_(std::exchange(other.size_, 0)) {}
  Batch& operator=(Batch other) noexcept {
    items_.swap(other.items_);
    std::swap(size_, other.size_);
    return *this;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return items_.data(); }
  T* end() { return items_.data() + size_; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }
  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  T& back() { return items_[size_ - 1]; }
  const T& back() const { return items_[size_ - 1]; }

  // A new last one, not yet written.
  [[gnu::always_inline]] T* add() {
    if (end() == std::to_address(items_.end())) grow();
    return items_.data() + size_++;
  }
  [[gnu::always_inline]] void push_back(const T& item) { *add() = item; }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }
  void insert(T* at, const T& item) {
    const auto before = at - begin();
    add();
    std::copy_backward(begin() + before, end() - 1, end());
    begin()[before] = item;
  }
  void erase(T* first, T* last) {
    size_ -= static_cast<std::size_t>(last - first);
    std::copy(last, items_.data() + size_ + (last - first), first);
  }

 private:
  [[gnu::noinline]] void grow() { items_.resize(2 * size_ + 16); }

  std::vector<T> items_;  // the first size_ of them
  std::size_t size_ = 0;
};

}  // namespace fairlead
