#include "prediction/record.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace fairlead {
namespace {

constexpr std::int64_t kMostOrigins = 512;  // scored ones, besides the last
constexpr std::int64_t kSeasonsScored = 2;  // of the longest season, if that reaches further back

}  // namespace

std::vector<std::int64_t> origins_from(std::int64_t first, std::int64_t size,
                                       std::span<const std::int64_t> seasons) {
  const std::int64_t longest = seasons.empty() ? 0 : seasons.back();
  const std::int64_t span =
      std::min(size - first, std::max(kMostOrigins, kSeasonsScored * longest));
  std::int64_t spacing = (span + kMostOrigins - 1) / kMostOrigins;
  const auto shares_factor = [&](std::int64_t season) { return std::gcd(spacing, season) > 1; };
  while (std::ranges::any_of(seasons, shares_factor)) ++spacing;
  std::vector<std::int64_t> origins;
  for (std::int64_t back = span / spacing * spacing; back > 0; back -= spacing)
    origins.push_back(size - back);
  origins.push_back(size);
  return origins;
}

ByOriginAndStep errors_of(const ByOriginAndStep& made, const Past& past,
                          std::span<const std::int64_t> origins) {
  ByOriginAndStep errors =
      ByOriginAndStep::Constant(made.rows(), made.cols(), std::numeric_limits<double>::quiet_NaN());
  for (Eigen::Index row = 0; row < made.rows(); ++row) {
    const std::int64_t steps = std::min<std::int64_t>(made.cols(), past.size() - origins[row]);
    for (std::int64_t step = 0; step < steps; ++step) {
      const std::int64_t index = origins[row] + step;
      if (past.observed[index] != 0) errors(row, step) = past.values[index] - made(row, step);
    }
  }
  return errors;
}

}  // namespace fairlead
