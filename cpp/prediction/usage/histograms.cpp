#include "prediction/usage/histograms.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "base/errors.hpp"

namespace fairlead {
namespace {

// Half lives before the reference; a weight of nothing, and still a number.
constexpr double kLowest = -1000;

// Nearest multiple of `step`, halves up.
std::int64_t rounded_to(std::int64_t time_ns, std::int64_t step) {
  std::int64_t below = time_ns % step;
  if (below < 0) below += step;
  return time_ns - below + (2 * below >= step ? step : 0);
}

}  // namespace

DecayingHistograms::DecayingHistograms(Buckets buckets, std::int64_t half_life_ns, double epsilon)
    : buckets_(std::move(buckets)),
      half_life_ns_(half_life_ns),
      half_lives_a_ns_(1 / static_cast<double>(half_life_ns)),
      longest_ns_(kLargestExponent * static_cast<double>(half_life_ns)),
      epsilon_(epsilon) {
  if (half_life_ns < 1) throw InvalidInput("the half life must be above 0");
}

void DecayingHistograms::resize(std::size_t targets) {
  targets_.resize(targets, {0, 0, buckets_.count() - 1, 0, false});
  weights_.resize(targets * static_cast<std::size_t>(buckets_.count()));
}

std::span<double> DecayingHistograms::weights(std::size_t target) {
  const auto n = static_cast<std::size_t>(buckets_.count());
  return std::span(weights_).subspan(target * n, n);
}

std::span<const double> DecayingHistograms::weights(std::size_t target) const {
  const auto n = static_cast<std::size_t>(buckets_.count());
  return std::span(weights_).subspan(target * n, n);
}

double DecayingHistograms::half_lives(const Target& t, std::int64_t time_ns) const {
  return std::max(static_cast<double>(time_ns - t.reference_ns) * half_lives_a_ns_, kLowest);
}

void DecayingHistograms::move_reference(std::size_t target, std::int64_t time_ns) {
  Target& t = targets_[target];
  const std::int64_t reference_ns = rounded_to(time_ns, half_life_ns_);
  if (t.used) {
    const auto halvings = static_cast<int>((reference_ns - t.reference_ns) / half_life_ns_);
    const double factor = std::ldexp(1.0, -halvings);
    for (double& weight : weights(target)) weight *= factor;
    t.total *= factor;
    tighten(target);
  }
  t.reference_ns = reference_ns;
  t.used = true;
}

void DecayingHistograms::tighten(std::size_t target) {
  Target& t = targets_[target];
  const std::span<const double> weight = weights(target);
  while (weight[t.lowest] < epsilon_ && t.lowest < buckets_.count() - 1) ++t.lowest;
  while (weight[t.highest] < epsilon_ && t.highest > 0) --t.highest;
}

void DecayingHistograms::put(std::span<const std::int32_t> target, std::span<const double> value,
                             std::span<const double> half_lives, double weight) {
  // Weights and buckets first: nothing there waits for the sums of the row before.
  std::array<double, kBlock> added;
  std::array<std::int32_t, kBlock> buckets;
  power_(half_lives, weight, added);
  for (std::size_t row = 0; row < value.size(); ++row) buckets[row] = buckets_.index(value[row]);
  for (std::size_t row = 0; row < value.size();) {
    Target& t = targets_[target[row]];
    const std::span<double> held = weights(target[row]);
    double total = t.total;
    const std::int32_t same = target[row];
    for (; row < value.size() && target[row] == same; ++row) {
      const std::int32_t bucket = buckets[row];
      held[bucket] += added[row];
      total += added[row];
      widen(t, bucket, held[bucket]);
    }
    t.total = total;
  }
}

void DecayingHistograms::widen(Target& t, std::int32_t bucket, double held) const {
  if ((bucket >= t.lowest && bucket <= t.highest) || held < epsilon_) return;
  t.lowest = std::min(t.lowest, bucket);
  t.highest = std::max(t.highest, bucket);
}

void DecayingHistograms::add(std::size_t target, double value, double weight,
                             std::int64_t time_ns) {
  Target& t = targets_[target];
  if (too_old(t, time_ns)) move_reference(target, time_ns);
  weight *= power_(half_lives(t, time_ns));
  const std::int32_t bucket = buckets_.index(value);
  const double held = weights(target)[bucket] += weight;
  t.total += weight;
  widen(t, bucket, held);
}

void DecayingHistograms::add(std::span<const std::int32_t> target, std::span<const double> value,
                             double weight, std::span<const std::int64_t> time_ns) {
  std::array<double, kBlock> ages;
  std::size_t from = 0;
  const auto put_up_to = [&](std::size_t row) {
    put(target.subspan(from, row - from), value.subspan(from, row - from),
        std::span(ages).first(row - from), weight);
    from = row;
  };
  for (std::size_t row = 0; row < value.size(); ++row) {
    const Target& t = targets_[target[row]];
    if (row - from == kBlock) put_up_to(row);
    if (too_old(t, time_ns[row])) {
      put_up_to(row);
      move_reference(target[row], time_ns[row]);
    }
    ages[row - from] = half_lives(t, time_ns[row]);
  }
  put_up_to(value.size());
}

void DecayingHistograms::subtract(std::size_t target, double value, double weight,
                                  std::int64_t time_ns) {
  if (too_old(targets_[target], time_ns)) move_reference(target, time_ns);
  weight *= power_(half_lives(targets_[target], time_ns));
  double& held = weights(target)[buckets_.index(value)];
  if (weight > held - epsilon_) weight = held;
  held -= weight;
  targets_[target].total -= weight;
  tighten(target);
}

bool DecayingHistograms::empty(std::size_t target) const {
  return weights(target)[targets_[target].lowest] < epsilon_;
}

double DecayingHistograms::quantile(std::size_t target, double p) const {
  if (empty(target)) return 0;
  const Target& t = targets_[target];
  const std::span<const double> weight = weights(target);
  const double wanted = p * t.total;
  double sum = 0;
  std::int32_t bucket = t.lowest;
  for (; bucket < t.highest; ++bucket) {
    sum += weight[bucket];
    if (sum >= wanted) break;
  }
  return buckets_.upper(bucket);
}

HistogramCheckpoint DecayingHistograms::save(std::size_t target) const {
  const Target& t = targets_[target];
  HistogramCheckpoint saved{t.reference_ns, t.total, {}, {}};
  if (empty(target)) return saved;
  const std::span<const double> weight = weights(target);
  const double scale = HistogramCheckpoint::kLargestWeight / *std::ranges::max_element(weight);
  for (std::int32_t b = t.lowest; b <= t.highest; ++b) {
    const auto whole = static_cast<std::uint32_t>(std::floor(weight[b] * scale + 0.5));
    if (whole == 0) continue;
    saved.bucket.push_back(b);
    saved.weight.push_back(whole);
  }
  return saved;
}

void DecayingHistograms::load(std::size_t target, const HistogramCheckpoint& checkpoint) {
  Target& t = targets_[target];
  const std::span<double> weight = weights(target);
  std::ranges::fill(weight, 0.0);
  t = {checkpoint.reference_ns, 0, buckets_.count() - 1, 0, true};
  double sum = 0;
  for (std::size_t i = 0; i < checkpoint.bucket.size(); ++i) {
    if (checkpoint.bucket[i] < 0 || checkpoint.bucket[i] >= buckets_.count())
      throw InvalidInput("a checkpoint's buckets must be 0 to " +
                         std::to_string(buckets_.count() - 1) + "; got " +
                         std::to_string(checkpoint.bucket[i]));
    sum += checkpoint.weight[i];
  }
  if (sum == 0) return;
  for (std::size_t i = 0; i < checkpoint.bucket.size(); ++i) {
    const std::int32_t bucket = checkpoint.bucket[i];
    weight[bucket] += checkpoint.weight[i] * (checkpoint.total / sum);
    t.lowest = std::min(t.lowest, bucket);
    t.highest = std::max(t.highest, bucket);
  }
  t.total = checkpoint.total;
}

}  // namespace fairlead
