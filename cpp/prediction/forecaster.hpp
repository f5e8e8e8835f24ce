// What a forecasting model is: one function from the past to point forecasts at many origins.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "prediction/history.hpp"
#include "prediction/intervals.hpp"

namespace fairlead {

class FitDevice;

struct ForecastOptions {
  std::vector<std::int64_t> seasons;  // steps, shortest first, each 2 or more
  std::int64_t window = 1;            // steps, of the rolling models
  std::int64_t horizon = 1;           // steps
  FitDevice* device = nullptr;        // fits what it can; none: the CPU does

  // A 24th of the shortest season has five steps or more: bursts last from step to step.
  bool fine_steps() const { return !seasons.empty() && seasons.front() >= 120; }
  // Lengths that cannot be are errors.
  void validate() const;
};

// One series to forecast: its past, from where (ascending, see Forecaster::first_origin), and where
// the forecasts go (origins x horizon).
struct ForecastTask {
  Past past;
  std::span<const std::int64_t> origins;
  ByOriginAndStep* out;
};

class Forecaster {
 public:
  virtual ~Forecaster() = default;

  // The fewest values it forecasts from; more than past.size() where the past is too short for it.
  virtual std::int64_t first_origin(const Past& past, const ForecastOptions& options) const = 0;

  // Row i of `out` (origins x horizon): the values at index origins[i] and after, made from the
  // values before that index alone. Origins ascend from first_origin to past.size().
  virtual void forecast(const Past& past, const ForecastOptions& options,
                        std::span<const std::int64_t> origins, ByOriginAndStep& out) const = 0;

  // Whether ForecastOptions::device makes its fits.
  virtual bool uses_device() const { return false; }

  // The same for every task. Models whose recurrences run faster side by side override it.
  virtual void forecast_all(std::span<const ForecastTask> tasks,
                            const ForecastOptions& options) const {
    for (const ForecastTask& task : tasks) forecast(task.past, options, task.origins, *task.out);
  }

  // The quantiles of the values after the whole past (steps x probabilities, 0 or more, not
  // falling with the probability). False where it has none of its own.
  virtual bool quantiles(const Past& /*past*/, const ForecastOptions& /*options*/,
                         std::span<const double> /*probabilities*/,
                         ByOriginAndStep& /*out*/) const {
    return false;
  }
};

struct ForecasterEntry {
  std::string_view name;
  std::string_view description;
  std::unique_ptr<Forecaster> (*make)();
};

// Every model, in the order in which `auto` prefers them at equal loss.
std::span<const ForecasterEntry> forecasters();

// Position in forecasters(); an unknown name is an error that lists the known ones.
std::size_t forecaster_named(std::string_view name);

}  // namespace fairlead
