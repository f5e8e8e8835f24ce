"""Make up an AI-cluster workload: the default where no trace is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.traces.generator_clock import Clock
from fairlead.traces.generator_modes import mode_model
from fairlead.traces.trace import Trace, TraceMeta, no_events
from fairlead.traces.workload import DAY, MTBF_DAYS, Work, draw_arrivals, draw_failures

__all__ = ["generate"]

# Requests beside the GPUs, as shares of a GPU's part of the node, and the weights of priorities and
# urgencies: assumptions.
_PARTS = np.array([0.25, 0.5, 1.0])
_PART_SHARES = np.array([0.25, 0.35, 0.40])
_PRIORITY_SHARES = np.array([0.80, 0.15, 0.05])
_URGENCY_MEAN = 3.0

_DEFAULT_JOBS = 10_000
# Defaults of the arguments that a mode brings along itself.
_OWN = (8, 96, 1024, "a100", 100, MTBF_DAYS)
_MAX_COUNT = 100_000_000
_MAX_AMOUNT = 1e5


def generate(
    n_jobs: int | None = None,
    *,
    mode: str | None = None,
    days: float | None = None,
    nodes: int | None = None,
    gpus_per_node: int = 8,
    cpus_per_node: int = 96,
    memory_gib_per_node: float = 1024,
    gpu_type: str = "a100",
    load: float | None = None,
    users: int = 100,
    mtbf_days: float | None = MTBF_DAYS,
    start: Any = "2026-01-05",
    seed: int = 0,
) -> Trace:
    """Make up a workload for a GPU cluster, the same for the same arguments.

    Parameters
    ----------
    n_jobs : int, optional
        10,000 if ``days`` is not given either; else as many as the load needs.
    mode : {"hpc", "itp_like", "helios_like", "philly_like", "llm_training", "inference"}, optional
        A workload like a log or cluster that was measured; `modes` says which, and the
        documentation how close it comes. It has a machine of its own: besides ``mode``, only
        ``n_jobs`` or ``days``, ``nodes``, ``load``, ``start`` and ``seed`` may be given. By default
        a workload put together from several sources, as the notes say.
    days : float, optional
        Span of the submissions (d); else as long as the load needs. With ``n_jobs`` given too, run
        times are scaled to meet the load.
    nodes, gpus_per_node : int
        The machine; by default 16 nodes of 8, or as many as the mode was fitted on.
    cpus_per_node : int
    memory_gib_per_node : float
        GiB.
    gpu_type : str
    load : float
        Offered load: GPU time asked (up to the limits) over capacity times span; by default 0.7, or
        that of the mode.
    users : int
    mtbf_days : float or None
        Mean time between failures of one node (d); None for no failures.
    start : datetime-like or None
        Time of the span's begin, local time of the users; None for plain seconds, from a Monday.
    seed : int

    Returns
    -------
    Trace
        ``jobs``: ``job_id``, ``submit_time``, ``duration_s``, ``limit_s``, ``tasks``, and per task
        ``gpus``, ``cpus``, ``memory_gib``; ``user``, ``queue``, ``priority``, ``urgency``.
        ``events``: ``node_fail`` and ``node_resume``.

    Raises
    ------
    InvalidInputError
        An argument out of range or not for the mode, or a load that cannot be met with so few jobs
        in so many days.

    Notes
    -----
    - Arrivals: a Poisson process, given its number of jobs, whose rate follows the hour of day and
      the weekend [4].
    - Jobs: 1 to 64 GPUs in powers of two, three in four on a single one; gangs of several nodes are
      ``tasks`` [2]. Sizes above half the machine are left out.
    - Run times: two log-normals with the median and mean of Helios [1] and the body of ITP [2],
      longer for more GPUs, with a part common to a user's jobs; at most a week.
    - Limits: round values [3], mostly far above the run time [4]; one job in twenty outruns its
      limit [5].
    - Users: a power law of the rank [4].
    - Failures: exponential, with the rate of Llama 3's training [6]; repaired in 4 h on average.

    What no source gives is an assumption: repair times, cores and memory beside the GPUs, queues,
    priorities, urgencies, and how much of a run time is the user's.

    References
    ----------
    .. [1] Hu, Sun, Yan, Wen, Zhang, "Characterization and prediction of deep learning workloads in
       large-scale GPU datacenters" (Helios), SC 2021; GPU jobs of the published summary.
    .. [2] Gu et al., "ElasticFlow", ASPLOS 2023; its published Microsoft ITP logs, measured.
    .. [3] Tsafrir, Etsion, Feitelson, "Modeling user runtime estimates", JSSPP 2005.
    .. [4] Feitelson, Tsafrir, Krakov, "Experience with using the Parallel Workloads Archive", JPDC
       74(10), 2014; logs KTH-SP2, CTC-SP2, SDSC-SP2, HPC2N, CEA-Curie, measured.
    .. [5] Tsafrir, Etsion, Feitelson, "Backfilling using system-generated predictions rather than
       user runtime estimates", IEEE TPDS 18(6), 2007.
    .. [6] Llama team, "The Llama 3 herd of models", 2024, section on training reliability.

    Examples
    --------
    >>> trace = generate(1000, nodes=4, seed=1)
    >>> len(trace), int((trace.jobs["gpus"] == 1).mean() > 0.7), len(trace.nodes)
    (1000, 1, 4)
    >>> generate(1000, mode="hpc", seed=1).jobs.columns.tolist()
    ['job_id', 'submit_time', 'duration_s', 'limit_s', 'cpus', 'user', 'recorded_status']
    """
    if mode is not None:
        own = (gpus_per_node, cpus_per_node, memory_gib_per_node, gpu_type, users, mtbf_days)
        return _of_mode(mode, n_jobs, days, nodes, load, start, seed, own)
    nodes, load = 16 if nodes is None else nodes, 0.7 if load is None else load
    _check_counts(n_jobs, nodes, gpus_per_node, cpus_per_node, users, seed)
    _check_amounts(days=days, load=load, mtbf_days=mtbf_days, memory=memory_gib_per_node)
    machine = _Machine(nodes, gpus_per_node, cpus_per_node, memory_gib_per_node, gpu_type)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(6)]
    if n_jobs is None:
        n_jobs = _DEFAULT_JOBS
        if days is not None:
            n_jobs = _jobs_for(machine.gpus, days, load, users, streams[5])
    work = Work.draw(n_jobs, machine.gpus, users, streams[0], streams[1])
    if days is not None:
        work = work.scaled_to(load * machine.gpus * days * DAY)
    span_s = days * DAY if days is not None else work.gpu_seconds() / (load * machine.gpus)
    clock = Clock(start, span_s)
    submit_s = draw_arrivals(n_jobs, span_s, clock.week_second, streams[2])
    jobs = _jobs(work, machine, clock.times(submit_s), streams[3])
    events = no_events()
    if mtbf_days is not None:
        drawn = draw_failures(nodes, span_s, mtbf_days * DAY, streams[4])
        events = _failures(machine.frame(), drawn, clock)
    options = {
        "seed": seed,
        "days": span_s / DAY,
        "load": work.gpu_seconds() / (machine.gpus * span_s),
        "users": users,
        "mtbf_days": mtbf_days,
    }
    meta = TraceMeta("generated", read=n_jobs, start=clock.start, options=options)
    return Trace(jobs, machine.frame(), events, meta)


def _of_mode(
    mode: str,
    n_jobs: int | None,
    days: float | None,
    nodes: int | None,
    load: float | None,
    start: Any,
    seed: int,
    own: tuple[Any, ...],
) -> Trace:
    """Jobs of a fitted model; its machine and users are part of it."""
    model = mode_model(mode)
    if own != _OWN:
        raise InvalidInputError(
            f"mode={mode!r} takes n_jobs or days, nodes, load, start and seed; leave out the others"
        )
    return model.generate(n_jobs, seed, days=days, load=load, nodes=nodes, start=start)


def _check_counts(
    n_jobs: int | None, nodes: int, gpus_per_node: int, cpus_per_node: int, users: int, seed: int
) -> None:
    counts = {
        "n_jobs": 1 if n_jobs is None else n_jobs,
        "nodes": nodes,
        "gpus_per_node": gpus_per_node,
        "cpus_per_node": cpus_per_node,
        "users": users,
    }
    for name, count in counts.items():
        if not _is_whole(count) or not 1 <= count <= _MAX_COUNT:
            raise InvalidInputError(f"{name} must be a whole number from 1 to 1e8, got {count!r}")
    if not _is_whole(seed) or seed < 0:
        raise InvalidInputError(f"seed must be a whole number of 0 or more, got {seed!r}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _check_amounts(**amounts: float | None) -> None:
    for name, amount in amounts.items():
        if amount is not None and not 0 < amount < _MAX_AMOUNT:
            raise InvalidInputError(f"{name} must be above 0 and below 1e5, got {amount!r}")


@dataclass(frozen=True)
class _Machine:
    nodes: int
    gpus_per_node: int
    cpus_per_node: int
    memory_gib_per_node: float
    gpu_type: str

    @property
    def gpus(self) -> int:
        return self.nodes * self.gpus_per_node

    def frame(self) -> pd.DataFrame:
        """The nodes table."""
        width = len(str(self.nodes - 1))
        return pd.DataFrame(
            {
                "node_id": [f"node-{i:0{width}d}" for i in range(self.nodes)],
                "gpus": self.gpus_per_node,
                "gpu_type": self.gpu_type,
                "cpus": self.cpus_per_node,
                "memory_gib": self.memory_gib_per_node,
            }
        )


def _jobs_for(gpus: int, days: float, load: float, users: int, rng: np.random.Generator) -> int:
    """How many jobs make the load, judged by the mean of a sample."""
    sample = Work.draw(20_000, gpus, users, rng, rng)
    jobs = load * gpus * days * DAY / (sample.gpu_seconds() / 20_000)
    if jobs > _MAX_COUNT:
        raise InvalidInputError(f"this load needs {jobs:.3g} jobs; give fewer days or nodes")
    return max(1, round(jobs))


def _jobs(work: Work, machine: _Machine, submit: Any, rng: np.random.Generator) -> pd.DataFrame:
    n = len(work.gpus)
    per_node = 1 << (machine.gpus_per_node.bit_length() - 1)
    gpus = np.minimum(work.gpus, per_node)
    cores = machine.cpus_per_node / machine.gpus_per_node
    memory = machine.memory_gib_per_node / machine.gpus_per_node
    part = rng.choice(_PARTS, size=n, p=_PART_SHARES)
    queues = np.where(work.limit_s <= 1800, 0, np.where(work.gpus > machine.gpus_per_node, 2, 1))
    return pd.DataFrame(
        {
            "job_id": np.arange(n),
            "submit_time": submit,
            "duration_s": work.run_s,
            "limit_s": work.limit_s,
            "tasks": work.gpus // gpus,
            "gpus": gpus,
            "cpus": np.maximum(1, np.floor(cores * part)) * gpus,
            "memory_gib": np.floor(memory * part * gpus),
            "user": _labels(work.user, _names("user", int(work.user.max()) + 1)),
            "queue": _labels(queues, ["debug", "normal", "large"]),
            "priority": rng.choice(len(_PRIORITY_SHARES), size=n, p=_PRIORITY_SHARES),
            "urgency": np.minimum(rng.geometric(1 / _URGENCY_MEAN, size=n), 10),
        }
    )


def _labels(codes: Any, names: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype="str"))


def _names(prefix: str, count: int) -> list[str]:
    width = len(str(count - 1))
    return [f"{prefix}-{i:0{width}d}" for i in range(count)]


def _failures(nodes: pd.DataFrame, drawn: Any, clock: Clock) -> pd.DataFrame:
    """The events table of drawn failures."""
    node, seconds, failing = drawn
    return pd.DataFrame(
        {
            "time": clock.times(seconds),
            "kind": np.where(failing, "node_fail", "node_resume"),
            "node": nodes["node_id"].to_numpy()[node],
        }
    )
