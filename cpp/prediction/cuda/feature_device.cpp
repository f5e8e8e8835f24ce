#include "prediction/cuda/feature_device.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "base/crew.hpp"
#include "prediction/cuda/feature_plan.hpp"
#include "prediction/features/loops.hpp"
#include "prediction/features/segments.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kSegment = 1024;  // values that the threads of a block are spread over
constexpr std::int64_t kAligned = 32;    // places: what a warp reads of a slot begins at a line
// Each has a batch of its own on the device and copies its results: more do not fill the bus
// better.
constexpr unsigned kMostThreads = 8;

// What stays the same from batch to batch.
struct Work {
  const FeatureTable& table;
  FeatureRows rows;
  FeaturePlan windows, running;
  std::int64_t reach;
  bool single;

  std::int64_t value(std::int64_t series) const { return table.offsets[series]; }
  std::int64_t row(std::int64_t series) const { return value(series) + series * rows.more; }
};

// Series `from` to `to` (excluded).
struct Batch {
  std::int64_t from, to;
};

std::vector<Batch> batches_of(const Work& work, std::int64_t columns, std::int64_t bytes) {
  const std::int64_t width = work.single ? sizeof(float) : sizeof(double);
  const auto size = [&](std::int64_t from, std::int64_t to) {
    return (work.value(to) - work.value(from)) * std::int64_t{sizeof(double)} +
           (work.row(to) - work.row(from)) * columns * width;
  };
  std::vector<Batch> batches;
  for (std::int64_t from = 0, series = work.table.series(); from < series;) {
    std::int64_t to = from + 1;
    while (to < series && size(from, to + 1) <= bytes) ++to;
    batches.push_back({from, to});
    from = to;
  }
  return batches;
}

// How many values stand before the first missing one.
std::int64_t whole(std::span<const double> values) {
  if (!loops::has_missing(values.data(), std::ssize(values))) return std::ssize(values);
  return std::ranges::find_if(values, [](double v) { return std::isnan(v); }) - values.begin();
}

// The arrays of a problem.
template <typename T>
class Arrays {
 public:
  Arrays(const Work& work, const Batch& batch, std::span<T* const> columns) {
    const std::int64_t value = work.value(batch.from), row = work.row(batch.from);
    for (T* const column : columns) places_.push_back(column + row);
    constexpr std::int64_t kWhole = std::numeric_limits<std::int64_t>::max() / 2;
    if (!work.windows.steps.empty())
      windows_ = segments(work, batch, work.reach, std::max(kSegment, work.reach));
    if (!work.running.steps.empty()) running_ = segments(work, batch, 0, kWhole);
    problem_ = {work.table.values.data() + value,
                work.value(batch.to) - value,
                pass(work.windows, windows_),
                pass(work.running, running_),
                work.single,
                work.row(batch.to) - row,
                static_cast<std::int32_t>(columns.size()),
                places_.data()};
  }

  const FeatureProblem& problem() const { return problem_; }

 private:
  static std::vector<FeatureSegment> segments(const Work& work, const Batch& batch,
                                              std::int64_t reach, std::int64_t length) {
    std::vector<FeatureSegment> made;
    for (const Segment& s : segments_of(work.table, batch.from, batch.to, reach, length)) {
      const std::int64_t value = work.value(s.series) + s.first;
      const std::int64_t n = work.value(s.series + 1) - work.value(s.series);
      const std::span<const double> values = work.table.values.subspan(value, s.end - s.first);
      made.push_back({value - work.value(batch.from), std::ssize(values), whole(values), s.first,
                      s.begin - s.first, work.row(s.series) - work.row(batch.from),
                      n + work.rows.more, s.end == n});
    }
    return made;
  }

  static FeaturePass pass(const FeaturePlan& plan, const std::vector<FeatureSegment>& segments) {
    std::int64_t longest = 0;
    for (const FeatureSegment& segment : segments) longest = std::max(longest, segment.size);
    longest = (longest + kAligned - 1) / kAligned * kAligned;
    return {plan.steps.data(),    static_cast<std::int32_t>(plan.steps.size()),
            plan.slots,           segments.data(),
            std::ssize(segments), longest};
  }

  std::vector<void*> places_;
  std::vector<FeatureSegment> windows_, running_;
  FeatureProblem problem_{};
};

}  // namespace

template <typename T>
void FeatureDevice::columns(const FeatureTable& table, std::span<const FeatureSpec> specs,
                            const FeatureRows& rows, unsigned threads,
                            const std::function<void()>& pause, std::span<T* const> columns) {
  check_table(table, specs, rows, columns.size());
  std::vector<FeatureSpec> here, there;
  std::vector<T*> places_here, places_there;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool device = is_for_device(specs[i]);
    (device ? there : here).push_back(specs[i]);
    (device ? places_there : places_here).push_back(columns[i]);
  }
  if (!there.empty()) run<T>(table, there, rows, threads, pause, places_there);
  if (!here.empty()) feature_columns<T>(table, here, rows, threads, pause, places_here);
}

template <typename T>
void FeatureDevice::run(const FeatureTable& table, std::span<const FeatureSpec> specs,
                        const FeatureRows& rows, unsigned threads,
                        const std::function<void()>& pause, std::span<T* const> columns) {
  const Work work{table,
                  rows,
                  plan_windows(specs, rows.first_origin),
                  plan_running(specs, rows.first_origin),
                  reach_of(specs),
                  std::is_same_v<T, float>};
  const std::vector<Batch> batches = batches_of(work, std::ssize(specs), batch_bytes_);
  const auto make = [&] {
    return [&](std::size_t i) {
      const Arrays<T> arrays(work, batches[i], columns);
      if (arrays.problem().rows > 0) calls_.run(arrays.problem());
    };
  };
  share_out(batches.size(), std::min(threads, kMostThreads), make, pause);
}

template void FeatureDevice::columns(const FeatureTable&, std::span<const FeatureSpec>,
                                     const FeatureRows&, unsigned, const std::function<void()>&,
                                     std::span<float* const>);
template void FeatureDevice::columns(const FeatureTable&, std::span<const FeatureSpec>,
                                     const FeatureRows&, unsigned, const std::function<void()>&,
                                     std::span<double* const>);

}  // namespace fairlead
