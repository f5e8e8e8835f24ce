// The documents' P = alpha*T + beta*E, higher first: T the estimate in hours, E the urgency.
// A positive alpha favours long jobs; shortest first is a negative one.
#include "scheduling/registry.hpp"

namespace fairlead {
namespace {

constexpr double kHour = 3.6e12;

class Weighted final : public Policy {
 public:
  Weighted(double alpha, double beta) : alpha_(alpha), beta_(beta) {}
  KeyUse key_use() const override { return KeyUse::on_event; }
  bool plans() const override { return true; }
  double key(const Snapshot& now, Row row) const override {
    const JobSpec& job = now.job(row);
    const double hours = static_cast<double>(job.estimate.ns) / kHour;
    return -(alpha_ * hours + beta_ * job.urgency);
  }

 private:
  double alpha_, beta_;
};

}  // namespace

PolicyPtr make_weighted(const Params& params) {
  return std::make_shared<Weighted>(param(params, "alpha"), param(params, "beta"));
}

}  // namespace fairlead
