// A policy has an opinion on the order of the waiting jobs; the engine owns everything else.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "base/time.hpp"
#include "model/job_table.hpp"

namespace fairlead {

using Row = std::int32_t;  // a live job inside the engine

// When a key must be computed: once, again for the rows an event changed, or anew in every pass.
enum class KeyUse { static_once, on_event, per_pass };

// What a policy may see. It holds no true run time of an unfinished job, so a policy cannot peek.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual Time now() const = 0;
  virtual const JobSpec& job(Row row) const = 0;
  // Largest share of the cluster that the job asks of any one resource, as in DRF.
  virtual double dominant_share(Row row) const = 0;

  double estimate_s(Row row) const { return static_cast<double>(job(row).estimate.ns) / 1e9; }
  double waited_s(Row row) const { return static_cast<double>((now() - job(row).submit).ns) / 1e9; }
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual KeyUse key_use() const { return KeyUse::static_once; }
  // Whether the key is made from the estimate, so that a job without one must be refused.
  virtual bool plans() const { return false; }
  // Lower goes first; ties go by submission, then row.
  virtual double key(const Snapshot& now, Row row) const = 0;
  // Whole columns at once; override where that is cheaper, as a policy written in Python does.
  virtual void keys(const Snapshot& now, std::span<const Row> rows, std::span<double> out) const {
    for (std::size_t i = 0; i < rows.size(); ++i) out[i] = key(now, rows[i]);
  }
};

using Params = std::unordered_map<std::string, double>;
using PolicyPtr = std::shared_ptr<const Policy>;

}  // namespace fairlead
