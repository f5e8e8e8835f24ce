"""From arguments to a trace, a cluster and options of a policy."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from fairlead.errors import InvalidInputError

if TYPE_CHECKING:
    from fairlead.cluster import Cluster
    from fairlead.traces import Trace

__all__ = ["cluster_of", "policy_options", "trace_of"]

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
    for name in ("days", "load"):
        if getattr(args, name) is not None:
            raise InvalidInputError(
                f"--{name} is for the made-up workload; leave it out, or leave out the trace"
            )
    options: dict[str, Any] = {name: _value(text) for name, text in args.read}
    options |= {
        name: dict(getattr(args, name)) for name in ("columns", "units") if getattr(args, name)
    }
    trace = traces.load(args.trace, args.format, **options)
    if args.jobs is None:
        return trace
    return traces.Trace(trace.jobs.head(args.jobs), trace.nodes, trace.events, trace.meta)


def _made_up(args: argparse.Namespace) -> Trace:
    from fairlead import traces

    for name in ("format", "read", "columns", "units"):
        if getattr(args, name):
            raise InvalidInputError(f"--{name} is for reading a trace; name the file")
    given = {
        "n_jobs": args.jobs,
        "days": _DAYS if args.days is None and args.jobs is None else args.days,
        "nodes": _NODES if args.nodes is None else args.nodes,
        "gpus_per_node": args.gpus_per_node,
        "cpus_per_node": args.cpus_per_node,
        "memory_gib_per_node": args.memory_gib_per_node,
        "gpu_type": args.gpu_type,
        "load": args.load,
        "seed": args.seed,
    }
    return traces.generate(**{name: value for name, value in given.items() if value is not None})


def cluster_of(args: argparse.Namespace, trace: Trace) -> Cluster:
    """The nodes of the trace, changed where options say so; else nodes made from the options.

    Raises
    ------
    InvalidInputError
        The trace names no nodes and the options say too little.
    """
    from fairlead.cluster import Cluster

    shape = {
        column: getattr(args, option)
        for column, option in _SHAPE.items()
        if getattr(args, option) is not None
    }
    known = len(trace.nodes) > 0
    if known and (args.nodes is None or args.trace is None):
        return Cluster.from_frame(trace.nodes.assign(**shape))
    if args.nodes is None or not (known or shape):
        raise InvalidInputError(
            f"the {trace.meta.format} trace names no nodes; give --nodes and what each has, as "
            f"--gpus-per-node or --cpus-per-node"
        )
    like: dict[str, Any] = {}
    if known:
        first = trace.nodes.iloc[0].drop("node_id").dropna()
        like = {str(column): value for column, value in first.items()}
    return Cluster.homogeneous(args.nodes, **(like | shape))


def policy_options(args: argparse.Namespace) -> dict[str, Any]:
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
    return params | {
        "policy": args.policy,
        "order": args.order,
        "backfill": args.backfill,
        "backfill_order": args.backfill_order,
        "placement": args.placement,
        "run_times": args.run_times,
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
