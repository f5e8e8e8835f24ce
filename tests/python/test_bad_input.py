"""Damaged files never crash a reader: an error names file, line and column, or a count says it."""

from __future__ import annotations

import gzip
import re

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fairlead import traces
from fairlead.errors import FairleadError, InvalidInputError
from fairlead.tables import job_columns

SWF = b"; MaxProcs: 64\n; UnixStartTime: 0\n" + b"".join(
    b"%d %d 5 60 %d -1 -1 4 90 -1 1 %d 1 -1 1 -1 -1 -1\n" % (i, 10 * i, i % 4 + 1, i % 3)
    for i in range(1, 9)
)
CSV = b"job_id,submit_time,duration_s,limit_s,gpus,pool\n" + b"".join(
    b"j%d,%d,60,90.5,%d,p%d\n" % (i, 10 * i, i % 3, i % 2) for i in range(8)
)
FILES = {"log.swf": SWF, "jobs.csv": CSV}

# What goes wrong in a cell: wrong types, not numbers, signs, sizes, broken text.
NUMBERS = (b"-1", b"-5", b"0.5", b"1.5", b"1e18", b"1e400", b"1000000000000", b"1" * 30)
NOT_NUMBERS = (b"", b"nan", b"NaN", b"inf", b"-inf", b"abc", b"1_000", b"0x10", b"True", b"None")
BROKEN_TEXT = (b'"', b"'", b";", b"--", b"+", b"1 2", b"1,2", b"\r", b"\n", b"\x00", b"\xff\xfe")
CELLS = st.sampled_from((*NUMBERS, *NOT_NUMBERS, *BROKEN_TEXT, b"2026-01-05", "é".encode()))
WHERE = re.compile(r"(line|row) \d+, column ")

# One folder serves all draws: each draw overwrites its file.
FUZZ = settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)


def load(path, **options):
    """The trace and no complaint, or none and the complaint."""
    try:
        return traces.load(path, **options), ""
    except FairleadError as error:
        return None, str(error)


def read(path, **options):
    """Read a possibly damaged file; what comes out must be usable, what fails must say where."""
    trace, complaint = load(path, **options)
    if trace is None:
        assert str(path) in complaint
        assert WHERE.search(complaint), complaint
        return None
    assert len(trace) + sum(trace.meta.dropped.values()) == trace.meta.read
    job_columns(trace.jobs, ignore="*", need_duration=False)
    if len(trace.nodes):
        job_columns(trace.jobs, trace.cluster(), ignore="*", need_duration=False)
    trace.summary()
    return trace


@st.composite
def damaged(draw):
    """A name, and its file with cells, bytes, lines or its end damaged."""
    name = draw(st.sampled_from(sorted(FILES)))
    separator = b" " if name.endswith("swf") else b","
    lines = FILES[name].split(b"\n")
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["cell", "repeat", "drop field", "add field"]))
        cells = lines[at].split(separator)
        field = draw(st.integers(0, len(cells) - 1))
        if kind == "cell":
            cells[field] = draw(CELLS)
        elif kind == "repeat":
            lines.insert(at, lines[at])
        elif kind == "drop field":
            del cells[field]
        else:
            cells.append(draw(CELLS))
        if kind != "repeat":
            lines[at] = separator.join(cells)
    data = b"\n".join(lines)
    if draw(st.booleans()):
        data = data[: draw(st.integers(0, len(data)))]
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=8)) + data[at:]
    return name, data


@FUZZ
@given(damaged(), st.sampled_from(["raise", "drop"]))
def test_damaged_files_give_an_error_with_a_place_or_a_count(tmp_path, file, on_error):
    """Cells, fields, lines, bytes and ends go wrong, alone and together."""
    name, data = file
    path = tmp_path / name
    path.write_bytes(data)
    read(path, on_error=on_error)


@FUZZ
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=200), st.sampled_from(["raise", "drop"]))
@example("log.swf", b"", "raise")
@example("jobs.csv", b"\n\n", "drop")
@example("jobs.csv", b"\xef\xbb\xbf", "drop")
@example("log.swf", b"\x1f\x8b", "raise")
def test_binary_garbage_gives_an_error_with_a_place(tmp_path, name, data, on_error):
    """Anything at all under a known ending."""
    path = tmp_path / name
    path.write_bytes(data)
    read(path, on_error=on_error)


@FUZZ
@given(st.sampled_from(sorted(FILES)), st.floats(0, 1), st.binary(max_size=4))
def test_damaged_gzip_names_the_line_where_it_breaks(tmp_path, name, share, insert):
    """Cut or altered anywhere; sound data must read as before."""
    packed = gzip.compress(FILES[name], mtime=0)
    at = int(share * len(packed))
    path = tmp_path / f"{name}.gz"
    path.write_bytes(packed[:at] + insert)
    if read(path) is not None:
        # Only trailing zeros may follow sound gzip data.
        assert path.read_bytes().rstrip(b"\0") == packed.rstrip(b"\0")


@FUZZ
@given(st.binary(max_size=300))
def test_unknown_files_are_recognised_or_refused(tmp_path, data):
    """Without an ending the content decides, and a refusal gives reasons."""
    path = tmp_path / "unknown"
    path.write_bytes(data)
    trace, complaint = load(path)
    assert trace is not None or str(path) in complaint


@pytest.mark.parametrize(
    ("field", "cell", "column"),
    [
        (1, b"abc", r"1 \(job number\): must be a number; got 'abc'"),
        (2, b"nan", r"2 \(submit time\): must be a number; got 'nan'"),
        (2, b"1e12", r"2 \(submit time\): must be at most 9.2e\+09 s"),
        (4, b"inf", r"4 \(run time\): must be a number"),
        (5, b"1.5", r"5 \(allocated processors\): must be whole"),
        (18, b"", r"18 \(think time\): must be a line of 18 fields; got 17"),
        (18, b"1 2", r"19: must be a line of 18 fields; got 19"),
    ],
)
def test_a_bad_field_of_a_log_is_named(tmp_path, field, cell, column):
    """File, line, field number and name, what came, and the way out."""
    lines = SWF.split(b"\n")
    cells = lines[4].split(b" ")
    cells[field - 1] = cell
    lines[4] = b" ".join(cells)
    path = tmp_path / "log.swf"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(InvalidInputError, match=rf"log\.swf, line 5, column {column}.*on_error"):
        traces.load(path)
    trace = traces.load(path, on_error="drop")
    assert (len(trace), trace.meta.dropped) == (7, {"malformed": 1})


@pytest.mark.parametrize(
    ("column", "cell", "complaint"),
    [
        ("submit_time", b"abc", "a number of seconds; got 'abc'"),
        ("submit_time", b"", "present; got nan"),
        ("submit_time", b"1e12", "check the unit"),
        ("duration_s", b"-1", "got -1"),
        ("limit_s", b"soon", "a number; got 'soon'"),
        ("gpus", b"1.5", "0, a share below 1, or whole; got 1.5"),
        ("gpus", b"-2", "got -2"),
        ("gpus", b"1" * 30, "got"),
        ("job_id", b"j0", "distinct; got 'j0'"),
    ],
)
def test_a_bad_cell_of_a_csv_file_is_named(tmp_path, column, cell, complaint):
    """File, line, column, expected, got, and the way out; or one dropped row."""
    lines = CSV.split(b"\n")
    header = lines[0].decode().split(",")
    cells = lines[4].split(b",")
    cells[header.index(column)] = cell
    lines[4] = b",".join(cells)
    path = tmp_path / "jobs.csv"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(InvalidInputError) as caught:
        traces.load(path)
    assert f"{path}, line 5, column {column}: must be" in str(caught.value)
    assert complaint in str(caught.value)
    trace = traces.load(path, on_error="drop")
    assert (len(trace), trace.meta.dropped) == (7, {f"bad {column}": 1})


def test_a_job_number_that_comes_twice_is_named_with_both_lines(tmp_path):
    """Or the later one is dropped and counted."""
    path = tmp_path / "log.swf"
    path.write_bytes(SWF + SWF.split(b"\n")[3] + b"\n")
    with pytest.raises(InvalidInputError, match=r"line 11, .*2 stands in line 4 already"):
        traces.load(path)
    assert traces.load(path, on_error="drop").meta.dropped == {"job number repeated": 1}


def test_a_job_of_a_million_million_processors_is_dropped_and_counted(tmp_path):
    """Larger than the machine; without a stated machine it sets its size, with no overflow."""
    monster = SWF.replace(b" 60 2 ", b" 60 1000000000000 ", 1)
    path = tmp_path / "log.swf"
    path.write_bytes(monster)
    assert traces.load(path).meta.dropped == {"more processors than the machine": 1}
    path.write_bytes(monster.replace(b"; MaxProcs: 64\n", b""))
    trace = traces.load(path)
    assert trace.cluster().capacity == {"cpus": 1e12}
    assert job_columns(trace.jobs).requests["cpus"].max() == 10**15
    with pytest.raises(InvalidInputError, match="use processors='cpus'"):
        traces.load(path, processors="tasks")


def test_a_truncated_last_line_is_named(tmp_path):
    """As after a full disk."""
    for name, line in (("log.swf", 10), ("jobs.csv", 9)):
        path = tmp_path / name
        path.write_bytes(FILES[name][:-9])
        with pytest.raises(InvalidInputError, match=rf"line {line}, column .*must be a line of"):
            traces.load(path)
        assert traces.load(path, on_error="drop").meta.dropped == {"malformed": 1}


@pytest.mark.parametrize("target", ["nowhere.csv", "."])
def test_a_path_that_cannot_be_read_is_an_error_of_ours(tmp_path, target):
    """No such file, or a folder."""
    for name in (target, target + "/log.swf"):
        with pytest.raises(InvalidInputError, match=r"cannot be read|no known format"):
            traces.load(tmp_path / name)


def test_bad_rows_of_several_columns_are_counted_by_column(tmp_path):
    """Each row once, under the first column that fails."""
    frame = pd.DataFrame(
        {
            "submit_time": ["0", "x", "2", "3", "4"],
            "duration_s": [1, 1, -1, 1, 1],
            "gpus": ["1", "1", "1", "1.5", "2"],
        }
    )
    path = tmp_path / "jobs.csv"
    frame.to_csv(path, index=False)
    trace = traces.load(path, on_error="drop")
    assert trace.jobs["gpus"].tolist() == [1, 2]
    assert sum(trace.meta.dropped.values()) == 3
    assert set(trace.meta.dropped) == {"bad submit_time", "bad duration_s", "bad gpus"}
