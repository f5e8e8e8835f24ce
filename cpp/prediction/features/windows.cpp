#include "prediction/features/windows.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace fairlead {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

template <typename Items, typename Key>
auto& found_or_added(Items& items, std::int64_t key, const Key& member) {
  const auto at = std::ranges::find(items, key, member);
  if (at != items.end()) return *at;
  items.emplace_back(key);
  return items.back();
}

}  // namespace

WindowFeatures::WindowFeatures(std::span<const FeatureSpec> specs) {
  for (std::size_t column = 0; column < specs.size(); ++column) {
    const FeatureSpec& spec = specs[column];
    if (spec.memory == Memory::window && spec.statistic != FeatureStatistic::value &&
        spec.statistic != FeatureStatistic::quantile)
      add(column, spec);
  }
}

void WindowFeatures::add(std::size_t column, const FeatureSpec& spec) {
  Ladder& ladder = found_or_added(ladders_, spec.stride, &Ladder::stride);
  Window& window = found_or_added(ladder.windows, spec.window, &Window::length);
  window.asked.push_back({column, spec});
  const FeatureStatistic statistic = spec.statistic;
  if (statistic == FeatureStatistic::minimum) window.needed[least] = true;
  if (statistic == FeatureStatistic::maximum) window.needed[greatest] = true;
  if (statistic == FeatureStatistic::deviation) window.needed[squares] = true;
  if (statistic == FeatureStatistic::deviation || statistic == FeatureStatistic::mean)
    window.needed[sum] = true;
  for (int part = 0; part < kParts; ++part) {
    if (window.needed[part]) ladder.longest[part] = std::max(ladder.longest[part], spec.window);
  }
  partial_ = partial_ || spec.min_samples < spec.window;
}

void WindowFeatures::write(SeriesView& series, FeatureSink& sink) {
  size_ = series.size();
  counted_ = partial_ || series.has_gaps();
  made_.resize(size_);
  for (Ladder& ladder : ladders_) climb(ladder, series, sink);
}

// Through the runs of 1, 2, 4, ... values; a window takes those that its length is the sum of.
void WindowFeatures::climb(Ladder& ladder, SeriesView& series, FeatureSink& sink) {
  for (Window& window : ladder.windows) window.runs.length = 0;
  // By reference: a copy of a window has its buffers.
  const std::int64_t longest =
      std::ranges::max_element(ladder.windows, {}, &Window::length)->length;
  for (Runs runs = single_values(ladder, series);; runs = doubled(ladder, runs)) {
    for (Window& window : ladder.windows) {
      if ((window.length & runs.length) == 0) continue;
      const bool first = window.runs.length == 0;
      window.runs =
          first ? runs : joined(window.runs, runs, ladder.stride, window.needed, window.buffers);
      if (window.runs.length == window.length) finish(window, ladder.stride, sink);
    }
    if (2 * runs.length > longest) return;
  }
}

WindowFeatures::Runs WindowFeatures::single_values(const Ladder& ladder, SeriesView& series) {
  Runs runs{1, {}};
  if (counted_) runs.of[count] = series.known();
  if (ladder.longest[sum] > 0) runs.of[sum] = series.or_zero();
  if (ladder.longest[least] > 0) runs.of[least] = series.or_infinity();
  if (ladder.longest[greatest] > 0) runs.of[greatest] = series.or_minus_infinity();
  zeros_.resize(size_);
  runs.of[squares] = zeros_.data();
  return runs;
}

WindowFeatures::Runs WindowFeatures::doubled(const Ladder& ladder, const Runs& runs) {
  const auto level =
      static_cast<std::size_t>(std::countr_zero(static_cast<std::uint64_t>(runs.length)));
  if (level == doubled_.size()) doubled_.emplace_back();
  Needed needed;
  std::ranges::transform(ladder.longest, needed.begin(),
                         [&](std::int64_t longest) { return longest >= 2 * runs.length; });
  return joined(runs, runs, ladder.stride, needed, doubled_[level]);
}

// The runs `near` with the runs `far` before them. Where the far one begins before the series it is
// shorter or empty; without counts such places are not known and are left out.
WindowFeatures::Runs WindowFeatures::joined(const Runs& near, const Runs& far, std::int64_t stride,
                                            const Needed& needed, Buffers& buffers) const {
  Runs made{near.length + far.length, {}};
  const std::int64_t shift = near.length * stride;
  const std::int64_t first = counted_ ? shift : shift + (far.length - 1) * stride;
  const loops::Range range{std::min(first, size_), size_};
  for (int i = 0; i < kParts; ++i) {
    const auto part = static_cast<Part>(i);
    if (!(part == count ? counted_ : needed[part])) continue;
    buffers[part].resize(size_);
    double* const out = buffers[part].data();
    if (counted_ && near.of[part] != out) std::copy_n(near.of[part], range.begin, out);
    join(part, near, far, shift, range, out);
    made.of[part] = out;
  }
  return made;
}

void WindowFeatures::join(Part part, const Runs& near, const Runs& far, std::int64_t shift,
                          loops::Range range, double* out) const {
  if (part == least) {
    loops::join_minima(near.of[part], far.of[part], shift, out, range);
  } else if (part == greatest) {
    loops::join_maxima(near.of[part], far.of[part], shift, out, range);
  } else if (part != squares) {
    loops::join_sums(near.of[part], far.of[part], shift, out, range);
  } else if (counted_) {
    loops::join_counted_squares({near.of[count], near.of[sum], near.of[squares]},
                                {far.of[count], far.of[sum], far.of[squares]}, shift, out, range);
  } else {
    loops::join_squares({near.of[sum], near.of[squares]}, static_cast<double>(near.length),
                        {far.of[sum], far.of[squares]}, static_cast<double>(far.length), shift, out,
                        range);
  }
}

void WindowFeatures::finish(const Window& window, std::int64_t stride, FeatureSink& sink) {
  const Runs& runs = window.runs;
  const std::int64_t from = (window.length - 1) * stride;
  const auto length = static_cast<double>(window.length);
  for (const Asked& asked : window.asked) {
    if (counted_) {
      finish_counted(asked, runs, sink);
    } else if (asked.spec.statistic == FeatureStatistic::mean) {
      sink.scaled(asked.column, runs.of[sum], 1 / length, from);
    } else if (asked.spec.statistic == FeatureStatistic::deviation) {
      const double scale = length > 1 ? 1 / (length - 1) : kUnknown;
      sink.roots(asked.column, runs.of[squares], scale, from);
    } else {
      const bool low = asked.spec.statistic == FeatureStatistic::minimum;
      sink.values(asked.column, runs.of[low ? least : greatest], from);
    }
  }
}

void WindowFeatures::finish_counted(const Asked& asked, const Runs& runs, FeatureSink& sink) {
  const auto needed = static_cast<double>(std::max<std::int64_t>(asked.spec.min_samples, 1));
  const double* counts = runs.of[count];
  switch (asked.spec.statistic) {
    case FeatureStatistic::mean:
      loops::counted_means(runs.of[sum], counts, needed, made_.data(), size_);
      break;
    case FeatureStatistic::deviation:
      loops::counted_deviations(runs.of[squares], counts, needed, made_.data(), size_);
      break;
    case FeatureStatistic::minimum:
      loops::counted_values(runs.of[least], counts, needed, made_.data(), size_);
      break;
    default:
      loops::counted_values(runs.of[greatest], counts, needed, made_.data(), size_);
  }
  sink.values(asked.column, made_.data(), 0);
}

}  // namespace fairlead
