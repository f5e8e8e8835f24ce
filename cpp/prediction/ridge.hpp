// Ridge regression on standardised features, fitted again and again as a series grows.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

struct LinearModel {
  Eigen::VectorXd weights;
  double intercept = 0;
};

// Sums over rows from which a ridge is solved for any penalty (Hoerl and Kennard, Technometrics
// 12(1), 1970). Adding rows is additive, so refitting on a longer past costs only the new rows.
class NormalEquations {
 public:
  explicit NormalEquations(Eigen::Index features);

  // One row per observation.
  void add(const Eigen::Ref<const Eigen::MatrixXd>& x, const Eigen::Ref<const Eigen::VectorXd>& y);

  // The same with one column per observation.
  void add_columns(const Eigen::Ref<const Eigen::MatrixXd>& x,
                   const Eigen::Ref<const Eigen::VectorXd>& y);

  // A model per penalty, each above 0. It minimises mean squared error + penalty * |w|^2, with w
  // the weights of features scaled to mean 0 and variance 1; the model is for the features as they
  // came. A constant feature gets weight 0.
  std::vector<LinearModel> solve(std::span<const double> penalties) const;

 private:
  std::int64_t rows_ = 0;
  Eigen::MatrixXd products_;  // lower triangle of x' x
  Eigen::VectorXd sums_;      // of x
  Eigen::VectorXd moments_;   // x' y
  double target_sum_ = 0;
};

}  // namespace fairlead
