#include "prediction/intervals.hpp"

#include <algorithm>
#include <cmath>

#include "prediction/adaptive_levels.hpp"

namespace fairlead {
namespace {

constexpr Eigen::Index kMostAdapted = 24;  // steps whose levels are adapted; others share them

// For each step with too few errors, those of the nearest steps as well, until there are enough.
std::vector<std::vector<double>> with_neighbours(const std::vector<std::vector<double>>& own) {
  const auto steps = static_cast<std::int64_t>(own.size());
  std::vector<std::vector<double>> pooled = own;
  for (std::int64_t step = 0; step < steps; ++step) {
    std::vector<double>& pool = pooled[step];
    const auto enough = static_cast<std::size_t>(ErrorBands::kEnough);
    for (std::int64_t away = 1; pool.size() < enough && away < steps; ++away) {
      for (const std::int64_t other : {step - away, step + away}) {
        if (other >= 0 && other < steps)
          pool.insert(pool.end(), own[other].begin(), own[other].end());
      }
    }
  }
  return pooled;
}

// Too few errors to tell in which direction a model errs: each counts in both.
void mirror(std::vector<double>& errors) {
  const std::size_t count = errors.size();
  for (std::size_t i = 0; i < count; ++i) errors.push_back(-errors[i]);
}

}  // namespace

ErrorBands::~ErrorBands() = default;

ErrorBands::ErrorBands(const ByOriginAndStep& errors, std::span<const std::int64_t> origins,
                       std::int64_t known)
    : errors_(static_cast<std::size_t>(errors.cols())) {
  for (Eigen::Index row = 0; row < errors.rows(); ++row) {
    const Eigen::Index last = std::min<Eigen::Index>(errors.cols(), known - origins[row]);
    for (Eigen::Index step = 0; step < last; ++step) {
      if (!std::isnan(errors(row, step))) errors_[step].push_back(errors(row, step));
    }
  }
  adapted_every_ = (errors.cols() + kMostAdapted - 1) / kMostAdapted;
  for (Eigen::Index step = 0; step < errors.cols(); step += adapted_every_) {
    const Eigen::VectorXd of_step = errors.col(step);
    levels_.emplace_back(std::span(of_step.data(), static_cast<std::size_t>(of_step.size())),
                         origins, step + 1, known);
  }
  errors_ = with_neighbours(errors_);
  for (std::vector<double>& of_step : errors_) {
    counts_.push_back(static_cast<std::int64_t>(of_step.size()));
    if (counts_.back() < kEnough) mirror(of_step);
    std::sort(of_step.begin(), of_step.end());
  }
}

double ErrorBands::quantile(std::int64_t step, double p) const {
  const std::vector<double>& sorted = errors_[step - 1];
  if (sorted.empty()) return 0;
  return sorted_quantile(sorted, levels_[(step - 1) / adapted_every_].level(p));
}

}  // namespace fairlead
