// How like the present the past was: what errors made then tell about the next one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/history.hpp"

namespace fairlead {

// Of each value but the last, the present one: a weight by how many ranks lie between the two.
// Equal values share a rank, the one in their middle.
std::vector<double> nearness(std::span<const double> values);

// How far the values moved from step to step before each origin: the mean over the last eighth of
// the shortest season, or three steps where there is none. (Windows of a twelfth to a third do as
// well, a half and more does not.)
std::vector<double> unrest(const Past& past, std::span<const std::int64_t> origins,
                           std::span<const std::int64_t> seasons);

}  // namespace fairlead
