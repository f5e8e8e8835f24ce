// A network trained once on the demand of other clusters: what usually comes after a past like this
// one, where a past of its own is too short to tell.
//
// One hidden layer, shared by all series, steps and lengths of season. (Models across series:
// Montero-Manso and Hyndman, International Journal of Forecasting 37(4), 2021. Such a model with
// another's data only: Oreshkin et al., AAAI 2021.) scripts/pretrain made its weights.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/clones.hpp"
#include "prediction/forecaster.hpp"
#include "prediction/pretrained/inputs.hpp"
#include "prediction/pretrained/weights.hpp"

namespace fairlead {
namespace {

using network::kHiddenUnits;

constexpr std::size_t kLanes = 16;  // steps side by side

using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

// In deviations of the training set, as far as that reached.
float standard(double input, std::size_t i) {
  const auto deviations =
      (static_cast<float>(input) - network::kCentre[i]) * network::kPerDeviation[i];
  return std::clamp(deviations, -network::kReach, network::kReach);
}

// What is the same for all steps of an origin.
struct Shared {
  std::array<float, kHiddenUnits> hidden = network::kHiddenBias;
  std::array<float, 2> out = network::kBias;
};

FAIRLEAD_CLONES Shared shared_by_steps(std::span<const double, kOriginInputs> inputs) {
  Shared sums;
  for (std::size_t i = 0; i < kOriginInputs; ++i) {
    const float input = standard(inputs[i], i);
    for (std::size_t unit = 0; unit < kHiddenUnits; ++unit)
      sums.hidden[unit] += network::kToHidden[i][unit] * input;
    for (std::size_t to = 0; to < 2; ++to) sums.out[to] += network::kDirect[to][i] * input;
  }
  return sums;
}

// Of several steps: both outputs.
FAIRLEAD_CLONES void outputs(const Shared& shared, const std::array<Lanes, kStepInputs>& inputs,
                             std::array<Lanes, 2>& out) {
  constexpr auto& to_hidden = network::kToHidden;
  Lanes share = Lanes{} + shared.out[0], rest = Lanes{} + shared.out[1];
  for (std::size_t i = 0; i < kStepInputs; ++i) {
    share += network::kDirect[0][kOriginInputs + i] * inputs[i];
    rest += network::kDirect[1][kOriginInputs + i] * inputs[i];
  }
  for (std::size_t unit = 0; unit < kHiddenUnits; ++unit) {
    Lanes signal = Lanes{} + shared.hidden[unit];
    for (std::size_t i = 0; i < kStepInputs; ++i)
      signal += to_hidden[kOriginInputs + i][unit] * inputs[i];
    signal = signal > 0 ? signal : Lanes{};
    share += network::kFromHidden[0][unit] * signal;
    rest += network::kFromHidden[1][unit] * signal;
  }
  out = {share, rest};
}

// From 0 to 1.
double share(float output) {
  const double distance = output;
  return 0.5 + 0.5 * distance / (1 + std::abs(distance));
}

class Pretrained final : public Forecaster {
 public:
  std::int64_t first_origin(const Past& past, const ForecastOptions& options) const override {
    if (options.seasons.empty()) return past.size() + 1;
    return NetworkInputs::first_origin(options.seasons.front());
  }

  void forecast(const Past& past, const ForecastOptions& options,
                std::span<const std::int64_t> origins, ByOriginAndStep& out) const override {
    const NetworkInputs inputs(past.values, options.seasons, options.horizon);
    NetworkInputs::Steps of_steps(static_cast<Eigen::Index>(kStepInputs), options.horizon);
    for (std::size_t i = 0; i < origins.size(); ++i)
      forecast(inputs, origins[i], of_steps, out.row(static_cast<Eigen::Index>(i)));
  }

 private:
  // From the last value, in units: a share of the usual change, and what else is to be expected.
  static void forecast(const NetworkInputs& inputs, std::int64_t origin,
                       NetworkInputs::Steps& of_steps, Eigen::Ref<Eigen::RowVectorXd> out) {
    const double last = inputs.last(origin);
    const double unit = inputs.unit(origin);
    if (!(unit > 0)) {
      out.setConstant(last);
      return;
    }
    std::array<double, kOriginInputs> of_origin;
    inputs.of_origin(origin, of_origin);
    const Shared shared = shared_by_steps(of_origin);
    inputs.of_steps(origin, of_steps);
    for (Eigen::Index begin = 0; begin < out.size(); begin += kLanes) {
      const auto steps = std::min<Eigen::Index>(kLanes, out.size() - begin);
      std::array<Lanes, kStepInputs> lanes{};
      for (std::size_t i = 0; i < kStepInputs; ++i) {
        for (Eigen::Index lane = 0; lane < steps; ++lane)
          lanes[i][lane] =
              standard(of_steps(static_cast<Eigen::Index>(i), begin + lane), kOriginInputs + i);
      }
      std::array<Lanes, 2> made;
      outputs(shared, lanes, made);
      for (Eigen::Index lane = 0; lane < steps; ++lane) {
        const double usual = of_steps(kUsualChange, begin + lane);
        const double moved = share(made[0][lane]) * usual + static_cast<double>(made[1][lane]);
        out[begin + lane] = std::max(last + unit * moved, 0.0);
      }
    }
  }
};

}  // namespace

std::unique_ptr<Forecaster> make_pretrained() {
  return std::make_unique<Pretrained>();
}

}  // namespace fairlead
