#include "prediction/smoothing/stream.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/errors.hpp"
#include "prediction/smoothing/recurrence.hpp"

namespace fairlead::smoothing {
namespace {

// The density of errors at their median is about 1 / (2.5 mean absolute errors) for the usual
// shapes; the step of a quantile is one over it, and a little more for the tails.
constexpr double kStep = 3;
constexpr std::int64_t kMostCells = std::int64_t{1} << 48;  // their bytes can be counted
constexpr std::int64_t kLastTick = std::int64_t{1} << 62;   // a season or a horizon later is a tick
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// So many missing ticks take a level that falls faster than its bound allows to the least there is,
// and a trend that is damped faster than that to 0: by kLeastBase a tick, from 10^308 at most.
constexpr std::int64_t kSettling = 256;

void check(const StreamWeights& weights, const StreamOptions& options) {
  const std::size_t n = weights.alpha.size();
  if (weights.beta.size() != n || weights.phi.size() != n || weights.gamma.size() != n)
    throw InvalidInput("every weight must have one value per series");
  if (options.horizon < 1) throw InvalidInput("the horizon must be 1 tick or more");
  if (options.season < 0 || options.season == 1)
    throw InvalidInput("the season must be 2 ticks or more, or 0 for none");
  if (options.season == 0 && options.joins == Joins::by_factor)
    throw InvalidInput("a multiplicative season needs a length");
  if (options.season > 0 && options.horizon > options.season)
    throw InvalidInput("the horizon must not be longer than the season: " +
                       std::to_string(options.horizon) + " > " + std::to_string(options.season));
  if (!(options.memory >= 1)) throw InvalidInput("the memory must be 1 error or more");
  if (!std::ranges::is_sorted(options.probabilities))
    throw InvalidInput("probabilities must ascend");
  const std::int64_t most = kMostCells / std::max<std::int64_t>(std::ssize(weights.alpha), 1);
  if (options.season > most || options.horizon > most / (1 + std::ssize(options.probabilities)))
    throw InvalidInput("no memory holds a season of " + std::to_string(options.season) +
                       " and a horizon of " + std::to_string(options.horizon) + " ticks for " +
                       std::to_string(n) + " series");
}

// phi + phi^2 + ... + phi^steps, to the last digits however close phi is to 1.
double grown(double phi, double steps) {
  return phi == 1 ? steps : -phi * std::expm1(steps * std::log(phi)) / (1 - phi);
}

}  // namespace

SmoothingStream::SmoothingStream(StreamWeights weights, StreamOptions options)
    : weights_(std::move(weights)), options_(std::move(options)) {
  check(weights_, options_);
  const std::size_t n = weights_.alpha.size();
  const auto steps = static_cast<std::size_t>(options_.horizon);
  states_.resize(n);
  season_.resize(n * static_cast<std::size_t>(options_.season), factors() ? 1 : 0);
  marks_.resize(n * steps);
  spread_.resize(n * steps);
  counts_.resize(n * steps);
  shifts_.resize(n * steps * options_.probabilities.size());
}

void SmoothingStream::start(std::span<const double> levels, std::span<const double> seasons) {
  if (tick_ >= 0) throw InvalidInput("a stream is started before its first tick");
  if (levels.size() != states_.size() || seasons.size() != season_.size())
    throw InvalidInput("a start must have a level per series, and its whole season");
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i] = {levels[i], 0, true};
  std::ranges::copy(seasons, season_.begin());
}

void SmoothingStream::observe(std::int64_t tick, std::span<const double> values) {
  if (tick <= tick_)
    throw InvalidInput("ticks must ascend: got " + std::to_string(tick) + " after " +
                       std::to_string(tick_));
  if (tick > kLastTick)
    throw InvalidInput("ticks end at " + std::to_string(kLastTick) + ": got " +
                       std::to_string(tick));
  if (values.size() != states_.size())
    throw InvalidInput("a tick must have one value per series: expected " +
                       std::to_string(states_.size()) + ", got " + std::to_string(values.size()));
  for (const double value : values) {
    if (std::isinf(value) || value < 0)
      throw InvalidInput("values must be finite and 0 or more, or NaN where missing");
  }
  if (tick_ >= 0) leave_out(tick);
  advance(tick, values);
}

// The ticks before `end` as missing ones. The last of them leave the marks and visit every place of
// the season; those between them and the first ones are leapt over.
void SmoothingStream::leave_out(std::int64_t end) {
  const std::vector<double> missing(states_.size(), kNone);
  const auto pass = [&](std::int64_t until) {
    while (tick_ + 1 < until) advance(tick_ + 1, missing);
  };
  const std::int64_t settling = factors() ? kSettling : 0;
  const std::int64_t last = end - settling - std::max(options_.season, options_.horizon);
  if (tick_ + 1 + settling < last) {
    pass(tick_ + 1 + settling);
    leap(last - tick_ - 1);
  }
  pass(end);
}

// Levels and trends after that many missing ticks, at once.
void SmoothingStream::leap(std::int64_t ticks) {
  for (std::int64_t i = 0; i < series(); ++i) {
    State& state = states_[i];
    if (!state.started) continue;
    const double phi = weights_.phi[i];
    state.level += grown(phi, static_cast<double>(ticks)) * state.trend;
    state.trend *= std::pow(phi, static_cast<double>(ticks));
    // Below 0 it has met its bounds, and so it does at all ticks that follow.
    if (factors()) state.level = at_least(state.level, kLeastLevel);
  }
  tick_ += ticks;
}

void SmoothingStream::advance(std::int64_t tick, std::span<const double> values) {
  for (std::int64_t i = 0; i < series(); ++i) {
    if (!std::isnan(values[i])) score(i, tick, values[i]);
    move(i, tick, values[i]);
  }
  tick_ = tick;
}

// Each forecast of this tick that was made within the horizon moves the quantiles of its step.
void SmoothingStream::score(std::int64_t series, std::int64_t tick, double value) {
  const std::int64_t horizon = options_.horizon;
  const std::size_t width = options_.probabilities.size();
  for (std::int64_t step = 1; step <= std::min(horizon, tick); ++step) {
    const Mark& mark = marks_[series * horizon + (tick - step) % horizon];
    if (!mark.known) continue;
    const double error = value - made(series, mark, step, tick);
    const std::int64_t at = series * horizon + step - 1;
    const double pace = std::max(1 / static_cast<double>(++counts_[at]), 1 / options_.memory);
    spread_[at] += pace * (std::abs(error) - spread_[at]);
    for (std::size_t p = 0; p < width; ++p) {
      double& shift = shifts_[at * static_cast<std::int64_t>(width) + static_cast<std::int64_t>(p)];
      shift +=
          kStep * pace * spread_[at] * (options_.probabilities[p] - (error < shift ? 1.0 : 0.0));
    }
  }
}

void SmoothingStream::move(std::int64_t series, std::int64_t tick, double value) {
  State& state = states_[series];
  const bool missing = std::isnan(value);
  if (!state.started && !missing)
    state = {factors() ? at_least(value, kLeastLevel) : value, 0, true};
  if (state.started) {
    double none = 0;
    double& season =
        options_.season > 0 ? season_[series * options_.season + tick % options_.season] : none;
    double base = state.level + weights_.phi[series] * state.trend;
    if (factors()) base = at_least(base, kLeastBase * state.level);
    // A missing value is as if it had come as forecast.
    const double given = missing ? joined(base, season) : value;
    const auto moved = factors() ? step<true, 1, true> : step<true, 1>;
    moved(given, weights_.alpha[series], weights_.beta[series], weights_.phi[series],
          weights_.gamma[series], 0, state.level, state.trend, season, none);
  }
  marks_[series * options_.horizon + tick % options_.horizon] = {state.level, state.trend,
                                                                 state.started};
}

// The forecast from a mark of the tick `steps` later. Within a season its place has not moved.
double SmoothingStream::made(std::int64_t series, const Mark& mark, std::int64_t steps,
                             std::int64_t tick) const {
  const double trends = grown(weights_.phi[series], static_cast<double>(steps));
  return joined(mark.level + trends * mark.trend, season_at(series, tick));
}

double SmoothingStream::season_at(std::int64_t series, std::int64_t tick) const {
  return options_.season > 0 ? season_[series * options_.season + tick % options_.season] : 0;
}

void SmoothingStream::forecast(std::int64_t steps, std::span<double> points,
                               std::span<double> quantiles) const {
  if (steps < 1 || steps > options_.horizon)
    throw InvalidInput("steps must be from 1 to the horizon of " +
                       std::to_string(options_.horizon));
  const std::size_t width = options_.probabilities.size();
  auto* point = points.data();
  auto* quantile = quantiles.data();
  for (std::int64_t i = 0; i < series(); ++i) {
    const State& state = states_[i];
    const Mark mark{state.level, state.trend, state.started};
    for (std::int64_t step = 1; step <= steps; ++step) {
      const double value = state.started ? made(i, mark, step, tick_ + step) : kNone;
      *point++ = state.started ? std::max(value, 0.0) : kNone;
      const auto at = static_cast<std::size_t>(i * options_.horizon + step - 1) * width;
      std::transform(
          shifts_.begin() + static_cast<std::ptrdiff_t>(at),
          shifts_.begin() + static_cast<std::ptrdiff_t>(at + width), quantile,
          [&](double shift) { return state.started ? std::max(value + shift, 0.0) : kNone; });
      if (state.started) std::sort(quantile, quantile + width);
      quantile += width;
    }
  }
}

}  // namespace fairlead::smoothing
