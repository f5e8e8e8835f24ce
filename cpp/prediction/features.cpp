#include "prediction/features.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Count, mean, spread (Welford) and extremes of a run of values. Runs are merged (Chan et al. 1982)
// and never subtracted, so a spike that leaves the window leaves no rounding error behind.
struct RunStatistics {
  double count = 0;
  double mean = 0;
  double squares = 0;  // of the deviations from the mean
  double minimum = std::numeric_limits<double>::infinity();
  double maximum = -std::numeric_limits<double>::infinity();

  void add(double value) {
    count += 1;
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
    minimum = std::min(minimum, value);
    maximum = std::max(maximum, value);
  }

  RunStatistics merged(const RunStatistics& other) const {
    const double total = count + other.count;
    const double share = other.count / total;
    const double delta = other.mean - mean;
    return {total, mean + delta * share, squares + other.squares + delta * delta * count * share,
            std::min(minimum, other.minimum), std::max(maximum, other.maximum)};
  }

  double value(FeatureKind kind) const {
    switch (kind) {
      case FeatureKind::mean:
        return mean;
      case FeatureKind::deviation:
        return count < 2 ? 0 : std::sqrt(squares / (count - 1));
      case FeatureKind::minimum:
        return minimum;
      default:
        return maximum;
    }
  }
};

bool is_rolling(FeatureKind kind) {
  return kind == FeatureKind::mean || kind == FeatureKind::deviation ||
         kind == FeatureKind::minimum || kind == FeatureKind::maximum;
}

// Calls `write(origin, statistics of the last `window` values)`. Every window is the end of one
// block of `window` values and the beginning of the next (van Herk 1992), for any mergeable
// statistic.
template <typename Write>
void roll(std::span<const double> values, std::int64_t window, const Write& write) {
  const auto n = static_cast<std::int64_t>(values.size());
  std::vector<RunStatistics> ends(window);
  for (std::int64_t block = 0; block + window <= n; block += window) {
    RunStatistics end;
    for (std::int64_t i = window; i-- > 0;) {
      end.add(values[block + i]);
      ends[i] = end;
    }
    write(block + window, end);
    RunStatistics begin;
    const std::int64_t stop = std::min(window, n - block - window + 1);
    for (std::int64_t i = 1; i < stop; ++i) {
      begin.add(values[block + window + i - 1]);
      write(block + window + i, ends[i].merged(begin));
    }
  }
}

// How far before the origin the value lies that a seasonal lag reads; at least 1, so it is known.
std::int64_t lag_of(const Feature& feature, std::int64_t step) {
  if (feature.kind == FeatureKind::lag) return feature.length;
  const std::int64_t season = feature.length;
  const std::int64_t nearest = (step + season - 1) / season * season - step + 1 - feature.shift;
  return (nearest < 1 ? nearest + season : nearest) + feature.order * season;
}

class Columns {
 public:
  Columns(const Past& past, std::span<const Feature> features, std::int64_t step, std::int64_t from,
          Eigen::MatrixXd& out)
      : past_(past), features_(features), step_(step), from_(from), out_(out) {}

  void write_all() {
    for (std::size_t column = 0; column < features_.size(); ++column) {
      const Feature& feature = features_[column];
      if (is_rolling(feature.kind)) {
        if (is_first_of_window(column)) write_rolling(feature.length);
      } else if (feature.kind == FeatureKind::season_mean) {
        write_season_mean(column);
      } else if (feature.kind == FeatureKind::sine || feature.kind == FeatureKind::cosine) {
        write_harmonic(column);
      } else {
        write_lag(column, lag_of(feature, step_));
      }
    }
  }

 private:
  bool is_first_of_window(std::size_t column) const {
    return std::none_of(features_.begin(), features_.begin() + column, [&](const Feature& other) {
      return is_rolling(other.kind) && other.length == features_[column].length;
    });
  }

  void write_rolling(std::int64_t window) {
    std::vector<std::size_t> columns;
    for (std::size_t column = 0; column < features_.size(); ++column) {
      if (is_rolling(features_[column].kind) && features_[column].length == window)
        columns.push_back(column);
    }
    roll(past_.values, window, [&](std::int64_t origin, const RunStatistics& run) {
      if (origin < from_) return;
      for (const std::size_t column : columns)
        out_(origin - from_, column) = run.value(features_[column].kind);
    });
  }

  void write_lag(std::size_t column, std::int64_t lag) {
    for (std::int64_t origin = std::max(from_, lag); origin <= past_.size(); ++origin)
      out_(origin - from_, column) = past_.values[origin - lag];
  }

  void write_season_mean(std::size_t column) {
    const Feature& feature = features_[column];
    const std::int64_t nearest = lag_of({FeatureKind::season_lag, feature.length}, step_);
    const std::int64_t farthest = nearest + (feature.order - 1) * feature.length;
    for (std::int64_t origin = std::max(from_, farthest); origin <= past_.size(); ++origin) {
      double sum = 0;
      for (std::int64_t lag = nearest; lag <= farthest; lag += feature.length)
        sum += past_.values[origin - lag];
      out_(origin - from_, column) = sum / static_cast<double>(feature.order);
    }
  }

  void write_harmonic(std::size_t column) {
    const Feature& feature = features_[column];
    const std::int64_t season = feature.length;
    std::vector<double> wave(season);
    for (std::int64_t i = 0; i < season; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(feature.order * i % season) /
                           static_cast<double>(season);
      wave[i] = feature.kind == FeatureKind::sine ? std::sin(angle) : std::cos(angle);
    }
    std::int64_t place = (past_.phase + from_ + step_ - 1) % season;
    if (place < 0) place += season;  // before the epoch
    for (std::int64_t row = 0; row < out_.rows(); ++row) {
      out_(row, column) = wave[place];
      if (++place == season) place = 0;
    }
  }

  const Past& past_;
  std::span<const Feature> features_;
  std::int64_t step_;
  std::int64_t from_;
  Eigen::MatrixXd& out_;
};

void check(const Feature& feature) {
  const bool counted = feature.kind == FeatureKind::season_mean ||
                       feature.kind == FeatureKind::sine || feature.kind == FeatureKind::cosine;
  if (feature.length < 1 || feature.order < (counted ? 1 : 0) ||
      std::abs(feature.shift) >= feature.length)
    throw InvalidInput("a feature needs a length of 1 or more, an order, and a shift within it");
}

}  // namespace

bool is_level(FeatureKind kind) {
  return kind != FeatureKind::deviation && kind != FeatureKind::sine && kind != FeatureKind::cosine;
}

std::int64_t first_origin(const Feature& feature, std::int64_t step) {
  switch (feature.kind) {
    case FeatureKind::sine:
    case FeatureKind::cosine:
      return 0;
    case FeatureKind::season_mean:
      return lag_of({FeatureKind::season_lag, feature.length, feature.order - 1}, step);
    case FeatureKind::lag:
    case FeatureKind::season_lag:
      return lag_of(feature, step);
    default:
      return feature.length;
  }
}

Eigen::MatrixXd feature_matrix(const Past& past, std::span<const Feature> features,
                               std::int64_t step, std::int64_t from) {
  for (const Feature& feature : features) check(feature);
  if (step < 1 || from < 0 || from > past.size())
    throw InvalidInput("features need a step of 1 or more and origins within the series");
  Eigen::MatrixXd out = Eigen::MatrixXd::Constant(
      past.size() - from + 1, static_cast<Eigen::Index>(features.size()), kUnknown);
  Columns(past, features, step, from, out).write_all();
  return out;
}

}  // namespace fairlead
