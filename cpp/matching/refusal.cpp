#include "matching/refusal.hpp"

#include <algorithm>

#include "model/lacking.hpp"

namespace fairlead {

void Refusals::refuse(std::size_t job, const Shape& shape, const NodeState& now,
                      Matching& matching) {
  if (!known(shape)) {
    const bool infeasible = shape.lacking >= 0 || !idle_.fits(shape);
    const std::string reason =
        infeasible ? "infeasible:" + lacking_resource(idle_, shape, jobs_.resources())
                   : "resources:" + lacking_resource(now, shape, jobs_.resources());
    const auto at = std::ranges::find(matching.reasons, reason);
    reason_[shape.index] = static_cast<std::int32_t>(at - matching.reasons.begin());
    if (at == matching.reasons.end()) matching.reasons.push_back(reason);
    status_[shape.index] = infeasible ? MatchStatus::infeasible : MatchStatus::unplaced;
  }
  matching.reason[job] = reason_[shape.index];
  matching.status[job] = status_[shape.index];
}

}  // namespace fairlead
