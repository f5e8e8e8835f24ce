// The waiting jobs in order: key, then submission, then row. A short queue, or one that is only
// appended to and taken from in front, is an array. Else jobs of one shape stand in one line, so
// that what fits is asked once a line, and the lines in a tree in which those with like needs are
// neighbours. Its subtrees know their least needs, their shortest estimate and their foremost job,
// so the next job that can start is found without looking at those that cannot, or that come later.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "base/treap.hpp"
#include "model/needs.hpp"
#include "model/shape.hpp"
#include "scheduling/policy.hpp"

namespace fairlead {

// A job's place: lower goes first.
struct Rank {
  std::int64_t key = 0;
  Time submit;
  std::int64_t id = 0;
  auto operator<=>(const Rank&) const = default;

  // Integers that compare as the doubles do.
  static std::int64_t key_of(double key);
};

struct Waiting {
  Rank rank;
  Duration estimate;
  const Shape* shape = nullptr;
  Needs needs;  // of the shape
  Row slot = 0;
};

class WaitingQueue {
 public:
  // Candidates are taken in order, or, where `by_estimate`, the shortest first. An array is kept as
  // long as no more than `few` jobs would be moved or looked at one by one.
  WaitingQueue(bool by_estimate, std::size_t few) : by_estimate_(by_estimate), few_(few) {}

  std::size_t size() const { return array_.size() - begin_ + indexed_; }
  bool empty() const { return size() == 0; }

  void insert(const Waiting& job);
  void erase(Rank rank, Row slot);  // must be there
  void clear();

  // The first in order among the shapes for which `wanted(shape)` holds; null if there is none.
  // What is pointed to stays until the queue changes.
  template <typename Wanted>
  const Waiting* front(Wanted wanted) const {
    for (std::size_t i = begin_; i < array_.size(); ++i) {
      if (wanted(*array_[i].shape)) return &array_[i];
    }
    Item best = kNoItem;
    find_front(lines_root_, wanted, best);
    return job_at(best);
  }

  // Offers the jobs one by one, in the order of candidates; those that are taken leave. An offer
  // that is refused stays refused: what is free only shrinks.
  //   offer.may(needs, estimate): false where no job with at least these can be taken
  //   offer.longest(shape): the estimate that a job of the shape may have; nothing: not any
  //   offer.take(job): takes it, or not
  template <typename Offer>
  void drain(Offer& offer) {
    if (array_.size() - begin_ > few_) index_all();
    if (indexed_ > 0) {
      drain_index(offer);
    } else if (by_estimate_) {
      drain_by_estimate(offer);
    } else {
      drain_in_order(offer);
    }
  }

  template <typename Visit>
  void each(Visit visit) const {
    for (std::size_t i = begin_; i < array_.size(); ++i) visit(array_[i]);
    for (const Line& line : lines_) {
      if (line.root != kNoItem) each_of(line.root, visit);
    }
  }

 private:
  struct Entry {
    Waiting job;
    Duration shortest;  // of its subtree
    Item line = kNoItem;
  };
  struct Line {
    const Shape* shape = nullptr;
    Item root = kNoItem;           // of the entries in order
    Item shortest_root = kNoItem;  // of the entries by estimate, where asked for
    Item front = kNoItem;
    Rank rank;  // of the front
    Needs needs;
    std::uint64_t place = 0;  // along the curve that the lines stand on
    // Of the line's subtree.
    Needs least;
    Duration shortest;
    Rank foremost;
  };
  struct InOrder;
  struct ByEstimate;
  struct OfLines;

  void index_all();
  void insert_indexed(const Waiting& job);
  void erase_indexed(Item entry);
  Item new_entry(const Waiting& job);
  Item line_for(const Waiting& job);
  // Null for no entry.
  const Waiting* job_at(Item entry) const {
    return entry == kNoItem ? nullptr : &entries_[entry].job;
  }
  Duration shortest_of(const Line& line) const { return entries_[line.root].shortest; }

  Item first_within(Item root, Duration longest) const;
  bool sooner(const Waiting& a, const Waiting& b) const;
  bool sooner(Item a, Item b) const { return sooner(entries_[a].job, entries_[b].job); }
  // Whether jobs of at least this rank and estimate all come behind the one found.
  bool behind(Item best, const Rank& rank, Duration estimate) const {
    if (best == kNoItem) return false;
    const Waiting& found = entries_[best].job;
    return by_estimate_ ? estimate > found.estimate : !(rank < found.rank);
  }

  template <typename Offer>
  void drain_in_order(Offer& offer) {
    Waiting* keep = array_.data() + begin_;
    const Waiting* const end = array_.data() + array_.size();
    for (const Waiting* job = keep; job != end; ++job) {
      if (offer.may(job->needs, job->estimate) && offer.take(*job)) continue;
      if (keep != job) *keep = *job;
      ++keep;
    }
    array_.resize(static_cast<std::size_t>(keep - array_.data()));
  }

  template <typename Offer>
  void drain_by_estimate(Offer& offer) {
    candidates_.clear();
    for (std::size_t i = begin_; i < array_.size(); ++i) {
      if (offer.may(array_[i].needs, array_[i].estimate)) candidates_.push_back(array_[i]);
    }
    std::ranges::sort(candidates_, [this](const auto& a, const auto& b) { return sooner(a, b); });
    for (const Waiting& job : candidates_) {
      if (offer.take(job)) erase(job.rank, job.slot);
    }
  }

  template <typename Offer>
  void drain_index(Offer& offer) {
    while (indexed_ > 0) {
      Item best = kNoItem;
      search(lines_root_, offer, best);
      if (best == kNoItem) return;
      [[maybe_unused]] const bool taken = offer.take(entries_[best].job);
      assert(taken && "longest() must promise no more than take() keeps");
      erase_indexed(best);
    }
  }

  template <typename Wanted>
  void find_front(Item root, Wanted& wanted, Item& best) const {
    if (root == kNoItem) return;
    const Line& line = lines_[root];
    if (best != kNoItem && !(line.foremost < entries_[best].job.rank)) return;
    if (wanted(*line.shape) && (best == kNoItem || line.rank < entries_[best].job.rank))
      best = line.front;
    for (const Item child : promising_first(root)) find_front(child, wanted, best);
  }

  // Branch and bound: what cannot hold a sooner job than the one found is passed over, and the side
  // that may hold the soonest comes first.
  template <typename Offer>
  void search(Item root, Offer& offer, Item& best) const {
    if (root == kNoItem) return;
    const Line& line = lines_[root];
    if (behind(best, line.foremost, line.shortest)) return;
    if (!offer.may(line.least, line.shortest)) return;
    const bool own_first =
        by_estimate_ ? shortest_of(line) == line.shortest : line.rank == line.foremost;
    const auto [first, last] = promising_first(root);
    if (own_first) consider(line, offer, best);
    search(first, offer, best);
    if (!own_first) consider(line, offer, best);
    search(last, offer, best);
  }

  std::array<Item, 2> promising_first(Item root) const {
    const Item left = line_links_.left(root), right = line_links_.right(root);
    if (left == kNoItem || right == kNoItem) return {left, right};
    const bool right_first = by_estimate_ ? lines_[right].shortest < lines_[left].shortest
                                          : lines_[right].foremost < lines_[left].foremost;
    return right_first ? std::array{right, left} : std::array{left, right};
  }

  template <typename Offer>
  void consider(const Line& line, Offer& offer, Item& best) const {
    const Duration shortest = shortest_of(line);
    if (behind(best, line.rank, shortest) || !offer.may(line.needs, shortest)) return;
    const std::optional<Duration> longest = offer.longest(*line.shape);
    if (!longest) return;
    const Item found =
        by_estimate_ ? shortest_within(line, *longest) : first_within(line.root, *longest);
    if (found != kNoItem && (best == kNoItem || sooner(found, best))) best = found;
  }

  Item shortest_within(const Line& line, Duration longest) const;

  template <typename Visit>
  void each_of(Item root, Visit& visit) const {
    if (root == kNoItem) return;
    each_of(entry_links_.left(root), visit);
    visit(entries_[root].job);
    each_of(entry_links_.right(root), visit);
  }

  bool by_estimate_;
  std::size_t few_;
  std::vector<Waiting> array_;  // from begin_ on; empty while there is an index
  std::size_t begin_ = 0;
  std::vector<Waiting> candidates_;

  std::size_t indexed_ = 0;
  std::vector<Entry> entries_;
  std::vector<Item> free_entries_;
  std::vector<Line> lines_;
  std::vector<Item> free_lines_;
  std::vector<Item> line_of_shape_;  // by shape index
  std::vector<Item> entry_of_slot_;
  Treap entry_links_, shortest_links_, line_links_;
  Item lines_root_ = kNoItem;  // of the lines by their places
};

}  // namespace fairlead
