#include "prediction/trees/ensemble.hpp"

#include <algorithm>
#include <string>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr std::int32_t kCategorical = 1, kDefaultLeft = 2;
constexpr std::int64_t kWordLeaves = 64;
constexpr std::size_t kWordCategories = 32;

[[noreturn]] void refuse(std::size_t tree, const std::string& what) {
  throw InvalidInput("tree " + std::to_string(tree) + " is not one: " + what);
}

void check_sizes(const TreeTable& table) {
  std::size_t leaves = 0, splits = 0;
  for (std::size_t t = 0; t < table.leaves.size(); ++t) {
    if (table.leaves[t] < 1) refuse(t, "it has no leaf");
    leaves += table.leaves[t];
    splits += table.leaves[t] - 1;
  }
  for (const std::size_t size : {table.feature.size(), table.threshold.size(),
                                 table.decision.size(), table.left.size(), table.right.size()}) {
    if (size != splits) throw InvalidInput("a tree has one split fewer than leaves");
  }
  if (table.leaf_value.size() != leaves || table.category_sets.size() != table.leaves.size() + 1)
    throw InvalidInput("the leaves of the trees and their values differ in number");
}

}  // namespace

// Turns one tree after another into splits by word of leaves.
class TreeEnsemble::Builder {
 public:
  Builder(const TreeTable& table, TreeEnsemble& made) : table_(table), made_(made) {}

  void add(std::size_t tree) {
    tree_ = tree;
    leaves_ = table_.leaves[tree];
    by_word_.assign((leaves_ + kWordLeaves - 1) / kWordLeaves, {});
    Tree added{std::ssize(made_.words_), 0, std::ssize(made_.leaf_values_)};
    walk();
    for (const std::vector<TreeSplit>& splits : by_word_) {
      const auto first = std::ssize(made_.splits_);
      made_.splits_.insert(made_.splits_.end(), splits.begin(), splits.end());
      made_.words_.push_back({first, std::ssize(made_.splits_)});
    }
    added.last_word = std::ssize(made_.words_);
    made_.trees_.push_back(added);
    first_split_ += leaves_ - 1;
    first_leaf_ += leaves_;
  }

 private:
  // A node on the way down, and where the leaves below it begin once its left side is done.
  struct Visit {
    std::int32_t node;
    bool left_done;
    std::int64_t first_leaf;
  };

  // From left to right without recursion, since a tree may be as deep as it has leaves.
  void walk() {
    std::int64_t visited = 0;
    std::int64_t seen = 0;  // leaves so far
    std::vector<bool> reached(leaves_);
    std::vector<Visit> path{{leaves_ > 1 ? 0 : ~0, false, 0}};
    while (!path.empty()) {
      Visit& visit = path.back();
      if (visit.node < 0) {
        if (~visit.node >= leaves_ || reached[~visit.node])
          refuse(tree_, "a leaf that is not there, or twice");
        reached[~visit.node] = true;
        made_.leaf_values_.push_back(table_.leaf_value[first_leaf_ + ~visit.node]);
        ++seen;
        path.pop_back();
      } else if (!visit.left_done) {
        if (visit.node >= leaves_ - 1 || ++visited >= leaves_)
          refuse(tree_, "a split that is not there, or twice");
        visit.left_done = true;
        visit.first_leaf = seen;
        path.push_back({table_.left[first_split_ + visit.node], false, 0});
      } else {
        const Visit done = visit;
        path.pop_back();
        take_away(done.node, done.first_leaf, seen);
        path.push_back({table_.right[first_split_ + done.node], false, 0});
      }
    }
    if (seen != leaves_) refuse(tree_, "leaves that are never reached");
  }

  // The split keeps all leaves but those from `begin` to `end` where a row goes right.
  void take_away(std::int32_t node, std::int64_t begin, std::int64_t end) {
    const std::int64_t at = first_split_ + node;
    const bool categorical = (table_.decision[at] & kCategorical) != 0;
    const double threshold = categorical ? 0.5 : table_.threshold[at];
    const std::int32_t source = source_of(at, categorical);
    for (std::int64_t word = begin / kWordLeaves; word * kWordLeaves < end; ++word) {
      const std::int64_t low = std::max(begin - word * kWordLeaves, std::int64_t{0});
      const std::int64_t high = std::min(end - word * kWordLeaves, kWordLeaves);
      const std::uint64_t below_high = high == kWordLeaves ? ~0ULL : (1ULL << high) - 1;
      by_word_[word].push_back({threshold, ~(below_high & ~((1ULL << low) - 1)), source});
    }
  }

  // Sets count backwards from -1 until all numeric sources are known.
  std::int32_t source_of(std::int64_t at, bool categorical) {
    const std::int32_t decision = table_.decision[at];
    const std::int32_t feature = table_.feature[at];
    if (feature < 0 || feature >= made_.features_) refuse(tree_, "a feature beyond the last");
    if (!categorical) {
      const Numeric source{feature, decision >> 2 & 3, (decision & kDefaultLeft) != 0};
      return place_of(made_.numeric_, source, std::ranges::find(made_.numeric_, source));
    }
    CategorySet set{feature, categories_of(at), {}};
    const auto known = std::ranges::find_if(made_.sets_, [&](const CategorySet& other) {
      return other.feature == set.feature && other.words == set.words;
    });
    return ~place_of(made_.sets_, set, known);
  }

  template <typename Item>
  static std::int32_t place_of(std::vector<Item>& items, const Item& item,
                               typename std::vector<Item>::iterator known) {
    const auto place = known - items.begin();
    if (known == items.end()) items.push_back(item);
    return static_cast<std::int32_t>(place);
  }

  std::vector<std::uint32_t> categories_of(std::int64_t at) const {
    const auto sets = static_cast<double>(table_.category_bounds.size());
    const double place = table_.threshold[at];
    if (!(place >= 0 && place < sets)) refuse(tree_, "a set of categories that is not there");
    const auto set = table_.category_sets[tree_] + static_cast<std::int64_t>(place);
    if (set < 0 || set + 1 >= std::ssize(table_.category_bounds))
      refuse(tree_, "a set of categories that is not there");
    const std::int64_t begin = table_.category_bounds[set], end = table_.category_bounds[set + 1];
    if (begin < 0 || end < begin || end > std::ssize(table_.category_words))
      refuse(tree_, "a set of categories that is not there");
    const auto words = table_.category_words.subspan(begin, end - begin);
    return {words.begin(), words.end()};
  }

  const TreeTable& table_;
  TreeEnsemble& made_;
  std::size_t tree_ = 0;
  std::int32_t leaves_ = 0;
  std::int64_t first_split_ = 0, first_leaf_ = 0;
  std::vector<std::vector<TreeSplit>> by_word_;
};

TreeEnsemble::TreeEnsemble(const TreeTable& table, std::int32_t features, std::int32_t outputs)
    : features_(features), outputs_(outputs) {
  if (features < 1 || outputs < 1)
    throw InvalidInput("an ensemble needs one feature and one output or more");
  check_sizes(table);
  Builder builder(table, *this);
  for (std::size_t tree = 0; tree < table.leaves.size(); ++tree) builder.add(tree);
  finish_sources();
}

void TreeEnsemble::finish_sources() {
  const auto numeric = static_cast<std::int32_t>(numeric_.size());
  for (TreeSplit& split : splits_) {
    if (split.source < 0) split.source = numeric + ~split.source;
  }
  for (CategorySet& set : sets_) {
    const auto known =
        std::ranges::find(category_features_, set.feature, &CategoryFeature::feature);
    set.slot = static_cast<std::size_t>(known - category_features_.begin());
    if (known == category_features_.end()) category_features_.push_back({set.feature, 0});
    std::int32_t& places = category_features_[set.slot].places;
    places = std::max(places, static_cast<std::int32_t>(set.words.size() * kWordCategories));
  }
  for (CategorySet& set : sets_) {
    set.sides.assign(category_features_[set.slot].places + 1, 1);
    for (std::size_t category = 0; category < set.words.size() * kWordCategories; ++category) {
      const std::uint32_t word = set.words[category / kWordCategories];
      if ((word >> (category % kWordCategories) & 1) != 0) set.sides[category] = 0;
    }
  }
}

}  // namespace fairlead
