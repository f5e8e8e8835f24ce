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
// all windows.
class WindowFeatures {
 public:
  // Of the specifications, those over windows that are neither values nor quantiles.
  explicit WindowFeatures(std::span<const FeatureSpec> specs);

  void write(SeriesView& series, FeatureSink& sink);

 private:
  // In the order in which they are joined: squares are made from the sums and counts before.
  enum Part { squares, sum, least, greatest, count, kParts };
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
    Runs runs;
    Buffers buffers;
  };

  // The windows of one stride share their runs.
  struct Ladder {
    explicit Ladder(std::int64_t step) : stride(step) {}

    std::int64_t stride;
    std::vector<Window> windows;
    std::array<std::int64_t, kParts> longest{};  // window that needs the part
  };

  void add(std::size_t column, const FeatureSpec& spec);
  Runs single_values(const Ladder& ladder, SeriesView& series);
  Runs doubled(const Ladder& ladder, const Runs& runs);
  Runs joined(const Runs& near, const Runs& far, std::int64_t stride, const Needed& needed,
              Buffers& buffers) const;
  void join(Part part, const Runs& near, const Runs& far, std::int64_t shift, loops::Range range,
            double* out) const;
  void climb(Ladder& ladder, SeriesView& series, FeatureSink& sink);
  void finish(const Window& window, std::int64_t stride, FeatureSink& sink);
  void finish_counted(const Asked& asked, const Runs& runs, FeatureSink& sink);

  std::vector<Ladder> ladders_;
  bool partial_ = false;  // some statistic is wanted of fewer values than its window has
  // For the series at hand.
  std::int64_t size_ = 0;
  bool counted_ = false;         // counts differ from place to place
  std::deque<Buffers> doubled_;  // runs of 2, 4, 8, ... values
  Buffer zeros_;
  Buffer made_;
};

}  // namespace fairlead
