"""Names, units and kinds of table columns: honoured, carried along, or not supported yet."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "DEVICES",
    "JOB_COLUMNS",
    "JOB_LABELS",
    "JOB_LATER",
    "NODE_COLUMNS",
    "RESOURCES",
    "UNITS",
    "near_miss",
    "unit_of",
]

#: Integer units in one user unit: millicores, bytes, thousandths of a device, kilobits per second.
UNITS = {
    "cpus": 1000,
    "memory_gib": 2**30,
    "gpus": 1000,
    "tpus": 1000,
    "fpgas": 1000,
    "storage_gib": 2**30,
    "network_gbps": 10**6,
}
_OTHER_UNIT = 1000

#: Resources with a meaning of their own, in the order results list them.
RESOURCES = tuple(UNITS)

#: Resources that are numbered devices: whole ones, or a share of one.
DEVICES = ("gpus", "tpus", "fpgas")

#: Job columns that change what the engine does.
JOB_COLUMNS = (
    "job_id",
    "submit_time",
    "duration_s",
    "limit_s",
    "tasks",
    "tasks_per_node",
    *RESOURCES,
    "gpu_memory_gib",
    "gpu_type",
    "pool",
    "priority",
    "urgency",
)

#: Job columns that say whose or what a job is; they group results and change no decision.
JOB_LABELS = ("user", "queue", "tenant", "array_id", "group", "name")

#: Job columns with a defined meaning that the engine does not honour yet.
JOB_LATER = (
    "depends_on",
    "gang_id",
    "deadline_time",
    "min_tasks",
    "max_tasks",
    "preemptible",
    "checkpoint_interval_s",
    "restart_cost_s",
    "model",
    "isolation",
    "licences",
)

#: Node columns that are not resources.
NODE_COLUMNS = (
    "node_id",
    "pool",
    "gpu_type",
    "gpu_memory_gib",
    "rack",
    "zone",
    "speed",
    "price_usd_per_hour",
    "idle_w",
    "busy_w",
    "available_from",
    "available_to",
    "labels",
)

# Words other systems use, by ours.
_OTHER_WORDS = {
    "cpus": "cpu cores ncpus num_cpus cpu_num cpu_count processors procs",
    "memory_gib": (
        "memory mem ram memory_gb mem_gb mem_gib ram_gb ram_gib memory_mb mem_mb memory_mib"
    ),
    "gpus": "gpu ngpus num_gpus gpu_num gpu_count n_gpus gpu_req",
    "tpus": "tpu num_tpus",
    "fpgas": "fpga num_fpgas",
    "gpu_memory_gib": (
        "gpu_memory gpu_mem gpu_memory_gb gpu_mem_gb gpu_mem_gib vram vram_gb vram_gib"
    ),
    "gpu_type": "gpu_model gpu_kind accelerator accelerator_type",
    "storage_gib": "storage disk storage_gb disk_gb disk_gib",
    "network_gbps": "network bandwidth bandwidth_gbps network_gbit",
    "submit_time": (
        "submit submit_s submitted submission_time submitted_at submit_at arrival arrival_time"
    ),
    "duration_s": (
        "duration runtime runtime_s run_time run_time_s run_s elapsed elapsed_s duration_min"
    ),
    "limit_s": (
        "limit walltime walltime_s wall_time time_limit timelimit requested_time "
        "limit_min estimate_s"
    ),
    "job_id": "id jobid job",
    "tasks": "ntasks num_tasks gang_size workers replicas num_replicas instances",
    "tasks_per_node": "ntasks_per_node",
    "node_id": "node node_name hostname host machine",
    "pool": "pool_name",
    "price_usd_per_hour": "price price_usd price_per_hour cost_usd_per_hour",
    "licences": "licenses licence license",
    "depends_on": "dependency dependencies",
    "deadline_time": "deadline deadline_s",
}
_OURS = {other: ours for ours, others in _OTHER_WORDS.items() for other in others.split()}


def unit_of(resource: str) -> int:
    """Integer units that one user unit of the resource is worth.

    Examples
    --------
    >>> unit_of("cpus"), unit_of("ssd_slots")
    (1000, 1000)
    """
    return UNITS.get(resource, _OTHER_UNIT)


def near_miss(name: str, known: Iterable[str]) -> str | None:
    """The column that an unknown name most likely means, or None.

    Examples
    --------
    >>> near_miss("memory_gb", JOB_COLUMNS), near_miss("projct", JOB_COLUMNS)
    ('memory_gib', None)
    """
    known = tuple(known)
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    if plain in known:
        return plain
    ours = _OURS.get(plain)
    if ours in known:
        return ours
    close = get_close_matches(plain, known, n=1, cutoff=0.82)
    return close[0] if close else None
