// Features of series that grow by one value at a time, from state kept between the ticks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.hpp"
#include "prediction/features/exponential.hpp"
#include "prediction/features/sorted_lanes.hpp"
#include "prediction/features/spec.hpp"

namespace fairlead {

// Statistics of one run of values of each series, by series; missing values leave them alone.
struct RunColumns {
  Buffer count, mean, squares, least, greatest;

  explicit RunColumns(std::size_t series);
  void clear();
  void add(const double* values);
  // The run `before` this one joined to it.
  void join(const RunColumns& before);
};

// The last `window` values at a stride, as the end of one block of them and the beginning of the
// next (van Herk 1992): O(1) a tick but for the last of each block, which is O(window). A window of
// 0 is all values so far.
class WindowState {
 public:
  WindowState(std::int64_t window, std::size_t series);

  void add(const double* values);
  const RunColumns& statistics() const { return statistics_; }

 private:
  void start_block();

  std::int64_t window_;
  std::int64_t filled_ = 0;           // values of this block so far
  std::vector<RunColumns> suffixes_;  // of the block before, from each place to its end
  std::vector<Buffer> values_;        // of this block
  RunColumns prefix_, statistics_;
};

// As many series as there are values in a tick, all of one length. The definitions are those of
// `feature_columns`; what it sums at once this sums as it comes, so that results differ in their
// last bits.
class FeatureStream {
 public:
  FeatureStream(std::span<const FeatureSpec> specs, std::size_t series);

  // The next value of each series (NaN = missing), and what is known after it: feature c of series
  // s goes to out[c * series + s].
  void observe(std::span<const double> values, std::span<double> out);

  std::size_t series() const { return series_; }
  std::size_t features() const { return specs_.size(); }

 private:
  // States are shared by all features over the same values.
  struct Windows {
    FeatureSpec spec;
    std::vector<WindowState> by_phase;  // of the season
  };
  struct SortedWindows {
    FeatureSpec spec;
    std::vector<std::vector<LaneRow>> by_phase;
    std::vector<std::int64_t> known;  // by phase and series
  };
  struct Levels {
    FeatureSpec spec;
    std::vector<ExponentialMoments> by_series;
  };

  void prepare(const FeatureSpec& spec);
  const double* past(std::int64_t lag) const;
  std::int64_t phase(const FeatureSpec& spec) const { return (tick_ - spec.lag) % spec.stride; }
  void slide(SortedWindows& windows);
  void write_window(const FeatureSpec& spec, double* out) const;
  void write_quantile(const FeatureSpec& spec, double* out) const;
  void write_level(const FeatureSpec& spec, double* out) const;

  std::vector<FeatureSpec> specs_;
  std::size_t series_;
  std::int64_t tick_ = 0;  // values seen
  std::vector<Buffer> history_;
  Buffer unknown_;
  std::vector<Windows> windows_;
  std::vector<SortedWindows> sorted_;
  std::vector<Levels> levels_;
};

}  // namespace fairlead
