#include "scheduling/service.hpp"

#include <algorithm>
#include <functional>
#include <ranges>

#include "base/hash.hpp"

namespace fairlead {
namespace {

// Changes of one instant keep their sequence.
void sort_last_first(std::vector<Change>& changes) {
  std::ranges::stable_sort(changes, std::ranges::greater{}, &Change::at);
}

}  // namespace

Service::Service(std::shared_ptr<const NodeTable> nodes, const std::vector<Change>& known)
    : ahead_(known.rbegin(), known.rend()) {
  sort_last_first(ahead_);
  extend(std::move(nodes));
}

void Service::extend(std::shared_ptr<const NodeTable> nodes) {
  nodes_ = std::move(nodes);
  const auto added = nodes_->capacity.begin() + static_cast<std::ptrdiff_t>(most_capacity_.size());
  most_capacity_.insert(most_capacity_.end(), added, nodes_->capacity.end());
  health_.resize(nodes_->n, Health::up);
  power_.resize(nodes_->n, Power::on);
  std::int32_t pools = 0;
  for (const std::int32_t pool : nodes_->pool) pools = std::max(pools, pool + 1);
  wanted_.resize(pools, -1);
}

void Service::set_health(std::int32_t node, Health health) {
  health_[node] = health;
}

void Service::set_power(std::int32_t node, Power power) {
  leaving_ += int{power == Power::leaving} - int{power_[node] == Power::leaving};
  power_[node] = power;
}

void Service::insert(const Change& change) {
  ahead_.insert(std::ranges::lower_bound(ahead_, change.at, std::ranges::greater{}, &Change::at),
                change);
}

void Service::forget_ready(std::int32_t node) {
  std::erase_if(ahead_,
                [&](const Change& c) { return c.kind == Change::Kind::ready && c.target == node; });
}

void Service::set_plan(const std::vector<Change>& plan, Duration startup) {
  // Nodes that are starting become ready whatever the new plan says of later.
  std::erase_if(ahead_, [](const Change& c) { return c.planned; });
  ahead_.insert(ahead_.begin(), plan.rbegin(), plan.rend());
  sort_last_first(ahead_);
  startup_ = startup;
}

std::int32_t Service::most_nodes(std::int32_t pool) const {
  const auto all = static_cast<std::int32_t>(std::ranges::count(nodes_->pool, pool));
  std::int32_t most = wanted_[pool];
  for (const Change& change : ahead()) {
    if (change.kind != Change::Kind::nodes || change.target != pool) continue;
    most = std::max(most, static_cast<std::int32_t>(change.value));
  }
  return most < 0 ? all : std::min(most, all);
}

std::int64_t Service::trim_coming(const Change& change, std::int64_t most) {
  const auto under_way = [&](const Change& c) {
    return c.kind == Change::Kind::capacity && !c.planned && c.target == change.target &&
           c.resource == change.resource;
  };
  std::int64_t highest = 0;
  if (most == 0) std::erase_if(ahead_, under_way);
  for (Change& coming : ahead_) {
    if (!under_way(coming)) continue;
    coming.value = std::min(coming.value, most);
    highest = std::max(highest, coming.value);
  }
  return highest;
}

void Service::resize(const Change& change, const std::function<bool(std::int32_t)>& busy,
                     const BusyUntil& busy_until) {
  const std::int32_t pool = change.target;
  wanted_[pool] = static_cast<std::int32_t>(change.value);
  std::int32_t on = 0;
  for (std::int32_t node = 0; node < size(); ++node) {
    if (nodes_->pool[node] != pool) continue;
    on += power_[node] == Power::on || power_[node] == Power::starting;
  }
  if (wanted_[pool] < on) switch_off(pool, on - wanted_[pool], busy, busy_until);
  if (wanted_[pool] > on) switch_on(pool, wanted_[pool] - on, change.at);
}

// Idle nodes first (those still starting before all), highest row first; then whichever empties
// soonest drains.
void Service::switch_off(std::int32_t pool, std::int32_t count,
                         const std::function<bool(std::int32_t)>& busy,
                         const BusyUntil& busy_until) {
  for (const Power from : {Power::starting, Power::on}) {
    for (std::int32_t node = size() - 1; node >= 0 && count > 0; --node) {
      if (nodes_->pool[node] != pool || power_[node] != from || busy(node)) continue;
      if (from == Power::starting) forget_ready(node);
      set_power(node, Power::off);
      --count;
    }
  }
  if (count == 0) return;
  const std::vector<Time> until = busy_until();
  std::vector<std::int32_t> candidates;
  for (std::int32_t node = size() - 1; node >= 0; --node) {
    if (nodes_->pool[node] == pool && power_[node] == Power::on) candidates.push_back(node);
  }
  std::ranges::stable_sort(candidates, {}, [&](std::int32_t node) { return until[node]; });
  for (std::int32_t i = 0; i < count && i < static_cast<std::int32_t>(candidates.size()); ++i) {
    set_power(candidates[i], Power::leaving);
  }
}

// Leaving nodes come back at once; then the lowest row, ready after the start-up delay.
void Service::switch_on(std::int32_t pool, std::int32_t count, Time now) {
  for (const Power from : {Power::leaving, Power::off}) {
    for (std::int32_t node = 0; node < size() && count > 0; ++node) {
      if (nodes_->pool[node] != pool || power_[node] != from) continue;
      const bool at_once = from == Power::leaving || startup_.ns == 0;
      set_power(node, at_once ? Power::on : Power::starting);
      if (!at_once) insert({now + startup_, Change::Kind::ready, node, 0, 0, false});
      --count;
    }
  }
}

std::uint64_t Service::digest() const {
  std::uint64_t h = 0;
  for (std::int32_t node = 0; node < size(); ++node) {
    h = combine(h, static_cast<std::uint64_t>(health_[node]) << 8 |
                       static_cast<std::uint64_t>(power_[node]));
  }
  for (const Change& c : std::views::reverse(ahead_)) {
    h = combine(h, static_cast<std::uint64_t>(c.at.ns));
    h = combine(h, static_cast<std::uint64_t>(c.kind) << 32 | static_cast<std::uint32_t>(c.target));
    h = combine(
        h, combine(static_cast<std::uint64_t>(c.resource), static_cast<std::uint64_t>(c.value)));
  }
  return h;
}

}  // namespace fairlead
