#include "prediction/features/sorted_lanes.hpp"

#include <algorithm>
#include <cstring>

#include "base/clones.hpp"

namespace fairlead {
namespace {

// As many lanes as a register holds: of wider vectors GCC makes memory, which costs many times as
// much.
using Two = double __attribute__((vector_size(2 * sizeof(double))));
#if FAIRLEAD_TARGETS
using Four = double __attribute__((vector_size(4 * sizeof(double))));
using Eight = double __attribute__((vector_size(8 * sizeof(double))));
#endif

// Copied, as a template does not keep that its type may alias others.
template <typename Lanes>
inline __attribute__((always_inline)) void take(const double* from, Lanes& lanes) {
  std::memcpy(&lanes, from, sizeof(Lanes));
}
template <typename Lanes>
inline __attribute__((always_inline)) void put(const Lanes& lanes, double* to) {
  std::memcpy(to, &lanes, sizeof(Lanes));
}

// Lanes `first` and following. With the leaving value taken out the place i holds r[i] = s[i] if
// that is below it, else s[i + 1]; with the entering value x put in, min(r[i], max(r[i - 1], x)).
// Nothing is searched or branched on.
template <typename Lanes>
inline __attribute__((always_inline)) void slide_lanes(int first, LaneRow* sorted,
                                                       std::int64_t window, const LaneSteps& moves,
                                                       std::span<const QuantilePlace> places,
                                                       LaneRow* out) {
  for (std::int64_t step = 0; step < moves.steps; ++step) {
    Lanes leaving, entering, here, next;
    take(moves.leaving[step].lane + first, leaving);
    take(moves.entering[step].lane + first, entering);
    take(sorted[0].lane + first, here);
    Lanes before = Lanes{} - formulas::kInfinity;
    for (std::int64_t i = 0; i < window; ++i) {
      take(sorted[i + 1].lane + first, next);
      const Lanes rest = here < leaving ? here : next;
      const Lanes above = before > entering ? before : entering;
      put(rest < above ? rest : above, sorted[i].lane + first);
      before = rest;
      here = next;
    }
    for (std::size_t q = 0; q < places.size(); ++q) {
      Lanes below, above;
      take(sorted[places[q].below].lane + first, below);
      take(sorted[places[q].above].lane + first, above);
      LaneRow& made = out[static_cast<std::int64_t>(q) * moves.steps + step];
      put(below + (above - below) * places[q].share, made.lane + first);
    }
  }
}

template <typename Lanes>
inline __attribute__((always_inline)) void slide(LaneRow* sorted, std::int64_t window,
                                                 const LaneSteps& moves,
                                                 std::span<const QuantilePlace> places,
                                                 LaneRow* out) {
  for (int first = 0; first < kSortedLanes;
       first += static_cast<int>(sizeof(Lanes) / sizeof(double)))
    slide_lanes<Lanes>(first, sorted, window, moves, places, out);
}

#if FAIRLEAD_TARGETS
__attribute__((target("avx512f"))) void slide_eight(LaneRow* sorted, std::int64_t window,
                                                    const LaneSteps& moves,
                                                    std::span<const QuantilePlace> places,
                                                    LaneRow* out) {
  slide<Eight>(sorted, window, moves, places, out);
}

__attribute__((target("avx2"))) void slide_four(LaneRow* sorted, std::int64_t window,
                                                const LaneSteps& moves,
                                                std::span<const QuantilePlace> places,
                                                LaneRow* out) {
  slide<Four>(sorted, window, moves, places, out);
}
#endif

}  // namespace

void slide_sorted(LaneRow* sorted, std::int64_t window, const LaneSteps& moves,
                  std::span<const QuantilePlace> places, LaneRow* out) {
#if FAIRLEAD_TARGETS
  if (__builtin_cpu_supports("avx512f")) return slide_eight(sorted, window, moves, places, out);
  if (__builtin_cpu_supports("avx2")) return slide_four(sorted, window, moves, places, out);
#endif
  slide<Two>(sorted, window, moves, places, out);
}

}  // namespace fairlead
