#include "prediction/usage/recommender.hpp"

#include <algorithm>
#include <cmath>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr double kDayNs = 86'400e9;
constexpr double kSamplesADay = 24 * 60;

// Days of evidence at a sample a minute.
double confidence(const UsageRecommender::Target& seen) {
  return std::min(static_cast<double>(seen.last_ns - seen.first_ns) / kDayNs,
                  static_cast<double>(seen.samples) / kSamplesADay);
}

}  // namespace

UsageRecommender::UsageRecommender(const RecommenderOptions& options)
    : options_(options),
      histograms_(Buckets(options.buckets), options.half_life_ns, options.epsilon) {}

void UsageRecommender::resize(std::size_t targets, std::size_t members) {
  targets_.resize(targets);
  histograms_.resize(targets);
  members_.resize(members);
}

std::int64_t UsageRecommender::observe(const UsageSamples& samples) {
  const bool peaks = options_.peak_window_ns > 0;
  std::int64_t counted = 0;
  std::size_t from = 0;  // rows that count one after another go to the histograms together
  for (std::size_t row = 0; row < samples.value.size(); ++row) {
    if (!accept(samples, row)) {
      if (!peaks) add(samples, from, row);
      from = row + 1;
      continue;
    }
    ++counted;
    if (peaks)
      add_peak(members_[samples.member[row]], samples.value[row], samples.time_ns[row], false);
  }
  if (!peaks) add(samples, from, samples.value.size());
  return counted;
}

bool UsageRecommender::accept(const UsageSamples& samples, std::size_t row) {
  const std::int64_t time_ns = samples.time_ns[row];
  Member& member = members_[samples.member[row]];
  if (std::isnan(samples.value[row])) return false;
  if (member.target < 0) {
    member = {time_ns, time_ns, 0, 0, samples.target[row]};
  } else if (options_.peak_window_ns > 0 ? time_ns < member.last_ns : time_ns <= member.last_ns) {
    return false;
  }
  member.last_ns = time_ns;
  Target& target = targets_[member.target];
  target.first_ns = target.samples == 0 ? time_ns : std::min(target.first_ns, time_ns);
  target.last_ns = target.samples == 0 ? time_ns : std::max(target.last_ns, time_ns);
  ++target.samples;
  return true;
}

void UsageRecommender::add(const UsageSamples& samples, std::size_t from, std::size_t to) {
  histograms_.add(samples.target.subspan(from, to - from), samples.value.subspan(from, to - from),
                  options_.sample_weight, samples.time_ns.subspan(from, to - from));
}

void UsageRecommender::add_peak(Member& member, double value, std::int64_t time_ns,
                                bool out_of_memory) {
  if (time_ns < member.window_end_ns) {
    // A window that began with nothing in use keeps that sample, as the VPA does.
    if (member.peak == 0 || value <= member.peak) return;
    histograms_.subtract(member.target, member.peak, options_.sample_weight, member.window_end_ns);
  } else {
    const std::int64_t window = options_.peak_window_ns;
    member.window_end_ns += ((time_ns - member.window_end_ns) / window + 1) * window;
    member.memory_peak = 0;
  }
  histograms_.add(member.target, value, options_.sample_weight, member.window_end_ns);
  member.peak = value;
  if (!out_of_memory) member.memory_peak = value;
}

std::int64_t UsageRecommender::out_of_memory(const UsageSamples& events) {
  if (options_.peak_window_ns == 0)
    throw InvalidInput("only a resource that is sampled by its peaks can run out");
  std::int64_t counted = 0;
  for (std::size_t row = 0; row < events.value.size(); ++row) {
    Member& member = members_[events.member[row]];
    const std::int64_t time_ns = events.time_ns[row];
    if (member.target < 0) {
      member.target = events.target[row];
      member.window_end_ns = time_ns;
    } else if (time_ns < member.window_end_ns - options_.peak_window_ns) {
      continue;
    }
    const double asked = std::isnan(events.value[row]) ? 0 : events.value[row];
    const double used = std::max(asked, member.memory_peak);
    const double needed = std::max(used + options_.bump_amount, used * options_.bump_ratio);
    add_peak(member, needed, time_ns, true);
    member.last_ns = time_ns;
    ++counted;
  }
  return counted;
}

Recommendations UsageRecommender::recommend() const {
  Recommendations made;
  const auto at_least = [&](double request) { return std::max(request, options_.least); };
  for (std::size_t t = 0; t < targets_.size(); ++t) {
    if (histograms_.empty(t)) {
      made.add_unknown(targets_[t].samples);
      continue;
    }
    const double known = confidence(targets_[t]);
    const double with_margin = 1 + options_.margin;
    const double target = histograms_.quantile(t, options_.target) * with_margin;
    const double lower = histograms_.quantile(t, options_.lower) * with_margin;
    const double upper = histograms_.quantile(t, options_.upper) * with_margin;
    const double shrink = 1 + 0.001 / known;
    made.add(targets_[t].samples, at_least(target), at_least(lower / (shrink * shrink)),
             at_least(upper * (1 + 1 / known)));
  }
  return made;
}

std::vector<HistogramCheckpoint> UsageRecommender::save(std::int64_t now_ns) const {
  std::vector<HistogramCheckpoint> saved;
  if (options_.peak_window_ns == 0) {
    for (std::size_t t = 0; t < targets_.size(); ++t) saved.push_back(histograms_.save(t));
    return saved;
  }
  DecayingHistograms closed = histograms_;
  for (const Member& member : members_) {
    if (member.target < 0 || now_ns >= member.window_end_ns) continue;
    closed.subtract(member.target, member.peak, options_.sample_weight, member.window_end_ns);
  }
  for (std::size_t t = 0; t < targets_.size(); ++t) saved.push_back(closed.save(t));
  return saved;
}

void UsageRecommender::load(std::size_t target, const Target& seen,
                            const HistogramCheckpoint& checkpoint) {
  histograms_.load(target, checkpoint);
  targets_[target] = seen;
}

}  // namespace fairlead
