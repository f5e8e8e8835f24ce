// From specifications of features to the steps a device takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prediction/cuda/feature_problem.hpp"
#include "prediction/features/spec.hpp"

namespace fairlead {

// Whether a device has a part in it. Quantiles of long windows and of all values so far have none:
// they are counted in a tree value by value.
bool is_for_device(const FeatureSpec& spec);

struct FeaturePlan {
  std::vector<FeatureStep> steps;
  std::int32_t slots = 0;
};

// Of the specifications, those over windows; column i is specs[i]. Row 0 is what is known at
// `first_origin`.
FeaturePlan plan_windows(std::span<const FeatureSpec> specs, std::int64_t first_origin);

// Of the specifications, those over all values so far, equally or exponentially weighted.
FeaturePlan plan_running(std::span<const FeatureSpec> specs, std::int64_t first_origin);

}  // namespace fairlead
