// The ordered structures below the engine, against the standard library's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "base/batch.hpp"
#include "base/radix_heap.hpp"
#include "base/sorted_list.hpp"
#include "base/treap.hpp"

namespace fairlead {
namespace {

// Items ordered by a key of their own; each knows the least value of its subtree.
struct Items {
  std::vector<int> key, value, least;
  bool before(Item a, Item b) const { return key[a] < key[b]; }
  void fold(Item item, Item left, Item right) {
    least[item] = value[item];
    for (const Item child : {left, right}) {
      if (child != kNoItem) least[item] = std::min(least[item], least[child]);
    }
  }
};

void in_order(const Treap& tree, Item root, std::vector<Item>& out) {
  if (root == kNoItem) return;
  in_order(tree, tree.left(root), out);
  out.push_back(root);
  in_order(tree, tree.right(root), out);
}

TEST(Treap, KeepsOrderAndSumsThroughInsertionsErasuresAndChanges) {
  constexpr int kItems = 300;
  std::mt19937 random(1);
  Items items{std::vector<int>(kItems), std::vector<int>(kItems), std::vector<int>(kItems)};
  for (int i = 0; i < kItems; ++i) items.key[i] = (i * 7919) % 10007;
  Treap tree;
  tree.reserve_items(kItems);
  Item root = kNoItem;
  std::set<std::pair<int, Item>> expected;
  for (int step = 0; step < 4000; ++step) {
    const auto item = static_cast<Item>(random() % kItems);
    const std::pair<int, Item> entry{items.key[item], item};
    if (expected.contains(entry) && random() % 3 == 0) {
      items.value[item] = static_cast<int>(random() % 1000);
      tree.refold(root, item, items);
    } else if (expected.contains(entry)) {
      root = tree.erase(root, item, items);
      expected.erase(entry);
    } else {
      items.value[item] = static_cast<int>(random() % 1000);
      root = tree.insert(root, item, items);
      expected.insert(entry);
    }
    std::vector<Item> found, wanted;
    in_order(tree, root, found);
    int least = 1000;
    for (const auto& [key, i] : expected) {
      wanted.push_back(i);
      least = std::min(least, items.value[i]);
    }
    ASSERT_EQ(found, wanted) << "step " << step;
    if (root == kNoItem) continue;
    ASSERT_EQ(items.least[root], least) << "step " << step;
    ASSERT_EQ(tree.first(root), wanted.front());
  }
}

struct Due {
  std::int64_t at = 0;
  int number = 0;
  std::int64_t order() const { return at; }
};

TEST(RadixHeap, GivesWhatIsDueWhileTheClockGoesOn) {
  std::mt19937_64 random(3);
  RadixHeap<Due> heap;
  std::multiset<std::pair<std::int64_t, int>> expected;
  std::int64_t now = -1'000'000'000'000;  // times before the epoch too
  for (int step = 0; step < 20'000; ++step) {
    const unsigned pushes_of_5 = step / 1000 % 2 == 0 ? 4 : 1;  // from none to hundreds, and back
    if (expected.empty() || random() % 5 < pushes_of_5) {
      const auto ahead = static_cast<std::int64_t>(random() >> (random() % 62 + 2));
      const std::int64_t at = random() % 4 == 0 ? now : now + ahead % 1'000'000'000'000'000;
      heap.push({at, step});
      expected.emplace(at, step);
    } else {
      now = heap.least();
      ASSERT_EQ(now, expected.begin()->first) << "step " << step;
      const Due due = heap.pop();
      ASSERT_EQ(due.at, now);
      const auto it = expected.find({due.at, due.number});
      ASSERT_NE(it, expected.end()) << "step " << step;
      expected.erase(it);
    }
    ASSERT_EQ(heap.least(), expected.empty() ? RadixHeap<Due>::kEmpty : expected.begin()->first);
  }
}

struct Numbered {
  std::int64_t at = 0;
  int number = 0;
  std::int64_t order() const { return at; }
  bool operator==(const Numbered& other) const { return number == other.number; }
};

// Up to so many entries: within one block, about its size, many blocks.
class SortedLists : public testing::TestWithParam<std::size_t> {};

TEST_P(SortedLists, WalkBothWaysAndFindWhatIsBehind) {
  std::mt19937 random(2);
  SortedList<Numbered> list;
  std::multiset<std::int64_t> expected;
  std::vector<Numbered> inside;
  for (int step = 0; step < 6000; ++step) {
    if (inside.empty() || (inside.size() < GetParam() && random() % 8 != 0)) {
      inside.push_back({static_cast<std::int64_t>(random() % 100), step});  // many share an order
      list.insert(inside.back());
      expected.insert(inside.back().at);
    } else {
      std::swap(inside[random() % inside.size()], inside.back());
      list.erase(inside.back());
      expected.erase(expected.find(inside.back().at));
      inside.pop_back();
    }
    ASSERT_EQ(list.size(), expected.size());
    if (step % 50 != 0) continue;
    std::vector<std::int64_t> forward, backward;
    for (auto p = list.begin(); p != list.end(); p = list.next(p)) forward.push_back(list[p].at);
    for (auto p = list.end(); p != list.begin();) {
      p = list.previous(p);
      backward.push_back(list[p].at);
    }
    ASSERT_EQ(forward, std::vector(expected.begin(), expected.end())) << "step " << step;
    ASSERT_EQ(backward, std::vector(expected.rbegin(), expected.rend())) << "step " << step;
    for (const std::int64_t last : {-1, 0, 37, 99}) {
      std::size_t behind = 0;
      for (auto p = list.first_behind(last); p != list.end(); p = list.next(p)) ++behind;
      ASSERT_EQ(behind, std::distance(expected.upper_bound(last), expected.end())) << last;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OfSize, SortedLists, testing::Values(20, 64, 400));

// A batch is a vector through growth, insertions, erasures, clearing, copies and moves.
TEST(Batch, HoldsWhatAVectorHolds) {
  Batch<int> batch;
  std::vector<int> expected;
  std::mt19937 random(5);
  for (int step = 0; step < 4000; ++step) {
    const auto at = static_cast<std::ptrdiff_t>(random() % (expected.size() + 1));
    const unsigned kind = random() % 16;
    if (kind < 6) {
      batch.push_back(step);
      expected.push_back(step);
    } else if (kind < 9) {
      batch.insert(batch.begin() + at, step);
      expected.insert(expected.begin() + at, step);
    } else if (kind < 12) {
      const auto last = std::min<std::ptrdiff_t>(at + 2, std::ssize(expected));
      batch.erase(batch.begin() + at, batch.begin() + last);
      expected.erase(expected.begin() + at, expected.begin() + last);
    } else if (kind == 12) {
      Batch<int> copy = batch;
      copy.push_back(-1);  // is the copy's alone
      Batch<int> moved = std::move(batch);
      ASSERT_TRUE(batch.empty());  // NOLINT(bugprone-use-after-move)
      batch = std::move(moved);
    } else if (kind == 13 && step % 5 == 0) {
      batch.clear();
      expected.clear();
    } else if (!expected.empty()) {
      ASSERT_EQ(batch.back(), expected.back());
      batch.pop_back();
      expected.pop_back();
    }
    ASSERT_EQ(batch.size(), expected.size());
    ASSERT_EQ(std::vector(batch.begin(), batch.end()), expected) << "step " << step;
  }
}

}  // namespace
}  // namespace fairlead
