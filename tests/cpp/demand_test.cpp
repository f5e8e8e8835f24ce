// Sums of use over intervals, and gaps that are filled.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/errors.hpp"
#include "demand_values.hpp"
#include "prediction/demand.hpp"

namespace fairlead {
namespace {

TEST(UseByInterval, CountsPartsOfIntervalsExactly) {
  const std::vector<std::int64_t> start{0, 5, 25}, end{30, 15, 40}, amount{4, 10, 3};
  const std::vector<std::int32_t> group{0, 0, 1};
  const Values means = use_by_interval({start, end, amount, group}, 2, {0, 10, 4}, 1).mean;
  EXPECT_EQ(means, (Values{9, 9, 4, 0, 0, 0, 1.5, 3}));
}

TEST(UseByInterval, LeavesOutWhatLiesOutsideTheGrid) {
  const std::vector<std::int64_t> start{-50, 0, 100}, end{5, 500, 200}, amount{2, 1, 9};
  const std::vector<std::int32_t> group{0, 0, 0};
  EXPECT_EQ(use_by_interval({start, end, amount, group}, 1, {0, 10, 2}, 1).mean, (Values{2, 1}));
}

TEST(UseByInterval, DoesNotOverflow) {
  const std::int64_t big = 4'000'000'000'000'000'000;
  const std::vector<std::int64_t> start(3, 0), end(3, big), amount(3, big);
  const std::vector<std::int32_t> group(3, 0);
  EXPECT_DOUBLE_EQ(use_by_interval({start, end, amount, group}, 1, {0, big, 1}, 2).mean[0], 6e18);
}

TEST(UseByInterval, RefusesAnEndBeforeItsStart) {
  const std::vector<std::int64_t> start{5}, end{4}, amount{1};
  const std::vector<std::int32_t> group{0};
  EXPECT_THROW(use_by_interval({start, end, amount, group}, 1, {0, 1, 1}, 1).mean, InvalidInput);
}

// What starts at an end has not started by it, and what ends there is over.
TEST(UseByInterval, CountsRowsThatLieAcrossTheEnd) {
  const std::vector<std::int64_t> start{0, 10, 5, -50, 25}, end{20, 30, 10, 500, 500};
  const std::vector<std::int64_t> amount{1, 2, 4, 8, 16};
  const std::vector<std::int32_t> group{0, 0, 0, 1, 1};
  EXPECT_EQ(use_by_interval({start, end, amount, group}, 2, {0, 10, 4}, 1).at_end,
            (Values{1, 2, 0, 0, 8, 8, 24, 24}));
  EXPECT_EQ(use_by_interval({start, end, amount, group}, 2, {0, 10, 1}, 2).at_end,
            (Values{0.5, 4}));
}

// An interval of one nanosecond has no time left in it after a start.
TEST(UseByInterval, IsTheLevelInTheShortestIntervals) {
  const std::vector<std::int64_t> start{1}, end{3}, amount{5};
  const std::vector<std::int32_t> group{0};
  EXPECT_EQ(use_by_interval({start, end, amount, group}, 1, {0, 1, 4}, 1).at_end,
            (Values{0, 5, 0, 0}));
}

TEST(FillMissing, TakesTheSeasonBeforeThenTheLastValue) {
  const Values raw{1, 2, 3, kMissing, kMissing, 6, kMissing};
  const FilledSeries filled = fill_missing(raw, 0, 3);
  EXPECT_EQ(filled.values, (Values{1, 2, 3, 1, 2, 6, 1}));
  EXPECT_EQ(filled.observed, (std::vector<std::uint8_t>{1, 1, 1, 0, 0, 1, 0}));
  EXPECT_EQ(fill_missing(raw, 0, 0).values, (Values{1, 2, 3, 3, 3, 6, 6}));
}

}  // namespace
}  // namespace fairlead
