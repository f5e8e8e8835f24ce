// Which origins share a fit, so that none sees its future.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "prediction/history.hpp"

namespace fairlead::smoothing {

// The origins [begin, end) forecast from a fit to what the first of them knows.
struct Stretch {
  std::size_t begin;
  std::size_t end;
};

constexpr std::size_t kRefits = 5;  // along the origins, besides the last one

// Stretches of about equal size, and the last origin by itself: its fit uses the whole past.
inline std::vector<Stretch> stretches_of(std::size_t origins) {
  std::vector<Stretch> all;
  const std::size_t before = origins - 1;
  const std::size_t count = std::min(kRefits, before);
  for (std::size_t i = 0; i < count; ++i)
    all.push_back({i * before / count, (i + 1) * before / count});
  all.push_back({before, origins});
  return all;
}

// Where the known values begin: a series may start with missing ones.
inline std::int64_t first_observed(const Past& past) {
  const auto found =
      std::ranges::find_if(past.observed, [](std::uint8_t seen) { return seen != 0; });
  return found == past.observed.end() ? 0 : found - past.observed.begin();
}

}  // namespace fairlead::smoothing
