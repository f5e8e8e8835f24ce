#include "prediction/features/columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "base/crew.hpp"
#include "base/errors.hpp"
#include "prediction/features/loops.hpp"
#include "prediction/features/quantiles.hpp"
#include "prediction/features/running.hpp"
#include "prediction/features/segments.hpp"
#include "prediction/features/series.hpp"
#include "prediction/features/sorted_lanes.hpp"
#include "prediction/features/windows.hpp"

namespace fairlead {
namespace {

constexpr std::size_t kCached = 8 << 20;  // bytes of results that caches may hold
constexpr std::size_t kLine = 64 / sizeof(double);
constexpr std::int64_t kSegment = 4096;  // values of a long series that are worked on together
constexpr std::int64_t kReachesPerSegment = 8;  // at least, since each is read again

// Moves each statistic by its lag and writes it to its column.
template <typename T>
class ColumnSink final : public TypedSink<T> {
 public:
  ColumnSink(std::span<const FeatureSpec> specs, std::int64_t first_origin,
             std::span<T* const> columns, bool streams)
      : specs_(specs), first_origin_(first_origin), columns_(columns), streams_(streams) {}

  // The rows of a series of `values` values, and the segment of it that is written.
  void at(std::int64_t first_row, std::int64_t rows, std::int64_t values, const Segment& segment) {
    first_row_ = first_row;
    rows_ = rows;
    values_ = values;
    segment_ = segment;
    if (!streams_) return;
    scratch_.resize(std::max(rows, std::ssize(scratch_)));
    // The last line of each column is shared with the rows behind, so that it is not written whole
    // and must be read: it comes, and its page with it, while the statistics are made. (In a
    // function of its own GCC takes the fetches for nothing, and leaves out the call.)
    const std::int64_t end = segment.end == values ? rows : std::min(segment.end, rows);
    for (T* const column : columns_) __builtin_prefetch(column + first_row + end, 1);
  }

  void values(std::size_t column, const double* values, std::int64_t from) override {
    place(column, from,
          [&](std::int64_t i, T* to, std::int64_t n) { loops::write(values + i, to, n); });
  }
  void scaled(std::size_t column, const double* values, double scale, std::int64_t from) override {
    place(column, from, [&](std::int64_t i, T* to, std::int64_t n) {
      loops::write_scaled(values + i, scale, to, n);
    });
  }
  void rounded(std::size_t column, const T* values, std::int64_t from) override {
    const Place at = place_of(column, from);
    put(column, at, at.end > at.begin ? values + at.first_index : values);
  }
  void roots(std::size_t column, const double* squares, double scale, std::int64_t from) override {
    place(column, from, [&](std::int64_t i, T* to, std::int64_t n) {
      loops::write_roots(squares + i, scale, to, n);
    });
  }

 private:
  // Rows of the series at hand: those of the segment, and of these the ones that are known, from
  // the index `first_index` of the segment on.
  struct Place {
    std::int64_t low, begin, end, high;
    std::int64_t first_index;
  };

  // The first segment has all rows before its own, the last one all behind.
  Place place_of(std::size_t column, std::int64_t from) const {
    const std::int64_t to_row = specs_[column].lag - first_origin_;  // of the series' index 0
    const auto row = [&](std::int64_t index) {
      return std::clamp<std::int64_t>(index + to_row, 0, rows_);
    };
    const std::int64_t low = segment_.begin == 0 ? 0 : row(segment_.begin);
    const std::int64_t high = segment_.end == values_ ? rows_ : row(segment_.end);
    const std::int64_t begin = std::clamp(row(segment_.first + from), low, high);
    const std::int64_t end = std::clamp(row(segment_.end), begin, high);
    return {low, begin, end, high, begin - to_row - segment_.first};
  }

  // Calls `write(index, where to, how many)` for what is known.
  template <typename Write>
  void place(std::size_t column, std::int64_t from, const Write& write) {
    const Place at = place_of(column, from);
    T* const known = streams_ ? scratch_.data() : columns_[column] + first_row_ + at.begin;
    if (at.end > at.begin) write(at.first_index, known, at.end - at.begin);
    put(column, at, known);
  }

  void put(std::size_t column, const Place& at, const T* known) {
    T* const rows = columns_[column] + first_row_;
    blank(rows + at.low, rows + at.begin);
    if (streams_)
      loops::stream(known, rows + at.begin, at.end - at.begin);
    else if (known != rows + at.begin)
      std::copy_n(known, at.end - at.begin, rows + at.begin);
    blank(rows + at.end, rows + at.high);
  }

  static void blank(T* begin, T* end) {
    std::fill(begin, end, std::numeric_limits<T>::quiet_NaN());
  }

  std::span<const FeatureSpec> specs_;
  std::int64_t first_origin_;
  std::span<T* const> columns_;
  bool streams_;
  std::vector<T, LineAllocator<T>> scratch_;
  std::int64_t first_row_ = 0, rows_ = 0, values_ = 0;
  Segment segment_{};
};

// What one thread needs for one group of segments after another.
template <typename T>
class GroupWriter {
 public:
  GroupWriter(const FeatureTable& table, std::span<const FeatureSpec> specs,
              const FeatureRows& rows, std::span<T* const> columns)
      : table_(table),
        specs_(specs),
        rows_(rows),
        windows_(specs),
        running_(specs),
        quantiles_(specs, Memory::window),
        running_quantiles_(specs, Memory::everything),
        sink_(specs, rows.first_origin, columns,
              table.values.size() * specs.size() * sizeof(T) > kCached) {}

  void write(std::span<const Segment> segments) {
    group_.clear();
    for (const Segment& segment : segments) {
      if (segment.begin == 0) write_running(segment.series);
      group_.push_back(values_of(segment));
      // As many of the values that come next are fetched while these are worked on.
      const auto next = table_.values.subspan(table_.offsets[segment.series] + segment.end);
      for (std::size_t i = 0; i < std::min(next.size(), group_.back().size()); i += kLine)
        __builtin_prefetch(next.data() + i, 0, 2);
      series_.take(group_.back());
      rounded_.take(series_);
      TypedSink<T>& sink = sink_of(segment);
      write_values(sink);
      windows_.write(series_, rounded_, sink);
    }
    if (quantiles_.empty()) return;
    quantiles_.write(group_, [&](std::size_t i) -> FeatureSink& { return sink_of(segments[i]); });
  }

 private:
  std::int64_t size_of(std::int64_t series) const {
    return table_.offsets[series + 1] - table_.offsets[series];
  }

  std::span<const double> values_of(const Segment& segment) const {
    return table_.values.subspan(table_.offsets[segment.series] + segment.first,
                                 segment.end - segment.first);
  }

  TypedSink<T>& sink_of(const Segment& segment) {
    const std::int64_t n = size_of(segment.series);
    sink_.at(table_.offsets[segment.series] + segment.series * rows_.more, n + rows_.more, n,
             segment);
    return sink_;
  }

  // What depends on all values so far takes the series whole.
  void write_running(std::int64_t series) {
    if (running_.empty() && running_quantiles_.empty()) return;
    const Segment whole{series, 0, 0, size_of(series)};
    const std::span<const double> values = values_of(whole);
    series_.take(values);
    running_.write(series_, sink_of(whole));
    if (running_quantiles_.empty()) return;
    running_quantiles_.write(std::span(&values, 1),
                             [&](std::size_t) -> FeatureSink& { return sink_of(whole); });
  }

  void write_values(TypedSink<T>& sink) {
    for (std::size_t column = 0; column < specs_.size(); ++column) {
      if (specs_[column].statistic == FeatureStatistic::value)
        sink.rounded(column, rounded_.raw(), 0);
    }
  }

  FeatureTable table_;
  std::span<const FeatureSpec> specs_;
  FeatureRows rows_;
  SeriesView series_;
  RoundedSeries<T> rounded_;
  WindowFeatures<T> windows_;
  RunningFeatures running_;
  QuantileFeatures quantiles_, running_quantiles_;
  ColumnSink<T> sink_;
  std::vector<std::span<const double>> group_;
};

}  // namespace

void check_table(const FeatureTable& table, std::span<const FeatureSpec> specs,
                 const FeatureRows& rows, std::size_t columns) {
  if (columns != specs.size()) throw InvalidInput("a feature needs one column");
  if (table.offsets.empty() || table.offsets.front() != 0 ||
      table.offsets.back() != static_cast<std::int64_t>(table.values.size()) ||
      !std::ranges::is_sorted(table.offsets))
    throw InvalidInput("offsets must ascend from 0 to the number of values");
  for (std::int64_t series = 0; series < table.series(); ++series) {
    if (table.offsets[series + 1] - table.offsets[series] + rows.more < 0)
      throw InvalidInput("a series cannot have fewer than no rows");
  }
  std::ranges::for_each(specs, check_feature);
}

template <typename T>
void feature_columns(const FeatureTable& table, std::span<const FeatureSpec> specs,
                     const FeatureRows& rows, unsigned threads, const std::function<void()>& pause,
                     std::span<T* const> columns) {
  check_table(table, specs, rows, columns.size());
  const std::int64_t reach = reach_of(specs);
  const std::vector<Segment> segments =
      segments_of(table, 0, table.series(), reach, std::max(kSegment, kReachesPerSegment * reach));
  const std::size_t groups = (segments.size() + kSortedLanes - 1) / kSortedLanes;
  const auto make = [&] {
    return [&, writer = GroupWriter<T>(table, specs, rows, columns)](std::size_t group) mutable {
      const std::size_t first = group * kSortedLanes;
      writer.write(std::span(segments).subspan(
          first, std::min<std::size_t>(kSortedLanes, segments.size() - first)));
    };
  };
  share_out(groups, threads, make, pause);
}

template void feature_columns(const FeatureTable&, std::span<const FeatureSpec>, const FeatureRows&,
                              unsigned, const std::function<void()>&, std::span<float* const>);
template void feature_columns(const FeatureTable&, std::span<const FeatureSpec>, const FeatureRows&,
                              unsigned, const std::function<void()>&, std::span<double* const>);

}  // namespace fairlead
