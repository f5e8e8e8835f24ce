// What a shape needs at the least of a few resources, and how much of them there is: a test that
// throws out most of what cannot start, for whole subtrees at once.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace fairlead {

inline constexpr std::size_t kNeeds = 2;  // a waiting job then fills one cache line

// By resource, the first few of the cluster; a shape that fits needs nowhere more than there is.
struct Needs {
  std::array<std::int64_t, kNeeds> amount{};

  bool within(const Needs& there) const {
    for (std::size_t i = 0; i < kNeeds; ++i) {
      if (amount[i] > there.amount[i]) return false;
    }
    return true;
  }
  void lower_to(const Needs& other) {
    for (std::size_t i = 0; i < kNeeds; ++i) amount[i] = std::min(amount[i], other.amount[i]);
  }
};

}  // namespace fairlead
