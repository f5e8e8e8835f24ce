// Points in time and spans of it: int64 nanoseconds with types of their own, so that the two cannot
// be mixed.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace fairlead {

struct Duration {
  std::int64_t ns = 0;
  auto operator<=>(const Duration&) const = default;
  // Compilers do better with these than with the above.
  constexpr bool operator<(Duration other) const { return ns < other.ns; }
  constexpr bool operator<=(Duration other) const { return ns <= other.ns; }
  constexpr bool operator>(Duration other) const { return ns > other.ns; }
  constexpr bool operator>=(Duration other) const { return ns >= other.ns; }
};

struct Time {
  std::int64_t ns = 0;
  auto operator<=>(const Time&) const = default;
  // Compilers do better with these than with the above.
  constexpr bool operator<(Time other) const { return ns < other.ns; }
  constexpr bool operator<=(Time other) const { return ns <= other.ns; }
  constexpr bool operator>(Time other) const { return ns > other.ns; }
  constexpr bool operator>=(Time other) const { return ns >= other.ns; }
};

inline constexpr Time kNever{std::numeric_limits<std::int64_t>::max()};
inline constexpr Duration kUnlimited{std::numeric_limits<std::int64_t>::max()};
inline constexpr Duration kSecond{1'000'000'000};

// Saturates: an end that cannot be represented is never.
constexpr Time operator+(Time t, Duration d) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(t.ns, d.ns, &sum) ? kNever : Time{sum};
}

constexpr Duration operator-(Time a, Time b) {
  return {a.ns - b.ns};
}

}  // namespace fairlead
