#include "prediction/usage/windows.hpp"

#include <algorithm>
#include <cmath>

#include "base/errors.hpp"

namespace fairlead {
namespace {

// Keeps the values that can still be the maximum of the last `span` windows.
template <typename Extremes>
void push(Extremes& extremes, std::int64_t window, double value, std::int64_t span) {
  while (!extremes.empty() && extremes.back().value <= value) extremes.pop_back();
  extremes.push_back({window, value});
  const auto first = std::ranges::find_if(
      extremes, [&](const auto& extreme) { return extreme.window > window - span; });
  extremes.erase(extremes.begin(), first);
}

template <typename Extremes>
double largest(const Extremes& extremes, std::int64_t window, std::int64_t span, double value) {
  for (const auto& extreme : extremes) {
    if (extreme.window > window - span) return std::max(value, extreme.value);
  }
  return value;
}

}  // namespace

WindowRecommender::WindowRecommender(const WindowOptions& options)
    : options_(options), histograms_(Buckets(options.buckets), options.half_life_ns, 1e-12) {
  if (options.window_ns < 1 || options.windows < 1 || options.hold < 1)
    throw InvalidInput("a window must be longer than 0, and there must be 1 or more");
}

void WindowRecommender::resize(std::size_t targets) {
  targets_.resize(targets);
  histograms_.resize(targets);
}

void WindowRecommender::observe(std::span<const std::int32_t> target,
                                std::span<const std::int64_t> time_ns,
                                std::span<const double> value) {
  const Buckets& buckets = histograms_.buckets();
  for (std::size_t row = 0; row < value.size(); ++row) {
    if (std::isnan(value[row])) continue;
    const auto index = static_cast<std::size_t>(target[row]);
    Target& t = targets_[index];
    const std::int64_t window = window_of(time_ns[row], options_.window_ns);
    if (t.samples == 0) t.window = window;
    if (window > t.window) close(index, window);
    const std::int64_t when_ns = t.window * options_.window_ns;
    // Load-adjusted: a bucket weighs what its samples used, not how many they are.
    const double weight = buckets.upper(buckets.index(value[row]));
    if (!options_.peaks) {
      histograms_.add(index, value[row], weight, when_ns);
    } else if (t.in_window == 0 || value[row] > t.peak) {
      if (t.in_window > 0)
        histograms_.subtract(index, t.peak, buckets.upper(buckets.index(t.peak)), when_ns);
      histograms_.add(index, value[row], weight, when_ns);
    }
    t.peak = t.in_window == 0 ? value[row] : std::max(t.peak, value[row]);
    t.sum += value[row];
    ++t.in_window;
    ++t.samples;
  }
}

void WindowRecommender::close(std::size_t index, std::int64_t next) {
  Target& t = targets_[index];
  push(t.held, t.window, limit(index), options_.hold);
  push(t.maxima, t.window, t.peak, options_.windows);
  const double half_lives = static_cast<double>(next - t.window) *
                            static_cast<double>(options_.window_ns) /
                            static_cast<double>(options_.half_life_ns);
  const double kept = std::exp2(-half_lives);
  const double own = options_.peaks ? t.peak : t.sum / static_cast<double>(t.in_window);
  t.load = kept * (t.load + own);
  t.weight = kept * (t.weight + 1);
  t.window = next;
  t.sum = t.peak = 0;
  t.in_window = 0;
}

double WindowRecommender::mean(const Target& t) const {
  const double own = options_.peaks ? t.peak : t.sum / static_cast<double>(t.in_window);
  return (t.load + own) / (t.weight + 1);
}

double WindowRecommender::limit(std::size_t index) const {
  const Target& t = targets_[index];
  const WindowStatistic& wanted = options_.statistic;
  double limit = std::max(wanted.of_maximum * largest(t.maxima, t.window, options_.windows, t.peak),
                          wanted.of_mean * mean(t));
  if (wanted.percentile >= 0)
    limit = std::max(limit, histograms_.quantile(index, wanted.percentile));
  return std::max(limit * (1 + options_.margin), options_.least);
}

Recommendations WindowRecommender::recommend() const {
  Recommendations made;
  const auto asked = [&](double use) {
    return std::max(use * (1 + options_.margin), options_.least);
  };
  for (std::size_t index = 0; index < targets_.size(); ++index) {
    const Target& t = targets_[index];
    if (t.samples == 0) {
      made.add_unknown(0);
      continue;
    }
    const double target = largest(t.held, t.window, options_.hold, limit(index));
    const double peak = largest(t.maxima, t.window, options_.windows, t.peak);
    made.add(t.samples, target, std::min(target, asked(mean(t))), std::max(target, asked(peak)));
  }
  return made;
}

}  // namespace fairlead
