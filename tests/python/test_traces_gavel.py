"""Job lists of Gavel, Shockwave and Tiresias."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from fairlead import schedule, traces
from fairlead.errors import InvalidInputError


def gavel_line(job="ResNet-18 (batch size 64)", steps=600, gpus=1, at=0, slo="-1.000000"):
    """A line of Gavel's ten fields."""
    command = "python3 main.py --data_dir=%s/cifar10"
    fields = (job, command, "image/cifar10", "--num_steps", 1, steps, gpus, 1, slo, at)
    return "\t".join(map(str, fields)) + "\n"


def shockwave_line(job="LM (batch size 10)", gpus=2, mode="gns", run=1418, at=5):
    """A line of Shockwave's twelve fields."""
    fields = (job, "main.py", "lm", "--steps", 1, 99, gpus, mode, 1, "-1.0", run, at)
    return "\t".join(map(str, fields)) + "\n"


TIRESIAS = "job_id,num_gpu,submit_time,iterations,model_name,duration,interval\n"
TIRESIAS_TEXT = TIRESIAS + "0,1,0,606,vgg19,164,30\n1,8,30,133,vgg11,147,23\n"
MACHINE = "num_switch,num_node_p_switch,num_gpu_p_node,num_cpu_p_node,mem_p_node\n"
SPEEDS = pd.DataFrame(
    [
        ("ResNet-18", 64, "v100", 1, 20.0, "steps"),
        ("ResNet-18", 64, "v100", 2, 30.0, "steps"),
        ("ResNet-18", 64, "k80", 1, 5.0, "steps"),
        ("A3C", None, "v100", 1, 6.0, "steps"),
        ("LM", 80, "v100", 1, 0.0, "steps"),
    ],
    columns=["model", "batch_size", "gpu_type", "gpus", "throughput", "unit"],
)


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text, name="jobs.trace"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_gavel_jobs_are_gangs_of_single_gpus(file):
    """The scale factor counts workers; there is no run time without speeds."""
    trace = traces.load(file(gavel_line() + "\n" + gavel_line(gpus=2, at=7.5)))
    assert trace.meta.format == "gavel"
    assert trace.jobs.columns.tolist() == ["job_id", "submit_time", "tasks", "gpus"]
    assert trace.jobs["tasks"].tolist() == [1, 2]
    assert trace.jobs["submit_time"].tolist() == [0, 7.5]


def test_gavel_run_times_are_steps_over_speed(file):
    """Of the job type on as many GPUs of the type; what has no speed or does not fit is dropped."""
    text = gavel_line() + gavel_line(gpus=2) + gavel_line("A3C") + gavel_line("LM (batch size 80)")
    trace = traces.load(file(text + gavel_line("CycleGAN")), throughputs=SPEEDS)
    assert trace.jobs["duration_s"].tolist() == [30, 20, 100]
    assert trace.meta.dropped == {
        "no speed for the job type and GPUs on v100": 1, "does not fit v100": 1
    }  # fmt: skip
    old = traces.load(file(gavel_line()), throughputs=SPEEDS, gpu_type="k80")
    assert old.jobs["duration_s"].tolist() == [120]
    result = schedule(trace.jobs, trace.cluster(), policy="fcfs")
    assert result.metrics["counts"]["completed"] == 3


def test_a_speed_table_must_have_its_columns(file):
    """The message names the missing one."""
    with pytest.raises(InvalidInputError, match="throughputs needs a column 'unit'"):
        traces.load(file(gavel_line()), throughputs=SPEEDS.drop(columns="unit"))


def test_models_and_fields_are_kept_on_request(file):
    """Ours by name, those of the file as ``source_``."""
    jobs = traces.load(
        file(gavel_line() + gavel_line("A3C")), keep=["model", "batch_size", "SLO"]
    ).jobs
    assert jobs["model"].tolist() == ["ResNet-18", "A3C"]
    assert jobs["batch_size"].tolist()[0] == 64
    assert jobs["batch_size"].isna().tolist() == [False, True]
    assert jobs["source_SLO"].tolist() == ["-1.000000"] * 2
    with pytest.raises(InvalidInputError, match="keep must be of model, batch_size, job_type"):
        traces.load(file(gavel_line()), keep="colour")


def test_shockwave_jobs_have_run_times(file):
    """At the publisher's reference speed; the mode on request; gzip by content."""
    path = file(gzip.compress((shockwave_line() + shockwave_line(gpus=1)).encode()))
    trace = traces.load(path, keep=["mode", "model"])
    assert trace.meta.format == "shockwave"
    assert trace.jobs["duration_s"].tolist() == [1418, 1418]
    assert trace.jobs["tasks"].tolist() == [2, 1]
    assert trace.jobs["source_mode"].tolist() == ["gns", "gns"]
    assert trace.cluster().capacity == {"gpus": 3.0}


def test_tiresias_jobs_and_cluster(file):
    """The switch is the rack; GB count as GiB."""
    machine = file(MACHINE + "2,3,4,128,256\n", "n6g4.csv")
    trace = traces.load(
        file(TIRESIAS_TEXT, "jobs.csv"), nodes=machine, keep=["model", "iterations"]
    )
    assert trace.meta.format == "tiresias"
    assert trace.jobs["tasks"].tolist() == [1, 8]
    assert trace.jobs["model"].tolist() == ["vgg19", "vgg11"]
    assert trace.jobs["source_iterations"].tolist() == [606, 133]
    assert trace.cluster().capacity == {"cpus": 768.0, "memory_gib": 1536.0, "gpus": 24.0}
    assert trace.nodes["rack"].nunique() == 2
    alone = traces.load(machine)
    assert (alone.meta.format, len(alone), len(alone.cluster())) == ("tiresias_nodes", 0, 6)
    jobs = trace.jobs.drop(columns="model")
    result = schedule(jobs, trace.cluster(), policy="fcfs")
    assert result.metrics["counts"]["completed"] == 2


def test_a_bad_line_of_a_machine_alone_can_be_dropped(file):
    """On request, and counted."""
    machine = file(MACHINE + "1,2,4,128,256\n1,x,4,128,256\n", "n.csv")
    trace = traces.load(machine, on_error="drop")
    assert len(trace.nodes) == 2
    assert (trace.meta.read, trace.meta.dropped) == (2, {"bad num_node_p_switch": 1})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MACHINE + "0,3,4,128,256\n", "line 2, column num_node_p_switch: must be from 1 to"),
        (
            MACHINE + "9999999,9999,4,128,256\n",
            "line 2, column num_node_p_switch: must be from 1 to",
        ),
        (MACHINE + "1,x,4,128,256\n", r"n.csv, line 2, column num_node_p_switch: must be a whole"),
        ("a,b\n1,2\n", "no such column"),
    ],
)
def test_a_bad_machine_is_an_error_even_when_bad_jobs_are_dropped(file, text, message):
    """A machine with a part left out would be another machine."""
    with pytest.raises(InvalidInputError, match=message):
        traces.load(file(TIRESIAS_TEXT, "j.csv"), nodes=file(text, "n.csv"), on_error="drop")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (gavel_line() + gavel_line(gpus=0), "line 2, column scale_factor: must be a whole number"),
        (gavel_line() + gavel_line(steps=-1), "line 2, column total_steps: must be a whole number"),
        (gavel_line() + gavel_line(at="soon"), "line 2, column arrival_time: must be a number"),
        (gavel_line() + "a\tb\n", r"line 2, column 3: must be a line of 10 fields; got 2"),
        (gavel_line() + gavel_line(" "), "line 2, column job_type: must be a job type"),
        (shockwave_line() + shockwave_line(mode="x"), "column mode: must be static, accordion or"),
        (shockwave_line() + shockwave_line(run="nan"), "column duration: must be a number"),
        (TIRESIAS_TEXT + "1,1,5,5,vgg,9,9\n", "line 4, column job_id: must be distinct"),
        (TIRESIAS_TEXT + "2,0,5,5,vgg,9,9\n", "line 4, column num_gpu: must be a whole number"),
    ],
)
def test_a_malformed_line_is_named_or_dropped(file, text, message):
    """File, line, column; the other jobs stay."""
    with pytest.raises(InvalidInputError, match=message):
        traces.load(file(text))
    trace = traces.load(file(text), on_error="drop")
    assert sum(trace.meta.dropped.values()) == 1
    assert len(trace) + 1 == trace.meta.read


@pytest.mark.parametrize(
    ("name", "jobs", "last", "gpus", "types"),
    [
        ("artifact_evaluation", 15, 0, {1: 12, 2: 3}, 12),
        ("debug", 14, 0, {1: 11, 2: 3}, 12),
        ("debug_v2", 14, 0, {1: 11, 2: 3}, 12),
        ("highmem_test", 8, 0, {1: 7, 2: 1}, 8),
        ("max_min_fairness", 96, 46317, {1: 59, 2: 19, 4: 18}, 8),
        ("medium_test", 20, 0, {1: 20}, 14),
        ("minimize_makespan", 100, 0, {1: 71, 2: 6, 4: 23}, 25),
        ("small_test", 20, 0, {1: 17, 2: 3}, 13),
    ],
)
def test_gavel_files_hold_what_their_page_states(shared_dir, name, jobs, last, gpus, types):
    """Jobs, last arrival, GPUs and job types; every job has a speed in the publisher's table."""
    folder = shared_dir / "traces"
    table = folder / "throughput-tables" / "gavel_physical_cluster_throughputs.json.gz"
    path = folder / "gavel-traces" / f"{name}.trace"
    trace = traces.load(path, throughputs=table, keep="job_type")
    assert (len(trace), trace.meta.dropped) == (jobs, {})
    assert trace.jobs["submit_time"].max() == last
    assert trace.jobs["tasks"].value_counts().to_dict() == gpus
    assert trace.jobs["source_job_type"].nunique() == types
    assert (trace.jobs["duration_s"] > 0).all()


@pytest.mark.parametrize(
    ("prefix", "jobs", "span_h", "gpu_hours", "mean", "median", "p99", "gpus", "most"),
    [
        ("120_0.2_5_100_40_25", 120, 1.39, 197.6, 4135.3, 3164, 17060.7, 1.37, 4),
        ("220_0.2_5_100_25_4", 220, 1.65, 403.9, 4383.9, 3164, 17758.7, 1.41, 8),
        ("460_0.2_5_100_10_1", 460, 1.32, 896.5, 4160.5, 2989, 16849.7, 1.55, 8),
    ],
)
def test_shockwave_files_hold_what_their_page_states(
    shared_dir, prefix, jobs, span_h, gpu_hours, mean, median, p99, gpus, most
):
    """Jobs, span, GPU hours, run times and GPUs."""
    name = f"{prefix}_0,0.5,0.5_0.6,0.3,0.09,0.01_multigpu_dynamic.trace.gz"
    frame = traces.load(shared_dir / "traces" / "shockwave-2022" / name).jobs
    run = frame["duration_s"]
    assert len(frame) == jobs
    assert np.ptp(frame["submit_time"]) / 3600 == pytest.approx(span_h, abs=0.005)
    assert (frame["tasks"] * run).sum() / 3600 == pytest.approx(gpu_hours, abs=0.05)
    assert run.mean() == pytest.approx(mean, abs=0.05)
    assert run.median() == median
    assert run.quantile(0.99) == pytest.approx(p99, abs=0.05)
    assert frame["tasks"].mean() == pytest.approx(gpus, abs=0.005)
    assert frame["tasks"].max() == most


def test_tiresias_files_hold_what_their_page_states(shared_dir):
    """Jobs, span, GPU hours, run times, GPUs; the clusters of the names of their files."""
    folder = shared_dir / "traces" / "tiresias-2019"
    for name, nodes, gpus in (
        ("n160g8", 160, 8), ("n1g4", 1, 4), ("n256g8", 256, 8), ("n32g4", 32, 4),
        ("cluster_spec", 16, 4),
    ):  # fmt: skip
        trace = traces.load(folder / "60_job.csv", nodes=folder / f"{name}.csv")
        assert (len(trace.cluster()), set(trace.nodes["gpus"])) == (nodes, {gpus})
    jobs = trace.jobs
    assert (len(jobs), np.ptp(jobs["submit_time"])) == (60, 1779)
    assert (jobs["tasks"] * jobs["duration_s"]).sum() / 3600 == pytest.approx(7.4, abs=0.05)
    run = jobs["duration_s"]
    found = [run.mean(), run.median(), run.quantile(0.99)]
    assert found == pytest.approx([178, 125, 1054], abs=0.5)
    assert jobs["tasks"].mean() == pytest.approx(2.83, abs=0.005)
    assert jobs["tasks"].max() == 8
    with pytest.raises(InvalidInputError, match="line 3, column job_id: must be distinct"):
        traces.load(folder / "tf_job.csv")
