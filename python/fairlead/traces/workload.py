"""The random model behind the generator: sizes, run times, limits, arrivals, failures.

References in brackets are those of `fairlead.traces.generate`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError

__all__ = ["DAY", "MTBF_DAYS", "Work", "draw_arrivals", "draw_failures"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HOUR = 3600.0
DAY = 24 * _HOUR
_WEEK = 7 * DAY

# GPUs of a job and their shares: 30,075 jobs of six clusters of [2], rounded.
_SIZES = np.array([1, 2, 4, 8, 16, 32, 64])
_SIZE_SHARES = np.array([0.767, 0.014, 0.030, 0.166, 0.011, 0.010, 0.002])

# Run times: a mixture of two log-normals. The long part is that of [2], which has no job under ten
# minutes (median 7,930 s, standard deviation of the logarithm 1.23); share and shape of the short
# part are solved so that the whole has the median (206 s) and mean (6,652 s) of [1]'s GPU jobs.
_LONG_SHARE = 0.35
_LONG_MEDIAN_S, _LONG_SIGMA = 7930.0, 1.23
_SHORT_MEDIAN_S, _SHORT_SIGMA = 28.0, 2.72
# Median run time grows with the GPUs: 7,610 s at 1, 14,794 s at 8, 47,011 s at 16 in [2].
_SIZE_EXPONENT = 0.5
# Deviation of the user's part in the logarithm of the run time; an assumption.
_USER_SIGMA = 0.6

# Submissions: first harmonic of the hour of day 0.62 to 1.0, peak 13:22 to 15:27, weekend days 0.39
# to 0.64 of a working day, over KTH-SP2, CTC-SP2, SDSC-SP2, HPC2N and CEA-Curie [4].
_DAILY_SWING = 0.66
_PEAK_HOUR = 14.5
_WEEKEND = 0.55
_GRID_S = 900.0

# Jobs per user fall with the rank of the user: log-log slope 0.59 to 1.02 in the logs of [4].
_ZIPF = 0.9

# Limits are round values: few values cover most jobs [3]; these are the most frequent ones of [4],
# continued to a week.
_MINUTE_LIMITS = (1, 2, 5, 10, 15, 20, 30)
_HOUR_LIMITS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 24, 36, 48, 72, 120, 168)
_LIMITS_S = np.array([60.0 * m for m in _MINUTE_LIMITS] + [_HOUR * h for h in _HOUR_LIMITS])
# Run time over limit: under a tenth for 27 to 66 % of the jobs of [4], the rest spread evenly. 2 to
# 10 % of jobs outrun their limit [5].
_WILD_SHARE = 0.3
_OVERRUN_SHARE = 0.05

# 419 unexpected interruptions in 54 days on 16,384 GPUs, 8 a node [6]: 264 days a node. The time to
# repair is an assumption.
MTBF_DAYS = 264.0
_REPAIR_H = 4.0


@dataclass(frozen=True)
class Work:
    """What the jobs ask and how long they run."""

    gpus: Ints
    user: Ints
    run_s: Floats
    limit_s: Floats
    # Kept to scale run times with the same draws: time before rounding, and the estimate's error.
    raw_s: Floats
    error: Floats

    @classmethod
    def draw(
        cls,
        n: int,
        total_gpus: int,
        users: int,
        rng: np.random.Generator,
        errors: np.random.Generator,
    ) -> Work:
        """Sizes, users, run times and limits of n jobs."""
        possible = max(1, total_gpus // 2) >= _SIZES
        shares = _SIZE_SHARES[possible] / _SIZE_SHARES[possible].sum()
        gpus = rng.choice(_SIZES[possible], size=n, p=shares)
        weights = np.arange(1, users + 1) ** -_ZIPF
        user = rng.choice(users, size=n, p=weights / weights.sum())
        long = rng.random(n) < _LONG_SHARE
        mean_growth = float(shares @ _SIZES[possible] ** _SIZE_EXPONENT)
        median = np.where(
            long, _LONG_MEDIAN_S * gpus**_SIZE_EXPONENT / mean_growth, _SHORT_MEDIAN_S
        )
        own_sigma = np.sqrt(np.where(long, _LONG_SIGMA, _SHORT_SIGMA) ** 2 - _USER_SIGMA**2)
        habit = _USER_SIGMA * rng.standard_normal(users)
        raw_s = median * np.exp(habit[user] + own_sigma * rng.standard_normal(n))
        return cls._with_limits(gpus, user, raw_s, _estimate_errors(n, errors))

    @classmethod
    def _with_limits(cls, gpus: Ints, user: Ints, raw_s: Floats, error: Floats) -> Work:
        run_s = np.clip(np.ceil(raw_s), 1, _LIMITS_S[-1])
        # The round value above what the user thinks; below the run time for those who outrun it.
        wish = np.minimum(run_s / error, _LIMITS_S[-1])
        above = np.searchsorted(_LIMITS_S, wish, side="left")
        below = np.maximum(above - 1, 0)
        limit_s = _LIMITS_S[np.where(error > 1, below, above)]
        return cls(gpus, user, run_s, limit_s, raw_s, error)

    def gpu_seconds(self) -> float:
        """GPU time the jobs take, killed at their limits."""
        return float(self.gpus @ np.minimum(self.run_s, self.limit_s))

    def scaled_to(self, target: float) -> Work:
        """Run times scaled until the GPU time is the target, within 0.5 %."""
        work = self
        for _ in range(100):
            ratio = target / work.gpu_seconds()
            if abs(ratio - 1) < 0.005:
                return work
            raw_s = np.clip(work.raw_s * ratio, 1e-9, 1e12)
            work = Work._with_limits(self.gpus, self.user, raw_s, self.error)
        raise InvalidInputError(
            f"{len(self.gpus):,} jobs cannot make this load in these days: run times would have to "
            f"leave 1 s to 7 days; leave out n_jobs or days"
        )


def _estimate_errors(n: int, rng: np.random.Generator) -> Floats:
    """Run time over the user's idea of it, before the idea is rounded up to a round limit."""
    kind = rng.random(n)
    spread = rng.random(n)
    wild = kind < _WILD_SHARE
    overrun = kind > 1 - _OVERRUN_SHARE
    return np.where(
        wild, 0.01 + 0.09 * spread, np.where(overrun, 1 + 2 * spread, 0.1 + 0.9 * spread)
    )


def _weekly_rate() -> Floats:
    """Relative rate of submissions on a grid of one week, from Monday."""
    hour = (np.arange(0, _WEEK, _GRID_S) + _GRID_S / 2) / _HOUR
    daily = 1 + _DAILY_SWING * np.cos(2 * math.pi * (hour - _PEAK_HOUR) / 24)
    rate: Floats = daily * np.where(hour >= 5 * 24, _WEEKEND, 1.0)
    return rate


def draw_arrivals(n: int, span_s: float, week_second: float, rng: np.random.Generator) -> Floats:
    """Sorted whole seconds: given their number, arrivals are draws from the rate over the span."""
    grid = np.arange(0, _WEEK + _GRID_S / 2, _GRID_S)
    mass = np.concatenate(([0.0], np.cumsum(_weekly_rate())))
    week = mass[-1]

    def mass_until(t: float) -> float:
        return float(t // _WEEK * week + np.interp(t % _WEEK, grid, mass))

    low, high = mass_until(week_second), mass_until(week_second + span_s)
    drawn = np.sort(low + (high - low) * rng.random(n))
    weeks = np.floor(drawn / week)
    times = weeks * _WEEK + np.interp(drawn - weeks * week, mass, grid)
    seconds: Floats = np.clip(np.floor(times - week_second), 0, math.floor(span_s))
    return seconds


def draw_failures(
    nodes: int, span_s: float, mtbf_s: float, rng: np.random.Generator
) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Node, second and whether it fails (else resumes), in order of time.

    Every node alternates between up and down times, both exponential; the last repair may end
    after the span.
    """
    repair_s = _REPAIR_H * _HOUR
    expected = span_s / (mtbf_s + repair_s)
    # More cycles than any node can go through: six deviations of the count, and ten.
    shape = (nodes, int(expected + 6 * math.sqrt(expected) + 10))
    up = mtbf_s * rng.standard_exponential(shape)
    down = repair_s * rng.standard_exponential(shape)
    resumes = np.cumsum(up + down, axis=1)
    fails = resumes - down
    node, cycle = np.nonzero(fails < span_s)
    seconds = np.concatenate((np.floor(fails[node, cycle]), np.ceil(resumes[node, cycle])))
    order = np.argsort(seconds, kind="stable")
    failing = np.arange(len(seconds)) < len(node)
    return np.concatenate((node, node))[order], seconds[order], failing[order]
