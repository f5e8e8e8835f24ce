#include "prediction/forecaster.hpp"

#include <algorithm>
#include <functional>
#include <string>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kMostSteps = 1'000'000'000;  // sums of a few such lengths do not overflow

void check_length(const std::string& what, std::int64_t steps, std::int64_t fewest) {
  if (steps < fewest || steps > kMostSteps)
    throw InvalidInput(what + " must be from " + std::to_string(fewest) + " to " +
                       std::to_string(kMostSteps) + " steps, got " + std::to_string(steps));
}

}  // namespace

void ForecastOptions::validate() const {
  for (const std::int64_t season : seasons) check_length("a season", season, 2);
  if (std::ranges::adjacent_find(seasons, std::ranges::greater_equal{}) != seasons.end())
    throw InvalidInput("seasons must ascend");
  check_length("the window", window, 1);
  check_length("the horizon", horizon, 1);
}

}  // namespace fairlead
