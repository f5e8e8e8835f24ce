// Median regression of the value so many steps ahead on the last value: y_(t + h) = a_h + b_h y_t
// with the least sum of absolute errors.
//
// Wanted GPUs hold a level, jump, and drift back to what is usual. Least squares believe the jumps
// and draw every forecast towards the mean; the median stays at the last value as long as it mostly
// held in the past, and goes back as far and as fast as it mostly went back.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/clones.hpp"
#include "prediction/forecaster.hpp"
#include "prediction/refits.hpp"

namespace fairlead {
namespace {

constexpr std::size_t kRefits = 4;         // along the scored origins, besides the last one
constexpr std::int64_t kFewestRows = 24;   // to learn from before the first forecast
constexpr std::int64_t kMostRows = 2'048;  // learned from, the latest ones
constexpr std::int64_t kMostFits = 8;      // steps with a line of their own; between by mixture
constexpr int kMostMoves = 20;             // of a line, until it lies
constexpr double kSmallMove = 1e-3;        // of the values' mean distance from their mean
constexpr double kRounded = 1e-3;          // likewise: smaller errors are taken for this one
constexpr double kConstant = 1e-12;        // a smaller variance of values at that scale is rounding

struct Line {
  double start = 0;
  double slope = 1;
};

Line mixture(const Line& a, const Line& b, double share) {
  return {a.start + share * (b.start - a.start), a.slope + share * (b.slope - a.slope)};
}

// Evenly spaced from 1 to the horizon.
std::vector<std::int64_t> fitted_steps(std::int64_t horizon) {
  const std::int64_t count = std::min(horizon, kMostFits);
  std::vector<std::int64_t> steps{1};
  for (std::int64_t i = 1; i < count; ++i) steps.push_back(1 + i * (horizon - 1) / (count - 1));
  return steps;
}

constexpr std::size_t kLanes = 4;

// The known values around their mean, at a scale on which their mean distance from it is 1.
struct Standard {
  double centre = 0;
  double unit = 0;  // 0: they are all alike
  std::size_t size = 0;
  std::vector<double> values;    // and a few zeros, so that lanes may reach beyond them
  std::vector<double> observed;  // likewise; 1, or 0 where it is no target

  Standard(const Past& past, std::int64_t known) {
    const std::int64_t rows = std::min(known, kMostRows);
    const auto latest = [&](const auto& all) { return all.subspan(known - rows, rows); };
    const auto given = latest(past.values);
    for (std::size_t i = 0; i < given.size(); ++i)  // running, so that huge values do not overflow
      centre += (given[i] - centre) / static_cast<double>(i + 1);
    for (const double value : given) values.push_back(value - centre);
    for (const double value : values) unit += std::abs(value) / static_cast<double>(rows);
    for (double& value : values) value /= unit > 0 ? unit : 1;
    observed.assign(latest(past.observed).begin(), latest(past.observed).end());
    size = values.size();
    values.resize(size + kLanes);
    observed.resize(size + kLanes);
  }

  // A line of values around another centre at another scale.
  Line rescaled(const Line& line, double from_centre, double from_unit) const {
    const double start = from_unit * line.start + (from_centre - centre) * (1 - line.slope);
    return {start / unit, line.slope};
  }
};

// Sums of observed / |error| times what the name says. Up to kLanes more are read, and count
// nothing if none of them is observed.
struct Sums {
  double one = 0, x = 0, y = 0, xx = 0, xy = 0;
};

FAIRLEAD_CLONES Sums weighted_sums(const double* x, const double* y, const double* observed,
                                   std::size_t n, const Line& line) {
  using Quad = double __attribute__((vector_size(kLanes * sizeof(double))));
  Quad one{}, of_x{}, of_y{}, of_xx{}, of_xy{};
  for (std::size_t i = 0; i < n; i += kLanes) {
    Quad at_x, at_y, seen;
    std::memcpy(&at_x, x + i, sizeof at_x);
    std::memcpy(&at_y, y + i, sizeof at_y);
    std::memcpy(&seen, observed + i, sizeof seen);
    const Quad error = at_y - line.slope * at_x - line.start;
    const Quad distance = error < 0 ? -error : error;
    const Quad weight = seen / (distance < kRounded ? Quad{} + kRounded : distance);
    one += weight;
    of_x += weight * at_x;
    of_y += weight * at_y;
    of_xx += weight * at_x * at_x;
    of_xy += weight * at_x * at_y;
  }
  const auto total = [](const Quad& lanes) { return lanes[0] + lanes[1] + lanes[2] + lanes[3]; };
  return {total(one), total(of_x), total(of_y), total(of_xx), total(of_xy)};
}

class Fit {
 public:
  Fit(const Past& past, std::int64_t horizon)
      : past_(past), steps_(fitted_steps(horizon)), lines_(steps_.size()) {}

  void run(std::span<const std::int64_t> origins, ByOriginAndStep& out) {
    for (const RefitBlock& block : refit_blocks(origins.size(), kRefits)) {
      const Standard known(past_, origins[block.begin]);
      for (std::size_t i = 0; i < steps_.size() && known.unit > 0; ++i) {
        lines_[i] = known.rescaled(lines_[i], centre_, unit_);
        settle(known, steps_[i], lines_[i]);
      }
      if (known.unit > 0) centre_ = known.centre, unit_ = known.unit;
      for (std::size_t row = block.begin; row < block.end; ++row)
        forecast(known, past_.values[origins[row] - 1], out.row(static_cast<Eigen::Index>(row)));
    }
  }

 private:
  // Moves the line to the least sum of absolute errors, from where it lay at the fit before. The
  // absolute error lies below a parabola that touches it at each residual, so the least of their
  // sum is a weighted regression that never makes it worse (Hunter and Lange, Journal of
  // Computational and Graphical Statistics 9(1), 2000).
  void settle(const Standard& known, std::int64_t step, Line& line) {
    const std::size_t rows = known.size - static_cast<std::size_t>(step);
    for (int moves = 0; moves < kMostMoves; ++moves) {
      const Sums sums = weighted_sums(known.values.data(), known.values.data() + step,
                                      known.observed.data() + step, rows, line);
      if (!(sums.one > 0)) return;
      const double mean_x = sums.x / sums.one, mean_y = sums.y / sums.one;
      const double variance = sums.xx / sums.one - mean_x * mean_x;
      const double slope =
          variance > kConstant ? (sums.xy / sums.one - mean_x * mean_y) / variance : 0;
      const Line next{mean_y - slope * mean_x, slope};
      const double moved =
          std::max(std::abs(next.start - line.start), std::abs(next.slope - line.slope));
      line = next;
      if (moved < kSmallMove) return;
    }
  }

  void forecast(const Standard& known, double last, Eigen::Ref<Eigen::RowVectorXd> out) const {
    if (!(known.unit > 0)) {
      out.setConstant(last);
      return;
    }
    const double place = (last - known.centre) / known.unit;
    std::size_t above = 0;
    for (Eigen::Index step = 1; step <= out.size(); ++step) {
      if (steps_[above] < step) ++above;
      Line line = lines_[above];
      if (steps_[above] > step) {
        const auto gap = static_cast<double>(steps_[above] - steps_[above - 1]);
        line = mixture(lines_[above], lines_[above - 1],
                       static_cast<double>(steps_[above] - step) / gap);
      }
      out[step - 1] = std::max(known.centre + known.unit * (line.start + line.slope * place), 0.0);
    }
  }

  const Past& past_;
  std::vector<std::int64_t> steps_;
  std::vector<Line> lines_;  // by fitted step, on the scale of the latest fit:
  double centre_ = 0;
  double unit_ = 1;
};

class MedianAutoregression final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& /*past*/, const ForecastOptions& options) const override {
    return options.horizon + kFewestRows;
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    Fit(past, options.horizon).run(origins, out);
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_median_autoregression() {
  return std::make_unique<MedianAutoregression>();
}

}  // namespace fairlead
