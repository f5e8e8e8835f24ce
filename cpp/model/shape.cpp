#include "model/shape.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace fairlead {
namespace {

std::uint64_t bits(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

bool same_asks(const Asks& a, const Asks& b) {
  return std::ranges::equal(a, b, [](const Ask& x, const Ask& y) {
    return x.resource == y.resource && x.amount == y.amount;
  });
}

}  // namespace

std::uint64_t hash_of(const Shape& shape) {
  std::uint64_t h = combine(bits(shape.units), bits(shape.tasks_per_unit));
  h = combine(h, combine(bits(shape.pool), shape.gpu_types));
  h = combine(h, combine(bits(shape.gpu_memory), bits(shape.one_unit_per_node)));
  for (const auto* asks : {&shape.counted, &shape.devices}) {
    h = combine(h, asks->size());
    for (const Ask& ask : *asks) h = combine(h, combine(bits(ask.resource), bits(ask.amount)));
  }
  return h;
}

bool same_but_index(const Shape& a, const Shape& b) {
  return a.units == b.units && a.tasks_per_unit == b.tasks_per_unit &&
         a.one_unit_per_node == b.one_unit_per_node && a.pool == b.pool &&
         a.gpu_types == b.gpu_types && a.gpu_memory == b.gpu_memory && a.lacking == b.lacking &&
         same_asks(a.counted, b.counted) && same_asks(a.devices, b.devices);
}

}  // namespace fairlead
