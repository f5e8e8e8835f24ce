// The waiting queue: its index against a look at every job.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <tuple>
#include <vector>

#include "scheduling/waiting_queue.hpp"

namespace fairlead {
namespace {

// Two resources, each from 1 on: more lines than two levels of the tree of lines hold.
constexpr std::int32_t kAmounts = 24;
constexpr std::int32_t kShapes = kAmounts * kAmounts;
constexpr std::int64_t kSmall = 6;

// Takes every job that needs no more than is left of both and is short enough; small ones however
// long.
struct Offer {
  const std::vector<Shape>& shapes;
  std::array<std::int64_t, 2> left;
  Duration short_enough;
  std::vector<Row> taken;

  Room room() const { return {Needs{{left[0], left[1]}}, Needs{{kSmall, kSmall}}, short_enough}; }
  std::optional<Duration> longest(const Shape& shape) const {
    bool small = true;
    for (const Ask& ask : shape.counted) {
      if (ask.amount > left[ask.resource]) return std::nullopt;
      small = small && ask.amount <= kSmall;
    }
    return small ? kUnlimited : short_enough;
  }
  bool take(const Waiting& job) {
    const auto most = longest(*job.shape);
    if (!most || job.estimate > *most) return false;
    for (const Ask& ask : job.shape->counted) left[ask.resource] -= ask.amount;
    taken.push_back(job.slot);
    return true;
  }
};

class Queues : public testing::TestWithParam<bool> {};

TEST_P(Queues, OfferTheSameJobsInTheSameOrderWithAndWithoutAnIndex) {
  std::vector<Shape> shapes(kShapes);
  for (std::int32_t i = 0; i < kShapes; ++i) {
    shapes[i].index = i;
    for (const std::int32_t resource : {0, 1}) {
      const std::int64_t amount = 1 + (resource == 0 ? i / kAmounts : i % kAmounts);
      shapes[i].counted.push_back({resource, amount, amount});
    }
  }
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    WaitingQueue array(GetParam(), 1 << 20), index(GetParam(), 0), mixed(GetParam(), 8);
    std::vector<Waiting> inside;
    for (Row slot = 0; slot < 1500; ++slot) {
      // At first many shapes, then few, so that nodes fill up and empty.
      const Shape& shape = shapes[random() % (slot < 900 ? kShapes : kAmounts)];
      const Rank rank{Rank::key_of(static_cast<double>(random() % 5) - 2.0),
                      Time{static_cast<std::int64_t>(random() % 20)}, slot};
      const Needs needs{{shape.counted[0].amount, shape.counted[1].amount}};
      const Waiting job{rank, Duration{static_cast<std::int64_t>(random() % 50)}, &shape, needs,
                        slot};
      inside.push_back(job);
      for (WaitingQueue* queue : {&array, &index, &mixed}) queue->insert(job);
      if (random() % 8 == 0) {
        std::swap(inside[random() % inside.size()], inside.back());
        for (WaitingQueue* queue : {&array, &index, &mixed}) {
          queue->erase(inside.back().rank, inside.back().slot);
        }
        inside.pop_back();
      }
      const auto unwanted = static_cast<std::int32_t>(random() % kShapes);
      const auto wanted = [&](const Shape& s) { return s.index != unwanted; };
      const Waiting* first = nullptr;
      for (const Waiting& job_inside : inside) {
        if (wanted(*job_inside.shape) && (first == nullptr || job_inside.rank < first->rank))
          first = &job_inside;
      }
      for (WaitingQueue* queue : {&array, &index, &mixed}) {
        const Waiting* const front = queue->front(wanted);
        ASSERT_EQ(front == nullptr, first == nullptr);
        if (first != nullptr) {
          ASSERT_EQ(front->slot, first->slot) << "seed " << seed;
        }
        ASSERT_EQ(queue->size(), inside.size());
      }
      if (random() % 24 != 0) continue;
      const std::array left{static_cast<std::int64_t>(random() % 60),
                            static_cast<std::int64_t>(random() % 60)};
      const Duration short_enough{static_cast<std::int64_t>(random() % 50)};
      std::ranges::sort(inside, [](const Waiting& a, const Waiting& b) {
        if (!GetParam()) return a.rank < b.rank;
        return std::tuple(a.estimate, a.rank.submit, a.rank.id) <
               std::tuple(b.estimate, b.rank.submit, b.rank.id);
      });
      Offer expected{shapes, left, short_enough, {}};
      std::erase_if(inside, [&](const Waiting& waiting) { return expected.take(waiting); });
      for (WaitingQueue* queue : {&array, &index, &mixed}) {
        Offer offer{shapes, left, short_enough, {}};
        queue->drain(offer);
        ASSERT_EQ(offer.taken, expected.taken) << "seed " << seed << ", job " << slot;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(InOrderAndByEstimate, Queues, testing::Bool());

}  // namespace
}  // namespace fairlead
