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
  // At most kLanes samples; `scales` are what their values are divided by.
  Objective(const Form& form, std::span<const Sample> samples, std::span<const double> scales);

  // The sum of squares of each lane at its point.
  std::array<double, kLanes> squares(std::span<Around* const> at);
  // Fills in what is around the point of each lane.
  void expand(std::span<Around* const> at);

 private:
  void run_from(std::span<Around* const> at);
  void respond(Block& out, const LaneWeights& weights, int unknown);
  void add_derivatives(std::span<Around* const> at);
  Products<kLanes> products(int lane);
  void weigh(Block& column) const;
  Block& column();

  const Form& form_;
  Layout layout_;
  std::int64_t steps_ = 0;
  std::array<std::int64_t, kLanes> lengths_{};
  Block values_, counts_, none_;  // none_: zeros
  Block errors_;                  // weighed
  std::vector<Block> columns_;    // errors, then derivatives by the dense non-season unknowns
  std::size_t used_ = 0;
  std::array<Block, kMostSeasons> response_;              // to the first place of each season
  std::vector<Lanes> inner_;                              // columns x columns
  std::array<std::vector<Lanes>, kMostSeasons> shifted_;  // places x columns
};

}  // namespace fairlead::smoothing
