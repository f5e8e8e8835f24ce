#include <algorithm>
#include <limits>
#include <numeric>

#include "base/clones.hpp"
#include "scoring/score.hpp"

namespace fairlead {
namespace {

constexpr std::int32_t kDoesNotFit = std::numeric_limits<std::int32_t>::min();  // below every score
// Requests that share a tile while it is in the first-level cache.
constexpr std::int32_t kBlock = 256;
// Requests that share what is loaded of a node.
constexpr int kTogether = 4;

// What a tile is to `kTogether` requests.
struct TileScores {
  alignas(64) std::int32_t score[kTogether][kTileNodes];
  std::int32_t best[kTogether];
  std::int32_t feasible[kTogether];
};

// Loops over lanes become vector code: no branch in them, and arrays of lanes live in registers.
template <int kColumns>
FAIRLEAD_BOTH void score_columns(const ScoreProblem& p, const std::int32_t* requests,
                                 std::int32_t tile, TileScores& __restrict__ out) {
  const std::int64_t at = std::int64_t{tile} * kTileNodes;
  const float* asked[kTogether];
  std::int32_t best[kTogether][kLaneNodes], unfit[kTogether][kLaneNodes];
  for (int k = 0; k < kTogether; ++k) {
    asked[k] = p.request + std::int64_t{requests[k]} * kColumns;
    for (int i = 0; i < kLaneNodes; ++i) best[k][i] = kDoesNotFit;
    for (int i = 0; i < kLaneNodes; ++i) unfit[k][i] = 0;
  }
  for (std::int32_t node = 0; node < kTileNodes; node += kLaneNodes) {
    const float* const cells = p.cells + at * 2 * kColumns + cell_of(node, 0, kColumns);
    const Left* const start = p.start + at + node;
    const std::int32_t* const base = p.base + at + node;
    Left left[kTogether][kLaneNodes];
    for (int k = 0; k < kTogether; ++k) {
      for (int i = 0; i < kLaneNodes; ++i) left[k][i] = start[i];
    }
#pragma GCC unroll 16
    for (int c = 0; c < kColumns; ++c) {
      for (int i = 0; i < kLaneNodes; ++i) {
        const float free = cells[2 * c * kLaneNodes + i];
        const float scale = cells[(2 * c + 1) * kLaneNodes + i];
        for (int k = 0; k < kTogether; ++k)
          left[k][i] = with_column(left[k][i], asked[k][c], free, scale);
      }
    }
    for (int k = 0; k < kTogether; ++k) {
      for (int i = 0; i < kLaneNodes; ++i) {
        const std::int32_t mask = static_cast<std::int32_t>(left[k][i]) >> 31;
        const std::int32_t score = score_of(left[k][i], base[i], p.weight);
        const std::int32_t kept = (score & ~mask) | (kDoesNotFit & mask);
        out.score[k][node + i] = kept;
        best[k][i] = kept > best[k][i] ? kept : best[k][i];
        unfit[k][i] += mask;
      }
    }
  }
  for (int k = 0; k < kTogether; ++k) {
    out.best[k] = *std::max_element(best[k], best[k] + kLaneNodes);
    out.feasible[k] = kTileNodes + std::accumulate(unfit[k], unfit[k] + kLaneNodes, 0);
  }
}

FAIRLEAD_CLONES void score_tile(const ScoreProblem& p, const std::int32_t* requests,
                                std::int32_t tile, TileScores& out) {
  switch (p.columns) {
    case 2:
      return score_columns<2>(p, requests, tile, out);
    case 4:
      return score_columns<4>(p, requests, tile, out);
    case 8:
      return score_columns<8>(p, requests, tile, out);
    default:
      return score_columns<kMaxColumns>(p, requests, tile, out);
  }
}

// Keeps `keys` the top_k largest seen, best first.
void insert(std::uint64_t key, std::uint64_t* keys, std::int32_t top_k) {
  std::int32_t at = top_k - 1;
  for (; at > 0 && keys[at - 1] < key; --at) keys[at] = keys[at - 1];
  keys[at] = key;
}

void keep_best(const ScoreProblem& p, std::int32_t request, std::int32_t tile, std::int32_t best,
               const std::int32_t* scores) {
  std::uint64_t* const keys = p.keys + std::int64_t{request} * p.top_k;
  const std::int32_t* const row = p.row + std::int64_t{tile} * kTileNodes;
  std::uint64_t& last = keys[p.top_k - 1];
  if (key_of(best, row[0]) <= last) return;  // rows ascend, so no key of the tile is larger
  for (std::int32_t i = 0; i < kTileNodes; ++i) {
    if (scores[i] == kDoesNotFit) continue;
    const std::uint64_t key = key_of(scores[i], row[i]);
    if (key > last) insert(key, keys, p.top_k);
  }
}

// `requests` may name one twice to fill up; only the first `count` are kept.
void score_requests(const ScoreProblem& p, const std::int32_t* requests, int count,
                    std::int32_t tile) {
  TileScores out;
  score_tile(p, requests, tile, out);
  for (int k = 0; k < count; ++k) {
    if (out.feasible[k] == 0) continue;
    p.feasible[requests[k]] += out.feasible[k];
    keep_best(p, requests[k], tile, out.best[k], out.score[k]);
  }
}

void score_block(const ScoreProblem& p, std::int32_t first, std::int32_t last, std::int32_t tile) {
  std::int32_t together[kTogether];
  int count = 0;
  for (std::int32_t request = first; request < last; ++request) {
    if (!allows(p, request, tile)) continue;
    together[count++] = request;
    if (count < kTogether) continue;
    score_requests(p, together, kTogether, tile);
    count = 0;
  }
  if (count == 0) return;
  std::fill(together + count, together + kTogether, together[0]);
  score_requests(p, together, count, tile);
}

}  // namespace

void score_cpu(const ScoreProblem& p, const std::function<void()>& pause) {
  std::fill_n(p.keys, std::int64_t{p.requests} * p.top_k, 0);
  std::fill_n(p.feasible, p.requests, 0);
  for (std::int32_t first = 0; first < p.requests; first += kBlock) {
    const std::int32_t last = std::min(first + kBlock, p.requests);
    pause();
    for (std::int32_t tile = 0; tile < p.tiles; ++tile) score_block(p, first, last, tile);
  }
}

}  // namespace fairlead
