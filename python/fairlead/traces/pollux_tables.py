"""Goodput tables of Pollux and Sia: measured step times and statistical efficiency of models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.traces.records import read_records

__all__ = ["POLLUX_GPU", "Tables", "read_goodputs", "read_tables", "run_times"]

_TABLE = re.compile(r"(placements|scalability)(?:-([\w-]+))?\.csv(?:\.gz)?")
_VALIDATION = re.compile(r"validation-(\d{1,9})\.csv(?:\.gz)?")
_PLACEMENT = re.compile(r"[1-9]{1,64}")
#: The GPU type of files that name none: Pollux measured on T4.
POLLUX_GPU = "t4"


def read_goodputs(
    folder: str | PathLike[str],
    *,
    gpu_type: str | None = None,
    validation: str | PathLike[str] | None = None,
) -> pd.DataFrame:
    """Read the tables of a folder ``traces`` of Pollux or Sia, a folder for each model.

    Parameters
    ----------
    folder : path
        Holds ``<model>/placements[-<type>].csv``, ``scalability[-<type>].csv`` and
        ``validation-<batch size>.csv``, plain or gzip; or is the folder of one model.
    gpu_type : str, optional
        Read only this type, as the file names spell it (``aws``, ``dgx-ext``; ``t4`` where they
        name none). By default all.
    validation : path, optional
        Another folder of the same layout that has the validation tables, as Sia's users take those
        of Pollux.

    Returns
    -------
    DataFrame
        ``model``, ``batch_size`` (over all GPUs), ``gpu_type``, ``gpus``, ``throughput`` (samples
        per s), ``unit``, ``sync_s`` (part of a step), ``nodes``, ``placement`` (GPUs on each node,
        a digit each; missing where only counted), ``efficiency`` (progress of a sample, 1 at the
        smallest batch size), ``goodput`` (throughput times efficiency), ``work`` (samples of the
        whole training at efficiency 1, so that ``work / goodput`` is its run time in s). These are
        missing where a model has no validation tables, the first two also outside them.
        ``attrs["dropped"]`` counts rows of pipeline-parallel tables, whose step times leave out the
        synchronisation, so no throughput follows from them.

    Raises
    ------
    InvalidInputError
        No table of the type there, or a malformed file; names file, line and column.

    Notes
    -----
    Efficiency at batch size B is (progress at the end) * B0 / (iterations at the end * B), with B0
    the smallest validated batch size; between validated sizes it is interpolated over log B. The
    tables count progress in batches of B0.

    References
    ----------
    .. [1] Qiao et al., "Pollux: co-adaptive cluster scheduling for goodput-optimized deep
       learning", OSDI 2021. [2] Subramanya et al., "Sia", SOSP 2023.

    Examples
    --------
    >>> import tempfile
    >>> app = Path(tempfile.mkdtemp()) / "bert"
    >>> app.mkdir()
    >>> _ = (app / "placements.csv").write_text(
    ...     "placement,local_bsz,step_time,sync_time\\n1,8,0.5,0\\n22,8,0.5,0.1\\n"
    ... )
    >>> for batch, iterations in ((8, 100), (32, 50)):
    ...     _ = (app / f"validation-{batch}.csv").write_text(
    ...         f"progress,iteration,metric,grad_sqr,grad_var\\n100,{iterations},1,1,1\\n"
    ...     )
    >>> read_goodputs(app.parent)[["gpus", "throughput", "goodput", "work"]].values.tolist()
    [[1.0, 16.0, 16.0, 800.0], [4.0, 64.0, 32.0, 800.0]]
    """
    return read_tables(folder, gpu_type, validation).rows


@dataclass(frozen=True)
class Curve:
    """Statistical efficiency of a model by batch size (ascending), and its work in samples."""

    sizes: NDArray[np.float64]
    efficiencies: NDArray[np.float64]
    work: float

    def at(self, batch: Any) -> Any:
        """Efficiency at batch sizes; NaN outside the validated ones."""
        known = np.log(self.sizes)
        return np.interp(np.log(batch), known, self.efficiencies, np.nan, np.nan)


@dataclass(frozen=True)
class Tables:
    """What a folder of tables says: rows of `read_goodputs`, and efficiencies by model."""

    rows: pd.DataFrame
    curves: Mapping[str, Curve]


def read_tables(
    folder: str | PathLike[str], gpu_type: str | None, validation: str | PathLike[str] | None
) -> Tables:
    """The tables of a folder; `read_goodputs` says which.

    Raises
    ------
    InvalidInputError
        No table of the type there, or a malformed file; names file, line and column.
    """
    dropped: dict[str, int] = {}
    curves: dict[str, Curve] = {}
    parts = []
    for app in _models(Path(folder)):
        rows = _model(app, gpu_type, dropped)
        if rows.empty:
            continue
        curve = _curve(app if validation is None else Path(validation) / app.name)
        if curve is not None:
            curves[app.name] = curve
        efficiency = np.nan if curve is None else curve.at(rows["batch_size"])
        rows = rows.assign(efficiency=efficiency, goodput=rows["throughput"] * efficiency)
        parts.append(rows.assign(work=np.nan if curve is None else curve.work))
    if not parts:
        wanted = "" if gpu_type is None else f" of type {gpu_type!r}"
        raise InvalidInputError(
            f"{fspath(folder)!r} holds no placements or scalability tables{wanted}; give the "
            f"folder of the models"
        )
    rows = pd.concat(parts, ignore_index=True)
    rows.attrs["dropped"] = dropped
    return Tables(rows, curves)


def run_times(
    tables: Tables,
    model: pd.Series[Any],
    batch: NDArray[np.float64],
    gpus: NDArray[np.float64],
    gpus_per_node: int,
) -> NDArray[np.float64]:
    """Run time (s) of jobs with fixed batch size on fixed GPUs, on as few nodes as can be.

    Step times are interpolated between the samples per GPU that were measured on as many GPUs and
    nodes (over placements, their median). More samples than a GPU holds are done in equal parts, of
    which only the last synchronises. NaN where the tables do not cover the job.
    """
    steps = {key: _Steps(rows) for key, rows in tables.rows.groupby(["model", "gpus", "nodes"])}
    made = np.full(len(batch), np.nan)
    for i, (name, size, count) in enumerate(zip(model, batch, gpus, strict=True)):
        measured = steps.get((name, count, -(-count // gpus_per_node)))
        curve = tables.curves.get(name)
        if measured is not None and curve is not None:
            iterations = curve.work / (size * curve.at(size))
            made[i] = iterations * measured.step_s(size / count)
    return made


class _Steps:
    """Step times of a model on so many GPUs and nodes, by samples per GPU."""

    def __init__(self, rows: pd.DataFrame) -> None:
        local = rows["batch_size"] / rows["gpus"]
        times = pd.DataFrame(
            {"step": rows["batch_size"] / rows["throughput"], "sync": rows["sync_s"]}
        )
        median = times.groupby(local).median()
        self._local = median.index.to_numpy(dtype=np.float64)
        self._step, self._sync = median["step"].to_numpy(), median["sync"].to_numpy()

    def step_s(self, local: float) -> float:
        """Time of a step with so many samples per GPU; NaN below the least measured."""
        parts = np.ceil(local / self._local[-1])
        part = local / parts
        if part < self._local[0]:
            return float("nan")
        step, sync = (np.interp(part, self._local, times) for times in (self._step, self._sync))
        return float(step + (parts - 1) * (step - sync))


def _models(top: Path) -> list[Path]:
    try:
        names = sorted(top.iterdir())
    except OSError as error:
        raise InvalidInputError(f"{fspath(top)!r} cannot be read: {error}") from error
    if any(_TABLE.fullmatch(path.name) for path in names):
        return [top]
    return [path for path in names if path.is_dir()]


def _model(app: Path, gpu_type: str | None, dropped: dict[str, int]) -> pd.DataFrame:
    """Throughput rows of one model."""
    parts = []
    for path in sorted(app.iterdir()):
        match = _TABLE.fullmatch(path.name)
        kind = None if match is None else (match.group(2) or POLLUX_GPU)
        if match is None or (gpu_type is not None and kind != gpu_type):
            continue
        table, whole_steps = _steps(path, match.group(1) == "placements")
        if whole_steps:
            parts.append(table.assign(gpu_type=kind))
        else:
            reason = "step of a pipeline without its synchronisation"
            dropped[reason] = dropped.get(reason, 0) + len(table)
    if not parts:
        return pd.DataFrame()
    rows = pd.concat(parts, ignore_index=True)
    rows["batch_size"] = (rows["gpus"] * rows["local_bsz"]).astype("int64")
    rows["throughput"] = rows["batch_size"] / rows["step_s"]
    first = ["model", "batch_size", "gpu_type", "gpus", "throughput", "unit", "sync_s"]
    return rows.assign(model=app.name, unit="samples")[[*first, "nodes", "placement"]]


def _steps(path: Path, by_placement: bool) -> tuple[pd.DataFrame, bool]:
    """Step times by GPUs, nodes and samples per GPU; whether they hold the synchronisation."""
    records = read_records(path)
    records.need("local_bsz", "step_time", "sync_time")
    if by_placement:
        records.need("placement")
        placement = records.text("placement")
        records.require(
            placement.str.fullmatch(_PLACEMENT).fillna(False).astype(bool),
            "placement",
            "digits from 1 to 9, one a node",
        )
        gpus: Any = placement.map(lambda digits: sum(map(int, digits)))
        nodes: Any = placement.str.len()
    else:
        records.need("num_nodes", "num_replicas")
        placement = pd.Series(None, index=records.frame.index, dtype="str")
        gpus = records.numbers("num_replicas", least=1, whole=True)
        nodes = records.numbers("num_nodes", least=1, whole=True)
    step_s = records.numbers("step_time")
    records.require(step_s > 0, "step_time", "above 0 s")
    sync_s = records.numbers("sync_time")
    table = pd.DataFrame(
        {
            "gpus": gpus,
            "nodes": nodes,
            "placement": placement,
            "local_bsz": records.numbers("local_bsz", least=1, whole=True),
            "step_s": step_s,
            "sync_s": sync_s,
        }
    )
    return table.astype({"gpus": "int64", "nodes": "int64"}), bool((sync_s <= step_s).all())


def _curve(app: Path) -> Curve | None:
    """Statistical efficiency from the ends of the validation tables; None without tables."""
    ends: dict[int, tuple[float, float]] = {}
    for path in sorted(app.iterdir()) if app.is_dir() else []:
        match = _VALIDATION.fullmatch(path.name)
        if match is not None and int(match.group(1)):
            records = read_records(path)
            records.need("progress", "iteration")
            progress = records.numbers("progress", least=1)
            iterations = records.numbers("iteration", least=1)
            ends[int(match.group(1))] = (float(progress[-1]), float(iterations[-1]))
    if not ends:
        return None
    sizes = np.array(sorted(ends), dtype=np.float64)
    last = np.array([ends[size] for size in sorted(ends)])
    return Curve(sizes, last[:, 0] * sizes[0] / (last[:, 1] * sizes), float(last[0, 0] * sizes[0]))
