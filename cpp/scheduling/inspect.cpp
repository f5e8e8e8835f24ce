// Looking at an engine: where jobs are, what blocks them, what is in service, and the digest of it
// all.
#include <algorithm>
#include <bit>
#include <limits>

#include "base/hash.hpp"
#include "model/lacking.hpp"
#include "scheduling/engine.hpp"

namespace fairlead {
namespace {

std::uint64_t bits(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace

std::optional<Row> Engine::find(std::int64_t job) const {
  if (!indexed_) {
    index_.clear();
    for (std::size_t slot = 0; slot < live_.size(); ++slot) {
      if (live_[slot].state != JobState::none) index_[live_[slot].spec.id] = static_cast<Row>(slot);
    }
    indexed_ = true;
  }
  const auto it = index_.find(job);
  return it == index_.end() ? std::nullopt : std::optional(it->second);
}

std::int32_t Engine::node_of(std::span<const std::int32_t> block, std::int32_t units) {
  const auto nodes = block.first(units);
  return std::ranges::adjacent_find(nodes, std::not_equal_to{}) == nodes.end() ? nodes.front() : -1;
}

double Engine::speed_of(Row slot) const {
  if (nodes_->speed.empty()) return 1.0;
  const std::span<const std::int32_t> block = placement(slot);
  if (block.empty()) return nodes_->speed.front();
  double slowest = std::numeric_limits<double>::infinity();
  for (const std::int32_t node : block.first(live_[slot].spec.shape->units)) {
    slowest = std::min(slowest, nodes_->speed[node]);
  }
  return slowest;
}

std::string Engine::blocked_by(Row slot, const std::vector<std::string>& request_names, Time now) {
  const LiveJob& live = live_[slot];
  const Shape& shape = *live.spec.shape;
  if (live.state == JobState::running) return "";
  if (live.state == JobState::infeasible)
    return "infeasible:" + lacking_resource(everything(), shape, request_names);
  return with_space([&](auto& spaces) -> std::string {
    if (spaces.now.fits(shape)) return options_.backfill == Backfill::easy ? "reserved" : "order";
    if (service_.complete()) return "resources";
    disturbed_ = true;  // the search below overwrites what the last pass left
    return find_shadow(spaces, shape, now) ? "resources" : "nodes_down";
  });
}

std::vector<std::int64_t> Engine::capacity_online() const {
  std::vector<std::int64_t> sum(nodes_->counted() + nodes_->kinds(), 0);
  std::visit(
      [&](const auto& spaces) {
        for (std::int32_t node = 0; node < nodes_->n; ++node) {
          const bool serves = service_.in_service(node) ||
                              (spaces.now.in_use(node) && service_.health(node) != Health::failed);
          if (!serves) continue;
          for (std::int32_t r = 0; r < nodes_->counted(); ++r)
            sum[r] += spaces.now.capacity(node, r);
          for (std::int32_t k = 0; k < nodes_->kinds(); ++k) {
            sum[nodes_->counted() + k] += nodes_->devices(node, k) * kWholeDevice;
          }
        }
      },
      spaces_);
  return sum;
}

double Engine::paid_nodes() const {
  double count = 0;
  for (std::int32_t node = 0; node < nodes_->n; ++node) count += service_.paid(node);
  return count;
}

double Engine::usd_per_hour() const {
  if (nodes_->price.empty()) return 0;
  double sum = 0;
  for (std::int32_t node = 0; node < nodes_->n; ++node) {
    if (service_.paid(node)) sum += nodes_->price[node];
  }
  return sum;
}

bool Engine::take_service_changed() {
  return std::exchange(service_changed_, false);
}

void Engine::seal() {
  runs_.seal();
  placements_.seal();
}

Engine Engine::fork() {
  seal();
  return *this;
}

std::uint64_t Engine::digest() const {
  std::uint64_t jobs = 0;  // a sum, so that the order of slots does not matter
  for (std::size_t slot = 0; slot < live_.size(); ++slot) {
    const LiveJob& live = live_[slot];
    if (live.state == JobState::none) continue;
    std::uint64_t h = combine(bits(live.spec.id), static_cast<std::uint64_t>(live.state));
    h = combine(h, combine(bits(live.spec.submit.ns), bits(live.spec.limit.ns)));
    h = combine(h, combine(bits(live.spec.estimate.ns), bits(live.attempt)));
    h = combine(h, combine(std::bit_cast<std::uint64_t>(live.spec.priority),
                           std::bit_cast<std::uint64_t>(live.spec.urgency)));
    h = combine(h, hash_of(*live.spec.shape));
    if (live.state == JobState::waiting) h = combine(h, std::bit_cast<std::uint64_t>(live.key));
    if (live.state == JobState::running) {
      h = combine(h, combine(bits(live.start.ns), bits(live.planned_end.ns)));
      h = combine(h, live.steps);
      for (const std::int32_t cell : placement(static_cast<Row>(slot))) h = combine(h, bits(cell));
    }
    jobs += h;
  }
  constexpr std::uint64_t kVersion = 2;
  std::uint64_t h = combine(kVersion, jobs);
  h = combine(h, service_.digest());
  for (const std::int64_t capacity : capacity_online()) h = combine(h, bits(capacity));
  h = combine(h, static_cast<std::uint64_t>(options_.correction) << 24 |
                     static_cast<std::uint64_t>(options_.backfill) << 16 |
                     static_cast<std::uint64_t>(options_.backfill_order) << 8 |
                     static_cast<std::uint64_t>(options_.placement));
  return h;
}

}  // namespace fairlead
