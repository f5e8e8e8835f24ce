"""Measured training and inference speeds of models by GPU type: throughput tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from os import PathLike, fspath
from typing import Any

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.tables import to_pandas
from fairlead.traces.json_values import Json, read_json, starts_json
from fairlead.traces.records import Records, read_records
from fairlead.traces.sniffing import header_names
from fairlead.traces.source import read_head

__all__ = ["model_and_batch", "read_throughputs", "throughputs_of"]

_JOB_TYPE = re.compile(r"(.*?)(?: \(batch size (\d{1,9})\))?")
_KEY = re.compile(r"\('(.*)', (\d{1,6})\)")
_SPREAD = "_unconsolidated"
_ELASTIC = re.compile(r"(?:elasticflow_)?([A-Z]+\d+)_(\w+)\.csv(?:\.gz)?")
_ZEUS = re.compile(r"(?:.*_)?power_(\w+)\.csv(?:\.gz)?")
_COLUMNS = ("model", "batch_size", "gpu_type", "gpus", "throughput", "unit")


def read_throughputs(
    path: str | PathLike[str],
    *,
    model: str | None = None,
    gpu_type: str | None = None,
    co_located: bool = False,
) -> pd.DataFrame:
    """Read a table of measured speeds, plain or gzip; the form is told by its content.

    Parameters
    ----------
    path : path
        Gavel's or Shockwave's JSON; ElasticFlow's CSV (``global_batch_size``, a column for each
        number of GPUs); Zeus's CSV of power and epoch times; splitwise-sim's CSV of LLM latencies;
        Lucid's CSV of pairs that share a GPU (two rows a pair, one from the side of each job).
        Those of Pollux and Sia: `read_goodputs`.
    model, gpu_type : str, optional
        What the file does not say. By default ElasticFlow's ``A100_bert.csv`` and Zeus's
        ``power_v100.csv`` are taken apart by name.
    co_located : bool
        Also the speeds of two jobs that share their GPUs (Gavel's form; Lucid's holds no others).

    Returns
    -------
    DataFrame
        ``model``, ``batch_size`` and ``gpu_type`` (missing where not stated), ``gpus``,
        ``throughput`` (per s) and its ``unit``: samples (ElasticFlow, over all GPUs), steps
        (Gavel), epochs (Zeus) or requests; "alone" (Lucid) means parts of the speed that the job
        has alone. 0 means that it does not fit. Further columns by form: ``placement``
        (consolidated or not), ``co_located_with``, ``pair``, ``dataset``, ``mixed_precision``,
        ``gpu_busy_frac`` and ``gpu_memory_gib`` (of both jobs together), ``optimizer``,
        ``power_limit_w``, ``power_w``, ``prompt_tokens``, ``generated_tokens``,
        ``prompt_time_s``, ``token_time_s``. What was not measured has no row.

    Raises
    ------
    InvalidInputError
        No known form, or a malformed file; names file, line and column or JSON path.

    References
    ----------
    .. [1] Narayanan et al., "Heterogeneity-aware cluster scheduling policies for deep learning
       workloads", OSDI 2020 (Gavel).
    .. [2] Gu et al., "ElasticFlow", ASPLOS 2023. [3] You, Chung, Chowdhury, "Zeus", NSDI 2023.
    .. [4] Hu et al., "Lucid", ASPLOS 2023.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "A100_bert.csv"
    >>> _ = file.write_text("global_batch_size,1,2\\n64,6.5,8.5\\n128,3.5,\\n")
    >>> read_throughputs(file)[["model", "batch_size", "gpus", "throughput"]].values.tolist()
    [['bert', 64, 1, 416.0], ['bert', 64, 2, 544.0], ['bert', 128, 1, 448.0]]
    """
    head = read_head(path)
    name = fspath(path).replace("\\", "/").rsplit("/", 1)[-1]
    if starts_json(head, b"{"):
        frame = _gavel(read_json(path, droppable=False), co_located)
        return _finished(frame)
    forms: tuple[tuple[tuple[str, ...], Callable[..., pd.DataFrame]], ...] = (
        (("global_batch_size", "1"), _elasticflow),
        (("network", "power_limit", "time_per_epoch"), _zeus),
        (("hardware", "prompt_size", "e2e_time"), _splitwise),
        (("model1", "speed1", "model2", "speed2"), _lucid),
    )
    for columns, read in forms:
        if header_names(head, columns) is None:
            # The first column of Lucid's table has no name.
            records = read_records(path, nameless="row")
            return _finished(read(records, name, model, gpu_type))
    raise InvalidInputError(
        f"{fspath(path)!r} is no throughput table that is known: neither Gavel's JSON nor CSV with "
        f"{'; '.join(', '.join(columns) for columns, _ in forms)}"
    )


def throughputs_of(table: Any) -> pd.DataFrame:
    """A throughput table given as a frame or as a path.

    Raises
    ------
    InvalidInputError
        A column is missing, or the file is malformed.
    """
    if isinstance(table, str | PathLike):
        return read_throughputs(table)
    frame = to_pandas(table, "throughputs")
    missing = [column for column in _COLUMNS if column not in frame]
    if missing:
        has = ", ".join(map(str, frame.columns))
        raise InvalidInputError(f"throughputs needs a column {missing[0]!r}; it has {has}")
    return frame


def model_and_batch(job_type: str) -> tuple[str, int | None]:
    """Model and batch size of a job type as Gavel writes it.

    Examples
    --------
    >>> model_and_batch("ResNet-18 (batch size 64)"), model_and_batch("A3C")
    (('ResNet-18', 64), ('A3C', None))
    """
    match = _JOB_TYPE.fullmatch(job_type.strip())
    if match is None:  # a line break within
        return job_type, None
    model, batch = match.groups()
    return model, None if batch is None else int(batch)


def _finished(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns every table has first, batch sizes as whole numbers where all are known."""
    others = [column for column in rows.columns if column not in _COLUMNS]
    rows = rows[[*_COLUMNS, *others]].reset_index(drop=True)
    whole = "int64" if rows["batch_size"].notna().all() else "float64"
    return rows.astype({"batch_size": whole, "gpus": "int64", "throughput": "float64"})


def _gavel(top: Json, co_located: bool) -> pd.DataFrame:
    """``{gpu type: {"('model (batch size b)', gpus)": {"null": steps/s, other: [own, its]}}}``."""
    rows: list[dict[str, Any]] = []
    for gpu_type, table in top.members():
        spread = gpu_type.endswith(_SPREAD)
        for key, entry in table.members():
            job_type, gpus = _job_key(entry, key)
            model, batch = model_and_batch(job_type)
            row = {
                "model": model,
                "batch_size": batch,
                "gpu_type": gpu_type.removesuffix(_SPREAD),
                "gpus": gpus,
                "unit": "steps",
                "placement": "unconsolidated" if spread else "consolidated",
            }
            for other, speed in entry.members():
                if other == "null":
                    steps = _speed(speed)
                elif co_located:
                    own, _ = _pair(speed)
                    steps = _speed(own)
                else:
                    continue
                partner = None if other == "null" else _job_key(speed, other)[0]
                shared = {"co_located_with": partner} if co_located else {}
                rows.append({**row, "throughput": steps, **shared})
    if not rows:
        raise top.error("a throughput table of Gavel, {gpu type: {job: {'null': steps per s}}}")
    return pd.DataFrame(rows)


def _job_key(at: Json, key: str) -> tuple[str, int]:
    match = _KEY.fullmatch(key)
    if match is None or int(match.group(2)) == 0:
        raise at.error(f"under a key such as ('model (batch size 64)', 2), not {key!r}")
    return match.group(1), int(match.group(2))


def _pair(speeds: Json) -> list[Json]:
    pair = speeds.elements()
    if len(pair) != 2:
        raise speeds.error("two speeds")
    return pair


def _speed(value: Json) -> float:
    speed = value.number()
    if speed < 0:
        raise value.error("0 or more steps per s")
    return speed


def _elasticflow(
    records: Records, name: str, model: str | None, gpu_type: str | None
) -> pd.DataFrame:
    match = _ELASTIC.fullmatch(name)
    if match is not None:
        gpu_type, model = gpu_type or match.group(1).lower(), model or match.group(2)
    if gpu_type is None or model is None:
        raise InvalidInputError(
            f"{records.path}: the name says neither model nor GPU type; give model= and gpu_type="
        )
    batch = records.numbers("global_batch_size", least=1, whole=True)
    parts = []
    for column in map(str, records.frame.columns):
        if column == "global_batch_size":
            continue
        if not column.isdecimal() or not 0 < int(column[:9]) < 10**6:
            raise InvalidInputError(
                f"{records.path}, line 1, column {column}: must be a number of GPUs; mend it"
            )
        steps = records.numbers(column, required=False)
        measured = ~np.isnan(steps)
        part = {"batch_size": batch[measured], "throughput": (batch * steps)[measured]}
        parts.append(pd.DataFrame({**part, "gpus": int(column)}))
    rows = pd.concat(parts).sort_values(["batch_size", "gpus"])
    return rows.assign(model=model, gpu_type=gpu_type, unit="samples")


def _zeus(records: Records, name: str, model: str | None, gpu_type: str | None) -> pd.DataFrame:
    match = _ZEUS.fullmatch(name)
    gpu_type = gpu_type or (match.group(1) if match else None)
    if gpu_type is None:
        raise InvalidInputError(f"{records.path}: the name says no GPU type; give gpu_type=")
    records.need("dataset", "batch_size", "optimizer", "average_power")
    epoch_s = records.numbers("time_per_epoch", required=False)
    records.require(~(epoch_s <= 0), "time_per_epoch", "above 0 s")
    rows = pd.DataFrame(
        {
            "model": model or records.text("network"),
            "batch_size": records.numbers("batch_size", least=1, whole=True),
            "gpu_type": gpu_type,
            "gpus": 1,
            "throughput": 1 / epoch_s,
            "unit": "epochs",
            "dataset": records.text("dataset"),
            "optimizer": records.text("optimizer"),
            "power_limit_w": records.numbers("power_limit"),
            "power_w": records.numbers("average_power", required=False),
        }
    )
    return rows[rows["throughput"].notna()]


def _splitwise(
    records: Records, name: str, model: str | None, gpu_type: str | None
) -> pd.DataFrame:
    records.need("model", "batch_size", "token_size", "prompt_time", "token_time")
    records.need("tensor_parallel")
    batch = records.numbers("batch_size", least=1, whole=True)
    whole_s = records.numbers("e2e_time") / 1000
    records.require(whole_s > 0, "e2e_time", "above 0 ms")
    return pd.DataFrame(
        {
            "model": model or records.text("model"),
            "batch_size": batch,
            "gpu_type": gpu_type or records.text("hardware"),
            "gpus": records.numbers("tensor_parallel", least=1, whole=True),
            "throughput": batch / whole_s,
            "unit": "requests",
            "prompt_tokens": records.numbers("prompt_size", whole=True),
            "generated_tokens": records.numbers("token_size", whole=True),
            "prompt_time_s": records.numbers("prompt_time") / 1000,
            "token_time_s": records.numbers("token_time") / 1000,
        }
    )


def _lucid(records: Records, name: str, model: str | None, gpu_type: str | None) -> pd.DataFrame:
    of_one = ("dataset", "gpu_num", "batchsize", "amp")
    records.need(*(what + side for what in of_one for side in "12"), "gpu_util", "gmem")
    busy = records.numbers("gpu_util", most=100) / 100
    memory_gib = records.numbers("gmem") / 1024
    own, other = (_lucid_side(records, side) for side in "12")
    parts = []
    for mine, partner in ((own, other), (other, own)):
        batch = partner["batch_size"].astype("int64").astype("str")
        beside = partner["model"] + " (batch size " + batch + ")"
        parts.append(mine.assign(co_located_with=beside, pair=np.arange(len(mine))))
    rows = pd.concat(parts).assign(gpu_type=gpu_type, unit="alone")
    rows["gpu_busy_frac"], rows["gpu_memory_gib"] = np.tile(busy, 2), np.tile(memory_gib, 2)
    rows = rows.sort_values("pair", kind="stable")
    return rows if model is None else rows[rows["model"] == model]


def _lucid_side(records: Records, side: str) -> pd.DataFrame:
    """One of the two jobs of every pair; ``side`` ends the names of its columns."""
    names = {what: records.text(f"{what}{side}") for what in ("model", "dataset")}
    for what, texts in names.items():
        records.require(texts.notna(), f"{what}{side}", "a name")
    return pd.DataFrame(
        {
            "model": names["model"],
            "batch_size": records.numbers(f"batchsize{side}", least=1, whole=True),
            "gpus": records.numbers(f"gpu_num{side}", least=1, whole=True),
            "throughput": records.numbers(f"speed{side}"),
            "dataset": names["dataset"],
            "mixed_precision": records.numbers(f"amp{side}", most=1, whole=True) == 1,
        }
    )
