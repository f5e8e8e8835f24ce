// What a job asks for, without its times: the jobs of a log share few shapes, so each is kept once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace fairlead {

inline constexpr std::size_t kMaxResources =
    16;  // counted resources, and device kinds, of a cluster

struct Ask {
  std::int32_t resource = 0;  // index among the counted resources, or among the device kinds
  std::int64_t amount = 0;    // integer units; devices in thousandths
  std::int64_t total = 0;     // counted resources: of the whole job, saturated
};

// The asks of a shape. Most shapes ask for one or two resources: those are kept in place, because
// shapes are looked at for every job.
class Asks {
 public:
  Asks() = default;
  Asks(std::initializer_list<Ask> asks) {
    for (const Ask& ask : asks) push_back(ask);
  }
  void push_back(const Ask& ask) {
    if (size_ < kInPlace) few_[size_] = ask;
    if (size_ == kInPlace) many_.assign(few_.begin(), few_.end());
    if (size_++ >= kInPlace) many_.push_back(ask);
  }
  void clear() { *this = {}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Ask& operator[](std::size_t i) const { return begin()[i]; }
  const Ask* begin() const { return size_ <= kInPlace ? few_.data() : many_.data(); }
  const Ask* end() const { return begin() + size_; }

 private:
  static constexpr std::size_t kInPlace = 2;
  std::size_t size_ = 0;
  std::array<Ask, kInPlace> few_{};
  std::vector<Ask> many_;  // all of them, where there are more
};

inline constexpr std::int64_t kWholeDevice = 1000;
inline constexpr std::uint64_t kAnyType = ~std::uint64_t{0};

// A gang is placed unit by unit. A unit is one task, or the `tasks_per_node` tasks that must share
// a node.
struct Shape {
  std::int32_t index = 0;  // dense among the shapes one engine sees
  std::int32_t units = 1;
  std::int32_t tasks_per_unit = 1;
  bool one_unit_per_node = false;
  std::int32_t pool = -1;              // -1: any
  std::uint64_t gpu_types = kAnyType;  // bit set of allowed types
  std::int64_t gpu_memory = 0;         // bytes on each device taken
  Asks counted;                        // of one unit
  Asks devices;                        // of one task
  std::int32_t lacking = -1;           // request column no node declares: the job can never run

  std::int64_t tasks() const { return std::int64_t{units} * tasks_per_unit; }

  // Device entries in a placement block for each task: a share names one device, g whole ones g.
  std::int32_t devices_per_task() const {
    std::int64_t count = 0;
    for (const Ask& ask : devices) count += devices_of(ask);
    return static_cast<std::int32_t>(count);
  }

  static std::int64_t devices_of(const Ask& ask) {
    return ask.amount < kWholeDevice ? 1 : ask.amount / kWholeDevice;
  }

  // A placement block: the node of every unit, then the devices of every task.
  std::int64_t block_size() const { return units + tasks() * devices_per_task(); }
};

// Of what is asked, without the index.
std::uint64_t hash_of(const Shape& shape);
bool same_but_index(const Shape& a, const Shape& b);

}  // namespace fairlead
