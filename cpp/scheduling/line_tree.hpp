// Lines of waiting jobs in the order of candidates, in a B+ tree whose nodes keep the front of what
// the lines below each child ask: a search goes where there is something to take, from the first
// in order on, and passes by what cannot start.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/treap.hpp"
#include "scheduling/corners.hpp"
#include "scheduling/rank.hpp"

namespace fairlead {

class LineTree {
 public:
  // Where a line stands: the place of its first candidate, of which no two are alike, and what its
  // jobs ask at the least.
  struct Place {
    Rank soonest;
    Corner least;
    bool operator==(const Place&) const = default;
  };

  bool empty() const { return root_ == kNoItem; }

  // The line's number is the caller's.
  void insert(Item line, const Place& place);
  void erase(const Place& place);  // must be there, as below
  void move(Item line, const Place& from, const Place& to);

  // Calls visit.line(line) in order for lines of which visit.wants(soonest), down to the first that
  // is not wanted, and which may hold a job within visit.limits().
  template <typename Visit>
  void search(Visit& visit) const {
    if (!empty()) search(root_, height_, visit);
  }

  // The first line in order for which `wanted(line)`.
  template <typename Wanted>
  Item first(Wanted wanted) const {
    return empty() ? kNoItem : first(root_, height_, wanted);
  }

 private:
  static constexpr std::int32_t kFan = 16;

  struct Leaf {
    Corners least;
    std::array<Rank, Corners::kMost> soonest;
    std::array<Item, Corners::kMost> line;

    void clear() { least.truncate(0); }
  };
  struct Inner {
    std::array<Front, kFan> front;  // of each child
    std::array<Rank, kFan> soonest;
    std::array<Item, kFan> child;
    std::array<std::int32_t, kFan> changes;  // since a rough front was made
    std::int32_t count = 0;

    void clear() { count = 0; }  // the fronts keep their room
  };
  template <typename Node>
  struct Pool {
    std::vector<Node> nodes;
    std::vector<Item> unused;

    Item take();
    void give_back(Item node) { unused.push_back(node); }
  };

  // Of an inner node the last child that does not begin behind the place.
  static std::int32_t child_for(const Inner& node, const Rank& place);
  static std::int32_t position(const Leaf& leaf, const Rank& place);
  static void move_child(Inner& node, std::int32_t from, std::int32_t to);

  // Nodes stand at a height; leaves at 0.
  std::int32_t size(Item at, std::int32_t height) const;
  bool full(Item at, std::int32_t height) const;
  Rank soonest(Item at, std::int32_t height, std::int32_t i) const;  // of a child, or line
  void drop(Item at, std::int32_t height);
  void split(Item parent, std::int32_t i, std::int32_t height, const Rank& place);
  void move_tail(Item from, std::int32_t begin, Item to, std::int32_t height);
  void erase(Item at, std::int32_t height, const Place& place);
  bool move(Item at, std::int32_t height, const Place& from, const Place& to);
  void include(Inner& node, std::int32_t i, std::int32_t height, const Corner& corner);
  void exclude(Inner& node, std::int32_t i, std::int32_t height, const Corner& corner);
  void renew_front(Inner& node, std::int32_t i, std::int32_t height);

  bool collect(Item at, std::int32_t height, const Corner& above);

  template <typename Visit>
  void search(Item at, std::int32_t height, Visit& visit) const {
    if (height == 0) return search(leaves_.nodes[at], visit);
    const Inner& node = inners_.nodes[at];
    for (std::int32_t i = 0; i < node.count && visit.wants(node.soonest[i]); ++i) {
      if (node.front[i].may_hold(visit.limits())) {
        search(node.child[i], height - 1, visit);
      }
    }
  }
  template <typename Visit>
  void search(const Leaf& leaf, Visit& visit) const {
    for (std::uint64_t open = leaf.least.within(visit.limits()); open != 0; open &= open - 1) {
      const int i = std::countr_zero(open);
      if (!visit.wants(leaf.soonest[i])) return;
      visit.line(leaf.line[i]);
    }
  }

  template <typename Wanted>
  Item first(Item at, std::int32_t height, Wanted& wanted) const {
    for (std::int32_t i = 0; i < size(at, height); ++i) {
      if (height == 0) {
        const Item line = leaves_.nodes[at].line[i];
        if (wanted(line)) return line;
      } else if (const Item line = first(inners_.nodes[at].child[i], height - 1, wanted);
                 line != kNoItem) {
        return line;
      }
    }
    return kNoItem;
  }

  Item root_ = kNoItem;
  std::int32_t height_ = 0;
  Pool<Leaf> leaves_;
  Pool<Inner> inners_;
  std::vector<Corner> scratch_;
  Front renewed_;  // on the way it may grow much longer than it ends up
};

}  // namespace fairlead
