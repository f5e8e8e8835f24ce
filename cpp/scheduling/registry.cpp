#include "scheduling/registry.hpp"

#include <array>

#include "base/errors.hpp"
#include "base/names.hpp"

namespace fairlead {

PolicyPtr make_fcfs(const Params&);
PolicyPtr make_given(const Params&);
PolicyPtr make_ljf(const Params&);
PolicyPtr make_priority(const Params&);
PolicyPtr make_saf(const Params&);
PolicyPtr make_sjf(const Params&);
PolicyPtr make_weighted(const Params&);

namespace {

// A plain table rather than self-registration: ordered, greppable, and safe from the linker.
const std::array kOrders{
    OrderEntry{"fcfs", "first come, first served", make_fcfs, {}},
    OrderEntry{"sjf", "shortest estimate first", make_sjf, {}},
    OrderEntry{"ljf", "longest estimate first", make_ljf, {}},
    OrderEntry{"saf", "smallest estimate times dominant share first", make_saf, {}},
    OrderEntry{"priority", "highest priority column first", make_priority, {}},
    OrderEntry{"weighted",
               "highest alpha * estimate in hours + beta * urgency first",
               make_weighted,
               {{"alpha", 0.5}, {"beta", 0.5}}},
    OrderEntry{"given", "lowest given key first: for an order written in Python", make_given, {}},
};

constexpr std::array kPresets{
    PresetEntry{"fcfs", "strict order of arrival", "fcfs", Backfill::none, BackfillOrder::queue},
    PresetEntry{"sjf", "shortest estimate first; the first that does not fit blocks", "sjf",
                Backfill::none, BackfillOrder::queue},
    PresetEntry{"easy", "EASY backfill: one reservation, for the head of the queue", "fcfs",
                Backfill::easy, BackfillOrder::queue},
    PresetEntry{"easy_sjbf", "EASY with the shortest candidates backfilled first", "fcfs",
                Backfill::easy, BackfillOrder::shortest},
};

constexpr std::array<std::pair<std::string_view, Backfill>, 3> kBackfills{
    {{"none", Backfill::none}, {"first_fit", Backfill::first_fit}, {"easy", Backfill::easy}}};
constexpr std::array<std::pair<std::string_view, BackfillOrder>, 2> kBackfillOrders{
    {{"queue", BackfillOrder::queue}, {"shortest", BackfillOrder::shortest}}};
constexpr std::array<std::pair<std::string_view, Correction>, 3> kCorrections{
    {{"doubling", Correction::doubling},
     {"limit", Correction::limit},
     {"stepwise", Correction::stepwise}}};

[[noreturn]] void unknown(std::string_view what, std::string_view got, const std::string& known) {
  throw InvalidInput(std::string(what) + " must be one of " + known + "; got '" + std::string(got) +
                     "'");
}

template <typename Table>
auto find(const Table& table, std::string_view what, std::string_view name) {
  for (const auto& [key, value] : table) {
    if (key == name) return value;
  }
  unknown(what, name, listed(table, [](const auto& e) { return e.first; }));
}

template <typename Table, typename Value>
std::string_view name_in(const Table& table, Value wanted) {
  for (const auto& [key, value] : table) {
    if (value == wanted) return key;
  }
  return "";
}

}  // namespace

std::span<const OrderEntry> orders() {
  return kOrders;
}
std::span<const PresetEntry> presets() {
  return kPresets;
}

PolicyPtr make_order(std::string_view name, const Params& params) {
  for (const OrderEntry& entry : kOrders) {
    if (entry.name != name) continue;
    Params filled;
    for (const auto& [key, value] : entry.params) filled.emplace(key, value);
    for (const auto& [key, value] : params) {
      if (!filled.contains(key)) {
        const std::string known = listed(entry.params, [](const auto& p) { return p.first; });
        throw InvalidInput("order '" + std::string(name) + "' has no parameter '" + key +
                           "'; it takes " + (known.empty() ? "none" : known));
      }
      filled[key] = value;
    }
    return entry.make(filled);
  }
  unknown("order", name, listed(kOrders, &OrderEntry::name));
}

double param(const Params& params, const char* name) {
  return params.at(name);
}

std::string_view name_of(Backfill backfill) {
  return name_in(kBackfills, backfill);
}
std::string_view name_of(BackfillOrder order) {
  return name_in(kBackfillOrders, order);
}
Backfill backfill_named(std::string_view name) {
  return find(kBackfills, "backfill", name);
}
BackfillOrder backfill_order_named(std::string_view name) {
  return find(kBackfillOrders, "backfill_order", name);
}
Correction correction_named(std::string_view name) {
  return find(kCorrections, "correction", name);
}

}  // namespace fairlead
