// Bands around a point forecast from the errors the same forecaster made before.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "prediction/weighted.hpp"

namespace fairlead {

class AdaptiveLevels;

// A row per origin, a column per step ahead.
using ByOriginAndStep = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// How quantiles of past errors become those of the next one.
enum class BandRule {
  adaptive,   // errors in times like the present one weigh more; levels follow the misses
  empirical,  // the same with levels as they are asked for
  split       // split conformal: all errors alike, and in both directions
};

// By its name; an unknown one is an error.
BandRule band_rule_named(std::string_view name);

// Errors (actual - forecast) by step ahead, sorted. A step with fewer than kEnough of them borrows
// from the steps beside it.
//
// Each error counts in both directions, unless the forecasts lie beside the middle for good
// (has_lasting_shift): on which side a model erred more in the last weeks is mostly chance, and
// counting both lowers the pinball loss by 2 to 7 % on the parts named below.
//
// Demand spreads with its level, and an idle series can only rise: so an error weighs more the
// nearer its forecast lies to the present one, in ranks among the forecasts of a step nearby, times
// the weight of its origin. On the parts that are not scored (cluster demand before its last weeks,
// M4's training part, ETTh1, Venus before September) this lowers the pinball loss by up to 5 %; it
// changes nothing on the processors in use of six HPC logs.
class ErrorBands {
 public:
  static constexpr std::int64_t kEnough = 20;

  // Row i of `made` and of `errors` belongs to origins[i]; NaN: no outcome. The last row of `made`
  // is the present forecast. Only outcomes at indices before `known` count: those of origin o at
  // step h (1, 2, ...) with o + h <= known. `of_origins`: a weight for each but the last
  // (size_weights), or none.
  ErrorBands(const ByOriginAndStep& made, const ByOriginAndStep& errors,
             std::span<const std::int64_t> origins, std::int64_t known,
             BandRule rule = BandRule::adaptive, std::span<const double> of_origins = {});

  ~ErrorBands();

  // The p-quantile of the errors `step` ahead (1, 2, ...); 0 if no error is known at any step. Of n
  // sorted errors of equal weight it is the one at place p * (n + 1), p adapted, between neighbours
  // by interpolation: then a band covers the next of n + 1 exchangeable errors with its nominal
  // probability, as far as n errors reach. With unequal weights, n is the number of equal ones that
  // would tell as much (Kish, Survey Sampling, 1965).
  double quantile(std::int64_t step, double p) const;

  // What to add to the present forecast `step` ahead for the middle of what comes: the median of
  // the errors in times like the present one, 0 where they have no lasting shift. It is that of all
  // steps together, which is 0.1 % closer than that of each, as far as the band of 50 % reaches:
  // errors grow with the step, and a forecast beside its own band is none.
  double middle(std::int64_t step) const;

  // How many errors stand behind the step.
  std::int64_t count(std::int64_t step) const { return counts_[step - 1]; }

 private:
  // Of one step, weighted; counted in both directions where it is said.
  class Errors {
   public:
    Errors(std::vector<Weighted> given, bool both_directions);
    double quantile(double p) const;

   private:
    double at(double place) const;

    bool both_directions_;
    std::vector<double> values_;  // ascending; sizes where they count in both directions
    std::vector<double> until_;   // the share of all weight up to the middle of each
    double effective_ = 0;        // how many equal ones would tell as much
  };

  double adapted(const AdaptiveLevels& levels, double p) const;

  bool shifted_ = false;                // if not, each error counts in both directions
  double middle_ = 0;                   // of all steps together
  std::vector<Errors> errors_;          // by step
  std::vector<std::int64_t> counts_;    // by step, before any is mirrored
  std::vector<AdaptiveLevels> levels_;  // of each adapted_every_ steps; none: as asked for
  std::int64_t adapted_every_ = 1;
};

}  // namespace fairlead
