"""Microsoft ITP clusters: raw and ElasticFlow form, and the published statistics."""

from __future__ import annotations

import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.itp import read_itp

RAW = "job_id,submission_time,duration,num_gpu\n"
ADDED = "job_id,submission_time,num_iteration,model_name,deadline,batch_size,num_gpu,duration\n"


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text):
        path = tmp_path / "cluster01.csv"
        path.write_text(text)
        return path

    return write


def test_jobs_of_more_gpus_than_a_node_are_gangs(file):
    """Eight GPUs a node, or as many as one says; odd ones become a task a GPU, counted."""
    path = file(RAW + "a,10,60,4\nb,20,70,64\nc,30,80,12\nd,40,90,9\n")
    trace = traces.load(path)
    assert (trace.meta.format, trace.meta.read) == ("itp", 4)
    assert trace.jobs["submit_time"].tolist() == [10, 20, 30, 40]
    assert trace.jobs["duration_s"].tolist() == [60, 70, 80, 90]
    told = [[1, 4], [8, 8], [2, 6], [9, 1]]
    assert trace.jobs[["tasks", "gpus"]].to_numpy().tolist() == told
    assert sum(trace.meta.repaired.values()) == 1
    assert read_itp(path, node_gpus=4).jobs["tasks"].tolist() == [1, 16, 3, 3]
    with pytest.raises(InvalidInputError, match="node_gpus must be whole"):
        read_itp(path, node_gpus=0)


def test_columns_of_elasticflow_are_kept_on_request(file):
    """They are random draws, so they do not come by themselves; kept ones do not disturb."""
    trace = traces.load(file(ADDED + "a,10,5,bert,99,32,1,60\n"), keep=["deadline", "model_name"])
    assert trace.jobs[["source_deadline", "source_model_name"]].to_numpy().tolist() == [
        [99, "bert"]
    ]
    schedule = fairlead.schedule(trace.jobs, trace.cluster(), run_times="actual")
    assert schedule.jobs["wait_s"].tolist() == [0]
    with pytest.raises(InvalidInputError, match="keep must be of job_id, submission_time"):
        read_itp(file(RAW + "a,10,60,4\n"), keep="deadline")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("a,10,60,1", "job_id"),
        (",10,60,1", "job_id"),
        ("b,-1,60,1", "submission_time"),
        ("b,10,NaN,1", "duration"),
        ("b,10,1e11,1", "duration"),
        ("b,10,60,0", "num_gpu"),
        ("b,10,60,1.5", "num_gpu"),
        ("b,10,60,one", "num_gpu"),
    ],
)
def test_a_bad_cell_names_its_place_or_is_counted(file, row, column):
    """File, line and column; with ``on_error='drop'`` the count by column."""
    path = file(f"{RAW}a,10,60,4\n{row}\n")
    with pytest.raises(InvalidInputError, match=rf"cluster01\.csv, line 3, column {column}: must"):
        read_itp(path)
    dropped = read_itp(path, on_error="drop")
    assert (len(dropped), dropped.meta.dropped) == (1, {f"bad {column}": 1})


# Jobs, days, GPU hours, mean, median and p99 run time (s), mean and most GPUs, of the README.
CLUSTERS = {
    "01": (1595, 33.75, 22740.1, 12720.7, 8287, 52940.1, 2.34, 64),
    "02": (5778, 59.74, 123748, 22969.5, 6181.5, 220013, 2.04, 64),
    "03": (3011, 49.35, 165442, 22148.1, 9856, 183638, 6.23, 64),
    "04": (15802, 59.45, 705682, 19982.1, 7949, 257688, 3.03, 64),
    "05": (3629, 59.26, 14303.1, 10213.8, 7699, 59785.4, 1.19, 8),
    "10": (260, 32.85, 4023.5, 32725.7, 17761, 129549, 1.47, 16),
}


@pytest.mark.parametrize("form", ["raw", "elasticflow"])
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_public_clusters_give_the_published_numbers(shared_dir, cluster, form):
    """Jobs, span, GPU hours, run times and GPUs, the same in both forms."""
    path = shared_dir / "traces" / "itp-2021" / f"{form}_cluster{cluster}.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the reference data")
    trace = traces.load(path)
    jobs, run = trace.jobs, trace.jobs["duration_s"]
    gpus = jobs["tasks"] * jobs["gpus"]
    n, days, hours, mean, median, p99, mean_gpus, most = CLUSTERS[cluster]
    assert (trace.meta.format, len(jobs), trace.meta.dropped) == ("itp", n, {})
    assert (jobs["submit_time"].max() - jobs["submit_time"].min()) / 86400 == pytest.approx(
        days, abs=0.006
    )
    assert (gpus * run).sum() / 3600 == pytest.approx(hours, rel=1e-5)
    assert run.mean() == pytest.approx(mean, abs=0.06)
    assert run.median() == median
    assert run.quantile(0.99) == pytest.approx(p99, rel=1e-5)
    assert gpus.mean() == pytest.approx(mean_gpus, abs=0.006)
    assert gpus.max() == most


def test_the_testbed_trace_has_195_jobs(shared_dir):
    """A subset of cluster 02."""
    path = shared_dir / "traces" / "itp-2021" / "elasticflow_195job.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the reference data")
    assert len(traces.load(path)) == 195
