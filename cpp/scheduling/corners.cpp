#include "scheduling/corners.hpp"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <span>

#include "base/clones.hpp"

namespace fairlead {
namespace {

using Lanes = CornerBlock::Lanes;
constexpr std::int32_t kLanes = CornerBlock::kLanes;

// What looks at all corners are functions of this file: a member that is compiled for several
// instruction sets here, and declared without them in the header, is two to the linker.

// A bit for each corner, from a test that is done for a block at once: 0 where it fails.
template <typename Test>
inline std::uint64_t where(const Corners& corners, Test test) {
  using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));
  std::uint64_t bits = 0;
  for (std::int32_t from = 0; from < corners.size(); from += kLanes) {
    Lanes held;
    test(corners.block(from / kLanes), held);
    const Bytes bytes = __builtin_convertvector(held, Bytes) & 1;
    // Eight bytes that are 0 or 1 become eight bits.
    constexpr std::uint64_t kGather = 0x0102040810204080;
    std::array<std::uint64_t, kLanes / 8> eights;
    std::memcpy(eights.data(), &bytes, sizeof eights);
    for (std::int32_t k = 0; k < kLanes / 8; ++k) {
      bits |= eights[k] * kGather >> 56 << (from + 8 * k);
    }
  }
  return corners.full() ? bits : bits & ((std::uint64_t{1} << corners.size()) - 1);
}

// Whether it holds for any, which is cheaper to say.
template <typename Test>
inline bool any(const Corners& corners, Test test) {
  Lanes all{}, held;
  std::int32_t from = 0;
  for (; from <= corners.size() - kLanes; from += kLanes) {
    test(corners.block(from / kLanes), held);
    all |= held;
  }
  if (from < corners.size()) {
    constexpr Lanes kLane{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    test(corners.block(from / kLanes), held);
    all |= held & reinterpret_cast<Lanes>(kLane < static_cast<Code>(corners.size() - from));
  }
  std::array<std::uint64_t, sizeof all / sizeof(std::uint64_t)> words;
  std::memcpy(words.data(), &all, sizeof all);
  return std::accumulate(words.begin(), words.end(), std::uint64_t{0}, std::bit_or<>()) != 0;
}

// Tests whether they lie within the limits.
struct Within {
  const Limits& limits;

  void operator()(const CornerBlock& block, Lanes& held) const {
    auto soon = block.code[0] <= limits.soon.code[0], late = block.code[0] <= limits.late.code[0];
    for (std::size_t k = 1; k < kAsked; ++k) {
      soon &= block.code[k] <= limits.soon.code[k];
      late &= block.code[k] <= limits.late.code[k];
    }
    held = reinterpret_cast<Lanes>(soon | late);
  }
};

FAIRLEAD_CLONES
std::uint64_t those_within(const Corners& corners, const Limits& limits) {
  return where(corners, Within{limits});
}

FAIRLEAD_CLONES
bool any_within(const Corners& corners, const Limits& limits) {
  return any(corners, Within{limits});
}

FAIRLEAD_CLONES
bool any_below(const Corners& corners, const Corner& corner) {
  return any(corners, [&](const CornerBlock& block, Lanes& held) {
    auto all = block.code[0] <= corner.code[0];
    for (std::size_t k = 1; k < kAsked; ++k) all &= block.code[k] <= corner.code[k];
    held = reinterpret_cast<Lanes>(all);
  });
}

FAIRLEAD_CLONES
std::uint64_t those_above(const Corners& corners, const Corner& corner) {
  return where(corners, [&](const CornerBlock& block, Lanes& held) {
    auto all = block.code[0] >= corner.code[0];
    for (std::size_t k = 1; k < kAsked; ++k) all &= block.code[k] >= corner.code[k];
    held = reinterpret_cast<Lanes>(all);
  });
}

FAIRLEAD_CLONES
std::uint64_t the_same(const Corners& corners, const Corner& corner) {
  return where(corners, [&](const CornerBlock& block, Lanes& held) {
    auto all = block.code[0] == corner.code[0];
    for (std::size_t k = 1; k < kAsked; ++k) all &= block.code[k] == corner.code[k];
    held = reinterpret_cast<Lanes>(all);
  });
}

}  // namespace

std::uint64_t Corners::within(const Limits& limits) const {
  return those_within(*this, limits);
}

bool Corners::any_within(const Limits& limits) const {
  return fairlead::any_within(*this, limits);
}

bool Corners::any_below(const Corner& corner) const {
  return fairlead::any_below(*this, corner);
}

std::uint64_t Corners::above(const Corner& corner) const {
  return those_above(*this, corner);
}

std::uint64_t Corners::same(const Corner& corner) const {
  return the_same(*this, corner);
}

Corner Corners::operator[](std::int32_t i) const {
  Corner corner;
  for (std::size_t k = 0; k < kAsked; ++k) corner.code[k] = blocks_[i / kLanes].code[k][i % kLanes];
  return corner;
}

void Corners::replace(std::int32_t i, const Corner& corner) {
  for (std::size_t k = 0; k < kAsked; ++k) blocks_[i / kLanes].code[k][i % kLanes] = corner.code[k];
}

void Corners::move(std::int32_t from, std::int32_t to) {
  const Corner moved = (*this)[from];
  const std::int32_t step = from < to ? 1 : -1;
  while (from != to) {
    // To the end of the block at once, and one into the next.
    const std::int32_t lane = from % kLanes;
    const std::int32_t room = from < to ? kLanes - 1 - lane : lane;
    const std::int32_t count = std::min(std::abs(to - from), room);
    const std::int32_t first = from < to ? lane : lane - count;
    for (Lanes& codes : blocks_[from / kLanes].code) {
      auto* const code = reinterpret_cast<Code*>(&codes) + first;
      std::memmove(from < to ? code : code + 1, from < to ? code + 1 : code,
                   static_cast<std::size_t>(count) * sizeof(Code));
    }
    from += step * count;
    if (from == to) break;
    replace(from, (*this)[from + step]);
    from += step;
  }
  replace(to, moved);
}

void Corners::insert(std::int32_t i, const Corner& corner) {
  push_back(corner);
  move(size_ - 1, i);
}

void Corners::erase(std::int32_t i) {
  move(i, size_ - 1);
  --size_;
}

Corner highest(const Corner& a, const Corner& b) {
  Corner highest;
  for (std::size_t k = 0; k < kAsked; ++k) highest.code[k] = std::max(a.code[k], b.code[k]);
  return highest;
}

// ---- fronts -----------------------------------------------------------------------------------

void Front::clear() {
  first_.truncate(0);
  more_.clear();
  is_rough_ = false;
}

void Front::push_back(const Corner& corner) {
  if (part(more_.size()).full()) more_.emplace_back();
  mutable_part(more_.size()).push_back(corner);
}

void Front::erase(std::size_t part, std::int32_t i) {
  Corners& tail = mutable_part(more_.size());
  const std::int32_t last = tail.size() - 1;
  mutable_part(part).replace(i, tail[last]);
  tail.truncate(last);
  if (last == 0 && !more_.empty()) more_.pop_back();
}

// From the last on, so that what takes a place has been looked at.
void Front::add(const Corner& corner) {
  for (std::size_t p = parts(); p-- > 0;) {
    for (std::uint64_t above = part(p).above(corner); above != 0;) {
      const int last = 63 - std::countl_zero(above);
      erase(p, last);
      above ^= std::uint64_t{1} << last;
    }
  }
  push_back(corner);
}

bool Front::remove(const Corner& corner) {
  for (std::size_t p = 0; p < parts(); ++p) {
    const std::uint64_t same = part(p).same(corner);
    if (same == 0) continue;
    erase(p, std::countr_zero(same));
    return true;
  }
  return false;
}

namespace {

Corner merged(std::span<const Corner> many) {
  Corner least = many[0];
  for (const Corner& corner : many) {
    for (std::size_t k = 0; k < kAsked; ++k) {
      least.code[k] = std::min(least.code[k], corner.code[k]);
    }
  }
  return least;
}

// The dimension in which they lie furthest apart.
std::size_t widest(std::span<const Corner> many) {
  std::size_t best = 0;
  int most = -1;
  for (std::size_t k = 0; k < kAsked; ++k) {
    const auto code = [k](const Corner& corner) { return corner.code[k]; };
    const auto [low, high] = std::ranges::minmax(many, {}, code);
    if (high.code[k] - low.code[k] <= most) continue;
    most = high.code[k] - low.code[k];
    best = k;
  }
  return best;
}

// Halves at the median, as in a k-d tree, until there are as many groups as asked for.
void merge_into(Front& out, std::span<Corner> many, std::size_t groups) {
  if (groups == 1 || many.size() == 1) return out.push_back(merged(many));
  const std::size_t k = widest(many);
  const std::size_t half = many.size() / 2;
  std::ranges::nth_element(many, many.begin() + static_cast<std::ptrdiff_t>(half), {},
                           [k](const Corner& corner) { return corner.code[k]; });
  merge_into(out, many.first(half), groups / 2);
  merge_into(out, many.subspan(half), groups - groups / 2);
}

}  // namespace

void Front::renew(std::vector<Corner>& many) {
  // Those that ask little in all come first, so that most of the others are soon seen to be
  // covered, and none covers one before it.
  const auto sum = [](const Corner& corner) {
    return std::accumulate(corner.code.begin(), corner.code.end(), std::uint32_t{0});
  };
  std::ranges::sort(many, {}, sum);
  clear();
  std::size_t count = 0;
  for (const Corner& corner : many) {
    if (covers(corner)) continue;
    push_back(corner);
    many[count++] = corner;
  }
  if (!full()) return;
  // Room is left for what is added until the next time.
  constexpr std::size_t kMerged = kMost * 3 / 4;
  clear();
  roughen();
  merge_into(*this, {many.data(), count}, kMerged);
}

}  // namespace fairlead
