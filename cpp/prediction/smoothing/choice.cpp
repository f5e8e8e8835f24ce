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

// Whether `form` may be chosen for a sample of which the first `known` values are fitted to.
bool suits(const Form& form, const Sample& sample, std::int64_t known) {
  return known >= fewest_values(form) && (form.by_sums() || is_positive(sample));
}

template <typename Wanted>
std::vector<std::size_t> places_where(std::size_t count, Wanted wanted) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; ++i) {
    if (wanted(i)) places.push_back(i);
  }
  return places;
}

// Fits forms to samples one after another; a form with factors starts from the fits of its twin.
class Fitter {
 public:
  Fitter(std::span<const Form> forms, std::span<const Sample> samples, FitDevice* device)
      : forms_(forms), samples_(samples), device_(device), known_(forms.size()) {}

  // Passes on the fit to each sample at `places`, with its place.
  template <typename Use>
  void fit(std::size_t form, const std::vector<std::size_t>& places, Use use) {
    std::vector<Sample> fitted;
    for (const std::size_t i : places) fitted.push_back(samples_[i]);
    const std::vector<Model> sums = twins(forms_[form], places);
    std::vector<Model> models = device_ == nullptr ? smoothing::fit(forms_[form], fitted, sums)
                                                   : device_->fit(forms_[form], fitted, sums);
    if (forms_[form].by_sums()) {
      known_[form].resize(samples_.size());
      for (std::size_t i = 0; i < places.size(); ++i) known_[form][places[i]] = models[i];
    }
    for (std::size_t i = 0; i < places.size(); ++i) use(places[i], std::move(models[i]));
  }

 private:
  // None where they are not known.
  std::vector<Model> twins(const Form& form, const std::vector<std::size_t>& places) const {
    const auto twin = std::ranges::find(forms_, form.with_sums()) - forms_.begin();
    if (form.by_sums() || twin == std::ssize(forms_) || known_[twin].empty()) return {};
    std::vector<Model> made;
    for (const std::size_t i : places) made.push_back(known_[twin][i]);
    return made;
  }

  std::span<const Form> forms_;
  std::span<const Sample> samples_;
  FitDevice* device_;
  std::vector<std::vector<Model>> known_;  // by form, by sample
};

std::int64_t held_out(const Sample& sample, std::int64_t horizon) {
  return std::min(kHeldOutHorizons * horizon, size_of(sample) / kMostHeldOut);
}

// Mean absolute error of forecasts from a few origins after the first `known` values.
double held_out_loss(const Form& form, const Model& model, const Sample& sample, std::int64_t known,
                     std::int64_t horizon) {
  if (!(model.squares < kInfinite)) return kInfinite;
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
  Fitter fitter(forms, samples, device);
  for (std::size_t form = 0; form < forms.size(); ++form) {
    const auto places = places_where(samples.size(), [&](std::size_t i) {
      return form == 0 || suits(forms[form], samples[i], size_of(samples[i]));
    });
    fitter.fit(form, places, [&](std::size_t i, Model&& model) {
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
  Fitter fitter(forms, shorter, device);
  for (std::size_t form = 0; form < forms.size(); ++form) {
    const auto places = places_where(samples.size(), [&](std::size_t i) {
      return form == 0 || suits(forms[form], samples[i], size_of(shorter[i]));
    });
    fitter.fit(form, places, [&](std::size_t i, Model&& model) {
      const double loss =
          held_out_loss(forms[form], model, samples[i], size_of(shorter[i]), horizon);
      if (form > 0 && !(loss < least[i])) return;
      least[i] = loss;
      best[i].form = form;
    });
  }
  Fitter again(forms, samples, device);
  // The first form last: it takes over where another has no fit to all values.
  for (std::size_t form = forms.size(); form-- > 0;) {
    const auto places =
        places_where(samples.size(), [&](std::size_t i) { return best[i].form == form; });
    again.fit(form, places, [&](std::size_t i, Model&& model) {
      best[i].form = model.squares < kInfinite ? form : 0;
      best[i].model = std::move(model);
    });
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
