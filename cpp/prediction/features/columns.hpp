// Features of many series as columns, in one pass over the series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "prediction/features/spec.hpp"

namespace fairlead {

// Series i is values[offsets[i]] to values[offsets[i + 1]] (excluded); NaN = missing.
struct FeatureTable {
  std::span<const double> values;
  std::span<const std::int64_t> offsets;

  std::int64_t series() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
};

// Row r of a series is what is known at the origin first_origin + r. A series of n values has
// n + more rows (more may be negative), and those of all series stand one after another.
struct FeatureRows {
  std::int64_t first_origin = 0;
  std::int64_t more = 0;
};

// Throws InvalidInput unless the parts fit together.
void check_table(const FeatureTable& table, std::span<const FeatureSpec> specs,
                 const FeatureRows& rows, std::size_t columns);

// columns[c] takes the rows of specs[c]. Threads carry series; `pause` is
// called now and then on the calling thread, and what it throws ends the work.
template <typename T>  // float or double; sums are double
void feature_columns(const FeatureTable& table, std::span<const FeatureSpec> specs,
                     const FeatureRows& rows, unsigned threads, const std::function<void()>& pause,
                     std::span<T* const> columns);

}  // namespace fairlead
