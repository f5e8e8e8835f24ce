#include "prediction/smoothing/choice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "prediction/cuda/fit_device.hpp"
#include "prediction/smoothing/tracker.hpp"

namespace fairlead::smoothing {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr std::int64_t kHeldOutHorizons = 2;
constexpr std::int64_t kMostHeldOut = 4;  // the part of a sample: one in four
constexpr std::int64_t kHeldOutOrigins = 8;

std::int64_t size_of(const Sample& sample) {
  return static_cast<std::int64_t>(sample.values.size());
}

Sample first_of(const Sample& sample, std::int64_t known) {
  const auto n = static_cast<std::size_t>(known);
  return {sample.values.first(n), sample.observed.first(n)};
}

std::vector<Model> fit_by(FitDevice* device, const Form& form, std::span<const Sample> samples) {
  return device == nullptr ? fit(form, samples) : device->fit(form, samples);
}

// Fits `form` to the samples that are long enough and passes each fit on, with its place.
template <typename Use>
void fit_where_long_enough(FitDevice* device, const Form& form, std::span<const Sample> samples,
                           bool all, Use use) {
  std::vector<Sample> fitted;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!all && size_of(samples[i]) < fewest_values(form)) continue;
    fitted.push_back(samples[i]);
    places.push_back(i);
  }
  std::vector<Model> models = fit_by(device, form, fitted);
  for (std::size_t i = 0; i < places.size(); ++i) use(places[i], std::move(models[i]));
}

std::int64_t held_out(const Sample& sample, std::int64_t horizon) {
  return std::min(kHeldOutHorizons * horizon, size_of(sample) / kMostHeldOut);
}

// Mean absolute error of forecasts from a few origins after the first `known` values.
double held_out_loss(const Form& form, const Model& model, const Sample& sample, std::int64_t known,
                     std::int64_t horizon) {
  Tracker tracker(form, model);
  const std::int64_t n = size_of(sample);
  const std::int64_t last = std::max(known, n - horizon);
  const std::int64_t apart = std::max<std::int64_t>((last - known) / (kHeldOutOrigins - 1), 1);
  std::vector<double> made(static_cast<std::size_t>(std::min(horizon, n - known)));
  double loss = 0;
  std::int64_t scored = 0;
  for (std::int64_t t = 0; t <= last; ++t) {
    if (t >= known && (t - known) % apart == 0) {
      tracker.forecast(made);
      for (std::size_t ahead = 0; ahead < made.size(); ++ahead) {
        const std::size_t at = static_cast<std::size_t>(t) + ahead;
        if (at >= sample.values.size() || sample.observed[at] == 0) continue;
        loss += std::abs(sample.values[at] - made[ahead]);
        ++scored;
      }
    }
    if (t < last) tracker.observe(sample.values[t]);
  }
  return scored == 0 ? kInfinite : loss / static_cast<double>(scored);
}

std::vector<Chosen> choose_by_aicc(std::span<const Form> forms, std::span<const Sample> samples,
                                   FitDevice* device) {
  std::vector<Chosen> best(samples.size());
  std::vector<double> least(samples.size(), kInfinite);
  for (std::size_t form = 0; form < forms.size(); ++form) {
    fit_where_long_enough(device, forms[form], samples, form == 0,
                          [&](std::size_t i, Model&& model) {
                            const double criterion = aicc(forms[form], model);
                            if (form > 0 && !(criterion < least[i])) return;
                            least[i] = criterion;
                            best[i] = {form, std::move(model)};
                          });
  }
  return best;
}

std::vector<Chosen> choose_by_held_out(std::span<const Form> forms, std::span<const Sample> samples,
                                       std::int64_t horizon, FitDevice* device) {
  std::vector<Sample> shorter;
  for (const Sample& sample : samples)
    shorter.push_back(first_of(sample, size_of(sample) - held_out(sample, horizon)));
  std::vector<Chosen> best(samples.size());
  std::vector<double> least(samples.size(), kInfinite);
  for (std::size_t form = 0; form < forms.size(); ++form) {
    fit_where_long_enough(
        device, forms[form], shorter, form == 0, [&](std::size_t i, Model&& model) {
          const double loss =
              held_out_loss(forms[form], model, samples[i], size_of(shorter[i]), horizon);
          if (form > 0 && !(loss < least[i])) return;
          least[i] = loss;
          best[i].form = form;
        });
  }
  for (std::size_t form = 0; form < forms.size(); ++form) {
    std::vector<Sample> own;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (best[i].form != form) continue;
      own.push_back(samples[i]);
      places.push_back(i);
    }
    std::vector<Model> models = fit_by(device, forms[form], own);
    for (std::size_t i = 0; i < places.size(); ++i) best[places[i]].model = std::move(models[i]);
  }
  return best;
}

}  // namespace

double aicc(const Form& form, const Model& model) {
  const auto n = static_cast<double>(model.count);
  const auto k = static_cast<double>(model.parameters(form));
  if (n <= k + 1) return kInfinite;
  const double squares = std::max(model.squares, std::numeric_limits<double>::min());
  return n * std::log(squares) + 2 * k + 2 * k * (k + 1) / (n - k - 1);
}

std::vector<Chosen> choose(std::span<const Form> forms, ChoiceRule rule,
                           std::span<const Sample> samples, std::int64_t horizon,
                           FitDevice* device) {
  return rule == ChoiceRule::held_out ? choose_by_held_out(forms, samples, horizon, device)
                                      : choose_by_aicc(forms, samples, device);
}

}  // namespace fairlead::smoothing
