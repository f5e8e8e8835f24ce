// What a shape needs at the least of a few resources, and how much of them there is: a test that
// throws out most of what cannot start, for many shapes at once.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace fairlead {

inline constexpr std::size_t kNeeds = 3;

// By resource, the first few of the cluster; a shape that fits needs nowhere more than there is.
struct Needs {
  std::array<std::int64_t, kNeeds> amount{};

  // Not even 0, where more may be in use than there is.
  static Needs none() {
    Needs needs;
    needs.amount.fill(std::numeric_limits<std::int64_t>::min());
    return needs;
  }
  bool within(const Needs& there) const {
    for (std::size_t i = 0; i < kNeeds; ++i) {
      if (amount[i] > there.amount[i]) return false;
    }
    return true;
  }
};

// An amount as a short float whose bits compare as the amounts do: equal codes may stand for
// amounts that differ by one part in a thousand. Below 0 counts as 0.
using Code = std::uint16_t;

inline Code code_of(std::int64_t amount) {
  constexpr int kMantissa = 10;
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(amount, 0));
  const int above = std::max(0, static_cast<int>(std::bit_width(value)) - kMantissa - 1);
  return static_cast<Code>((static_cast<std::uint64_t>(above) << kMantissa) + (value >> above));
}

}  // namespace fairlead
