// 64-bit mixing for digests and interning.
#pragma once

#include <cstdint>

namespace fairlead {

// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection with good avalanche.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t combine(std::uint64_t seed, std::uint64_t value) {
  return mix(seed ^ mix(value));
}

}  // namespace fairlead
