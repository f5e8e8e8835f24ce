// What the network trained on other series sees of a past: the same whatever the unit, the level
// and the length of a step.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace fairlead {

inline constexpr std::size_t kOriginInputs = 20;
inline constexpr std::size_t kStepInputs = 7;
inline constexpr Eigen::Index kUsualChange = 5;  // among these

// Levels enter as distances from the last value before the origin, in units of the mean change over
// a season. Windows reach up to fourteen of the shortest season, or as far back as the past does.
class NetworkInputs {
 public:
  using Steps = Eigen::Array<double, kStepInputs, Eigen::Dynamic, Eigen::RowMajor>;

  // `values` must outlive it; at least one season, shortest first; steps 1 to `horizon`.
  NetworkInputs(std::span<const double> values, std::span<const std::int64_t> seasons,
                std::int64_t horizon);

  // A season and a value: the first change from season to season.
  static std::int64_t first_origin(std::int64_t season) { return season + 1; }

  double last(std::int64_t origin) const { return values_[origin - 1]; }
  // 0 where all values so far are 0.
  double unit(std::int64_t origin) const;

  // What is the same for all steps.
  void of_origin(std::int64_t origin, std::span<double, kOriginInputs> out) const;
  // What is not: column s is of the value at index origin + s.
  void of_steps(std::int64_t origin, Steps& out) const;

 private:
  // The step's place in its seasons.
  struct Step {
    double ahead;            // seasons
    std::int64_t back;       // so many steps before the target lies a known value at its place in
    std::int64_t long_back;  // the season, and in the long one
  };

  double mean(std::int64_t origin, std::int64_t window) const;
  double deviation(std::int64_t origin, std::int64_t window) const;
  double usual_change(std::int64_t origin, std::int64_t step, std::int64_t back) const;

  std::span<const double> values_;
  std::int64_t season_;
  std::vector<Step> steps_;
  std::vector<double> sums_;            // of the first i values
  std::vector<double> squares_;         // of the same, less the first value, squared
  std::vector<double> moves_;           // of the first i changes from step to step, as distances
  std::vector<double> half_changes_;    // likewise, over half a season
  std::vector<double> season_changes_;  // likewise, from season to season
  std::vector<double> season_sums_;     // of value i and those whole seasons before
};

}  // namespace fairlead
