#include <algorithm>

#include "base/errors.hpp"
#include "matching/matching.hpp"
#include "matching/refusal.hpp"

namespace fairlead {
namespace {

// Depth-first over jobs, their units and tasks, and the devices of each, with accounts of its own:
// the oracle of the other methods should share no code with them.
class Search {
 public:
  Search(const JobTable& jobs, const NodeTable& nodes, std::int64_t steps)
      : nodes_(nodes), counted_(nodes.capacity), most_steps_(steps) {
    for (std::size_t row = 0; row < jobs.size(); ++row) shapes_.push_back(jobs.spec(row).shape);
    share_.assign(nodes.all_devices(), static_cast<std::int32_t>(kWholeDevice));
    memory_.assign(nodes.all_devices(), 0);
    for (std::int32_t node = 0; nodes.gpu_kind >= 0 && node < nodes.n; ++node) {
      const std::int32_t first = nodes.first_device(node, nodes.gpu_kind);
      std::fill_n(memory_.begin() + first, nodes.devices(node, nodes.gpu_kind),
                  nodes.gpu_memory[node]);
    }
    tasks_left_.assign(shapes_.size() + 1, 0);
    for (std::size_t row = shapes_.size(); row-- > 0;) {
      tasks_left_[row] = tasks_left_[row + 1] + shapes_[row]->tasks();
    }
    current_.resize(shapes_.size());
  }

  // For every job its placement block; empty where it is left out.
  const std::vector<std::vector<std::int32_t>>& run() {
    best_ = current_;
    place_job(0);
    return best_;
  }

 private:
  void place_job(std::size_t row) {
    if (placed_ + tasks_left_[row] <= most_) return;  // cannot beat what is known
    if (row == shapes_.size()) {
      most_ = placed_;
      best_ = current_;
      return;
    }
    const Shape& shape = *shapes_[row];
    // A job like the one before it that was left out changes nothing by taking its place.
    const bool hopeless = shape.lacking >= 0 || (row > 0 && shapes_[row - 1] == shapes_[row] &&
                                                 current_[row - 1].empty());
    if (!hopeless) {
      placed_ += shape.tasks();
      current_[row].assign(shape.units, 0);
      place_unit(row, 0, 0);
      current_[row].clear();
      placed_ -= shape.tasks();
    }
    place_job(row + 1);
  }

  // Units of a job are alike: each goes to the node of the one before or to a later one.
  void place_unit(std::size_t row, std::int32_t unit, std::int32_t from) {
    const Shape& shape = *shapes_[row];
    if (unit == shape.units) return place_job(row + 1);
    for (std::int32_t node = from; node < nodes_.n; ++node) {
      if (!suits(shape, node)) continue;
      count_step();
      take_counted(shape, node, 1);
      current_[row][unit] = node;
      place_task(row, unit, 0, 0);
      take_counted(shape, node, -1);
    }
  }

  bool suits(const Shape& shape, std::int32_t node) const {
    if (shape.pool >= 0 && shape.pool != nodes_.pool[node]) return false;
    if (shape.gpu_types != kAnyType && !(shape.gpu_types & nodes_.gpu_type[node])) return false;
    return std::ranges::all_of(shape.counted, [&](const Ask& ask) {
      return counted_[node * nodes_.counted() + ask.resource] >= ask.amount;
    });
  }

  void place_task(std::size_t row, std::int32_t unit, std::int32_t task, std::size_t ask) {
    const Shape& shape = *shapes_[row];
    const std::int32_t node = current_[row][unit];
    if (task == shape.tasks_per_unit) {
      return place_unit(row, unit + 1, shape.one_unit_per_node ? node + 1 : node);
    }
    if (ask == shape.devices.size()) return place_task(row, unit, task + 1, 0);
    const Ask& wanted = shape.devices[ask];
    const std::int64_t memory = wanted.resource == nodes_.gpu_kind ? shape.gpu_memory : 0;
    const auto next = [&] { place_task(row, unit, task, ask + 1); };
    if (wanted.amount < kWholeDevice) {
      try_shares(row, node, wanted, memory, next);
    } else {
      take_whole(row, node, wanted, memory, next);
    }
  }

  // Devices with as much left are alike, so one of each kind is tried.
  template <typename Next>
  void try_shares(std::size_t row, std::int32_t node, const Ask& ask, std::int64_t memory,
                  Next next) {
    const std::int32_t first = nodes_.first_device(node, ask.resource);
    const std::int32_t last = first + nodes_.devices(node, ask.resource);
    for (std::int32_t d = first; d < last; ++d) {
      if (share_[d] < ask.amount || (memory > 0 && memory_[d] < memory)) continue;
      const auto like = [&](std::int32_t e) {
        return share_[e] == share_[d] && memory_[e] == memory_[d];
      };
      std::int32_t earliest = first;
      while (!like(earliest)) ++earliest;
      if (earliest < d) continue;
      count_step();
      take_device(row, d, first, static_cast<std::int32_t>(ask.amount), memory);
      next();
      give_back(row, d, static_cast<std::int32_t>(ask.amount), memory);
    }
  }

  // Whole devices of a node are alike: the first free ones.
  template <typename Next>
  void take_whole(std::size_t row, std::int32_t node, const Ask& ask, std::int64_t memory,
                  Next next) {
    const std::int32_t first = nodes_.first_device(node, ask.resource);
    const std::int32_t last = first + nodes_.devices(node, ask.resource);
    const bool is_gpu = ask.resource == nodes_.gpu_kind;
    if (memory > 0 && nodes_.gpu_memory[node] < memory) return;
    std::vector<std::int32_t> taken;
    for (std::int32_t d = first; d < last && std::ssize(taken) < Shape::devices_of(ask); ++d) {
      if (share_[d] == kWholeDevice) taken.push_back(d);
    }
    if (std::ssize(taken) < Shape::devices_of(ask)) return;
    const auto whole = static_cast<std::int32_t>(kWholeDevice);
    for (const std::int32_t d : taken) take_device(row, d, first, whole, is_gpu ? memory_[d] : 0);
    next();
    for (const std::int32_t d : taken)
      give_back(row, d, whole, is_gpu ? nodes_.gpu_memory[node] : 0);
  }

  void take_counted(const Shape& shape, std::int32_t node, std::int64_t sign) {
    for (const Ask& ask : shape.counted) {
      counted_[node * nodes_.counted() + ask.resource] -= sign * ask.amount;
    }
  }

  void take_device(std::size_t row, std::int32_t device, std::int32_t first, std::int32_t share,
                   std::int64_t memory) {
    share_[device] -= share;
    memory_[device] -= memory;
    current_[row].push_back(device - first);
  }

  void give_back(std::size_t row, std::int32_t device, std::int32_t share, std::int64_t memory) {
    share_[device] += share;
    memory_[device] += memory;
    current_[row].pop_back();
  }

  void count_step() {
    if (++steps_ > most_steps_) {
      throw InvalidInput("method='exhaustive' gave up after " + std::to_string(most_steps_) +
                         " steps; give fewer jobs or nodes, or use method='greedy'");
    }
  }

  const NodeTable& nodes_;
  std::vector<const Shape*> shapes_;
  std::vector<std::int64_t> counted_;
  std::vector<std::int32_t> share_;
  std::vector<std::int64_t> memory_;
  std::vector<std::int64_t> tasks_left_;  // of the jobs from a row on
  std::vector<std::vector<std::int32_t>> current_, best_;
  std::int64_t placed_ = 0;
  std::int64_t most_ = 0;
  std::int64_t steps_ = 0;
  std::int64_t most_steps_;
};

}  // namespace

Matching match_exhaustive(const JobTable& jobs, const std::shared_ptr<const NodeTable>& nodes,
                          std::int64_t steps) {
  Search search(jobs, *nodes, steps);
  const auto& blocks = search.run();
  Matching result;
  result.status.assign(jobs.size(), MatchStatus::placed);
  result.reason.assign(jobs.size(), 0);
  NodeState state(nodes);
  for (std::size_t row = 0; row < jobs.size(); ++row) {
    const Shape& shape = *jobs.spec(row).shape;
    if (blocks[row].empty()) continue;
    state.take(shape, blocks[row]);
    result.add(static_cast<std::int64_t>(row), shape, blocks[row]);
  }
  Refusals refusals(jobs, nodes);
  for (std::size_t row = 0; row < jobs.size(); ++row) {
    if (blocks[row].empty()) refusals.refuse(row, *jobs.spec(row).shape, state, result);
  }
  return result;
}

}  // namespace fairlead
