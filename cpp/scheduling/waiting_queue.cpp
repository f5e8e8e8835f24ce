#include "scheduling/waiting_queue.hpp"

#include <algorithm>

namespace fairlead {

struct WaitingQueue::InOrder {
  WaitingQueue& queue;
  bool before(Item a, Item b) const {
    return queue.entries_[a].job.rank < queue.entries_[b].job.rank;
  }
  void fold(Item item, Item left, Item right) const {
    std::vector<Entry>& entries = queue.entries_;
    Duration shortest = entries[item].job.estimate;
    if (left != kNoItem) shortest = std::min(shortest, entries[left].shortest);
    if (right != kNoItem) shortest = std::min(shortest, entries[right].shortest);
    entries[item].shortest = shortest;
  }
};

struct WaitingQueue::ByEstimate {
  const WaitingQueue& queue;
  bool before(Item a, Item b) const {
    return queue.turn_of(queue.entries_[a].job) < queue.turn_of(queue.entries_[b].job);
  }
  void fold(Item, Item, Item) const {}
};

struct WaitingQueue::ByRank {
  const WaitingQueue& queue;
  bool before(Item a, Item b) const {
    return queue.entries_[a].job.rank < queue.entries_[b].job.rank;
  }
  void fold(Item, Item, Item) const {}
};

// ---- the array ------------------------------------------------------------------------------

void WaitingQueue::insert_between(const Waiting& job) {
  if (indexed_ > 0) return insert_indexed(job);
  Waiting* const at =
      std::ranges::upper_bound(array_.begin() + begin_, array_.end(), job.rank, {}, &Waiting::rank);
  if (static_cast<std::size_t>(array_.end() - at) <= few_) {
    array_.insert(at, job);
    return;
  }
  index_all();
  insert_indexed(job);
}

void WaitingQueue::erase(Rank rank, Row slot) {
  if (indexed_ > 0) return erase_indexed(entry_of_slot_[slot]);
  Waiting* const first = array_.begin() + begin_;
  Waiting* const at = first->slot == slot
                          ? first
                          : std::ranges::lower_bound(first, array_.end(), rank, {}, &Waiting::rank);
  if (at == first) {
    // The gap in front is closed once it is the larger part, so each entry is moved but once.
    if (++begin_ > few_ && begin_ > array_.size() / 2) {
      array_.erase(array_.begin(), array_.begin() + begin_);
      begin_ = 0;
    }
  } else if (static_cast<std::size_t>(array_.end() - at) <= few_) {
    array_.erase(at, at + 1);
  } else {
    index_all();
    erase_indexed(entry_of_slot_[slot]);
  }
}

void WaitingQueue::clear() {
  *this = WaitingQueue(by_estimate_, few_);
}

// ---- the index ------------------------------------------------------------------------------

void WaitingQueue::index_all() {
  for (std::size_t i = begin_; i < array_.size(); ++i) insert_indexed(array_[i]);
  array_.clear();
  begin_ = 0;
}

Item WaitingQueue::new_entry(const Waiting& job) {
  Item entry = static_cast<Item>(entries_.size());
  if (free_entries_.empty()) {
    entries_.emplace_back();
    entry_links_.reserve_items(entries_.size());
    if (by_estimate_) {
      shortest_links_.reserve_items(entries_.size());
      front_links_.reserve_items(entries_.size());
    }
  } else {
    entry = free_entries_.back();
    free_entries_.pop_back();
  }
  entries_[entry].job = job;
  if (static_cast<std::size_t>(job.slot) >= entry_of_slot_.size()) {
    entry_of_slot_.resize(job.slot + 1, kNoItem);
  }
  return entry_of_slot_[job.slot] = entry;
}

// The line of a shape, perhaps a new one, still empty and not in the tree.
Item WaitingQueue::line_for(const Shape& shape) {
  const auto index = static_cast<std::size_t>(shape.index);
  if (index >= line_of_shape_.size()) line_of_shape_.resize(index + 1, kNoItem);
  Item& line = line_of_shape_[index];
  if (line != kNoItem) return line;
  if (free_lines_.empty()) {
    line = static_cast<Item>(lines_.size());
    lines_.emplace_back();
  } else {
    line = free_lines_.back();
    free_lines_.pop_back();
  }
  lines_[line] = {};
  lines_[line].shape = &shape;
  return line;
}

void WaitingQueue::insert_indexed(const Waiting& job) {
  const Item entry = new_entry(job);
  const Item number = line_for(*job.shape);
  entries_[entry].line = number;
  Line& line = lines_[number];
  ++indexed_;
  InOrder in_order{*this};
  line.root = entry_links_.insert(line.root, entry, in_order);
  if (by_estimate_) {
    ByEstimate by_estimate{*this};
    line.shortest_root = shortest_links_.insert(line.shortest_root, entry, by_estimate);
  }
  const bool leads = line.front == kNoItem || job.rank < entries_[line.front].job.rank;
  move_line(number, leads ? entry : line.front);
}

void WaitingQueue::erase_indexed(Item entry) {
  const Item number = entries_[entry].line;
  Line& line = lines_[number];
  --indexed_;
  free_entries_.push_back(entry);
  InOrder in_order{*this};
  line.root = entry_links_.erase(line.root, entry, in_order);
  if (by_estimate_) {
    ByEstimate by_estimate{*this};
    line.shortest_root = shortest_links_.erase(line.shortest_root, entry, by_estimate);
  }
  const bool is_empty = line.root == kNoItem;
  Item front = line.front;
  if (front == entry) front = is_empty ? kNoItem : entry_links_.first(line.root);
  move_line(number, front);
  if (!is_empty) return;
  line_of_shape_[line.shape->index] = kNoItem;
  free_lines_.push_back(number);
}

void WaitingQueue::move_line(Item number, Item front) {
  Line& line = lines_[number];
  const bool was_empty = line.front == kNoItem;
  const bool is_empty = front == kNoItem;
  if (by_estimate_ && front != line.front) {
    ByRank by_rank{*this};
    if (!was_empty) fronts_ = front_links_.erase(fronts_, line.front, by_rank);
    if (!is_empty) fronts_ = front_links_.insert(fronts_, front, by_rank);
  }
  line.front = front;
  if (is_empty) return tree_.erase(line.place);
  const LineTree::Place place{turn_of(entries_[soonest_of(line)].job),
                              Corner(entries_[front].job.needs, entries_[line.root].shortest)};
  if (was_empty) {
    tree_.insert(number, place);
  } else if (place != line.place) {
    tree_.move(number, line.place, place);
  }
  line.place = place;
}

// The first in order with an estimate of at most `longest`.
Item WaitingQueue::first_within(Item root, Duration longest) const {
  if (entries_[root].shortest > longest) return kNoItem;
  while (true) {
    const Item left = entry_links_.left(root);
    if (left != kNoItem && entries_[left].shortest <= longest) {
      root = left;
    } else if (entries_[root].job.estimate <= longest) {
      return root;
    } else {
      root = entry_links_.right(root);
    }
  }
}

Item WaitingQueue::shortest_within(const Line& line, Duration longest) const {
  const Item first = shortest_links_.first(line.shortest_root);
  return entries_[first].job.estimate <= longest ? first : kNoItem;
}

}  // namespace fairlead
