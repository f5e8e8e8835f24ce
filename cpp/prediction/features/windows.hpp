// Mean, deviation, minimum and maximum over windows of values at equal strides.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "prediction/features/loops.hpp"
#include "prediction/features/series.hpp"
#include "prediction/features/spec.hpp"

namespace fairlead {

// A power of two of values is two neighbouring halves, any other window the powers in its length:
// so the statistics of every window come from the runs of 1, 2, 4, ... values ending at each place,
// whole arrays at a time. Runs are joined and never subtracted: a spike that has left a window
// leaves no rounding error behind. The price is log2(window) vector operations a value, shared by
// all windows. Extremes may count a value twice, so a window of them is three runs that overlap,
// made from the window below it, in the precision T of the results.
template <typename T>
class WindowFeatures {
 public:
  // Of the specifications, those over windows that are neither values nor quantiles.
  explicit WindowFeatures(std::span<const FeatureSpec> specs);

  void write(SeriesView& series, RoundedSeries<T>& rounded, TypedSink<T>& sink);

 private:
  enum Part { squares, sum, count, kParts };
  enum Extreme { least, greatest, kExtremes };
  using Buffers = std::array<Buffer, kParts>;
  using Needed = std::array<bool, kParts>;

  // Runs of `length` values ending at each index; null where a part is not needed.
  struct Runs {
    std::int64_t length = 0;
    std::array<const double*, kParts> of{};
  };

  struct Asked {
    std::size_t column;
    FeatureSpec spec;
  };

  // All that is asked of one window, and the runs joined for it so far.
  struct Window {
    explicit Window(std::int64_t window) : length(window) {}

    std::int64_t length;
    std::vector<Asked> asked;
    Needed needed{};
    std::array<bool, kExtremes> extreme{};
    Runs runs;
    Buffers buffers;
  };

  // The windows of one stride share their runs.
  struct Ladder {
    explicit Ladder(std::int64_t step) : stride(step) {}

    std::int64_t stride;
    std::vector<Window> windows;                 // the shortest first
    std::array<std::int64_t, kParts> longest{};  // window that needs the part
    std::array<bool, kExtremes> extreme{};
  };

  // Runs of `length` values, `stride` apart, to which `more` are added: twice as many at most.
  struct Longer {
    std::int64_t length, more, stride;
  };
  using Join = void (*)(const T* runs, std::int64_t shift, std::int64_t further, T* out,
                        loops::Range range);

  void add(std::size_t column, const FeatureSpec& spec);
  Runs single_values(const Ladder& ladder, SeriesView& series);
  Runs doubled(const Ladder& ladder, const Runs& runs);
  Runs joined(const Runs& near, const Runs& far, std::int64_t stride, const Needed& needed,
              Buffers& buffers) const;
  void join(const Runs& near, const Runs& far, std::int64_t shift, loops::Range range,
            Buffers& buffers, const Runs& made) const;
  void climb(Ladder& ladder, SeriesView& series, FeatureSink& sink);
  void finish(const Window& window, std::int64_t stride, FeatureSink& sink);
  void finish_counted(const Asked& asked, const Runs& runs, FeatureSink& sink);
  void write_extremes(const Ladder& ladder, Extreme extreme, const T* values, TypedSink<T>& sink);
  void overlap(Extreme extreme, const T* runs, const Longer& longer, T* out) const;
  void finish_extremes(const Window& window, std::int64_t stride, Extreme extreme, const T* runs,
                       TypedSink<T>& sink);

  std::vector<Ladder> ladders_;
  bool partial_ = false;  // some statistic is wanted of fewer values than its window has
  // For the series at hand.
  std::int64_t size_ = 0;
  bool counted_ = false;         // counts differ from place to place
  std::deque<Buffers> doubled_;  // runs of 2, 4, 8, ... values
  Buffer zeros_;
  Buffer made_;
  std::array<std::vector<T, LineAllocator<T>>, 3> extremes_;  // two in turn, and what is made
};

}  // namespace fairlead
