// One series while its features are made: what is read of it, and where the results go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "base/buffer.hpp"
#include "prediction/features/loops.hpp"
#include "prediction/features/spec.hpp"

namespace fairlead {

// A series in the forms the features need; they live until the next one is taken. The values must
// not change meanwhile: the same ones are not read again.
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
  // One over these, of a series without gaps.
  const double* shares();

 private:
  const double* filled(Buffer& with, double value);

  std::span<const double> raw_;
  std::int64_t first_gap_ = 0;
  Buffer zero_, infinity_, minus_infinity_, known_, counts_;
  Buffer places_;  // 1, 2, 3, ...: the counts of a series without gaps
  Buffer shares_;  // 1, 1/2, 1/3, ...
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

// Of columns of T, which also takes what is a T already.
template <typename T>
class TypedSink : public FeatureSink {
 public:
  virtual void rounded(std::size_t column, const T* values, std::int64_t from) = 0;
};

// A series in the precision of its results. Rounding keeps the order of values.
template <typename T>
class RoundedSeries {
 public:
  // `series` must outlive the use.
  void take(SeriesView& series) {
    series_ = &series;
    for (Values* made : {&raw_, &infinity_, &minus_infinity_}) made->clear();
  }

  const T* raw() { return rounded(raw_, series_->raw()); }
  const T* or_infinity() {
    return series_->has_gaps() ? rounded(infinity_, series_->or_infinity()) : raw();
  }
  const T* or_minus_infinity() {
    return series_->has_gaps() ? rounded(minus_infinity_, series_->or_minus_infinity()) : raw();
  }

 private:
  using Values = std::vector<T, LineAllocator<T>>;

  const T* rounded(Values& into, const double* values) {
    if constexpr (std::is_same_v<T, double>) {
      return values;
    } else {
      if (into.empty()) {
        into.resize(static_cast<std::size_t>(series_->size()));
        loops::write(values, into.data(), series_->size());
      }
      return into.data();
    }
  }

  SeriesView* series_ = nullptr;
  Values raw_, infinity_, minus_infinity_;
};

}  // namespace fairlead
