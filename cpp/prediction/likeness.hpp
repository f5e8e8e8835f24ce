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

// How much an error from each origin but the last tells about which model to believe at the last: a
// model that is right in the evening need not be in the morning, and where demand is far above its
// mean some follow it down and others stay. So an error counts more the nearer its origin lies in
// the shortest season, and the nearer its last value lay to the mean of the season before it as the
// present one does. On the sets named in combination.hpp the first takes 0.7 % from the error, the
// second as much again. (Reaches of 0.1 to 0.3 of a season do as well, and least weights of 0.03 to
// 0.3. The unrest, the last value itself, its distance from that of a season ago or the week's mean
// do less in place of the distance from the mean, and nothing beside it.)
std::vector<double> ranking_weights(const Past& past, std::span<const std::int64_t> origins,
                                    std::span<const std::int64_t> seasons);

// How much an error from each origin but the last tells about the size of those to come: more the
// nearer the unrest before it lies to the present one, since unsteady times last. That is taken
// times the sum of a half and the weight above. (On the sets named in ErrorBands the unrest lowers
// the pinball loss by up to 2.5 % and 0.7 % as a mean; on those of combination.hpp the others do by
// up to 1 %, 0.2 % as a mean.)
std::vector<double> size_weights(const Past& past, std::span<const std::int64_t> origins,
                                 std::span<const std::int64_t> seasons);

}  // namespace fairlead
