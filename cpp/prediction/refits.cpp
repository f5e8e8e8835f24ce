#include "prediction/refits.hpp"

#include <algorithm>

namespace fairlead {

std::vector<RefitBlock> refit_blocks(std::size_t origins, std::size_t refits) {
  std::vector<RefitBlock> blocks;
  const std::size_t scored = origins - 1;
  const std::size_t count = std::min(refits, scored);
  for (std::size_t i = 0; i < count; ++i)
    blocks.push_back({i * scored / count, (i + 1) * scored / count});
  blocks.push_back({scored, origins});
  return blocks;
}

}  // namespace fairlead
