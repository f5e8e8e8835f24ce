"""What the command line takes."""

from __future__ import annotations

import argparse
import re
from typing import Any

__all__ = ["parser"]

_SECONDS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|m|h|d|)")

_EXAMPLES = """examples:
  fairlead run                          a made-up workload on 32 nodes of 8 GPUs
  fairlead run log.swf.gz --jobs 5000   the first jobs of a log, on the log's own machine
  fairlead run jobs.csv --nodes 16 --gpus-per-node 8 --price-usd-per-hour 16
  fairlead simulate log.swf.gz --policy easy_sjbf --output starts.csv
  fairlead simulate --mode hpc --days 60 --load 0.9
  fairlead doctor log.swf.gz            what is odd with a trace, and what mends it
  fairlead policies
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="fairlead",
        description="Predict demand, allocate capacity, schedule jobs and manage what runs.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action=_Version, help="print the version and stop")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        usage="fairlead run [TRACE] [options]",
        help="run the pipeline over a trace and write a report",
        description="Forecast, allocate, schedule and monitor in rolling steps over a trace, or a "
        "made-up workload; print what came of it and write a report.",
    )
    simulate = commands.add_parser(
        "simulate",
        usage="fairlead simulate [TRACE] [options]",
        help="schedule a trace with one policy",
        description="Schedule a trace, or a made-up workload, with all nodes on.",
    )
    for command in (run, simulate):
        _add_trace(command)
        _add_cluster(command, "an estimate from peak use")
        _add_policy(command)
    _add_pipeline(run)
    rows = "a page (.html), or one row a job (.csv, .parquet)"
    _add_output(run, rows, "default: fairlead-report.html; none with --json")
    run.add_argument("--no-report", action="store_true", help="write no page")
    _add_output(simulate, rows, "default: none")
    doctor = commands.add_parser(
        "doctor",
        usage="fairlead doctor TRACE [options]",
        help="look for what is wrong with a trace",
        description="Say what is wrong or odd with a trace, what it does to a simulation, and what "
        "mends it. Records that cannot be read are left out and counted.",
    )
    doctor.add_argument("trace", metavar="TRACE", help="in a format that fairlead reads")
    _add_reading(doctor)
    _add_cluster(doctor, "none")
    _add_output(doctor, "a page (.html)", "default: none")
    policies = commands.add_parser(
        "policies",
        help="list policies, orders and placements",
        description="What --policy, --order and --placement take.",
    )
    policies.add_argument("--json", action="store_true", help="print JSON")
    return top


class _Version(argparse.Action):
    def __init__(self, **options: Any) -> None:
        super().__init__(nargs=0, **options)

    def __call__(self, top: argparse.ArgumentParser, *_: Any) -> None:
        from fairlead import _core

        print(f"fairlead {_core.__version__}")
        top.exit()


class _Group:
    """A group of options, so that each is one line to read."""

    def __init__(self, command: argparse.ArgumentParser, title: str, about: str = "") -> None:
        self._group = command.add_argument_group(title, about or None)

    def option(self, name: str, kind: Any, value: str, about: str, **more: Any) -> None:
        """One value; `about` says what its default is."""
        self._group.add_argument(name, type=kind, metavar=value, help=about, **more)

    def several(self, name: str, kind: Any, value: str, about: str) -> None:
        """A value each time it is given."""
        self._group.add_argument(
            name, type=kind, metavar=value, help=about, action="append", default=[]
        )

    def flag(self, name: str, about: str) -> None:
        """Given or not."""
        self._group.add_argument(name, action="store_true", help=about)


def _add_trace(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "trace", nargs="?", metavar="TRACE",
        help="in a format that fairlead reads; if left out, made up",
    )  # fmt: skip
    group = _add_reading(command)
    group.option("--jobs", _count, "N", "jobs to make up, or to take from the top of the trace")
    group.option(
        "--mode", str, "NAME", "of the workload to make up: hpc, itp_like, helios_like, "
        "philly_like, llm_training or inference; default: a mixture of sources",
    )  # fmt: skip
    group.option("--days", _positive, "D", "days to make up; default: 14")
    group.option("--load", _positive, "F", "load to make up, 1 = all GPUs asked for; default: 0.7")
    group.option("--seed", int, "S", "of everything random; default: 0", default=0)


def _add_reading(command: argparse.ArgumentParser) -> _Group:
    group = _Group(command, "trace")
    group.option("--format", str, "NAME", "as swf, csv or parquet; default: told by the file")
    group.several("--columns", _pair, "OURS=THEIRS", "a column of a CSV or Parquet file")
    group.several("--units", _pair, "COLUMN=UNIT", "its unit where it is not ours: limit_s=min")
    group.several("--read", _pair, "OPTION=VALUE", "of the reader: processors=tasks")
    return group


def _add_cluster(command: argparse.ArgumentParser, otherwise: str) -> None:
    about = (
        f"By default the trace's own nodes, else {otherwise}; --nodes makes nodes like the first."
    )
    group = _Group(command, "cluster", about)
    group.option(
        "--nodes", _count, "N", "how many; default: the trace's; to make up 32, or the mode's"
    )
    group.option("--gpus-per-node", _count, "G", "devices")
    group.option("--cpus-per-node", _count, "C", "cores")
    group.option("--memory-gib-per-node", _positive, "M", "GiB")
    group.option("--gpu-type", str, "NAME", "as a100")
    group.option("--gpu-memory-gib", _positive, "M", "GiB of one device")
    group.option("--price-usd-per-hour", _positive, "USD", "of a node, to have costs reported")


def _add_policy(command: argparse.ArgumentParser) -> None:
    group = _Group(command, "policy", "fairlead policies lists the names.")
    group.option("--policy", str, "P", "default: easy", default="easy")
    group.option("--order", str, "NAME", "instead of the policy's")
    group.option("--backfill", str, "NAME", "none, first_fit or easy; default: the policy's")
    group.option("--backfill-order", str, "NAME", "queue or shortest; default: the policy's")
    group.option("--placement", str, "NAME", "default: first_fit", default="first_fit")
    group.option(
        "--run-times", str, "NAME", "limit, actual (for study), or a column of seconds to plan "
        "with; default: limit; actual where --mode makes jobs without limits",
    )  # fmt: skip
    group.option("--default-limit", _seconds, "T", "of jobs without a limit: 24h")
    group.several("--param", _pair, "NAME=VALUE", "of the order: alpha=0.5")
    group.several("--ignore", str, "COLUMN", "a column of the trace to leave out")


def _add_pipeline(command: argparse.ArgumentParser) -> None:
    group = _Group(command, "pipeline")
    group.option("--step", _seconds, "T", "how often to plan: 30min; default: 1h", default=3600.0)
    group.option("--horizon", _count, "N", "steps to forecast; default: 24", default=24)
    group.option("--model", str, "M", "of the forecast; default: auto", default="auto")
    group.option("--strategy", str, "S", "dynamic or static; default: dynamic", default="dynamic")
    group.option("--quantile", _positive, "Q", "of demand to cover; default: 0.9", default=0.9)
    group.option("--startup", _seconds, "T", "from order to use; default: 5min", default=300.0)
    group.option("--cooldown", _seconds, "T", "before giving back; default: 30min", default=1800.0)
    group.option("--floor", float, "N", "least units kept on; default: 0", default=0.0)
    group.option("--ceiling", float, "N", "most units; default: all")
    group.option("--resource", str, "NAME", "to plan; default: gpus, else other devices, else cpus")
    group.option("--warmup", _count, "N", "steps before the first plan; default: 24", default=24)
    group.option("--history", _count, "N", "most steps to learn from; default: 672", default=672)
    group.flag("--no-feedback", "alerts do not change plans")
    group.flag("--no-baseline", "do not compare with all nodes on")


def _add_output(command: argparse.ArgumentParser, what: str, default: str) -> None:
    group = _Group(command, "output")
    group.option("--output", str, "FILE", f"{what}; {default}")
    group.option("--title", str, "TEXT", "of the page")
    group.flag("--json", "print JSON instead of text")


def _seconds(text: str) -> float:
    """A duration.

    Examples
    --------
    >>> _seconds("90"), _seconds("5min"), _seconds("1.5h")
    (90.0, 300.0, 5400.0)
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90, 5min, 1.5h or 2d")
    return float(match[1]) * _SECONDS[match[2]]


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (name and found):
        raise argparse.ArgumentTypeError(f"{text!r} must be NAME=VALUE")
    return name, value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number of at least 1")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} must be a number above 0")
    return value
