// What a shape needs at the least of a few resources, and how much of them there is: a test that
// throws out most of what cannot start, for whole subtrees at once.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace fairlead {

inline constexpr std::size_t kNeeds = 3;

// By resource, the first few of the cluster; a shape that fits needs nowhere more than there is.
struct Needs {
  std::array<std::int64_t, kNeeds> amount{};

  bool within(const Needs& there) const {
    for (std::size_t i = 0; i < kNeeds; ++i) {
      if (amount[i] > there.amount[i]) return false;
    }
    return true;
  }
  // Along the Z-order curve (Morton 1966): what is near on it needs alike.
  std::uint64_t place() const {
    std::uint64_t bits = 0;
    for (int bit = kCodeBits - 1; bit >= 0; --bit) {
      for (std::size_t i = 0; i < kNeeds; ++i) bits = bits << 1 | (code(amount[i]) >> bit & 1);
    }
    return bits;
  }
  void lower_to(const Needs& other) {
    for (std::size_t i = 0; i < kNeeds; ++i) amount[i] = std::min(amount[i], other.amount[i]);
  }

 private:
  // As a short float whose bits compare as the amounts do, so that each octave gets the same share.
  static constexpr int kCodeBits = 21, kMantissa = 15;
  static std::uint64_t code(std::int64_t amount) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(amount, 0));
    const int above = std::max(0, static_cast<int>(std::bit_width(value)) - kMantissa - 1);
    return (static_cast<std::uint64_t>(above) << kMantissa) + (value >> above);
  }
};

}  // namespace fairlead
