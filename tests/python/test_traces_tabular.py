"""CSV and Parquet with a column map, and how a format is recognised."""

from __future__ import annotations

import builtins
import gzip

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from fairlead.errors import BackendUnavailableError, InvalidInputError
from fairlead.tables import job_columns

COLUMNS = {"submit_time": "Submit", "duration_s": "elapsed", "gpus": "num_gpu"}


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text, name="jobs.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_columns_are_mapped_and_the_rest_kept(file):
    """Our names for theirs; what is not mapped keeps its name."""
    trace = traces.load(file("Submit,elapsed,num_gpu,vc\n0,60,1,a\n5,70,0.5,b\n"), columns=COLUMNS)
    assert trace.jobs.columns.tolist() == ["submit_time", "duration_s", "gpus", "vc"]
    assert job_columns(trace.jobs).requests["gpus"].tolist() == [1000, 500]
    assert (trace.meta.format, trace.meta.read, trace.meta.dropped) == ("csv", 2, {})


def test_units_are_converted_exactly(file):
    """Whole numbers stay whole; bytes, percent and milliseconds become ours."""
    text = "submit_time,limit_s,memory_gib,gpus,cpus\n1500,90,512,50,2500\n"
    units = {
        "submit_time": "ms",
        "limit_s": "min",
        "memory_gib": "MiB",
        "gpus": "%",
        "cpus": "milli",
    }
    jobs = traces.load(file(text), units=units).jobs
    assert jobs.iloc[0].tolist() == [1.5, 5400, 0.5, 0.5, 2.5]
    assert jobs["limit_s"].dtype == np.int64


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ({"limit_s": "parsec"}, "one of ns, us, ms"),
        ({"memory_gib": "min"}, "one of B, KB"),
        ({"nothing": "s"}, "not there"),
    ],
)
def test_units_that_make_no_sense_are_refused(file, units, message):
    """An unknown unit, one of another quantity, or a column that is not there."""
    path = file("submit_time,limit_s,memory_gib\n0,1,1\n")
    with pytest.raises(InvalidInputError, match=message):
        traces.load(path, units=units)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_told_by_the_header(file, separator):
    """The most frequent of four."""
    text = "submit_time,duration_s\n0,60\n".replace(",", separator)
    assert traces.load(file(text)).jobs["duration_s"].tolist() == [60]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("2026-01-05 09:00:00", {}, pd.Timestamp("2026-01-05 09:00")),
        ("2026-01-05T09:00:00.25Z", {}, pd.Timestamp("2026-01-05 09:00:00.25", tz="UTC")),
        ("05.01.2026 09:00", {"time_format": "%d.%m.%Y %H:%M"}, pd.Timestamp("2026-01-05 09:00")),
        ("12.5", {}, 12.5),
    ],
)
def test_times_are_text_or_numbers(file, text, options, expected):
    """ISO 8601, a format of one's own, or seconds."""
    jobs = traces.load(file(f"submit_time,duration_s\n{text},60\n"), **options).jobs
    assert jobs["submit_time"][0] == expected


def test_quotes_blank_lines_marks_and_windows_ends_are_read(file):
    """A byte-order mark, quoted separators and line breaks, blank lines."""
    text = '\ufeffsubmit_time,duration_s,name\r\n0,60,"a, b"\r\n\r\n5,70,"two\nlines"\r\n'
    assert traces.load(file(text)).jobs["name"].tolist() == ["a, b", "two\nlines"]


def test_missing_cells_stay_missing(file):
    """No limit, and no pool."""
    jobs = traces.load(file("submit_time,duration_s,limit_s,pool\n0,60,,\n1,60,5,a\n")).jobs
    columns = job_columns(jobs)
    assert columns.limit_ns.tolist() == [-1, 5 * 10**9]
    assert columns.pool.tolist() == [-1, 0]


def test_the_machine_comes_from_a_file_or_a_frame(file):
    """``nodes=`` gives the trace a cluster; without it there is an estimate."""
    jobs = file("submit_time,duration_s,cpus\n0,60,1\n")
    machine = file("node_id,cpus\na,4\nb,8\n", "nodes.csv")
    assert traces.load(jobs, nodes=machine).cluster().capacity == {"cpus": 12.0}
    frame = pd.DataFrame({"node_id": ["a"], "cpus": [4]})
    assert traces.load(jobs, nodes=frame).cluster().capacity == {"cpus": 4.0}
    assert len(traces.load(jobs).nodes) == 0
    assert traces.load(jobs).cluster().capacity == {"cpus": 1.0}


def test_a_bad_node_is_an_error_even_when_bad_jobs_are_dropped(file):
    """A machine with a node left out would be another machine."""
    jobs = file("submit_time,duration_s\n0,60\n")
    machine = file("node_id,cpus\na,4\nb,-8\n", "nodes.csv")
    with pytest.raises(InvalidInputError, match=r"nodes\.csv, line 3, column cpus"):
        traces.load(jobs, nodes=machine, on_error="drop")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"submit_time": "When"}, "no such column; the file has Submit, submit_time"),
        ({"submit_time": "Submit"}, "is there already"),
    ],
)
def test_a_map_must_fit_the_file(file, columns, message):
    """A column that is not there, or a name that would be there twice."""
    with pytest.raises(InvalidInputError, match=message):
        traces.load(file("Submit,submit_time\n0,0\n"), columns=columns)


def test_parquet_keeps_types(tmp_path):
    """Zones, integers and the column map, like CSV."""
    pytest.importorskip("pyarrow")
    stamp = pd.Timestamp("2026-01-05 09:00", tz="Europe/Stockholm")
    path = tmp_path / "jobs.bin"
    pd.DataFrame({"Submit": [stamp], "elapsed": [60], "num_gpu": [2]}).to_parquet(path)
    trace = traces.load(path, columns=COLUMNS)
    assert trace.meta.format == "parquet"
    assert trace.jobs["submit_time"][0] == stamp
    assert trace.jobs["gpus"].dtype == np.int64


def test_bad_cells_of_parquet_name_their_row(tmp_path):
    """Rows count from 1, and the file's own column name is told."""
    pytest.importorskip("pyarrow")
    path = tmp_path / "jobs.parquet"
    pd.DataFrame({"Submit": [0, 1], "elapsed": [60, -1], "num_gpu": [1, 1]}).to_parquet(path)
    with pytest.raises(InvalidInputError, match=r"row 2, column elapsed \(read as duration_s\)"):
        traces.load(path, columns=COLUMNS)
    dropped = traces.load(path, columns=COLUMNS, on_error="drop")
    assert (len(dropped), dropped.meta.dropped) == (1, {"bad duration_s": 1})


@pytest.mark.parametrize("note", [b'{"c0lumns": []}', b"[]", b"{", b'{"columns": 7}'])
def test_broken_notes_of_pandas_in_parquet_are_refused(tmp_path, note):
    """They are JSON in the file's metadata; damage there is no crash."""
    table = pytest.importorskip("pyarrow").table({"submit_time": [0.0], "gpus": [1]})
    path = tmp_path / "jobs.parquet"
    writer = pytest.importorskip("pyarrow.parquet")
    writer.write_table(table.replace_schema_metadata({b"pandas": note}), path)
    with pytest.raises(InvalidInputError, match=r"jobs\.parquet.*not sound Parquet"):
        traces.load(path)


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    """The way out is one command."""
    path = tmp_path / "jobs.parquet"
    path.write_bytes(b"PAR1")
    real = builtins.__import__

    def without_pyarrow(name, *args, **kwargs):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    with pytest.raises(BackendUnavailableError, match=r"pip install fairlead\[parquet\]"):
        traces.load(path)


def test_the_format_is_told_by_content_where_the_name_says_nothing(file):
    """SWF, CSV and Parquet without their endings, packed or not."""
    swf = " ".join(["1"] * 18) + "\n"
    assert traces.load(file(swf, "a")).meta.format == "swf"
    assert traces.load(file("submit_time,duration_s\n0,1\n", "b")).meta.format == "csv"
    packed = gzip.compress(b"submit_time,duration_s\n0,1\n")
    assert traces.load(file(packed, "c")).meta.format == "csv"


def test_a_file_of_no_known_format_says_why(file):
    """One reason for each format, and the way out."""
    with pytest.raises(InvalidInputError) as caught:
        traces.load(file("once upon a time\n", "story.txt"))
    message = str(caught.value)
    assert "not swf: the first data line has 4 fields, not 18" in message
    assert "not parquet: it does not begin with PAR1" in message
    assert "not csv: the first line has none of the separators" in message
    assert "format=" in message


def test_formats_can_be_listed_and_an_unknown_one_is_refused(file):
    """The names of the readers, each with what the format holds."""
    assert {"csv", "parquet", "swf"} <= traces.formats().keys()
    for name, told in traces.formats().items():
        holds = set(told.rpartition(": ")[2].replace(",", "").split())
        assert holds & {"jobs", "nodes", "demand"}, name
    with pytest.raises(InvalidInputError, match="format must be one of"):
        traces.load(file("x"), format="xls")
