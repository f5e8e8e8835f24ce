#include "model/node_index.hpp"

#include <algorithm>
#include <utility>

#include "model/node_state.hpp"

namespace fairlead {

struct NodeIndex::OfRows {
  bool before(Item a, Item b) const { return a < b; }
  void fold(Item, Item, Item) const {}
};

struct NodeIndex::OfGroups {
  NodeIndex& index;

  bool before(Item a, Item b) const {
    const std::int64_t* const x = index.free_of(a);
    const std::int64_t* const y = index.free_of(b);
    for (std::int32_t d = 0; d < index.dimensions_; ++d) {
      if (x[d] != y[d]) return x[d] < y[d];
    }
    return index.groups_[a].alone < index.groups_[b].alone;
  }

  void fold(Item item, Item left, Item right) const {
    const std::int32_t n = index.dimensions_;
    std::int64_t* const own = index.free_of(item);
    std::copy_n(own, n, own + n);
    std::copy_n(own, n, own + 2 * n);
    Group& group = index.groups_[item];
    group.lowest_of_tree = group.lowest;
    for (const Item child : {left, right}) {
      if (child == kNoItem) continue;
      const std::int64_t* const least = index.least_of(child);
      const std::int64_t* const most = index.most_of(child);
      for (std::int32_t d = 0; d < n; ++d) {
        own[n + d] = std::min(own[n + d], least[d]);
        own[2 * n + d] = std::max(own[2 * n + d], most[d]);
      }
      group.lowest_of_tree = std::min(group.lowest_of_tree, index.groups_[child].lowest_of_tree);
    }
  }
};

void NodeIndex::extend(const NodeState& state) {
  const NodeTable& nodes = state.nodes();
  device_kinds_ = nodes.kinds();
  dimensions_ = kOfKind * nodes.kinds() + nodes.counted();
  kind_of_.resize(nodes.n, -1);
  group_of_.resize(nodes.n, kNoItem);
  row_links_.reserve_items(nodes.n);
}

std::int32_t NodeIndex::kind_for(const NodeState& state, std::int32_t row) {
  if (kind_of_[row] >= 0) return kind_of_[row];
  const NodeTable& nodes = state.nodes();
  std::vector<std::int64_t> capacity(dimensions_, 0);
  for (std::int32_t k = 0; k < device_kinds_; ++k) {
    capacity[kOfKind * k + kSum] = nodes.devices(row, k) * kWholeDevice;
  }
  for (std::int32_t r = 0; r < nodes.counted(); ++r) {
    capacity[kOfKind * device_kinds_ + r] = state.capacity(row, r);
  }
  std::vector<std::int64_t> attributes = capacity;
  attributes.push_back(nodes.pool[row]);
  attributes.push_back(static_cast<std::int64_t>(nodes.gpu_type[row]));
  attributes.push_back(nodes.gpu_memory[row]);
  const auto [it, is_new] = kind_by_attributes_.emplace(attributes, -1);
  if (is_new) {
    it->second = blank_kind();
    kinds_[it->second] = {std::move(attributes), std::move(capacity), 0, kNoItem};
  }
  ++kinds_[it->second].rows;
  return kind_of_[row] = it->second;
}

// Capacities that come and go for months leave nothing behind: what no row is of is used again.
std::int32_t NodeIndex::blank_kind() {
  const auto empty = std::ranges::find_if(
      unused_kinds_, [this](std::int32_t kind) { return kinds_[kind].root == kNoItem; });
  if (empty == unused_kinds_.end()) {
    kinds_.emplace_back();
    return static_cast<std::int32_t>(kinds_.size() - 1);
  }
  const std::int32_t kind = *empty;
  unused_kinds_.erase(empty);
  return kind;
}

void NodeIndex::forget_kind(std::int32_t row) {
  const std::int32_t number = kind_of_[row];
  if (number < 0) return;
  kind_of_[row] = -1;
  Kind& kind = kinds_[number];
  if (--kind.rows > 0) return;
  kind_by_attributes_.erase(kind.attributes);
  unused_kinds_.push_back(number);
}

Item NodeIndex::blank_group() {
  if (free_groups_.empty()) {
    groups_.emplace_back();
    cells_.resize(groups_.size() * 3 * dimensions_);
    group_links_.reserve_items(groups_.size());
    return static_cast<Item>(groups_.size() - 1);
  }
  const Item group = free_groups_.back();
  free_groups_.pop_back();
  return group;
}

void NodeIndex::describe(const NodeState& state, std::int32_t row, Item group) {
  const NodeTable& nodes = state.nodes();
  std::int64_t* const free = free_of(group);
  groups_[group] = {kind_for(state, row), -1, kNoItem, 0, row, row};
  for (std::int32_t k = 0; k < device_kinds_; ++k) {
    const std::int64_t sum = state.free_share(row, k);
    const std::int32_t whole = state.whole_devices(row, k);
    std::int64_t largest = whole > 0 ? kWholeDevice : 0;
    if (sum != whole * kWholeDevice) {
      groups_[group].alone = row;
      const std::int32_t begin = nodes.first_device(row, k);
      for (std::int32_t d = begin; d < begin + nodes.devices(row, k); ++d) {
        largest = std::max<std::int64_t>(largest, state.device_share(d));
      }
    }
    free[kOfKind * k + kSum] = sum;
    free[kOfKind * k + kWhole] = whole;
    free[kOfKind * k + kLargest] = largest;
  }
  for (std::int32_t r = 0; r < nodes.counted(); ++r) {
    free[kOfKind * device_kinds_ + r] = state.free(row, r);
  }
}

// The group in the tree that is like the given one, which is in none.
Item NodeIndex::find(Item group) const {
  const OfGroups of_groups{const_cast<NodeIndex&>(*this)};
  Item item = kinds_[groups_[group].kind].root;
  while (item != kNoItem) {
    if (of_groups.before(group, item)) {
      item = group_links_.left(item);
    } else if (of_groups.before(item, group)) {
      item = group_links_.right(item);
    } else {
      break;
    }
  }
  return item;
}

void NodeIndex::join(std::int32_t row, Item group) {
  OfRows of_rows;
  Group& g = groups_[group];
  g.rows = row_links_.insert(g.rows, row, of_rows);
  g.lowest = std::min(g.lowest, row);
  ++g.count;
  group_of_[row] = group;
}

void NodeIndex::remove(std::int32_t row) {
  const Item group = group_of_[row];
  if (group == kNoItem) return;
  group_of_[row] = kNoItem;
  OfRows of_rows;
  OfGroups of_groups{*this};
  Group& g = groups_[group];
  Kind& kind = kinds_[g.kind];
  g.rows = row_links_.erase(g.rows, row, of_rows);
  if (--g.count == 0) {
    kind.root = group_links_.erase(kind.root, group, of_groups);
    free_groups_.push_back(group);
  } else if (g.lowest == row) {
    g.lowest = row_links_.first(g.rows);
    group_links_.refold(kind.root, group, of_groups);
  }
}

void NodeIndex::update(const NodeState& state, std::int32_t row) {
  if (!state.in_service(row)) return remove(row);
  OfGroups of_groups{*this};
  const Item blank = blank_group();
  describe(state, row, blank);
  const Item now = group_of_[row];
  const bool moves = now == kNoItem || groups_[now].kind != groups_[blank].kind ||
                     of_groups.before(now, blank) || of_groups.before(blank, now);
  if (moves) remove(row);
  const Item known = moves ? find(blank) : now;
  if (known != kNoItem) free_groups_.push_back(blank);
  if (!moves) return;
  Kind& kind = kinds_[groups_[blank].kind];
  if (known == kNoItem) {
    join(row, blank);
    kind.root = group_links_.insert(kind.root, blank, of_groups);
    return;
  }
  const bool lower = row < groups_[known].lowest;
  join(row, known);
  if (lower) group_links_.refold(kind.root, known, of_groups);
}

}  // namespace fairlead
