#include "prediction/features/stream.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kLanes = kSortedLanes;

// Whether two features can be read off one state.
bool same_values(const FeatureSpec& a, const FeatureSpec& b) {
  return a.memory == b.memory && a.lag == b.lag && a.window == b.window && a.stride == b.stride &&
         (a.memory != Memory::exponential || a.parameter == b.parameter);
}

template <typename States>
auto& state_of(States& states, const FeatureSpec& spec) {
  return *std::ranges::find_if(states, [&](const auto& s) { return same_values(s.spec, spec); });
}

template <typename States>
bool has_state(const States& states, const FeatureSpec& spec) {
  return std::ranges::any_of(states, [&](const auto& s) { return same_values(s.spec, spec); });
}

bool needs_window(const FeatureSpec& spec) {
  return spec.memory != Memory::exponential && spec.statistic != FeatureStatistic::value &&
         spec.statistic != FeatureStatistic::quantile;
}

double least_samples(const FeatureSpec& spec) {
  return static_cast<double>(std::max<std::int64_t>(spec.min_samples, 1));
}

}  // namespace

RunColumns::RunColumns(std::size_t series)
    : count(series),
      mean(series),
      squares(series),
      least(series, kInfinity),
      greatest(series, -kInfinity) {}

void RunColumns::clear() {
  for (Buffer* column : {&count, &mean, &squares}) std::ranges::fill(*column, 0.0);
  std::ranges::fill(least, kInfinity);
  std::ranges::fill(greatest, -kInfinity);
}

void RunColumns::add(const double* values) {
  for (std::size_t s = 0; s < count.size(); ++s) {
    const bool known = values[s] == values[s];
    const double value = known ? values[s] : mean[s];
    count[s] += known ? 1 : 0;
    const double delta = value - mean[s];
    mean[s] += known ? delta / count[s] : 0;
    squares[s] += delta * (value - mean[s]);
    least[s] = values[s] < least[s] ? values[s] : least[s];
    greatest[s] = values[s] > greatest[s] ? values[s] : greatest[s];
  }
}

void RunColumns::join(const RunColumns& before) {
  for (std::size_t s = 0; s < count.size(); ++s) {
    const double total = count[s] + before.count[s];
    const double share = total > 0 ? before.count[s] / total : 0;
    const double delta = before.mean[s] - mean[s];
    mean[s] += delta * share;
    squares[s] += before.squares[s] + delta * delta * count[s] * share;
    count[s] = total;
    least[s] = before.least[s] < least[s] ? before.least[s] : least[s];
    greatest[s] = before.greatest[s] > greatest[s] ? before.greatest[s] : greatest[s];
  }
}

WindowState::WindowState(std::int64_t window, std::size_t series)
    : window_(window),
      suffixes_(window, RunColumns(series)),
      values_(window, Buffer(series)),
      prefix_(series),
      statistics_(series) {}

void WindowState::add(const double* values) {
  if (window_ == 0) return statistics_.add(values);
  std::copy_n(values, values_[filled_].size(), values_[filled_].begin());
  prefix_.add(values);
  statistics_ = prefix_;
  if (++filled_ < window_)
    statistics_.join(suffixes_[filled_]);
  else
    start_block();
}

void WindowState::start_block() {
  RunColumns run(prefix_.count.size());
  for (std::int64_t i = window_; i-- > 0;) {
    run.add(values_[i].data());
    suffixes_[i] = run;
  }
  prefix_.clear();
  filled_ = 0;
}

FeatureStream::FeatureStream(std::span<const FeatureSpec> specs, std::size_t series)
    : specs_(specs.begin(), specs.end()), series_(series), unknown_(series, kUnknown) {
  std::int64_t reach = 1;
  for (const FeatureSpec& spec : specs_) {
    check_feature(spec);
    if (spec.memory == Memory::everything && spec.statistic == FeatureStatistic::quantile)
      throw InvalidInput(
          "a quantile of all values so far needs them all: there is no state for it");
    const bool window = spec.memory == Memory::window;
    reach = std::max(reach, spec.lag + (window ? spec.window * spec.stride : 0));
    prepare(spec);
  }
  history_.assign(reach, unknown_);
}

void FeatureStream::prepare(const FeatureSpec& spec) {
  if (needs_window(spec) && !has_state(windows_, spec)) {
    // All values so far are one block that never ends.
    const bool all = spec.memory == Memory::everything;
    windows_.push_back({spec, {}});
    for (std::int64_t phase = 0; phase < (all ? 1 : spec.stride); ++phase)
      windows_.back().by_phase.emplace_back(all ? 0 : spec.window, series_);
  } else if (spec.memory == Memory::exponential && !has_state(levels_, spec)) {
    levels_.push_back({spec, std::vector(series_, ExponentialMoments(spec.parameter))});
  } else if (spec.statistic == FeatureStatistic::quantile && !has_state(sorted_, spec)) {
    LaneRow missing;
    std::ranges::fill(missing.lane, kInfinity);
    const std::size_t groups = (series_ + kLanes - 1) / kLanes;
    sorted_.push_back(
        {spec, std::vector(spec.stride, std::vector<LaneRow>(groups * (spec.window + 1), missing)),
         std::vector<std::int64_t>(spec.stride * series_)});
  }
}

// The values that lay `lag` before the present origin; before the first tick nothing is known.
const double* FeatureStream::past(std::int64_t lag) const {
  if (tick_ < lag) return unknown_.data();
  return history_[(tick_ - lag) % std::ssize(history_)].data();
}

void FeatureStream::observe(std::span<const double> values, std::span<double> out) {
  if (values.size() != series_ || out.size() != series_ * specs_.size())
    throw InvalidInput("a tick has one value for each of " + std::to_string(series_) + " series");
  std::ranges::copy(values, history_[tick_ % std::ssize(history_)].begin());
  ++tick_;
  for (Windows& windows : windows_) {
    const FeatureSpec& spec = windows.spec;
    if (tick_ >= spec.lag) windows.by_phase[phase(spec)].add(past(spec.lag));
  }
  for (SortedWindows& windows : sorted_) {
    if (tick_ >= windows.spec.lag) slide(windows);
  }
  for (Levels& levels : levels_) {
    const double* const newest = past(levels.spec.lag);
    for (std::size_t s = 0; s < series_; ++s) levels.by_series[s].add(newest[s]);
  }
  for (std::size_t c = 0; c < specs_.size(); ++c) {
    double* const column = out.data() + c * series_;
    const FeatureSpec& spec = specs_[c];
    if (tick_ < spec.lag || spec.statistic == FeatureStatistic::value)
      std::copy_n(past(spec.lag), series_, column);
    else if (spec.memory == Memory::exponential)
      write_level(spec, column);
    else if (spec.statistic == FeatureStatistic::quantile)
      write_quantile(spec, column);
    else
      write_window(spec, column);
  }
}

void FeatureStream::slide(SortedWindows& windows) {
  const FeatureSpec& spec = windows.spec;
  const double* const entering = past(spec.lag);
  const double* const leaving = past(spec.lag + spec.window * spec.stride);
  LaneRow* sorted = windows.by_phase[phase(spec)].data();
  std::int64_t* const known = windows.known.data() + phase(spec) * std::ssize(unknown_);
  for (std::size_t first = 0; first < series_; first += kLanes) {
    LaneRow in, out;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::size_t s = first + lane;
      const bool comes = s < series_ && !std::isnan(entering[s]);
      const bool goes = s < series_ && !std::isnan(leaving[s]);
      in.lane[lane] = comes ? entering[s] : kInfinity;
      out.lane[lane] = goes ? leaving[s] : kInfinity;
      if (s < series_) known[s] += (comes ? 1 : 0) - (goes ? 1 : 0);
    }
    slide_sorted(sorted, spec.window, {&out, &in, 1}, {}, nullptr);
    sorted += spec.window + 1;
  }
}

void FeatureStream::write_window(const FeatureSpec& spec, double* out) const {
  const RunColumns& run = state_of(windows_, spec).by_phase[phase(spec)].statistics();
  const bool deviation = spec.statistic == FeatureStatistic::deviation;
  const double least = std::max(least_samples(spec), deviation ? 2.0 : 1.0);
  const Buffer& values = deviation                                     ? run.squares
                         : spec.statistic == FeatureStatistic::mean    ? run.mean
                         : spec.statistic == FeatureStatistic::minimum ? run.least
                                                                       : run.greatest;
  for (std::size_t s = 0; s < series_; ++s) {
    const double value = deviation ? std::sqrt(values[s] / (run.count[s] - 1)) : values[s];
    out[s] = run.count[s] >= least ? value : kUnknown;
  }
}

void FeatureStream::write_quantile(const FeatureSpec& spec, double* out) const {
  const SortedWindows& windows = state_of(sorted_, spec);
  const LaneRow* const sorted = windows.by_phase[phase(spec)].data();
  const std::int64_t* const known = windows.known.data() + phase(spec) * std::ssize(unknown_);
  for (std::size_t s = 0; s < series_; ++s) {
    out[s] = kUnknown;
    if (known[s] < std::max<std::int64_t>(spec.min_samples, 1)) continue;
    const QuantilePlace place = quantile_place(spec.parameter, known[s]);
    const LaneRow* const rows = sorted + static_cast<std::int64_t>(s) / kLanes * (spec.window + 1);
    const double below = rows[place.below].lane[s % kLanes];
    out[s] = below + (rows[place.above].lane[s % kLanes] - below) * place.share;
  }
}

void FeatureStream::write_level(const FeatureSpec& spec, double* out) const {
  const std::vector<ExponentialMoments>& moments = state_of(levels_, spec).by_series;
  for (std::size_t s = 0; s < series_; ++s) {
    const bool enough = moments[s].count() >= least_samples(spec);
    const bool mean = spec.statistic == FeatureStatistic::mean;
    out[s] = !enough ? kUnknown : mean ? moments[s].mean() : moments[s].deviation();
  }
}

}  // namespace fairlead
