// The tables of orders and presets. A new order is one file in policies/ and one line here.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "scheduling/policy.hpp"

namespace fairlead {

enum class Backfill { none, first_fit, easy };
enum class BackfillOrder { queue, shortest };
// How the estimate of a job that has outrun it is moved.
enum class Correction { doubling, limit, stepwise };

struct OrderEntry {
  std::string_view name;
  std::string_view description;
  PolicyPtr (*make)(const Params&);
  std::vector<std::pair<std::string_view, double>> params;  // names with defaults
};

struct PresetEntry {
  std::string_view name;
  std::string_view description;
  std::string_view order;
  Backfill backfill;
  BackfillOrder backfill_order;
};

std::span<const OrderEntry> orders();
std::span<const PresetEntry> presets();

// The order of that name; unknown names and parameters are errors that list the known ones.
PolicyPtr make_order(std::string_view name, const Params& params);

// A parameter that make_order() has filled in.
double param(const Params& params, const char* name);

std::string_view name_of(Backfill backfill);
std::string_view name_of(BackfillOrder order);
Backfill backfill_named(std::string_view name);
BackfillOrder backfill_order_named(std::string_view name);
Correction correction_named(std::string_view name);

}  // namespace fairlead
