// Quantiles over windows and over all values so far, of several series at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "prediction/features/series.hpp"
#include "prediction/features/sorted_lanes.hpp"
#include "prediction/features/spec.hpp"

namespace fairlead {

// One sorted window serves all quantiles of it. Short windows slide in vector lanes: each lane
// carries a series, or a piece of one where there are too few. Long ones, and those over all values
// so far, count ranks in a Fenwick tree. Both are exact.
class QuantileFeatures {
 public:
  using SinkOf = std::function<FeatureSink&(std::size_t series)>;

  // Of the specifications, the quantiles over `memory`.
  QuantileFeatures(std::span<const FeatureSpec> specs, Memory memory);

  bool empty() const { return windows_.empty(); }
  void write(std::span<const std::span<const double>> series, const SinkOf& sink_of);

 private:
  struct Asked {
    std::size_t column;
    double probability;
    std::int64_t min_samples;
  };
  struct Window {
    std::int64_t stride;
    std::int64_t length;  // 0: all values so far
    std::vector<Asked> asked;
  };
  // Places first, first + stride, ... of one series, whose windows a lane slides along.
  struct Piece {
    std::size_t series;
    std::int64_t first;
    std::int64_t count;
  };

  void write_window(const Window& window);
  void write_ranked(const Window& window, std::size_t series);
  void cut(const Window& window, std::size_t series, std::size_t wanted);
  void slide(const Window& window, std::span<const Piece> pieces, bool whole);
  void fill_lanes(const Window& window, std::span<const Piece> pieces, std::int64_t step,
                  std::int64_t steps);
  void scatter(const Window& window, std::span<const Piece> pieces, std::int64_t step,
               std::int64_t steps);
  void scatter_counted(const Window& window, std::span<const Piece> pieces, std::int64_t step);
  double* made(std::size_t series, std::size_t quantile) {
    return made_.data() + (series * most_asked_ + quantile) * longest_;
  }

  std::vector<Window> windows_;
  std::size_t most_asked_ = 0;
  // For the series at hand.
  std::span<const std::span<const double>> series_;
  std::int64_t longest_ = 0;
  Buffer made_;
  std::vector<LaneRow> sorted_, leaving_, entering_, out_;
  std::vector<std::int64_t> known_;     // values in the window of each lane
  std::vector<Piece> whole_, counted_;  // windows that are full, and that may not be
};

}  // namespace fairlead
