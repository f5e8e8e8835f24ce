// The jobs' own priority column, higher first.
#include "scheduling/registry.hpp"

namespace fairlead {
namespace {

class Priority final : public Policy {
  double key(const Snapshot& now, Row row) const override { return -now.job(row).priority; }
};

}  // namespace

PolicyPtr make_priority(const Params&) {
  return std::make_shared<Priority>();
}

}  // namespace fairlead
