"""Alibaba's node inventories, and its image generation: requests and metrics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.alibaba_genai import read_alibaba_genai, read_alibaba_genai_metric
from fairlead.traces.alibaba_nodes import read_alibaba_nodes
from python.damage import survives

PAI = "machine,gpu_type,cap_cpu,cap_mem,cap_gpu\na,CPU,96,512,0\nb,P100,64,512,2\n"
SPOT = "gpu_model,gpu_capacity_num,cpu_num,node_name\nH800,8,192,0\nA10,1,128,1\n"
REQUESTS = (
    "gmt_create,predict_type,predict_status,exec_time_seconds,groupId,prompt_length\n"
    "2024-11-15 16:57:50,TXT_2_IMG,SUCCEED,32.0,G0,63.0\n"
    "2024-11-15 16:58:50,TXT_2_IMG,FAILED,1.0,G1,\n"
    "2024-11-15 16:59:50,TXT_2_IMG,PENDING,0.0,G1,\n"
)
QPS = (
    "timestamp_anon,value,container_ip,request_type\n"
    "1662859233.0,0.5,abc,Generative Requests\n"
    "1662859176.0,0.25,abc,Generative Requests\n"
    "1662859176.0,0.09,,API Requests\n"
)


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text, name="file.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_inventories_are_nodes(file):
    """CPU means no GPU; one inventory has no memory."""
    pai = traces.load(file(PAI))
    assert pai.meta.format == "alibaba_nodes"
    assert pai.cluster().capacity == {"cpus": 160, "memory_gib": 1024, "gpus": 2}
    assert pai.nodes["gpu_type"].isna().tolist() == [True, False]
    spot = traces.load(file(SPOT)).nodes
    assert spot["node_id"].tolist() == ["0", "1"]
    assert spot["gpu_type"].tolist() == ["H800", "A10"]
    assert spot["gpus"].tolist() == [8, 1]


def test_requests_are_jobs_on_one_gpu(file):
    """Those that still wait are dropped or kept without a run time; failed ones used the GPU."""
    path = file(REQUESTS)
    trace = traces.load(path, keep=["recorded_state", "prompt_length"])
    assert (trace.meta.format, trace.meta.dropped) == ("alibaba_genai", {"not finished": 1})
    assert trace.jobs["submit_time"][0] == pd.Timestamp("2024-11-15 16:57:50", tz="UTC")
    assert trace.jobs[["job_id", "duration_s", "gpus"]].to_numpy().tolist() == [
        [0, 32, 1],
        [1, 1, 1],
    ]
    assert trace.jobs["recorded_state"].tolist() == ["SUCCEED", "FAILED"]
    assert trace.jobs["source_prompt_length"].tolist()[0] == 63
    kept = read_alibaba_genai(path, unfinished="keep").jobs["duration_s"]
    assert kept.notna().tolist() == [True, True, False]
    schedule = fairlead.schedule(trace.jobs, trace.cluster(), run_times="actual")
    assert schedule.jobs["status"].eq("completed").all()


def test_metrics_are_demand_series(file):
    """A series a container and type of request, sorted by time."""
    trace = traces.load(file(QPS), measure="requests_per_s")
    assert (trace.meta.format, trace.meta.read, len(trace.jobs)) == ("alibaba_genai_metric", 3, 0)
    assert trace.demand["unique_id"].tolist() == [
        "API Requests: all",
        "Generative Requests: abc",
        "Generative Requests: abc",
    ]
    assert trace.demand["y"].tolist() == [0.09, 0.25, 0.5]
    assert trace.demand["ds"][0] == pd.Timestamp(1662859176, unit="s", tz="UTC")
    assert trace.demand.attrs["resource"] == "requests_per_s"


@pytest.mark.parametrize(
    ("reader", "text", "column"),
    [
        (read_alibaba_nodes, PAI.replace("b,P", "a,P"), "machine"),
        (read_alibaba_nodes, PAI.replace("64", "-64"), "cap_cpu"),
        (read_alibaba_nodes, PAI.replace("512,2", "512,2.5"), "cap_gpu"),
        (read_alibaba_nodes, SPOT.replace("128,1", "128,0"), "node_name"),
        (read_alibaba_genai, REQUESTS.replace("16:58", "25:58"), "gmt_create"),
        (read_alibaba_genai, REQUESTS.replace("1.0", "-1.0"), "exec_time_seconds"),
        (read_alibaba_genai, REQUESTS.replace("1.0", ""), "exec_time_seconds"),
        (read_alibaba_genai_metric, QPS.replace("0.25", "inf"), "value"),
        (read_alibaba_genai_metric, QPS.replace("9176.0,0.2", "9233.0,0.2"), "timestamp_anon"),
    ],
)
def test_a_bad_cell_names_its_place_or_is_counted(file, reader, text, column):
    """File, line and column; with ``on_error='drop'`` the count by column."""
    path = file(text)
    with pytest.raises(InvalidInputError, match=rf"file\.csv, line 3, column {column}: must be"):
        reader(path)
    assert reader(path, on_error="drop").meta.dropped[f"bad {column}"] == 1


def test_damaged_files_are_refused_or_counted(file):
    """Never a crash, never half of a file in silence."""
    for text in (PAI, SPOT):
        assert survives(read_alibaba_nodes, file(text), seed=26) > 10
    assert survives(read_alibaba_genai, file(REQUESTS), seed=26) > 10
    count = lambda trace: len(trace.demand)  # noqa: E731
    assert survives(read_alibaba_genai_metric, file(QPS), seed=26, count=count) > 10


@pytest.fixture
def folder(shared_dir):
    """A function that gives a folder of the reference data, or skips."""

    def find(name):
        if not (shared_dir / "traces" / name).is_dir():
            pytest.skip(f"no {name} in the reference data")
        return shared_dir / "traces" / name

    return find


def test_public_inventories_give_the_published_numbers(folder):
    """Nodes and GPUs by type."""
    inventories = folder("alibaba-node-inventories")
    pai = traces.load(inventories / "pai_machine_spec.csv.gz").nodes
    kinds = pai["gpu_type"].value_counts().to_dict()
    assert (len(pai), pai["gpus"].sum(), pai["gpu_type"].isna().sum()) == (1897, 6742, 83)
    assert kinds == {"P100": 798, "T4": 497, "MISC": 280, "V100M32": 135, "V100": 104}
    spot = traces.load(inventories / "spot2026_node_info_df.csv.gz").nodes
    told = spot.groupby("gpu_type", observed=True)["gpus"].agg(["size", "sum"])
    assert (len(spot), spot["gpus"].sum()) == (4278, 10412)
    assert {kind: tuple(row) for kind, row in told.astype(int).T.to_dict("list").items()} == {
        "A10": (2494, 2494),
        "A100-SXM4-80GB": (432, 3456),
        "A800-SXM4-80GB": (22, 176),
        "GPU-series-1": (989, 1558),
        "GPU-series-2": (122, 976),
        "H800": (219, 1752),
    }


def test_public_requests_give_the_published_numbers(folder):
    """Requests, span, run times, tenants, base models, states."""
    path = folder("alibaba-genai-2026") / "lora_request_trace_until_20241201.csv.gz"
    keep = ["recorded_state", "exec_time_seconds", "checkpoint_model_version_id", "prompt_length"]
    trace = traces.load(path, unfinished="keep", keep=keep)
    # The README counts 25 rows without prompt data; this part of the list has 15, all pending.
    assert trace.jobs["source_prompt_length"].isna().sum() == 15
    jobs, run = trace.jobs, trace.jobs["source_exec_time_seconds"]
    assert len(jobs) == 15630
    assert jobs["submit_time"].min() == pd.Timestamp("2024-11-15 16:57:50", tz="UTC")
    assert jobs["submit_time"].max() == pd.Timestamp("2024-12-01 23:59:50", tz="UTC")
    by_hour = jobs["submit_time"].dt.floor("h").value_counts()
    assert by_hour.max() == 355
    hours = (jobs["submit_time"].max() - jobs["submit_time"].min()).total_seconds() / 3600
    assert len(jobs) / hours == pytest.approx(39.97, abs=0.005)
    assert (round(run.mean(), 2), run.median(), round(run.quantile(0.99), 1)) == (26.61, 22, 87.7)
    assert (run == 0).sum() == 15
    assert jobs["tenant"].nunique() == 2657
    assert jobs["source_checkpoint_model_version_id"].nunique() == 77
    states = jobs["recorded_state"].value_counts().to_dict()
    assert states == {"SUCCEED": 15362, "FAILED": 253, "PENDING": 15}
    assert traces.load(path).meta.dropped == {"not finished": 15}


# Samples, containers, hours, mean and most, of the README.
METRICS = {
    "queue_size_raw_anon": (1434, 1, 22.8, 0.05, 3),
    "queue_rt_raw_anon": (23478, 106, 22.1, 238, 4329),
    "pod_gpu_duty_cycle_anon": (157417, 143, 22.8, 7.0, 99.7),
}


@pytest.mark.parametrize("name", METRICS)
def test_public_metrics_give_the_published_numbers(folder, name):
    """Samples, containers, hours, mean and largest value."""
    demand = traces.load(folder("alibaba-genai-2026") / f"{name}.csv.gz").demand
    samples, containers, hours, mean, most = METRICS[name]
    assert (len(demand), demand["unique_id"].nunique()) == (samples, containers)
    span = (demand["ds"].max() - demand["ds"].min()).total_seconds() / 3600
    assert (round(span, 1), round(demand["y"].max(), 1)) == (hours, most)
    assert demand["y"].mean() == pytest.approx(mean, rel=0.02)


def test_public_request_rates_give_the_published_numbers(folder):
    """107 containers; generative requests of all of them per step, mean and most."""
    demand = traces.load(folder("alibaba-genai-2026") / "qps.csv.gz").demand
    generative = demand[demand["unique_id"].str.startswith("Generative")]
    assert (len(demand), generative["unique_id"].nunique()) == (24627, 107)
    total = generative.groupby("ds")["y"].sum()
    assert np.round([total.mean(), total.max()], 2).tolist() == [2.09, 6.84]
