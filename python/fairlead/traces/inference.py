"""Logs of inference requests: Azure LLM and the BurstGPT form, as demand and as jobs."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import pandas as pd

from fairlead.traces.inference_requests import Requests, Service
from fairlead.traces.records import Records, check_choice, read_records
from fairlead.traces.trace import Trace

__all__ = ["AZURE_LLM_HEADER", "BURSTGPT_HEADER", "read_azure_llm", "read_burstgpt"]

_Measure = Literal["requests", "context_tokens", "generated_tokens", "tokens"]
_OnError = Literal["raise", "drop"]

AZURE_LLM_HEADER = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
BURSTGPT_HEADER = ("Timestamp", "Model", "Request tokens", "Response tokens")
_LABELS = {"model": "Model", "log_type": "Log Type"}


def read_azure_llm(
    path: str | PathLike[str],
    *,
    freq: Any = "1min",
    measure: _Measure = "requests",
    jobs: bool = False,
    context_tokens_per_s: float | None = None,
    generated_tokens_per_s: float | None = None,
    gpus: float = 1,
    keep: Iterable[str] = (),
    on_error: _OnError = "raise",
) -> Trace:
    """Read LLM requests of Azure (``TIMESTAMP``, ``ContextTokens``, ``GeneratedTokens``).

    Parameters
    ----------
    path : path
        The form of 2023 and 2024, plain or gzip.
    freq : str, timedelta or s, default "1min"
        Length of the intervals of the demand series.
    measure : {"requests", "context_tokens", "generated_tokens", "tokens"}
        What is counted; ``tokens`` are both kinds together.
    jobs : bool
        Also make each request a job.
    context_tokens_per_s, generated_tokens_per_s : float, optional
        Speed at which a job reads its prompt and writes its answer (tokens/s); without them jobs
        have no run time, as the log has none.
    gpus : float
        Devices of a job, or a share of one.
    keep : iterable of str
        Columns of the file to keep in the jobs, as ``source_<name>``.
    on_error : {"raise", "drop"}
        A malformed record is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``demand``: one series ``all``, mean per second in each interval (UTC), the first and the
        last perhaps partly covered; ``jobs`` on request: ``job_id`` (record from 0),
        ``submit_time`` (UTC), ``duration_s``, ``gpus``, ``context_tokens``, ``generated_tokens``.

    Raises
    ------
    InvalidInputError
        A malformed file or option; names file, line and column.

    Notes
    -----
    The publisher states no time zone: the times are taken as UTC.

    References
    ----------
    .. [1] Patel et al., "Splitwise: efficient generative LLM inference using phase splitting",
       ISCA 2024.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "requests.csv"
    >>> _ = file.write_text(
    ...     "TIMESTAMP,ContextTokens,GeneratedTokens\\n"
    ...     "2023-11-16 18:17:03.9799600,4808,10\\n2023-11-16 18:17:30,300,20\\n"
    ... )
    >>> trace = read_azure_llm(file, jobs=True, generated_tokens_per_s=10)
    >>> trace.demand["y"].mul(60).round(6).tolist(), trace.jobs["duration_s"].tolist()
    ([2.0], [1.0, 2.0])
    """
    service = Service(jobs, context_tokens_per_s, generated_tokens_per_s, gpus)
    records = read_records(path, on_error=on_error)
    records.need(*AZURE_LLM_HEADER)
    requests = Requests(
        "azure_llm",
        records,
        submit=records.wall_times("TIMESTAMP", "UTC"),
        context=records.numbers("ContextTokens", whole=True),
        generated=records.numbers("GeneratedTokens", whole=True),
    )
    return requests.trace(freq, measure, service, keep)


def read_burstgpt(
    path: str | PathLike[str],
    *,
    freq: Any = "1min",
    measure: _Measure = "requests",
    by: Literal["model", "log_type"] | None = None,
    failed: Literal["drop", "keep"] = "drop",
    jobs: bool = False,
    context_tokens_per_s: float | None = None,
    generated_tokens_per_s: float | None = None,
    gpus: float = 1,
    keep: Iterable[str] = (),
    on_error: _OnError = "raise",
) -> Trace:
    """Read LLM requests in the form of BurstGPT (``Timestamp``, ``Model``, ``Request tokens``...).

    Parameters
    ----------
    path : path
    freq, measure, jobs, context_tokens_per_s, generated_tokens_per_s, gpus, keep, on_error
        As for `read_azure_llm`.
    by : {"model", "log_type"}, optional
        One series for each model, or for API and conversation logs.
    failed : {"drop", "keep"}
        Requests without response tokens, which failed, are dropped and counted, or count.

    Returns
    -------
    Trace
        As `read_azure_llm`; times in seconds from the start of the log. Where no speed is given and
        the file has ``Elapsed time`` (s), that is the run time of a job. ``queue`` is the model.

    Raises
    ------
    InvalidInputError
        A malformed file or option; names file, line and column.

    References
    ----------
    .. [1] Wang et al., "BurstGPT: a real-world workload dataset to optimize LLM serving systems",
       2024.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "burst.csv"
    >>> _ = file.write_text(
    ...     "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\\n"
    ...     "5,ChatGPT,472,18,490,Conversation log\\n45,GPT-4,87,0,87,API log\\n"
    ... )
    >>> trace = read_burstgpt(file, measure="tokens", freq="10s")
    >>> trace.demand["y"].tolist(), trace.meta.dropped
    ([49.0], {'failed (no response tokens)': 1})
    """
    if by is not None:
        check_choice("by", by, _LABELS)
    check_choice("failed", failed, ("drop", "keep"))
    service = Service(jobs, context_tokens_per_s, generated_tokens_per_s, gpus)
    records = read_records(path, on_error=on_error)
    records.need(*BURSTGPT_HEADER, *([_LABELS[by]] if by else []))
    submit = records.seconds("Timestamp")
    generated = records.numbers("Response tokens", whole=True)
    if failed == "drop":
        records.drop(generated == 0, "failed (no response tokens)")
    requests = Requests(
        "burstgpt",
        records,
        submit=submit,
        context=records.numbers("Request tokens", whole=True),
        generated=generated,
        series=None if by is None else _names(records, _LABELS[by]),
        queue=_names(records, "Model"),
        elapsed_s=(
            records.seconds("Elapsed time", required=False) if "Elapsed time" in records else None
        ),
    )
    return requests.trace(freq, measure, service, keep)


def _names(records: Records, column: str) -> pd.Series[Any]:
    """A column of names, each present."""
    texts = records.text(column)
    records.require(texts.notna(), column, "a name")
    return texts
