// The sum of squared one-step errors of a block of series side by side, and its expansion around a
// point.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "prediction/smoothing/expansion.hpp"
#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

Layout layout_of(const Form& form);

using Around = Expansion<1>;

class Objective {
 public:
  // The points of the lanes; null: nothing to do.
  using Points = std::span<Around* const, kLanes>;

  // For samples of at most `longest` values.
  Objective(const Form& form, std::size_t longest);

  // A lane's sample, no shorter than the one before, and what its values are divided by.
  void put(std::size_t lane, const Sample& sample, double scale);

  // The sum of squares of each lane at its point, of errors that are differences.
  std::array<double, kLanes> squares(Points at);
  // Fills in what is around the point of each lane.
  void expand(Points at);

 private:
  void run_from(Points at);
  void respond(std::span<Lanes> out, const LaneWeights& weights, int unknown);
  void add_differences(Points at);
  void add_responses(const LaneWeights& weights);
  void add_seasons(const LaneWeights& weights);
  void weigh_columns();
  Products<kLanes> products(int lane);
  void weigh(std::span<Lanes> column) const;
  std::span<Lanes> column();
  LaneWeights lane_weights(Points at) const;
  // What is known of a block that is as long as the longest sample may be.
  std::span<Lanes> part(Block& block) const {
    return std::span(block).first(static_cast<std::size_t>(steps_));
  }
  std::span<const Lanes> part(const Block& block) const {
    return std::span(block).first(static_cast<std::size_t>(steps_));
  }

  const Form& form_;
  Layout layout_;
  std::int64_t steps_ = 0;  // of the longest sample now
  std::array<std::int64_t, kLanes> lengths_{};
  Block values_, counts_, none_;  // none_: zeros
  Lanes observed_{};              // values
  Block errors_, inverse_;        // inverse_: 1 / forecast, of relative errors
  std::vector<Block> columns_;    // errors, then derivatives()
  std::size_t used_ = 0;
  std::array<Block, kMostSeasons> response_;              // to the first place of each season
  std::vector<const Lanes*> each_;                        // of the columns
  std::vector<Lanes> inner_;                              // columns x columns
  std::array<std::vector<Lanes>, kMostSeasons> shifted_;  // places x columns
};

}  // namespace fairlead::smoothing
