// How high a series is, and what shape its seasons have, value by value along its past.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/history.hpp"

namespace fairlead {

// A shape of a season says how many times the level of its whole cycle each of its places is, as
// demand = level x shape. There is the flat one (1 everywhere) and, per season and memory, one that
// is learned: the demand seen at a place over the mean of the cycles around it, older cycles
// counting less. A place seen little leans on the shape of the next shorter season, and that of
// the shortest on the flat one.
//
// A level is a mean of the latest values, over the mean of one shape at the same times: with that
// shape taken out. There is one per shape and window, and the product of a level and its shape is a
// forecast: with the flat one the last value or the mean of a window, with the others the like of
// it with its season.
class LevelShapes {
 public:
  // `seasons` in steps, shortest first.
  explicit LevelShapes(std::span<const std::int64_t> seasons);

  std::size_t shapes() const { return learned_.size() + 1; }
  std::size_t windows() const { return paces_.size(); }

  // Takes the value at index t of the past in; indices come one after another.
  void observe(const Past& past, std::int64_t t);

  // Mean of all values so far; 0 before the first one other than 0.
  double scale() const { return mean_; }

  // One of each shape at index t, by what is known; in multiples of the level.
  void shapes_at(std::int64_t t, std::span<double> out) const;

  // The same at `count` indices from t on: those of the first shape, of the second, ...
  void shapes_from(std::int64_t t, std::int64_t count, std::span<double> out) const;

  // Windows of the first shape, of the second, ...
  void levels(std::span<double> out) const;

 private:
  struct Learned {
    std::int64_t season;
    double keep;                 // of what was known, cycle by cycle
    std::vector<double> values;  // by place: sum of the values seen, discounted
    std::vector<double> levels;  // likewise of the mean of the cycle around each
  };
  struct Cycle {  // the last values as many as a season has
    std::int64_t season;
    double sum = 0;
  };

  void move_levels(double value, std::int64_t t);
  void move_shapes(const Past& past, std::int64_t t);
  void learn(const Past& past, std::int64_t t, std::int64_t season, double level);

  std::vector<Cycle> cycles_;
  std::vector<Learned> learned_;   // of each memory the seasons, shortest first
  std::vector<double> paces_;      // by window: the part of a mean that the last value takes
  std::vector<double> values_;     // by window: discounted mean of the values
  std::vector<double> shapes_in_;  // by shape, then window: likewise of the shape
  std::vector<double> at_;         // room for one of each shape
  double mean_ = 0;
  std::int64_t count_ = 0;
  std::int64_t first_ = -1;  // index observed first
};

}  // namespace fairlead
