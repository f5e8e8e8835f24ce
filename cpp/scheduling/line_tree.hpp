// Lines of waiting jobs by what they need, in a B+ tree whose nodes keep their children's bounds
// side by side: one look at a node tells which of them may hold a job that can start.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/treap.hpp"
#include "model/needs.hpp"
#include "scheduling/rank.hpp"

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

class LineTree {
 public:
  // Of a line, or of all lines below a node.
  struct Bounds {
    NeedsCode least;
    Code shortest = 0;  // estimate
    Rank foremost;      // first in the order of the queue
    Rank soonest;       // first in the order of candidates
    bool operator==(const Bounds&) const = default;
  };

  // A room, or a little more.
  struct Limits {
    explicit Limits(const Room& room)
        : free(room.free), beside(room.beside), in_time(code_of(room.in_time.ns)) {}
    NeedsCode free, beside;
    Code in_time;
  };
  // Behind every job.
  static constexpr Rank kLast{std::numeric_limits<std::int64_t>::max(), kNever,
                              std::numeric_limits<std::int64_t>::max()};

  bool empty() const { return root_ == kNoItem; }

  // `line` numbers are the caller's, dense; the place is that of what the line needs.
  void insert(Item line, const Bounds& bounds);
  void erase(Item line);
  void update(Item line, const Bounds& bounds);

  // Asks visit.wants(soonest) of whatever may hold a job within visit.limits(), and calls
  // visit.line(line) for the lines that are wanted; the side that holds the soonest comes first.
  template <typename Visit>
  void search(Visit& visit) const {
    if (!empty()) search(root_, visit);
  }

  // The line whose foremost job comes first in the queue, among those for which `wanted(line)`.
  template <typename Wanted>
  Item front(Wanted& wanted) const {
    Item best = kNoItem;
    Rank rank = kLast;
    if (!empty()) find_front(root_, wanted, best, rank);
    return best;
  }

 private:
  static constexpr std::int32_t kFan = 16;

  // What every search reads comes first and begins a cache line.
  struct alignas(64) Node {
    std::array<std::array<Code, kFan>, kNeeds> least;
    std::array<Code, kFan> shortest;
    std::int32_t count = 0;
    bool is_leaf = true;
    Item parent = kNoItem;
    std::array<Item, kFan> child;  // lines of a leaf, else nodes
    std::array<Rank, kFan> soonest, foremost;
    std::array<std::uint64_t, kFan> place;
  };

  // One bit for each child that may hold a job there is room for.
  static std::uint32_t open_children(const Node& node, const Limits& limits);
  static void put(Node& node, std::int32_t at, Item child, std::uint64_t place,
                  const Bounds& bounds);
  static Bounds bounds_of(const Node& node, std::int32_t at);
  static Bounds fold(const Node& node);
  static void move(const Node& from, std::int32_t i, Node& to, std::int32_t j);
  static std::int32_t position(const Node& node, Item child);
  // A search jumps from node to node: what it will read of them is asked for ahead.
  static void prefetch(const Node& node) {
    const auto* const from = reinterpret_cast<const char*>(&node);
    for (std::size_t byte = 0; byte < offsetof(Node, soonest); byte += 64) {
      __builtin_prefetch(from + byte);
    }
  }
  // Of an inner node the last child that does not begin behind the place.
  static std::int32_t descend(const Node& node, std::uint64_t place);

  Item new_node(bool is_leaf);
  void make_room(Node& node, std::int32_t at);
  void split(Item parent, std::int32_t at);  // the full child there; the parent has room
  void remove(Item at, Item child);
  // Brings what is said of a node above it up to date.
  void refold(Item at);

  template <typename Visit>
  void search(Item at, Visit& visit) const {
    const Node& node = nodes_[at];
    std::array<std::int8_t, kFan> which;
    std::int32_t count = 0;
    for (std::uint32_t open = open_children(node, visit.limits()); open != 0; open &= open - 1) {
      const auto child = static_cast<std::int8_t>(std::countr_zero(open));
      if (!visit.wants(node.soonest[child])) continue;
      if (!node.is_leaf) prefetch(nodes_[node.child[child]]);
      std::int32_t to = count++;
      for (; to > 0 && node.soonest[child] < node.soonest[which[to - 1]]; --to)
        which[to] = which[to - 1];
      which[to] = child;
    }
    for (std::int32_t i = 0; i < count; ++i) {
      if (!visit.wants(node.soonest[which[i]])) return;
      const Item child = node.child[which[i]];
      if (node.is_leaf) {
        visit.line(child);
      } else {
        search(child, visit);
      }
    }
  }

  template <typename Wanted>
  void find_front(Item at, Wanted& wanted, Item& best, Rank& rank) const {
    const Node& node = nodes_[at];
    Rank seen = {std::numeric_limits<std::int64_t>::min(), {}, 0};
    while (true) {
      std::int32_t next = -1;
      for (std::int32_t i = 0; i < node.count; ++i) {
        const Rank& foremost = node.foremost[i];
        if (seen < foremost && foremost < (next < 0 ? rank : node.foremost[next])) next = i;
      }
      if (next < 0) return;
      seen = node.foremost[next];
      if (!node.is_leaf) {
        find_front(node.child[next], wanted, best, rank);
      } else if (wanted(node.child[next])) {
        best = node.child[next];
        rank = seen;
      }
    }
  }

  Item root_ = kNoItem;
  std::vector<Node> nodes_;
  std::vector<Item> free_nodes_;
  std::vector<Item> leaf_of_line_;
};

}  // namespace fairlead
