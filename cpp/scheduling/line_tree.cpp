#include "scheduling/line_tree.hpp"

#include <algorithm>
#include <cstring>

#include "base/clones.hpp"

namespace fairlead {

// Without branches, so that it is done for many children at once.
FAIRLEAD_CLONES
std::uint32_t LineTree::open_children(const Node& node, const Limits& limits) {
  std::array<std::uint8_t, kFan> open;
  for (std::int32_t i = 0; i < kFan; ++i) {
    Code fits = 1, fits_beside = 1;
    for (std::size_t k = 0; k < kNeeds; ++k) {
      fits &= static_cast<Code>(node.least[k][i] <= limits.free.amount[k]);
      fits_beside &= static_cast<Code>(node.least[k][i] <= limits.beside.amount[k]);
    }
    open[i] = static_cast<std::uint8_t>(
        fits & (fits_beside | static_cast<Code>(node.shortest[i] <= limits.in_time)));
  }
  // Eight bytes that are 0 or 1 become eight bits.
  constexpr std::uint64_t kGather = 0x0102040810204080;
  std::array<std::uint64_t, kFan / 8> eights;
  std::memcpy(eights.data(), open.data(), sizeof eights);
  std::uint32_t bits = 0;
  for (std::size_t k = 0; k < eights.size(); ++k) {
    bits |= static_cast<std::uint32_t>(eights[k] * kGather >> 56) << 8 * k;
  }
  return bits & ((1U << node.count) - 1);
}

void LineTree::put(Node& node, std::int32_t at, Item child, std::uint64_t place,
                   const Bounds& bounds) {
  for (std::size_t k = 0; k < kNeeds; ++k) node.least[k][at] = bounds.least.amount[k];
  node.shortest[at] = bounds.shortest;
  node.child[at] = child;
  node.place[at] = place;
  node.foremost[at] = bounds.foremost;
  node.soonest[at] = bounds.soonest;
}

LineTree::Bounds LineTree::bounds_of(const Node& node, std::int32_t at) {
  Bounds bounds;
  for (std::size_t k = 0; k < kNeeds; ++k) bounds.least.amount[k] = node.least[k][at];
  bounds.shortest = node.shortest[at];
  bounds.foremost = node.foremost[at];
  bounds.soonest = node.soonest[at];
  return bounds;
}

void LineTree::move(const Node& from, std::int32_t i, Node& to, std::int32_t j) {
  put(to, j, from.child[i], from.place[i], bounds_of(from, i));
}

LineTree::Bounds LineTree::fold(const Node& node) {
  Bounds all;
  const auto least_of = [&](const std::array<Code, kFan>& codes) {
    return *std::min_element(codes.begin(), codes.begin() + node.count);
  };
  for (std::size_t k = 0; k < kNeeds; ++k) all.least.amount[k] = least_of(node.least[k]);
  all.shortest = least_of(node.shortest);
  all.foremost = *std::min_element(node.foremost.begin(), node.foremost.begin() + node.count);
  all.soonest = *std::min_element(node.soonest.begin(), node.soonest.begin() + node.count);
  return all;
}

std::int32_t LineTree::position(const Node& node, Item child) {
  return static_cast<std::int32_t>(std::ranges::find(node.child, child) - node.child.begin());
}

std::int32_t LineTree::descend(const Node& node, std::uint64_t place) {
  const auto behind =
      std::upper_bound(node.place.begin() + 1, node.place.begin() + node.count, place);
  return static_cast<std::int32_t>(behind - node.place.begin()) - 1;
}

Item LineTree::new_node(bool is_leaf) {
  Item at = static_cast<Item>(nodes_.size());
  if (free_nodes_.empty()) {
    nodes_.emplace_back();
  } else {
    at = free_nodes_.back();
    free_nodes_.pop_back();
  }
  nodes_[at].parent = kNoItem;
  nodes_[at].count = 0;
  nodes_[at].is_leaf = is_leaf;
  return at;
}

void LineTree::make_room(Node& node, std::int32_t at) {
  for (std::int32_t i = node.count++; i > at; --i) move(node, i - 1, node, i);
}

// Full nodes are split on the way down, so that there is room above each.
void LineTree::insert(Item line, const Bounds& bounds) {
  if (static_cast<std::size_t>(line) >= leaf_of_line_.size()) leaf_of_line_.resize(line + 1);
  if (empty()) root_ = new_node(true);
  if (nodes_[root_].count == kFan) {
    const Item above = new_node(false);
    put(nodes_[above], nodes_[above].count++, root_, nodes_[root_].place[0], fold(nodes_[root_]));
    nodes_[root_].parent = above;
    root_ = above;
    split(above, 0);
  }
  const std::uint64_t place = bounds.least.place();
  Item at = root_;
  while (!nodes_[at].is_leaf) {
    std::int32_t next = descend(nodes_[at], place);
    if (nodes_[nodes_[at].child[next]].count == kFan) {
      split(at, next);
      next = descend(nodes_[at], place);
    }
    at = nodes_[at].child[next];
  }
  Node& leaf = nodes_[at];
  const auto end = leaf.place.begin() + leaf.count;
  const auto to = static_cast<std::int32_t>(std::upper_bound(leaf.place.begin(), end, place) -
                                            leaf.place.begin());
  make_room(leaf, to);
  put(leaf, to, line, place, bounds);
  leaf_of_line_[line] = at;
  refold(at);
}

void LineTree::split(Item parent, std::int32_t at) {
  const Item lower = nodes_[parent].child[at];
  const Item upper = new_node(nodes_[lower].is_leaf);
  Node& above = nodes_[parent];
  Node& from = nodes_[lower];
  Node& to = nodes_[upper];
  for (std::int32_t i = kFan / 2; i < kFan; ++i) {
    move(from, i, to, to.count++);
    (to.is_leaf ? leaf_of_line_[from.child[i]] : nodes_[from.child[i]].parent) = upper;
  }
  from.count = kFan / 2;
  to.parent = parent;
  make_room(above, at + 1);
  put(above, at, lower, above.place[at], fold(from));
  put(above, at + 1, upper, to.place[0], fold(to));
}

void LineTree::erase(Item line) {
  remove(leaf_of_line_[line], line);
}

// Nodes leave once they are empty; half-full ones are not merged, as in Johnson and Shasha (JCSS
// 47(1), 1993): what is taken out is soon followed by what is put in.
void LineTree::remove(Item at, Item child) {
  Node& node = nodes_[at];
  const std::int32_t gap = position(node, child);
  --node.count;
  for (std::int32_t i = gap; i < node.count; ++i) move(node, i + 1, node, i);
  if (node.count > 0) return refold(at);
  free_nodes_.push_back(at);
  if (at != root_) return remove(node.parent, at);
  root_ = kNoItem;
}

void LineTree::update(Item line, const Bounds& bounds) {
  const Item at = leaf_of_line_[line];
  Node& leaf = nodes_[at];
  const std::int32_t i = position(leaf, line);
  if (bounds == bounds_of(leaf, i)) return;
  put(leaf, i, line, leaf.place[i], bounds);
  refold(at);
}

void LineTree::refold(Item at) {
  for (; at != root_; at = nodes_[at].parent) {
    Node& above = nodes_[nodes_[at].parent];
    const std::int32_t i = position(above, at);
    const Bounds bounds = fold(nodes_[at]);
    if (bounds == bounds_of(above, i)) return;
    put(above, i, at, above.place[i], bounds);
  }
}

}  // namespace fairlead
