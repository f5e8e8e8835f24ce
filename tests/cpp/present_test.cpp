// Forecasts that follow where the demand stands at their origin.
#include "prediction/present.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "demand_values.hpp"

namespace fairlead {
namespace {

// Demand that jumps at random, at random times within its intervals, and then holds: the means of
// the intervals and the values at their ends. `noise` is added to the ends alone.
struct Jumps {
  explicit Jumps(std::int64_t n, double noise = 0) : values(n), ends(n), observed(n, 1) {
    std::uint64_t state = 12345;
    const auto draw = [&state] {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      return static_cast<double>(state >> 40) / static_cast<double>(1 << 24);
    };
    double level = 50;
    for (std::int64_t i = 0; i < n; ++i) {
      const double before = level;
      const double at = draw();
      if (draw() < 0.3) level = 100 * draw();
      values[i] = at * before + (1 - at) * level;
      ends[i] = std::max(level + noise * (draw() - 0.5), 0.0);
    }
  }

  Past past(std::int64_t known) const { return Past{values, observed, 0, ends}.first(known); }

  Values values, ends;
  std::vector<std::uint8_t> observed;
};

constexpr Eigen::Index kSteps = 4;

std::vector<std::int64_t> all_origins(std::int64_t n) {
  std::vector<std::int64_t> origins(n);
  std::iota(origins.begin(), origins.end(), 1);
  return origins;
}

// The last value, at every step.
ByOriginAndStep held(const Past& past, std::span<const std::int64_t> origins) {
  ByOriginAndStep made(static_cast<Eigen::Index>(origins.size()), kSteps);
  for (std::size_t i = 0; i < origins.size(); ++i)
    made.row(static_cast<Eigen::Index>(i)).setConstant(past.values[origins[i] - 1]);
  return made;
}

ByOriginAndStep followed(const Past& past) {
  const std::vector<std::int64_t> origins = all_origins(past.size());
  ByOriginAndStep made = held(past, origins);
  follow_present(past, origins, made);
  return made;
}

TEST(Present, LeavesForecastsAloneWithoutEnds) {
  const Jumps jumps(50);
  Past past = jumps.past(50);
  const std::vector<std::int64_t> origins = all_origins(50);
  past.ends = {};
  ByOriginAndStep made = held(past, origins);
  follow_present(past, origins, made);
  EXPECT_EQ(made, held(past, origins));
}

// Where it went after the jump is the best that can be known.
TEST(Present, IsFollowedWhollyWhereDemandHolds) {
  const Jumps jumps(300);
  const ByOriginAndStep made = followed(jumps.past(300));
  for (Eigen::Index row = 200; row < 300; ++row) EXPECT_DOUBLE_EQ(made(row, 0), jumps.ends[row]);
}

TEST(Present, IsNotFollowedWhereItTellsNothing) {
  Jumps jumps(300);
  std::ranges::fill(jumps.values, 40.0);
  const ByOriginAndStep made = followed(jumps.past(300));
  EXPECT_EQ(made, held(jumps.past(300), all_origins(300)));
}

// A forecast from an earlier origin is the one that was made then.
TEST(Present, SeesNothingThatComesLater) {
  const Jumps jumps(120, 30);
  const ByOriginAndStep whole = followed(jumps.past(120));
  for (const Eigen::Index known : {2, 30, 77, 119})
    EXPECT_EQ(followed(jumps.past(known)), whole.topRows(known)) << known;
}

// The same by trying every share on every pair of errors and distances known by then.
TEST(Present, TakesTheShareThatWouldHaveCostLeast) {
  const Jumps jumps(90, 60);
  const Past past = jumps.past(90);
  const ByOriginAndStep plain = held(past, all_origins(90)), made = followed(past);
  for (Eigen::Index row = 0; row < 90; ++row) {
    const std::int64_t now = row + 1;
    for (Eigen::Index step = 0; step < kSteps; ++step) {
      const Eigen::Index from = std::max<Eigen::Index>(step - (step + 1) / 2, 0);
      const Eigen::Index to = std::min(step + (step + 1) / 2 + 1, kSteps);
      double least = 0, least_loss = HUGE_VAL;
      for (int eighth = 0; eighth <= 8; ++eighth) {
        double loss = 0, distances = 0, count = 0;
        for (Eigen::Index other = from; other < to; ++other) {
          for (std::int64_t o = 1; o + other < now; ++o) {
            const double distance = past.ends[o - 1] - past.values[o - 1];
            const double error = past.values[o + other] - plain(o - 1, other);
            if (distance == 0) continue;
            loss += std::abs(error - eighth / 8.0 * distance);
            distances += std::abs(distance);
            count += 1;
          }
        }
        if (count > 0)
          loss += static_cast<double>((step + 1) * (to - from)) * eighth / 8.0 * distances / count;
        if (loss < least_loss - 1e-9) {
          least = eighth / 8.0;
          least_loss = loss;
        }
      }
      const double distance = past.ends[row] - past.values[row];
      EXPECT_NEAR(made(row, step), std::max(plain(row, step) + least * distance, 0.0), 1e-9)
          << row << " " << step;
    }
  }
}

// A value that stands in for a missing one has no mean to lie beside, an unknown end no distance.
TEST(Present, SkipsWhatIsNotKnown) {
  Jumps jumps(200);
  jumps.values[199] = 40;
  jumps.ends[199] = 90;
  EXPECT_EQ(followed(jumps.past(200))(199, 0), 90);
  jumps.observed[199] = 0;
  EXPECT_EQ(followed(jumps.past(200))(199, 0), 40);
  jumps.observed[199] = 1;
  jumps.ends[199] = kMissing;
  EXPECT_EQ(followed(jumps.past(200))(199, 0), 40);
}

TEST(Present, NeverForecastsLessThanNothing) {
  Jumps jumps(200);
  jumps.ends[199] = 0;
  const Past past = jumps.past(200);
  const std::vector<std::int64_t> origins = all_origins(200);
  ByOriginAndStep made = held(past, origins);
  made.row(199).setConstant(past.values[199] / 2);
  follow_present(past, origins, made);
  EXPECT_EQ(made(199, 0), 0);
}

}  // namespace
}  // namespace fairlead
