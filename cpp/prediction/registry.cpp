// The models by name. A new one is one file with a make_ function, and one line here.
#include <algorithm>
#include <array>
#include <string>

#include "base/errors.hpp"
#include "prediction/forecaster.hpp"

namespace fairlead {

std::unique_ptr<Forecaster> make_seasonal_naive();
std::unique_ptr<Forecaster> make_long_seasonal_naive();
std::unique_ptr<Forecaster> make_rolling_mean();
std::unique_ptr<Forecaster> make_rolling_median();
std::unique_ptr<Forecaster> make_ridge();
std::unique_ptr<Forecaster> make_ridge_level();
std::unique_ptr<Forecaster> make_ridge_change();
std::unique_ptr<Forecaster> make_ridge_difference();
std::unique_ptr<Forecaster> make_ridge_long_difference();
std::unique_ptr<Forecaster> make_ridge_log();
std::unique_ptr<Forecaster> make_autoregression();

namespace {

constexpr std::array kForecasters{
    ForecasterEntry{"seasonal_naive", "the values of one season ago", false, make_seasonal_naive},
    ForecasterEntry{"long_seasonal_naive", "the values of one season of the longest ago", false,
                    make_long_seasonal_naive},
    ForecasterEntry{"rolling_mean", "the mean of the last window", false, make_rolling_mean},
    ForecasterEntry{"rolling_median", "the median of the last window", false, make_rolling_median},
    ForecasterEntry{"ridge", "ridge regression per step on lags, rolling statistics and calendar",
                    true, make_ridge},
    ForecasterEntry{"ridge_level", "ridge autoregression on the values", true, make_ridge_level},
    ForecasterEntry{"ridge_change", "ridge autoregression on the changes from value to value", true,
                    make_ridge_change},
    ForecasterEntry{"ridge_difference",
                    "ridge autoregression on the changes over the shortest season", true,
                    make_ridge_difference},
    ForecasterEntry{"ridge_long_difference",
                    "ridge autoregression on the changes over the second season", true,
                    make_ridge_long_difference},
    ForecasterEntry{"ridge_log",
                    "ridge autoregression on the changes of logarithms over the shortest season",
                    true, make_ridge_log},
    ForecasterEntry{"autoregression", "regression on the last three values", true,
                    make_autoregression},
};

}  // namespace

std::span<const ForecasterEntry> forecasters() {
  return kForecasters;
}

std::size_t forecaster_named(std::string_view name) {
  const auto* found = std::ranges::find(kForecasters, name, &ForecasterEntry::name);
  if (found != kForecasters.end()) return static_cast<std::size_t>(found - kForecasters.begin());
  std::string known;
  for (const ForecasterEntry& entry : kForecasters) known += std::string(entry.name) + ", ";
  throw InvalidInput("unknown model '" + std::string(name) + "'; known are " + known + "auto");
}

}  // namespace fairlead
