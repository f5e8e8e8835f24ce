// Smallest area first: estimate times dominant share (Carastan-Santos et al., CCGrid 2019).
#include "scheduling/registry.hpp"

namespace fairlead {
namespace {

class Saf final : public Policy {
  KeyUse key_use() const override { return KeyUse::on_event; }
  bool plans() const override { return true; }
  double key(const Snapshot& now, Row row) const override {
    return static_cast<double>(now.job(row).estimate.ns) * now.dominant_share(row);
  }
};

}  // namespace

PolicyPtr make_saf(const Params&) {
  return std::make_shared<Saf>();
}

}  // namespace fairlead
