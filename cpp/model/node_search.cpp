// Asking the index over nodes: branch and bound by what a subtree has at the least and at the most.
#include <algorithm>
#include <limits>
#include <utility>

#include "model/fraction.hpp"
#include "model/node_index.hpp"
#include "model/node_state.hpp"

namespace fairlead {

// One unit of a shape, by dimension.
struct NodeIndex::Query {
  Query(const NodeState& state_, const Shape& shape_, Placement rule_, std::int64_t left_,
        std::int32_t device_kinds, std::int32_t dimensions)
      : state(state_), shape(shape_), rule(rule_), left(left_), n(dimensions) {
    constexpr auto kNothing = std::numeric_limits<std::int64_t>::min();
    std::fill_n(need, n, kNothing);
    std::fill_n(takes, n, 0);
    for (const Ask& ask : shape.devices) {
      const std::int32_t d = kOfKind * ask.resource;
      need[d + kSum] = takes[d + kSum] = ask.amount * shape.tasks_per_unit;
      if (ask.amount < kWholeDevice) {
        need[d + kLargest] = ask.amount;
      } else {
        need[d + kWhole] = Shape::devices_of(ask) * shape.tasks_per_unit;
      }
    }
    for (const Ask& ask : shape.counted) {
      need[kOfKind * device_kinds + ask.resource] = ask.amount;
      takes[kOfKind * device_kinds + ask.resource] = ask.amount;
    }
  }

  // False where a node with no more than this free cannot hold a unit.
  bool may_hold(const std::int64_t* free) const {
    for (std::int32_t d = 0; d < n; ++d) {
      if (free[d] < need[d]) return false;
    }
    return true;
  }

  // At most so many units on a node with no more than this free.
  std::int64_t units_within(const std::int64_t* free) const {
    std::int64_t units = shape.one_unit_per_node ? 1 : left;
    for (std::int32_t d = 0; d < n && units > 1; ++d) {
      if (takes[d] > 0) units = std::min(units, free[d] / takes[d]);
    }
    return units;
  }

  // The largest free share once `takes` is gone (`sign` 1), or its negative.
  Fraction free_share(const std::int64_t* free, const std::vector<std::int64_t>& capacity,
                      std::int64_t sign) const {
    Fraction largest;
    bool any = false;
    for (std::int32_t d = 0; d < n; ++d) {
      if (capacity[d] <= 0) continue;
      const Fraction share{free[d] - takes[d], capacity[d]};
      if (!any || largest < share) largest = share;
      any = true;
    }
    return {sign * largest.numerator, largest.denominator};
  }

  Fraction load(const std::int64_t* free, const std::vector<std::int64_t>& capacity) const {
    Fraction largest;
    for (std::int32_t d = 0; d < n; ++d) {
      if (capacity[d] > 0) largest = std::max(largest, {capacity[d] - free[d], capacity[d]});
    }
    return largest;
  }

  // How good a node is, the lower the better. For a subtree, of which only the least and the most
  // free are known, no node of it is better.
  Fraction merit(const std::int64_t* least, const std::int64_t* most,
                 const std::vector<std::int64_t>& capacity) const {
    switch (rule) {
      case Placement::first_fit:
        break;
      case Placement::best_fit:
        return free_share(least, capacity, 1);
      case Placement::worst_fit:
        return free_share(most, capacity, -1);
      case Placement::balanced:
        return load(most, capacity);
      case Placement::consolidated:
        return {-2 * units_within(most) - 1, 1};
    }
    return {};
  }

  const NodeState& state;
  const Shape& shape;
  Placement rule;
  std::int64_t left;
  std::int32_t n;
  std::int64_t need[4 * kMaxResources], takes[4 * kMaxResources];
};

struct NodeIndex::Best {
  std::int32_t row = -1;
  Fraction merit;

  bool beats(const Fraction& other, std::int32_t other_row) const {
    if (row < 0) return false;
    return merit < other || (!(other < merit) && row < other_row);
  }
};

void NodeIndex::consider(const Query& query, Item item, Best& best) const {
  const Group& group = groups_[item];
  const std::int64_t units = query.state.units_on(
      group.rows, query.shape, query.rule == Placement::consolidated ? query.left : 1);
  if (units == 0) return;
  Fraction merit;
  if (query.rule == Placement::consolidated) {
    merit = {-2 * units - (query.state.in_use(group.rows) ? 1 : 0), 1};
  } else {
    merit = query.merit(free_of(item), free_of(item), kinds_[group.kind].capacity);
  }
  if (!best.beats(merit, group.lowest)) best = {group.lowest, merit};
}

void NodeIndex::search(const Query& query, Item item, Best& best) const {
  if (item == kNoItem || !query.may_hold(most_of(item))) return;
  const Group& group = groups_[item];
  const Fraction bound = query.merit(least_of(item), most_of(item), kinds_[group.kind].capacity);
  if (best.beats(bound, group.lowest_of_tree)) return;
  // The side that is likely to hold the best comes first; the fuller nodes stand on the left.
  Item first = group_links_.right(item), last = group_links_.left(item);
  if (query.rule == Placement::best_fit || query.rule == Placement::first_fit)
    std::swap(first, last);
  search(query, first, best);
  if (query.may_hold(free_of(item))) consider(query, item, best);
  search(query, last, best);
}

std::int32_t NodeIndex::choose(const NodeState& state, const Shape& shape, Placement rule,
                               std::int64_t left) const {
  const Query query(state, shape, rule, left, device_kinds_, dimensions_);
  Best best;
  for (const Kind& kind : kinds_) {
    if (kind.root == kNoItem || !state.admits(groups_[kind.root].rows, shape)) continue;
    search(query, kind.root, best);
  }
  return best.row;
}

void NodeIndex::count(const Query& query, Item item, std::int64_t enough, std::int64_t& sum) const {
  if (item == kNoItem || sum >= enough || !query.may_hold(most_of(item))) return;
  const Group& group = groups_[item];
  if (query.may_hold(free_of(item))) {
    sum += group.count * query.state.units_on(group.rows, query.shape, query.left);
  }
  count(query, group_links_.right(item), enough, sum);
  count(query, group_links_.left(item), enough, sum);
}

std::int64_t NodeIndex::units(const NodeState& state, const Shape& shape,
                              std::int64_t enough) const {
  const Query query(state, shape, Placement::first_fit, shape.units, device_kinds_, dimensions_);
  std::int64_t sum = 0;
  for (const Kind& kind : kinds_) {
    if (sum >= enough) break;
    if (kind.root == kNoItem || !state.admits(groups_[kind.root].rows, shape)) continue;
    count(query, kind.root, enough, sum);
  }
  return sum;
}

Needs NodeIndex::offered(const std::int64_t* free) const {
  Needs offered;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(kNeeds); ++i) {
    if (i < device_kinds_) {
      const std::int64_t* const of_kind = free + kOfKind * i;
      offered.amount[i] = std::max(of_kind[kWhole] * kWholeDevice, of_kind[kLargest]);
    } else if ((kOfKind - 1) * device_kinds_ + i < dimensions_) {
      offered.amount[i] = std::max<std::int64_t>(free[(kOfKind - 1) * device_kinds_ + i], 0);
    }
  }
  return offered;
}

Needs NodeIndex::headroom() const {
  Needs most;
  for (const Kind& kind : kinds_) {
    if (kind.root == kNoItem) continue;
    const Needs of_kind = offered(most_of(kind.root));
    for (std::size_t i = 0; i < kNeeds; ++i) {
      most.amount[i] = std::max(most.amount[i], of_kind.amount[i]);
    }
  }
  return most;
}

}  // namespace fairlead
