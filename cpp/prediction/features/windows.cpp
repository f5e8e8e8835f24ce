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

bool is_extreme(FeatureStatistic statistic) {
  return statistic == FeatureStatistic::minimum || statistic == FeatureStatistic::maximum;
}

double needed_of(const FeatureSpec& spec) {
  return static_cast<double>(std::max<std::int64_t>(spec.min_samples, 1));
}

}  // namespace

template <typename T>
WindowFeatures<T>::WindowFeatures(std::span<const FeatureSpec> specs) {
  for (std::size_t column = 0; column < specs.size(); ++column) {
    const FeatureSpec& spec = specs[column];
    if (spec.memory == Memory::window && spec.statistic != FeatureStatistic::value &&
        spec.statistic != FeatureStatistic::quantile)
      add(column, spec);
  }
  for (Ladder& ladder : ladders_) std::ranges::sort(ladder.windows, {}, &Window::length);
}

template <typename T>
void WindowFeatures<T>::add(std::size_t column, const FeatureSpec& spec) {
  Ladder& ladder = found_or_added(ladders_, spec.stride, &Ladder::stride);
  Window& window = found_or_added(ladder.windows, spec.window, &Window::length);
  window.asked.push_back({column, spec});
  const FeatureStatistic statistic = spec.statistic;
  if (is_extreme(statistic)) {
    const Extreme extreme = statistic == FeatureStatistic::minimum ? least : greatest;
    ladder.extreme[extreme] = window.extreme[extreme] = true;
  }
  if (statistic == FeatureStatistic::deviation) window.needed[squares] = true;
  if (statistic == FeatureStatistic::deviation || statistic == FeatureStatistic::mean)
    window.needed[sum] = true;
  for (int part = 0; part < kParts; ++part) {
    if (window.needed[part]) ladder.longest[part] = std::max(ladder.longest[part], spec.window);
  }
  partial_ = partial_ || spec.min_samples < spec.window;
}

template <typename T>
void WindowFeatures<T>::write(SeriesView& series, RoundedSeries<T>& rounded, TypedSink<T>& sink) {
  size_ = series.size();
  counted_ = partial_ || series.has_gaps();
  made_.resize(size_);
  for (auto& values : extremes_) values.resize(size_);
  for (Ladder& ladder : ladders_) {
    climb(ladder, series, sink);
    if (ladder.extreme[least]) write_extremes(ladder, least, rounded.or_infinity(), sink);
    if (ladder.extreme[greatest])
      write_extremes(ladder, greatest, rounded.or_minus_infinity(), sink);
  }
}

// Through the runs of 1, 2, 4, ... values; a window takes those that its length is the sum of.
template <typename T>
void WindowFeatures<T>::climb(Ladder& ladder, SeriesView& series, FeatureSink& sink) {
  for (Window& window : ladder.windows) window.runs.length = 0;
  const std::int64_t longest = ladder.windows.back().length;
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

template <typename T>
typename WindowFeatures<T>::Runs WindowFeatures<T>::single_values(const Ladder& ladder,
                                                                  SeriesView& series) {
  Runs runs{1, {}};
  if (counted_) runs.of[count] = series.known();
  if (ladder.longest[sum] > 0) runs.of[sum] = series.or_zero();
  zeros_.resize(size_);
  runs.of[squares] = zeros_.data();
  return runs;
}

template <typename T>
typename WindowFeatures<T>::Runs WindowFeatures<T>::doubled(const Ladder& ladder,
                                                            const Runs& runs) {
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
template <typename T>
typename WindowFeatures<T>::Runs WindowFeatures<T>::joined(const Runs& near, const Runs& far,
                                                           std::int64_t stride,
                                                           const Needed& needed,
                                                           Buffers& buffers) const {
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
    made.of[part] = out;
  }
  join(near, far, shift, range, buffers, made);
  return made;
}

template <typename T>
void WindowFeatures<T>::join(const Runs& near, const Runs& far, std::int64_t shift,
                             loops::Range range, Buffers& buffers, const Runs& made) const {
  const auto out = [&](Part part) { return buffers[part].data(); };
  if (made.of[squares] != nullptr && counted_) {
    loops::join_counted_squares({near.of[count], near.of[sum], near.of[squares]},
                                {far.of[count], far.of[sum], far.of[squares]}, shift, out(squares),
                                range);
  } else if (made.of[squares] != nullptr) {
    loops::join_moments({near.of[sum], near.of[squares]}, static_cast<double>(near.length),
                        {far.of[sum], far.of[squares]}, static_cast<double>(far.length), shift,
                        out(sum), out(squares), range);
    return;
  }
  if (made.of[sum] != nullptr) loops::join_sums(near.of[sum], far.of[sum], shift, out(sum), range);
  if (counted_) loops::join_sums(near.of[count], far.of[count], shift, out(count), range);
}

template <typename T>
void WindowFeatures<T>::finish(const Window& window, std::int64_t stride, FeatureSink& sink) {
  const Runs& runs = window.runs;
  const std::int64_t from = (window.length - 1) * stride;
  const auto length = static_cast<double>(window.length);
  for (const Asked& asked : window.asked) {
    if (is_extreme(asked.spec.statistic)) continue;
    if (counted_) {
      finish_counted(asked, runs, sink);
    } else if (asked.spec.statistic == FeatureStatistic::mean) {
      sink.scaled(asked.column, runs.of[sum], 1 / length, from);
    } else {
      const double scale = length > 1 ? 1 / (length - 1) : kUnknown;
      sink.roots(asked.column, runs.of[squares], scale, from);
    }
  }
}

template <typename T>
void WindowFeatures<T>::finish_counted(const Asked& asked, const Runs& runs, FeatureSink& sink) {
  const double needed = needed_of(asked.spec);
  const double* counts = runs.of[count];
  if (asked.spec.statistic == FeatureStatistic::mean)
    loops::counted_means(runs.of[sum], counts, needed, made_.data(), size_);
  else
    loops::counted_deviations(runs.of[squares], counts, needed, made_.data(), size_);
  sink.values(asked.column, made_.data(), 0);
}

template <typename T>
void WindowFeatures<T>::write_extremes(const Ladder& ladder, Extreme extreme, const T* values,
                                       TypedSink<T>& sink) {
  const T* runs = values;
  std::int64_t length = 1;
  int turn = 0;
  for (const Window& window : ladder.windows) {
    if (!window.extreme[extreme]) continue;
    while (length < window.length) {
      const std::int64_t more = std::min(2 * length, window.length - length);
      T* const out = extremes_[turn].data();
      overlap(extreme, runs, {length, more, ladder.stride}, out);
      runs = out;
      length += more;
      turn = 1 - turn;
    }
    finish_extremes(window, ladder.stride, extreme, runs, sink);
  }
}

// Runs of `longer.more` values more, each from three: the shorter run that ends with it, the one
// that begins with it, and one between that overlaps or touches both. With counts those that begin
// before the series are shorter, and known too.
template <typename T>
void WindowFeatures<T>::overlap(Extreme extreme, const T* runs, const Longer& longer,
                                T* out) const {
  const auto join = extreme == least ? static_cast<Join>(loops::join_minima)
                                     : static_cast<Join>(loops::join_maxima);
  const std::int64_t shift = (longer.more + 1) / 2 * longer.stride;
  const std::int64_t further = longer.more * longer.stride;
  if (counted_) {
    const loops::Range near{std::min(shift, size_), std::min(further, size_)};
    std::copy_n(runs, near.begin, out);
    join(runs, shift, shift, out, near);
    join(runs, shift, further, out, {near.end, size_});
  } else {
    const std::int64_t known = further + (longer.length - 1) * longer.stride;
    join(runs, shift, further, out, {std::min(known, size_), size_});
  }
}

template <typename T>
void WindowFeatures<T>::finish_extremes(const Window& window, std::int64_t stride, Extreme extreme,
                                        const T* runs, TypedSink<T>& sink) {
  const FeatureStatistic wanted =
      extreme == least ? FeatureStatistic::minimum : FeatureStatistic::maximum;
  for (const Asked& asked : window.asked) {
    if (asked.spec.statistic != wanted) continue;
    if (counted_) {
      loops::counted_values(runs, window.runs.of[count], needed_of(asked.spec), extremes_[2].data(),
                            size_);
      sink.rounded(asked.column, extremes_[2].data(), 0);
    } else {
      sink.rounded(asked.column, runs, (window.length - 1) * stride);
    }
  }
}

template class WindowFeatures<float>;
template class WindowFeatures<double>;

}  // namespace fairlead
