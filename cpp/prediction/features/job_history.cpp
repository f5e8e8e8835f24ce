#include "prediction/features/job_history.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/errors.hpp"
#include "prediction/features/sorted_lanes.hpp"

namespace fairlead {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kShortest = 1;  // s; shorter run times count as that in logarithms

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

// What is known of the jobs of one group so far.
class GroupHistory {
 public:
  void submit(std::int64_t now) {
    ++waiting_;
    last_submit_ = now;
  }

  void start() {
    --waiting_;
    ++running_;
  }

  void end(std::int64_t now, double run_s, const JobHistoryOptions& options) {
    --running_;
    last_end_ = now;
    const double log = std::log(std::max(run_s, kShortest));
    log_mean_ = ended_ == 0 ? log : log_mean_ + options.weight * (log - log_mean_);
    ++ended_;
    remember(run_s, std::max({options.last, options.window, 1}));
  }

  void write(std::int64_t now, std::size_t row, JobHistoryColumns& out,
             const JobHistoryOptions& options) {
    out.ended[row] = static_cast<double>(ended_);
    out.running[row] = static_cast<double>(running_);
    out.waiting[row] = static_cast<double>(waiting_);
    if (last_submit_ != kNotYet) out.since_submit_s[row] = seconds(now - last_submit_);
    if (ended_ == 0) return;
    out.since_end_s[row] = seconds(now - last_end_);
    out.geometric_mean_s[row] = std::exp(log_mean_);
    for (std::size_t k = 0; k < out.last_s.size() && k < recent_.size(); ++k)
      out.last_s[k][row] = recent_[(newest_ + recent_.size() - k) % recent_.size()];
    write_quantiles(row, out, options);
  }

 private:
  // A ring of the latest run times.
  void remember(double run_s, std::int32_t most) {
    if (std::ssize(recent_) < most) {
      newest_ = recent_.size();
      recent_.push_back(run_s);
    } else {
      newest_ = (newest_ + 1) % recent_.size();
      recent_[newest_] = run_s;
    }
    sorted_.clear();
  }

  void write_quantiles(std::size_t row, JobHistoryColumns& out, const JobHistoryOptions& options) {
    if (out.quantile_s.empty()) return;
    if (sorted_.empty()) {
      // Made when asked for: several jobs of a group are often submitted between two ends.
      const std::size_t n = std::min<std::size_t>(recent_.size(), options.window);
      for (std::size_t k = 0; k < n; ++k)
        sorted_.push_back(recent_[(newest_ + recent_.size() - k) % recent_.size()]);
      std::ranges::sort(sorted_);
    }
    for (std::size_t q = 0; q < out.quantile_s.size(); ++q) {
      const QuantilePlace place = quantile_place(options.probabilities[q], std::ssize(sorted_));
      const double below = sorted_[place.below];
      out.quantile_s[q][row] = below + (sorted_[place.above] - below) * place.share;
    }
  }

  std::int64_t ended_ = 0, running_ = 0, waiting_ = 0;
  std::int64_t last_end_ = kNotYet, last_submit_ = kNotYet;
  double log_mean_ = 0;
  std::vector<double> recent_, sorted_;
  std::size_t newest_ = 0;
};

// Rows by time, and at one time by a second one; then by row.
std::vector<std::int32_t> by_time(std::span<const std::int64_t> times,
                                  std::span<const std::int64_t> second) {
  std::vector<std::int32_t> order(times.size());
  std::iota(order.begin(), order.end(), 0);
  const auto before = [&](std::int32_t a, std::int32_t b) {
    return times[a] != times[b] ? times[a] < times[b] : second[a] < second[b];
  };
  if (!std::ranges::is_sorted(order, before)) std::ranges::stable_sort(order, before);
  return order;
}

void check(const JobTimes& jobs, const JobHistoryOptions& options) {
  const std::size_t n = jobs.submit_ns.size();
  if (jobs.start_ns.size() != n || jobs.end_ns.size() != n || jobs.group.size() != n)
    throw InvalidInput("the columns of the jobs differ in length");
  for (std::size_t row = 0; row < n; ++row) {
    if (jobs.start_ns[row] < jobs.submit_ns[row] || jobs.end_ns[row] < jobs.start_ns[row] ||
        (jobs.start_ns[row] == kNotYet && jobs.end_ns[row] != kNotYet))
      throw InvalidInput("row " + std::to_string(row) +
                         " starts before its submission or ends before its start");
    if (jobs.group[row] >= options.groups || jobs.group[row] < -1)
      throw InvalidInput("row " + std::to_string(row) + " is of a group beyond the last");
  }
}

// Takes the events of all jobs in order of time.
class Replay {
 public:
  Replay(const JobTimes& jobs, const JobHistoryOptions& options, JobHistoryColumns& out)
      : jobs_(jobs), options_(options), out_(out), groups_(options.groups) {}

  void run() {
    const auto submits = by_time(jobs_.submit_ns, jobs_.submit_ns);
    const auto starts = by_time(jobs_.start_ns, jobs_.start_ns);
    const auto ends = by_time(jobs_.end_ns, jobs_.start_ns);
    std::size_t start = 0, end = 0;
    for (std::size_t at = 0; at < submits.size();) {
      const std::int64_t now = jobs_.submit_ns[submits[at]];
      while (start < starts.size() && jobs_.start_ns[starts[start]] < now)
        take(starts[start++], [](GroupHistory& group) { group.start(); });
      while (end < ends.size() && has_ended(ends[end], now)) {
        const std::int32_t row = ends[end++];
        const double run_s = seconds(jobs_.end_ns[row] - jobs_.start_ns[row]);
        take(row, [&](GroupHistory& group) { group.end(jobs_.end_ns[row], run_s, options_); });
      }
      // All jobs of one instant look before any of them is submitted.
      std::size_t stop = at;
      for (; stop < submits.size() && jobs_.submit_ns[submits[stop]] == now; ++stop)
        take(submits[stop],
             [&](GroupHistory& group) { group.write(now, submits[stop], out_, options_); });
      for (; at < stop; ++at) take(submits[at], [&](GroupHistory& group) { group.submit(now); });
    }
  }

 private:
  // A job of no length that starts at this instant ends after it.
  bool has_ended(std::int32_t row, std::int64_t now) const {
    return jobs_.end_ns[row] < now || (jobs_.end_ns[row] == now && jobs_.start_ns[row] < now);
  }

  template <typename Change>
  void take(std::int32_t row, const Change& change) {
    if (jobs_.group[row] >= 0) change(groups_[jobs_.group[row]]);
  }

  const JobTimes& jobs_;
  const JobHistoryOptions& options_;
  JobHistoryColumns& out_;
  std::vector<GroupHistory> groups_;
};

}  // namespace

JobHistoryColumns job_history(const JobTimes& jobs, const JobHistoryOptions& options) {
  check(jobs, options);
  const std::size_t n = jobs.submit_ns.size();
  const std::vector<double> unknown(n, kUnknown);
  JobHistoryColumns out{unknown, unknown, unknown, unknown, unknown, unknown, {}, {}};
  out.last_s.assign(options.last, unknown);
  out.quantile_s.assign(options.probabilities.size(), unknown);
  Replay(jobs, options, out).run();
  return out;
}

}  // namespace fairlead
