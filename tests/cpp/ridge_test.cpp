// Features of origins and the ridge on them against slow and obvious versions.
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "base/errors.hpp"
#include "demand_values.hpp"
#include "prediction/features.hpp"
#include "prediction/ridge.hpp"

namespace fairlead {
namespace {

double plain_feature(const Values& values, const Feature& f, std::int64_t step, std::int64_t origin,
                     std::int64_t phase) {
  const std::int64_t target = origin + step - 1;
  const auto at = [&](std::int64_t i) { return i < 0 ? kMissing : values[i]; };
  if (f.kind == FeatureKind::lag) return at(origin - f.length);
  if (f.kind == FeatureKind::sine)
    return std::sin(2 * M_PI * static_cast<double>(f.order * (phase + target)) /
                    static_cast<double>(f.length));
  if (f.kind == FeatureKind::cosine)
    return std::cos(2 * M_PI * static_cast<double>(f.order * (phase + target)) /
                    static_cast<double>(f.length));
  if (f.kind == FeatureKind::season_lag || f.kind == FeatureKind::season_mean) {
    std::int64_t place = target - (target - origin + f.length) / f.length * f.length;
    place += f.shift;
    if (place >= origin) place -= f.length;
    if (f.kind == FeatureKind::season_lag) return at(place - f.order * f.length);
    double sum = 0;
    for (std::int64_t k = 0; k < f.order; ++k) sum += at(place - k * f.length);
    return sum / static_cast<double>(f.order);
  }
  if (origin < f.length) return kMissing;
  const Values window(values.begin() + (origin - f.length), values.begin() + origin);
  if (f.kind == FeatureKind::minimum) return *std::ranges::min_element(window);
  if (f.kind == FeatureKind::maximum) return *std::ranges::max_element(window);
  const double n = static_cast<double>(f.length);
  const double mean = std::accumulate(window.begin(), window.end(), 0.0) / n;
  if (f.kind == FeatureKind::mean) return mean;
  double squares = 0;
  for (const double value : window) squares += (value - mean) * (value - mean);
  return f.length < 2 ? 0 : std::sqrt(squares / (n - 1));
}

std::vector<Feature> every_kind() {
  std::vector<Feature> features{{FeatureKind::lag, 1},
                                {FeatureKind::lag, 9},
                                {FeatureKind::season_lag, 7},
                                {FeatureKind::season_lag, 7, 2},
                                {FeatureKind::season_lag, 7, 0, 1},
                                {FeatureKind::season_lag, 7, 1, -1},
                                {FeatureKind::season_mean, 5, 3},
                                {FeatureKind::sine, 7, 2},
                                {FeatureKind::cosine, 24, 1}};
  for (const std::int64_t window : {1, 2, 5, 24}) {
    for (const FeatureKind kind :
         {FeatureKind::mean, FeatureKind::deviation, FeatureKind::minimum, FeatureKind::maximum})
      features.push_back({kind, window});
  }
  return features;
}

TEST(Features, EqualTheirDefinitionsAtEveryOriginAndStep) {
  const Values values = noise(73, 1);
  const FilledSeries series = fill_missing(values, -3, 0);
  const std::vector<Feature> features = every_kind();
  for (const std::int64_t step : {1, 2, 7, 8, 20}) {
    const Eigen::MatrixXd made = feature_matrix(series.past(), features, step, 0);
    for (std::size_t column = 0; column < features.size(); ++column) {
      for (std::int64_t origin = 0; origin <= 73; ++origin) {
        const double want = plain_feature(values, features[column], step, origin, -3);
        const double got = made(origin, static_cast<Eigen::Index>(column));
        EXPECT_EQ(std::isnan(got), origin < first_origin(features[column], step));
        if (!std::isnan(want)) {
          EXPECT_NEAR(got, want, 1e-11) << "column " << column << " origin " << origin;
        }
      }
    }
  }
}

TEST(Features, AreTheSameForOriginsFromTheMiddleOn) {
  const FilledSeries series = whole(noise(60, 2));
  const std::vector<Feature> features = every_kind();
  const Eigen::MatrixXd all = feature_matrix(series.past(), features, 3, 0);
  EXPECT_EQ(feature_matrix(series.past(), features, 3, 40), all.bottomRows(21));
}

TEST(Features, KeepNoTraceOfASpikeThatLeftTheWindow) {
  Values values(40, 0.5);
  values[3] = 1e15;
  const std::vector<Feature> spread{{FeatureKind::deviation, 6}, {FeatureKind::mean, 6}};
  const Eigen::MatrixXd made = feature_matrix(whole(values).past(), spread, 1, 20);
  EXPECT_EQ(made.col(0).maxCoeff(), 0);
  EXPECT_EQ(made.col(1).maxCoeff(), 0.5);
}

TEST(Features, RefuseLengthsBelowOne) {
  const FilledSeries series = whole(noise(5, 3));
  const std::vector<Feature> bad{{FeatureKind::mean, 0}};
  EXPECT_THROW(feature_matrix(series.past(), bad, 1, 0), InvalidInput);
}

TEST(Ridge, EqualsTheClosedFormOnStandardisedFeatures) {
  std::srand(4);
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(50, 3).array() * 5 + 100;
  const Eigen::VectorXd y = x * Eigen::Vector3d(1, -2, 0.5) + Eigen::VectorXd::Random(50);
  NormalEquations equations(3);
  equations.add(x.topRows(20), y.head(20));
  equations.add(x.bottomRows(30), y.tail(30));
  const std::vector<double> penalties{0.3};
  const LinearModel model = equations.solve(penalties).front();

  const Eigen::RowVectorXd mean = x.colwise().mean();
  Eigen::MatrixXd z = x.rowwise() - mean;
  const Eigen::RowVectorXd deviation = (z.array().square().colwise().sum() / 50).sqrt();
  z = z.array().rowwise() / deviation.array();
  const Eigen::MatrixXd system = z.transpose() * z / 50 + 0.3 * Eigen::MatrixXd::Identity(3, 3);
  const Eigen::VectorXd w = system.inverse() * (z.transpose() * y / 50);
  // The sums carry x^2 of 1e4 beside a variance of 8, so three digits of sixteen go.
  EXPECT_NEAR((model.weights - w.cwiseQuotient(deviation.transpose())).norm(), 0, 1e-10);
  EXPECT_NEAR((x * model.weights).mean() + model.intercept, y.mean(), 1e-9);
}

TEST(Ridge, GivesAConstantFeatureNoWeight) {
  Eigen::MatrixXd x(4, 2);
  x << 1, 7, 2, 7, 3, 7, 4, 7;
  NormalEquations equations(2);
  equations.add(x, Eigen::Vector4d(2, 4, 6, 8));
  const std::vector<double> penalties{1e-12};
  const LinearModel model = equations.solve(penalties).front();
  EXPECT_NEAR(model.weights[0], 2, 1e-9);
  EXPECT_EQ(model.weights[1], 0);
}

}  // namespace
}  // namespace fairlead
