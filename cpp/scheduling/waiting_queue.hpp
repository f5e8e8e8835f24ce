// The waiting jobs in order: key, then submission, then row. A short queue, or one that is only
// appended to and taken from in front, is an array. Else jobs of one shape stand in one line, so
// that what fits is asked once a line, and the lines in a tree that knows the least that many of
// them ask (line_tree.hpp). Candidates come out of it in order, so what cannot start, or comes
// later than what takes the room, is not looked at.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/batch.hpp"
#include "base/time.hpp"
#include "base/treap.hpp"
#include "model/needs.hpp"
#include "model/shape.hpp"
#include "scheduling/line_tree.hpp"
#include "scheduling/policy.hpp"
#include "scheduling/rank.hpp"

namespace fairlead {

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
  bool empty() const { return indexed_ == 0 && begin_ == array_.size(); }

  [[gnu::always_inline]] void insert(const Waiting& job) {
    if (indexed_ == 0 && (begin_ == array_.size() || array_.back().rank < job.rank)) {
      array_.push_back(job);
    } else {
      insert_between(job);
    }
  }
  void erase(Rank rank, Row slot);  // must be there
  void clear();

  // The first in order among the shapes for which `wanted(shape)` holds; null if there is none.
  // What is pointed to stays until the queue changes.
  template <typename Wanted>
  const Waiting* front(Wanted wanted) const {
    for (std::size_t i = begin_; i < array_.size(); ++i) {
      if (wanted(*array_[i].shape)) return &array_[i];
    }
    return indexed_ > 0 ? front_of_index(wanted) : nullptr;
  }

  // Offers the jobs one by one, in the order of candidates; those that are taken leave. An offer
  // that is refused stays refused: what is free only shrinks.
  //   offer.room(): what there is room for; jobs outside of it cannot be taken
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
    LineTree::Place place;
  };
  struct InOrder;
  struct ByEstimate;
  struct ByRank;
  template <typename Offer>
  class Search;

  void insert_between(const Waiting& job);
  void index_all();
  void insert_indexed(const Waiting& job);
  void erase_indexed(Item entry);
  Item new_entry(const Waiting& job);
  Item line_for(const Shape& shape);
  // Brings what is said of a line, whose entries have changed, up to date.
  void move_line(Item line, Item front);

  Item first_within(Item root, Duration longest) const;
  Item shortest_within(const Line& line, Duration longest) const;
  // Its place among the candidates.
  Rank turn_of(const Waiting& job) const {
    return by_estimate_ ? Rank{job.estimate.ns, job.rank.submit, job.rank.id} : job.rank;
  }
  Item soonest_of(const Line& line) const {
    return by_estimate_ ? shortest_links_.first(line.shortest_root) : line.front;
  }
  // What is for long queues alone is kept out of the loops of short ones.
  template <typename Wanted>
  [[gnu::noinline]] const Waiting* front_of_index(Wanted& wanted) const {
    const auto line_wanted = [&](Item line) { return wanted(*lines_[line].shape); };
    Item entry = kNoItem;
    if (by_estimate_) {
      entry = first_of(fronts_, wanted);
    } else if (const Item line = tree_.first(line_wanted); line != kNoItem) {
      entry = lines_[line].front;
    }
    return entry == kNoItem ? nullptr : &entries_[entry].job;
  }
  template <typename Wanted>
  Item first_of(Item root, Wanted& wanted) const {
    if (root == kNoItem) return kNoItem;
    const Item before = first_of(front_links_.left(root), wanted);
    if (before != kNoItem) return before;
    if (wanted(*entries_[root].job.shape)) return root;
    return first_of(front_links_.right(root), wanted);
  }
  template <typename Offer>
  void drain_in_order(Offer& offer) {
    const auto may_start = [&offer](const Waiting& job) {
      // Most ask too much: their estimates are not even read.
      const Room& room = offer.room();
      if (!job.needs.within(room.free)) return false;
      return room.may_hold(job.needs, job.estimate);
    };
    // What stays moves up in whole stretches; often everything stays where it is.
    Waiting* const end = array_.end();
    Waiting* stretch = array_.begin() + begin_;
    Waiting* keep = stretch;
    for (auto job = std::ranges::find_if(stretch, end, may_start); job != end;
         job = std::ranges::find_if(job + 1, end, may_start)) {
      if (!offer.take(*job)) continue;
      keep = keep == stretch ? job : std::copy(stretch, job, keep);
      stretch = job + 1;
    }
    if (keep != stretch) array_.erase(std::copy(stretch, end, keep), end);
  }

  template <typename Offer>
  void drain_by_estimate(Offer& offer) {
    candidates_.clear();
    for (std::size_t i = begin_; i < array_.size(); ++i) {
      if (offer.room().may_hold(array_[i].needs, array_[i].estimate))
        candidates_.push_back(array_[i]);
    }
    std::ranges::sort(candidates_, {}, [this](const Waiting& job) { return turn_of(job); });
    for (const Waiting& job : candidates_) {
      if (offer.take(job)) erase(job.rank, job.slot);
    }
  }

  template <typename Offer>
  [[gnu::noinline]] void drain_index(Offer& offer) {
    while (indexed_ > 0) {
      Search<Offer> search(*this, offer);
      tree_.search(search);
      if (search.best() == kNoItem) return;
      [[maybe_unused]] const bool taken = offer.take(entries_[search.best()].job);
      assert(taken && "longest() must promise no more than take() keeps");
      erase_indexed(search.best());
    }
  }

  template <typename Visit>
  void each_of(Item root, Visit& visit) const {
    if (root == kNoItem) return;
    each_of(entry_links_.left(root), visit);
    visit(entries_[root].job);
    each_of(entry_links_.right(root), visit);
  }

  bool by_estimate_;
  std::size_t few_;
  Batch<Waiting> array_;  // from begin_ on; empty while there is an index
  std::size_t begin_ = 0;
  std::vector<Waiting> candidates_;

  std::size_t indexed_ = 0;
  std::vector<Entry> entries_;
  std::vector<Item> free_entries_;
  std::vector<Line> lines_;
  std::vector<Item> free_lines_;
  std::vector<Item> line_of_shape_;  // by shape index
  std::vector<Item> entry_of_slot_;
  Treap entry_links_, shortest_links_;
  // The first of each line in order, where candidates come in another.
  Treap front_links_;
  Item fronts_ = kNoItem;
  LineTree tree_;
};

// For the next job to take. The offer may find out on the way that there is less room.
template <typename Offer>
class WaitingQueue::Search {
 public:
  Search(const WaitingQueue& queue, Offer& offer)
      : queue_(queue), offer_(offer), in_time_(offer.room().in_time), limits_(offer.room()) {}

  const Limits& limits() const { return limits_; }
  bool wants(const Rank& turn) const { return best_ == kNoItem || turn < turn_; }
  void line(Item number) {
    const Item found = candidate(queue_.lines_[number]);
    if (offer_.room().in_time != in_time_) {
      in_time_ = offer_.room().in_time;
      limits_ = Limits(offer_.room());
    }
    if (found == kNoItem) return;
    const Rank turn = queue_.turn_of(queue_.entries_[found].job);
    if (!wants(turn)) return;
    best_ = found;
    turn_ = turn;
  }
  Item best() const { return best_; }

 private:
  // The first of the line that the offer would take.
  Item candidate(const Line& line) {
    const Entry& all = queue_.entries_[line.root];
    if (!offer_.room().may_hold(all.job.needs, all.shortest)) return kNoItem;
    const std::optional<Duration> longest = offer_.longest(*line.shape);
    if (!longest) return kNoItem;
    return queue_.by_estimate_ ? queue_.shortest_within(line, *longest)
                               : queue_.first_within(line.root, *longest);
  }

  const WaitingQueue& queue_;
  Offer& offer_;
  Duration in_time_;
  Limits limits_;
  Item best_ = kNoItem;
  Rank turn_;
};

}  // namespace fairlead
