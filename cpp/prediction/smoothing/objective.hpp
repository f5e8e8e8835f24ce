// The sum of squared one-step errors of a block of series, and its expansion around a point.
//
// The errors are linear in the initial states, and the response to the initial state of place j of
// a season is that of place 0, j steps later. So a season of m places costs m products of columns
// per entry and not m^2, and its states are solved for exactly rather than searched.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "prediction/smoothing/fit.hpp"

namespace fairlead::smoothing {

// Where the unknowns of a form stand in a point: first the free weights (alpha, beta / alpha, phi,
// gamma_k / (1 - alpha)), then level, trend and the places of the seasons.
struct Layout {
  explicit Layout(const Form& form);

  int weights = 1;
  int beta = -1, phi = -1;  // -1: none
  std::array<int, kMostSeasons> gamma{-1, -1};
  int level = 1, trend = -1;
  std::array<int, kMostSeasons> season{-1, -1};
  int dense = 0;  // unknowns before this one are solved for together, those after it one by one
  int size = 0;
  std::vector<double> lower, upper, usual;  // of the weights
};

using Point = Eigen::VectorXd;

// Half the sum of squares around a point, to second order.
struct Expansion {
  double squares = 0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;   // of the dense unknowns
  Eigen::VectorXd diagonal;  // of the others
};

class Objective {
 public:
  // At most kLanes samples; `scales` are what their values are divided by.
  Objective(const Form& form, std::span<const Sample> samples, std::span<const double> scales);

  // The sum of squares of each lane at its point.
  std::array<double, kLanes> squares(std::span<const Point> points);
  void expand(std::span<const Point> points, std::span<Expansion> out);

 private:
  void run_from(std::span<const Point> points);
  void respond(Block& out, const LaneWeights& weights, int unknown);
  void add_derivatives(std::span<const Point> points);
  void fill(int lane, Expansion& out) const;
  void fill_season(int lane, Expansion& out) const;
  void weigh(Block& column) const;
  Block& column();

  const Form& form_;
  Layout layout_;
  std::int64_t lanes_;
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
