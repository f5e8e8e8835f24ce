#include "prediction/usage/peaks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/errors.hpp"

namespace fairlead {
namespace {

// The last `size` values of each of many series.
class Histories {
 public:
  Histories(std::size_t series, std::size_t size) : size_(size), seen_(series) {
    values_.resize(series * size);
  }
  void push(std::size_t series, double value) {
    values_[series * size_ + seen_[series]++ % size_] = value;
  }
  std::size_t seen(std::size_t series) const { return seen_[series]; }
  std::span<const double> of(std::size_t series) const {
    return std::span(values_).subspan(series * size_, std::min(seen_[series], size_));
  }

 private:
  std::size_t size_;
  std::vector<std::size_t> seen_;
  std::vector<double> values_;
};

// Smallest value that is not exceeded by the share p of the values.
double quantile(std::span<const double> values, double p, std::vector<double>& scratch) {
  scratch.assign(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(scratch.size())));
  const auto at = scratch.begin() + static_cast<std::ptrdiff_t>(rank > 0 ? rank - 1 : 0);
  std::ranges::nth_element(scratch, at);
  return *at;
}

double mean_and_sigmas(std::span<const double> values, double sigmas) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return mean + sigmas * std::sqrt(squares / n);
}

struct Sums {
  double usage = 0, limit = 0, rc_like = 0;
  bool present = false;
};

class Predictor {
 public:
  Predictor(const PeakRows& rows, std::int32_t machines, std::int32_t tasks,
            const PeakOptions& options)
      : rows_(rows),
        options_(options),
        tasks_(tasks, options.history),
        machines_(machines, options.history),
        sums_(machines) {}

  // The rows of one time.
  void step(std::size_t begin, std::size_t end, MachinePeaks& made) {
    here_.clear();
    for (std::size_t row = begin; row < end; ++row) add(row);
    std::ranges::sort(here_);
    for (const std::int32_t machine : here_) predict(machine, rows_.time_ns[begin], made);
  }

 private:
  void add(std::size_t row) {
    Sums& sums = sums_[rows_.machine[row]];
    if (!sums.present) here_.push_back(rows_.machine[row]);
    const std::int32_t task = rows_.task[row];
    tasks_.push(task, rows_.usage[row]);
    const bool warm = tasks_.seen(task) >= options_.warm_up;
    const double limit = rows_.limit[row];
    sums.rc_like +=
        warm ? std::min(limit, quantile(tasks_.of(task), options_.percentile, scratch_)) : limit;
    sums.usage += rows_.usage[row];
    sums.limit += limit;
    sums.present = true;
  }

  void predict(std::int32_t machine, std::int64_t time_ns, MachinePeaks& made) {
    Sums& sums = sums_[machine];
    // A share of the limits, so that tasks that came or went do not count as a change of habit.
    machines_.push(machine, sums.limit > 0 ? sums.usage / sums.limit : 0);
    const bool warm = machines_.seen(machine) >= options_.warm_up;
    const double share = warm ? mean_and_sigmas(machines_.of(machine), options_.sigmas) : 1;
    const double n_sigma = std::min(1.0, share) * sums.limit;
    made.time_ns.push_back(time_ns);
    made.machine.push_back(machine);
    made.usage.push_back(sums.usage);
    made.limit.push_back(sums.limit);
    made.borg_default.push_back(options_.share * sums.limit);
    made.rc_like.push_back(sums.rc_like);
    made.n_sigma.push_back(n_sigma);
    made.largest.push_back(std::max(sums.rc_like, n_sigma));
    sums = {};
  }

  const PeakRows& rows_;
  const PeakOptions& options_;
  Histories tasks_, machines_;
  std::vector<Sums> sums_;
  std::vector<std::int32_t> here_;
  std::vector<double> scratch_;
};

}  // namespace

MachinePeaks machine_peaks(const PeakRows& rows, std::int32_t machines, std::int32_t tasks,
                           const PeakOptions& options) {
  if (options.history < 1) throw InvalidInput("history must be at least 1 sample");
  Predictor predictor(rows, machines, tasks, options);
  MachinePeaks made;
  for (std::size_t begin = 0, end = 0; begin < rows.time_ns.size(); begin = end) {
    while (end < rows.time_ns.size() && rows.time_ns[end] == rows.time_ns[begin]) ++end;
    predictor.step(begin, end, made);
  }
  return made;
}

}  // namespace fairlead
