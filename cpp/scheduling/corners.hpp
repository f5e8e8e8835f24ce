// Points by what they ask, in every dimension of it: which of many lie within a room is one look,
// and the lowest of them stand for all above.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "model/needs.hpp"

namespace fairlead {

// What can be taken: jobs that need no more than `free` and, where they are longer than `in_time`,
// no more than `beside` either.
struct Room {
  Needs free, beside;
  Duration in_time;

  bool may_hold(const Needs& needs, Duration estimate) const {
    return needs.within(free) && (estimate <= in_time || needs.within(beside));
  }
};

inline constexpr std::size_t kAsked = kNeeds + 1;

// What a job asks: its needs, and for how long.
struct Corner {
  std::array<Code, kAsked> code{};

  Corner() = default;
  Corner(const Needs& needs, Duration estimate) {
    for (std::size_t k = 0; k < kNeeds; ++k) code[k] = code_of(needs.amount[k]);
    code[kNeeds] = code_of(estimate.ns);
  }
  bool operator==(const Corner&) const = default;
};

// A room, or a little more: a job fits that lies within one of the two corners.
struct Limits {
  explicit Limits(const Room& room) : soon(room.free, room.in_time), late(room.beside, kUnlimited) {
    for (std::size_t k = 0; k < kNeeds; ++k) late.code[k] = std::min(late.code[k], soon.code[k]);
  }
  Corner soon, late;
};

// The lowest corner above both.
Corner highest(const Corner& a, const Corner& b);

// Some of them side by side: what is looked at together stands together.
struct alignas(64) CornerBlock {
  static constexpr std::int32_t kLanes = 16;
  using Lanes = Code __attribute__((vector_size(kLanes * sizeof(Code))));

  std::array<Lanes, kAsked> code{};
};

// Up to 64 of them, in an order that is the owner's; sets of them are bits.
class Corners {
 public:
  static constexpr std::int32_t kMost = 64;

  std::int32_t size() const { return size_; }
  bool full() const { return size_ == kMost; }
  Corner operator[](std::int32_t i) const;
  const CornerBlock& block(std::int32_t i) const { return blocks_[i]; }
  void replace(std::int32_t i, const Corner& corner);
  void push_back(const Corner& corner) { replace(size_++, corner); }
  void insert(std::int32_t i, const Corner& corner);
  void erase(std::int32_t i);
  void move(std::int32_t from, std::int32_t to);  // those between make room
  void truncate(std::int32_t size) { size_ = size; }

  std::uint64_t within(const Limits& limits) const;
  std::uint64_t above(const Corner& corner) const;  // ask nowhere less
  std::uint64_t same(const Corner& corner) const;
  bool any_within(const Limits& limits) const;
  bool any_below(const Corner& corner) const;  // asks nowhere more

 private:
  std::array<CornerBlock, kMost / CornerBlock::kLanes> blocks_;
  std::int32_t size_ = 0;
};

// The lowest of many corners (their Pareto front): each of the many lies above one of these. Of
// too many, neighbours are merged into one below both, so that a front then says a little less.
class Front {
 public:
  // The front of a thousand lines that ask of three resources is mostly shorter.
  static constexpr std::size_t kMost = 4 * Corners::kMost;

  // Becomes the front of any corners, which it sorts; keeps its room.
  void renew(std::vector<Corner>& many);

  // All parts but the last are full.
  std::size_t parts() const { return 1 + more_.size(); }
  const Corners& part(std::size_t i) const { return i == 0 ? first_ : more_[i - 1]; }
  std::size_t size() const {
    return more_.size() * Corners::kMost + static_cast<std::size_t>(part(more_.size()).size());
  }
  bool full() const { return size() >= kMost; }
  bool is_rough() const { return is_rough_; }
  void roughen() { is_rough_ = true; }
  bool may_hold(const Limits& limits) const {
    const auto holds = [&](const Corners& part) { return part.any_within(limits); };
    return holds(first_) || std::ranges::any_of(more_, holds);
  }
  bool covers(const Corner& corner) const {
    const auto covers = [&](const Corners& part) { return part.any_below(corner); };
    return covers(first_) || std::ranges::any_of(more_, covers);
  }
  // What is not covered, where there is room.
  void add(const Corner& corner);
  void push_back(const Corner& corner);  // which covers none of these either
  // Whether it was one of these.
  bool remove(const Corner& corner);

 private:
  void clear();
  Corners& mutable_part(std::size_t i) { return i == 0 ? first_ : more_[i - 1]; }
  void erase(std::size_t part, std::int32_t i);  // the last takes its place

  Corners first_;  // few fronts have more
  std::vector<Corners> more_;
  bool is_rough_ = false;
};

}  // namespace fairlead
