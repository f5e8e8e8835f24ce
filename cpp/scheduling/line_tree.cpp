#include "scheduling/line_tree.hpp"

#include <algorithm>

namespace fairlead {
namespace {

// After so many changes that a rough front cannot follow it is made anew.
constexpr std::int32_t kChanges = 512;

// Moves an entry; those between make room.
template <typename List>
void shift(List& list, std::int32_t from, std::int32_t to) {
  const auto begin = list.begin();
  if (from < to) {
    std::rotate(begin + from, begin + from + 1, begin + to + 1);
  } else {
    std::rotate(begin + to, begin + from, begin + from + 1);
  }
}

}  // namespace

template <typename Node>
Item LineTree::Pool<Node>::take() {
  if (unused.empty()) {
    nodes.emplace_back();
    return static_cast<Item>(nodes.size() - 1);
  }
  const Item node = unused.back();
  unused.pop_back();
  nodes[node].clear();
  return node;
}

std::int32_t LineTree::child_for(const Inner& node, const Rank& place) {
  const auto behind =
      std::upper_bound(node.soonest.begin() + 1, node.soonest.begin() + node.count, place);
  return static_cast<std::int32_t>(behind - node.soonest.begin()) - 1;
}

std::int32_t LineTree::position(const Leaf& leaf, const Rank& place) {
  const auto at =
      std::lower_bound(leaf.soonest.begin(), leaf.soonest.begin() + leaf.least.size(), place);
  return static_cast<std::int32_t>(at - leaf.soonest.begin());
}

void LineTree::move_child(Inner& node, std::int32_t from, std::int32_t to) {
  shift(node.front, from, to);
  shift(node.soonest, from, to);
  shift(node.child, from, to);
  shift(node.changes, from, to);
}

std::int32_t LineTree::size(Item at, std::int32_t height) const {
  return height == 0 ? leaves_.nodes[at].least.size() : inners_.nodes[at].count;
}

bool LineTree::full(Item at, std::int32_t height) const {
  return size(at, height) == (height == 0 ? Corners::kMost : kFan);
}

Rank LineTree::soonest(Item at, std::int32_t height, std::int32_t i) const {
  return height == 0 ? leaves_.nodes[at].soonest[i] : inners_.nodes[at].soonest[i];
}

void LineTree::drop(Item at, std::int32_t height) {
  if (height == 0) {
    leaves_.give_back(at);
  } else {
    inners_.give_back(at);
  }
}

// Full nodes are split on the way down, so that there is room above each.
void LineTree::insert(Item line, const Place& place) {
  if (empty()) {
    root_ = leaves_.take();
    height_ = 0;
  }
  if (full(root_, height_)) {
    const Item above = inners_.take();
    Inner& node = inners_.nodes[above];
    node.child[0] = root_;
    node.soonest[0] = soonest(root_, height_, 0);
    node.count = 1;
    root_ = above;
    split(above, 0, ++height_, place.soonest);
  }
  Item at = root_;
  for (std::int32_t height = height_; height > 0; --height) {
    std::int32_t i = child_for(inners_.nodes[at], place.soonest);
    if (full(inners_.nodes[at].child[i], height - 1)) {
      split(at, i, height, place.soonest);
      i = child_for(inners_.nodes[at], place.soonest);
    }
    Inner& node = inners_.nodes[at];
    include(node, i, height, place.least);
    node.soonest[i] = std::min(node.soonest[i], place.soonest);
    at = node.child[i];
  }
  Leaf& leaf = leaves_.nodes[at];
  const std::int32_t i = position(leaf, place.soonest);
  shift(leaf.soonest, leaf.least.size(), i);
  shift(leaf.line, leaf.least.size(), i);
  leaf.soonest[i] = place.soonest;
  leaf.line[i] = line;
  leaf.least.insert(i, place.least);
}

// The full child there, for a place in it; the parent has room, and stands at the height. What is
// only ever appended to fills its nodes.
void LineTree::split(Item parent, std::int32_t i, std::int32_t height, const Rank& place) {
  const Item lower = inners_.nodes[parent].child[i];
  const Item upper = height == 1 ? leaves_.take() : inners_.take();
  const std::int32_t count = size(lower, height - 1);
  const bool is_behind = soonest(lower, height - 1, count - 1) < place;
  move_tail(lower, is_behind ? count - 1 : count / 2, upper, height - 1);
  Inner& node = inners_.nodes[parent];
  move_child(node, node.count++, i + 1);
  node.child[i + 1] = upper;
  node.soonest[i + 1] = soonest(upper, height - 1, 0);
  renew_front(node, i, height);
  renew_front(node, i + 1, height);
}

// What stands from there on, to an empty node.
void LineTree::move_tail(Item from, std::int32_t begin, Item to, std::int32_t height) {
  const std::int32_t end = size(from, height);
  const auto copy = [&](const auto& list, auto& other) {
    std::copy(list.begin() + begin, list.begin() + end, other.begin());
  };
  if (height == 0) {
    Leaf& source = leaves_.nodes[from];
    Leaf& target = leaves_.nodes[to];
    copy(source.soonest, target.soonest);
    copy(source.line, target.line);
    for (std::int32_t i = begin; i < end; ++i) target.least.push_back(source.least[i]);
    source.least.truncate(begin);
    return;
  }
  Inner& source = inners_.nodes[from];
  Inner& target = inners_.nodes[to];
  copy(source.front, target.front);
  copy(source.soonest, target.soonest);
  copy(source.child, target.child);
  copy(source.changes, target.changes);
  source.count = begin;
  target.count = end - begin;
}

// Nodes leave once they are empty; half-full ones are not merged, as in Johnson and Shasha (JCSS
// 47(1), 1993): what is taken out is soon followed by what is put in.
void LineTree::erase(const Place& place) {
  erase(root_, height_, place);
  while (height_ > 0 && size(root_, height_) == 1) {
    const Item child = inners_.nodes[root_].child[0];
    drop(root_, height_--);
    root_ = child;
  }
  if (size(root_, height_) > 0) return;
  drop(root_, height_);
  root_ = kNoItem;
}

void LineTree::erase(Item at, std::int32_t height, const Place& place) {
  if (height == 0) {
    Leaf& leaf = leaves_.nodes[at];
    const std::int32_t i = position(leaf, place.soonest);
    shift(leaf.soonest, i, leaf.least.size() - 1);
    shift(leaf.line, i, leaf.least.size() - 1);
    return leaf.least.erase(i);
  }
  Inner& node = inners_.nodes[at];
  const std::int32_t i = child_for(node, place.soonest);
  erase(node.child[i], height - 1, place);
  if (size(node.child[i], height - 1) > 0) return exclude(node, i, height, place.least);
  drop(node.child[i], height - 1);
  move_child(node, i, --node.count);
}

void LineTree::move(Item line, const Place& from, const Place& to) {
  if (move(root_, height_, from, to)) return;
  erase(from);
  insert(line, to);
}

// Whether it could stay in its leaf: what the nodes above say of order then stays true.
bool LineTree::move(Item at, std::int32_t height, const Place& from, const Place& to) {
  if (height == 0) {
    Leaf& leaf = leaves_.nodes[at];
    const std::int32_t i = position(leaf, from.soonest);
    std::int32_t j = position(leaf, to.soonest);
    if (j > i) --j;
    shift(leaf.soonest, i, j);
    shift(leaf.line, i, j);
    leaf.soonest[j] = to.soonest;
    leaf.least.move(i, j);
    leaf.least.replace(j, to.least);
    return true;
  }
  Inner& node = inners_.nodes[at];
  const std::int32_t i = child_for(node, from.soonest);
  if (to.soonest < node.soonest[i] || child_for(node, to.soonest) != i) return false;
  if (!move(node.child[i], height - 1, from, to)) return false;
  if (from.least == to.least) return true;
  include(node, i, height, to.least);
  exclude(node, i, height, from.least);
  return true;
}

void LineTree::include(Inner& node, std::int32_t i, std::int32_t height, const Corner& corner) {
  if (node.front[i].covers(corner)) return;
  if (node.front[i].full()) renew_front(node, i, height);
  if (!node.front[i].covers(corner)) node.front[i].add(corner);
}

// What only this corner covered comes to light.
void LineTree::exclude(Inner& node, std::int32_t i, std::int32_t height, const Corner& corner) {
  Front& front = node.front[i];
  if (front.is_rough() && ++node.changes[i] >= kChanges) return renew_front(node, i, height);
  if (!front.remove(corner)) return;
  scratch_.clear();
  const bool is_rough = collect(node.child[i], height - 1, corner);
  for (const Corner& other : scratch_) {
    if (front.covers(other)) continue;
    if (front.full()) return renew_front(node, i, height);
    front.add(other);
    if (is_rough) front.roughen();
  }
}

void LineTree::renew_front(Inner& node, std::int32_t i, std::int32_t height) {
  scratch_.clear();
  const bool is_rough = collect(node.child[i], height - 1, Corner{});
  renewed_.renew(scratch_);
  node.front[i] = renewed_;
  if (is_rough) node.front[i].roughen();
  node.changes[i] = 0;
}

// Corners that cover the lines of a node, as far as those lie above a corner, and whether they are
// rough. A merged corner may cover such lines without lying there itself.
bool LineTree::collect(Item at, std::int32_t height, const Corner& above) {
  const auto take_above = [&](const Corners& corners) {
    for (std::uint64_t which = corners.above(above); which != 0; which &= which - 1) {
      scratch_.push_back(corners[std::countr_zero(which)]);
    }
  };
  if (height == 0) {
    take_above(leaves_.nodes[at].least);
    return false;
  }
  bool is_rough = false;
  const Inner& node = inners_.nodes[at];
  for (std::int32_t i = 0; i < node.count; ++i) {
    const Front& front = node.front[i];
    is_rough |= front.is_rough();
    for (std::size_t p = 0; p < front.parts(); ++p) {
      const Corners& part = front.part(p);
      if (!front.is_rough()) {
        take_above(part);
        continue;
      }
      for (std::int32_t k = 0; k < part.size(); ++k) scratch_.push_back(highest(part[k], above));
    }
  }
  return is_rough;
}

}  // namespace fairlead
