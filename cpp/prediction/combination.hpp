// Several models in one: the mean of their forecasts, weighted by how close each came recently.
#pragma once

#include <span>
#include <vector>

#include "prediction/record.hpp"

namespace fairlead {

struct Combination {
  ByOriginAndStep made;         // at every origin, from what was known there
  std::vector<double> weights;  // per record, at the last origin; means over the steps, sum 1
};

// The weight of a model at a step ahead is its absolute error there (twice the pinball loss of a
// median) to the power -5, over the outcomes of the last two longest seasons known at the origin;
// errors of neighbouring steps count too. At the last origin errors from times like it count
// more (ranking_weights); at earlier ones, which the bands are made of, all count alike: the bands
// were no better with weights by the time of day, and the cost of the weights five times as high.
// Errors are taken relative to the mean over all models that forecast from the same origins, so
// that a model which joins late is judged by what the others did then, and two further forecasts of
// that mean error are assumed of each: without evidence the weights are the records' priors. (Bates
// and Granger, Operational Research Quarterly 20(4), 1969; the power as in Stock and Watson, J. of
// Forecasting 23(6), 2004, which has 1; of 3 to 6 we took 5, with the priors of `auto`, by series
// that are not scored: tests/benchmarks/judge_auto.py.)
//
// Where one forecast alone moves the mean by half of its usual error, a robust mean is taken: after
// a mass submission or a glitch of monitoring, models that lean on the last value, on that of a day
// before or on means are far beyond the others, and have not been seen to err yet. Chosen by Earth
// and m-small before their scored days, parts of HPC logs and ITP clusters, ETTh1, Venus before
// September, and the training part of M4 hourly.
//
// The records' first rows are at most origins.size() - 1, that of at least one is 0.
Combination combine(const Past& past, std::span<const std::int64_t> origins,
                    std::span<const Record> records, const ForecastOptions& options);

}  // namespace fairlead
