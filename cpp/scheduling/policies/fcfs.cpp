// First come, first served: every key is the same, so submission decides.
#include "scheduling/registry.hpp"

namespace fairlead {
namespace {

class Fcfs final : public Policy {
  double key(const Snapshot&, Row) const override { return 0; }
};

}  // namespace

PolicyPtr make_fcfs(const Params&) {
  return std::make_shared<Fcfs>();
}

}  // namespace fairlead
