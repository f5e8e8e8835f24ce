"""Kubernetes: pods and nodes as ``kubectl get pods,nodes -A -o json`` prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from fairlead.errors import InvalidInputError
from fairlead.tables import RESOURCES, job_columns, node_columns
from fairlead.traces.json_values import Json, read_json, starts_json
from fairlead.traces.kubernetes_gangs import Gang, gangs_of
from fairlead.traces.kubernetes_objects import Node, Pod, read_node, read_pod
from fairlead.traces.kubernetes_quantity import OURS
from fairlead.traces.records import check_choice
from fairlead.traces.source import check_on_error
from fairlead.traces.trace import Trace, TraceMeta, no_events, no_nodes

__all__ = ["read_kubernetes", "sniff_kubernetes"]

_KEEPABLE = ("recorded_wait_s", "phase", "owner", "nodes")
_NS = 1_000_000_000


def read_kubernetes(
    path: str | PathLike[str],
    *,
    unfinished: Literal["keep", "drop"] = "keep",
    keep: Iterable[str] = (),
    on_error: Literal["raise", "drop"] = "raise",
) -> Trace:
    """Read pods and nodes from ``kubectl get pods,nodes -A -o json``, plain or gzip.

    Parameters
    ----------
    path : path
        A ``List``, ``PodList`` or ``NodeList``.
    unfinished : {"keep", "drop"}
        A job with a pod that has not ended is kept without run time, or dropped and counted.
    keep : iterable of str
        Further columns: ``recorded_wait_s`` (s from creation to start), ``phase``, ``owner`` (kind
        and name), ``nodes`` (where the pods are, comma between).
    on_error : {"raise", "drop"}
        A malformed object is an error or is dropped and counted.

    Returns
    -------
    Trace
        ``jobs``: ``job_id`` (namespace/name), ``submit_time`` (UTC), ``duration_s``, ``limit_s``
        (activeDeadlineSeconds), ``tasks``, ``cpus``, ``memory_gib``, ``gpus``, ..., ``gpu_type``,
        ``priority``, ``queue``, ``tenant`` (namespace); ``nodes`` with what is allocatable. MIG
        slices and other extended resources keep their names as columns. A node that is cordoned
        or not ready is an event (drain, fail) at the first submission.

    Raises
    ------
    InvalidInputError
        A malformed file; names file and JSON path (or line and column).

    Notes
    -----
    - A pod asks the sum over its containers and side-cars, at least its largest init container,
      plus overhead; a missing request is its limit.
    - Pods are a gang (one job, one task each) if a label or annotation puts them in one pod group
      (scheduler-plugins, Volcano, Kueue, JobSet, Kubeflow, Ray), or if one owner other than a
      service (ReplicaSet, StatefulSet) controls them. A pod created after another of its gang
      ended belongs to the next gang (``name#2``): a retry, or the next of a Job's completions.
      Where members ask differently, the largest request counts for each.
    - Pods of DaemonSets and static pods come with their node and are dropped; so is what is
      neither Pod nor Node.

    References
    ----------
    .. [1] Kubernetes documentation, "Resource Management for Pods and Containers", "Init
       Containers", "Sidecar Containers".

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "cluster.json"
    >>> pod = {
    ...     "kind": "Pod",
    ...     "metadata": {"name": "a", "creationTimestamp": "2026-01-05T09:00:00Z"},
    ...     "spec": {"containers": [{"resources": {"requests": {"cpu": "500m"}}}]},
    ... }
    >>> _ = file.write_text(json.dumps({"kind": "List", "items": [pod]}))
    >>> read_kubernetes(file).jobs[["job_id", "cpus"]].values.tolist()
    [['default/a', 0.5]]
    """
    check_on_error(on_error)
    check_choice("unfinished", unfinished, ("keep", "drop"))
    kept = (keep,) if isinstance(keep, str) else tuple(keep)
    for name in kept:
        check_choice("keep", name, _KEEPABLE)
    top = read_json(path)
    dropped: Counter[str] = Counter()
    pods, nodes, read = _objects(top, on_error, dropped)
    gangs, repaired = gangs_of([pod for pod in pods if not pod.system])
    dropped["pod of a DaemonSet or static pod"] += sum(pod.system for pod in pods)
    left = [gang for gang in gangs if unfinished == "keep" or gang.end_ns is not None]
    dropped["not finished"] += sum(len(g.pods) for g in gangs) - sum(len(g.pods) for g in left)
    jobs = _jobs(left, kept)
    machine = _nodes(nodes, jobs)
    for what, check, frame in (("pods", _check_jobs, jobs), ("nodes", node_columns, machine)):
        _checked(top.file, what, check, frame)
    meta = TraceMeta(
        "kubernetes",
        top.file,
        read=read,
        dropped={reason: count for reason, count in dropped.items() if count},
        repaired=repaired,
        options={"unfinished": unfinished, "keep": kept},
    )
    return Trace(jobs, machine, _events(nodes, jobs), meta)


def sniff_kubernetes(name: str, head: bytes) -> str | None:
    """Why the first bytes of a file cannot be a list of Kubernetes objects; None if they can.

    Examples
    --------
    >>> sniff_kubernetes("pods.json", b"[]")
    'it is no JSON object with "apiVersion" and "items"'
    """
    if starts_json(head, b"{", b'"apiVersion"', b'"items"'):
        return None
    return 'it is no JSON object with "apiVersion" and "items"'


def _objects(top: Json, on_error: str, dropped: Counter[str]) -> tuple[list[Pod], list[Node], int]:
    """Pods and nodes of the list, and how many objects it has."""
    if top["items"].value is None:
        raise top.error("a list of objects with 'items', as kubectl get -o json prints")
    items = top.each("items")
    of_list = (top.text("kind") or "").removesuffix("List")
    pods: list[Pod] = []
    nodes: list[Node] = []
    names: set[tuple[str, str]] = set()
    for item in items:
        try:
            kind = item.text("kind") or of_list
            if kind not in ("Pod", "Node"):
                dropped[f"{kind or 'object'}: neither Pod nor Node"] += 1
                continue
            made: Any = read_pod(item) if kind == "Pod" else read_node(item)
            if (kind, made.name) in names:
                raise item["metadata"]["name"].error("distinct")
        except InvalidInputError:
            if on_error == "raise":
                raise
            dropped["malformed"] += 1
            continue
        names.add((kind, made.name))
        (pods if kind == "Pod" else nodes).append(made)
    return pods, nodes, len(items)


def _jobs(gangs: list[Gang], keep: tuple[str, ...]) -> pd.DataFrame:
    """One row a gang, in order of creation."""
    gangs = sorted(gangs, key=lambda gang: (gang.submit_ns, gang.name))
    asked = list(dict.fromkeys([*RESOURCES, *_others(gangs)]))
    columns: dict[str, Any] = {
        "job_id": pd.Series([gang.name for gang in gangs], dtype="str"),
        "submit_time": _times([gang.submit_ns for gang in gangs]),
        "duration_s": _between(gangs, lambda gang: (gang.start_ns, gang.end_ns)),
        "limit_s": _numbers([gang.limit_s for gang in gangs]),
        "tasks": np.array([len(gang.pods) for gang in gangs], dtype=np.int64),
    }
    for name in asked:
        amounts = [float(gang.request.get(name, 0)) for gang in gangs]
        if any(amounts) or name in ("cpus", "memory_gib", "gpus"):
            columns[name] = np.array(amounts, dtype=np.float64)
    columns |= {
        "gpu_type": pd.Series([gang.pods[0].gpu_type for gang in gangs], dtype="str"),
        "priority": _numbers([gang.pods[0].priority for gang in gangs]),
        "queue": pd.Series([gang.pods[0].queue for gang in gangs], dtype="str"),
        "tenant": pd.Series([gang.pods[0].namespace for gang in gangs], dtype="str"),
    }
    recorded: dict[str, Callable[[], Any]] = {
        "recorded_wait_s": lambda: _between(gangs, lambda gang: (gang.submit_ns, gang.start_ns)),
        "phase": lambda: [gang.phase for gang in gangs],
        "owner": lambda: [gang.pods[0].owner for gang in gangs],
        "nodes": lambda: [gang.where for gang in gangs],
    }
    return pd.DataFrame({**columns, **{name: recorded[name]() for name in keep}})


def _others(gangs: list[Gang]) -> list[str]:
    """Extended resources that some pod asks, by name."""
    return sorted({name for gang in gangs for name in gang.request})


def _times(ns: list[int]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.array(ns, dtype=np.int64).view("datetime64[ns]"), tz="UTC")


def _numbers(values: list[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _between(gangs: list[Gang], ends: Callable[[Gang], tuple[int | None, int | None]]) -> Any:
    """Seconds from one time to the other, missing where one is."""
    pairs = [ends(gang) for gang in gangs]
    return _numbers([None if a is None or b is None else max(b - a, 0) / _NS for a, b in pairs])


def _nodes(nodes: list[Node], jobs: pd.DataFrame) -> pd.DataFrame:
    """The nodes table; of extended resources those that some job asks or that are MIG slices."""
    if not nodes:
        return no_nodes()
    names = dict.fromkeys([*RESOURCES, *sorted({n for node in nodes for n in node.allocatable})])
    shown = [n for n in names if n in OURS.values() or n in jobs or n.startswith("nvidia.com/mig-")]
    columns: dict[str, Any] = {"node_id": pd.Series([node.name for node in nodes], dtype="str")}
    for name in shown:
        amounts = [float(node.allocatable.get(name, 0)) for node in nodes]
        if any(amounts):
            columns[name] = amounts
    labels: dict[str, list[Any]] = {
        "gpu_type": [node.gpu_type for node in nodes],
        "zone": [node.zone for node in nodes],
        "instance_type": [node.instance_type for node in nodes],
        "labels": [node.taints for node in nodes],
    }
    columns |= {name: pd.Series(texts, dtype="str") for name, texts in labels.items() if any(texts)}
    if any(node.gpu_memory_gib for node in nodes):
        columns["gpu_memory_gib"] = _numbers([node.gpu_memory_gib for node in nodes])
    return pd.DataFrame(columns)


def _events(nodes: list[Node], jobs: pd.DataFrame) -> pd.DataFrame:
    """Nodes that take no pods, from the first submission on."""
    away = [(node, "node_fail" if node.down else "node_drain") for node in nodes if node.away]
    if not away:
        return no_events()
    created = min(node.created_ns if node.created_ns is not None else 0 for node in nodes)
    at = jobs["submit_time"].min() if len(jobs) else _times([created])[0]
    return pd.DataFrame(
        {"time": at, "kind": [kind for _, kind in away], "node": [node.name for node, _ in away]}
    )


def _check_jobs(jobs: pd.DataFrame) -> None:
    job_columns(jobs, ignore="*", need_duration=False)


def _checked(file: str, what: str, check: Callable[[Any], Any], frame: pd.DataFrame) -> None:
    try:
        check(frame)
    except InvalidInputError as error:
        raise InvalidInputError(f"{file}, the {what} together: {error}") from error
