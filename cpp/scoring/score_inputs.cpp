#include "scoring/score_inputs.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/errors.hpp"
#include "scoring/row_set.hpp"

namespace fairlead {
namespace {

// ---- what is asked ------------------------------------------------------------------------------

// Columns: the counted resources, the device kinds, memory per GPU.
std::size_t column_count(const NodeTable& nodes) {
  return nodes.counted() + nodes.kinds() + 1;
}

// A request as a row of integers: where it may run, then the amounts by column.
class Request {
 public:
  static constexpr std::size_t kHead = 3;

  explicit Request(std::span<const std::int64_t> cells) : cells_(cells) {}
  std::int64_t pool() const { return cells_[0]; }
  std::uint64_t gpu_types() const { return static_cast<std::uint64_t>(cells_[1]); }
  bool lacking() const { return cells_[2] != 0; }  // asks what no node declares
  std::int64_t amount(std::size_t column) const { return cells_[kHead + column]; }

 private:
  std::span<const std::int64_t> cells_;
};

// One task of the shape; its counted asks are those of a unit of tasks_per_unit tasks.
void write_task(const Shape& shape, const NodeTable& nodes, std::span<std::int64_t> cells) {
  std::ranges::fill(cells, 0);
  cells[0] = shape.pool;
  cells[1] = static_cast<std::int64_t>(shape.gpu_types);
  cells[2] = shape.lacking >= 0;
  const std::span<std::int64_t> amounts = cells.subspan(Request::kHead);
  for (const Ask& ask : shape.counted) amounts[ask.resource] = ask.amount / shape.tasks_per_unit;
  for (const Ask& ask : shape.devices) {
    amounts[nodes.counted() + ask.resource] = ask.amount;
    if (ask.resource == nodes.gpu_kind) amounts.back() = shape.gpu_memory;
  }
}

RowSet distinct_requests(const JobTable& jobs, const NodeTable& nodes,
                         std::vector<std::int32_t>& request_of_shape) {
  std::vector<std::int64_t> cells(Request::kHead + column_count(nodes));
  RowSet requests(cells.size());
  for (const Shape& shape : jobs.shapes()) {
    write_task(shape, nodes, cells);
    request_of_shape.push_back(requests.add(cells));
  }
  return requests;
}

// ---- what there is ------------------------------------------------------------------------------

std::string column_name(const NodeTable& nodes, std::size_t column) {
  const auto counted = static_cast<std::size_t>(nodes.counted());
  if (column < counted) return nodes.counted_names[column];
  if (column + 1 == column_count(nodes)) return "gpu_memory_gib";
  return nodes.device_names[column - counted];
}

std::int64_t capacity_of(const NodeTable& nodes, std::int32_t node, std::size_t column) {
  const auto counted = static_cast<std::size_t>(nodes.counted());
  if (column < counted) return nodes.capacity[node * counted + column];
  if (column + 1 == column_count(nodes)) return std::max<std::int64_t>(nodes.gpu_memory[node], 0);
  return nodes.devices(node, static_cast<std::int32_t>(column - counted)) * kWholeDevice;
}

struct Column {
  ScoreColumn quantum;
  std::size_t index;
  bool scored;  // its free part counts; memory per GPU only filters
  std::vector<std::int64_t> free;

  float scale(std::int32_t node) const {
    const float capacity = free_amount(quantum, free[node]);
    return scored && capacity > 0 ? static_cast<float>(kTermOne) / capacity : 0.0F;
  }
};

Column make_column(const NodeTable& nodes, std::size_t index,
                   const std::vector<std::int64_t>& asked) {
  Column column{{}, index, index + 1 < column_count(nodes), {}};
  for (std::int32_t node = 0; node < nodes.n; ++node) {
    column.free.push_back(capacity_of(nodes, node, index));
  }
  column.quantum = make_score_column(column_name(nodes, index), asked, column.free);
  return column;
}

// ---- groups and tiles ---------------------------------------------------------------------------

constexpr float kFillerFree = -1;  // less than any request

using Group = std::pair<std::int32_t, std::uint64_t>;  // pool, type of GPU

bool may_use(const Request& request, const Group& group) {
  if (request.lacking() || (request.pool() >= 0 && request.pool() != group.first)) return false;
  return request.gpu_types() == kAnyType || (request.gpu_types() & group.second) != 0;
}

std::map<Group, std::vector<std::int32_t>> nodes_by_group(const NodeTable& nodes) {
  std::map<Group, std::vector<std::int32_t>> groups;
  for (std::int32_t node = 0; node < nodes.n; ++node) {
    groups[{nodes.pool[node], nodes.gpu_type[node]}].push_back(node);
  }
  return groups;
}

// ---- terms of the node alone --------------------------------------------------------------------

std::int32_t term_of(double fraction) {
  return static_cast<std::int32_t>(std::clamp(fraction, 0.0, 1.0) * kTermOne);
}

std::vector<std::int32_t> node_terms(const NodeTable& nodes, const Weights& weights) {
  const double dearest = nodes.price.empty() ? 0 : std::ranges::max(nodes.price);
  const double fastest = nodes.speed.empty() ? 1 : std::ranges::max(nodes.speed);
  std::vector<std::int32_t> base(nodes.n);
  for (std::int32_t node = 0; node < nodes.n; ++node) {
    const double price = dearest > 0 ? nodes.price[node] / dearest : 0;
    base[node] = weights.of(Term::first_fit) * term_of(1 - node / static_cast<double>(nodes.n)) +
                 weights.of(Term::best_fit) * kTermOne +  // less what the drivers take off
                 weights.of(Term::balanced) * kTermOne +  // nothing is loaded
                 weights.of(Term::cost) * term_of(1 - price) +
                 weights.of(Term::speed) * term_of(nodes.speed_of(node) / fastest);
  }
  return base;
}

std::int32_t padded_width(std::size_t columns) {
  for (const std::int32_t width : {2, 4, 8, kMaxColumns}) {
    if (columns <= static_cast<std::size_t>(width)) return width;
  }
  throw InvalidInput("jobs ask for " + std::to_string(columns) +
                     " different resources; score() compares at most " +
                     std::to_string(kMaxColumns));
}

}  // namespace

class ScoreInputs::Builder {
 public:
  Builder(ScoreInputs& inputs, const NodeTable& nodes, RowSet requests)
      : in_(inputs), nodes_(nodes), requests_(std::move(requests)) {
    in_.requests_ = requests_.size();
  }

  void lay_tiles() {
    const auto groups = nodes_by_group(nodes_);
    std::int32_t group = 0;
    for (const auto& [key, members] : groups) {
      in_.row_.insert(in_.row_.end(), members.begin(), members.end());
      in_.row_.resize((in_.row_.size() + kTileNodes - 1) / kTileNodes * kTileNodes, -1);
      in_.tile_group_.resize(in_.row_.size() / kTileNodes, group++);
    }
    in_.group_words_ = std::max(1, (group + 31) / 32);
    in_.allowed_.resize(std::size_t(requests_.size()) * in_.group_words_);
    for (std::int32_t id = 0; id < requests_.size(); ++id) {
      std::uint32_t* const words = in_.allowed_.data() + std::size_t(id) * in_.group_words_;
      std::size_t bit = 0;
      for (const auto& [key, members] : groups) {
        words[bit / 32] |= std::uint32_t{may_use(request(id), key)} << (bit % 32);
        ++bit;
      }
    }
  }

  // Columns that somebody asks for are compared; of the others only the free part of the node
  // counts.
  void choose_columns() {
    in_.start_.resize(in_.row_.size());
    std::vector<std::int64_t> asked(requests_.size());
    for (std::size_t index = 0; index < column_count(nodes_); ++index) {
      for (std::int32_t id = 0; id < requests_.size(); ++id) asked[id] = request(id).amount(index);
      Column column = make_column(nodes_, index, asked);
      const bool is_asked =
          std::ranges::any_of(asked, [](std::int64_t amount) { return amount > 0; });
      if (is_asked || column.scored) in_.columns_.push_back(column.quantum);
      if (is_asked) {
        compared_.push_back(std::move(column));
      } else {
        raise_start(column);
      }
    }
    in_.width_ = padded_width(compared_.size());
  }

  void fill_requests() {
    in_.request_.resize(std::size_t(requests_.size()) * in_.width_);
    for (std::int32_t id = 0; id < requests_.size(); ++id) {
      float* const amounts = in_.request_.data() + std::size_t(id) * in_.width_;
      for (std::size_t c = 0; c < compared_.size(); ++c) {
        amounts[c] = request_amount(compared_[c].quantum, request(id).amount(compared_[c].index));
      }
    }
  }

  void fill_cells() {
    in_.cells_.resize(in_.row_.size() * 2 * in_.width_);
    for (std::size_t i = 0; i < in_.row_.size(); ++i) {
      const std::int32_t node = in_.row_[i];
      const auto place = static_cast<std::int32_t>(i % kTileNodes);
      float* const tile = in_.cells_.data() + (i - place) * 2 * in_.width_;
      if (node < 0) tile[cell_of(place, 0, in_.width_)] = kFillerFree;
      for (std::size_t c = 0; node >= 0 && c < compared_.size(); ++c) {
        float* const cell = tile + cell_of(place, static_cast<std::int32_t>(c), in_.width_);
        cell[0] = free_amount(compared_[c].quantum, compared_[c].free[node]);
        cell[kLaneNodes] = compared_[c].scale(node);
      }
    }
  }

  void fill_base(const Weights& weights) {
    const std::vector<std::int32_t> terms = node_terms(nodes_, weights);
    for (const std::int32_t node : in_.row_) {
      in_.base_.push_back(node < 0 ? 0 : base_of(terms[node], in_.weight_));
    }
  }

 private:
  Request request(std::int32_t id) const { return Request(requests_.row(id)); }

  void raise_start(const Column& column) {
    for (std::size_t i = 0; i < in_.row_.size(); ++i) {
      const std::int32_t node = in_.row_[i];
      if (node < 0) continue;
      const float free = free_amount(column.quantum, column.free[node]);
      in_.start_[i] = with_column(in_.start_[i], 0, free, column.scale(node));
    }
  }

  ScoreInputs& in_;
  const NodeTable& nodes_;
  RowSet requests_;
  std::vector<Column> compared_;
};

ScoreInputs::ScoreInputs(const JobTable& jobs, const NodeTable& nodes, const Weights& weights)
    : weight_(weights.of(Term::worst_fit) - weights.of(Term::best_fit)) {
  Builder builder(*this, nodes, distinct_requests(jobs, nodes, request_of_shape_));
  builder.lay_tiles();
  builder.choose_columns();
  builder.fill_requests();
  builder.fill_cells();
  builder.fill_base(weights);
}

ScoreProblem ScoreInputs::problem(std::int32_t top_k, std::span<std::uint64_t> keys,
                                  std::span<std::int32_t> feasible) const {
  return {requests_,       width_,          static_cast<std::int32_t>(tile_group_.size()),
          group_words_,    top_k,           weight_,
          request_.data(), allowed_.data(), tile_group_.data(),
          cells_.data(),   start_.data(),   base_.data(),
          row_.data(),     keys.data(),     feasible.data()};
}

}  // namespace fairlead
