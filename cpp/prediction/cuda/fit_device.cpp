#include "prediction/cuda/fit_device.hpp"

#include <algorithm>
#include <numeric>

#include "prediction/smoothing/objective.hpp"
#include "prediction/smoothing/points.hpp"
#include "prediction/smoothing/start.hpp"

namespace fairlead {
namespace {

using namespace smoothing;

// The arrays of a problem.
class Blocks {
 public:
  Blocks(const Form& form, std::span<const Sample> samples, const std::vector<Model>& starts)
      : layout_(layout_of(form)), order_(samples.size()) {
    // Shortest first: the series of a block are of similar length, and so are blocks side by side.
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return samples[i].values.size(); });
    const std::size_t blocks = (samples.size() + kFitLanes - 1) / kFitLanes;
    const std::size_t lanes = blocks * kFitLanes;
    length_.resize(lanes);
    count_.resize(lanes);
    scale_.resize(lanes, 1);
    squares_.resize(lanes);
    point_.resize(lanes * static_cast<std::size_t>(layout_.size));
    first_.push_back(0);
    for (std::size_t begin = 0; begin < samples.size(); begin += kFitLanes) {
      const std::size_t last = std::min(begin + kFitLanes, samples.size()) - 1;
      first_.push_back(first_.back() +
                       static_cast<std::int64_t>(samples[order_[last]].values.size()));
    }
    values_.resize(static_cast<std::size_t>(first_.back()) * kFitLanes);
    observed_.resize(values_.size());
    for (std::size_t at = 0; at < samples.size(); ++at)
      put(at, samples[order_[at]], starts[order_[at]]);
  }

  FitProblem problem() {
    return {layout_,          static_cast<std::int32_t>(first_.size() - 1),
            first_.data(),    values_.data(),
            observed_.data(), length_.data(),
            count_.data(),    point_.data(),
            squares_.data()};
  }

  // By sample.
  std::vector<Model> models() {
    std::vector<Model> made(order_.size());
    for (std::size_t at = 0; at < order_.size(); ++at) {
      Model& model = made[order_[at]];
      model = model_at(layout_, point(at), scale_[at]);
      model.squares = squares_[at] * scale_[at] * scale_[at];
      model.count = count_[at];
    }
    return made;
  }

 private:
  Strided<kFitLanes> point(std::size_t at) {
    const std::size_t block = at / kFitLanes;
    return {point_.data() + block * static_cast<std::size_t>(layout_.size) * kFitLanes +
            at % kFitLanes};
  }

  void put(std::size_t at, const Sample& sample, const Model& start) {
    scale_[at] = scale_of(sample);
    length_[at] = static_cast<std::int64_t>(sample.values.size());
    count_[at] = count_of(sample);
    put_start(layout_, start, scale_[at], point(at));
    std::size_t to = static_cast<std::size_t>(first_[at / kFitLanes]) * kFitLanes + at % kFitLanes;
    for (std::size_t t = 0; t < sample.values.size(); ++t, to += kFitLanes) {
      values_[to] = sample.values[t] / scale_[at];
      observed_[to] = sample.observed[t];
    }
  }

  Layout layout_;
  std::vector<std::size_t> order_;  // of samples
  std::vector<std::int64_t> first_, length_, count_;
  std::vector<double> values_, point_, squares_, scale_;
  std::vector<std::uint8_t> observed_;
};

}  // namespace

std::vector<Model> FitDevice::fit(const Form& form, std::span<const Sample> samples,
                                  std::span<const Model> sums) {
  if (samples.empty()) return {};
  if (!form.by_sums() && sums.empty()) return fit(form, samples, fit(form.with_sums(), samples));
  return fit_from_starts(form, samples, sums, [&](const std::vector<Model>& starts) {
    Blocks blocks(form, samples, starts);
    calls_.run(blocks.problem());
    return blocks.models();
  });
}

}  // namespace fairlead
