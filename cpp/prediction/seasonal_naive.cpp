// The values of one season ago: the forecast that others have to beat.
#include "prediction/forecaster.hpp"

namespace fairlead {
namespace {

class SeasonalNaive final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    return options.seasons.empty() ? past.size() + 1 : options.seasons.front();
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const std::int64_t season = options.seasons.front();
    for (std::size_t i = 0; i < origins.size(); ++i) {
      const double* last_season = past.values.data() + origins[i] - season;
      for (std::int64_t step = 0; step < options.horizon; ++step)
        out(i, step) = last_season[step % season];
    }
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_seasonal_naive() {
  return std::make_unique<SeasonalNaive>();
}

}  // namespace fairlead
