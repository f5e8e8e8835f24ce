#include "prediction/linear/level_shapes.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/clones.hpp"

namespace fairlead {
namespace {

// Chosen with those of level_shape.cpp, on the same data.
constexpr std::array<double, 2> kKeeps{0.3, 0.9};  // the last cycle or two, and the last ten
constexpr double kLeaning = 0.1;  // observations of the mean that count for the next shorter shape
constexpr double kAssumed = 0.1;  // last values of the mean that count for a level: where its
                                  // shape is near 0 that says little
constexpr std::array<double, 3> kPartsOfShortest{8, 2, 1};
constexpr std::int64_t kWithoutSeason = 12;  // steps, in the place of the shortest season
constexpr std::int64_t kNoLonger = 4;        // shortest seasons, in the place of the longest

double pace_of(double window) {
  return window <= 1 ? 1 : 2 / (window + 1);
}

// A shape at one place, leaning on the shorter one there.
inline double leaning(double value, double level, double shorter, double assumed) {
  const double sum = level + assumed;
  const double shape = (value + assumed * shorter) / (sum > 0 ? sum : 1.0);
  return sum > 0 ? shape : 1.0;
}

// The same at n places one after another.
FAIRLEAD_CLONES void lean(const double* __restrict values, const double* __restrict levels,
                          const double* __restrict shorter, double assumed, std::int64_t n,
                          double* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = leaning(values[i], levels[i], shorter[i], assumed);
}

}  // namespace

LevelShapes::LevelShapes(std::span<const std::int64_t> seasons) {
  for (const std::int64_t season : seasons) cycles_.push_back({season});
  for (const double keep : kKeeps) {
    for (const std::int64_t season : seasons) {
      const std::vector<double> none(static_cast<std::size_t>(season));
      learned_.push_back({season, keep, none, none});
    }
  }
  const std::int64_t shortest = seasons.empty() ? kWithoutSeason : seasons.front();
  const std::int64_t longest = seasons.size() < 2 ? kNoLonger * shortest : seasons.back();
  paces_.push_back(1);
  for (const double part : kPartsOfShortest)
    paces_.push_back(pace_of(static_cast<double>(shortest) / part));
  paces_.push_back(pace_of(static_cast<double>(longest)));
  values_.assign(windows(), 0.0);
  shapes_in_.assign(shapes() * windows(), 0.0);
  at_.resize(shapes());
}

void LevelShapes::observe(const Past& past, std::int64_t t) {
  if (first_ < 0) first_ = t;
  if (past.observed[t] != 0) move_levels(past.values[t], t);
  move_shapes(past, t);
}

void LevelShapes::move_levels(double value, std::int64_t t) {
  shapes_at(t, at_);
  ++count_;
  mean_ += (value - mean_) / static_cast<double>(count_);
  for (std::size_t w = 0; w < windows(); ++w) {
    const double pace = count_ == 1 ? 1 : paces_[w];
    values_[w] += pace * (value - values_[w]);
    for (std::size_t k = 0; k < shapes(); ++k) {
      double& mean = shapes_in_[k * windows() + w];
      mean += pace * (at_[k] - mean);
    }
  }
}

// A value is set against the mean of the cycle that has it in its middle, which is known half a
// cycle later; those before the first such middle against the first cycle.
void LevelShapes::move_shapes(const Past& past, std::int64_t t) {
  const std::int64_t seen = t - first_ + 1;
  for (Cycle& cycle : cycles_) {
    const std::int64_t season = cycle.season;
    if (seen < season) continue;
    if (seen % season == 0) {  // anew now and then: what rounding leaves does not add up
      const auto from = past.values.begin() + (t + 1 - season);
      cycle.sum = std::accumulate(from, from + season, 0.0);
    } else {
      cycle.sum += past.values[t] - past.values[t - season];
    }
    const double level = cycle.sum / static_cast<double>(season);
    const std::int64_t middle = t - season / 2;
    for (std::int64_t i = seen == season ? first_ : middle; i <= middle; ++i)
      learn(past, i, season, level);
  }
}

void LevelShapes::learn(const Past& past, std::int64_t t, std::int64_t season, double level) {
  if (past.observed[t] == 0) return;
  for (Learned& shape : learned_) {
    if (shape.season != season) continue;
    const auto place = static_cast<std::size_t>(t % season);
    shape.values[place] = shape.keep * shape.values[place] + past.values[t];
    shape.levels[place] = shape.keep * shape.levels[place] + std::max(level, 0.0);
  }
}

void LevelShapes::shapes_at(std::int64_t t, std::span<double> out) const {
  const double assumed = kLeaning * mean_;
  out[0] = 1;
  for (std::size_t c = 0; c < cycles_.size(); ++c) {
    const auto place = static_cast<std::size_t>(t % cycles_[c].season);
    for (std::size_t k = c; k < learned_.size(); k += cycles_.size()) {
      const Learned& shape = learned_[k];
      out[k + 1] = leaning(shape.values[place], shape.levels[place], c == 0 ? 1 : out[k], assumed);
    }
  }
}

void LevelShapes::shapes_from(std::int64_t t, std::int64_t count, std::span<double> out) const {
  std::fill_n(out.begin(), count, 1.0);
  for (std::size_t k = 0; k < learned_.size(); ++k) {
    const Learned& shape = learned_[k];
    const double* shorter = out.data() + (k % cycles_.size() == 0 ? 0 : k * count);
    double* own = out.data() + (k + 1) * count;
    std::int64_t place = t % shape.season;
    for (std::int64_t i = 0, n = 0; i < count; i += n, place = 0) {
      n = std::min(shape.season - place, count - i);
      lean(shape.values.data() + place, shape.levels.data() + place, shorter + i, kLeaning * mean_,
           n, own + i);
    }
  }
}

void LevelShapes::levels(std::span<double> out) const {
  for (std::size_t first = 0; first < shapes_in_.size(); first += windows()) {
    for (std::size_t w = 0; w < windows(); ++w) {
      const double assumed = kAssumed * paces_[w];
      out[first + w] = (values_[w] + assumed * mean_) / (shapes_in_[first + w] + assumed);
    }
  }
}

}  // namespace fairlead
