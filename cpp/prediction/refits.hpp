// When a model that learns is fitted again, along the origins it forecasts from.
#pragma once

#include <cstddef>
#include <vector>

namespace fairlead {

// The origins [begin, end) of one fit, which knows what the first of them knows.
struct RefitBlock {
  std::size_t begin;
  std::size_t end;
};

// At most `refits` blocks of about equal size, and the last origin by itself: its fit uses the
// whole past.
std::vector<RefitBlock> refit_blocks(std::size_t origins, std::size_t refits);

}  // namespace fairlead
