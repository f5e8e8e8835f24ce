#include "prediction/usage/costs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/errors.hpp"
#include "prediction/usage/windows.hpp"

namespace fairlead {

CostRecommender::CostRecommender(const CostOptions& options)
    : options_(options), per_target_(options.half_lives_ns.size() * options.margins.size()) {
  if (per_target_ == 0 || options.window_ns < 1 || options.cost_half_life_ns < 1)
    throw InvalidInput("a bank needs a half life, a margin, and a window longer than 0");
  for (const std::int64_t half_life_ns : options.half_lives_ns)
    histograms_.emplace_back(Buckets(options.buckets), half_life_ns, 1e-12);
}

void CostRecommender::resize(std::size_t targets) {
  targets_.resize(targets);
  models_.resize(targets * per_target_);
  bucket_.resize(targets * histograms_.size(), -1);
  for (DecayingHistograms& histograms : histograms_) histograms.resize(targets);
}

std::span<CostRecommender::Model> CostRecommender::models(std::size_t target) {
  return std::span(models_).subspan(target * per_target_, per_target_);
}

void CostRecommender::observe(std::span<const std::int32_t> target,
                              std::span<const std::int64_t> time_ns,
                              std::span<const double> value) {
  for (std::size_t row = 0; row < value.size(); ++row) {
    if (std::isnan(value[row])) continue;
    const auto index = static_cast<std::size_t>(target[row]);
    Target& t = targets_[index];
    const std::int64_t window = window_of(time_ns[row], options_.window_ns);
    if (t.samples == 0) t.window = window;
    if (window > t.window) close(index, window);
    t.peak = t.in_window == 0 ? value[row] : std::max(t.peak, value[row]);
    ++t.in_window;
    ++t.samples;
    if (!options_.peaks) take(index, value[row], t.window * options_.window_ns);
  }
}

void CostRecommender::take(std::size_t index, double value, std::int64_t when_ns) {
  Target& t = targets_[index];
  t.load += value;
  ++t.weight;
  for (DecayingHistograms& histograms : histograms_) histograms.add(index, value, 1, when_ns);
  if (t.chosen < 0) return;
  for (Model& model : models(index)) {
    model.realised += value > model.limit ? options_.overrun * (value - model.limit)
                                          : options_.underrun * (model.limit - value);
  }
}

// The bucket end L with the least mean cost of use above and room below it, and of leaving the last
// limit. One sweep: with S and M the weight and the load up to L, room is S L - M, and use above
// is what M and S lack of the whole, less L.
std::int32_t CostRecommender::best_bucket(std::size_t index, std::size_t half_life,
                                          double mean) const {
  const DecayingHistograms& histograms = histograms_[half_life];
  const Buckets& buckets = histograms.buckets();
  const std::span<const double> weight = histograms.weights(index);
  const std::int32_t last = bucket_[index * histograms_.size() + half_life];
  double total = 0, load = 0;
  for (std::int32_t b = 0; b < buckets.count(); ++b) {
    total += weight[b];
    load += weight[b] * buckets.upper(b);
  }
  double below = 0, below_load = 0, least = std::numeric_limits<double>::infinity();
  std::int32_t best = 0;
  for (std::int32_t b = 0; b < buckets.count(); ++b) {
    const double limit = buckets.upper(b);
    below += weight[b];
    below_load += weight[b] * limit;
    const double room = below * limit - below_load;
    const double over = (load - below_load) - (total - below) * limit;
    double cost = (options_.overrun * over + options_.underrun * room) / total;
    if (last >= 0 && b != last) cost += options_.change * mean;
    if (cost < least) {
      least = cost;
      best = b;
    }
  }
  return best;
}

void CostRecommender::close(std::size_t index, std::int64_t next) {
  Target& t = targets_[index];
  if (options_.peaks) take(index, t.peak, t.window * options_.window_ns);
  const double mean = std::max(t.load / t.weight, std::numeric_limits<double>::min());
  const std::span<Model> bank = models(index);
  realise(bank, t, mean, next - t.window);
  for (std::size_t h = 0; h < histograms_.size(); ++h) {
    const std::int32_t bucket = best_bucket(index, h, mean);
    std::int32_t& last = bucket_[index * histograms_.size() + h];
    for (std::size_t m = 0; m < options_.margins.size(); ++m) {
      Model& model = bank[h * options_.margins.size() + m];
      model.changed = last >= 0 && bucket != last;
      model.limit = histograms_[h].buckets().upper(bucket) * (1 + options_.margins[m]);
    }
    last = bucket;
  }
  choose(bank, t);
  t.window = next;
  t.in_window = 0;
}

// The cost of the limits that were in force in the window that ends.
void CostRecommender::realise(std::span<Model> bank, const Target& t, double mean,
                              std::int64_t windows) {
  if (t.chosen < 0) return;
  const double kept =
      std::exp2(-static_cast<double>(windows) * static_cast<double>(options_.window_ns) /
                static_cast<double>(options_.cost_half_life_ns));
  const double samples = options_.peaks ? 1 : static_cast<double>(t.in_window);
  for (Model& model : bank) {
    const double cost = model.realised / samples / mean + (model.changed ? options_.change : 0);
    model.cost = kept * model.cost + (1 - kept) * cost;
    model.realised = 0;
  }
}

void CostRecommender::choose(std::span<Model> bank, Target& t) const {
  double least = std::numeric_limits<double>::infinity();
  std::size_t best = 0;
  for (std::size_t m = 0; m < bank.size(); ++m) {
    double cost = bank[m].cost;
    if (t.chosen >= 0 && static_cast<std::int32_t>(m) != t.chosen) cost += options_.choose;
    if (t.chosen >= 0 && bank[m].limit != t.limit) cost += options_.change;
    if (cost < least) {
      least = cost;
      best = m;
    }
  }
  t.chosen = static_cast<std::int32_t>(best);
  t.limit = bank[best].limit;
}

Recommendations CostRecommender::recommend() const {
  Recommendations made;
  const auto at_least = [&](double limit) { return std::max(limit, options_.least); };
  for (std::size_t index = 0; index < targets_.size(); ++index) {
    const Target& t = targets_[index];
    const auto bank = std::span(models_).subspan(index * per_target_, per_target_);
    if (t.samples == 0) {
      made.add_unknown(0);
    } else if (t.chosen < 0) {
      const double limit = at_least(t.peak * (1 + std::ranges::max(options_.margins)));
      made.add(t.samples, limit, limit, limit);
    } else {
      const auto [low, high] = std::ranges::minmax(bank, {}, &Model::limit);
      made.add(t.samples, at_least(t.limit), at_least(low.limit), at_least(high.limit));
    }
  }
  return made;
}

}  // namespace fairlead
