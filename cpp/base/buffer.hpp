// Scratch for vector loops.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace fairlead {

// Begins at a cache line, so that no vector load of it straddles two.
template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};

  LineAllocator() = default;
  template <typename U>
  explicit LineAllocator(const LineAllocator<U>&) {}

  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, kLine); }
  bool operator==(const LineAllocator&) const = default;
};

using Buffer = std::vector<double, LineAllocator<double>>;

}  // namespace fairlead
