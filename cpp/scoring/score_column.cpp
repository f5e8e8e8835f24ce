#include "scoring/score_column.hpp"

#include <algorithm>
#include <numeric>

#include "scoring/terms.hpp"

namespace fairlead {
namespace {

std::int64_t common_divisor(std::span<const std::int64_t> amounts, std::int64_t divisor) {
  for (const std::int64_t amount : amounts) {
    if (divisor == 1) break;
    divisor = std::gcd(divisor, amount);
  }
  return divisor;
}

}  // namespace

ScoreColumn make_score_column(std::string name, std::span<const std::int64_t> requests,
                              std::span<const std::int64_t> free) {
  ScoreColumn column{std::move(name)};
  const std::int64_t divisor = common_divisor(requests, common_divisor(free, 0));
  column.unit = std::max<std::int64_t>(1, divisor);
  const std::int64_t most = free.empty() ? 0 : std::ranges::max(free);
  while (most / column.unit >= kAmountLimit) column.unit *= 2;
  const auto whole = [&](std::int64_t amount) { return amount % column.unit == 0; };
  column.exact = std::ranges::all_of(requests, whole) && std::ranges::all_of(free, whole);
  return column;
}

float request_amount(const ScoreColumn& column, std::int64_t request) {
  const std::int64_t units = request / column.unit + (request % column.unit != 0);
  return static_cast<float>(std::min<std::int64_t>(units, kAmountLimit));
}

float free_amount(const ScoreColumn& column, std::int64_t free) {
  return static_cast<float>(free / column.unit);
}

}  // namespace fairlead
