#include <algorithm>
#include <sstream>

#include "base/errors.hpp"
#include "base/names.hpp"
#include "prediction/jobs/predictor.hpp"

namespace fairlead {
namespace {

RunTimeParam decay_of(double value) {
  return {"decay", value, 1e-3, 1};
}

// The constants of the mixture were chosen on the first halves of KTH-SP2, CTC-SP2 and SDSC-SP2.
const RunTimePredictorEntry kPredictors[] = {
    // the declared wall time
    {"limit", make_limit_predictor, {}},
    // mean of the user's last two run times
    {"last_two", make_last_two, {}},
    // log mean of the user and name, drawn to the user's and that to everyone's
    {"history", make_shrunk_history, {{"shrink", 2, 0, 1e6}, decay_of(0.8)}},
    // votes of histories under many keys, weighed by their accuracy of late
    {"mixture",
     make_mixture,
     {{"temperature", 15, 0, 200}, decay_of(0.97), {"shrink", 8, 1e-3, 1e6}}},
    // a quantile of past run times as shares of the limit, by key of history
    {"histogram", make_run_time_histogram, {{"probability", 0.4, 1e-3, 0.999}}},
    // least squares on features, learnt job by job
    {"ridge", make_run_time_ridge, {{"penalty", 1, 1e-3, 1e9}, {"forget", 0.999, 0.5, 1}}},
    // a quantile, linear in features, learnt job by job
    {"quantile",
     make_run_time_quantile,
     {{"probability", 0.5, 1e-3, 0.999}, {"step", 0.3, 1e-6, 10}}},
};

void check(const RunTimeParam& param, double value) {
  if (value >= param.least && value <= param.most) return;
  std::ostringstream text;
  text << param.name << " must be from " << param.least << " to " << param.most << "; got "
       << value;
  throw InvalidInput(text.str());
}

}  // namespace

std::span<const RunTimePredictorEntry> run_time_predictors() {
  return kPredictors;
}

std::unique_ptr<RunTimePredictor> make_run_time_predictor(std::string_view name,
                                                          const RunTimeParams& params) {
  const auto* entry = std::ranges::find(kPredictors, name, &RunTimePredictorEntry::name);
  if (entry == std::end(kPredictors)) {
    throw InvalidInput("run-time predictor must be one of " +
                       listed(kPredictors, &RunTimePredictorEntry::name) + "; got '" +
                       std::string(name) + "'");
  }
  std::vector<double> values;
  for (const RunTimeParam& param : entry->params) values.push_back(param.value);
  for (const auto& [key, value] : params) {
    const auto at = std::ranges::find(entry->params, key, &RunTimeParam::name);
    if (at == entry->params.end()) {
      const std::string known = listed(entry->params, &RunTimeParam::name);
      throw InvalidInput(std::string(name) + " takes the parameters " +
                         (known.empty() ? "none" : known) + "; got '" + key + "'");
    }
    check(*at, value);
    values[at - entry->params.begin()] = value;
  }
  return entry->make(values);
}

}  // namespace fairlead
