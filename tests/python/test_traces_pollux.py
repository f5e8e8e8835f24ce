"""Workloads and goodput tables of Pollux and Sia."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from fairlead import schedule, traces
from fairlead.errors import InvalidInputError

HEADER = "name,time,application,num_replicas,batch_size\n"
JOBS = HEADER + "bert-0,107,bert,1,8\nbert-1,110.5,bert,4,32\n"


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text, name="workload-1.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def tables(file):
    """A folder of tables: one model, steps of 0.5 s, half the efficiency at 32 samples."""
    placements = "placement,local_bsz,step_time,sync_time\n1,8,0.5,0\n1,16,0.9,0\n"
    file(placements + "4,8,0.7,0.2\n4,16,1.1,0.2\n22,8,5,1\n", "traces/bert/placements.csv")
    counted = "num_nodes,num_replicas,local_bsz,step_time,sync_time\n2,6,8,0.8,0.3\n"
    file(gzip.compress(counted.encode()), "traces/bert/scalability.csv.gz")
    for batch, iterations in ((8, 100), (32, 50)):
        text = f"progress,iteration,metric,grad_sqr,grad_var\n50,1,1,1,1\n100,{iterations},1,1,1\n"
        path = file(text, f"traces/bert/validation-{batch}.csv")
    return path.parent.parent


def test_jobs_are_gangs_on_the_simulated_cluster(file):
    """16 nodes of 4 GPUs; no run time without tables."""
    trace = traces.load(file(JOBS), keep=["model", "batch_size", "application"])
    assert trace.meta.format == "pollux"
    assert trace.jobs["job_id"].tolist() == ["bert-0", "bert-1"]
    assert trace.jobs["tasks"].tolist() == [1, 4]
    assert trace.jobs["submit_time"].tolist() == [107, 110.5]
    assert trace.jobs["batch_size"].tolist() == [8, 32]
    assert "duration_s" not in trace.jobs
    assert (len(trace.cluster()), trace.cluster().capacity) == (16, {"gpus": 64.0})


def test_sia_must_be_named_and_has_three_types(file):
    """Its form is that of Pollux."""
    trace = traces.load(file(JOBS), format="sia")
    assert trace.nodes.groupby("gpu_type")["gpus"].sum().to_dict() == {
        "aws": 24, "dgx-ext": 16, "rtx": 24
    }  # fmt: skip
    with pytest.raises(InvalidInputError, match="gpu_type must be one of aws"):
        traces.load(file(JOBS), format="sia", gpu_type="a100")


def test_goodput_is_throughput_times_efficiency(tables):
    """Samples per second by placement; 1 at the smallest validated batch size, missing outside."""
    rows = traces.read_goodputs(tables)
    one = rows[(rows["gpus"] == 1) & (rows["batch_size"] == 8)].iloc[0]
    assert (one["throughput"], one["efficiency"], one["work"]) == (16, 1, 800)
    four = rows[(rows["placement"] == "4") & (rows["batch_size"] == 32)].iloc[0]
    assert four["efficiency"] == pytest.approx(100 * 8 / (50 * 32))
    assert four["goodput"] == pytest.approx(32 / 0.7 * 0.5)
    between = rows[rows["batch_size"] == 16]["efficiency"].iloc[0]
    assert between == pytest.approx(0.75)
    assert rows[rows["batch_size"] == 64]["efficiency"].isna().all()
    spread = rows[rows["placement"].isna()].iloc[0]
    assert (spread["nodes"], spread["gpus"], spread["batch_size"]) == (2, 6, 48)


def test_run_times_are_iterations_times_the_step(file, tables):
    """Packed on nodes of 4; what the tables do not cover is dropped and counted."""
    more = "bert-2,0,bert,6,24\nvgg-0,0,vgg,1,8\nbert-3,0,bert,1,64\nbert-4,0,bert,4,16\n"
    trace = traces.load(file(JOBS + more), tables=tables)
    assert trace.jobs["duration_s"].tolist() == [100 * 0.5, 50 * 0.7]
    assert trace.meta.dropped == {"GPUs and batch size not in the tables of the model": 4}
    result = schedule(trace.jobs, trace.cluster(), policy="fcfs")
    assert result.metrics["counts"]["completed"] == 2


def test_more_samples_than_a_gpu_holds_take_several_parts(file, tables):
    """Of which only the last synchronises; in between, the step is interpolated."""
    file(
        "progress,iteration,metric,grad_sqr,grad_var\n100,25,1,1,1\n",
        "traces/bert/validation-128.csv",
    )
    jobs = HEADER + "a,0,bert,4,128\nb,0,bert,4,48\n"
    trace = traces.load(file(jobs), tables=tables)
    run = trace.jobs["duration_s"].tolist()
    assert run[0] == pytest.approx(25 * (1.1 + (1.1 - 0.2)))
    step = 0.7 + (1.1 - 0.7) * 4 / 8
    efficiency = np.interp(np.log(48), np.log([32, 128]), [0.5, 0.25])
    assert run[1] == pytest.approx(800 / (48 * efficiency) * step)


def test_sia_takes_the_efficiency_from_the_tables_of_pollux(file, tables):
    """Its own folder has none; the step times are those of the type."""
    text = "local_bsz,step_time,sync_time,placement\n8,0.25,0,1\n"
    own = file(text, "sia/bert/placements-rtx.csv").parent.parent
    options = {"format": "sia", "tables": own, "gpu_type": "rtx"}
    path = file(JOBS)
    assert len(traces.load(path, **options)) == 0
    trace = traces.load(path, validation=tables, **options)
    assert trace.jobs["duration_s"].tolist() == [25]
    with pytest.raises(InvalidInputError, match="tables of type 'aws'; give the folder"):
        traces.load(path, format="sia", tables=own)


def test_pipeline_tables_are_left_out_and_counted(file):
    """Their steps leave out the synchronisation, so no throughput follows."""
    file("placement,local_bsz,step_time,sync_time\n2,1,0.1,0.3\n", "t/gpt/placements-rtx.csv")
    good = file("placement,local_bsz,step_time,sync_time\n2,1,0.1,0.1\n", "t/a/placements-rtx.csv")
    rows = traces.read_goodputs(good.parent.parent)
    assert rows["model"].tolist() == ["a"]
    assert rows.attrs["dropped"] == {"step of a pipeline without its synchronisation": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (JOBS + "bert-0,1,bert,1,8\n", "line 4, column name: must be distinct"),
        (JOBS + "b,-1,bert,1,8\n", "line 4, column time: must be a number from 0"),
        (JOBS + "b,1,,1,8\n", "line 4, column application: must be a name"),
        (JOBS + "b,1,bert,0.5,8\n", "line 4, column num_replicas: must be a whole number"),
        (JOBS + "b,1,bert,1,0\n", "line 4, column batch_size: must be a whole number from 1"),
    ],
)
def test_a_malformed_record_is_named_or_dropped(file, text, message):
    """File, line, column; the other jobs stay."""
    with pytest.raises(InvalidInputError, match=message):
        traces.load(file(text))
    trace = traces.load(file(text), on_error="drop")
    assert (len(trace), sum(trace.meta.dropped.values())) == (2, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("placement,local_bsz,step_time,sync_time\n0,8,1,0\n", "column placement: must be digits"),
        ("placement,local_bsz,step_time,sync_time\n1,8,0,0\n", "step_time: must be above 0 s"),
        ("placement,local_bsz\n1,8\n", "column step_time: no such column"),
    ],
)
def test_a_bad_table_is_an_error(file, tables, text, message):
    """A table with a row left out would be another table."""
    file(text, "traces/bert/placements.csv")
    with pytest.raises(InvalidInputError, match=message):
        traces.read_goodputs(tables)


def test_a_folder_without_tables_is_refused(tmp_path):
    """Empty, or not there."""
    with pytest.raises(InvalidInputError, match="holds no placements or scalability"):
        traces.read_goodputs(tmp_path)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        traces.read_goodputs(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("folder", "jobs", "span_h", "most"),
    [
        ("workloads", 160, 7.82, 48), ("workloads-0.5", 80, 7.71, 48),
        ("workloads-1.5", 240, 7.92, 48), ("workloads-2.0", 320, 7.95, 48),
        ("workloads-realistic", 160, 7.82, 32),
    ],
)  # fmt: skip
def test_pollux_workloads_hold_what_their_page_states(shared_dir, folder, jobs, span_h, most):
    """Eight files: jobs each, mean of the last submissions, applications, largest job."""
    frames = [
        traces.load(path, keep="model").jobs
        for path in sorted((shared_dir / "traces" / "pollux-2021" / folder).glob("*.csv"))
    ]
    assert [len(frame) for frame in frames] == [jobs] * 8
    last_h = [frame["submit_time"].max() / 3600 for frame in frames]
    assert np.mean(last_h) == pytest.approx(span_h, abs=0.005)
    assert max(frame["tasks"].max() for frame in frames) == most
    models = {model for frame in frames for model in frame["model"]}
    assert models == {"bert", "cifar10", "deepspeech2", "imagenet", "ncf", "yolov3"}


def test_every_pollux_job_has_a_run_time_in_the_tables(shared_dir):
    """Of the first workload of each folder, and the schedule runs."""
    folder = shared_dir / "traces" / "pollux-2021"
    for name in ("workloads", "workloads-2.0", "workloads-realistic"):
        trace = traces.load(folder / name / "workload-1.csv", tables=folder / "traces")
        assert trace.meta.dropped == {}
    result = schedule(trace.jobs, trace.cluster(), policy="fcfs")
    assert result.metrics["counts"]["completed"] == len(trace)


@pytest.mark.parametrize(
    ("folder", "jobs", "span_h", "applications"),
    [
        (
            "newtrace", 960, 47.9,
            {"cifar10": 5047, "deepspeech2": 2114, "bert": 2017, "yolov3": 346, "imagenet": 76},
        ),
        (
            "saturn", 160, 7.8,
            {"cifar10": 1314, "deepspeech2": 100, "yolov3": 70, "bert": 70, "imagenet": 46},
        ),
    ],
)  # fmt: skip
def test_sia_workloads_hold_what_their_page_states(shared_dir, folder, jobs, span_h, applications):
    """Ten files: jobs each, span, jobs by application, largest job."""
    counts: dict[str, int] = {}
    spans = []
    for path in sorted((shared_dir / "traces" / "sia-2023" / "workloads" / folder).glob("*.csv")):
        frame = traces.load(path, format="sia", keep="model").jobs
        assert len(frame) == jobs
        assert frame["tasks"].max() <= 16
        spans.append(np.ptp(frame["submit_time"]) / 3600)
        for model, count in frame["model"].value_counts().items():
            counts[model] = counts.get(model, 0) + count
    assert counts == applications
    assert len(spans) == 10
    assert np.mean(spans) == pytest.approx(span_h, abs=0.1)


def test_sia_tables_cover_five_types(shared_dir):
    """Six models each; the pipeline tables are counted; every job runs on any type."""
    folder = shared_dir / "traces"
    rows = traces.read_goodputs(folder / "sia-2023" / "traces")
    assert rows.groupby("gpu_type")["model"].nunique().to_dict() == dict.fromkeys(
        ["aws", "azure", "dgx-ext", "quad", "rtx"], 6
    )
    assert rows.attrs["dropped"] == {"step of a pipeline without its synchronisation": 140}
    path = folder / "sia-2023" / "workloads" / "saturn" / "workload-1.csv"
    trace = traces.load(
        path,
        format="sia",
        tables=folder / "sia-2023" / "traces",
        validation=folder / "pollux-2021" / "traces",
        gpu_type="rtx",
    )
    assert (len(trace), trace.meta.dropped) == (160, {})
