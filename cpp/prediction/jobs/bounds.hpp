// Upper bounds of run times that hold as often as they say: quantiles of past run times as shares
// of the limit, at a level that every outcome moves.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "prediction/jobs/key_table.hpp"
#include "prediction/jobs/traits.hpp"

namespace fairlead {

inline constexpr int kShares = 96;

// Shares of the limit are counted in cells, by key of history; the counts of a narrow key are drawn
// to the distribution of the next wider one. Jobs without limit are counted by their run time.
class UpperBounds {
 public:
  explicit UpperBounds(std::vector<double> probabilities);

  std::size_t size() const { return probabilities_.size(); }
  // One bound in s a probability, none below the one before it; at most the limit.
  void predict(const JobTraits& job, std::span<float> bounds) const;
  // The job ran `run_s`; `bounds` are those made at its submission.
  void learn(const JobTraits& job, double run_s, std::span<const float> bounds);

 private:
  using Cells = std::array<float, kShares>;
  struct Counts {
    Cells cell{};
    float total = 0;
  };

  Cells distribution_of(const JobTraits& job) const;

  std::vector<double> probabilities_;
  std::vector<double> levels_;  // at which the quantiles are read, in the place of probabilities
  KeyTable<Counts> counts_;
};

}  // namespace fairlead
