#include "prediction/features/sorted_lanes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/clones.hpp"

namespace fairlead {
namespace {

// GCC and Clang take a row in one register where there are such, else in several.
using Lanes = double __attribute__((vector_size(sizeof(LaneRow)), may_alias));

}  // namespace

QuantilePlace quantile_place(double probability, std::int64_t count) {
  const double at = probability * static_cast<double>(count - 1);
  const double below = std::floor(at);
  const auto place = static_cast<std::int64_t>(below);
  return {place, std::min(place + 1, count - 1), at - below};
}

// With the leaving value taken out the place i holds r[i] = s[i] if that is below it, else s[i +
// 1]; with the entering value x put in, min(r[i], max(r[i - 1], x)). Nothing is searched or
// branched on.
FAIRLEAD_CLONES void slide_sorted(LaneRow* sorted, std::int64_t window, const LaneSteps& moves,
                                  std::span<const QuantilePlace> places, LaneRow* out) {
  auto* const rows = reinterpret_cast<Lanes*>(sorted);
  for (std::int64_t step = 0; step < moves.steps; ++step) {
    const Lanes leaving = *reinterpret_cast<const Lanes*>(moves.leaving + step);
    const Lanes entering = *reinterpret_cast<const Lanes*>(moves.entering + step);
    Lanes here = rows[0];
    Lanes before = Lanes{} - std::numeric_limits<double>::infinity();
    for (std::int64_t i = 0; i < window; ++i) {
      const Lanes next = rows[i + 1];
      const Lanes rest = here < leaving ? here : next;
      const Lanes above = before > entering ? before : entering;
      rows[i] = rest < above ? rest : above;
      before = rest;
      here = next;
    }
    for (std::size_t q = 0; q < places.size(); ++q) {
      const Lanes below = rows[places[q].below];
      reinterpret_cast<Lanes*>(out)[static_cast<std::int64_t>(q) * moves.steps + step] =
          below + (rows[places[q].above] - below) * places[q].share;
    }
  }
}

}  // namespace fairlead
