"""ServeGen: request rates of LLM clients in windows, as demand and, drawn at random, as jobs."""

from __future__ import annotations

from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import MAX_SECONDS, TimeKind, seconds_to_ns
from fairlead.traces.inference_requests import check_gpus, long_frame
from fairlead.traces.records import Records, check_choice, read_records
from fairlead.traces.trace import Trace, no_events, no_jobs, no_nodes

__all__ = ["SERVEGEN_HEADER", "read_servegen"]

Floats = NDArray[np.float64]

SERVEGEN_HEADER = ("client", "timestamp", "rate", "cv", "pattern", "pattern_arg1", "pattern_arg2")
_WINDOW_S = 600.0
_LEAST_SHAPE = 0.05
_MAX_JOBS = 20_000_000
_MAX_VALUES = 200_000_000


def read_servegen(
    path: str | PathLike[str],
    *,
    by: Literal["client"] | None = None,
    jobs: bool = False,
    until_s: float | None = None,
    scale: float = 1.0,
    duration_s: float | None = None,
    gpus: float = 1,
    seed: int = 0,
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read rates of requests per client and window, plain or gzip.

    Parameters
    ----------
    path : path
        CSV with ``client``, ``timestamp`` (start of a window, s), ``rate`` (requests/s), ``cv``,
        ``pattern`` (Gamma, Weibull, or empty), ``pattern_arg1`` (shape), ``pattern_arg2``.
    by : {"client"}, optional
        One series for each client; else their sum.
    jobs : bool
        Also draw single requests from the rates, as jobs.
    until_s : float, optional
        Draw only windows that begin before (s).
    scale : float
        Draw this share of the requests, or multiple; demand is as published.
    duration_s : float, optional
        Run time of each job (s); the file has none.
    gpus : float
        Devices of a job, or a share of one.
    seed : int
        Of the draw.
    on_error : {"raise", "drop"}
        A malformed record is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``demand``: requests per second, ``ds`` in seconds from the start of the log; a client
        without a window there counts 0. ``jobs`` on request: ``job_id``, ``submit_time`` (s),
        ``duration_s``, ``gpus``, ``user`` (the client).

    Raises
    ------
    InvalidInputError
        A malformed file, or more than 20 million jobs; names file, line and column.

    Notes
    -----
    A drawn window has as many requests as its rate says (a fraction by chance), with gaps of its
    pattern: Gamma or Weibull of the file's shape, else exponential, scaled to fill the window. The
    file's own scale is not used: rate and shape fix it.

    References
    ----------
    .. [1] Xiang et al., "ServeGen: workload characterization and generation of large language
       model serving in production", 2025.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "rates.csv"
    >>> _ = file.write_text(
    ...     "client,timestamp,rate,cv,pattern,pattern_arg1,pattern_arg2\\n"
    ...     "0,0,0.5,1,Gamma,1,2\\n1,0,0.25,1,,0,0\\n0,600,0,0,,0,0\\n"
    ... )
    >>> trace = read_servegen(file, jobs=True)
    >>> trace.demand["y"].tolist(), len(trace.jobs)
    ([0.75, 0.0], 450)
    """
    if by is not None:
        check_choice("by", by, ("client",))
    check_gpus(gpus)
    for option, value in (("scale", scale), ("until_s", until_s), ("duration_s", duration_s)):
        if value is not None and not 0 <= value <= MAX_SECONDS:
            raise InvalidInputError(f"{option} must be 0 or more, got {value!r}")
    records = read_records(path, on_error=on_error)
    records.need(*SERVEGEN_HEADER)
    windows = _windows(records)
    demand = _demand(records.path, windows, by)
    options = {"by": by, "jobs": jobs, "until_s": until_s, "scale": scale, "seed": seed}
    meta = records.meta("servegen", options=options)
    made = no_jobs()
    if jobs:
        drawn = windows if until_s is None else windows[windows["at_s"] < until_s]
        made = _jobs(records.path, drawn, scale, seed).assign(gpus=gpus)
        if duration_s is not None:
            made.insert(2, "duration_s", float(duration_s))
    return Trace(made, no_nodes(), no_events(), meta, demand)


def _windows(records: Records) -> pd.DataFrame:
    """The sound records: client, start, rate, pattern, shape."""
    client = records.text("client")
    records.require(client.notna(), "client", "a name")
    at_s = records.seconds("timestamp")
    rate = records.numbers("rate", most=10**9)
    records.numbers("cv", required=False)
    pattern = records.text("pattern").fillna("")
    records.require(pattern.isin(["", "Gamma", "Weibull"]), "pattern", "Gamma, Weibull or empty")
    shape = records.numbers("pattern_arg1")
    records.numbers("pattern_arg2")
    keys = pd.MultiIndex.from_arrays([client, at_s])
    records.require_distinct("timestamp", keys)
    frame = pd.DataFrame(
        {"client": client, "at_s": at_s, "rate": rate, "pattern": pattern, "shape": shape}
    )
    return frame[records.alive].reset_index(drop=True)


def _demand(path: str, windows: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Rates on the grid of all windows."""
    clients, names = pd.factorize(windows["client"])
    if by is None:
        clients, names = np.zeros(len(windows), dtype=np.int64), pd.Index(["all"])
    times, at = np.unique(windows["at_s"].to_numpy(), return_inverse=True)
    if len(times) * len(names) > _MAX_VALUES:
        raise InvalidInputError(f"{path}: {len(names)} clients are too many for by='client'")
    sums = np.bincount(clients * len(times) + at, windows["rate"], len(times) * len(names))
    values = sums.reshape(len(names), len(times))
    used = list(names) if len(times) else []
    return long_frame(used, seconds_to_ns(times), values, TimeKind("seconds"), "requests")


def _jobs(path: str, windows: pd.DataFrame, scale: float, seed: int) -> pd.DataFrame:
    """Requests drawn from the rates, in order of time."""
    rng = np.random.default_rng(seed)
    starts = np.unique(windows["at_s"].to_numpy())
    length_s = float(np.diff(starts).min()) if len(starts) > 1 else _WINDOW_S
    expected = windows["rate"].to_numpy() * length_s * scale
    if expected.sum() > _MAX_JOBS:
        raise InvalidInputError(
            f"{path}: the rates imply {expected.sum():,.0f} requests, more than {_MAX_JOBS:,}; "
            f"give until_s= or a smaller scale="
        )
    counts = np.floor(expected + rng.random(len(expected))).astype(np.int64)
    submit = _spread(windows, counts, length_s, rng)
    order = np.argsort(submit, kind="stable")
    user = np.repeat(windows["client"].to_numpy(dtype=object), counts)
    columns: dict[str, Any] = {
        "job_id": np.arange(len(submit)),
        "submit_time": submit[order],
        "user": pd.Series(user[order], dtype="str"),
    }
    return pd.DataFrame(columns)


def _spread(
    windows: pd.DataFrame, counts: NDArray[np.int64], length_s: float, rng: np.random.Generator
) -> Floats:
    """Times within each window: its gaps, one more than its requests, scaled to its length."""
    gaps_of = counts + 1
    row = np.repeat(np.arange(len(counts)), gaps_of)
    shape = np.maximum(windows["shape"].to_numpy(), _LEAST_SHAPE)[row]
    pattern = windows["pattern"].to_numpy()[row]
    gaps = rng.standard_exponential(len(row))
    for name, draw in (("Gamma", rng.standard_gamma), ("Weibull", rng.weibull)):
        of_it = pattern == name
        gaps[of_it] = draw(shape[of_it])
    gaps = np.clip(gaps, 1e-300, 1e200)  # shapes near 0 draw gaps beyond what sums can hold
    ends = np.cumsum(gaps_of)
    total = np.add.reduceat(gaps, ends - gaps_of) if len(ends) else gaps
    share = gaps / total[row] * length_s
    elapsed = np.cumsum(share)
    before = np.concatenate(([0.0], elapsed))[(ends - gaps_of)]
    within = np.delete(elapsed - before[row], ends - 1)
    submit: Floats = np.repeat(windows["at_s"].to_numpy(), counts) + np.clip(within, 0, length_s)
    return submit
