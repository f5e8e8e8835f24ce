// Limits from usage by least cost: a bank of models, each of which follows the limit that would
// have cost least, and of which the one with the least realised cost decides (Rzadca et al.,
// "Autopilot", EuroSys 2020, section 3.3).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/usage/histograms.hpp"
#include "prediction/usage/recommender.hpp"

namespace fairlead {

struct CostOptions {
  BucketScheme buckets;
  std::int64_t window_ns = 0;
  bool peaks = false;                       // a window's sample is its peak
  std::vector<std::int64_t> half_lives_ns;  // of the models' histograms
  std::vector<double> margins;              // of the models; one model a half life and margin
  std::int64_t cost_half_life_ns = 0;       // of realised costs
  double overrun = 9, underrun = 1;         // prices of use above and of room below the limit
  double change = 0.1, choose = 0.1;  // prices of another limit, of another model; in mean use
  double least = 0;
};

// A sample costs O(models), the end of a window O(half lives x buckets + models). Samples of one
// target come in order of time; older ones count as of the open window.
class CostRecommender {
 public:
  explicit CostRecommender(const CostOptions& options);

  std::size_t targets() const { return targets_.size(); }
  void resize(std::size_t targets);
  void observe(std::span<const std::int32_t> target, std::span<const std::int64_t> time_ns,
               std::span<const double> value);
  // The limit in force, decided when the last window ended; before, the peak with the largest
  // margin. Lower and upper are the least and the largest limit of the models.
  Recommendations recommend() const;

 private:
  struct Model {
    double limit = 0;     // with margin
    double cost = 0;      // realised, decayed, in units of mean use
    double realised = 0;  // of the open window, in units of use
    bool changed = false;
  };
  struct Target {
    std::int64_t window = 0, samples = 0, in_window = 0;
    double peak = 0;              // of the open window
    double load = 0, weight = 0;  // all samples, for the mean use
    double limit = 0;             // in force
    std::int32_t chosen = -1;     // model in force; below 0: none yet
  };

  std::span<Model> models(std::size_t target);
  std::int32_t best_bucket(std::size_t target, std::size_t half_life, double mean) const;
  void take(std::size_t target, double value, std::int64_t when_ns);
  void close(std::size_t target, std::int64_t next);
  void realise(std::span<Model> bank, const Target& target, double mean, std::int64_t windows);
  void choose(std::span<Model> bank, Target& target) const;

  CostOptions options_;
  std::size_t per_target_;                      // models
  std::vector<DecayingHistograms> histograms_;  // by half life
  std::vector<Target> targets_;
  std::vector<Model> models_;         // targets x half lives x margins
  std::vector<std::int32_t> bucket_;  // targets x half lives: last limit's; below 0: none yet
};

}  // namespace fairlead
