"""Alibaba openb: all pod lists and node lists, shares of GPUs, allowed models."""

from __future__ import annotations

import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.openb import read_openb, read_openb_nodes
from python.damage import survives

HEADER = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    "deletion_time,scheduled_time\n"
)
SHARE = "pod-1,6000,12288,1,460,,LS,Running,10,100,20\n"
WHOLE = "pod-2,12500,16384,2,1000,V100M16|V100M32,BE,Succeeded,15,500,15\n"
NEVER = "pod-3,1000,1024,0,0,,LS,Pending,16,90,\n"
NODES = "sn,cpu_milli,memory_mib,gpu,model\nn0,32000,262144,0,\nn1,96000,393216,8,V100M32\n"


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text, name="pods.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_pods_are_jobs_with_shares_or_whole_gpus(file):
    """Thousandths of cores and GPUs, MiB, and the models allowed."""
    trace = traces.load(file(HEADER + SHARE + WHOLE), keep=["recorded_wait_s", "qos"])
    assert trace.meta.format == "openb"
    wanted = ["submit_time", "duration_s", "cpus", "memory_gib", "gpus", "recorded_wait_s"]
    assert trace.jobs[wanted].to_numpy().tolist() == [
        [10, 80, 6, 12, 0.46, 10],
        [15, 485, 12.5, 16, 2, 0],
    ]
    assert trace.jobs["gpu_type"].tolist()[1] == "V100M16|V100M32"
    assert trace.jobs["gpu_type"].isna().tolist() == [True, False]
    assert trace.jobs["source_qos"].tolist() == ["LS", "BE"]


def test_pods_that_were_never_scheduled_are_dropped_or_kept(file):
    """Kept, they have no run time."""
    path = file(HEADER + SHARE + NEVER)
    assert read_openb(path).meta.dropped == {"never scheduled": 1}
    kept = read_openb(path, unfinished="keep", keep="recorded_state").jobs
    assert kept["duration_s"].notna().tolist() == [True, False]
    assert kept["recorded_state"].tolist() == ["Running", "Pending"]


def test_lists_without_times_are_read_in_order(file):
    """The multigpu lists: a second apart, counted, and no run time."""
    text = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1000,1024,1,1000\nb,1000,1024,8,1000\n"
    trace = traces.load(file(text))
    assert trace.jobs["submit_time"].tolist() == [0, 1]
    assert "duration_s" not in trace.jobs
    assert list(trace.meta.repaired.values()) == [2]


def test_nodes_are_read_and_the_pods_scheduled_on_them(file):
    """Nodes without GPUs have no model; one line from log to schedule."""
    nodes = file(NODES, "nodes.csv")
    assert traces.load(nodes).meta.format == "openb_nodes"
    trace = traces.load(file(HEADER + SHARE + WHOLE), nodes=nodes)
    assert trace.cluster().capacity == {"cpus": 128, "memory_gib": 640, "gpus": 8}
    assert trace.nodes["gpu_type"].isna().tolist() == [True, False]
    schedule = fairlead.schedule(trace.jobs, trace.cluster(), run_times="actual")
    assert schedule.placements["node"].tolist() == ["n1", "n1"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (SHARE, "name"),
        (SHARE.replace("pod-1", ""), "name"),
        (NEVER.replace("1000,", "-1,", 1), "cpu_milli"),
        (NEVER.replace("1024", "much"), "memory_mib"),
        (NEVER.replace(",0,0,", ",1.5,0,"), "num_gpu"),
        (NEVER.replace(",0,0,", ",1,0,"), "gpu_milli"),
        (NEVER.replace(",0,0,", ",2,500,"), "gpu_milli"),
        (NEVER.replace(",0,0,", ",1,1500,"), "gpu_milli"),
        (NEVER.replace("16,90,", ",90,"), "creation_time"),
        (NEVER.replace("16,90,", "16,NaN,"), "deletion_time"),
        (NEVER.replace("16,90,", "16,90,99"), "deletion_time"),
    ],
)
def test_a_bad_cell_names_its_place_or_is_counted(file, row, column):
    """File, line and column; with ``on_error='drop'`` the count by column."""
    path = file(HEADER + SHARE + row)
    with pytest.raises(InvalidInputError, match=rf"pods\.csv, line 3, column {column}: must be"):
        read_openb(path, unfinished="keep")
    dropped = read_openb(path, unfinished="keep", on_error="drop")
    assert (len(dropped), dropped.meta.dropped) == (1, {f"bad {column}": 1})


def test_damaged_files_are_refused_or_counted(file):
    """Never a crash, never half of a file in silence."""
    rows = [SHARE.replace("pod-1", f"pod-{i}") for i in range(10, 15)]
    assert survives(read_openb, file(HEADER + "".join(rows) + WHOLE + NEVER), seed=2023) > 10
    assert survives(read_openb_nodes, file(NODES, "nodes.csv"), seed=7) > 10


# Pods, without GPU, shared, one GPU, several, GPUs and cores asked, with a model, never scheduled,
# median and p99 life (s), mean wait (s), days, of the README.
LISTS = {
    "default": (8152, 1088, 3078, 3911, 75, 6086.8, 85436, 0, 897, 540, 96510, 61.3, 149.3),
    "cpu050": (7439, 375, 3078, 3911, 75, 6086.8, 72762, 0, 878, 542, 105685, 66.6, 149.3),
    "cpu100": (7853, 789, 3078, 3911, 75, 6086.8, 80292, 0, 883, 540, 103237, 63.4, 149.3),
    "gpushare40": (8152, 1088, 4001, 3001, 62, 5641.2, 80383, 0, 981, 511, 80897, 56, 149.3),
    "gpushare100": (8152, 1088, 7064, 0, 0, 3952.7, 61762, 0, 1209, 437, 66091, 54.7, 144.4),
    "gpuspec10": (8152, 1088, 3078, 3911, 75, 6086.8, 85436, 732, 897, 540, 96510, 61.3, 149.3),
    "gpuspec33": (8152, 1088, 3078, 3911, 75, 6086.8, 85436, 2388, 897, 540, 96510, 61.3, 149.3),
    "multigpu20": (8324, 1088, 3078, 3911, 247, 7086.8, 95172, 0),
    "multigpu50": (9061, 1088, 3078, 3911, 984, 11358.8, 137776, 0),
}


@pytest.fixture
def openb(shared_dir):
    """The folder of the reference data."""
    folder = shared_dir / "traces" / "alibaba-openb-2023"
    if not folder.is_dir():
        pytest.skip(f"no {folder.name} in the reference data")
    return folder


@pytest.mark.parametrize("name", LISTS)
def test_pod_lists_give_the_published_numbers(openb, name):
    """Pods by kind, GPUs and cores asked, lives, waits and span."""
    trace = traces.load(
        openb / f"openb_pod_list_{name}.csv.gz",
        unfinished="keep",
        keep=["recorded_wait_s", "deletion_time"] if len(LISTS[name]) > 8 else (),
    )
    jobs, gpus = trace.jobs, trace.jobs["gpus"]
    kinds = [gpus == 0, (gpus > 0) & (gpus < 1), gpus == 1, gpus > 1]
    asked = [len(jobs), *(int(kind.sum()) for kind in kinds)]
    asked += [round(gpus.sum(), 1), int(jobs["cpus"].sum().round())]
    asked += [int(jobs["gpu_type"].notna().sum()) if "gpu_type" in jobs else 0]
    assert asked == list(LISTS[name][:8])
    if len(LISTS[name]) > 8:
        never, median, p99, wait, days = LISTS[name][8:]
        life = jobs["source_deletion_time"] - jobs["submit_time"]
        assert jobs["duration_s"].isna().sum() == never
        assert abs(life.median() - median) <= 0.5
        assert abs(life.quantile(0.99) - p99) <= 1
        assert abs(jobs["recorded_wait_s"].mean() - wait) <= 0.06
        last = max(jobs["source_deletion_time"].max(), jobs["submit_time"].max())
        assert (last - jobs["submit_time"].min()) / 86400 == pytest.approx(days, abs=0.05)
        dropped = traces.load(openb / f"openb_pod_list_{name}.csv.gz")
        assert dropped.meta.dropped == {"never scheduled": never}


MODELS = {
    "G2": 4392,
    "T4": 842,
    "G3": 312,
    "P100": 265,
    "V100M32": 204,
    "V100M16": 195,
    "A10": 2,
}


@pytest.mark.parametrize(("name", "count"), [("all_node", 1523), ("gpu_node", 1213)])
def test_node_lists_give_the_published_numbers(openb, name, count):
    """Nodes and GPUs by model; the GPU-node list leaves the others out."""
    trace = traces.load(openb / f"openb_node_list_{name}.csv.gz")
    assert (len(trace.nodes), trace.cluster().capacity["gpus"]) == (count, 6212)
    models = trace.nodes.groupby("gpu_type", observed=True)["gpus"].sum()
    assert models.to_dict() == MODELS
