// The nodes in service by what they have free, so that the best one for a unit is found without a
// look at each. Nodes alike in pool, type and capacity are of one kind; those of a kind that have
// the same free are in one group; the groups of a kind stand in a tree, ordered by what is free,
// whose subtrees know the least and the most of each resource. A search passes over subtrees that
// cannot hold the unit or cannot beat what is found (branch and bound).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/treap.hpp"
#include "model/needs.hpp"
#include "model/placement.hpp"
#include "model/shape.hpp"

namespace fairlead {

class NodeState;

class NodeIndex {
 public:
  // Room for the rows of the state's table; those added are not in the index yet.
  void extend(const NodeState& state);
  // Looks at the row anew: one out of service leaves.
  void update(const NodeState& state, std::int32_t row);
  void remove(std::int32_t row);
  // The row's capacity has changed, so its kind has to be found again.
  void forget_kind(std::int32_t row);
  std::size_t kinds() const { return kinds_.size(); }

  // The row for the next of `left` units, -1 where none fits; ties go to the lowest row.
  std::int32_t choose(const NodeState& state, const Shape& shape, Placement rule,
                      std::int64_t left) const;
  // How many units the nodes hold together; it stops counting at `enough`.
  std::int64_t units(const NodeState& state, const Shape& shape, std::int64_t enough) const;
  // The most that any node has free of the first few resources: device kinds, then counted ones.
  Needs headroom() const;

 private:
  // Of each device kind: the free share of all devices, the whole ones, the largest free share of
  // one.
  static constexpr std::int32_t kSum = 0, kWhole = 1, kLargest = 2, kOfKind = 3;

  struct Group {
    std::int32_t kind = -1;
    // Nodes that share out a device hold it in ways of their own: each is its own group.
    std::int32_t alone = -1;
    Item rows = kNoItem;  // the tree of its rows
    std::int32_t count = 0;
    std::int32_t lowest = -1;          // row
    std::int32_t lowest_of_tree = -1;  // row
  };
  struct Kind {
    std::vector<std::int64_t> attributes;
    std::vector<std::int64_t> capacity;  // by dimension; 0 where a share of it means nothing
    std::int32_t rows = 0;               // that are known to be of it
    Item root = kNoItem;
  };
  struct Query;
  struct Best;
  struct OfRows;
  struct OfGroups;

  std::int64_t* free_of(Item group) { return cells_.data() + group * 3 * dimensions_; }
  const std::int64_t* free_of(Item group) const { return cells_.data() + group * 3 * dimensions_; }
  const std::int64_t* least_of(Item group) const { return free_of(group) + dimensions_; }
  const std::int64_t* most_of(Item group) const { return free_of(group) + 2 * dimensions_; }

  std::int32_t kind_for(const NodeState& state, std::int32_t row);
  std::int32_t blank_kind();
  Item blank_group();
  void describe(const NodeState& state, std::int32_t row, Item group);
  Item find(Item group) const;
  void join(std::int32_t row, Item group);

  // How much of each of the first few resources can be asked for at once: of a device kind the
  // whole devices, or where there are none the largest share.
  Needs offered(const std::int64_t* free) const;
  void search(const Query& query, Item group, Best& best) const;
  void consider(const Query& query, Item group, Best& best) const;
  void count(const Query& query, Item group, std::int64_t enough, std::int64_t& sum) const;

  std::int32_t device_kinds_ = 0, dimensions_ = 0;
  std::vector<std::int32_t> kind_of_;  // by row; -1: not known
  std::vector<Item> group_of_;         // by row; kNoItem: not in the index
  std::vector<Kind> kinds_;
  std::vector<std::int32_t> unused_kinds_;  // of no row any more, though one may yet leave the tree
  std::map<std::vector<std::int64_t>, std::int32_t> kind_by_attributes_;
  std::vector<Group> groups_;
  std::vector<Item> free_groups_;
  std::vector<std::int64_t> cells_;  // groups x (free, least and most of the subtree) x dimensions
  Treap row_links_, group_links_;
};

}  // namespace fairlead
