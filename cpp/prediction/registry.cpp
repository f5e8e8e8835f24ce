// The models by name. A new one is one file with a make_ function, and one line here.
#include <algorithm>
#include <array>
#include <string>

#include "base/errors.hpp"
#include "base/names.hpp"
#include "prediction/forecaster.hpp"

namespace fairlead {

std::unique_ptr<Forecaster> make_seasonal_naive();
std::unique_ptr<Forecaster> make_long_seasonal_naive();
std::unique_ptr<Forecaster> make_rolling_mean();
std::unique_ptr<Forecaster> make_rolling_median();
std::unique_ptr<Forecaster> make_short_median();
std::unique_ptr<Forecaster> make_brief_median();
std::unique_ptr<Forecaster> make_naive();
std::unique_ptr<Forecaster> make_ses();
std::unique_ptr<Forecaster> make_holt();
std::unique_ptr<Forecaster> make_damped_holt();
std::unique_ptr<Forecaster> make_holt_winters();
std::unique_ptr<Forecaster> make_damped_holt_winters();
std::unique_ptr<Forecaster> make_multiplicative_holt_winters();
std::unique_ptr<Forecaster> make_two_season_holt_winters();
std::unique_ptr<Forecaster> make_ets();
std::unique_ptr<Forecaster> make_full_ets();
std::unique_ptr<Forecaster> make_held_out_ets();
std::unique_ptr<Forecaster> make_seasonal_smoothing();
std::unique_ptr<Forecaster> make_croston();
std::unique_ptr<Forecaster> make_tsb();
std::unique_ptr<Forecaster> make_theta();
std::unique_ptr<Forecaster> make_optimized_theta();
std::unique_ptr<Forecaster> make_ridge();
std::unique_ptr<Forecaster> make_ridge_level();
std::unique_ptr<Forecaster> make_ridge_change();
std::unique_ptr<Forecaster> make_ridge_difference();
std::unique_ptr<Forecaster> make_ridge_long_difference();
std::unique_ptr<Forecaster> make_ridge_log();
std::unique_ptr<Forecaster> make_autoregression();
std::unique_ptr<Forecaster> make_median_autoregression();
std::unique_ptr<Forecaster> make_pretrained();
std::unique_ptr<Forecaster> make_level_shape();
std::unique_ptr<Forecaster> make_quantile_regression();

namespace {

constexpr std::array kForecasters{
    ForecasterEntry{"seasonal_naive", "the values of one season ago", make_seasonal_naive},
    ForecasterEntry{"long_seasonal_naive", "the values of one season of the longest ago",
                    make_long_seasonal_naive},
    ForecasterEntry{"rolling_mean", "the mean of the last window", make_rolling_mean},
    ForecasterEntry{"rolling_median", "the median of the last window", make_rolling_median},
    ForecasterEntry{"short_median", "the median of the last twelfth of the shortest season",
                    make_short_median},
    ForecasterEntry{"brief_median", "the median of the last 24th of the shortest season",
                    make_brief_median},
    ForecasterEntry{"naive", "the last value", make_naive},
    ForecasterEntry{"ses", "simple exponential smoothing", make_ses},
    ForecasterEntry{"holt", "exponential smoothing with a trend", make_holt},
    ForecasterEntry{"damped_holt", "exponential smoothing with a damped trend", make_damped_holt},
    ForecasterEntry{"holt_winters", "exponential smoothing with a trend and a season",
                    make_holt_winters},
    ForecasterEntry{"damped_holt_winters", "exponential smoothing with a damped trend and a season",
                    make_damped_holt_winters},
    ForecasterEntry{"multiplicative_holt_winters",
                    "exponential smoothing with a trend and a season that multiplies, where all "
                    "values are positive",
                    make_multiplicative_holt_winters},
    ForecasterEntry{"two_season_holt_winters",
                    "exponential smoothing with a damped trend and the two shortest seasons",
                    make_two_season_holt_winters},
    ForecasterEntry{"ets", "exponential smoothing of the additive form with the smallest AICc",
                    make_ets},
    ForecasterEntry{"full_ets",
                    "exponential smoothing of the stable form, additive or multiplicative, with "
                    "the smallest AICc",
                    make_full_ets},
    ForecasterEntry{"held_out_ets",
                    "exponential smoothing of the form that forecasts held-out values best",
                    make_held_out_ets},
    ForecasterEntry{"seasonal_smoothing",
                    "exponential smoothing of each place in the season by itself",
                    make_seasonal_smoothing},
    ForecasterEntry{"croston", "mean size over mean interval of a demand that is mostly zero",
                    make_croston},
    ForecasterEntry{"tsb", "mean size times probability of a demand that is mostly zero", make_tsb},
    ForecasterEntry{"theta", "the theta method on values without their season", make_theta},
    ForecasterEntry{"optimized_theta",
                    "the theta method with a fitted theta and a moving line, likewise",
                    make_optimized_theta},
    ForecasterEntry{"ridge", "ridge regression per step on lags, rolling statistics and calendar",
                    make_ridge},
    ForecasterEntry{"ridge_level", "ridge autoregression on the values", make_ridge_level},
    ForecasterEntry{"ridge_change", "ridge autoregression on the changes from value to value",
                    make_ridge_change},
    ForecasterEntry{"ridge_difference",
                    "ridge autoregression on the changes over the shortest season",
                    make_ridge_difference},
    ForecasterEntry{"ridge_long_difference",
                    "ridge autoregression on the changes over the second season",
                    make_ridge_long_difference},
    ForecasterEntry{"ridge_log",
                    "ridge autoregression on the changes of logarithms over the shortest season",
                    make_ridge_log},
    ForecasterEntry{"autoregression", "regression on the last three values", make_autoregression},
    ForecasterEntry{"median_autoregression", "median regression of each step on the last value",
                    make_median_autoregression},
    ForecasterEntry{"level_shape",
                    "ridge regression on products of levels and shapes of the seasons",
                    make_level_shape},
    ForecasterEntry{"quantile_regression",
                    "quantile regression per step on lags and seasons, with bands of its own",
                    make_quantile_regression},
    ForecasterEntry{"pretrained", "network trained on the demand of other clusters",
                    make_pretrained},
};

}  // namespace

std::span<const ForecasterEntry> forecasters() {
  return kForecasters;
}

std::size_t forecaster_named(std::string_view name) {
  const auto* found = std::ranges::find(kForecasters, name, &ForecasterEntry::name);
  if (found != kForecasters.end()) return static_cast<std::size_t>(found - kForecasters.begin());
  throw InvalidInput("unknown model '" + std::string(name) + "'; known are " +
                     listed(kForecasters, &ForecasterEntry::name) + ", auto");
}

}  // namespace fairlead
