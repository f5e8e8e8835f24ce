// Longest job first, by estimate.
#include "scheduling/registry.hpp"

namespace fairlead {
namespace {

class Ljf final : public Policy {
  KeyUse key_use() const override { return KeyUse::on_event; }
  bool plans() const override { return true; }
  double key(const Snapshot& now, Row row) const override {
    return -static_cast<double>(now.job(row).estimate.ns);
  }
};

}  // namespace

PolicyPtr make_ljf(const Params&) {
  return std::make_shared<Ljf>();
}

}  // namespace fairlead
