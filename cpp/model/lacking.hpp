// What a job that does not fit lacks.
#pragma once

#include <string>
#include <vector>

#include "model/node_state.hpp"

namespace fairlead {

// The dimension that fails on the nodes as they are: the one whose own limit allows the fewest
// units. A resource by name, or `pool`, `gpu_type`, `nodes`, `gpu_memory_gib`. `requests`: what
// jobs ask.
std::string lacking_resource(const NodeState& nodes, const Shape& shape,
                             const std::vector<std::string>& requests);

}  // namespace fairlead
