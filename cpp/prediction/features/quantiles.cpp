#include "prediction/features/quantiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "prediction/features/rank_counts.hpp"

namespace fairlead {
namespace {

using formulas::interpolated;
using formulas::kUnknown;
constexpr double kMissing = std::numeric_limits<double>::infinity();
constexpr std::int64_t kLanes = kSortedLanes;
constexpr std::int64_t kSteps = 64;           // that lanes are filled for at a time
constexpr std::int64_t kLongestSorted = 256;  // from here on ranks are counted instead
// A piece costs one window of warming up: not more than a quarter of its length.
constexpr std::int64_t kWindowsPerPiece = 4;

LaneRow row_of(double value) {
  LaneRow row;
  std::ranges::fill(row.lane, value);
  return row;
}

bool has_gaps(std::span<const double> values) {
  return std::ranges::any_of(values, [](double value) { return std::isnan(value); });
}

}  // namespace

QuantileFeatures::QuantileFeatures(std::span<const FeatureSpec> specs, Memory memory) {
  for (std::size_t column = 0; column < specs.size(); ++column) {
    const FeatureSpec& spec = specs[column];
    if (spec.statistic != FeatureStatistic::quantile || spec.memory != memory) continue;
    const std::int64_t length = memory == Memory::everything ? 0 : spec.window;
    auto at = std::ranges::find_if(windows_, [&](const Window& window) {
      return window.stride == spec.stride && window.length == length;
    });
    if (at == windows_.end()) at = windows_.insert(at, Window{spec.stride, length, {}});
    at->asked.push_back({column, spec.parameter, std::max<std::int64_t>(spec.min_samples, 1)});
    most_asked_ = std::max(most_asked_, at->asked.size());
  }
}

void QuantileFeatures::write(std::span<const std::span<const double>> series,
                             const SinkOf& sink_of) {
  series_ = series;
  longest_ = 0;
  for (const std::span<const double> values : series)
    longest_ = std::max(longest_, static_cast<std::int64_t>(values.size()));
  made_.resize(series.size() * most_asked_ * longest_);
  for (const Window& window : windows_) {
    std::ranges::fill(made_, kUnknown);
    write_window(window);
    for (std::size_t s = 0; s < series.size(); ++s) {
      for (std::size_t q = 0; q < window.asked.size(); ++q)
        sink_of(s).values(window.asked[q].column, made(s, q), 0);
    }
  }
}

void QuantileFeatures::write_window(const Window& window) {
  const bool ranked = window.length == 0 || window.length > kLongestSorted;
  whole_.clear();
  counted_.clear();
  for (std::size_t s = 0; s < series_.size(); ++s) {
    if (ranked)
      write_ranked(window, s);
    else
      cut(window, s, (kLanes + series_.size() - 1) / series_.size());
  }
  for (const bool whole : {true, false}) {
    const std::vector<Piece>& pieces = whole ? whole_ : counted_;
    for (std::size_t i = 0; i < pieces.size(); i += kLanes)
      slide(window, std::span(pieces).subspan(i, std::min<std::size_t>(kLanes, pieces.size() - i)),
            whole);
  }
}

// A series into pieces for the lanes: about `wanted` of them, if they are long enough.
void QuantileFeatures::cut(const Window& window, std::size_t series, std::size_t wanted) {
  const auto n = static_cast<std::int64_t>(series_[series].size());
  const bool gaps = has_gaps(series_[series]);
  const bool partial = std::ranges::any_of(
      window.asked, [&](const Asked& asked) { return asked.min_samples < window.length; });
  const std::int64_t begin = (window.length - 1) * window.stride;  // the first full window
  for (std::int64_t phase = 0; phase < std::min(window.stride, n); ++phase) {
    const std::int64_t all = (n - phase + window.stride - 1) / window.stride;
    const std::int64_t full = std::max<std::int64_t>(all - (window.length - 1), 0);
    if (gaps || partial) counted_.push_back({series, phase, gaps ? all : all - full});
    if (gaps || full == 0) continue;
    const std::int64_t affordable = full / (kWindowsPerPiece * window.length);
    const std::int64_t parts =
        std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(affordable, 1));
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t from = full * part / parts, to = full * (part + 1) / parts;
      whole_.push_back({series, begin + phase + from * window.stride, to - from});
    }
  }
}

// Slides the windows of up to kLanes pieces along, warming up on the values before each. Windows
// that are `whole` hold no missing value.
void QuantileFeatures::slide(const Window& window, std::span<const Piece> pieces, bool whole) {
  sorted_.assign(window.length + 1, row_of(kMissing));
  known_.assign(kLanes, 0);
  out_.resize(window.asked.size() * kSteps);
  std::vector<QuantilePlace> places;
  for (const Asked& asked : window.asked)
    places.push_back(quantile_place(asked.probability, window.length));

  const std::int64_t warm = window.length - 1;
  const std::int64_t steps = warm + std::ranges::max(pieces, {}, &Piece::count).count;
  for (std::int64_t step = 0; step < steps;) {
    const std::int64_t stop = step < warm ? warm : steps;
    const std::int64_t most = whole || step < warm ? kSteps : 1;
    const std::int64_t taken = std::min(most, stop - step);
    fill_lanes(window, pieces, step, taken);
    const LaneSteps moves{leaving_.data(), entering_.data(), taken};
    const bool wanted = whole && step >= warm;
    slide_sorted(sorted_.data(), window.length, moves,
                 wanted ? places : std::span<const QuantilePlace>(), out_.data());
    if (wanted) scatter(window, pieces, step - warm, taken);
    if (!whole && step >= warm) scatter_counted(window, pieces, step - warm);
    step += taken;
  }
}

void QuantileFeatures::fill_lanes(const Window& window, std::span<const Piece> pieces,
                                  std::int64_t step, std::int64_t steps) {
  entering_.assign(kSteps, row_of(kMissing));
  leaving_.assign(kSteps, row_of(kMissing));
  for (std::size_t lane = 0; lane < pieces.size(); ++lane) {
    const std::span<const double> values = series_[pieces[lane].series];
    const auto n = static_cast<std::int64_t>(values.size());
    const std::int64_t warm = window.length - 1;
    for (std::int64_t i = 0; i < steps; ++i) {
      const std::int64_t enters = pieces[lane].first + (step + i - warm) * window.stride;
      const std::int64_t leaves = enters - window.length * window.stride;
      if (enters >= 0 && enters < n && !std::isnan(values[enters])) {
        entering_[i].lane[lane] = values[enters];
        ++known_[lane];
      }
      // Before the window was full nothing leaves it.
      if (step + i > warm && leaves >= 0 && leaves < n && !std::isnan(values[leaves])) {
        leaving_[i].lane[lane] = values[leaves];
        --known_[lane];
      }
    }
  }
}

void QuantileFeatures::scatter(const Window& window, std::span<const Piece> pieces,
                               std::int64_t step, std::int64_t steps) {
  for (std::size_t q = 0; q < window.asked.size(); ++q) {
    const LaneRow* const from = out_.data() + q * steps;
    for (std::size_t lane = 0; lane < pieces.size(); ++lane) {
      double* const to = made(pieces[lane].series, q) + pieces[lane].first + step * window.stride;
      const std::int64_t taken = std::min(steps, pieces[lane].count - step);
      for (std::int64_t i = 0; i < taken; ++i) to[i * window.stride] = from[i].lane[lane];
    }
  }
}

void QuantileFeatures::scatter_counted(const Window& window, std::span<const Piece> pieces,
                                       std::int64_t step) {
  for (std::size_t lane = 0; lane < pieces.size(); ++lane) {
    if (step >= pieces[lane].count) continue;
    for (std::size_t q = 0; q < window.asked.size(); ++q) {
      const Asked& asked = window.asked[q];
      if (known_[lane] < asked.min_samples) continue;
      const QuantilePlace place = quantile_place(asked.probability, known_[lane]);
      made(pieces[lane].series, q)[pieces[lane].first + step * window.stride] = interpolated(
          sorted_[place.below].lane[lane], sorted_[place.above].lane[lane], place.share);
    }
  }
}

void QuantileFeatures::write_ranked(const Window& window, std::size_t series) {
  const std::span<const double> values = series_[series];
  const auto n = static_cast<std::int64_t>(values.size());
  for (std::int64_t phase = 0; phase < std::min(window.stride, n); ++phase) {
    RankCounts counts(values, phase, window.stride);
    for (std::int64_t i = phase; i < n; i += window.stride) {
      counts.add(i);
      const std::int64_t leaves = i - window.length * window.stride;
      if (window.length > 0 && leaves >= 0) counts.remove(leaves);
      for (std::size_t q = 0; q < window.asked.size(); ++q) {
        const Asked& asked = window.asked[q];
        if (counts.size() < asked.min_samples) continue;
        const QuantilePlace place = quantile_place(asked.probability, counts.size());
        made(series, q)[i] =
            interpolated(counts.value(place.below), counts.value(place.above), place.share);
      }
    }
  }
}

}  // namespace fairlead
