"""The command line: what it prints, writes and answers to a shell."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pandas as pd
import pytest

import fairlead
from fairlead import _core
from fairlead.cli import main

SMALL = ["--days", "2", "--nodes", "4", "--warmup", "12", "--horizon", "6", "--seed", "3"]


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def jobs_csv(tmp_path: Path) -> Path:
    """Three jobs of 8, 8 and 4 GPUs that come at once, as a CSV file of its own words."""
    file = tmp_path / "jobs.csv"
    file.write_text("Submit,run_min,num_gpu\n0,60,8\n0,60,8\n0,30,4\n")
    return file


READ = [
    "--columns", "submit_time=Submit", "--columns", "duration_s=run_min",
    "--columns", "gpus=num_gpu", "--units", "duration_s=min",
]  # fmt: skip


def shell(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "fairlead", *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)  # type: ignore[call-overload,no-any-return]


# ---- run ----------------------------------------------------------------------------------------


def test_run_prints_a_summary_and_writes_a_report(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a trace it makes one up; the page lies in the folder it was run in."""
    assert main(["run", *SMALL]) == 0
    printed = capsys.readouterr().out
    for word in ("forecast", "all nodes on", "mean wait", "GPUs used", "alerts", "in short"):
        assert word in printed
    text = (inside / "fairlead-report.html").read_text()
    assert text.startswith("<!doctype html>")
    assert "fairlead run --days 2" in text


def test_run_as_json_is_valid_and_writes_nothing(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON has figures, alerts and what was run; no page unless one is asked for."""
    assert main(["run", *SMALL, "--json"]) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told["metrics"]["mean_wait_s"] >= 0
    assert told["header"]["seed"] == 3
    assert told["cluster"] == {
        "nodes": 4,
        "capacity": {"cpus": 384, "memory_gib": 4096, "gpus": 32},
    }
    assert told["report"] is None
    assert isinstance(told["alerts"], list)
    assert list(inside.iterdir()) == []


def test_run_says_what_the_api_says(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command is the pipeline, no more."""
    assert main(["run", *SMALL, "--json", "--strategy", "static", "--policy", "fcfs"]) == 0
    told = json.loads(capsys.readouterr().out)
    trace = fairlead.traces.generate(days=2, nodes=4, seed=3)
    result = fairlead.Pipeline(warmup=12, horizon=6, strategy="static", policy="fcfs", seed=3).run(
        trace
    )
    assert told["header"] == result.schedule.header
    assert told["metrics"] == pytest.approx(result.metrics)


def test_run_with_a_price_says_costs(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A price of a node makes the plan and the whole cluster comparable in money."""
    assert main(["run", *SMALL, "--price-usd-per-hour", "16", "--no-report"]) == 0
    assert "cost (USD)" in capsys.readouterr().out
    assert list(inside.iterdir()) == []


# ---- simulate -----------------------------------------------------------------------------------


def test_simulate_reads_a_trace_with_its_own_words(
    jobs_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Columns and units of the file are named; the schedule's summary is printed."""
    shape = ["--nodes", "1", "--gpus-per-node", "8", "--policy", "fcfs"]
    assert main(["simulate", str(jobs_csv), *READ, *shape]) == 0
    printed = capsys.readouterr().out
    assert "3 jobs: 3 completed" in printed
    assert "utilisation: gpus 90.0 %" in printed


def test_simulate_writes_starts(jobs_csv: Path, tmp_path: Path) -> None:
    """A .csv has one row a job."""
    out = tmp_path / "starts.csv"
    shape = ["--nodes", "1", "--gpus-per-node", "8", "--policy", "fcfs", "--output", str(out)]
    assert main(["simulate", str(jobs_csv), *READ, *shape]) == 0
    assert pd.read_csv(out)["start_time"].tolist() == [0, 3600, 7200]


def test_simulate_writes_parquet_that_can_be_read_back(tmp_path: Path) -> None:
    """A .parquet carries the header too."""
    out = tmp_path / "starts.parquet"
    assert main(["simulate", "--jobs", "50", "--nodes", "2", "--output", str(out)]) == 0
    assert len(pd.read_parquet(out)) == 50


def test_simulate_takes_the_machine_from_the_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An SWF log names its processors; --nodes and --cpus-per-node give another machine."""
    log = tmp_path / "log.swf"
    row = "{} 0 -1 60 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1"
    log.write_text("; MaxProcs: 4\n" + "\n".join(row.format(i) for i in (1, 2)) + "\n")
    waits = []
    for shape in ([], ["--nodes", "1", "--cpus-per-node", "8"], ["--nodes", "2"]):
        assert main(["simulate", str(log), "--json", *shape]) == 0
        told = json.loads(capsys.readouterr().out)
        waits.append(told["metrics"]["mean_wait_s"])
    assert waits == [30.0, 0.0, 0.0]


def test_a_machine_that_is_not_named_is_estimated_and_said_so(
    jobs_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of it, or, with --nodes, what each node has; nothing is said where options say it."""
    planned = [*READ, "--run-times", "actual"]
    waits, told = [], []
    for shape in ([], ["--nodes", "2"], ["--nodes", "1", "--gpus-per-node", "16"]):
        assert main(["simulate", str(jobs_csv), *planned, *shape, "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        waits.append((answer["cluster"]["capacity"]["gpus"], answer["metrics"]["mean_wait_s"]))
        told.append(" ".join(answer["notes"]))
    assert waits == [(24.0, 0.0), (16.0, 1200.0), (16.0, 1200.0)]
    assert "nodes are estimated from peak use" in told[0]
    assert "what each has is estimated from the largest task" in told[1]
    assert told[2] == ""


@pytest.mark.parametrize("command", ["run", "simulate"])
def test_an_estimate_is_printed_and_stands_in_the_page(
    command: str, inside: Path, jobs_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader of the page must not take the machine for the real one."""
    given = [command, str(jobs_csv), *READ, "--run-times", "actual", "--output", "page.html"]
    assert main(given) == 0
    printed = " ".join(capsys.readouterr().out.split())
    said = "the csv trace names no nodes; nodes are estimated from peak use"
    assert said in printed
    assert said in (inside / "page.html").read_text()


def test_a_mode_is_made_up_on_its_own_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """--nodes scales it; limits are the mode's, else plans know the run times and that is said."""
    assert main(["simulate", "--mode", "hpc", "--days", "5", "--seed", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    trace = fairlead.traces.generate(mode="hpc", days=5, seed=2)
    assert told["metrics"] == fairlead.schedule(trace.jobs, trace.cluster(), seed=2).metrics
    assert (told["cluster"]["capacity"], told["notes"]) == ({"cpus": 128}, [])
    itp = ["simulate", "--mode", "itp_like", "--days", "2", "--nodes", "16", "--json"]
    assert main(itp) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cluster"]["nodes"] == 16
    assert told["header"]["clairvoyant"]
    assert "jobs of mode itp_like have no limits" in told["notes"][0]
    assert main([*itp, "--default-limit", "24h"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["header"]["clairvoyant"], told["notes"]) == (False, [])


def test_run_takes_a_mode(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The pipeline plans what the mode has, here cores."""
    given = ["run", "--mode", "hpc", "--days", "3", "--warmup", "12", "--horizon", "6"]
    assert main([*given, "--no-report"]) == 0
    assert "1 node: 128 CPUs" in capsys.readouterr().out


def test_jobs_are_the_first_of_the_trace(
    jobs_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--jobs takes the top of a file."""
    shape = ["--nodes", "1", "--gpus-per-node", "8", "--policy", "fcfs", "--jobs", "2"]
    assert main(["simulate", str(jobs_csv), *READ, *shape, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == {"completed": 2}


def test_order_and_its_parameters_reach_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    """The parts of a policy can be given one by one."""
    parts = ["--order", "weighted", "--param", "alpha=-1", "--param", "beta=0.5"]
    parts += ["--backfill", "easy", "--backfill-order", "shortest", "--placement", "best_fit"]
    assert main(["simulate", "--jobs", "50", "--nodes", "2", *parts, "--json"]) == 0
    header = json.loads(capsys.readouterr().out)["header"]
    assert header["params"] == {"alpha": -1.0, "beta": 0.5}
    assert (header["order"], header["backfill_order"]) == ("weighted", "shortest")
    assert header["placement"] == "best_fit"


# ---- the rest -----------------------------------------------------------------------------------


def test_policies_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """As lines and as JSON, the same names."""
    assert main(["policies"]) == 0
    lines = capsys.readouterr().out
    assert main(["policies", "--json"]) == 0
    for row in json.loads(capsys.readouterr().out):
        assert f"  {row['name']}" in lines


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, quickly, and no room is loaded for it."""
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"fairlead {_core.__version__}\n"


def test_help_loads_no_room() -> None:
    """--help answers without pandas."""
    code = (
        "import sys\nfrom fairlead.cli import main\n"
        "try: main(['run', '--help'])\nexcept SystemExit: pass\n"
        "assert not {'pandas', 'matplotlib', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["simulate", "missing.swf"], "missing.swf"),
        (["simulate", "--jobs", "9", "--policy", "easyy"], "policy must be one of fcfs"),
        (["simulate", "--jobs", "9", "--format", "swf"], "--format is for reading a trace"),
        (["simulate", "--jobs", "9", "--param", "alpha=x"], "--param alpha must be a number"),
        (
            ["simulate", "jobs.csv", "--gpus-per-node", "8"],
            "the csv trace names no nodes; give --nodes with --gpus-per-node",
        ),
        (["simulate", "jobs.csv", "--mode", "hpc"], "--mode is for the made-up workload"),
        (["simulate", "--mode", "hpcc"], "mode must be one of hpc, itp_like"),
        (
            ["run", "--mode", "hpc", "--gpus-per-node", "8"],
            "--gpus-per-node is not for --mode, which has a machine of its own",
        ),
        (["simulate", "jobs.csv", "--days", "2"], "--days is for the made-up workload"),
        (["simulate", "jobs.csv", "--read", "speed=2"], "the csv reader has no option 'speed'"),
        (["simulate", "--jobs", "9", "--output", "no/such/folder/page.html"], "no/such/folder"),
        (["run", "--quantile", "2"], "quantile must be above 0 and below 1"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(
    arguments: list[str], told: str, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with input goes to stderr, without a traceback."""
    (inside / "jobs.csv").write_text("submit_time,duration_s,gpus\n0,60,1\n")
    assert main(arguments) == 1
    told_out, told_err = capsys.readouterr()
    assert told_out == ""
    assert told_err.startswith("fairlead: error: ")
    assert told_err.count("\n") == 1
    assert told in told_err


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["run", "--nodes", "0"], ["run", "--step", "soon"], ["run", "--columns", "x"]],
)
def test_wrong_usage_is_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What the command line cannot mean is said with the usage."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: fairlead" in capsys.readouterr().err


def test_progress_is_for_terminals() -> None:
    """A log file gets no progress bar, a terminal does; stdout has the result alone."""
    arguments = ["simulate", "--jobs", "200", "--nodes", "2", "--json"]
    assert shell(*arguments, check=True).stderr == ""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
    done = subprocess.run(
        [sys.executable, "-m", "fairlead", *arguments],
        stdout=subprocess.PIPE,
        stderr=follower,
        check=True,
    )
    assert "schedule" in os.read(leader, 10_000).decode()
    os.close(follower)
    os.close(leader)
    json.loads(done.stdout)


def test_interrupt_is_exit_code_130(tmp_path: Path) -> None:
    """Ctrl-C stops a run with a word, not with a traceback."""
    code = (
        "import sys, fairlead.pipeline\n"
        "class Endless(fairlead.pipeline.Pipeline):\n"
        "    def run(self, *a, **k):\n"
        "        print('running', flush=True)\n"
        "        while True: pass\n"
        "fairlead.pipeline.Pipeline = Endless\n"
        "from fairlead.cli import main\n"
        "sys.exit(main(['run', '--days', '1', '--nodes', '4']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "running\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == "fairlead: interrupted\n"


def test_a_reader_that_leaves_is_no_error() -> None:
    """`fairlead policies | head -1` prints a line and no complaint."""
    command = f"{sys.executable} -m fairlead policies | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == "presets\n"
    assert done.stderr == ""
