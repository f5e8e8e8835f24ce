#include "model/job_table.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/hash.hpp"

namespace fairlead {
namespace {

// The k-th duration of a column; one that is absent or negative stands for none.
Duration duration_at(std::span<const std::int64_t> ns, std::size_t k) {
  return ns.empty() || ns[k] < 0 ? kUnlimited : Duration{ns[k]};
}

std::int64_t saturated_product(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max()
                                                : product;
}

// The columns that make up a shape, row by row.
class ShapeRows {
 public:
  explicit ShapeRows(const JobColumns& columns) : c_(columns) {}

  std::uint64_t hash(std::size_t row) const {
    std::uint64_t h = 0;
    for (const auto& request : c_.requests)
      h = combine(h, static_cast<std::uint64_t>(request[row]));
    if (!c_.tasks.empty()) h = combine(h, static_cast<std::uint64_t>(c_.tasks[row]));
    if (!c_.tasks_per_node.empty())
      h = combine(h, static_cast<std::uint64_t>(c_.tasks_per_node[row]));
    if (!c_.gpu_memory.empty()) h = combine(h, static_cast<std::uint64_t>(c_.gpu_memory[row]));
    if (!c_.pool.empty()) h = combine(h, static_cast<std::uint64_t>(c_.pool[row]));
    if (!c_.gpu_type.empty()) h = combine(h, static_cast<std::uint64_t>(c_.gpu_type[row]));
    return h;
  }

  bool equal(std::size_t a, std::size_t b) const {
    const auto same = [&](const auto& column) { return column.empty() || column[a] == column[b]; };
    return std::ranges::all_of(c_.requests, same) && same(c_.tasks) && same(c_.tasks_per_node) &&
           same(c_.gpu_memory) && same(c_.pool) && same(c_.gpu_type);
  }

 private:
  const JobColumns& c_;
};

// Where a request column stands among the resources of the nodes.
struct Home {
  std::int32_t counted = -1;
  std::int32_t device = -1;
};

std::vector<Home> homes(const std::vector<std::string>& resources, const NodeTable& nodes) {
  const auto index_in = [](const std::vector<std::string>& names, const std::string& name) {
    const auto it = std::ranges::find(names, name);
    return it == names.end() ? -1 : static_cast<std::int32_t>(it - names.begin());
  };
  std::vector<Home> result;
  for (const std::string& name : resources) {
    result.push_back({index_in(nodes.counted_names, name), index_in(nodes.device_names, name)});
  }
  return result;
}

Shape make_shape(const JobColumns& c, const std::vector<Home>& home, std::size_t row) {
  Shape shape;
  const std::int32_t tasks = c.tasks.empty() ? 1 : c.tasks[row];
  const std::int32_t per_node = c.tasks_per_node.empty() ? 0 : c.tasks_per_node[row];
  shape.one_unit_per_node = per_node > 0;
  shape.tasks_per_unit = per_node > 0 ? per_node : 1;
  shape.units = tasks / shape.tasks_per_unit;
  if (!c.pool.empty()) shape.pool = c.pool[row];
  if (!c.gpu_type.empty() && c.gpu_type[row] >= 0) shape.gpu_types = c.type_masks[c.gpu_type[row]];
  if (!c.gpu_memory.empty()) shape.gpu_memory = std::max<std::int64_t>(c.gpu_memory[row], 0);
  for (std::size_t r = 0; r < c.requests.size(); ++r) {
    const std::int64_t amount = c.requests[r][row];
    if (amount == 0) continue;
    if (home[r].counted >= 0) {
      shape.counted.push_back({home[r].counted, saturated_product(amount, shape.tasks_per_unit),
                               saturated_product(amount, tasks)});
    } else if (home[r].device >= 0) {
      shape.devices.push_back({home[r].device, amount});
    } else if (shape.lacking < 0) {
      shape.lacking = static_cast<std::int32_t>(r);
    }
  }
  return shape;
}

}  // namespace

JobTable::JobTable(const JobColumns& columns, const NodeTable& nodes, std::int64_t first_id,
                   std::int32_t first_shape)
    : first_id_(first_id),
      priority_(columns.priority.begin(), columns.priority.end()),
      urgency_(columns.urgency.begin(), columns.urgency.end()),
      key_(columns.key.begin(), columns.key.end()),
      resources_(columns.resources) {
  jobs_.reserve(columns.n);
  for (std::size_t row = 0; row < columns.n; ++row) {
    const Duration limit = duration_at(columns.limit_ns, row);
    // A plan never reaches beyond the limit, at which the job is killed.
    const Duration estimate = std::min(limit, duration_at(columns.estimate_ns, row));
    jobs_.push_back(
        {Time{columns.submit_ns[row]}, duration_at(columns.duration_ns, row), limit, estimate});
  }
  if (!std::ranges::is_sorted(jobs_, {}, &Job::submit)) {
    order_.resize(columns.n);
    std::iota(order_.begin(), order_.end(), 0u);
    std::ranges::stable_sort(order_, {}, [&](std::uint32_t row) { return jobs_[row].submit; });
  }
  intern_shapes(columns, nodes, first_shape);
}

void JobTable::intern_shapes(const JobColumns& columns, const NodeTable& nodes,
                             std::int32_t first_shape) {
  const ShapeRows rows(columns);
  const std::vector<Home> home = homes(columns.resources, nodes);
  std::vector<std::uint32_t> example;         // a row that shows each shape
  std::vector<std::int32_t> table(1024, -1);  // open addressing, a power of two
  const auto slot_of = [&](std::size_t row) {
    std::size_t slot = rows.hash(row) & (table.size() - 1);
    while (table[slot] >= 0 && !rows.equal(example[table[slot]], row)) {
      slot = (slot + 1) & (table.size() - 1);
    }
    return slot;
  };
  for (std::size_t row = 0; row < columns.n; ++row) {
    const std::size_t slot = slot_of(row);
    if (table[slot] >= 0) {
      jobs_[row].shape = table[slot];
      continue;
    }
    table[slot] = jobs_[row].shape = static_cast<std::int32_t>(example.size());
    example.push_back(static_cast<std::uint32_t>(row));
    if (example.size() * 2 > table.size()) {
      table.assign(table.size() * 4, -1);
      for (std::size_t s = 0; s < example.size(); ++s) {
        table[slot_of(example[s])] = static_cast<std::int32_t>(s);
      }
    }
  }
  for (const std::uint32_t row : example) {
    shapes_.push_back(make_shape(columns, home, row));
    shapes_.back().index = first_shape + static_cast<std::int32_t>(shapes_.size()) - 1;
  }
}

}  // namespace fairlead
