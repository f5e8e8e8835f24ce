// A trained ensemble of decision trees, laid out to be evaluated for many rows at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace fairlead {

// Trees as LightGBM writes them, one after another. Tree t has leaves[t] leaves and one split
// fewer; a child is a split of the same tree or, below 0, the leaf ~child. `decision`: bit 0
// categorical, bit 1 missing goes left, bits 2-3 what is missing (0 nothing, 1 zero and NaN, 2
// NaN). The threshold of a categorical split is the place of its bit set among those of the tree:
// set s of tree t is category_words[category_bounds[b + s]] up to category_bounds[b + s + 1], b =
// category_sets[t].
struct TreeTable {
  std::span<const std::int32_t> leaves;
  std::span<const std::int32_t> feature;
  std::span<const double> threshold;
  std::span<const std::int32_t> decision;
  std::span<const std::int32_t> left;
  std::span<const std::int32_t> right;
  std::span<const double> leaf_value;
  std::span<const std::int64_t> category_sets;
  std::span<const std::int64_t> category_bounds;
  std::span<const std::uint32_t> category_words;
};

// A row goes left if its source is at most the threshold; else only leaves of `keep` remain.
struct TreeSplit {
  double threshold;
  std::uint64_t keep;
  std::int32_t source;
};

// Every tree by bit vectors (QuickScorer, Lucchese et al., SIGIR 2015): each split whose answer is
// "right" takes the leaves on its left away, and the lowest leaf that remains is the answer. The
// order of the splits does not matter, so a row is followed by nothing but comparisons, and many
// rows share each of them.
class TreeEnsemble {
 public:
  // Tree t adds to output t % outputs. Throws InvalidInput for a table that is not one of trees.
  TreeEnsemble(const TreeTable& table, std::int32_t features, std::int32_t outputs);

  // Sums of the leaf values, in the order of the trees: rows of `features` values in, rows of
  // `outputs` values out. Threads carry blocks of rows.
  void predict(std::span<const double> rows, std::span<double> out, unsigned threads,
               const std::function<void()>& pause) const;

  std::int32_t features() const { return features_; }
  std::int32_t outputs() const { return outputs_; }

 private:
  // What splits compare: a feature with its missing values moved to the side they go to.
  struct Numeric {
    std::int32_t feature;
    std::int32_t missing;  // as in `decision`
    bool missing_left;

    bool operator==(const Numeric&) const = default;
  };

  // Or whether the category is in a set (0) or not (1); `sides` ends with that of all that is not a
  // category any set knows.
  struct CategorySet {
    std::int32_t feature;
    std::vector<std::uint32_t> words;
    std::vector<double> sides;
    std::size_t slot = 0;  // of its feature among category_features_
  };

  struct CategoryFeature {
    std::int32_t feature;
    std::int32_t places;  // categories from here on are in no set
  };

  // The splits that take leaves out of one word of 64 leaves of a tree.
  struct Word {
    std::int64_t first_split, last_split;
  };

  struct Tree {
    std::int64_t first_word, last_word;
    std::int64_t first_leaf;  // of leaf_values_, from left to right
  };

  class Builder;

  class BlockInputs;

  void finish_sources();
  void predict_block(const double* columns, std::int64_t count, double* out) const;

  std::int32_t features_, outputs_;
  // The sources of splits: first all numeric ones, then all sets.
  std::vector<Numeric> numeric_;
  std::vector<CategorySet> sets_;
  std::vector<CategoryFeature> category_features_;
  std::vector<TreeSplit> splits_;
  std::vector<Word> words_;
  std::vector<Tree> trees_;
  std::vector<double> leaf_values_;
};

}  // namespace fairlead
