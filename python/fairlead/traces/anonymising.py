"""A trace that may be handed on: keyed pseudonyms for names, shifted times, no free text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.tables import JOB_COLUMNS
from fairlead.traces.trace import Trace, TraceMeta

__all__ = ["anonymise", "pseudonym", "reidentify"]

# Column to what its names name, so that one name has one pseudonym wherever it stands.
_KINDS = {
    "job_id": "job",
    "depends_on": "job",
    "array_id": "array",
    "gang_id": "gang",
    "user": "user",
    "group": "group",
    "tenant": "tenant",
    "queue": "queue",
    "name": "name",
    "model": "model",
    "pool": "pool",
    "node_id": "node",
    "node": "node",
    "rack": "rack",
    "zone": "zone",
    "unique_id": "series",
}
# Cells that may hold several names.
_LISTS = ("depends_on",)
_NAME = re.compile(r"[^\s,;|]+")
_TIMES = ("submit_time", "deadline_time", "available_from", "available_to", "time", "ds")

# Kept as they are.
_JOB_AMOUNTS = ("min_tasks", "max_tasks", "preemptible", "checkpoint_interval_s", "restart_cost_s")
_NODE_AMOUNTS = ("gpu_type", "gpu_memory_gib", "speed", "price_usd_per_hour", "idle_w", "busy_w")
_EVENT_AMOUNTS = ("kind", "resource", "value")

_SHORTEST_KEY = 16
_WEEK_S = 7 * 86_400
_FEWEST_WEEKS, _MOST_WEEKS = 53, 520


def anonymise(trace: Trace, key: str | bytes, *, keep: Iterable[str] = ()) -> Trace:
    """The trace without what tells whose it is; a simulation of it has the same result.

    Parameters
    ----------
    trace : Trace
    key : str or bytes
        A secret of at least 16 bytes; who has it can undo the work, and nobody else. Make one with
        ``secrets.token_hex(16)``. The same key gives the same pseudonyms in every trace.
    keep : iterable of str
        Further columns of jobs to leave in, as they are: make sure that they name nobody.

    Returns
    -------
    Trace
        Identifiers of jobs, nodes and arrays, users, groups, tenants, queues, pools, names, racks
        and zones are pseudonyms. Times lie some years later, by whole weeks, so that hours of the
        day and days of the week stay (in a zone with summer time some are an hour off). Left out:
        path, header, options, other text, and columns whose meaning is not known;
        ``meta.options["left_out"]`` lists them. A zone of the times stays.

    Raises
    ------
    InvalidInputError
        The key is too short, or ``keep`` names a column that is not there.

    See Also
    --------
    reidentify : undoes it, with the key.

    Notes
    -----
    Pseudonyms are 64 bits of a keyed BLAKE2b hash [1]_: without the key, guessing a name and
    comparing does not work. Sizes, run times and intervals stay, because a simulation needs them:
    somebody who has the same log from elsewhere can recognise it.

    References
    ----------
    .. [1] Saarinen, Aumasson, "The BLAKE2 cryptographic hash and message authentication code",
       RFC 7693, 2015.

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(100, nodes=2, seed=1)
    >>> shared = anonymise(trace, key="correct horse battery staple")
    >>> shared.jobs["user"].iloc[0].startswith("user-")
    True
    >>> bool((shared.jobs["duration_s"] == trace.jobs["duration_s"]).all())
    True
    """
    secret = _Secret.of(key)
    kept = [keep] if isinstance(keep, str) else list(keep)
    for column in kept:
        if column not in trace.jobs:
            raise InvalidInputError(
                f"keep= names a column {column!r}, which is not there; jobs has "
                f"{', '.join(map(str, trace.jobs.columns))}"
            )
    amounts = [str(c) for c in trace.nodes if pd.api.types.is_numeric_dtype(trace.nodes[c])]
    # Where second 0 has a date, the date moves; a bare clock moves itself.
    bare = trace.meta.start is None
    # Without ids, events name jobs by their row, and rows stay.
    names = set(_KINDS) if "job_id" in trace.jobs else set(_KINDS) - {"job_id"}
    jobs = _chosen(trace.jobs, {*JOB_COLUMNS, *_JOB_AMOUNTS, *amounts, *kept})
    lost = [str(column) for column in trace.jobs if column not in jobs]
    nodes = _chosen(trace.nodes, {*_NODE_AMOUNTS, *amounts})
    events, demand = _chosen(trace.events, set(_EVENT_AMOUNTS)), _chosen(trace.demand, {"y"})
    jobs, nodes, events, demand = (
        _named(_shifted(frame, secret.shift, bare), names - set(kept), secret.namer)
        for frame in (jobs, nodes, events, demand)
    )
    meta = TraceMeta(
        trace.meta.format,
        read=trace.meta.read,
        dropped=dict(trace.meta.dropped),
        repaired=dict(trace.meta.repaired),
        start=None if trace.meta.start is None else trace.meta.start + secret.shift,
        options={"anonymised": True, "left_out": lost},
    )
    return Trace(jobs, nodes, events, meta, demand)


def reidentify(trace: Trace, key: str | bytes, names: Mapping[str, Iterable[Any]]) -> Trace:
    """Undo `anonymise` for the names that are known.

    Parameters
    ----------
    trace : Trace
        What `anonymise` gave.
    key : str or bytes
        That key.
    names : mapping of str to iterable
        Column to the names it may hold, or the original jobs table. A hash cannot be read back: the
        key only tells which of these names a pseudonym stands for.

    Returns
    -------
    Trace
        Names given back where known, the others still pseudonyms; times where they were.

    Raises
    ------
    InvalidInputError
        The trace is not anonymised, or the key is too short.

    Examples
    --------
    >>> import fairlead
    >>> trace, key = fairlead.traces.generate(100, nodes=2, seed=1), "correct horse battery staple"
    >>> back = reidentify(anonymise(trace, key), key, {"user": trace.jobs["user"].unique()})
    >>> back.jobs["user"].tolist() == trace.jobs["user"].tolist()
    True
    """
    if not trace.meta.options.get("anonymised"):
        raise InvalidInputError("the trace is not anonymised, so there is nothing to undo")
    secret = _Secret.of(key)
    known: dict[str, dict[str, str]] = {}
    for column, values in names.items():
        if column in _KINDS:
            table = known.setdefault(_KINDS[column], {})
            for name in {_text(value) for value in values if not pd.isna(value)}:
                table[secret.pseudonym(_KINDS[column], name)] = name

    def finder(kind: str) -> Callable[[str], str]:
        table = known.get(kind, {})
        return lambda name: table.get(name, name)

    bare = trace.meta.start is None
    jobs, nodes, events, demand = (
        _named(_shifted(frame, -secret.shift, bare), set(_KINDS), finder)
        for frame in (trace.jobs, trace.nodes, trace.events, trace.demand)
    )
    start = None if trace.meta.start is None else trace.meta.start - secret.shift
    meta = replace(trace.meta, start=start, options={})
    return Trace(jobs, nodes, events, meta, demand)


def pseudonym(name: str, key: str | bytes, column: str = "user") -> str:
    """What `anonymise` puts in place of a name, to find somebody in a trace that was handed on.

    Parameters
    ----------
    name : str
    key : str or bytes
        At least 16 bytes.
    column : str
        Column that holds the name.

    Raises
    ------
    InvalidInputError
        The key is too short, or the column holds no names.

    Examples
    --------
    >>> pseudonym("alice", "correct horse battery staple")
    'user-a88c2fcdfd0d8c02'
    """
    if column not in _KINDS:
        raise InvalidInputError(f"column must be one of {', '.join(_KINDS)}; got {column!r}")
    return _Secret.of(key).pseudonym(_KINDS[column], name)


@dataclass(frozen=True)
class _Secret:
    """What follows from the key: hashes of names, and how far times move."""

    key: bytes
    shift: pd.Timedelta

    @classmethod
    def of(cls, key: str | bytes) -> _Secret:
        raw = key.encode() if isinstance(key, str) else key
        if not isinstance(raw, bytes) or len(raw) < _SHORTEST_KEY:
            raise InvalidInputError(
                f"key must be text or bytes of at least {_SHORTEST_KEY} bytes, so that nobody "
                f"guesses it; make one with secrets.token_hex(16)"
            )
        # The hash takes keys of up to 64 bytes; a longer one counts in full.
        short = hashlib.blake2b(raw).digest()
        drawn = int.from_bytes(hashlib.blake2b(b"weeks", key=short).digest(), "big")
        weeks = _FEWEST_WEEKS + drawn % (_MOST_WEEKS - _FEWEST_WEEKS + 1)
        return cls(short, pd.Timedelta(weeks * _WEEK_S, unit="s"))

    def pseudonym(self, kind: str, name: str) -> str:
        text = name.strip().encode()
        digest = hashlib.blake2b(text, key=self.key, digest_size=8, person=kind.encode())
        return f"{kind}-{digest.hexdigest()}"

    def namer(self, kind: str) -> Callable[[str], str]:
        """A function from name to pseudonym."""
        return lambda name: self.pseudonym(kind, name)


def _chosen(frame: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """The columns that hold names, times, or amounts whose meaning is known."""
    return frame[[c for c in frame.columns if c in known or c in _KINDS or c in _TIMES]]


def _shifted(frame: pd.DataFrame, shift: pd.Timedelta, bare: bool) -> pd.DataFrame:
    """All datetimes moved; the known columns of seconds too where the clock is bare."""
    made = frame.copy(deep=False)
    for column in made.columns:
        values = made[column]
        if pd.api.types.is_datetime64_any_dtype(values):
            made[column] = values + shift.as_unit(values.dt.unit)
        elif bare and column in _TIMES and pd.api.types.is_numeric_dtype(values):
            made[column] = values + int(shift.total_seconds())
    return made


def _named(
    frame: pd.DataFrame, columns: set[str], namer: Callable[[str], Callable[[str], str]]
) -> pd.DataFrame:
    """The frame with other names, given a function for each kind of name."""
    made = frame.copy(deep=False)
    for column in made.columns:
        if column not in columns or column not in _KINDS:
            continue
        rename = namer(_KINDS[str(column)])
        if column in _LISTS:
            made[column] = _renamed(made[column], partial(_each_renamed, rename))
        else:
            made[column] = _renamed(made[column], rename)
    return made


def _each_renamed(rename: Callable[[str], str], cell: str) -> str:
    return _NAME.sub(lambda match: rename(match[0]), cell)


def _renamed(values: pd.Series[Any], rename: Callable[[str], str]) -> pd.Series[Any]:
    """Other names, each worked out once; missing and blank cells become missing."""
    codes, uniques = pd.factorize(values)
    texts = [_text(unique) for unique in uniques]
    names = np.array([rename(text) if text else None for text in texts] + [None], dtype=object)
    # Categories in the order of the new names, which says nothing of the old one. (To be given at
    # once: pandas 2 would turn what is missing into the name "None".)
    dtype = "category" if isinstance(values.dtype, pd.CategoricalDtype) else "str"
    return pd.Series(names[codes], index=values.index, name=values.name, dtype=dtype)


def _text(value: Any) -> str:
    """A name as text; a number that a missing neighbour turned into a float is whole again."""
    whole = isinstance(value, float) and value == int(value)
    return str(int(value) if whole else value).strip()
