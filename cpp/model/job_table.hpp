// Jobs as columns: copied once, immutable, shared by a simulation and its forks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "model/node_table.hpp"
#include "model/shape.hpp"

namespace fairlead {

// Columns as they come from outside; an empty span is an absent column with its default.
struct JobColumns {
  std::size_t n = 0;
  std::span<const std::int64_t> submit_ns;
  std::span<const std::int64_t> duration_ns;
  std::span<const std::int64_t> limit_ns;     // -1: none
  std::span<const std::int64_t> estimate_ns;  // -1: none
  std::span<const std::int32_t> tasks;
  std::span<const std::int32_t> tasks_per_node;  // 0: any
  std::vector<std::string> resources;
  std::vector<std::span<const std::int64_t>> requests;  // parallel to resources; per task
  std::span<const std::int64_t> gpu_memory;             // per device; -1: not asked
  std::span<const std::int32_t> pool;                   // -1: any
  std::span<const std::int32_t> gpu_type;               // row of type_masks; -1: any
  std::vector<std::uint64_t> type_masks;
  std::span<const double> priority;
  std::span<const double> urgency;
  std::span<const double> key;  // made outside, for the order `given`
};

// One job as the engine learns of it: no true run time.
struct JobSpec {
  std::int64_t id = 0;
  Time submit;
  Duration limit = kUnlimited;
  Duration estimate = kUnlimited;
  const Shape* shape = nullptr;
  double priority = 0;
  double urgency = 0;
  double given_key = 0;
};

class JobTable {
 public:
  // `first_id` and `first_shape` number the jobs and shapes on from those of earlier tables.
  JobTable(const JobColumns& columns, const NodeTable& nodes, std::int64_t first_id,
           std::int32_t first_shape);

  std::size_t size() const { return jobs_.size(); }
  std::int64_t first_id() const { return first_id_; }
  const std::vector<Shape>& shapes() const { return shapes_; }
  const std::vector<std::string>& resources() const { return resources_; }

  // The k-th job to be submitted: rows by submission time, ties in row order.
  std::size_t row_at(std::size_t k) const { return order_.empty() ? k : order_[k]; }
  Time submit(std::size_t row) const { return jobs_[row].submit; }
  Duration duration(std::size_t row) const { return jobs_[row].duration; }
  Duration limit(std::size_t row) const { return jobs_[row].limit; }

  JobSpec spec(std::size_t row) const {
    JobSpec spec;
    write(row, spec);
    return spec;
  }
  // The same, where it stays: a copy goes through memory twice.
  void write(std::size_t row, JobSpec& spec) const {
    const Job& job = jobs_[row];
    spec.id = first_id_ + static_cast<std::int64_t>(row);
    spec.submit = job.submit;
    spec.limit = job.limit;
    spec.estimate = job.estimate;
    spec.shape = &shapes_[job.shape];
    const auto value = [row](const std::vector<double>& column) {
      return column.empty() ? 0.0 : column[row];
    };
    spec.priority = value(priority_);
    spec.urgency = value(urgency_);
    spec.given_key = value(key_);
  }

 private:
  void intern_shapes(const JobColumns& columns, const NodeTable& nodes, std::int32_t first_shape);

  // What every job has, side by side: a start looks at all of it.
  struct Job {
    Time submit;
    Duration duration, limit, estimate;
    std::int32_t shape = 0;
  };

  std::int64_t first_id_;
  std::vector<Job> jobs_;
  std::vector<Shape> shapes_;
  std::vector<double> priority_, urgency_, key_;
  std::vector<std::uint32_t> order_;
  std::vector<std::string> resources_;
};

}  // namespace fairlead
