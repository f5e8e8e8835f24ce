"""A workload as a few tables of numbers, from which as many jobs as wanted can be drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from fairlead.errors import InvalidInputError
from fairlead.traces.trace import Trace

__all__ = ["LEVELS", "Estimates", "SizeClass", "WorkloadModel"]

#: Probabilities that quantiles are kept for: even in the body, denser towards the ends.
LEVELS = (
    *(0.0, 0.001, 0.01, 0.03),
    *(round(0.05 * i, 2) for i in range(1, 20)),
    *(0.97, 0.99, 0.995, 0.999, 0.9997, 1.0),
)


@dataclass(frozen=True)
class SizeClass:
    """Submissions of about one size and number of jobs.

    Attributes
    ----------
    share : float
        Of the submissions: jobs of one user and size that come one after another.
    sizes, size_shares : tuple of float
        Units a job asks (GPUs or CPUs), and how often.
    jobs : tuple of float
        Jobs of a submission, quantiles at `LEVELS`.
    run_s : tuple of float
        Run times (s), quantiles at `LEVELS`.
    """

    share: float
    sizes: tuple[float, ...]
    size_shares: tuple[float, ...]
    jobs: tuple[float, ...]
    run_s: tuple[float, ...]


@dataclass(frozen=True)
class Estimates:
    """Limits that users give.

    Attributes
    ----------
    values : tuple of float
        The limits (s) that occur, ascending; those that are seldom are left out.
    used : tuple of tuple of float
        For each fifth of the jobs by run time: run time over limit, quantiles at `LEVELS`.
    """

    values: tuple[float, ...]
    used: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class WorkloadModel:
    """A generator of jobs; made by `fairlead.traces.fit`, or one of the modes.

    Attributes
    ----------
    name, source : str
        What it is like, and where its numbers come from.
    resource : str
        What jobs ask: ``gpus`` or ``cpus``.
    capacity, node_units : float
        Units of the machine and of one node.
    load : float
        Work over what the machine can do.
    week : tuple of float
        Rate of submissions in each hour of the week from Monday 00:00, mean 1.
    day_sigma, day_phi : float
        Deviation of the logarithm of a day's rate, and its correlation with that of the day before.
    run_batch : float
        Part of the variance of run times (as normal scores) common to the jobs of one submission.
    restraint : float
        How far users hold back after much work was submitted: 0, not at all; 1, so that work comes
        evenly.
    gap_s : tuple of float
        Between jobs of a submission (s), quantiles at `LEVELS`.
    users, user_exponent : int, float
        How many, and how fast activity falls with the rank; 0 users: none are named.
    classes : tuple of SizeClass
    estimates : Estimates or None
    outcomes : mapping of str to tuple of float
        For each outcome its share in each fifth of the jobs by run time; may be empty.
    """

    name: str
    source: str
    resource: str
    capacity: float
    node_units: float
    load: float
    week: tuple[float, ...]
    day_sigma: float
    day_phi: float
    run_batch: float
    restraint: float
    gap_s: tuple[float, ...]
    users: int
    user_exponent: float
    classes: tuple[SizeClass, ...]
    estimates: Estimates | None
    outcomes: Mapping[str, tuple[float, ...]]

    def generate(
        self,
        n: int | None = None,
        seed: int = 0,
        *,
        days: float | None = None,
        load: float | None = None,
        nodes: int | None = None,
        start: Any = "2026-01-05",
    ) -> Trace:
        """Draw jobs; the same for the same arguments.

        Parameters
        ----------
        n : int, optional
            How many jobs; 10,000 if ``days`` is not given either.
        seed : int
        days : float, optional
            Span of the submissions (d), with as many jobs as the load needs.
        load : float, optional
            Work, up to the limits, over capacity times span; by default that of the model. More
            load is a shorter span: rates rise, the day and the week stay as long as they are.
        nodes : int, optional
            Nodes of the machine, each with the model's units; by default as many as it was fitted
            on. Jobs larger than the machine are cut to it.
        start : datetime-like or None
            Begin of the span; None for plain seconds, from a Monday.

        Returns
        -------
        Trace
            ``jobs``: ``job_id``, ``submit_time``, ``duration_s``, ``gpus`` or ``cpus`` (per task),
            ``tasks`` for gangs; where the model knows them ``limit_s``, ``user``,
            ``recorded_status``. ``nodes``; no events.

        Raises
        ------
        InvalidInputError
            An argument out of range, or both ``n`` and ``days``.

        Notes
        -----
        O(n log n); a million jobs in about a second.

        Examples
        --------
        >>> import fairlead
        >>> model = fairlead.traces.fit(fairlead.traces.generate(2000, nodes=4, seed=1))
        >>> more = model.generate(5000, seed=2, load=0.9)
        >>> len(more), round(fairlead.traces.doctor(more).measures["load"], 1)
        (5000, 0.9)
        """
        from fairlead.traces.generator_draw import draw

        return draw(self, n, days, seed, load, nodes, start)

    def to_json(self) -> str:
        """The model as text that `from_json` reads; it holds figures of the trace, and no job.

        Examples
        --------
        >>> import fairlead
        >>> model = fairlead.traces.fit(fairlead.traces.generate(500, nodes=4, seed=1))
        >>> WorkloadModel.from_json(model.to_json()) == model
        True
        """
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> WorkloadModel:
        """The model that `to_json` wrote.

        Raises
        ------
        InvalidInputError
            The text is no model.
        """
        try:
            raw = json.loads(text)
            raw["classes"] = tuple(SizeClass(**_tupled(one)) for one in raw["classes"])
            if raw["estimates"] is not None:
                raw["estimates"] = Estimates(**_tupled(raw["estimates"]))
            raw["outcomes"] = _tupled(raw["outcomes"])
            return cls(**_tupled(raw))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            names = ", ".join(field.name for field in fields(cls))
            raise InvalidInputError(
                f"this is no workload model ({error!r}); it must be JSON with {names}"
            ) from error


def _tupled(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as tuples, so that equal models are equal."""
    return {name: _tuple(value) for name, value in raw.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(inner) for inner in value) if isinstance(value, list) else value
