#include "prediction/linear/quantile_fit.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

namespace fairlead {
namespace {

constexpr int kMostSteps = 60;
constexpr double kSmallGain = 1e-4;       // of the loss: the search ends after such a step
constexpr double kRounded = 1e-3;         // residuals, in mean absolute targets, taken for this one
constexpr double kConstantShare = 1e-12;  // below this share of its square a variance is rounding

// The rows with features scaled to mean 0 and variance 1, a last feature of ones, and targets
// scaled to mean absolute value 1.
struct Scaled {
  Eigen::MatrixXd x;
  Eigen::VectorXd y;
  Eigen::VectorXd mean, factor;  // of the features
  double unit = 0;               // of the targets

  Scaled(const Eigen::Ref<const Eigen::MatrixXd>& raw_x,
         const Eigen::Ref<const Eigen::VectorXd>& raw_y)
      : x(raw_x.rows(), raw_x.cols() + 1),
        y(raw_y),
        mean(raw_x.colwise().mean().transpose()),
        factor(raw_x.cols()),
        unit(raw_y.cwiseAbs().mean()) {
    if (unit > 0) y /= unit;
    for (Eigen::Index i = 0; i < raw_x.cols(); ++i) {
      x.col(i) = raw_x.col(i).array() - mean[i];
      const double variance = x.col(i).squaredNorm() / static_cast<double>(x.rows());
      factor[i] = variance > kConstantShare * mean[i] * mean[i] ? 1 / std::sqrt(variance) : 0;
      x.col(i) *= factor[i];
    }
    x.col(raw_x.cols()).setOnes();
  }

  LinearModel as_it_came(const Eigen::VectorXd& point) const {
    const Eigen::Index features = factor.size();
    LinearModel model{unit * factor.cwiseProduct(point.head(features)), unit * point[features]};
    model.intercept -= model.weights.dot(mean);
    return model;
  }
};

class Search {
 public:
  Search(const Scaled& rows, double penalty) : rows_(rows), penalty_(penalty) {}

  // Moves `point` to the least loss.
  void run(double p, Eigen::VectorXd& point) {
    residuals_ = rows_.y - rows_.x * point;
    double loss = loss_at(p, point);
    for (int taken = 0; taken < kMostSteps; ++taken) {
      const Eigen::VectorXd next = step(p);
      residuals_ = rows_.y - rows_.x * next;
      const double after = loss_at(p, next);
      if (!(after < loss)) break;  // rounding: there is nothing left to gain
      point = next;
      const bool is_small = loss - after < kSmallGain * loss;
      loss = after;
      if (is_small) break;
    }
  }

 private:
  double loss_at(double p, const Eigen::VectorXd& point) const {
    const double n = static_cast<double>(rows_.x.rows());
    const auto r = residuals_.array();
    return (r.abs() / 2 + (p - 0.5) * r).sum() / n +
           penalty_ * point.head(point.size() - 1).squaredNorm();
  }

  // The least of the parabolas r^2 / (4 a) + (p - 1/2) r that touch the loss at the residuals.
  Eigen::VectorXd step(double p) {
    const Eigen::Index last = rows_.x.cols() - 1;
    const Eigen::VectorXd curvature = residuals_.cwiseAbs().cwiseMax(kRounded).cwiseInverse() / 2;
    weighed_ = curvature.cwiseSqrt().asDiagonal() * rows_.x;
    Eigen::MatrixXd system = Eigen::MatrixXd::Zero(last + 1, last + 1);
    system.selfadjointView<Eigen::Lower>().rankUpdate(weighed_.transpose());
    system.diagonal().head(last).array() += 2 * penalty_ * static_cast<double>(rows_.x.rows());
    Eigen::VectorXd right = rows_.x.transpose() * curvature.cwiseProduct(rows_.y);
    right += (p - 0.5) * rows_.x.colwise().sum().transpose();
    return system.llt().solve(right);
  }

  const Scaled& rows_;
  double penalty_;
  Eigen::VectorXd residuals_;
  Eigen::MatrixXd weighed_;
};

}  // namespace

std::vector<LinearModel> fit_quantiles(const Eigen::Ref<const Eigen::MatrixXd>& x,
                                       const Eigen::Ref<const Eigen::VectorXd>& y,
                                       std::span<const double> probabilities, double penalty) {
  std::vector<LinearModel> models(probabilities.size(), {Eigen::VectorXd::Zero(x.cols()), 0});
  if (x.rows() == 0) return models;
  const Scaled rows(x, y);
  if (!(rows.unit > 0)) return models;
  Search search(rows, penalty);
  Eigen::VectorXd median = Eigen::VectorXd::Zero(x.cols() + 1);
  search.run(0.5, median);
  // From the median outwards, each from where its neighbour ended.
  const auto above = std::ranges::lower_bound(probabilities, 0.5) - probabilities.begin();
  Eigen::VectorXd point = median;
  for (std::ptrdiff_t i = above; i < std::ssize(probabilities); ++i) {
    if (probabilities[i] > 0.5) search.run(probabilities[i], point);
    models[i] = rows.as_it_came(point);
  }
  point = median;
  for (std::ptrdiff_t i = above - 1; i >= 0; --i) {
    search.run(probabilities[i], point);
    models[i] = rows.as_it_came(point);
  }
  return models;
}

}  // namespace fairlead
