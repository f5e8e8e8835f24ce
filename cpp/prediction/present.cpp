#include "prediction/present.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "prediction/record.hpp"

namespace fairlead {
namespace {

constexpr Eigen::Index kParts = 8;  // a share is a multiple of 1/8; 1/4 does as well

// How far the value at the end of the last interval lies from its mean; 0 where that is not known.
std::vector<double> distances(const Past& past, std::span<const std::int64_t> origins) {
  std::vector<double> out;
  out.reserve(origins.size());
  for (const std::int64_t origin : origins) {
    const bool known =
        origin > 0 && past.observed[origin - 1] != 0 && !std::isnan(past.ends[origin - 1]);
    out.push_back(known ? past.ends[origin - 1] - past.values[origin - 1] : 0);
  }
  return out;
}

// What each share would have cost so far, by step ahead.
class Evidence {
 public:
  explicit Evidence(Eigen::Index steps)
      : sums_(Sums::Zero(steps, kColumns)), until_(steps + 1, kColumns) {}

  void add(Eigen::Index step, double error, double distance) {
    for (Eigen::Index part = 0; part <= kParts; ++part)
      sums_(step, part) += std::abs(error - share(part) * distance);
    sums_(step, kDistance) += std::abs(distance);
    sums_(step, kCount) += 1;
  }

  // The share with the smallest loss at each step, and the smallest of these.
  Eigen::ArrayXd shares() {
    const Eigen::Index steps = sums_.rows();
    until_.row(0).setZero();
    for (Eigen::Index step = 0; step < steps; ++step)
      until_.row(step + 1) = until_.row(step) + sums_.row(step);
    Eigen::ArrayXd out(steps);
    for (Eigen::Index step = 0; step < steps; ++step) {
      const Eigen::Index reach = (step + 1) / 2;
      const Eigen::Index from = step - reach, to = std::min(step + reach + 1, steps);
      // As many right forecasts are assumed of each of these steps as this one lies ahead: few
      // errors move little, and those far ahead less, as they share most of their outcome with the
      // errors of the next origins. (Of 0 to 20 for all steps and 1 to 4 by interval, on the data
      // named in the header.)
      out[step] =
          best(until_.row(to) - until_.row(from), static_cast<double>((step + 1) * (to - from)));
    }
    return out;
  }

 private:
  static constexpr Eigen::Index kDistance = kParts + 1, kCount = kParts + 2, kColumns = kParts + 3;
  using Sums = Eigen::Array<double, Eigen::Dynamic, kColumns, Eigen::RowMajor>;

  static double share(Eigen::Index part) { return static_cast<double>(part) / kParts; }

  static double best(const Eigen::Array<double, 1, kColumns>& sums, double assumed) {
    if (sums[kCount] == 0) return 0;
    const double at_mean_distance = assumed * sums[kDistance] / sums[kCount];
    Eigen::Index least = 0;
    double loss = sums[0];
    for (Eigen::Index part = 1; part <= kParts; ++part) {
      const double other = sums[part] + share(part) * at_mean_distance;
      if (other < loss) {
        loss = other;
        least = part;
      }
    }
    return share(least);
  }

  Sums sums_;   // by step: the losses by share, then of what: distances and errors
  Sums until_;  // the same of all steps before
};

}  // namespace

void follow_present(const Past& past, std::span<const std::int64_t> origins,
                    ByOriginAndStep& made) {
  if (past.ends.empty()) return;
  const std::vector<double> distance = distances(past, origins);
  const ByOriginAndStep errors = errors_of(made, past, origins);
  Evidence evidence(made.cols());
  for (Eigen::Index row = 0; row < made.rows(); ++row) {
    // Outcomes that have come between the last origin and this one: of steps [from, to).
    for (Eigen::Index earlier = row - 1; earlier >= 0; --earlier) {
      const Eigen::Index from = origins[row - 1] - origins[earlier];
      if (from >= made.cols()) break;
      const Eigen::Index to = std::min(origins[row] - origins[earlier], made.cols());
      if (distance[earlier] == 0) continue;
      for (Eigen::Index step = from; step < to; ++step) {
        if (!std::isnan(errors(earlier, step)))
          evidence.add(step, errors(earlier, step), distance[earlier]);
      }
    }
    if (distance[row] == 0) continue;
    made.row(row).array() += distance[row] * evidence.shares().transpose();
    made.row(row) = made.row(row).cwiseMax(0.0);
  }
}

}  // namespace fairlead
