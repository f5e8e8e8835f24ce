// Which node a task goes to: the one table of placement rules (docs/semantics.md, Fitting).
#pragma once

#include <array>
#include <string_view>

namespace fairlead {

enum class Placement { first_fit, best_fit, worst_fit, balanced, consolidated };

struct PlacementRule {
  std::string_view name;
  Placement rule;
  std::string_view description;
};

inline constexpr std::array<PlacementRule, 5> kPlacements{{
    {"first_fit", Placement::first_fit, "the lowest row that fits"},
    {"best_fit", Placement::best_fit,
     "the node with the smallest largest free share after placing"},
    {"worst_fit", Placement::worst_fit,
     "the node with the largest largest free share after placing"},
    {"balanced", Placement::balanced, "the node with the smallest load ratio before placing"},
    {"consolidated", Placement::consolidated,
     "the node that holds most of the tasks still to place, then one already in use"},
}};

Placement placement_named(std::string_view name);

}  // namespace fairlead
