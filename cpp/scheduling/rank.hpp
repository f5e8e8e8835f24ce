// The place of a job in an order: what it is sorted by, then its submission, then its row.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <limits>

#include "base/time.hpp"

namespace fairlead {

// Lower goes first.
struct Rank {
  std::int64_t key = 0;
  Time submit;
  std::int64_t id = 0;
  auto operator<=>(const Rank&) const = default;
  // Compilers do better with this than with the above.
  bool operator<(const Rank& other) const {
    if (key != other.key) return key < other.key;
    if (submit != other.submit) return submit < other.submit;
    return id < other.id;
  }

  // Integers that compare as the doubles do.
  static std::int64_t key_of(double key) {
    const auto bits = std::bit_cast<std::int64_t>(key + 0.0);  // -0 becomes 0
    return bits < 0 ? bits ^ std::numeric_limits<std::int64_t>::max() : bits;
  }
};

}  // namespace fairlead
