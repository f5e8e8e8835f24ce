// Exponentially weighted mean and deviation of one series, value by value; on CUDA as well.
#pragma once

#include <cmath>

#include "base/both.hpp"
#include "prediction/features/formulas.hpp"

namespace fairlead {

// Mean and squared deviation of the values so far, weighted down by `keep` at every place.
class ExponentialMoments {
 public:
  FAIRLEAD_BOTH explicit ExponentialMoments(double weight) : weight_(weight), keep_(1 - weight) {}

  FAIRLEAD_BOTH void add(double value) {
    if (count_ > 0) {
      old_ *= keep_;
      squared_weights_ *= keep_ * keep_;
    }
    if (std::isnan(value)) return;
    if (count_++ == 0) {
      mean_ = value;
      return;
    }
    const double before = mean_;
    const double total = old_ + weight_;
    mean_ = (old_ * before + weight_ * value) / total;
    const double moved = before - mean_, off = value - mean_;
    variance_ = (old_ * (variance_ + moved * moved) + weight_ * off * off) / total;
    squared_weights_ = (squared_weights_ + weight_ * weight_) / (total * total);
    old_ = 1;
  }

  FAIRLEAD_BOTH double count() const { return count_; }
  FAIRLEAD_BOTH double mean() const { return count_ > 0 ? mean_ : formulas::kUnknown; }

  // Without the bias of a weighted sample; NaN below two values.
  FAIRLEAD_BOTH double deviation() const {
    const double total = old_ * old_;
    return count_ > 1 ? std::sqrt(variance_ * total / (total - squared_weights_))
                      : formulas::kUnknown;
  }

 private:
  double weight_, keep_;
  double count_ = 0, mean_ = 0, variance_ = 0;
  double old_ = 1;              // weight of all that came before
  double squared_weights_ = 1;  // sum of the squares of the weights
};

}  // namespace fairlead
