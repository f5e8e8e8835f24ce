// Evaluation of an ensemble: blocks of rows side by side in vector lanes.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "base/buffer.hpp"
#include "base/clones.hpp"
#include "base/crew.hpp"
#include "base/errors.hpp"
#include "prediction/trees/ensemble.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kRows = 32;           // a block: four vectors of the widest registers
constexpr std::int64_t kBlocksPerPart = 64;  // that a thread takes at a time
constexpr std::int32_t kMissingZero = 1, kMissingNan = 2;
constexpr double kZero = 1e-35f;  // what LightGBM takes for zero, in single precision

using Lanes = double __attribute__((vector_size(64), may_alias));
using Bits = std::uint64_t __attribute__((vector_size(64), may_alias));
constexpr std::int64_t kVectors = kRows * sizeof(double) / sizeof(Lanes);

// The leaves of one word that remain for each row of a block; `columns` are sources, kRows each.
FAIRLEAD_CLONES void keep_leaves(const TreeSplit* first, const TreeSplit* last,
                                 const double* columns, std::uint64_t* out) {
  Bits left[kVectors];
  for (std::int64_t v = 0; v < kVectors; ++v) left[v] = ~Bits{};
  for (const TreeSplit* split = first; split != last; ++split) {
    const auto* const column = reinterpret_cast<const Lanes*>(columns + split->source * kRows);
    for (std::int64_t v = 0; v < kVectors; ++v) {
      // NaN is not at most the threshold: missing values that go right stay NaN.
      const Bits goes_left = reinterpret_cast<Bits>(column[v] <= split->threshold);
      left[v] &= goes_left | split->keep;
    }
  }
  for (std::int64_t v = 0; v < kVectors; ++v) reinterpret_cast<Bits*>(out)[v] = left[v];
}

// The values of a feature with the missing ones moved to where they go: NaN is right.
FAIRLEAD_CLONES void place_missing(const double* values, std::int32_t missing, bool left,
                                   double* out) {
  const double gone =
      left ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  for (std::int64_t row = 0; row < kRows; ++row) {
    const double value = values[row];
    const bool is_nan = value != value;
    const double number = is_nan && missing != kMissingNan ? 0 : value;
    const bool is_zero = number >= -kZero && number <= kZero;
    const bool is_gone = missing == kMissingNan ? is_nan : missing == kMissingZero && is_zero;
    out[row] = is_gone ? gone : number;
  }
}

FAIRLEAD_CLONES void look_up(const double* sides, const std::int32_t* categories, double* out) {
  for (std::int64_t row = 0; row < kRows; ++row) out[row] = sides[categories[row]];
}

}  // namespace

// The sources of one block of rows.
class TreeEnsemble::BlockInputs {
 public:
  explicit BlockInputs(const TreeEnsemble& trees)
      : trees_(trees),
        values_(trees.features_ * kRows),
        categories_(trees.category_features_.size() * kRows),
        columns_((trees.numeric_.size() + trees.sets_.size()) * kRows) {}

  // A last block of fewer rows keeps what the one before left in the others.
  const double* of(const double* rows, std::int64_t count) {
    const std::int64_t features = trees_.features_;
    for (std::int64_t row = 0; row < count; ++row) {
      for (std::int64_t f = 0; f < features; ++f)
        values_[f * kRows + row] = rows[row * features + f];
    }
    double* column = columns_.data();
    for (const Numeric& source : trees_.numeric_) {
      place_missing(values_.data() + source.feature * kRows, source.missing, source.missing_left,
                    column);
      column += kRows;
    }
    for (std::size_t slot = 0; slot < trees_.category_features_.size(); ++slot)
      read_categories(slot);
    for (const CategorySet& set : trees_.sets_) {
      look_up(set.sides.data(), categories_.data() + set.slot * kRows, column);
      column += kRows;
    }
    return columns_.data();
  }

 private:
  // NaN, negative and unheard-of categories are in no set.
  void read_categories(std::size_t slot) {
    const CategoryFeature& feature = trees_.category_features_[slot];
    for (std::int64_t row = 0; row < kRows; ++row) {
      const double value = values_[feature.feature * kRows + row];
      const bool known = value > -1 && value < feature.places;
      categories_[slot * kRows + row] = known ? static_cast<std::int32_t>(value) : feature.places;
    }
  }

  const TreeEnsemble& trees_;
  Buffer values_;
  std::vector<std::int32_t> categories_;
  Buffer columns_;
};

void TreeEnsemble::predict_block(const double* columns, std::int64_t count, double* out) const {
  alignas(64) std::array<std::uint64_t, kRows> left;
  std::array<std::int64_t, kRows> leaf;
  for (std::size_t t = 0; t < trees_.size(); ++t) {
    const Tree& tree = trees_[t];
    leaf.fill(-1);
    for (std::int64_t w = tree.first_word; w < tree.last_word; ++w) {
      keep_leaves(splits_.data() + words_[w].first_split, splits_.data() + words_[w].last_split,
                  columns, left.data());
      for (std::int64_t row = 0; row < count; ++row) {
        if (leaf[row] < 0 && left[row] != 0)
          leaf[row] = (w - tree.first_word) * 64 + std::countr_zero(left[row]);
      }
    }
    const double* const values = leaf_values_.data() + tree.first_leaf;
    double* const output = out + t % outputs_;
    for (std::int64_t row = 0; row < count; ++row) output[row * outputs_] += values[leaf[row]];
  }
}

void TreeEnsemble::predict(std::span<const double> rows, std::span<double> out, unsigned threads,
                           const std::function<void()>& pause) const {
  const auto count = static_cast<std::int64_t>(rows.size()) / features_;
  if (static_cast<std::int64_t>(rows.size()) != count * features_ ||
      static_cast<std::int64_t>(out.size()) != count * outputs_)
    throw InvalidInput("rows and outputs differ in number");
  std::ranges::fill(out, 0.0);
  constexpr std::int64_t kPart = kBlocksPerPart * kRows;
  const auto make = [&] {
    return [&, inputs = BlockInputs(*this)](std::size_t part) mutable {
      const std::int64_t begin = static_cast<std::int64_t>(part) * kPart;
      for (std::int64_t at = begin; at < std::min(begin + kPart, count); at += kRows) {
        const std::int64_t rows_here = std::min(kRows, count - at);
        predict_block(inputs.of(rows.data() + at * features_, rows_here), rows_here,
                      out.data() + at * outputs_);
      }
    };
  };
  share_out((count + kPart - 1) / kPart, threads, make, pause);
}

}  // namespace fairlead
