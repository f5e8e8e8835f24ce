// What is known of a job when it is submitted, and the keys under which past jobs are like it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/errors.hpp"
#include "base/hash.hpp"

namespace fairlead {

// Labels are hashes of their text, so that they mean the same in every table; 0 is missing.
struct JobTraits {
  std::uint64_t user = 0, name = 0, group = 0;
  std::uint64_t size = 0;  // hash of what all tasks ask
  double limit_s = std::numeric_limits<double>::infinity();
  double submit_s = 0;
  double cpus = 0, gpus = 0;  // of all tasks
};

inline bool has_limit(const JobTraits& job) {
  return job.limit_s < std::numeric_limits<double>::infinity();
}

// Jobs as columns; an empty span is an absent column.
struct JobTraitColumns {
  std::span<const std::uint64_t> user, name, group, size;
  std::span<const double> limit_s, submit_s, cpus, gpus;

  std::size_t rows() const { return submit_s.size(); }
  void validate() const {
    for (const std::size_t length : {user.size(), name.size(), group.size(), size.size(),
                                     limit_s.size(), cpus.size(), gpus.size()}) {
      if (length != 0 && length != rows())
        throw InvalidInput("columns of traits must have one value a job, or none at all");
    }
  }
  JobTraits row(std::size_t i) const {
    JobTraits job;
    job.submit_s = submit_s[i];
    if (!user.empty()) job.user = user[i];
    if (!name.empty()) job.name = name[i];
    if (!group.empty()) job.group = group[i];
    if (!size.empty()) job.size = size[i];
    if (!limit_s.empty()) job.limit_s = limit_s[i];
    if (!cpus.empty()) job.cpus = cpus[i];
    if (!gpus.empty()) job.gpus = gpus[i];
    return job;
  }
  std::vector<JobTraits> all() const {
    std::vector<JobTraits> jobs;
    jobs.reserve(rows());
    for (std::size_t i = 0; i < rows(); ++i) jobs.push_back(row(i));
    return jobs;
  }
};

// A key of history: 0 where a part of it is missing. `kind` keeps equal parts of unlike keys apart.
template <typename... Parts>
constexpr std::uint64_t history_key(std::uint64_t kind, Parts... parts) {
  if (((parts == 0) || ...)) return 0;
  std::uint64_t key = mix(kind + 1);
  ((key = combine(key, parts)), ...);
  return key == 0 ? 1 : key;
}

// The limit as a part of a key; 0 for none.
inline std::uint64_t limit_part(const JobTraits& job) {
  return has_limit(job) ? static_cast<std::uint64_t>(job.limit_s * 1e3) + 1 : 0;
}

}  // namespace fairlead
