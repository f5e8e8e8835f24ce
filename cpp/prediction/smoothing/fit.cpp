#include "prediction/smoothing/fit.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "prediction/smoothing/objective.hpp"
#include "prediction/smoothing/points.hpp"
#include "prediction/smoothing/search.hpp"
#include "prediction/smoothing/start.hpp"

namespace fairlead::smoothing {
namespace {

constexpr double kLeastShare = 1e-6;  // of the mean value

// Moves on until the next point is known, or nothing more is to be gained.
void step(Search<1>& search, const Layout& layout, std::int64_t count) {
  search.tell(layout, count);
  while (!search.settled()) {
    search.build(layout, {});
    for (int k = 0; k < layout.dense; ++k) search.eliminate(layout, k, {});
    search.settle(layout);
  }
}

// The fits of samples that get longer, side by side: a lane that has found its model goes on to the
// next sample.
class Fits {
 public:
  Fits(const Form& form, std::span<const Sample> samples, std::span<const Model> starts)
      : form_(form),
        layout_(layout_of(form)),
        samples_(samples),
        from_(starts),
        rooms_(kLanes * room()),
        starts_(kLanes * static_cast<std::size_t>(expansion_numbers(layout_))),
        models_(samples.size()) {
    for (const Sample& sample : samples) scales_.push_back(scale_of(sample));
  }

  std::vector<Model> run() {
    if (layout_.linear()) choose_starts();
    Objective objective(form_, samples_.back().values.size());
    std::array<Around*, kLanes> at{};
    std::size_t next = 0;
    for (;;) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if (at[lane] != nullptr && !has_ended(lane)) continue;
        if (at[lane] != nullptr) keep(lane);
        at[lane] = next < samples_.size() ? begin(objective, lane, next++) : nullptr;
      }
      if (std::ranges::all_of(at, [](const Around* each) { return each == nullptr; })) break;
      objective.expand(at);
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if (at[lane] == nullptr) continue;
        step(searches_[lane], layout_, count_of(samples_[of_[lane]]));
        ++taken_[lane];
      }
    }
    return std::move(models_);
  }

 private:
  std::size_t room() const { return static_cast<std::size_t>(Search<1>::numbers(layout_)); }

  void put_start_of(std::size_t sample, const Strided<1>& point) const {
    put_start(layout_, from_[sample], scales_[sample], point);
  }

  // For each sample the first weights with the smallest sum of squares.
  void choose_starts() {
    chosen_.assign(samples_.size(), -1);
    Objective objective(form_, samples_.back().values.size());
    for (std::size_t begin = 0; begin < samples_.size(); begin += kLanes) {
      const std::size_t count = std::min<std::size_t>(kLanes, samples_.size() - begin);
      std::array<Around, kLanes> first;
      std::array<Around*, kLanes> at{};
      for (std::size_t lane = 0; lane < count; ++lane) {
        const auto numbers = static_cast<std::size_t>(expansion_numbers(layout_));
        first[lane] = expansion_in<1>(layout_, starts_.data() + lane * numbers);
        at[lane] = &first[lane];
        objective.put(lane, samples_[begin + lane], scales_[begin + lane]);
        put_start_of(begin + lane, first[lane].point);
      }
      std::array<double, kLanes> least;
      least.fill(kInfinity);
      for (int which = 0; which < first_weights(layout_); ++which) {
        for (std::size_t lane = 0; lane < count; ++lane)
          set_first_weights(layout_, which, first[lane].point);
        const std::array<double, kLanes> squares = objective.squares(at);
        for (std::size_t lane = 0; lane < count; ++lane) {
          if (!(squares[lane] < least[lane])) continue;
          least[lane] = squares[lane];
          chosen_[begin + lane] = which;
        }
      }
    }
  }

  Around* begin(Objective& objective, std::size_t lane, std::size_t sample) {
    of_[lane] = sample;
    taken_[lane] = 0;
    objective.put(lane, samples_[sample], scales_[sample]);
    searches_[lane].begin(layout_, rooms_.data() + room() * lane);
    Around& asked = searches_[lane].asked();
    put_start_of(sample, asked.point);
    if (layout_.linear()) set_chosen_weights(layout_, chosen_[sample], asked.point);
    return &asked;
  }

  bool has_ended(std::size_t lane) const {
    return searches_[lane].done() || taken_[lane] == most_steps(layout_);
  }

  void keep(std::size_t lane) {
    const Around& best = searches_[lane].best();
    const double scale = scales_[of_[lane]];
    Model& model = models_[of_[lane]];
    model = model_at(layout_, best.point, scale);
    model.squares = best.squares * scale * scale;
    model.count = count_of(samples_[of_[lane]]);
  }

  const Form& form_;
  Layout layout_;
  std::span<const Sample> samples_;
  std::span<const Model> from_;
  std::vector<double> scales_;
  std::vector<int> chosen_;  // by sample: where its search starts
  std::array<Search<1>, kLanes> searches_;
  std::array<std::size_t, kLanes> of_{};  // sample
  std::array<int, kLanes> taken_{};       // steps
  std::vector<double> rooms_, starts_;
  std::vector<Model> models_;
};

std::vector<Model> fit_from(const Form& form, std::span<const Sample> samples,
                            const std::vector<Model>& starts) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return samples[i].values.size(); });
  std::vector<Sample> sorted;
  std::vector<Model> from;
  for (const std::size_t i : order) {
    sorted.push_back(samples[i]);
    from.push_back(starts[i]);
  }
  std::vector<Model> made = Fits(form, sorted, from).run();
  std::vector<Model> models(samples.size());
  for (std::size_t i = 0; i < order.size(); ++i) models[order[i]] = std::move(made[i]);
  return models;
}

}  // namespace

std::int64_t Model::parameters(const Form& form) const {
  std::int64_t free = 3;  // alpha, level and the variance
  if (form.trend) free += 2;
  if (form.damped) free += 1;
  for (const std::int64_t length : form.seasons) free += length;  // gamma, and one place is given
  return free;
}

bool is_positive(const Sample& sample) {
  return *std::ranges::min_element(sample.values) > kLeastShare * scale_of(sample);
}

std::int64_t fewest_values(const Form& form) {
  const std::int64_t states = form.trend ? 2 : 1;
  return form.seasons.empty() ? states + 4 : 2 * form.seasons.back() + states + 4;
}

std::vector<Model> fit(const Form& form, std::span<const Sample> samples,
                       std::span<const Model> sums) {
  if (samples.empty()) return {};
  if (!form.by_sums() && sums.empty()) return fit(form, samples, fit(form.with_sums(), samples));
  return fit_from_starts(form, samples, sums, [&](const std::vector<Model>& starts) {
    return fit_from(form, samples, starts);
  });
}

}  // namespace fairlead::smoothing
