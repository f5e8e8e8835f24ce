// Fitted quantiles against the least loss found by trying, and the bands made of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "prediction/forecast.hpp"
#include "prediction/linear/quantile_fit.hpp"

namespace fairlead {
namespace {

constexpr double kPenalty = 1e-3;

struct Rows {
  Eigen::MatrixXd x;
  Eigen::VectorXd y;
};

// A line, with noise that is wider where the last feature is far from 0.
Rows rows_of(Eigen::Index n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Rows rows{Eigen::MatrixXd(n, 3), Eigen::VectorXd(n)};
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < 3; ++j) rows.x(i, j) = normal(random) * static_cast<double>(j + 1);
    rows.y[i] =
        3 + rows.x(i, 0) - 0.5 * rows.x(i, 1) + 2 * (1 + std::abs(rows.x(i, 2))) * normal(random);
  }
  return rows;
}

double loss(const LinearModel& model, const Rows& rows, double p) {
  const Eigen::ArrayXd r = (rows.y - rows.x * model.weights).array() - model.intercept;
  const double unit = rows.y.cwiseAbs().mean();
  double sum = (r.abs() / 2 + (p - 0.5) * r).mean() / unit;
  for (Eigen::Index j = 0; j < rows.x.cols(); ++j) {
    const Eigen::ArrayXd centred = rows.x.col(j).array() - rows.x.col(j).mean();
    sum += kPenalty * centred.square().mean() * std::pow(model.weights[j] / unit, 2);
  }
  return sum;
}

TEST(QuantileFit, IsNoWorseThanModelsNearIt) {
  const Rows rows = rows_of(500, 1);
  const std::vector<double> probabilities{0.1, 0.5, 0.9};
  const auto models = fit_quantiles(rows.x, rows.y, probabilities, kPenalty);
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const double least = loss(models[i], rows, probabilities[i]);
    for (int trial = 0; trial < 500; ++trial) {
      LinearModel other = models[i];
      const double far = trial % 2 == 0 ? 0.3 : 0.03;
      for (double& weight : other.weights) weight += far * normal(random);
      other.intercept += far * normal(random);
      EXPECT_GT(loss(other, rows, probabilities[i]), least * (1 - 2e-3));
    }
  }
}

TEST(QuantileFit, PutsItsShareOfTheTargetsBelow) {
  const Rows rows = rows_of(2000, 3);
  const std::vector<double> probabilities{0.05, 0.1, 0.3, 0.5, 0.8, 0.95};
  const auto models = fit_quantiles(rows.x, rows.y, probabilities, kPenalty);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const Eigen::ArrayXd r = (rows.y - rows.x * models[i].weights).array() - models[i].intercept;
    EXPECT_NEAR((r < 0).cast<double>().mean(), probabilities[i], 0.02);
  }
}

TEST(QuantileFit, OfNothingAndOfConstantsIsTheConstant) {
  const std::vector<double> probabilities{0.1, 0.9};
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(20, 2, 7);
  for (const double y : {0.0, 5.0, 1e12}) {
    for (const LinearModel& model :
         fit_quantiles(x, Eigen::VectorXd::Constant(20, y), probabilities, kPenalty)) {
      EXPECT_EQ(model.weights.cwiseAbs().maxCoeff(), 0);
      EXPECT_NEAR(model.intercept, y, 2e-3 * y);
    }
  }
  EXPECT_EQ(fit_quantiles(x.topRows(0), Eigen::VectorXd(0), probabilities, kPenalty).size(), 2);
}

TEST(QuantileFit, FitsTheMedianAlikeWithAndWithoutOthers) {
  const Rows rows = rows_of(300, 4);
  const std::vector<double> alone{0.5}, some{0.2, 0.5, 0.7};
  const LinearModel one = fit_quantiles(rows.x, rows.y, alone, kPenalty)[0];
  const LinearModel other = fit_quantiles(rows.x, rows.y, some, kPenalty)[1];
  EXPECT_EQ(one.weights, other.weights);
  EXPECT_EQ(one.intercept, other.intercept);
}

// Noise that is five times as wide by day as by night: so are the bands.
TEST(QuantileRegression, HasWiderBandsWhereTheNoiseIsWider) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  std::vector<double> values;
  for (int t = 0; t < 24 * 60; ++t)
    values.push_back(std::max(100 + (t % 24 < 12 ? 10 : 2) * normal(random), 0.0));
  const FilledSeries series = fill_missing(values, 0, 0);
  const Past past = series.past();
  const std::vector<double> probabilities{0.05, 0.5, 0.95};
  const ForecastRequest request{
      forecaster_named("quantile_regression"), {{24}, 24, 24}, probabilities};
  const Forecast made = forecast({&past, 1}, request).front();
  double by_day = 0, by_night = 0;
  for (Eigen::Index step = 0; step < 24; ++step) {
    EXPECT_LE(made.quantiles(step, 0), made.quantiles(step, 1));
    EXPECT_LE(made.quantiles(step, 1), made.quantiles(step, 2));
    (step < 12 ? by_day : by_night) += made.quantiles(step, 2) - made.quantiles(step, 0);
  }
  EXPECT_GT(by_day, 1.4 * by_night);
}

TEST(QuantileRegression, QuantilesOfItsOwnAreOrderedAndHaveItsPointForMedian) {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> uniform(0, 50);
  std::vector<double> values(300);
  std::ranges::generate(values, [&] { return uniform(random); });
  const FilledSeries series = fill_missing(values, 0, 0);
  const ForecastOptions options{{7, 21}, 7, 20};
  const auto model = forecasters()[forecaster_named("quantile_regression")].make();
  const std::vector<double> probabilities{0.001, 0.01, 0.1, 0.25, 0.5, 0.77, 0.9, 0.999};
  ByOriginAndStep own(20, 8), points(2, 20);
  ASSERT_TRUE(model->quantiles(series.past(), options, probabilities, own));
  model->forecast(series.past(), options, std::vector<std::int64_t>{250, 300}, points);
  for (Eigen::Index step = 0; step < 20; ++step) {
    for (Eigen::Index p = 1; p < 8; ++p) EXPECT_GE(own(step, p), own(step, p - 1));
    EXPECT_NEAR(own(step, 4), points(1, step), 1e-9);
  }
}

}  // namespace
}  // namespace fairlead
