#include "prediction/lasting_shift.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace fairlead {
namespace {

constexpr Eigen::Index kParts = 9;   // of the origins; the first third only teaches
constexpr Eigen::Index kSteps = 8;   // looked at, about
constexpr std::size_t kEnough = 20;  // errors, before a median is worth anything
// Share of the absolute error. Of 0.02, 0.03 and 0.05 on cluster demand before its last weeks, M4's
// training part, ETTh1 and Venus before September: 0.02 takes 6 to 10 % from the last and costs the
// others 1.1 % at most.
constexpr double kWorth = 0.02;

class Errors {
 public:
  Errors(const ByOriginAndStep& errors, std::span<const std::int64_t> origins, std::int64_t known)
      : errors_(errors),
        origins_(origins),
        known_(known),
        every_((errors.cols() + kSteps - 1) / kSteps) {}

  // Calls `use` with every error of the origins [begin, end) whose outcome is known at `now`.
  template <typename Use>
  void each(Eigen::Index begin, Eigen::Index end, std::int64_t now, Use use) const {
    for (Eigen::Index row = begin; row < end; ++row) {
      const auto steps = std::min<Eigen::Index>(errors_.cols(), now - origins_[row]);
      for (Eigen::Index step = 0; step < steps; step += every_) {
        if (!std::isnan(errors_(row, step))) use(errors_(row, step));
      }
    }
  }

  // 0 where too few are known.
  double median(Eigen::Index end, std::int64_t now) const {
    std::vector<double> values;
    each(0, end, now, [&](double error) { values.push_back(error); });
    if (values.size() < kEnough) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
  }

  double loss(Eigen::Index begin, Eigen::Index end, double shift) const {
    double sum = 0;
    each(begin, end, known_, [&](double error) { sum += std::abs(error - shift); });
    return sum;
  }

 private:
  const ByOriginAndStep& errors_;
  std::span<const std::int64_t> origins_;
  std::int64_t known_;
  Eigen::Index every_;
};

}  // namespace

bool has_lasting_shift(const ByOriginAndStep& errors, std::span<const std::int64_t> origins,
                       std::int64_t known) {
  const Errors all(errors, origins, known);
  const Eigen::Index rows = errors.rows();
  double as_it_is = 0, moved = 0;
  for (Eigen::Index part = kParts / 3; part < kParts; ++part) {
    const Eigen::Index begin = part * rows / kParts, end = (part + 1) * rows / kParts;
    if (begin == end) continue;
    as_it_is += all.loss(begin, end, 0);
    moved += all.loss(begin, end, all.median(begin, std::min(origins[begin], known)));
  }
  return moved < as_it_is * (1 - kWorth);
}

}  // namespace fairlead
