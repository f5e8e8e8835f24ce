"""Helios: the job log, the nodes of virtual clusters and their changes, demand over time."""

from __future__ import annotations

import pandas as pd
import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.helios import read_helios
from fairlead.traces.helios_nodes import read_helios_demand, read_helios_nodes
from python.damage import survives

JOB = {
    "job_id": "100",
    "user": "u1",
    "vc": "vcA",
    "gpu_num": "16",
    "cpu_num": "32",
    "node_num": "2",
    "state": "COMPLETED",
    "submit_time": "2020-04-01 08:00:00",
    "start_time": "2020-04-01 08:00:09",
    "end_time": "2020-04-01 08:01:09",
    "duration": "60",
    "queue": "9",
}
GPUS = "date,vcA,vcB,total\n2020-04-01,16,8,24\n2020-04-02,8,16,24\n2020-04-03,8,16,24\n"


@pytest.fixture
def log(tmp_path):
    """A function that writes rows (dicts on top of JOB) and gives the path."""

    def write(*rows):
        path = tmp_path / "cluster_log.csv"
        pd.DataFrame([{**JOB, **row} for row in rows]).to_csv(path, index=False)
        return path

    return write


@pytest.fixture
def table(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text, name="cluster_gpu_number.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_totals_become_a_gang_and_times_utc(log):
    """One task a node; the wall clock is that of Shanghai; waits and states on request."""
    trace = traces.load(log({}), keep=["recorded_wait_s", "recorded_state", "duration"])
    assert trace.meta.format == "helios"
    job = trace.jobs.iloc[0].to_dict()
    expected = {"job_id": 100, "duration_s": 60, "tasks": 2, "cpus": 16, "gpus": 8}
    expected |= {"user": "u1", "queue": "vcA", "recorded_wait_s": 9, "source_duration": 60}
    expected |= {"submit_time": pd.Timestamp("2020-04-01", tz="UTC"), "recorded_state": "COMPLETED"}
    assert {name: job[name] for name in expected} == expected


def test_jobs_without_gpus_and_uneven_ones(log):
    """Two in three ask none; 6 GPUs on 4 nodes are 6 tasks, counted."""
    cpu = {"job_id": "101", "gpu_num": "0", "node_num": "1", "cpu_num": "4"}
    uneven = {"job_id": "102", "gpu_num": "6", "node_num": "4", "cpu_num": "12"}
    trace = read_helios(log(cpu, uneven))
    assert trace.jobs[["tasks", "cpus", "gpus"]].to_numpy().tolist() == [[1, 4, 0], [6, 2, 1]]
    assert sum(trace.meta.repaired.values()) == 1


def test_what_did_not_run_or_end_is_dropped_or_kept(log):
    """The text ``None`` is no time."""
    waiting = {"job_id": "101", "start_time": "None", "end_time": "None"}
    path = log({}, waiting, {"job_id": "102", "end_time": ""})
    assert read_helios(path).meta.dropped == {"never started": 1, "not finished": 1}
    kept = read_helios(path, unfinished="keep").jobs["duration_s"]
    assert kept.notna().tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ({"job_id": "100"}, "job_id"),
        ({"gpu_num": "-1"}, "gpu_num"),
        ({"gpu_num": "1.5"}, "gpu_num"),
        ({"cpu_num": "many"}, "cpu_num"),
        ({"node_num": ""}, "node_num"),
        ({"submit_time": "None"}, "submit_time"),
        ({"end_time": "2020-04-01 08:00:00"}, "end_time"),
    ],
)
def test_a_bad_cell_names_its_place_or_is_counted(log, cell, column):
    """File, line and column; with ``on_error='drop'`` the count by column."""
    path = log({}, {"job_id": "101", **cell})
    with pytest.raises(InvalidInputError, match=rf"cluster_log\.csv, line 3, column {column}: mus"):
        read_helios(path)
    dropped = read_helios(path, on_error="drop")
    assert (len(dropped), dropped.meta.dropped) == (1, {f"bad {column}": 1})


def test_nodes_are_the_most_of_each_day_and_changes_are_events(table):
    """A node is drained while its virtual cluster is smaller."""
    trace = traces.load(table(GPUS), node_cpus=48)
    assert trace.meta.format == "helios_nodes"
    assert trace.nodes["node_id"].tolist() == ["vcA-0", "vcA-1", "vcB-0", "vcB-1"]
    assert trace.cluster().capacity == {"cpus": 192, "gpus": 32}
    assert trace.events[["kind", "node"]].to_numpy().tolist() == [
        ["node_drain", "vcB-1"],
        ["node_drain", "vcA-1"],
        ["node_resume", "vcB-1"],
    ]
    midnight = pd.Timestamp("2020-04-01", tz="Asia/Shanghai")
    assert trace.events["time"].tolist() == [midnight, *2 * [midnight + pd.Timedelta("1D")]]


def test_jobs_run_in_their_virtual_cluster(log, table):
    """With ``nodes=`` the log schedules in one line, and a drained node takes no job."""
    later = {"submit_time": "2020-04-02 08:00:00", "start_time": "2020-04-02 08:00:09"}
    later |= {"end_time": "2020-04-02 08:01:09", "gpu_num": "8", "node_num": "1"}
    rows = [{}, {"job_id": "101", **later}, {"job_id": "102", **later}]
    trace = traces.load(log(*rows), nodes=table(GPUS))
    assert trace.nodes["cpus"].tolist() == [32] * 4  # the most that a job used on one node
    schedule = fairlead.schedule(
        trace.jobs, trace.cluster(), events=trace.events, run_times="actual"
    )
    assert schedule.jobs["wait_s"].tolist() == [0, 0, 60]
    assert schedule.placements["node"].str.startswith("vcA").all()


def test_nodes_of_a_vc_config(table):
    """The file of the throughput trace: nodes of each virtual cluster, first name missing."""
    trace = traces.load(table(",num\nvcA,2\nvcB,1\n", "vc_config.csv"))
    assert trace.nodes["pool"].tolist() == ["vcA", "vcA", "vcB"]
    assert trace.cluster().capacity == {"gpus": 24}
    assert len(trace.events) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GPUS.replace("16,8,24", "15,9,24"), "line 2, column vcA: must be a multiple of node_gpus"),
        (GPUS.replace("16,8,24", "16,8,25"), "line 2, column total: must be the sum"),
        (GPUS.replace("04-03", "04-02"), "line 4, column date: must be distinct"),
        (GPUS.replace("04-03", "03-01"), "column date: must be after the day"),
        (GPUS.replace("04-03", "40-03"), "line 4, column date: must be a time"),
        ("vc,num\nvcA,-1\n", "line 2, column num"),
        ("vc,num\nvcA,1\nvcA,1\n", "line 3, column vc: must be distinct"),
        ("a,b\n1,2\n", "column date: no such column"),
    ],
)
def test_a_bad_machine_is_an_error(table, text, message):
    """A machine with a row left out would be another machine."""
    with pytest.raises(InvalidInputError, match=message):
        read_helios_nodes(table(text))


@pytest.mark.parametrize(
    ("text", "dropped", "nodes"),
    [
        (GPUS.replace("16,8,24", "15,9,24"), "bad vcA", None),
        (GPUS.replace("04-03", "04-02"), "bad date", None),
        ("vc,num\nvcA,2\nvcB,x\n", "bad num", 2),
        ("vc,num\nvcA,2\nvcA,7\n", "bad vc", 2),
        ("vc,num\nvcA,x\n", "bad num", 0),
    ],
)
def test_a_bad_row_of_a_machine_alone_can_be_dropped(table, text, dropped, nodes):
    """On request, and counted; as `fairlead doctor` reads."""
    trace = traces.load(table(text), on_error="drop")
    assert trace.meta.dropped == {dropped: 1}
    assert nodes is None or len(trace.nodes) == nodes
    if len(trace.events):
        assert set(trace.events["node"]) <= set(trace.nodes["node_id"])


SEQUENCE = "time,running_gpu_num,pending_gpu_num,total_gpu_num\n" + "".join(
    f"2020-05-01 00:0{i}:00,{i},{2 * i},64\n" for i in range(6)
)
WINDOWS = "time,submit_job_all,submit_gpu_num\n2020-04-01 00:00:00,6,3\n2020-04-01 00:10:00,4,5\n"


def test_counts_over_time_are_demand_series(table):
    """GPUs running and pending, or submitted, or the columns that are named."""
    trace = traces.load(table(SEQUENCE, "cluster_sequence_vc.csv"))
    assert (trace.meta.format, trace.meta.read, len(trace.jobs)) == ("helios_demand", 6, 0)
    assert trace.demand.groupby("unique_id")["y"].sum().to_dict() == {
        "pending_gpu_num": 30,
        "running_gpu_num": 15,
    }
    assert trace.demand["ds"][0] == pd.Timestamp("2020-05-01", tz="Asia/Shanghai")
    assert traces.load(table(WINDOWS)).demand["y"].tolist() == [3, 5]
    jobs = read_helios_demand(table(WINDOWS), series="submit_job_all").demand
    assert (jobs["y"].tolist(), jobs.attrs["resource"]) == ([6, 4], "jobs")


def test_damaged_files_are_refused_or_counted(log, table):
    """Never a crash, never half of a file in silence."""
    path = log(*({"job_id": str(i)} for i in range(100, 108)))
    assert survives(read_helios, path, seed=2020) > 10
    assert survives(
        read_helios_demand,
        table(SEQUENCE, "cluster_sequence_vc.csv"),
        seed=1,
        count=lambda trace: len(trace.demand) // 2,
    )
    path = table(GPUS)
    assert survives(
        read_helios_nodes,
        path,
        seed=2,
        on_errors=("",),
        count=lambda trace: trace.meta.read if len(trace.nodes) else -1,
    )


@pytest.fixture
def folder(shared_dir):
    """A function that gives a folder of the reference data, or skips."""

    def find(name):
        if not (shared_dir / "traces" / name).is_dir():
            pytest.skip(f"no {name} in the reference data")
        return shared_dir / "traces" / name

    return find


# GPUs owned, mean running, utilisation, most pending, of the README.
EARTH = {
    "vc6YE": (208, 187.75, 0.903, 157),
    "vchbv": (64, 26.31, 0.411, 74),
    "vcLJZ": (64, 55.8, 0.872, 64),
    "vc3sl": (64, 40.15, 0.627, 12),
    "vcTJs": (48, 35.03, 0.73, 44),
    "vcSoL": (32, 15.23, 0.476, 52),
    "vcdI0": (16, 4.46, 0.279, 0),
    "vcJkd": (16, 0.14, 0.008, 0),
}


@pytest.mark.parametrize("cluster", EARTH)
def test_the_sequences_of_earth_give_the_published_numbers(folder, cluster):
    """Minutes without gaps, GPUs owned, mean running, utilisation, most pending."""
    path = folder("helios-earth-vc-2020") / f"{cluster}_cluster_sequence_vc.csv.gz"
    names = ["total_gpu_num", "running_gpu_num", "pending_gpu_num"]
    demand = read_helios_demand(path, series=names).demand
    wide = demand.pivot_table(index="ds", columns="unique_id", values="y")
    steps = wide.index.to_series().diff().dropna().unique().tolist()
    assert (len(wide), steps) == (44640, [pd.Timedelta("1min")])
    assert wide.index[0] == pd.Timestamp("2020-05-01", tz="Asia/Shanghai")
    owned, running, share, pending = EARTH[cluster]
    assert wide["total_gpu_num"].unique().tolist() == [owned]
    assert wide["running_gpu_num"].mean() == pytest.approx(running, abs=0.005)
    assert wide["running_gpu_num"].mean() / owned == pytest.approx(share, abs=0.001)
    assert wide["pending_gpu_num"].max() == pending


def test_the_machine_of_earth_changes_as_its_table_says(folder):
    """181 days; nodes in service on the last day hold the GPUs of its last row."""
    trace = traces.load(folder("helios-earth-vc-2020") / "Earth_gpu_number.csv")
    assert trace.meta.read == 181
    drained = set()
    for kind, node in zip(trace.events["kind"], trace.events["node"], strict=True):
        (drained.add if kind == "node_drain" else drained.discard)(node)
    assert 8 * (len(trace.nodes) - len(drained)) == 1208


def test_venus_gives_the_published_numbers(folder):
    """135 nodes; 26,064 windows; means, medians and peaks of the submissions."""
    venus = folder("helios-venus-throughput-2020")
    assert len(traces.load(venus / "vc_config.csv").nodes) == 135
    names = ["submit_gpu_job", "submit_gpu_num"]
    trace = traces.load(venus / "cluster_throughput.csv.gz", series=names)
    assert trace.meta.read == 26064
    told = trace.demand.groupby("unique_id")["y"].agg(["mean", "median", "max"]).round(1)
    assert told.loc["submit_gpu_job"].tolist() == [4.8, 3, 717]
    assert told.loc["submit_gpu_num"].tolist() == [32.3, 9, 14419]


def test_the_published_forecast_has_the_published_errors(folder):
    """4,032 windows of September; mean absolute errors of the README, of jobs and of GPUs."""
    path = folder("helios-venus-throughput-2020") / "Venus_throughput_pred.csv.gz"
    names = ["submit_gpu_job", "pred_gpu_job", "submit_gpu_num", "pred_gpu_num"]
    trace = traces.load(path, series=names)
    assert (trace.meta.format, trace.meta.read) == ("helios_demand", 4032)
    wide = trace.demand.pivot_table(index="ds", columns="unique_id", values="y")
    for what, error in (("job", 4.125), ("num", 52.931)):
        miss = (wide[f"submit_gpu_{what}"] - wide[f"pred_gpu_{what}"]).abs()
        assert miss.mean() == pytest.approx(error, abs=0.0006)
