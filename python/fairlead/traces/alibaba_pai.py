"""Alibaba's PAI cluster of 2020: jobs whose tasks are roles of many instances."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.traces.alibaba_nodes import alibaba_nodes
from fairlead.traces.plain_lines import split_plain
from fairlead.traces.records import Records, check_choice, recorded_times
from fairlead.traces.source import check_on_error, fail, read_bytes, require_text, without_mark
from fairlead.traces.trace import Trace, no_events, no_nodes

__all__ = ["read_alibaba_pai", "sniff_alibaba_pai"]

# The files have no header line; these are the publisher's names.
_JOBS = ("job_name", "inst_id", "user", "status", "start_time", "end_time")
_TASKS = (
    "job_name",
    "task_name",
    "inst_num",
    "status",
    "start_time",
    "end_time",
    "plan_cpu",
    "plan_mem",
    "plan_gpu",
    "gpu_type",
)
_INSTANCES = (
    "job_name",
    "task_name",
    "inst_name",
    "worker_name",
    "inst_id",
    "status",
    "start_time",
    "end_time",
    "machine",
)
_MACHINES = ("machine", "gpu_type", "cap_cpu", "cap_mem", "cap_gpu")
_JOB_FILE, _TASK_FILE = "pai_job_table", "pai_task_table"
_OPEN = ("Running", "Waiting")
# Cores and GPUs are planned in hundredths.
_WHOLE = 100.0
_TAR_MARK = slice(257, 262)

_Path = str | PathLike[str]


def read_alibaba_pai(
    path: _Path,
    *,
    tasks: _Path | None = None,
    instances: _Path | None = None,
    machines: _Path | None = None,
    unfinished: Literal["drop", "keep"] = "drop",
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read Alibaba's cluster-trace-gpu-v2020: ``pai_job_table`` and the tables that go with it.

    Parameters
    ----------
    path : path
        The job table: CSV with or without a header line, plain, gzip or ``.tar.gz``.
    tasks : path, optional
        The task table; else the file beside it with ``pai_task_table`` in its name.
    instances : path, optional
        The instance table: tells the times of tasks that lack them.
    machines : path, optional
        ``pai_machine_spec``, for the machine.
    unfinished : {"drop", "keep"}
        Tasks that never started, or had not ended, are dropped and counted, or have no
        ``duration_s``.
    keep : iterable of str
        Further columns: ``recorded_start_time`` (of the job, so of its first role),
        ``recorded_wait_s`` (s, until then), ``recorded_state`` (of the role), and any column of the
        task table, as ``source_<name>``.
    on_error : {"raise", "drop"}
        A row that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: a row for each task (role) of a job, as its instances are alike: ``job_id`` (the
        job, and the role where there are several), ``group`` (the job), ``submit_time`` (of the
        job), ``duration_s``, ``tasks`` (instances), and for each ``cpus``, ``memory_gib``, ``gpus``
        (a share below 1, or whole); ``gpu_type``, ``user``.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    Notes
    -----
    A job of several roles is one gang of unlike tasks, which a jobs table cannot say: its roles are
    jobs of their own, submitted together, with the same ``group``. Times are seconds of a clock
    that the publisher shifted, read as seconds since 1970: in Asia/Shanghai the hour and the day
    of the week are right, the date is not. Plans of more than one GPU that are not whole are
    rounded up, counted under ``meta.repaired``. Memory called GB is taken as GiB.

    References
    ----------
    .. [1] Weng et al., "MLaaS in the Wild: Workload Analysis and Scheduling in Large-Scale
       Heterogeneous GPU Clusters", NSDI 2022.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "pai_job_table.csv").write_text("j1,i1,u1,Terminated,1000,2000\\n")
    >>> _ = (folder / "pai_task_table.csv").write_text(
    ...     "j1,worker,4,Terminated,1010,2000,600,29.296875,50,T4\\n"
    ... )
    >>> trace = read_alibaba_pai(folder / "pai_job_table.csv", keep="recorded_wait_s")
    >>> trace.jobs[["duration_s", "tasks", "cpus", "gpus", "recorded_wait_s"]].values.tolist()
    [[990.0, 4.0, 6.0, 0.5, 10.0]]
    """
    check_choice("unfinished", unfinished, ("drop", "keep"))
    jobs = _table(path, _JOBS, on_error)
    submit, user = _of_jobs(jobs)
    records = _table(_beside(path) if tasks is None else tasks, _TASKS, on_error)
    name, role = records.text("job_name"), records.text("task_name")
    records.require(name.notna(), "job_name", "a name")
    records.drop(~name.isin(submit.index), "job not in the job table")
    records.require_distinct("task_name", pd.MultiIndex.from_arrays([name, role]))
    start, end = _times(records, instances, on_error)
    state = records.text("status")
    active = state.isin(_OPEN).to_numpy()
    ran = records.run_times(start, end, unfinished, "end_time", active=active)
    submitted = pd.DatetimeIndex(submit.reindex(name))
    columns: dict[str, Any] = {
        "job_id": name.where(~name.duplicated(keep=False), name + "/" + role.fillna("")),
        "submit_time": submitted,
        "duration_s": ran,
        **_requests(records),
        "user": pd.Categorical(user.reindex(name)),
        "group": name,
    }
    # A job waits until the first of its roles starts.
    first = pd.DatetimeIndex(pd.Series(start).groupby(name.to_numpy()).transform("min"))
    recorded = recorded_times(submitted, first, pd.Categorical(state))
    table = records.jobs({**columns, **records.kept(keep, recorded)})
    nodes = no_nodes() if machines is None else alibaba_nodes(_table(machines, _MACHINES, "raise"))
    idle = int((~submit.index.isin(name)).sum())
    header = {"jobs": str(jobs.read), "jobs without tasks": str(idle)}
    return Trace(table, nodes, no_events(), records.meta("alibaba_pai", header=header))


def sniff_alibaba_pai(name: str, head: bytes) -> str | None:
    """Why a file cannot be the job table, which has no header line to tell; None if it can.

    Examples
    --------
    >>> sniff_alibaba_pai("pai_job_table.tar", b"") is None
    True
    """
    known = Path(name).name.startswith(_JOB_FILE)
    return None if known else f"its name does not begin with {_JOB_FILE}"


def _beside(path: _Path) -> str:
    """The task table in the folder of the job table."""
    folder, name = Path(path).parent, Path(path).name
    beside = folder / name.replace(_JOB_FILE, _TASK_FILE)
    if _JOB_FILE not in name or not beside.is_file():
        raise InvalidInputError(
            f"{fspath(path)!r} is the job table; its task table is not beside it: give tasks="
        )
    return str(beside)


def _table(path: _Path, names: Sequence[str], on_error: str) -> Records:
    """One table of the trace, out of its archive if it is in one."""
    check_on_error(on_error)
    name, data = read_bytes(path)
    if data[_TAR_MARK] == b"ustar":
        data = _only_member(name, data)
    require_text(name, data)
    first = data.lstrip().split(b"\n", 1)[0].strip().decode("utf-8", "replace")
    given = None if first == ",".join(names) else names
    return Records(name, *split_plain(name, data, ",", on_error, given), on_error)


def _only_member(name: str, data: bytes) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            files = [member for member in archive.getmembers() if member.isfile()]
            opened = archive.extractfile(files[0]) if len(files) == 1 else None
            if opened is None:
                raise fail(name, 1, 1, f"must be an archive of one file; got {len(files)}")
            return without_mark(opened.read())
    except (tarfile.TarError, EOFError, OSError) as error:
        raise fail(name, 1, 1, f"the archive is damaged ({error}); fetch it again") from error


def _of_jobs(jobs: Records) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Submission and user of each job, by its name."""
    name = jobs.text("job_name")
    jobs.require(name.notna(), "job_name", "a name")
    jobs.require_distinct("job_name", name)
    times = jobs.epoch_times("start_time")
    left = jobs.alive
    index = pd.Index(name[left])
    users = pd.Series(jobs.text("user")[left].to_numpy(), index=index)
    return pd.Series(times[left], index=index), users


def _times(
    records: Records, instances: _Path | None, on_error: str
) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """Start and end of each task, from its instances where the task table lacks them."""
    start = records.epoch_times("start_time", required=False)
    end = records.epoch_times("end_time", required=False)
    if instances is None:
        return start, end
    table = _table(instances, _INSTANCES, on_error)
    runs = pd.DataFrame(
        {
            "job": table.text("job_name"),
            "task": table.text("task_name"),
            "start": table.epoch_times("start_time", required=False),
            "end": table.epoch_times("end_time", required=False),
        }
    )[table.alive]
    told = runs.groupby(["job", "task"]).agg({"start": "min", "end": "max"})
    keys = pd.MultiIndex.from_arrays([records.text("job_name"), records.text("task_name")])
    told = told.reindex(keys)
    found = []
    for own, column in ((start, "start"), (end, "end")):
        other = pd.DatetimeIndex(told[column])
        taken = np.asarray(own.isna()) & np.asarray(other.notna())
        records.repair(taken, "time of a task taken from its instances")
        found.append(own.where(own.notna(), other))
    return found[0], found[1]


def _requests(records: Records) -> dict[str, Any]:
    """Instances, and what each asks; GPUs above one that are not whole are rounded up."""
    gpus = np.nan_to_num(records.numbers("plan_gpu", required=False)) / _WHOLE
    broken = (gpus > 1) & (gpus % 1 != 0)
    records.repair(broken, "GPUs above one that are not whole rounded up")
    return {
        "tasks": records.numbers("inst_num", least=1, whole=True),
        "cpus": records.numbers("plan_cpu", required=False) / _WHOLE,
        "memory_gib": records.numbers("plan_mem", required=False),
        "gpus": np.where(broken, np.ceil(gpus), gpus),
        "gpu_type": pd.Categorical(records.text("gpu_type")),
    }
