#include "prediction/smoothing/tracker.hpp"

#include <algorithm>

#include "prediction/smoothing/recurrence.hpp"

namespace fairlead::smoothing {

double Tracker::observe(double value) {
  Model& m = model_;
  double none_1 = 0, none_2 = 0;
  double& season_1 = form_->seasons.empty() ? none_1 : place(0);
  double& season_2 = form_->seasons.size() < 2 ? none_2 : place(1);
  const auto moved = form_->season == Joins::by_factor ? step<true, 1, true> : step<true, 2>;
  const double error = moved(value, m.alpha, m.beta, m.phi, m.gamma[0], m.gamma[1], m.level,
                             m.trend, season_1, season_2);
  ++time_;
  return error;
}

void Tracker::forecast(std::span<double> out) const {
  double base = model_.level;
  double trend = model_.trend;
  for (std::size_t ahead = 0; ahead < out.size(); ++ahead) {
    trend *= model_.phi;
    base += trend;
    double value = base;
    const std::int64_t time = time_ + static_cast<std::int64_t>(ahead);
    for (std::size_t k = 0; k < form_->seasons.size(); ++k) {
      const double place = model_.season[k][static_cast<std::size_t>(time % form_->seasons[k])];
      value = form_->season == Joins::by_factor ? value * place : value + place;
    }
    out[ahead] = std::max(value, 0.0);
  }
}

}  // namespace fairlead::smoothing
