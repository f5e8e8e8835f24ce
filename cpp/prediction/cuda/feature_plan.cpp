#include "prediction/cuda/feature_plan.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace fairlead {
namespace {

constexpr std::int64_t kLongestQuantile = 256;  // its cost grows with the window
constexpr std::int32_t kMostParts = 3;

// The parts of runs that a statistic needs: the count, and the sum, and the squared deviations.
std::int32_t parts_of(FeatureStatistic statistic) {
  if (statistic == FeatureStatistic::deviation) return 3;
  return statistic == FeatureStatistic::mean ? 2 : 1;
}

bool is_extreme(FeatureStatistic statistic) {
  return statistic == FeatureStatistic::minimum || statistic == FeatureStatistic::maximum;
}

// Over all values so far, rather than over a window.
bool is_running(const FeatureSpec& spec) {
  return spec.memory != Memory::window && spec.statistic != FeatureStatistic::value;
}

ScanKind scan_of(FeatureStatistic statistic) {
  return statistic == FeatureStatistic::minimum ? ScanKind::least : ScanKind::greatest;
}

// Steps of a plan, with the slots they use.
class Steps {
 public:
  Steps(std::span<const FeatureSpec> specs, std::int64_t first_origin)
      : specs_(specs), first_origin_(first_origin) {}

  FeatureStep& add(const FeatureStep& step) { return plan_.steps.emplace_back(step); }

  // Slots side by side.
  std::int32_t room(std::int32_t count) {
    next_ += count;
    plan_.slots = std::max(plan_.slots, next_);
    return next_ - count;
  }
  void free_all() { next_ = 0; }

  FeatureStep& write(FeatureOp op, std::size_t column, std::int32_t near = 0,
                     std::int32_t far = 0) {
    const FeatureSpec& spec = specs_[column];
    FeatureStep& step = add({op});
    step.near = near;
    step.far = far;
    step.column = static_cast<std::int32_t>(column);
    step.to_row = spec.lag - first_origin_;
    step.least = static_cast<double>(std::max<std::int64_t>(spec.min_samples, 1));
    return step;
  }

  // From the count, sum and squares in slots side by side.
  void write_moment(std::size_t column, std::int32_t runs) {
    if (specs_[column].statistic == FeatureStatistic::mean)
      write(FeatureOp::write_mean, column, runs, runs + 1);
    else
      write(FeatureOp::write_spread, column, runs, runs + 2);
  }

  FeaturePlan take() { return std::move(plan_); }

 private:
  std::span<const FeatureSpec> specs_;
  std::int64_t first_origin_;
  FeaturePlan plan_;
  std::int32_t next_ = 0;
};

// All that is asked of windows of one length: columns.
using Asked = std::vector<std::size_t>;
// The windows of one stride, the shortest first.
using Ladder = std::map<std::int64_t, Asked>;

// The same runs joined in the same order as by WindowFeatures::climb.
class Climb {
 public:
  Climb(Steps& steps, std::span<const FeatureSpec> specs, std::int64_t stride, const Ladder& ladder)
      : steps_(steps), specs_(specs), stride_(stride) {
    steps_.free_all();
    double_runs(ladder);
    joined_ = steps_.room(kMostParts);
    for (const auto& [length, asked] : ladder) {
      const std::int32_t runs = join_window(length, parts_of_all(asked));
      for (const FeatureStatistic extreme : {FeatureStatistic::minimum, FeatureStatistic::maximum})
        lengthen(extreme, length, asked, runs);
      for (const std::size_t column : asked) {
        if (!is_extreme(specs_[column].statistic)) steps_.write_moment(column, runs);
      }
    }
  }

 private:
  // Runs of the last `length` extremes, in two slots by turns.
  struct Extremes {
    std::int64_t length = 1;
    std::int32_t runs = kRaw;
    std::int32_t turns[2] = {kRaw, kRaw};
  };

  std::int32_t parts_of_all(const Asked& asked) const {
    std::int32_t parts = 1;
    for (const std::size_t column : asked)
      parts = std::max(parts, parts_of(specs_[column].statistic));
    return parts;
  }

  // Runs of 1, 2, 4, ... values, with the parts that the windows from there on need.
  void double_runs(const Ladder& ladder) {
    const std::int64_t longest = ladder.rbegin()->first;
    for (std::int64_t length = 1; length <= longest; length *= 2) {
      std::int32_t parts = 1;
      for (auto at = ladder.lower_bound(length); at != ladder.end(); ++at)
        parts = std::max(parts, parts_of_all(at->second));
      const std::int32_t out = steps_.room(parts);
      if (length == 1)
        join({FeatureOp::singles}, out, parts);
      else
        join({.op = FeatureOp::join,
              .near = runs_.back(),
              .far = runs_.back(),
              .shift = length / 2 * stride_},
             out, parts);
      runs_.push_back(out);
    }
  }

  void join(FeatureStep step, std::int32_t out, std::int32_t parts) {
    step.out = out;
    step.parts = parts;
    steps_.add(step);
  }

  // The slots of the runs of a window: of the powers of two in its length, the shortest the newest.
  std::int32_t join_window(std::int64_t length, std::int32_t parts) {
    std::int32_t made = kRaw;
    std::int64_t joined = 0;
    for (std::size_t level = 0; level < runs_.size(); ++level) {
      const std::int64_t more = std::int64_t{1} << level;
      if ((length & more) == 0) continue;
      if (joined == 0) {
        made = runs_[level];
      } else {
        join({.op = FeatureOp::join, .near = made, .far = runs_[level], .shift = joined * stride_},
             joined_, parts);
        made = joined_;
      }
      joined += more;
    }
    return made;
  }

  // The same overlapping runs as by WindowFeatures::write_extremes.
  void lengthen(FeatureStatistic extreme, std::int64_t length, const Asked& asked,
                std::int32_t counts) {
    const auto wants = [&](std::size_t column) { return specs_[column].statistic == extreme; };
    if (std::ranges::none_of(asked, wants)) return;
    Extremes& extremes = extremes_[extreme == FeatureStatistic::maximum];
    while (extremes.length < length) {
      const std::int64_t more = std::min(2 * extremes.length, length - extremes.length);
      std::swap(extremes.turns[0], extremes.turns[1]);
      if (extremes.turns[0] == kRaw) extremes.turns[0] = steps_.room(1);
      FeatureStep& step = steps_.add({FeatureOp::overlap, scan_of(extreme)});
      step.near = extremes.runs;
      step.out = extremes.runs = extremes.turns[0];
      step.shift = (more + 1) / 2 * stride_;
      step.further = more * stride_;
      extremes.length += more;
    }
    for (const std::size_t column : asked) {
      if (wants(column)) steps_.write(FeatureOp::write_counted, column, counts, extremes.runs);
    }
  }

  Steps& steps_;
  std::span<const FeatureSpec> specs_;
  std::int64_t stride_;
  std::vector<std::int32_t> runs_;  // of 1, 2, 4, ... values: their slots
  std::int32_t joined_ = 0;
  Extremes extremes_[2];
};

// Of all values so far: the same as RunningFeatures.
class Scans {
 public:
  Scans(Steps& steps, std::span<const FeatureSpec> specs) : steps_(steps), specs_(specs) {
    std::int32_t parts = 0;
    for (const FeatureSpec& spec : specs) {
      if (!is_running(spec)) continue;
      const bool counts = spec.memory == Memory::exponential;
      parts = std::max(parts, counts ? 1 : parts_of(spec.statistic));
    }
    if (parts == 0) return;
    so_far_ = steps_.room(kMostParts);
    chain_ = steps_.room(1);
    made_ = steps_.room(1);
    scan_moments(parts);
    for (std::size_t column = 0; column < specs_.size(); ++column) {
      if (is_running(specs_[column])) write(column);
    }
  }

 private:
  void scan_moments(std::int32_t parts) {
    FeatureStep& step = steps_.add({FeatureOp::singles});
    step.out = so_far_;
    step.parts = parts;
    scan(ScanKind::sum, so_far_, so_far_);
    if (parts > 1) scan(ScanKind::sum, so_far_ + 1, so_far_ + 1);
    if (parts < kMostParts) return;
    FeatureStep& terms = steps_.add({FeatureOp::welford});
    terms.near = so_far_;
    terms.out = so_far_ + 2;
    scan(ScanKind::sum, so_far_ + 2, so_far_ + 2);
  }

  void scan(ScanKind kind, std::int32_t from, std::int32_t out) {
    for (const FeatureOp op : {FeatureOp::local_scan, FeatureOp::chain_scan, FeatureOp::join_scan})
      steps_.add({.op = op, .scan = kind, .near = from, .far = chain_, .out = out});
  }

  void write(std::size_t column) {
    const FeatureSpec& spec = specs_[column];
    if (spec.memory == Memory::everything && !is_extreme(spec.statistic))
      return steps_.write_moment(column, so_far_);
    if (spec.memory == Memory::everything)
      scan(scan_of(spec.statistic), kRaw, made_);
    else
      weigh(spec);
    steps_.write(FeatureOp::write_counted, column, so_far_, made_);
  }

  void weigh(const FeatureSpec& spec) {
    const auto add = [&](FeatureOp op) {
      steps_.add({.op = op, .far = chain_, .out = made_, .parameter = spec.parameter});
    };
    if (spec.statistic == FeatureStatistic::deviation) return add(FeatureOp::weighted);
    for (const FeatureOp op : {FeatureOp::local_smooth, FeatureOp::chain_smooth,
                               FeatureOp::join_smooth, FeatureOp::smooth_gaps})
      add(op);
  }

  Steps& steps_;
  std::span<const FeatureSpec> specs_;
  std::int32_t so_far_ = 0, chain_ = 0, made_ = 0;
};

}  // namespace

bool is_for_device(const FeatureSpec& spec) {
  return spec.statistic != FeatureStatistic::quantile ||
         (spec.memory == Memory::window && spec.window <= kLongestQuantile);
}

FeaturePlan plan_windows(std::span<const FeatureSpec> specs, std::int64_t first_origin) {
  Steps steps(specs, first_origin);
  std::map<std::int64_t, Ladder> ladders;  // by stride
  for (std::size_t column = 0; column < specs.size(); ++column) {
    const FeatureSpec& spec = specs[column];
    if (spec.statistic == FeatureStatistic::value) {
      steps.write(FeatureOp::write_value, column);
    } else if (is_running(spec)) {
      continue;
    } else if (spec.statistic == FeatureStatistic::quantile) {
      FeatureStep& step = steps.write(FeatureOp::write_quantile, column);
      step.window = spec.window;
      step.stride = spec.stride;
      step.parameter = spec.parameter;
    } else {
      ladders[spec.stride][spec.window].push_back(column);
    }
  }
  for (const auto& [stride, ladder] : ladders) Climb(steps, specs, stride, ladder);
  return steps.take();
}

FeaturePlan plan_running(std::span<const FeatureSpec> specs, std::int64_t first_origin) {
  Steps steps(specs, first_origin);
  Scans(steps, specs);
  return steps.take();
}

}  // namespace fairlead
