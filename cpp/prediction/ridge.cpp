#include "prediction/ridge.hpp"

#include <Eigen/Cholesky>
#include <cmath>

namespace fairlead {
namespace {

// Below this share of the raw second moment a variance is rounding error: the feature is constant.
constexpr double kConstantShare = 1e-12;

// Eigen cuts products into pieces by the sizes of the caches it finds, so that the last bits of a
// sum would depend on the machine. With sizes of its own choice it rounds alike everywhere.
const bool kCachesFixed = [] {
  Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20);
  return true;
}();

}  // namespace

NormalEquations::NormalEquations(Eigen::Index features)
    : products_(Eigen::MatrixXd::Zero(features, features)),
      sums_(Eigen::VectorXd::Zero(features)),
      moments_(Eigen::VectorXd::Zero(features)) {}

void NormalEquations::add(const Eigen::Ref<const Eigen::MatrixXd>& x,
                          const Eigen::Ref<const Eigen::VectorXd>& y) {
  products_.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
  sums_ += x.colwise().sum().transpose();
  moments_.noalias() += x.transpose() * y;
  target_sum_ += y.sum();
  rows_ += x.rows();
}

void NormalEquations::add_columns(const Eigen::Ref<const Eigen::MatrixXd>& x,
                                  const Eigen::Ref<const Eigen::VectorXd>& y) {
  products_.selfadjointView<Eigen::Lower>().rankUpdate(x);
  sums_ += x.rowwise().sum();
  moments_.noalias() += x * y;
  target_sum_ += y.sum();
  rows_ += x.cols();
}

std::vector<LinearModel> NormalEquations::solve(std::span<const double> penalties) const {
  const Eigen::Index p = sums_.size();
  if (rows_ == 0) return std::vector<LinearModel>(penalties.size(), {Eigen::VectorXd::Zero(p), 0});
  const double n = static_cast<double>(rows_);
  const Eigen::VectorXd means = sums_ / n;
  const double target_mean = target_sum_ / n;

  const Eigen::VectorXd second = products_.diagonal() / n;
  Eigen::VectorXd scale(p);  // 1 / standard deviation
  for (Eigen::Index i = 0; i < p; ++i) {
    const double variance = second[i] - means[i] * means[i];
    scale[i] = variance > kConstantShare * second[i] ? 1 / std::sqrt(variance) : 0;
  }
  Eigen::MatrixXd correlations = products_ / n;
  correlations.selfadjointView<Eigen::Lower>().rankUpdate(means, -1.0);
  correlations = scale.asDiagonal() * correlations * scale.asDiagonal();
  const Eigen::VectorXd right = scale.cwiseProduct(moments_ / n - means * target_mean);

  std::vector<LinearModel> models;
  Eigen::LLT<Eigen::MatrixXd> cholesky(p);
  for (const double penalty : penalties) {
    Eigen::MatrixXd system = correlations;
    system.diagonal().array() += penalty;
    cholesky.compute(system);
    LinearModel model{scale.cwiseProduct(cholesky.solve(right)), 0};
    model.intercept = target_mean - model.weights.dot(means);
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace fairlead
