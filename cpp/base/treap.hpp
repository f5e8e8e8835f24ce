// Ordered trees over numbered items, balanced by random priorities (Seidel and Aragon, Algorithmica
// 1996). Only the links live here: what the items are, how they compare and what a subtree sums up
// stays with their owner, so that one item type may stand in several trees and a copy is a memcpy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/hash.hpp"

namespace fairlead {

using Item = std::int32_t;
inline constexpr Item kNoItem = -1;

// A tree is the item at its root. `Owner` gives `before(a, b)`, a strict order without ties, and
// `fold(item, left, right)`, which sums up the subtree of an item from its children.
class Treap {
 public:
  // Items are numbered below `count`.
  void reserve_items(std::size_t count) {
    while (links_.size() < count) {
      const auto item = static_cast<std::uint64_t>(links_.size());
      links_.push_back({kNoItem, kNoItem, static_cast<std::uint32_t>(mix(item))});
    }
  }

  Item left(Item item) const { return links_[item].left; }
  Item right(Item item) const { return links_[item].right; }

  Item first(Item root) const {
    while (left(root) != kNoItem) root = left(root);
    return root;
  }

  template <typename Owner>
  [[nodiscard]] Item insert(Item root, Item item, Owner& owner) {
    if (root == kNoItem || priority(item) > priority(root)) {
      const Parts parts = split(root, item, owner);
      links_[item].left = parts.before;
      links_[item].right = parts.behind;
      fold(item, owner);
      return item;
    }
    if (owner.before(item, root)) {
      links_[root].left = insert(left(root), item, owner);
    } else {
      links_[root].right = insert(right(root), item, owner);
    }
    fold(root, owner);
    return root;
  }

  template <typename Owner>
  [[nodiscard]] Item erase(Item root, Item item, Owner& owner) {
    if (root == item) return merge(links_[item].left, links_[item].right, owner);
    if (owner.before(item, root)) {
      links_[root].left = erase(left(root), item, owner);
    } else {
      links_[root].right = erase(right(root), item, owner);
    }
    fold(root, owner);
    return root;
  }

  // Sums up anew from an item whose own value has changed, though not its place.
  template <typename Owner>
  void refold(Item root, Item item, Owner& owner) {
    if (root != item) refold(owner.before(item, root) ? left(root) : right(root), item, owner);
    fold(root, owner);
  }

 private:
  struct Links {
    Item left, right;
    std::uint32_t priority;  // by the item's number: random enough, and the same on every machine
  };
  struct Parts {
    Item before = kNoItem, behind = kNoItem;
  };

  std::uint32_t priority(Item item) const { return links_[item].priority; }

  template <typename Owner>
  void fold(Item item, Owner& owner) {
    owner.fold(item, links_[item].left, links_[item].right);
  }

  // What of the tree comes before the item, and what behind it.
  template <typename Owner>
  Parts split(Item root, Item item, Owner& owner) {
    if (root == kNoItem) return {};
    if (owner.before(item, root)) {
      const Parts parts = split(left(root), item, owner);
      links_[root].left = parts.behind;
      fold(root, owner);
      return {parts.before, root};
    }
    const Parts parts = split(right(root), item, owner);
    links_[root].right = parts.before;
    fold(root, owner);
    return {root, parts.behind};
  }

  template <typename Owner>
  Item merge(Item before, Item behind, Owner& owner) {
    if (before == kNoItem) return behind;
    if (behind == kNoItem) return before;
    if (priority(before) > priority(behind)) {
      links_[before].right = merge(right(before), behind, owner);
      fold(before, owner);
      return before;
    }
    links_[behind].left = merge(before, left(behind), owner);
    fold(behind, owner);
    return behind;
  }

  std::vector<Links> links_;
};

}  // namespace fairlead
