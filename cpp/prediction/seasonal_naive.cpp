// The values of one season ago, the shortest or the longest: what others have to beat.
#include "prediction/forecaster.hpp"

namespace fairlead {
namespace {

class SeasonalNaive final : public Forecaster {
 public:
  explicit SeasonalNaive(bool longest) : longest_(longest) {}

  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    const std::size_t fewest = longest_ ? 2 : 1;
    return options.seasons.size() < fewest ? past.size() + 1 : season_of(options);
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const std::int64_t season = season_of(options);
    for (std::size_t i = 0; i < origins.size(); ++i) {
      const double* last_season = past.values.data() + origins[i] - season;
      for (std::int64_t step = 0; step < options.horizon; ++step)
        out(i, step) = last_season[step % season];
    }
  }

 private:
  std::int64_t season_of(const ForecastOptions& options) const {
    return longest_ ? options.seasons.back() : options.seasons.front();
  }

  bool longest_;
};

}  // namespace

std::unique_ptr<Forecaster> make_seasonal_naive() {
  return std::make_unique<SeasonalNaive>(false);
}
std::unique_ptr<Forecaster> make_long_seasonal_naive() {
  return std::make_unique<SeasonalNaive>(true);
}

}  // namespace fairlead
