// The tree of lines, and the fronts that its searches go by, against a look at every line.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <vector>

#include "scheduling/line_tree.hpp"

namespace fairlead {
namespace {

using Random = std::mt19937;

bool lies_above(const Corner& corner, const Corner& low) {
  for (std::size_t k = 0; k < kAsked; ++k) {
    if (corner.code[k] < low.code[k]) return false;
  }
  return true;
}

// The less of one, the more of another: few lie above another, so that fronts are long.
Corner steep_corner(Random& random) {
  Corner corner;
  int left = 1000;
  for (std::size_t k = 0; k + 1 < kAsked; ++k) {
    const int amount = static_cast<int>(random() % static_cast<unsigned>(left + 1));
    corner.code[k] = static_cast<Code>(amount);
    left -= amount;
  }
  corner.code[kAsked - 1] = static_cast<Code>(left + static_cast<int>(random() % 20));
  return corner;
}

// Every other one lies just above the one before, and so above no other.
struct AnyCorner {
  Corner previous;

  Corner operator()(Random& random) {
    if (random() % 2 == 0) {
      for (Code& code : previous.code) code = static_cast<Code>(random() % 1000);
      return previous;
    }
    for (Code& code : previous.code) code = static_cast<Code>(code + random() % 3);
    return previous;
  }
};

std::vector<Corner> corners_of(const Front& front) {
  std::vector<Corner> all;
  for (std::size_t p = 0; p < front.parts(); ++p) {
    const Corners& part = front.part(p);
    for (std::int32_t i = 0; i < part.size(); ++i) all.push_back(part[i]);
  }
  return all;
}

std::vector<Corner> sorted(std::vector<Corner> corners) {
  std::ranges::sort(corners, {}, &Corner::code);
  return corners;
}

TEST(Front, CoversAllItIsOfAndNothingElseUntilCornersAreMerged) {
  Random random(1);
  Front front;
  for (const std::size_t size : {1U, 40U, 200U, 2000U, 40U}) {
    std::vector<Corner> all(size);
    for (Corner& corner : all) corner = steep_corner(random);
    std::vector<Corner> many = all;
    front.renew(many);
    EXPECT_EQ(front.is_rough(), size == 2000);
    EXPECT_LT(front.size(), Front::kMost);
    for (const Corner& corner : all) EXPECT_TRUE(front.covers(corner));
    if (front.is_rough()) continue;
    std::vector<Corner> lowest;
    std::ranges::copy_if(all, std::back_inserter(lowest), [&](const Corner& corner) {
      return std::ranges::none_of(
          all, [&](const Corner& low) { return low != corner && lies_above(corner, low); });
    });
    EXPECT_EQ(sorted(corners_of(front)), sorted(lowest));
  }
}

// Enough of them that a front has several parts, and loses some.
TEST(Front, IsTheLowestOfWhatIsAddedAndRemoved) {
  Random random(5);
  Front front;
  std::vector<Corner> lowest;
  std::size_t longest = 0;
  for (int step = 0; step < 3000; ++step) {
    const bool grows = step < 1500;
    const Corner corner = grows ? steep_corner(random) : lowest[random() % lowest.size()];
    const auto is_above = [&](const Corner& other) { return lies_above(other, corner); };
    const auto is_below = [&](const Corner& other) { return lies_above(corner, other); };
    const bool is_covered = std::ranges::any_of(lowest, is_below);
    ASSERT_EQ(front.covers(corner), is_covered) << "step " << step;
    if (grows) {
      if (is_covered || front.full()) continue;
      std::erase_if(lowest, is_above);
      lowest.push_back(corner);
      front.add(corner);
    } else {
      std::erase(lowest, corner);
      ASSERT_TRUE(front.remove(corner));
      ASSERT_FALSE(front.remove(corner));
    }
    ASSERT_EQ(sorted(corners_of(front)), sorted(lowest)) << "step " << step;
    ASSERT_EQ(front.size(), lowest.size());
    longest = std::max(longest, front.size());
    if (!grows && lowest.empty()) break;
  }
  EXPECT_GT(longest, 2 * Corners::kMost);
  EXPECT_EQ(front.size(), 0);
}

TEST(Front, DropsWhatLiesAboveAnAddedCorner) {
  Front front;
  for (const Code low : std::array<Code, 3>{9, 7, 5}) {
    Corner corner;
    corner.code.fill(low);
    EXPECT_FALSE(front.covers(corner));
    front.add(corner);
    EXPECT_TRUE(front.covers(corner));
    EXPECT_EQ(front.size(), 1);
  }
  EXPECT_FALSE(front.remove(Corner{}));
  EXPECT_TRUE(front.remove(front.part(0)[0]));
  EXPECT_EQ(front.size(), 0);
}

// Finds the lines within the limits that come before a place.
struct All {
  Limits most;
  Rank before;
  const std::map<Rank, Corner>& places;
  const std::vector<Rank>& rank_of_line;
  std::vector<Item> found;

  const Limits& limits() const { return most; }
  bool wants(const Rank& rank) const { return rank < before; }
  void line(Item line) {
    if (fits(places.at(rank_of_line[line]))) found.push_back(line);
  }

  bool fits(const Corner& corner) const {
    return lies_above(most.soon, corner) || lies_above(most.late, corner);
  }
  std::vector<Item> expected() const {
    std::vector<Item> lines;
    for (const auto& [rank, corner] : places) {
      if (wants(rank) && fits(corner)) lines.push_back(static_cast<Item>(rank.id));
    }
    return lines;
  }
};

// Room for one of the lines and hardly another.
Limits limits_of(const Corner& corner) {
  Limits limits{Room{}};
  limits.soon = limits.late = corner;
  return limits;
}

constexpr Rank kBehindAll{10000, {}, 0};

TEST(LineTree, FindsTheLinesThatFitInOrderWhateverIsInsertedMovedOrErased) {
  Random random(7);
  AnyCorner any_corner;
  LineTree tree;
  std::map<Rank, Corner> places;
  std::vector<Rank> rank_of_line;
  const auto insert = [&] {
    const auto line = static_cast<Item>(rank_of_line.size());
    const Rank rank{static_cast<std::int64_t>(random() % 5000) - 2500, {}, line};
    rank_of_line.push_back(rank);
    places[rank] = any_corner(random);
    tree.insert(line, {rank, places[rank]});
  };
  const auto any_place = [&] {
    const auto at = places.lower_bound({static_cast<std::int64_t>(random() % 5000) - 2500, {}, 0});
    return at == places.end() ? places.begin() : at;
  };
  // As in a pass of a policy: the first that fits into what is free, if any does.
  const auto next_to_leave = [&] {
    Corner room;
    for (Code& code : room.code) code = static_cast<Code>(random() % 800);
    All search{limits_of(room), kBehindAll, places, rank_of_line, {}};
    tree.search(search);
    return search.found.empty() ? any_place() : places.find(rank_of_line[search.found.front()]);
  };
  const auto erase = [&] {
    const auto at = next_to_leave();
    tree.erase({at->first, at->second});
    places.erase(at);
  };
  const auto move = [&] {
    const auto at = any_place();
    const auto from = *at;
    const auto line = static_cast<Item>(from.first.id);
    const auto distance = static_cast<std::int64_t>(random() % 101) - 50;
    const Rank rank{from.first.key + distance, {}, line};
    const Corner corner = random() % 2 == 0 ? from.second : any_corner(random);
    tree.move(line, {from.first, from.second}, {rank, corner});
    places.erase(at);
    places[rank] = corner;
    rank_of_line[line] = rank;
  };
  // Four levels of nodes fill, are renewed, and empty.
  for (const unsigned inserted_of_ten : {9U, 5U, 1U}) {
    for (int step = 0; step < 16000; ++step) {
      const bool grows = random() % 10 < inserted_of_ten;
      if (grows || places.empty()) {
        insert();
      } else {
        erase();
      }
      if (places.empty()) continue;
      move();
      if (step % 16 != 0) continue;
      const auto one = step % 32 == 0 ? places.begin() : any_place();
      const Rank before{one->first.key + static_cast<std::int64_t>(random() % 500), {}, 0};
      All search{limits_of(one->second), before, places, rank_of_line, {}};
      tree.search(search);
      ASSERT_EQ(search.found, search.expected()) << "step " << step;
      const auto odd = [](Item line) { return line % 2 == 1; };
      const auto first_odd = std::ranges::find_if(
          places, [&](const auto& place) { return odd(static_cast<Item>(place.first.id)); });
      ASSERT_EQ(tree.first(odd),
                first_odd == places.end() ? kNoItem : static_cast<Item>(first_odd->first.id));
    }
    for (const auto& [rank, corner] : places) {
      All search{limits_of(corner), Rank{rank.key, {}, rank.id + 1}, places, rank_of_line, {}};
      tree.search(search);
      ASSERT_FALSE(search.found.empty());
      ASSERT_EQ(search.found.back(), static_cast<Item>(rank.id));
    }
  }
  while (!places.empty()) erase();
  EXPECT_TRUE(tree.empty());
}

// Six hundred lines of which none lies above another are merged in the front of their node. Two
// more, in a node beside it, lie below nearly all of them and one below just one: when that one
// leaves, only a merged corner that does not lie above it stands for its line.
TEST(LineTree, KeepsInSightWhatOnlyAMergedCornerStandsFor) {
  constexpr std::int64_t kLines = 20000, kSpacing = 1000, kSteep = 600;
  Random random(3);
  LineTree tree;
  std::map<Rank, Corner> places;
  std::vector<Rank> rank_of_line;
  const auto insert = [&](std::int64_t key, const std::array<Code, kAsked>& code) {
    const Rank rank{key, {}, static_cast<std::int64_t>(rank_of_line.size())};
    rank_of_line.push_back(rank);
    places[rank].code = code;
    tree.insert(static_cast<Item>(rank.id), {rank, places[rank]});
    return rank;
  };
  const auto erase = [&](const Rank& rank) {
    tree.erase({rank, places.at(rank)});
    places.erase(rank);
  };
  std::vector<std::int64_t> keys(kLines);
  std::iota(keys.begin(), keys.end(), 0);
  std::ranges::shuffle(keys, random);
  for (const std::int64_t key : keys) insert(key * kSpacing, {5000, 5000, 5000, 5000});

  for (std::int64_t at = 2000; at < kLines; at += 2000) {
    const std::int64_t beside = (at - 1500) * kSpacing;
    const Rank below_one = insert(beside + 1, {110, 900, 0, 0});
    std::vector<Rank> others{insert(beside + 2, {0, 906, 0, 0}),
                             insert(beside + 3, {116, 0, 0, 0})};
    for (std::int64_t i = 0; i < kSteep; ++i) {
      const auto more = static_cast<Code>(10 + i);
      others.push_back(insert(at * kSpacing + i, {more, static_cast<Code>(1010 - more), 5, 0}));
    }
    erase(below_one);
    for (const Rank& rank : others) {
      const Rank behind{rank.key, {}, rank.id + 1};
      All search{limits_of(places.at(rank)), behind, places, rank_of_line, {}};
      tree.search(search);
      ASSERT_FALSE(search.found.empty());
      EXPECT_EQ(search.found.back(), static_cast<Item>(rank.id));
    }
    for (const Rank& rank : others) erase(rank);
  }
}

}  // namespace
}  // namespace fairlead
