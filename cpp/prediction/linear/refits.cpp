#include "prediction/linear/refits.hpp"

#include <algorithm>

namespace fairlead {
namespace {

constexpr std::size_t kRefits = 8;  // besides the last one

}  // namespace

std::vector<RefitBlock> refit_blocks(std::size_t origins) {
  std::vector<RefitBlock> blocks;
  const std::size_t scored = origins - 1;
  const std::size_t count = std::min(kRefits, scored);
  for (std::size_t i = 0; i < count; ++i)
    blocks.push_back({i * scored / count, (i + 1) * scored / count});
  blocks.push_back({scored, origins});
  return blocks;
}

}  // namespace fairlead
