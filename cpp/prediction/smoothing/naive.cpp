// The last value: the forecast to beat where there is no season.
#include "prediction/forecaster.hpp"

namespace fairlead {
namespace {

class Naive final : public Forecaster {
 public:
  std::int64_t first_origin(const Past&, const ForecastOptions&) const override { return 1; }

  void forecast(const Past& past, const ForecastOptions&, std::span<const std::int64_t> origins,
                ByOriginAndStep& out) const override {
    for (std::size_t i = 0; i < origins.size(); ++i)
      out.row(static_cast<Eigen::Index>(i)).setConstant(past.values[origins[i] - 1]);
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_naive() {
  return std::make_unique<Naive>();
}

}  // namespace fairlead
