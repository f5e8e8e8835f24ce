// Which jobs could ever run, judged on all nodes known or planned together.
#include <algorithm>
#include <limits>

#include "scheduling/engine.hpp"

namespace fairlead {

void Engine::nodes_changed(Time now) {
  everything_.reset();
  feasible_.clear();
  total_counted_.assign(nodes_->counted(), 0.0);
  total_devices_.assign(nodes_->kinds(), 0.0);
  for (std::int32_t r = 0; r < nodes_->counted(); ++r) {
    std::int64_t sum = 0;
    for (std::int32_t n = 0; n < nodes_->n; ++n) sum += nodes_->capacity[n * nodes_->counted() + r];
    total_counted_[r] = static_cast<double>(sum);
  }
  for (std::int32_t k = 0; k < nodes_->kinds(); ++k) {
    std::int64_t sum = 0;
    for (std::int32_t n = 0; n < nodes_->n; ++n) sum += nodes_->devices(n, k) * kWholeDevice;
    total_devices_[k] = static_cast<double>(sum);
  }
  std::vector<Row> rows;
  rows.swap(infeasible_);
  for (const Row slot : rows) {
    if (feasible(*live_[slot].spec.shape)) {
      enqueue(slot, now);
    } else {
      infeasible_.push_back(slot);
    }
  }
}

double Engine::dominant_share(Row row) const {
  const Shape& shape = *live_[row].spec.shape;
  if (shape.lacking >= 0) return std::numeric_limits<double>::infinity();
  double share = 0;
  for (const Ask& ask : shape.counted) {
    share = std::max(share, static_cast<double>(ask.total) / total_counted_[ask.resource]);
  }
  for (const Ask& ask : shape.devices) {
    share = std::max(
        share, static_cast<double>(ask.amount * shape.tasks()) / total_devices_[ask.resource]);
  }
  return share;
}

// All nodes known, with the most capacity that a plan or an event ever gives them, and empty.
const NodeState& Engine::everything() {
  if (everything_) return *everything_;
  const auto all = std::make_shared<NodeState>(nodes_);
  std::vector<std::int32_t> left;
  for (std::int32_t node = 0; node < nodes_->n; ++node) {
    const std::int32_t pool = nodes_->pool[node];
    for (std::int32_t p = static_cast<std::int32_t>(left.size()); p <= pool; ++p) {
      left.push_back(service_.most_nodes(p));
    }
    all->set_in_service(node, left[pool]-- > 0);
    for (std::int32_t r = 0; r < nodes_->counted(); ++r) {
      const std::int64_t current =
          with_space([&](const auto& spaces) { return spaces.now.capacity(node, r); });
      all->set_capacity(node, r, std::max(all->capacity(node, r), current));
    }
  }
  for (const Change& change : service_.ahead()) {
    if (change.kind != Change::Kind::capacity) continue;
    const std::int64_t known = all->capacity(change.target, change.resource);
    all->set_capacity(change.target, change.resource, std::max(known, change.value));
  }
  all->index();  // brought up to date once, so that threads may ask it together
  everything_ = all;
  return *everything_;
}

bool Engine::judge_feasible(const Shape& shape) {
  const auto index = static_cast<std::size_t>(shape.index);
  if (index >= feasible_.size()) feasible_.resize(index + 1, -1);
  feasible_[index] = shape.lacking < 0 && everything().fits(shape);
  return feasible_[index] != 0;
}

}  // namespace fairlead
