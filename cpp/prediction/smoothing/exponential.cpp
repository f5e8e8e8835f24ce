// The forecasters of additive exponential smoothing: one form each, or a choice among forms.
#include <algorithm>

#include "prediction/forecaster.hpp"
#include "prediction/smoothing/choice.hpp"
#include "prediction/smoothing/stretches.hpp"
#include "prediction/smoothing/tracker.hpp"

namespace fairlead {
namespace {

using namespace smoothing;

constexpr std::int64_t kMostValues = 4096;  // fitted to, the latest ones; or
constexpr std::int64_t kMostSeasonsFitted = 8;

// What a forecaster may use, the first form for the shortest pasts.
using Forms = std::vector<Form> (*)(const std::vector<std::int64_t>& seasons);

class ExponentialSmoothing final : public Forecaster {
 public:
  ExponentialSmoothing(Forms forms, ChoiceRule rule) : forms_(forms), rule_(rule) {}

  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    const std::vector<Form> forms = forms_(options.seasons);
    if (forms.empty()) return past.size() + 1;
    return first_observed(past) + fewest_values(forms.front());
  }

  bool uses_device() const override { return true; }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const ForecastTask task{past, origins, &out};
    forecast_all({&task, 1}, options);
  }

  void forecast_all(std::span<const ForecastTask> tasks,
                    const ForecastOptions& options) const override {
    const std::vector<Form> forms = forms_(options.seasons);
    const std::int64_t longest = options.seasons.empty() ? 1 : options.seasons.back();
    const std::vector<Job> jobs =
        jobs_of(tasks, std::max(kMostValues, kMostSeasonsFitted * longest));
    std::vector<Sample> samples;
    for (const Job& job : jobs) samples.push_back(job.sample());
    const std::vector<Chosen> chosen =
        choose(forms, rule_, samples, options.horizon, options.device);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      Tracker tracker(forms[chosen[i].form], chosen[i].model);
      jobs[i].track(tracker);
    }
  }

 private:
  Forms forms_;
  ChoiceRule rule_;
};

using Seasons = const std::vector<std::int64_t>&;

std::vector<Form> level_alone(Seasons) {
  return {{false, false, {}}};
}

// With its slow twin: on a series with a season the trend that is best one step ahead follows the
// season's slopes, and carries them on.
template <bool kDamped>
std::vector<Form> without_season(Seasons) {
  return {{true, kDamped, {}}, {true, kDamped, {}, true}};
}

// With each form with a season its slow twin: the fit that is best one step ahead often lets the
// level follow what is the season's, and is then worse than a slow one further ahead.
std::vector<Form> with_slow_twins(std::vector<Form> forms) {
  const std::size_t n = forms.size();
  for (std::size_t i = 0; i < n; ++i) {
    if (forms[i].seasons.empty()) continue;
    forms.push_back(forms[i]);
    forms.back().slow = true;
  }
  return forms;
}

template <bool kDamped>
std::vector<Form> with_season(Seasons seasons) {
  if (seasons.empty()) return {};
  return with_slow_twins({{true, kDamped, {seasons.front()}}});
}

std::vector<Form> with_two_seasons(Seasons seasons) {
  if (seasons.size() < 2) return {};
  return with_slow_twins({{true, true, {seasons[0], seasons[1]}}});
}

std::vector<Form> additive_family(Seasons seasons) {
  std::vector<Form> forms{{false, false, {}}, {true, false, {}}, {true, true, {}}};
  if (seasons.empty()) return forms;
  for (std::size_t i = 0; i < 3; ++i) {
    forms.push_back(forms[i]);
    forms.back().seasons = {seasons.front()};
  }
  return forms;
}

std::vector<Form> wide_family(Seasons seasons) {
  return with_slow_twins(additive_family(seasons));
}

std::unique_ptr<Forecaster> make(Forms forms, ChoiceRule rule) {
  return std::make_unique<ExponentialSmoothing>(forms, rule);
}

}  // namespace

std::unique_ptr<Forecaster> make_ses() {
  return make(level_alone, ChoiceRule::aicc);
}
std::unique_ptr<Forecaster> make_holt() {
  return make(without_season<false>, ChoiceRule::held_out);
}
std::unique_ptr<Forecaster> make_damped_holt() {
  return make(without_season<true>, ChoiceRule::held_out);
}
std::unique_ptr<Forecaster> make_holt_winters() {
  return make(with_season<false>, ChoiceRule::held_out);
}
std::unique_ptr<Forecaster> make_damped_holt_winters() {
  return make(with_season<true>, ChoiceRule::held_out);
}
std::unique_ptr<Forecaster> make_two_season_holt_winters() {
  return make(with_two_seasons, ChoiceRule::held_out);
}
std::unique_ptr<Forecaster> make_ets() {
  return make(additive_family, ChoiceRule::aicc);
}
std::unique_ptr<Forecaster> make_held_out_ets() {
  return make(wide_family, ChoiceRule::held_out);
}

}  // namespace fairlead
