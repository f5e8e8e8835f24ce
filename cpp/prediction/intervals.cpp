#include "prediction/intervals.hpp"

#include <algorithm>
#include <cmath>

namespace fairlead {
namespace {

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

ErrorBands::ErrorBands(const ByOriginAndStep& errors, std::span<const std::int64_t> origins,
                       std::int64_t known)
    : errors_(static_cast<std::size_t>(errors.cols())) {
  for (Eigen::Index row = 0; row < errors.rows(); ++row) {
    const Eigen::Index last = std::min<Eigen::Index>(errors.cols(), known - origins[row]);
    for (Eigen::Index step = 0; step < last; ++step) {
      if (!std::isnan(errors(row, step))) errors_[step].push_back(errors(row, step));
    }
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
  const double last = static_cast<double>(sorted.size() - 1);
  const double place = std::clamp(p * (last + 2) - 1, 0.0, last);
  const double below = std::floor(place);
  const auto i = static_cast<std::size_t>(below);
  const double next = sorted[std::min(i + 1, sorted.size() - 1)];
  return sorted[i] + (place - below) * (next - sorted[i]);
}

}  // namespace fairlead
