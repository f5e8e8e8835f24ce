"""The formats that can be read, and how a file is recognised."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

from fairlead.errors import InvalidInputError
from fairlead.traces.alibaba_genai import (
    ALIBABA_GENAI_HEADER,
    ALIBABA_GENAI_METRIC_HEADER,
    read_alibaba_genai,
    read_alibaba_genai_metric,
)
from fairlead.traces.alibaba_nodes import ALIBABA_NODES_HEADERS, read_alibaba_nodes
from fairlead.traces.alibaba_pai import read_alibaba_pai, sniff_alibaba_pai
from fairlead.traces.gavel import read_gavel, sniff_gavel
from fairlead.traces.helios import HELIOS_HEADER, read_helios
from fairlead.traces.helios_nodes import (
    HELIOS_DEMAND_HEADERS,
    read_helios_demand,
    read_helios_nodes,
    sniff_helios_nodes,
)
from fairlead.traces.inference import (
    AZURE_LLM_HEADER,
    BURSTGPT_HEADER,
    read_azure_llm,
    read_burstgpt,
)
from fairlead.traces.inference_servegen import SERVEGEN_HEADER, read_servegen
from fairlead.traces.itp import ITP_HEADER, read_itp
from fairlead.traces.kubernetes import read_kubernetes, sniff_kubernetes
from fairlead.traces.m4 import M4_HEADER, read_m4
from fairlead.traces.openb import (
    OPENB_HEADER,
    OPENB_NODES_HEADER,
    read_openb,
    read_openb_nodes,
)
from fairlead.traces.philly import read_philly, sniff_philly
from fairlead.traces.philly_metrics import read_philly_metric, sniff_philly_metric
from fairlead.traces.pollux import POLLUX_HEADER, read_pollux
from fairlead.traces.prometheus import read_prometheus, sniff_prometheus
from fairlead.traces.series import SERIES_HEADERS, read_series
from fairlead.traces.shockwave import read_shockwave, sniff_shockwave
from fairlead.traces.sia import read_sia, sniff_sia
from fairlead.traces.slurm import read_slurm, sniff_slurm
from fairlead.traces.slurm_nodes import read_slurm_nodes, sniff_slurm_nodes
from fairlead.traces.sniffing import by_header
from fairlead.traces.source import read_head
from fairlead.traces.supercloud import SUPERCLOUD_HEADER, read_supercloud
from fairlead.traces.swf import read_swf, sniff_swf
from fairlead.traces.tabular import read_csv, read_parquet, sniff_csv, sniff_parquet
from fairlead.traces.tiresias import (
    TIRESIAS_HEADER,
    TIRESIAS_NODES_HEADER,
    read_tiresias,
    read_tiresias_nodes,
)
from fairlead.traces.trace import Trace

__all__ = ["formats", "load"]


@dataclass(frozen=True)
class _Format:
    """A reader, the endings it claims, and a function that says why a file is not its own.

    A format without endings is told by its content alone, and asked before those with endings:
    many publishers' lists end in ``.csv``.
    """

    description: str
    endings: tuple[str, ...]
    read: Callable[..., Trace]
    why_not: Callable[[str, bytes], str | None]


_FORMATS = {
    "swf": _Format(
        "Standard Workload Format of the Parallel Workloads Archive: jobs, nodes",
        (".swf",),
        read_swf,
        sniff_swf,
    ),
    "kubernetes": _Format(
        "Kubernetes, kubectl get pods,nodes -A -o json: jobs, nodes, drains as events",
        (),
        read_kubernetes,
        sniff_kubernetes,
    ),
    "slurm": _Format(
        "Slurm accounting, text of sacct -P: jobs, nodes on request", (), read_slurm, sniff_slurm
    ),
    "slurm_nodes": _Format(
        "Slurm, text of scontrol show node or sinfo: nodes",
        (),
        read_slurm_nodes,
        sniff_slurm_nodes,
    ),
    "azure_llm": _Format(
        "Azure LLM inference requests: demand, and jobs on request",
        (),
        read_azure_llm,
        by_header(AZURE_LLM_HEADER),
    ),
    "burstgpt": _Format(
        "LLM requests in the form of BurstGPT: demand, and jobs on request",
        (),
        read_burstgpt,
        by_header(BURSTGPT_HEADER),
    ),
    "servegen": _Format(
        "ServeGen request rates per client: demand, and drawn jobs on request",
        (),
        read_servegen,
        by_header(SERVEGEN_HEADER),
    ),
    "supercloud": _Format(
        "MIT Supercloud, a CSV dump of Slurm's job table: jobs",
        (),
        read_supercloud,
        by_header(SUPERCLOUD_HEADER),
    ),
    "prometheus": _Format(
        "Prometheus range query (JSON): demand, monitoring frames",
        (),
        read_prometheus,
        sniff_prometheus,
    ),
    "helios": _Format(
        "Helios cluster_log.csv: jobs, nodes and their changes on request",
        (),
        read_helios,
        by_header(HELIOS_HEADER),
    ),
    "helios_nodes": _Format(
        "Helios cluster_gpu_number.csv or vc_config.csv: nodes, their changes as events",
        (),
        read_helios_nodes,
        sniff_helios_nodes,
    ),
    "helios_demand": _Format(
        "Helios cluster_sequence_vc.csv or cluster_throughput.csv: demand",
        (),
        read_helios_demand,
        by_header(*HELIOS_DEMAND_HEADERS),
    ),
    "itp": _Format("Microsoft ITP clusterNN.csv: jobs", (), read_itp, by_header(ITP_HEADER)),
    "philly": _Format(
        "Microsoft Philly cluster_job_log (JSON): jobs, nodes on request",
        (),
        read_philly,
        sniff_philly,
    ),
    "philly_metric": _Format(
        "Microsoft Philly, use of machines such as cluster_gpu_util: demand",
        (),
        read_philly_metric,
        sniff_philly_metric,
    ),
    "gavel": _Format("Gavel job lists: jobs", (), read_gavel, sniff_gavel),
    "shockwave": _Format("Shockwave job lists: jobs", (), read_shockwave, sniff_shockwave),
    "tiresias": _Format(
        "Tiresias job lists: jobs, nodes on request",
        (),
        read_tiresias,
        by_header(TIRESIAS_HEADER),
    ),
    "tiresias_nodes": _Format(
        "Tiresias cluster descriptions: nodes",
        (),
        read_tiresias_nodes,
        by_header(TIRESIAS_NODES_HEADER),
    ),
    "pollux": _Format("Pollux workloads: jobs, nodes", (), read_pollux, by_header(POLLUX_HEADER)),
    "sia": _Format("Sia workloads: jobs, nodes", (), read_sia, sniff_sia),
    "openb": _Format(
        "Alibaba openb_pod_list_*.csv: jobs, nodes on request",
        (),
        read_openb,
        by_header(OPENB_HEADER),
    ),
    "openb_nodes": _Format(
        "Alibaba openb_node_list_*.csv: nodes",
        (),
        read_openb_nodes,
        by_header(OPENB_NODES_HEADER),
    ),
    "alibaba_pai": _Format(
        "Alibaba GPU 2020, pai_job_table with pai_task_table: jobs, nodes on request",
        (),
        read_alibaba_pai,
        sniff_alibaba_pai,
    ),
    "alibaba_nodes": _Format(
        "Alibaba inventories, pai_machine_spec or node_info_df: nodes",
        (),
        read_alibaba_nodes,
        by_header(*ALIBABA_NODES_HEADERS),
    ),
    "alibaba_genai": _Format(
        "Alibaba image generation, lora_request_trace: jobs",
        (),
        read_alibaba_genai,
        by_header(ALIBABA_GENAI_HEADER),
    ),
    "alibaba_genai_metric": _Format(
        "Alibaba image generation, metric files such as qps: demand",
        (),
        read_alibaba_genai_metric,
        by_header(ALIBABA_GENAI_METRIC_HEADER),
    ),
    "series": _Format(
        "CSV with a time column and columns of numbers: demand",
        (),
        read_series,
        by_header(*SERIES_HEADERS),
    ),
    "m4": _Format(
        "M4 competition, a series in each row: demand", (), read_m4, by_header(M4_HEADER)
    ),
    "parquet": _Format(
        "Parquet with a column map: jobs, nodes and events on request",
        (".parquet", ".pq"),
        read_parquet,
        sniff_parquet,
    ),
    "csv": _Format(
        "CSV with a header line and a column map: jobs, nodes and events on request",
        (".csv", ".tsv"),
        read_csv,
        sniff_csv,
    ),
}


def formats() -> dict[str, str]:
    """The formats `load` can read, each with the file it is, and what it holds after a colon.

    Examples
    --------
    >>> {"csv", "parquet", "swf"} <= formats().keys()
    True
    """
    return {name: known.description for name, known in _FORMATS.items()}


def load(path: str | PathLike[str], format: str | None = None, **options: Any) -> Trace:
    """Read a trace; the format is told by the file's content and ending.

    Parameters
    ----------
    path : path
        Plain or gzip.
    format : str, optional
        One of `formats`.
    **options
        Those of the reader: see `read_swf`, `read_csv`, `read_parquet`.

    Returns
    -------
    Trace

    Raises
    ------
    InvalidInputError
        No format fits, an option is unknown, or the file is malformed (names line and column).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "jobs.csv"
    >>> _ = file.write_text("submit_time,duration_s,gpus\\n0,60,1\\n")
    >>> load(file).meta.format
    'csv'
    """
    name = _sniff(path) if format is None else format
    if name not in _FORMATS:
        raise InvalidInputError(f"format must be one of {', '.join(_FORMATS)}; got {name!r}")
    reader = _FORMATS[name].read
    known = [option for option in inspect.signature(reader).parameters if option != "path"]
    unknown = [option for option in options if option not in known]
    if unknown:
        raise InvalidInputError(
            f"{fspath(path)}: the {name} reader has no option {unknown[0]!r}; it has "
            f"{', '.join(known) or 'none'}; leave it out, or name another format="
        )
    return reader(path, **options)


def _sniff(path: str | PathLike[str]) -> str:
    lowered = fspath(path).lower().removesuffix(".gz")
    head = read_head(path)
    reasons = {name: known.why_not(lowered, head) for name, known in _FORMATS.items()}
    by_content = [name for name, reason in reasons.items() if reason is None]
    signed = [name for name in by_content if not _FORMATS[name].endings]
    named = [name for name, known in _FORMATS.items() if lowered.endswith(known.endings)]
    found = [*signed, *named, *by_content]
    if found:
        return found[0]
    told = "; ".join(f"not {name}: {reason}" for name, reason in reasons.items())
    raise InvalidInputError(
        f"{fspath(path)!r} is in no known format ({told}); name it with format="
    )
