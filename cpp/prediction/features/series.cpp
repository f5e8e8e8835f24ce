#include "prediction/features/series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "prediction/features/loops.hpp"

namespace fairlead {

void SeriesView::take(std::span<const double> values) {
  if (values.data() == raw_.data() && values.size() == raw_.size()) return;
  raw_ = values;
  first_gap_ = size();
  if (loops::has_missing(values.data(), size()))
    first_gap_ =
        std::ranges::find_if(values, [](double v) { return std::isnan(v); }) - values.begin();
  for (Buffer* made : {&zero_, &infinity_, &minus_infinity_, &known_, &counts_}) made->clear();
}

const double* SeriesView::filled(Buffer& with, double value) {
  if (!has_gaps()) return raw();
  if (with.empty()) {
    with.resize(raw_.size());
    std::ranges::transform(raw_, with.begin(), [&](double v) { return std::isnan(v) ? value : v; });
  }
  return with.data();
}

const double* SeriesView::or_zero() {
  return filled(zero_, 0);
}

const double* SeriesView::or_infinity() {
  return filled(infinity_, std::numeric_limits<double>::infinity());
}

const double* SeriesView::or_minus_infinity() {
  return filled(minus_infinity_, -std::numeric_limits<double>::infinity());
}

const double* SeriesView::counts() {
  if (!has_gaps()) {
    const auto from = static_cast<std::int64_t>(places_.size());
    if (from < size()) {
      places_.resize(size());
      std::iota(places_.begin() + from, places_.end(), static_cast<double>(from + 1));
    }
    return places_.data();
  }
  if (counts_.empty()) {
    counts_.resize(raw_.size());
    loops::prefix_sums(known(), counts_.data(), size());
  }
  return counts_.data();
}

const double* SeriesView::shares() {
  for (std::int64_t from = std::ssize(shares_); from < size(); ++from)
    shares_.push_back(1.0 / static_cast<double>(from + 1));
  return shares_.data();
}

const double* SeriesView::known() {
  if (known_.empty()) {
    known_.resize(raw_.size());
    std::ranges::transform(raw_, known_.begin(),
                           [](double v) { return std::isnan(v) ? 0.0 : 1.0; });
  }
  return known_.data();
}

}  // namespace fairlead
