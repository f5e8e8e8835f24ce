// An engine that runs for months: it keeps what lives and forgets what has ended, job by job and
// shape by shape.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduling/engine.hpp"

namespace fairlead {

class LiveEngine {
 public:
  LiveEngine(std::shared_ptr<const NodeTable> nodes, EngineOptions options)
      : engine_(std::move(nodes), std::move(options)) {}

  // For events that end no job, for decisions and for looking at.
  Engine& engine() { return engine_; }
  const Engine& engine() const { return engine_; }

  // Submits all rows at once; their numbers, the first of which is returned, go on from those of
  // earlier submissions.
  std::int64_t submit(const JobColumns& columns, Time now);
  bool finish(std::int64_t job, Outcome outcome, Time now);  // false: it does not run
  bool cancel(std::int64_t job, Time now);                   // false: no such live job
  // The jobs that have ended with the node.
  std::vector<std::int64_t> node_fail(std::int32_t node, Time now);

  std::string blocked_by(std::int64_t job, Time now);
  LiveEngine fork();

  std::size_t shapes() const { return shapes_.size(); }

 private:
  struct Held {
    std::shared_ptr<const Shape> shape;                        // shared by forks
    std::shared_ptr<const std::vector<std::string>> requests;  // what its jobs' columns are named
    std::uint64_t hash = 0;
    std::int64_t jobs = 0;
  };

  std::int32_t hold(const Shape& shape,
                    const std::shared_ptr<const std::vector<std::string>>& requests);
  void let_go(std::int32_t index);
  const std::vector<std::int64_t>& forget_ended();  // the jobs

  Engine engine_;
  std::int64_t jobs_ = 0;
  std::vector<Held> shapes_;  // by index
  std::vector<std::int32_t> free_shapes_;
  std::unordered_multimap<std::uint64_t, std::int32_t> shape_by_hash_;
  std::unordered_map<std::int64_t, std::int32_t> shape_of_;  // by live job
  std::vector<std::int64_t> ended_;                          // last; kept for its room
};

}  // namespace fairlead
