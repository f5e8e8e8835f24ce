// Smallest area first: estimate times dominant share (Carastan-Santos et al., CCGrid 2019).
#include "scheduling/registry.hpp"

namespace fairlead {
namespace {

class Saf final : public Policy {
  KeyUse key_use() const override { return KeyUse::on_event; }
  bool plans() const override { return true; }
  double key(const Snapshot& now, Row row) const override {
    const std::int64_t estimate = now.job(row).estimate.ns;
    // A share of what no node declares is infinite, and 0 times that is not a number.
    return estimate == 0 ? 0 : static_cast<double>(estimate) * now.dominant_share(row);
  }
};

}  // namespace

PolicyPtr make_saf(const Params&) {
  return std::make_shared<Saf>();
}

}  // namespace fairlead
