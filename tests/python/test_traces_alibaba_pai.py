"""Alibaba GPU 2020: job, task, instance and machine tables without header lines."""

from __future__ import annotations

import io
import tarfile

import pandas as pd
import pytest

import fairlead
from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.alibaba_pai import read_alibaba_pai
from python.damage import survives

JOBS = "j1,i1,u1,Terminated,1000,2000\nj2,i2,u2,Failed,1100,1500\nj3,i3,u1,Running,1200,\n"
TASKS = (
    "j1,ps,1,Terminated,1020,2000,600,29.296875,,\n"
    "j1,worker,4,Terminated,1010,2000,1200,58.59375,50,T4\n"
    "j2,tensorflow,2,Failed,1150,1500,600,16,150,V100\n"
    "j3,worker,1,Running,1210,,600,16,100,MISC\n"
)
INSTANCES = "j2,tensorflow,a,w1,i2,Failed,1160,1400,m1\nj2,tensorflow,b,w2,i2,Failed,1150,1500,m2\n"
MACHINES = "m1,T4,96,512,2\nm2,V100,96,512,8\nm3,CPU,96,512,0\n"
JOB_HEADER = "job_name,inst_id,user,status,start_time,end_time\n"


@pytest.fixture
def folder(tmp_path):
    """A function that writes tables into one folder and gives the path of the job table."""

    def write(jobs=JOBS, tasks=TASKS, **more):
        for name, text in {"pai_job_table": jobs, "pai_task_table": tasks, **more}.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return tmp_path / "pai_job_table.csv"

    return write


def test_a_role_is_a_job_of_alike_tasks(folder):
    """Hundredths of cores and GPUs; roles of one job share its group and submission."""
    trace = traces.load(folder(), keep=["recorded_wait_s", "recorded_state", "plan_cpu"])
    assert trace.meta.format == "alibaba_pai"
    assert trace.jobs["job_id"].tolist() == ["j1/ps", "j1/worker", "j2"]
    assert trace.jobs["group"].tolist() == ["j1", "j1", "j2"]
    assert trace.jobs["user"].tolist() == ["u1", "u1", "u2"]
    columns = ["duration_s", "tasks", "cpus", "memory_gib", "gpus", "recorded_wait_s"]
    assert trace.jobs[columns].to_numpy().tolist() == [
        [980, 1, 6, 29.296875, 0, 10],
        [990, 4, 12, 58.59375, 0.5, 10],
        [350, 2, 6, 16, 2, 50],
    ]
    assert trace.jobs["submit_time"][0] == pd.Timestamp(1000, unit="s", tz="UTC")
    assert trace.jobs["source_plan_cpu"].tolist() == ["600", "1200", "600"]
    assert trace.meta.repaired == {"GPUs above one that are not whole rounded up": 1}
    assert trace.meta.header == {"jobs": "3", "jobs without tasks": "0"}


def test_what_did_not_run_or_end_is_dropped_or_kept(folder):
    """A running role has no run time; one without start never ran."""
    path = folder(tasks=TASKS + "j3,ps,1,Waiting,,,600,16,,\n")
    assert read_alibaba_pai(path).meta.dropped == {"not finished": 1, "never started": 1}
    kept = read_alibaba_pai(path, unfinished="keep").jobs
    assert kept["duration_s"].notna().tolist() == [True, True, True, False, False]


def test_instances_tell_times_that_tasks_lack(folder):
    """First start and last end of the instances; counted."""
    path = folder(tasks=TASKS.replace("1150,1500", ","), pai_instance_table=INSTANCES)
    assert len(read_alibaba_pai(path)) == 2
    trace = read_alibaba_pai(path, instances=path.with_name("pai_instance_table.csv"))
    assert trace.jobs["duration_s"].tolist()[-1] == 350
    assert trace.meta.repaired["time of a task taken from its instances"] == 1


def test_machines_make_the_cluster(folder):
    """One line from the tables to a schedule."""
    path = folder(pai_machine_spec=MACHINES)
    trace = traces.load(path, machines=path.with_name("pai_machine_spec.csv"))
    assert trace.cluster().capacity == {"cpus": 288, "memory_gib": 1536, "gpus": 10}
    schedule = fairlead.schedule(trace.jobs, trace.cluster(), run_times="actual")
    assert schedule.jobs["status"].eq("completed").all()


def test_tables_may_have_headers_or_stand_in_archives(folder, tmp_path):
    """As people keep them, with a byte order mark too, and as the publisher packs them."""
    plain = read_alibaba_pai(folder()).jobs
    assert read_alibaba_pai(folder(jobs=JOB_HEADER + JOBS)).jobs.equals(plain)
    for name, text in (("pai_job_table", "\ufeff" + JOBS), ("pai_task_table", TASKS)):
        with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
            member = tarfile.TarInfo(f"{name}.csv")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    assert traces.load(tmp_path / "pai_job_table.tar.gz").jobs.equals(plain)


def test_the_task_table_must_be_there(folder, tmp_path):
    """Beside the job table, or named."""
    path = folder()
    other = tmp_path / "jobs.csv"
    other.write_text(JOBS)
    with pytest.raises(InvalidInputError, match="give tasks="):
        read_alibaba_pai(other)
    trace = read_alibaba_pai(other, tasks=path.with_name("pai_task_table.csv"))
    assert len(trace) == 3


def test_jobs_and_tasks_without_each_other_are_counted(folder):
    """Tasks without a job are dropped; jobs without a task are told."""
    trace = read_alibaba_pai(folder(jobs=JOBS[: JOBS.index("j2")] + "j9,i9,u9,Failed,5,6\n"))
    assert trace.meta.dropped == {"job not in the job table": 2}
    assert trace.meta.header == {"jobs": "2", "jobs without tasks": "1"}


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("j1,worker", ",worker", "job_name"),
        ("j1,worker", "j1,ps", "task_name"),
        ("worker,4", "worker,0", "inst_num"),
        ("worker,4", "worker,NaN", "inst_num"),
        ("1010,2000", "1010,900", "end_time"),
        ("1010,2000", "-5,2000", "start_time"),
        ("1200,58", "lots,58", "plan_cpu"),
        ("58.59375", "-1", "plan_mem"),
        ("50,T4", "half,T4", "plan_gpu"),
    ],
)
def test_a_bad_cell_names_its_place_or_is_counted(folder, old, new, column):
    """File and line (there is no header to count) and column."""
    path = folder(tasks=TASKS.replace(old, new, 1))
    expected = rf"pai_task_table\.csv, line 2, column {column}: must be"
    with pytest.raises(InvalidInputError, match=expected):
        read_alibaba_pai(path)
    assert read_alibaba_pai(path, on_error="drop").meta.dropped[f"bad {column}"] == 1


def test_bad_jobs_name_their_place(folder):
    """A job twice, a submission that is none, a line too short."""
    for bad, column in (("j1,i,u,Failed,5,6\n", "job_name"), ("j5,i,u,Failed,,6\n", "start_time")):
        with pytest.raises(
            InvalidInputError, match=rf"pai_job_table\.csv, line 4, column {column}"
        ):
            read_alibaba_pai(folder(jobs=JOBS + bad))
    with pytest.raises(InvalidInputError, match="line 4, column 3: must be a line of 6 fields"):
        read_alibaba_pai(folder(jobs=JOBS + "j5,i\n"))


def test_damaged_files_are_refused_or_counted(folder):
    """Never a crash, never half of a file in silence; an archive too."""
    path = folder()
    tasks = path.with_name("pai_task_table.csv")
    jobs = path.rename(path.with_name("jobs.csv"))

    def read_tasks(damaged, on_error):
        return read_alibaba_pai(jobs, tasks=damaged, on_error=on_error)

    def read_jobs(damaged, on_error):
        return read_alibaba_pai(damaged, tasks=tasks, on_error=on_error)

    assert survives(read_tasks, tasks, seed=2020) > 10
    assert survives(read_jobs, jobs, seed=2021) > 5
    archive = path.with_name("archive.tar")
    with tarfile.open(archive, "w") as packed:
        packed.add(jobs, "pai_job_table.csv")
    assert survives(read_jobs, archive, seed=2022) > 10
