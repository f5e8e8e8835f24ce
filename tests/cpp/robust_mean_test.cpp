// The mean that values far from all others move little.
#include "prediction/robust_mean.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace fairlead {
namespace {

double mean(std::vector<Weighted> values) {
  return robust_mean(values);
}

// Values that lie together: the weighted mean, in any order.
TEST(RobustMean, IsTheWeightedMeanOfValuesThatLieTogether) {
  EXPECT_NEAR(mean({{3, 0.4}, {4, 0.3}, {6, 0.3}}), 4.2, 1e-12);
  EXPECT_NEAR(mean({{6, 0.3}, {3, 0.4}, {4, 0.3}}), 4.2, 1e-12);
  EXPECT_EQ(mean({{7, 1}}), 7);
}

// However far one lies off, it counts as five median distances off: 4 + 0.2 * (5 * 1).
TEST(RobustMean, MovesNoFartherThanFiveMedianDistances) {
  for (const double far : {1e3, 1e9, 1e100})
    EXPECT_NEAR(mean({{2, 0.2}, {3, 0.2}, {4, 0.2}, {5, 0.2}, {far, 0.2}}),
                0.2 * (2 + 3 + 4 + 5 + 9), 1e-12);
  EXPECT_NEAR(mean({{-1e9, 0.2}, {3, 0.2}, {4, 0.2}, {5, 0.2}, {6, 0.2}}),
              0.2 * (-1 + 3 + 4 + 5 + 6), 1e-12);
}

// Half the weight in one place is the whole answer; weights that round to less than 1 do no harm.
TEST(RobustMean, GoesByWeightAndNotByCount) {
  EXPECT_NEAR(mean({{1, 0.6}, {50, 0.1}, {60, 0.1}, {70, 0.2}}), 1, 1e-12);
  EXPECT_NEAR(mean({{2, 0.5 - 1e-15}, {2, 0.5 - 1e-15}}), 2, 1e-12);
}

}  // namespace
}  // namespace fairlead
