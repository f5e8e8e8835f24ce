// Amounts of one resource as whole numbers below 2^24, rounded so that nothing fits here that does
// not fit in truth.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace fairlead {

struct ScoreColumn {
  std::string name;
  std::int64_t unit = 1;  // amounts are divided by it: requests rounding up, what is free down
  bool exact = true;      // every amount is a multiple of the unit
};

// The coarsest unit that loses nothing; where that leaves 2^24 of them or more, doubled until it
// does not.
ScoreColumn make_score_column(std::string name, std::span<const std::int64_t> requests,
                              std::span<const std::int64_t> free);

// Requests beyond every capacity meet at kAmountLimit, which nothing reaches.
float request_amount(const ScoreColumn& column, std::int64_t request);
float free_amount(const ScoreColumn& column, std::int64_t free);

}  // namespace fairlead
