// Many independent simulations on several threads; each ends as it would alone.
#pragma once

#include <functional>
#include <span>

#include "scheduling/simulation.hpp"

namespace fairlead {

// Runs each up to and including `until`. `pause` is called now and then, in the calling thread,
// with the share of simulations done; if it throws, the rest is left between two instants and the
// exception goes on. So does the first one that a simulation throws.
void run_all(std::span<Simulation* const> simulations, Time until, unsigned threads,
             const std::function<void(double)>& pause);

}  // namespace fairlead
