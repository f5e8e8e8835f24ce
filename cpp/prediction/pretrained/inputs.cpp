#include "prediction/pretrained/inputs.hpp"

#include <algorithm>
#include <cmath>

namespace fairlead {
namespace {

constexpr std::int64_t kMostSeasons = 14;  // that any window reaches back
constexpr double kLeastUnit = 1e-3;        // of the mean value
// Seasons that the means are of.
constexpr std::array<double, 9> kWindows{1.0 / 12, 1.0 / 8, 0.25, 0.5, 1, 2, 4, 7, 14};

std::int64_t whole_seasons(std::int64_t steps, std::int64_t season) {
  return (steps + season - 1) / season * season;
}

// Sums of the distances over so many steps that end among the first i values.
std::vector<double> changes(std::span<const double> values, std::int64_t steps) {
  const auto over = static_cast<std::size_t>(steps);
  std::vector<double> sums(values.size() + 1);
  for (std::size_t i = 0; i < values.size(); ++i)
    sums[i + 1] = sums[i] + (i >= over ? std::abs(values[i] - values[i - over]) : 0);
  return sums;
}

// Their mean in the last `window` values before the origin.
double mean_change(const std::vector<double>& sums, std::int64_t steps, std::int64_t origin,
                   std::int64_t window) {
  const std::int64_t from = std::max(origin - window, steps);
  return (sums[origin] - sums[from]) / static_cast<double>(origin - from);
}

}  // namespace

NetworkInputs::NetworkInputs(std::span<const double> values, std::span<const std::int64_t> seasons,
                             std::int64_t horizon)
    : values_(values),
      season_(seasons.front()),
      sums_(values.size() + 1),
      squares_(values.size() + 1),
      moves_(changes(values, 1)),
      half_changes_(changes(values, season_ / 2)),
      season_changes_(changes(values, season_)),
      season_sums_(values.begin(), values.end()) {
  const auto season = static_cast<std::size_t>(season_);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double distance = values[i] - values[0];
    sums_[i + 1] = sums_[i] + values[i];
    squares_[i + 1] = squares_[i] + distance * distance;
    if (i >= season) season_sums_[i] += season_sums_[i - season];
  }
  for (std::int64_t step = 1; step <= horizon; ++step) {
    const double ahead = static_cast<double>(step) / static_cast<double>(season_);
    steps_.push_back({ahead, whole_seasons(step, season_), whole_seasons(step, seasons.back())});
  }
}

double NetworkInputs::mean(std::int64_t origin, std::int64_t window) const {
  const std::int64_t from = std::max<std::int64_t>(origin - window, 0);
  return (sums_[origin] - sums_[from]) / static_cast<double>(origin - from);
}

double NetworkInputs::deviation(std::int64_t origin, std::int64_t window) const {
  const std::int64_t from = std::max<std::int64_t>(origin - window, 0);
  const double centre = mean(origin, window) - values_[0];
  const double square = (squares_[origin] - squares_[from]) / static_cast<double>(origin - from);
  return std::sqrt(std::max(square - centre * centre, 0.0));
}

double NetworkInputs::unit(std::int64_t origin) const {
  const std::int64_t window = kMostSeasons * season_;
  return mean_change(season_changes_, season_, origin, window) +
         kLeastUnit * std::abs(mean(origin, window));
}

void NetworkInputs::of_origin(std::int64_t origin, std::span<double, kOriginInputs> out) const {
  const double level = last(origin);
  const auto scale = static_cast<double>(season_);
  std::size_t next = 0;
  for (const double seasons : kWindows) {
    const auto window = std::max<std::int64_t>(std::llround(seasons * scale), 2);
    out[next++] = mean(origin, window) - level;
  }
  const auto window = [&](std::int64_t length) {
    const std::int64_t taken = std::min(length, origin);
    return values_.subspan(origin - taken, taken);
  };
  const auto [least, most] = std::ranges::minmax(window(season_));
  out[next++] = most - level;
  out[next++] = least - level;
  out[next++] = std::ranges::max(window(kMostSeasons * season_)) - level;
  out[next++] = level;
  const std::int64_t longest = kMostSeasons * season_;
  out[next++] = mean_change(moves_, 1, origin, season_);
  out[next++] = mean_change(moves_, 1, origin, longest);
  out[next++] = mean_change(half_changes_, season_ / 2, origin, longest);
  out[next++] = deviation(origin, season_);
  out[next++] = deviation(origin, longest);
  out[next++] = values_[std::max<std::int64_t>(origin - 2, 0)] - level;
  out[next++] = values_[std::max<std::int64_t>(origin - 4, 0)] - level;
  const double unit_here = unit(origin);
  for (double& input : out) input /= unit_here;
}

// By how much values differed from the one at the origin's place in the season, that many steps on:
// the mean over the last seasons.
double NetworkInputs::usual_change(std::int64_t origin, std::int64_t step,
                                   std::int64_t back) const {
  const std::int64_t earliest = origin - 1 - back;  // the origin's last value, so long before
  if (earliest < 0) return 0;
  const bool all = earliest >= (kMostSeasons - 1) * season_;
  const std::int64_t seasons = all ? kMostSeasons : earliest / season_ + 1;
  const auto sum = [&](std::int64_t at) {
    const std::int64_t before = at - seasons * season_;
    return season_sums_[at] - (before >= 0 ? season_sums_[before] : 0);
  };
  return (sum(earliest + step) - sum(earliest)) / static_cast<double>(seasons);
}

void NetworkInputs::of_steps(std::int64_t origin, Steps& out) const {
  const double level = last(origin);
  for (Eigen::Index column = 0; column < out.cols(); ++column) {
    const Step& step = steps_[column];
    const auto before = [&](std::int64_t back) {
      return values_[std::max<std::int64_t>(origin + column - back, 0)];
    };
    const double usual = usual_change(origin, column + 1, step.back);
    const double long_change = origin > step.long_back
                                   ? before(step.long_back) - values_[origin - 1 - step.long_back]
                                   : usual;
    out.col(column) << step.ahead, std::sqrt(step.ahead), before(step.back) - level,
        before(step.back + season_) - level, before(step.long_back) - level, usual, long_change;
  }
  out.bottomRows<kStepInputs - 2>() /= unit(origin);
}

}  // namespace fairlead
