#include "scheduling/live_engine.hpp"

#include <algorithm>

namespace fairlead {

std::int64_t LiveEngine::submit(const JobColumns& columns, Time now) {
  const std::int64_t first = jobs_;
  const JobTable table(columns, engine_.nodes(), first, 0);
  const auto requests = std::make_shared<const std::vector<std::string>>(table.resources());
  for (std::size_t k = 0; k < table.size(); ++k) {
    JobSpec job = table.spec(table.row_at(k));
    const std::int32_t index = hold(*job.shape, requests);
    job.shape = shapes_[index].shape.get();
    shape_of_[job.id] = index;
    engine_.submit(job, now);
  }
  jobs_ += static_cast<std::int64_t>(table.size());
  return first;
}

bool LiveEngine::finish(std::int64_t job, Outcome outcome, Time now) {
  const std::optional<Row> slot = engine_.find(job);
  if (!slot || !engine_.finish({*slot, engine_.live(*slot).generation}, outcome, now)) return false;
  forget_ended();
  return true;
}

bool LiveEngine::cancel(std::int64_t job, Time now) {
  const bool done = engine_.cancel(job, now);
  forget_ended();
  return done;
}

std::vector<std::int64_t> LiveEngine::node_fail(std::int32_t node, Time now) {
  engine_.node_fail(node, now);
  return forget_ended();
}

std::string LiveEngine::blocked_by(std::int64_t job, Time now) {
  const std::optional<Row> slot = engine_.find(job);
  if (!slot) return "";
  return engine_.blocked_by(*slot, *shapes_[shape_of_.at(job)].requests, now);
}

LiveEngine LiveEngine::fork() {
  engine_.seal();
  return *this;
}

// One more job of the shape; its index, new if no live job had one like it.
std::int32_t LiveEngine::hold(const Shape& shape,
                              const std::shared_ptr<const std::vector<std::string>>& requests) {
  const std::uint64_t hash = hash_of(shape);
  const auto [begin, end] = shape_by_hash_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    Held& held = shapes_[it->second];
    if (!same_but_index(*held.shape, shape)) continue;
    if (shape.lacking >= 0 && *held.requests != *requests) continue;  // they lack unlike things
    ++held.jobs;
    return it->second;
  }
  if (free_shapes_.empty()) {
    free_shapes_.push_back(static_cast<std::int32_t>(shapes_.size()));
    shapes_.emplace_back();
  }
  const std::int32_t index = free_shapes_.back();
  free_shapes_.pop_back();
  auto own = std::make_shared<Shape>(shape);
  own->index = index;
  shapes_[index] = {std::move(own), requests, hash, 1};
  shape_by_hash_.emplace(hash, index);
  return index;
}

void LiveEngine::let_go(std::int32_t index) {
  Held& held = shapes_[index];
  if (--held.jobs > 0) return;
  engine_.forget_shape(*held.shape);
  const auto [begin, end] = shape_by_hash_.equal_range(held.hash);
  shape_by_hash_.erase(
      std::find_if(begin, end, [index](const auto& entry) { return entry.second == index; }));
  held = {};
  free_shapes_.push_back(index);
}

const std::vector<std::int64_t>& LiveEngine::forget_ended() {
  ended_.clear();
  engine_.runs().each([this](const Run& run) {
    if (run.outcome() != Outcome::requeued) ended_.push_back(run.job);
  });
  engine_.forget_ended();
  for (const std::int64_t job : ended_) {
    const auto it = shape_of_.find(job);
    let_go(it->second);
    shape_of_.erase(it);
  }
  return ended_;
}

}  // namespace fairlead
