// Demand that is mostly zero: its size and how often it comes, smoothed apart.
//
// Croston, Operational Research Quarterly 23(3), 1972; Teunter, Syntetos and Babai, European
// Journal of Operational Research 214(3), 2011 (TSB: the probability is smoothed at every step, so
// that the forecast fades while no demand comes).
#include <algorithm>

#include "prediction/smoothing/ses_weight.hpp"
#include "prediction/smoothing/stretches.hpp"

namespace fairlead {
namespace {

using namespace smoothing;

// A level that starts at its first value.
class Smoothed {
 public:
  explicit Smoothed(std::span<const double> values) : weight_(ses_weight(values)) {}

  void observe(double value) {
    level_ += (started_ ? weight_ : 1) * (value - level_);
    started_ = true;
  }
  double level() const { return level_; }

 private:
  double weight_;
  double level_ = 0;
  bool started_ = false;
};

std::vector<double> sizes_of(std::span<const double> values) {
  std::vector<double> sizes;
  std::ranges::copy_if(values, std::back_inserter(sizes), [](double v) { return v > 0; });
  return sizes;
}

// Steps from one demand to the next; the first from before the first value.
std::vector<double> intervals_of(std::span<const double> values) {
  std::vector<double> intervals;
  double since = 0;
  for (const double value : values) {
    ++since;
    if (!(value > 0)) continue;
    intervals.push_back(since);
    since = 0;
  }
  return intervals;
}

std::vector<double> occurrences_of(std::span<const double> values) {
  std::vector<double> seen;
  for (const double value : values) seen.push_back(value > 0 ? 1 : 0);
  return seen;
}

class CrostonTracker {
 public:
  explicit CrostonTracker(std::span<const double> values)
      : size_(sizes_of(values)), interval_(intervals_of(values)) {}

  void observe(double value) {
    ++since_;
    if (!(value > 0)) return;
    size_.observe(value);
    interval_.observe(since_);
    since_ = 0;
  }

  void forecast(std::span<double> out) const {
    const double rate = interval_.level() > 0 ? size_.level() / interval_.level() : 0;
    std::ranges::fill(out, rate);
  }

 private:
  Smoothed size_, interval_;
  double since_ = 0;
};

class TsbTracker {
 public:
  explicit TsbTracker(std::span<const double> values)
      : size_(sizes_of(values)), probability_(occurrences_of(values)) {}

  void observe(double value) {
    probability_.observe(value > 0 ? 1 : 0);
    if (value > 0) size_.observe(value);
  }

  void forecast(std::span<double> out) const {
    std::ranges::fill(out, probability_.level() * size_.level());
  }

 private:
  Smoothed size_, probability_;
};

template <typename Tracker>
class Intermittent final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions&) const override {
    return first_observed(past) + 1;
  }

  void forecast(const Past& past, const ForecastOptions&, std::span<const std::int64_t> origins,
                ByOriginAndStep& out) const override {
    const ForecastTask task{past, origins, &out};
    for (const Job& job : jobs_of({&task, 1})) {
      Tracker tracker(job.sample().values);
      job.track(tracker);
    }
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_croston() {
  return std::make_unique<Intermittent<CrostonTracker>>();
}
std::unique_ptr<Forecaster> make_tsb() {
  return std::make_unique<Intermittent<TsbTracker>>();
}

}  // namespace fairlead
