"""Slurm's nodes: the text of ``scontrol show node`` and of ``sinfo``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.traces.records import Records
from fairlead.traces.slurm_values import expand_hosts, gres, tres
from fairlead.traces.source import check_on_error, fail, read_bytes, require_text
from fairlead.traces.trace import Trace, TraceMeta, no_events, no_jobs

__all__ = ["read_slurm_nodes", "slurm_nodes", "sniff_slurm_nodes"]

_KEY = re.compile(r"(?:^|\s)(NodeName|CPUTot|RealMemory|Gres|CfgTRES|State|Partitions)=(\S*)")
# Columns of sinfo by what they hold; the first that is there counts.
_HEADINGS = {
    "hosts": ("NODELIST", "HOSTNAMES", "NODEHOST"),
    "cpus": ("CPUS",),
    "memory": ("MEMORY",),
    "gres": ("GRES",),
    "state": ("STATE", "STATECOMPACT", "STATELONG"),
    "partition": ("PARTITION", "PARTITIONNAME"),
}
_MIB_IN_GIB = 1024.0

_Row = dict[str, str]
_OnError = Literal["raise", "drop"]


def read_slurm_nodes(path: str | PathLike[str], *, on_error: _OnError = "raise") -> Trace:
    """Read the nodes of a Slurm cluster from what its own commands print, plain or gzip.

    Parameters
    ----------
    path : path
        Text of ``scontrol show node`` (also with ``-o``), or of ``sinfo`` with a heading that names
        ``NODELIST``, best ``sinfo -N -o "%N|%c|%m|%G|%P|%T"``. Lists of hosts are written out.
    on_error : {"raise", "drop"}
        A node that cannot be used is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``nodes``: ``node_id``, ``cpus``, ``memory_gib``, ``gpus``, ``gpu_type`` and ``labels`` with
        partitions and state; no jobs. Nodes that are down or drained are nodes all the same; those
        of state FUTURE, which do not exist, are dropped and counted.

    Raises
    ------
    InvalidInputError
        A malformed file; names file, line and column.

    References
    ----------
    .. [1] Slurm, manual pages of scontrol and sinfo, https://slurm.schedmd.com

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "nodes.txt"
    >>> _ = file.write_text(
    ...     "NODELIST|CPUS|MEMORY|GRES|PARTITION|STATE\\n"
    ...     "gpu[1-2]|64|524288|gpu:a100:4|train|idle\\n"
    ... )
    >>> read_slurm_nodes(file).cluster().capacity
    {'cpus': 128.0, 'memory_gib': 1024.0, 'gpus': 8.0}
    """
    nodes, meta = slurm_nodes(path, on_error)
    return Trace(no_jobs(), nodes, no_events(), meta)


def slurm_nodes(
    path: str | PathLike[str], on_error: _OnError = "raise"
) -> tuple[pd.DataFrame, TraceMeta]:
    """The nodes table of a file as `read_slurm_nodes` takes it, and the account."""
    check_on_error(on_error)
    name, data = read_bytes(path)
    require_text(name, data)
    lines = data.decode("utf-8", "replace").splitlines()
    is_scontrol = any(line.lstrip().startswith("NodeName=") for line in lines)
    rows = list(_scontrol(lines) if is_scontrol else _sinfo(name, lines))
    if not rows:
        raise fail(name, 1, 1, "no node: expected text of 'scontrol show node' or of sinfo")
    records, merged = _one_row_a_node(name, rows, on_error)
    records.drop(records.text("state").str.upper().str.startswith("FUTURE", na=False), "FUTURE")
    labels = "partitions=" + merged["partition"] + " state=" + merged["state"]
    columns: dict[str, Any] = {"node_id": merged["node"]}
    columns["cpus"] = records.numbers("cpus", whole=True)
    columns["memory_gib"] = records.numbers("memory") / _MIB_IN_GIB
    if merged["gpus"].notna().any():  # sinfo may have been asked for no GRES
        columns["gpus"] = records.numbers("gpus", whole=True)
        columns["gpu_type"] = merged["gpu_type"].replace("", None)
    return records.nodes({**columns, "labels": labels}), records.meta("slurm_nodes")


def sniff_slurm_nodes(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be text of scontrol or sinfo; None if they can.

    Examples
    --------
    >>> sniff_slurm_nodes("a.txt", b"NodeName=n1 Arch=x86_64\\n") is None
    True
    """
    text = head.lstrip().decode("utf-8", "replace")
    first = text.split("\n", 1)[0]
    if first.startswith("NodeName="):
        return None
    if set(_words(first)) & set(_HEADINGS["hosts"]):
        return None
    return "it begins neither with NodeName= nor with a heading that names NODELIST"


def _scontrol(lines: list[str]) -> Iterator[_Row]:
    """Blocks of ``Key=Value``, a node each; every block begins with its NodeName."""
    row: _Row = {}
    for number, line in enumerate(lines, 1):
        for key, value in _KEY.findall(line):
            if key == "NodeName":
                if row:
                    yield row
                row = {"node": value, "line": str(number), "gpus": "0", "gpu_type": ""}
            elif row:
                row.update(_of_scontrol(key, value))
    if row:
        yield row


def _of_scontrol(key: str, value: str) -> _Row:
    if key == "Gres":
        return _gpus(lambda: gres(value), value)
    if key == "CfgTRES":
        listed = _gpus(lambda: (tres(value).gpus, tres(value).gpu_type), value)
        # Gres also tells the type; the configured TRES count only where it says nothing.
        return listed if listed["gpus"] not in ("0", "nan") and listed["gpu_type"] else {}
    return {
        "CPUTot": {"cpus": value},
        "RealMemory": {"memory": value},
        "State": {"state": value},
        "Partitions": {"partition": value},
    }[key]


def _gpus(parse: Callable[[], tuple[float, str]], text: str) -> _Row:
    try:
        count, kind = parse()
    except (ValueError, InvalidInputError):
        return {"gpus": text, "gpu_type": ""}
    return {"gpus": f"{count:g}", "gpu_type": kind}


def _sinfo(name: str, lines: list[str]) -> Iterator[_Row]:
    """Rows of a table with a heading, between bars or blanks."""
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    # sinfo -l prints the date first.
    while numbered and not set(_words(numbered[0][1])) & set(_HEADINGS["hosts"]):
        numbered = numbered[1:]
    if not numbered:
        return
    headings = _words(numbered[0][1])
    at = {
        what: next((headings.index(word) for word in words if word in headings), -1)
        for what, words in _HEADINGS.items()
    }
    bars = "|" in numbered[0][1]
    for number, line in numbered[1:]:
        cells = [cell.strip() for cell in (line.split("|") if bars else line.split())]
        # Words of a reason may follow; anything else too much would shift what is read.
        surplus = len(cells) > len(headings) and (bars or headings[-1] != "REASON")
        if len(cells) < len(headings) or surplus:
            raise fail(
                name,
                number,
                min(len(cells), len(headings)) + 1,
                f"must be a line of {len(headings)} fields, as the heading; got {len(cells)}",
            )
        yield from _hosts(name, number, {w: cells[i] for w, i in at.items() if i >= 0})


def _words(line: str) -> list[str]:
    return [word.strip().upper() for word in (line.split("|") if "|" in line else line.split())]


def _hosts(name: str, number: int, cells: _Row) -> Iterator[_Row]:
    try:
        hosts = expand_hosts(cells.pop("hosts"))
    except ValueError as error:
        raise fail(name, number, "NODELIST", f"must be {error}") from error
    listed = cells.pop("gres", None)
    found = {} if listed is None else _gpus(lambda: gres(listed), listed)
    # sinfo marks the default partition with a star, and amounts that differ with a plus.
    cells = {what: cell.rstrip("*+") for what, cell in cells.items()}
    for host in hosts:
        yield {"node": host, "line": str(number), **found, **cells}


def _one_row_a_node(
    name: str, rows: list[_Row], on_error: _OnError
) -> tuple[Records, pd.DataFrame]:
    """The first row of each node; sinfo prints a node once for each of its partitions."""
    names = ["node", "line", "cpus", "memory", "gpus", "gpu_type", "state", "partition"]
    table = pd.DataFrame(rows, columns=names, dtype=object)
    partitions = table.groupby("node", sort=False)["partition"].agg(
        lambda texts: ",".join(dict.fromkeys(texts.dropna()))
    )
    merged = table.drop_duplicates("node").reset_index(drop=True)
    merged = merged.assign(partition=merged["node"].map(partitions)).fillna({"state": "unknown"})
    lines = merged["line"].to_numpy().astype(np.int64)
    return Records(name, merged, lines, 0, on_error), merged
