"""What the commands do."""

from __future__ import annotations

import argparse
import sys
from textwrap import fill
from typing import TYPE_CHECKING, Any

from fairlead.cli.inputs import cluster_of, notes, policy_options, reading_options, trace_of

if TYPE_CHECKING:
    from fairlead.pipeline import PipelineResult
    from fairlead.scheduling import Schedule
    from fairlead.traces import Trace

__all__ = ["doctor", "policies", "run", "simulate"]

_REPORT = "fairlead-report.html"


def run(args: argparse.Namespace) -> None:
    """``fairlead run``: the closed loop over a trace."""
    from fairlead.pipeline import Pipeline

    trace = trace_of(args)
    cluster = cluster_of(args, trace)
    settings = _settings(args)
    pipeline = Pipeline(**settings, **policy_options(args, trace))
    result = pipeline.run(trace, cluster, progress=_watched(), baseline=not args.no_baseline)
    report = args.output or (None if args.json or args.no_report else _REPORT)
    if report is not None:
        _write(args, result, trace, report, settings)
    if args.json:
        whole = None if result.baseline is None else result.baseline.metrics["utilisation"]
        _print_json(
            _about(args, trace, result.schedule)
            | {
                "settings": settings,
                "metrics": result.metrics,
                "utilisation": result.schedule.metrics["utilisation"],
                "full_utilisation": whole,
                "alerts": result.alerts,
                "advice": result.report.advice,
                "report": report,
            }
        )
        return
    from fairlead.report.terminal import run_text

    print(run_text(result, trace))
    for note in notes(args, trace):
        print(fill(note, 98, initial_indent=f"{'note':<10}", subsequent_indent=" " * 10))
    if report is not None:
        print(f"{'report':<10}{report}")


def simulate(args: argparse.Namespace) -> None:
    """``fairlead simulate``: one policy over a trace, all nodes on."""
    from fairlead.scheduling import schedule

    trace = trace_of(args)
    done = schedule(
        trace.jobs,
        cluster_of(args, trace),
        events=trace.events if len(trace.events) else None,
        progress=_watched(),
        **policy_options(args, trace),
    )
    if args.output:
        _write(args, done, trace, args.output, {})
    if args.json:
        _print_json(
            _about(args, trace, done) | {"metrics": done.metrics, "report": args.output or None}
        )
        return
    print(trace.summary())
    for note in notes(args, trace):
        print(f"note: {note}")
    print(done.summary())
    if args.output:
        print(f"wrote {args.output}")


def doctor(args: argparse.Namespace) -> None:
    """``fairlead doctor``: what is odd with a trace."""
    from fairlead import traces

    # Of a file that a simulation would refuse, as much as can be read is looked at.
    options = {"on_error": "drop"} | reading_options(args)
    trace = traces.load(args.trace, args.format, **options)
    sized = args.nodes is not None
    found = traces.doctor(trace, cluster_of(args, trace) if sized else None)
    if args.output:
        found.report(args.output, title=args.title)
    if args.json:
        told = {"command": args.line, "report": args.output or None}
        _print_json(told | found.plain())
        return
    print(found.summary())
    if args.output:
        print(f"wrote {args.output}")


def policies(args: argparse.Namespace) -> None:
    """``fairlead policies``: presets, orders and placements by name."""
    from fairlead.scheduling import policies as known

    table = known()
    if args.json:
        _print_json(table)
        return
    width = int(table["name"].str.len().max())
    for kind, rows in table.groupby("kind", sort=False):
        print(f"{kind}s")
        for row in rows.itertuples():
            print(f"  {row.name:<{width}}  {row.description}")


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """Options of `Pipeline`, apart from those of `schedule`."""
    return {
        "step": args.step,
        "horizon": args.horizon,
        "model": args.model,
        "strategy": args.strategy,
        "quantile": args.quantile,
        "startup_s": args.startup,
        "cooldown_s": args.cooldown,
        "floor": args.floor,
        "ceiling": args.ceiling,
        "resource": args.resource,
        "warmup": args.warmup,
        "history": args.history,
        "feedback": not args.no_feedback,
    }


def _write(
    args: argparse.Namespace,
    result: PipelineResult | Schedule,
    trace: Trace,
    path: str,
    settings: dict[str, Any],
) -> None:
    """The jobs as a table or a report, as the ending says."""
    from fairlead.report import write_report
    from fairlead.scheduling import Schedule

    schedule = result if isinstance(result, Schedule) else result.schedule
    if path.endswith(".csv"):
        schedule.jobs.to_csv(path, index=False)
    elif path.endswith(".parquet"):
        schedule.to_parquet(path)
    else:
        write_report(
            result, path, trace=trace, title=args.title, settings=_account(args, trace, settings)
        )


def _account(args: argparse.Namespace, trace: Trace, settings: dict[str, Any]) -> dict[str, str]:
    """How the run was made: the command, the workload's parameters, the pipeline's, and when."""
    from datetime import datetime

    made_up = trace.meta.options if trace.meta.format == "generated" else {}
    lines = {
        "Command": args.line,
        "Pipeline": _planning(settings) if settings else "",
        "Made-up workload": _listed(made_up),
        "Note": "; ".join(notes(args, trace)),
        "Made": f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
    }
    return {name: line for name, line in lines.items() if line}


def _planning(settings: dict[str, Any]) -> str:
    """Options of the pipeline in words."""
    from fairlead.report.words import clock

    return (
        f"{settings['strategy']}, every {clock(settings['step'])} for {settings['horizon']} steps "
        f"ahead; forecast by {settings['model']}, quantile {settings['quantile']:g}; start-up "
        f"{clock(settings['startup_s'])}, cool-down {clock(settings['cooldown_s'])}; warm-up "
        f"{settings['warmup']} steps, history {settings['history']} steps; feedback "
        f"{'on' if settings['feedback'] else 'off'}"
    )


def _listed(options: Any) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in options.items()
        if value is not None
    )


def _about(args: argparse.Namespace, trace: Trace, schedule: Schedule) -> dict[str, Any]:
    """What was run on what, for JSON."""
    meta = trace.meta
    return {
        "command": args.line,
        "header": schedule.header,
        "trace": {
            "format": meta.format,
            "path": meta.path,
            "jobs": len(trace.jobs),
            "read": meta.read,
            "dropped": meta.dropped,
            "repaired": meta.repaired,
            "options": meta.options,
        },
        "cluster": {"nodes": len(schedule.cluster), "capacity": schedule.cluster.capacity},
        "counts": schedule.metrics["counts"],
        "notes": notes(args, trace),
    }


def _print_json(value: Any) -> None:
    from fairlead.report.plain import json_text

    print(json_text(value))


def _watched() -> bool:
    """Whether somebody looks on, who wants to see progress."""
    return sys.stderr.isatty()
