// What each thread does for a block of fits: the body of the kernel, which the tests run on the CPU
// as well.
//
// A block has kFitLanes series, one a lane, and kFitWorkers workers a series: a warp is one worker
// of all lanes, so that its threads do the same at the same time, and what they read and write by
// time lies side by side. The workers of a series share the runs of the recurrence, then the sums
// of products, then the columns of the solution, with a barrier after each. Every number comes from
// one worker by the same operations in the same order as on the CPU (smoothing::Objective); a trend
// that a form lacks is 0 and stays so.
#pragma once

#include <cstdint>

#include "prediction/cuda/fit_problem.hpp"
#include "prediction/smoothing/recurrence.hpp"
#include "prediction/smoothing/relative.hpp"
#include "prediction/smoothing/search.hpp"

namespace fairlead {

// Where the parts of a lane's scratch memory begin, in numbers; those of a lane are kFitLanes
// apart.
struct FitRoom {
  // Errors, their derivatives, and the late response of a dense season or 1 / forecast.
  std::int64_t columns;
  std::int64_t response;  // of each season
  std::int64_t rings;     // the seasons of each run, and of each worker's run
  std::int64_t inner, shifted, squares, search;
  std::int64_t size;

  FAIRLEAD_BOTH FitRoom(const smoothing::Layout& layout, std::int64_t steps) {
    const std::int64_t width = layout.derivatives() + 2;
    const std::int64_t places = layout.places[0] + layout.places[1];
    columns = 0;
    response = columns + width * steps;
    rings = response + layout.seasons * steps;
    const std::int64_t runs = width + layout.seasons;
    inner = rings + (runs > kFitWorkers ? runs : kFitWorkers) * places;
    shifted = inner + width * width;
    squares = shifted + width * places;
    search = squares + smoothing::first_weights(layout);
    size = search + smoothing::Search<kFitLanes>::numbers(layout);
  }
};

template <int kSeasons, bool kFactors = false>
class FitLane {
  using Numbers = smoothing::Strided<kFitLanes>;
  using Search = smoothing::Search<kFitLanes>;

 public:
  // `scratch`: of the block; `steps`: the most of any of its series, or more.
  FAIRLEAD_BOTH FitLane(const FitProblem& problem, std::int32_t block, int lane, std::int64_t steps,
                        double* scratch, Search& search, smoothing::Worker worker)
      : layout_(problem.layout),
        room_(problem.layout, steps),
        steps_(steps),
        worker_(worker),
        search_(&search),
        scratch_(scratch + lane) {
    const std::int64_t at = std::int64_t{block} * kFitLanes + lane;
    const std::int64_t row = problem.first[block] * kFitLanes + lane;
    values_ = problem.values + row;
    observed_ = problem.observed + row;
    length_ = problem.length[at];
    count_ = problem.count[at];
    point_.at = problem.point + std::int64_t{block} * layout_.size * kFitLanes + lane;
    squares_ = problem.squares + at;
  }

  FAIRLEAD_BOTH bool searches() const { return !search_->done(); }
  FAIRLEAD_BOTH bool solves() const { return !search_->settled(); }

  FAIRLEAD_BOTH void begin() {
    if (worker_.index != 0) return;
    search_->begin(layout_, scratch_ + room_.search * kFitLanes);
    for (int i = 0; i < layout_.size; ++i) search_->asked().point[i] = point_[i];
    if (length_ == 0) search_->skip();
  }

  // The sums of squares from where the search may start. With factors it starts where it is put.
  FAIRLEAD_BOTH void try_starts() {
    if (!searches() || !layout_.linear()) return;
    const Numbers out = numbers(room_.squares);
    for (int which = worker_.index; which < smoothing::first_weights(layout_);
         which += worker_.count) {
      double own[smoothing::kMostWeights];
      smoothing::set_chosen_weights(layout_, which, own);
      double sum = 0;
      run(smoothing::weights_at(layout_, own), moved(-1), kErrors, ring(worker_.index),
          [&](std::int64_t, double error, double scored) {
            error *= scored;
            sum += error * error;
          });
      out[which] = sum;
    }
  }

  FAIRLEAD_BOTH void choose_start() {
    if (worker_.index != 0 || !searches() || !layout_.linear()) return;
    const Numbers squares = numbers(room_.squares);
    int chosen = -1;
    double least = smoothing::kInfinity;
    for (int which = 0; which < smoothing::first_weights(layout_); ++which) {
      if (!(squares[which] < least)) continue;
      least = squares[which];
      chosen = which;
    }
    smoothing::set_chosen_weights(layout_, chosen, search_->asked().point);
  }

  // The errors, at the point and beside it by each weight, and the responses to the first states.
  FAIRLEAD_BOTH void run_all() {
    if (!searches()) return;
    const int columns = layout_.derivatives() + 1;
    const int differences = layout_.differences();
    for (int i = worker_.index; i < columns + layout_.shifted(); i += worker_.count) {
      const Moved there = moved(i <= differences ? i - 1 : -1);
      const int from = i <= differences ? kErrors : i - differences - 1 + kLevel;
      const bool weighed = i < columns && !layout_.relative;
      const Numbers out = i < columns ? column(i) : response(i - columns);
      run(smoothing::weights_at(layout_, there), there, i < columns ? from : kSeason + i - columns,
          ring(i), [&](std::int64_t t, double error, double scored) {
            out[t] = weighed ? error * scored : error;
          });
    }
  }

  // From errors beside the point to derivatives; and the response of a dense season's last place.
  FAIRLEAD_BOTH void difference() {
    if (!searches()) return;
    const Numbers base = column(0);
    for (int unknown = worker_.index; unknown < layout_.differences(); unknown += worker_.count) {
      const Moved there = moved(unknown);
      const double inverse = 1 / (there[unknown] - search_->asked().point[unknown]);
      const Numbers out = column(unknown + 1);
      for (std::int64_t t = 0; t < length_; ++t) out[t] = (out[t] - base[t]) * inverse;
    }
    if (layout_.shifted() > 0 && layout_.is_dense(0) && worker_.index == worker_.count - 1) {
      const std::int64_t late = layout_.places[0] - 1;
      const Numbers from = response(0), out = column(layout_.derivatives() + 1);
      for (std::int64_t t = 0; t < length_; ++t)
        out[t] = t < late ? 0 : from[t - late] * observed(t);
    }
  }

  // Of relative errors, in three parts: the shares, their derivatives, and both times the mean.
  FAIRLEAD_BOTH void divide() {
    if (worker_.index != 0 || !searches()) return;
    const Numbers errors = column(0), inverse = column(layout_.derivatives() + 1);
    Forecasts made;
    for (std::int64_t t = 0; t < length_; ++t) {
      inverse[t] = made.share(values_[t * kFitLanes] - errors[t], observed(t));
      errors[t] *= inverse[t];
    }
    numbers(room_.squares)[0] = made.mean(count_);
  }

  FAIRLEAD_BOTH void derive() {
    if (!searches()) return;
    const Numbers shares = column(0), inverse = column(layout_.derivatives() + 1);
    const double mean = numbers(room_.squares)[0];
    for (int i = worker_.index + 1; i <= layout_.derivatives(); i += worker_.count) {
      const Numbers out = column(i);
      double sum = 0;
      for (std::int64_t t = 0; t < length_; ++t) {
        out[t] *= inverse[t];
        sum += out[t];
      }
      sum /= static_cast<double>(count_);
      for (std::int64_t t = 0; t < length_; ++t)
        out[t] = mean * ((1 + shares[t]) * out[t] - shares[t] * sum);
    }
  }

  FAIRLEAD_BOTH void scale() {
    if (worker_.index != 0 || !searches()) return;
    const Numbers shares = column(0);
    for (std::int64_t t = 0; t < length_; ++t) shares[t] *= numbers(room_.squares)[0];
  }

  FAIRLEAD_BOTH void multiply() {
    if (!searches()) return;
    const int columns = layout_.derivatives() + 1;
    int part = 0;
    for (int left = 0; left < columns; left += kTile) {
      for (int right = left; right < columns; right += kTile) {
        if (part++ % worker_.count == worker_.index) multiply_columns(left, right);
      }
    }
    for (int k = 0; k < layout_.shifted(); ++k) {
      for (int place = 0; place < layout_.places[k]; place += kTile) {
        for (int left = 0; left < smoothing::width_of(layout_, k); left += kTile) {
          if (part++ % worker_.count == worker_.index) multiply_late(k, place, left);
        }
      }
    }
  }

  FAIRLEAD_BOTH void fill() {
    if (!searches()) return;
    smoothing::Products<kFitLanes> sums{};
    sums.inner = numbers(room_.inner);
    sums.length = length_;
    for (int k = 0; k < layout_.shifted(); ++k) {
      sums.shifted[k] = shifted(k);
      sums.response[k] = response(k);
    }
    smoothing::fill(layout_, sums, worker_, search_->asked());
  }

  FAIRLEAD_BOTH void tell() {
    if (worker_.index == 0 && searches()) search_->tell(layout_, count_);
  }
  FAIRLEAD_BOTH void build() {
    if (solves()) search_->build(layout_, worker_);
  }
  FAIRLEAD_BOTH void eliminate(int k) {
    if (solves()) search_->eliminate(layout_, k, worker_);
  }
  FAIRLEAD_BOTH void settle() {
    if (worker_.index == 0 && solves()) search_->settle(layout_);
  }

  FAIRLEAD_BOTH void finish() {
    if (length_ == 0 || worker_.index != 0) return;
    for (int i = 0; i < layout_.size; ++i) point_[i] = search_->best().point[i];
    *squares_ = search_->best().squares;
  }

 private:
  static constexpr int kTile = 4;   // columns of a side of a tile of products
  static constexpr int kAhead = 4;  // steps whose values are on their way at the same time
  // What a run starts from: the point, or 1 in one state and 0 in all others.
  enum From : int { kErrors, kLevel, kTrendState, kSeason };

  // The point with one of its unknowns moved; -1: none.
  struct Moved {
    Numbers point;
    int unknown;
    double value;

    FAIRLEAD_BOTH double operator[](std::int64_t i) const {
      return i == unknown ? value : point[i];
    }
  };

  FAIRLEAD_BOTH Moved moved(int unknown) const {
    const Numbers point = search_->asked().point;
    const double at = unknown < 0 ? 0 : point[unknown];
    return {point, unknown, unknown < 0 ? 0 : at + smoothing::difference_at(layout_, unknown, at)};
  }

  // What relative errors need of all forecasts.
  struct Forecasts {
    double fraction = 1, least = 1;
    std::int64_t power = 0;

    // 1 / forecast, or 0 where it does not count.
    FAIRLEAD_BOTH double share(double forecast, double scored) {
      const double by = scored != 0 ? forecast : 1;
      smoothing::multiply(fraction, power, by);
      least = smoothing::at_most(by, least);
      return scored != 0 ? 1 / forecast : 0;
    }
    FAIRLEAD_BOTH double mean(std::int64_t count) const {
      return smoothing::geometric_mean(fraction, power, least, count);
    }
  };

  FAIRLEAD_BOTH Numbers numbers(std::int64_t from) const { return {scratch_ + from * kFitLanes}; }
  FAIRLEAD_BOTH Numbers column(int i) const { return numbers(room_.columns + i * steps_); }
  FAIRLEAD_BOTH Numbers response(int k) const { return numbers(room_.response + k * steps_); }
  FAIRLEAD_BOTH Numbers ring(int run) const {
    return numbers(room_.rings + std::int64_t{run} * (layout_.places[0] + layout_.places[1]));
  }
  FAIRLEAD_BOTH Numbers shifted(int k) const {
    const std::int64_t before = k == 0 ? 0 : layout_.places[0] * smoothing::width_of(layout_, 0);
    return numbers(room_.shifted + before);
  }
  FAIRLEAD_BOTH double observed(std::int64_t t) const {
    return observed_[t * kFitLanes] != 0 ? 1 : 0;
  }

  struct States {
    double level, trend;
    Numbers season[smoothing::kMostSeasons];
    int at[smoothing::kMostSeasons];  // the place of the next value
    double none[smoothing::kMostSeasons];

    FAIRLEAD_BOTH double& place(int k) { return k < kSeasons ? season[k][at[k]] : none[k]; }
  };

  FAIRLEAD_BOTH States states(const Moved& point, int from, const Numbers& places) const {
    const Numbers second{places.at + std::int64_t{layout_.places[0]} * kFitLanes};
    States made{0, 0, {places, second}, {0, 0}, {0, 0}};
    made.level = from == kErrors ? point[layout_.level] : from == kLevel ? 1 : 0;
    made.trend = from == kTrendState ? 1 : 0;
    if (from == kErrors && layout_.trend >= 0) made.trend = point[layout_.trend];
    for (int k = 0; k < kSeasons; ++k) {
      for (int i = 0; i < layout_.places[k]; ++i)
        made.season[k][i] = from == kErrors ? point[layout_.season[k] + i]
                                            : (from == kSeason + k && i == 0 ? 1 : 0);
    }
    return made;
  }

  FAIRLEAD_BOTH void flush(States& states) const {
    states.level = smoothing::flushed(states.level);
    states.trend = smoothing::flushed(states.trend);
    for (int k = 0; k < kSeasons; ++k) {
      for (int i = 0; i < layout_.places[k]; ++i)
        states.season[k][i] = smoothing::flushed(states.season[k][i]);
    }
  }

  // Runs the recurrence over the values, or for a response over zeros, and passes on each error and
  // whether it counts (1 or 0).
  template <typename Use>
  FAIRLEAD_BOTH void run(const smoothing::StepWeights& w, const Moved& point, int from,
                         const Numbers& places, const Use& use) const {
    States now = states(point, from, places);
    const int longest = kSeasons > 0 ? layout_.places[kSeasons > 0 ? kSeasons - 1 : 0] : 1;
    const std::int64_t between = smoothing::steps_between_flushes(longest);
    for (std::int64_t begin = 0; begin < length_; begin += between) {
      const std::int64_t end = begin + between < length_ ? begin + between : length_;
      for (std::int64_t t = begin; t < end; t += kAhead) {
        double values[kAhead], scored[kAhead];
        for (int i = 0; i < kAhead; ++i) {
          const std::int64_t known = t + i < end ? t + i : end - 1;
          values[i] = from == kErrors ? values_[known * kFitLanes] : 0;
          scored[i] = observed(known);
        }
        for (int i = 0; i < kAhead; ++i) {
          if (t + i >= end) break;
          const double error = smoothing::step<true, kSeasons, kFactors>(
              values[i], w.alpha, w.beta, w.phi, w.gamma[0], w.gamma[1], now.level, now.trend,
              now.place(0), now.place(1));
          use(t + i, error, scored[i]);
          for (int k = 0; k < kSeasons; ++k)
            now.at[k] = now.at[k] + 1 == layout_.places[k] ? 0 : now.at[k] + 1;
        }
      }
      flush(now);
    }
  }

  // Sums over time of up to kTile columns by as many.
  FAIRLEAD_BOTH void multiply_columns(int left, int right) const {
    const int columns = layout_.derivatives() + 1;
    Numbers a[kTile], b[kTile];
    for (int i = 0; i < kTile; ++i) {
      a[i] = column(left + i < columns ? left + i : columns - 1);
      b[i] = column(right + i < columns ? right + i : columns - 1);
    }
    double sums[kTile][kTile] = {};
    for (std::int64_t t = 0; t < length_; ++t) {
      for (int i = 0; i < kTile; ++i) {
        const double x = a[i][t];
        for (int j = 0; j < kTile; ++j) sums[i][j] += x * b[j][t];
      }
    }
    const Numbers out = numbers(room_.inner);
    for (int i = 0; i < kTile; ++i) {
      for (int j = 0; j < kTile; ++j) {
        if (left + i < columns && right + j < columns)
          out[std::int64_t{left + i} * columns + right + j] = sums[i][j];
      }
    }
  }

  // Sums over time of up to kTile columns by the response of as many places of a season.
  FAIRLEAD_BOTH void multiply_late(int k, int place, int left) const {
    const int width = smoothing::width_of(layout_, k);
    Numbers a[kTile];
    for (int i = 0; i < kTile; ++i) a[i] = column(left + i < width ? left + i : width - 1);
    const Numbers from = response(k);
    double sums[kTile][kTile] = {};
    double late[kTile] = {};
    for (std::int64_t t = place; t < length_; ++t) {
      for (int j = kTile - 1; j > 0; --j) late[j] = late[j - 1];
      late[0] = from[t - place];
      for (int i = 0; i < kTile; ++i) {
        const double x = a[i][t];
        for (int j = 0; j < kTile; ++j) sums[i][j] += x * late[j];
      }
    }
    const Numbers out = shifted(k);
    for (int i = 0; i < kTile; ++i) {
      for (int j = 0; j < kTile; ++j) {
        if (left + i < width && place + j < layout_.places[k])
          out[std::int64_t{place + j} * width + left + i] = sums[i][j];
      }
    }
  }

  const smoothing::Layout& layout_;
  FitRoom room_;
  std::int64_t steps_, length_, count_;
  smoothing::Worker worker_;
  Search* search_;
  double* scratch_;
  const double* values_;
  const std::uint8_t* observed_;
  Numbers point_;
  double* squares_;
};

// The fits of a block. `crew.each(part)` has every worker of every lane do a part and then waits
// for all; `crew.any(question)` asks them all.
template <typename Crew>
FAIRLEAD_BOTH void fit_block(const smoothing::Layout& layout, Crew& crew) {
  crew.each([](auto& lane) { lane.begin(); });
  crew.each([](auto& lane) { lane.try_starts(); });
  crew.each([](auto& lane) { lane.choose_start(); });
  const int most = smoothing::most_steps(layout);
  for (int taken = 0; taken < most; ++taken) {
    if (!crew.any([](auto& lane) { return lane.searches(); })) break;
    crew.each([](auto& lane) { lane.run_all(); });
    crew.each([](auto& lane) { lane.difference(); });
    if (layout.relative) {
      crew.each([](auto& lane) { lane.divide(); });
      crew.each([](auto& lane) { lane.derive(); });
      crew.each([](auto& lane) { lane.scale(); });
    }
    crew.each([](auto& lane) { lane.multiply(); });
    crew.each([](auto& lane) { lane.fill(); });
    crew.each([](auto& lane) { lane.tell(); });
    while (crew.any([](auto& lane) { return lane.solves(); })) {
      crew.each([](auto& lane) { lane.build(); });
      for (int k = 0; k < layout.dense; ++k) crew.each([k](auto& lane) { lane.eliminate(k); });
      crew.each([](auto& lane) { lane.settle(); });
    }
  }
  crew.each([](auto& lane) { lane.finish(); });
}

}  // namespace fairlead
