// One series while its features are made: what is read of it, and where the results go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.hpp"
#include "prediction/features/spec.hpp"

namespace fairlead {

// A series in the forms the features need; they live until the next one is taken.
class SeriesView {
 public:
  void take(std::span<const double> values);

  std::int64_t size() const { return static_cast<std::int64_t>(raw_.size()); }
  const double* raw() const { return raw_.data(); }  // NaN = missing
  bool has_gaps() const { return first_gap_ < size(); }
  std::int64_t first_gap() const { return first_gap_; }  // size() if there is none

  // Missing values as what leaves a statistic alone, and 1 where there is a value, else 0.
  const double* or_zero();
  const double* or_infinity();
  const double* or_minus_infinity();
  const double* known();
  // How many values there are up to each place.
  const double* counts();

 private:
  const double* filled(Buffer& with, double value);

  std::span<const double> raw_;
  std::int64_t first_gap_ = 0;
  Buffer zero_, infinity_, minus_infinity_, known_, counts_;
  Buffer places_;  // 1, 2, 3, ...: the counts of a series without gaps
};

// Takes the finished statistics of the series at hand: index i is the one whose newest value is
// values[i]. Those before `from` are not known. `column` is the place of the specification.
class FeatureSink {
 public:
  virtual ~FeatureSink() = default;
  virtual void values(std::size_t column, const double* values, std::int64_t from) = 0;
  virtual void scaled(std::size_t column, const double* values, double scale,
                      std::int64_t from) = 0;
  // sqrt(squares * scale)
  virtual void roots(std::size_t column, const double* squares, double scale,
                     std::int64_t from) = 0;
};

}  // namespace fairlead
