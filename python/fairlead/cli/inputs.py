"""From arguments to a trace, a cluster and options of a policy."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from fairlead.errors import InvalidInputError

if TYPE_CHECKING:
    from fairlead.cluster import Cluster
    from fairlead.traces import Trace

__all__ = ["cluster_of", "notes", "policy_options", "reading_options", "trace_of"]

# The workload that is made up where no trace is given: two weeks show days and weekends, and on 32
# nodes no single job rules the cluster.
_DAYS, _NODES = 14.0, 32

# Column of the nodes table to the option that sets it.
_SHAPE = {
    "gpus": "gpus_per_node",
    "cpus": "cpus_per_node",
    "memory_gib": "memory_gib_per_node",
    "gpu_type": "gpu_type",
    "gpu_memory_gib": "gpu_memory_gib",
    "price_usd_per_hour": "price_usd_per_hour",
}
# What makes a node of its own, so that none is needed to be like.
_SIZES = ("gpus", "cpus", "memory_gib")


def trace_of(args: argparse.Namespace) -> Trace:
    """The trace that was named, or one made up.

    Raises
    ------
    InvalidInputError
        A malformed file, or options of the one kind of trace given with the other.
    """
    from fairlead import traces

    if args.trace is None:
        return _made_up(args)
    for name in ("mode", "days", "load"):
        if getattr(args, name) is not None:
            raise InvalidInputError(
                f"--{name} is for the made-up workload; leave it out, or leave out the trace"
            )
    trace = traces.load(args.trace, args.format, **reading_options(args))
    if args.jobs is None:
        return trace
    return traces.Trace(trace.jobs.head(args.jobs), trace.nodes, trace.events, trace.meta)


def reading_options(args: argparse.Namespace) -> dict[str, Any]:
    """Options of the reader."""
    options: dict[str, Any] = {name: _value(text) for name, text in args.read}
    return options | {
        name: dict(getattr(args, name)) for name in ("columns", "units") if getattr(args, name)
    }


def _made_up(args: argparse.Namespace) -> Trace:
    from fairlead import traces

    for name in ("format", "read", "columns", "units"):
        if getattr(args, name):
            raise InvalidInputError(f"--{name} is for reading a trace; name the file")
    if args.mode is not None:
        _check_mode(args)
    given = {
        "n_jobs": args.jobs,
        "mode": args.mode,
        "days": _DAYS if args.days is None and args.jobs is None else args.days,
        "nodes": _NODES if args.nodes is None and args.mode is None else args.nodes,
        "gpus_per_node": args.gpus_per_node,
        "cpus_per_node": args.cpus_per_node,
        "memory_gib_per_node": args.memory_gib_per_node,
        "gpu_type": args.gpu_type,
        "load": args.load,
        "seed": args.seed,
    }
    return traces.generate(**{name: value for name, value in given.items() if value is not None})


def _check_mode(args: argparse.Namespace) -> None:
    """Refuse options for the machine that a mode brings along."""
    for name in _SHAPE.values():
        if getattr(args, name) is not None and name != "price_usd_per_hour":
            raise InvalidInputError(
                f"--{name.replace('_', '-')} is not for --mode, which has a machine of its own; "
                f"leave it out (--nodes makes it larger or smaller)"
            )


def cluster_of(args: argparse.Namespace, trace: Trace) -> Cluster:
    """The trace's nodes or what it implies, changed where options say so; or nodes from options.

    Raises
    ------
    InvalidInputError
        The trace names no nodes, and nothing of it, or too few options, says what they are.
    """
    from fairlead.cluster import Cluster

    shape = _shape(args)
    if _is_estimated(args, trace) and args.nodes is None:
        for column in _SIZES:
            if column in shape:
                raise InvalidInputError(
                    f"the {trace.meta.format} trace names no nodes; give --nodes with "
                    f"--{_SHAPE[column].replace('_', '-')}"
                )
    if args.nodes is not None and args.trace is not None:
        return Cluster.homogeneous(args.nodes, **(_like_first(args, trace) | shape))
    nodes = trace.nodes if len(trace.nodes) else trace.cluster().nodes
    return Cluster.from_frame(nodes.assign(**shape))


def _shape(args: argparse.Namespace) -> dict[str, Any]:
    """Columns of the nodes table that options set."""
    given = {column: getattr(args, option) for column, option in _SHAPE.items()}
    return {column: value for column, value in given.items() if value is not None}


def _is_estimated(args: argparse.Namespace, trace: Trace) -> bool:
    """Whether what a node has comes from peak use, as neither trace nor options say it."""
    sized = args.nodes is not None and not _shape(args).keys().isdisjoint(_SIZES)
    return len(trace.nodes) == 0 and not sized


def _like_first(args: argparse.Namespace, trace: Trace) -> dict[str, Any]:
    """What the first node of the trace, or of its estimate, has."""
    nodes = trace.cluster().nodes if _is_estimated(args, trace) else trace.nodes
    if len(nodes) == 0:
        return {}
    first = nodes.iloc[0].drop("node_id").dropna()
    return {str(column): value for column, value in first.items()}


def notes(args: argparse.Namespace, trace: Trace) -> list[str]:
    """What was taken for granted, to be said with the result."""
    found = []
    if _is_estimated(args, trace):
        what = "nodes are estimated from peak use, so that each job fits and hardly any waits"
        if args.nodes is not None:
            what = "what each has is estimated from the largest task"
        found.append(
            f"the {trace.meta.format} trace names no nodes; {what}; for the real ones give --nodes "
            f"with --gpus-per-node or --cpus-per-node, or --read nodes=FILE"
        )
    if _knows_run_times(args, trace):
        found.append(
            f"jobs of mode {args.mode} have no limits: plans know the run times; give "
            f"--default-limit, or --run-times, for others"
        )
    return found


def _knows_run_times(args: argparse.Namespace, trace: Trace) -> bool:
    """Whether made-up jobs without limits are planned with their run times."""
    given = args.run_times is not None or args.default_limit is not None
    return args.mode is not None and "limit_s" not in trace.jobs and not given


def policy_options(args: argparse.Namespace, trace: Trace) -> dict[str, Any]:
    """Options of `schedule`.

    Raises
    ------
    InvalidInputError
        A parameter of the order that is no number.
    """
    params = {name: _value(text) for name, text in args.param}
    for name, value in params.items():
        if not isinstance(value, int | float):
            raise InvalidInputError(f"--param {name} must be a number, got {value!r}")
    usual = "actual" if _knows_run_times(args, trace) else "limit"
    return params | {
        "policy": args.policy,
        "order": args.order,
        "backfill": args.backfill,
        "backfill_order": args.backfill_order,
        "placement": args.placement,
        "run_times": args.run_times or usual,
        "default_limit_s": args.default_limit,
        "ignore": tuple(args.ignore),
        "seed": args.seed,
    }


def _value(text: str) -> Any:
    """A whole number, a number, or text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
