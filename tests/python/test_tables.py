"""A jobs table becomes exact integer columns; what cannot be meant is refused."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import InvalidInputError
from fairlead.tables import (
    job_columns,
    node_columns,
)


def jobs_frame(**columns):
    """A jobs table of two rows, with columns replaced or added."""
    return pd.DataFrame({"submit_time": [0, 5], "duration_s": [10, 20], **columns})


def nodes_frame(**columns):
    """A nodes table of two rows, with columns replaced or added."""
    return pd.DataFrame({"node_id": ["a", "b"], **columns})


@given(st.integers(0, 10**6))
def test_decimal_shares_are_exact(thousandths):
    """0.1 cores are 100 millicores, although 0.1 * 1000 is not 100 in binary."""
    asked = thousandths / 1000
    jobs = job_columns(jobs_frame(cpus=[asked, 1.0]))
    nodes = node_columns(nodes_frame(cpus=[asked, 1.0]))
    assert jobs.requests["cpus"].tolist() == [thousandths, 1000]
    assert nodes.capacity[:, 0].tolist() == [thousandths, 1000]


@given(st.floats(0, 1e6))
def test_requests_round_up_and_capacities_down(gib):
    """Memory in bytes is the exact ceiling of what is asked, the exact floor of what is there."""
    exact = Fraction(gib) * 2**30
    jobs = job_columns(jobs_frame(memory_gib=[gib, 1.0]))
    nodes = node_columns(nodes_frame(memory_gib=[gib, 1.0]))
    assert jobs.requests["memory_gib"].tolist() == [math.ceil(exact), 2**30]
    assert nodes.capacity[:, 0].tolist() == [math.floor(exact), 2**30]


@given(st.integers(0, 10**12))
def test_whole_amounts_are_exact_however_large(amount):
    """10^12 cores are 10^15 millicores."""
    jobs = job_columns(jobs_frame(cpus=[amount, 1]))
    assert jobs.requests["cpus"].tolist() == [amount * 1000, 1000]


def test_a_float32_column_rounds_at_its_own_precision():
    """0.1 in float32 is still a tenth of a core."""
    jobs = job_columns(jobs_frame(cpus=np.array([0.1, 0.25], dtype=np.float32)))
    assert jobs.requests["cpus"].tolist() == [100, 250]


def test_a_fraction_of_devices_above_one_is_refused_with_the_way_out():
    """The message of the house style, word for word."""
    frame = jobs_frame(job_id=["a41", "a42"], gpus=[2, 1.5])
    with pytest.raises(InvalidInputError) as caught:
        job_columns(frame)
    assert str(caught.value) == (
        "jobs['gpus'] must be 0, a share below 1, or whole; row 1 (job 'a42') has 1.5; "
        "round it up or give tasks=2"
    )


def test_device_requests_are_thousandths():
    """0.5 is half of one device, 2 are two devices; nothing asked leaves no column."""
    columns = job_columns(jobs_frame(gpus=[0.5, 2], tpus=[0, 0], fpgas=[None, None]))
    assert columns.requests["gpus"].tolist() == [500, 2000]
    assert set(columns.requests) == {"gpus"}


@pytest.mark.parametrize("bad", [-1, float("inf"), 1e30])
@pytest.mark.parametrize("column", ["cpus", "memory_gib", "gpus", "gpu_memory_gib"])
def test_impossible_amounts_name_column_and_row(column, bad):
    """Negative, infinite and overflowing requests."""
    with pytest.raises(InvalidInputError, match=rf"jobs\['{column}'\].*row 1"):
        job_columns(jobs_frame(**{column: [1, bad]}))


def test_a_gang_that_asks_more_than_int64_is_refused():
    """Tasks times request must stay within the integer range."""
    with pytest.raises(InvalidInputError, match="over all tasks"):
        job_columns(jobs_frame(cpus=[1, 10**13], tasks=[1, 10**6]))


@pytest.mark.parametrize("column", ["cpus", "duration_s", "limit_s", "tasks"])
@pytest.mark.parametrize("bad", ["many", True, [1]])
def test_cells_that_are_no_numbers_name_their_row(column, bad):
    """Text, booleans and lists among numbers."""
    with pytest.raises(InvalidInputError, match=rf"jobs\['{column}'\].*row 1"):
        job_columns(jobs_frame(**{column: pd.Series([1, bad], dtype=object)}))


@pytest.mark.parametrize(("column", "bad"), [("tasks", 0), ("tasks", 2.5), ("tasks", 10**12)])
def test_gang_sizes_are_whole_and_fit(column, bad):
    """At least one task, whole, within int32."""
    with pytest.raises(InvalidInputError, match=rf"jobs\['{column}'\].*row 1"):
        job_columns(jobs_frame(**{column: [1, bad]}))


def test_tasks_per_node_must_divide_the_gang():
    """Three tasks cannot stand two to a node."""
    with pytest.raises(InvalidInputError, match=r"tasks_per_node.*divisor"):
        job_columns(jobs_frame(tasks=[4, 3], tasks_per_node=[2, 2]))
    assert job_columns(jobs_frame(tasks=[4, 3], tasks_per_node=[2, 0])).tasks_per_node.tolist() == [
        2,
        0,
    ]


@pytest.mark.parametrize("column", ["duration_s", "limit_s"])
def test_durations_are_not_negative(column):
    """A negative run time or limit names its row."""
    with pytest.raises(InvalidInputError, match=rf"jobs\['{column}'\].*row 1"):
        job_columns(jobs_frame(**{column: [1, -2]}))


def test_a_missing_required_column_is_named_with_those_there():
    """No ``submit_time`` or no ``duration_s``."""
    with pytest.raises(InvalidInputError, match="'submit_time'; it has when"):
        job_columns(pd.DataFrame({"when": [0]}))
    with pytest.raises(InvalidInputError, match="'duration_s'"):
        job_columns(pd.DataFrame({"submit_time": [0]}))
    assert job_columns(pd.DataFrame({"submit_time": [0]}), need_duration=False).duration_ns is None


def test_a_missing_run_time_stops_a_simulation_only():
    """Without need of it the row is marked -1."""
    frame = jobs_frame(duration_s=[1, None])
    with pytest.raises(InvalidInputError, match="row 1"):
        job_columns(frame)
    assert job_columns(frame, need_duration=False).duration_ns.tolist() == [10**9, -1]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("gpu", "gpus"), ("memory_gb", "memory_gib"), ("walltime", "limit_s"), ("GPUs", "gpus")],
)
def test_near_misses_name_the_right_word(wrong, right):
    """A misspelt resource is an error, not a job without it."""
    with pytest.raises(InvalidInputError, match=f"'{wrong}'.*rename it to '{right}'"):
        job_columns(jobs_frame(**{wrong: [1, 2]}))
    assert job_columns(jobs_frame(**{wrong: [1, 2]}), ignore=(wrong,)).requests == {}


def test_a_near_miss_beside_the_right_word_is_carried_along():
    """``processors`` kept beside ``cpus`` does no harm."""
    columns = job_columns(jobs_frame(cpus=[1, 2], processors=[1, 2], notes=["x", "y"]))
    assert columns.unused == ("processors", "notes")


@pytest.mark.parametrize(
    ("column", "values"),
    [("depends_on", [None, 1]), ("preemptible", [False, True]), ("deadline_time", [None, 5.0])],
)
def test_a_filled_column_that_is_not_honoured_is_an_error(column, values):
    """Silence would change what the user asked; ``ignore`` says it is meant."""
    frame = jobs_frame(**{column: values})
    with pytest.raises(InvalidInputError, match=f"{column}.*not honoured yet"):
        job_columns(frame)
    assert job_columns(frame, ignore=column).unused == ()
    assert job_columns(frame, ignore="*").unused == (column,)


@pytest.mark.parametrize(
    ("column", "values"),
    [("depends_on", [None, None]), ("preemptible", [False, False]), ("model", ["", None])],
)
def test_an_empty_column_that_is_not_honoured_is_fine(column, values):
    """Nothing is asked, so nothing is lost."""
    assert job_columns(jobs_frame(**{column: values})).unused == (column,)


def test_a_resource_of_the_nodes_can_be_asked():
    """A further numeric node column is a resource; elsewhere the column has no effect."""
    nodes = node_columns(nodes_frame(cpus=[4, 4], ssd_slots=[2, 3]))
    frame = jobs_frame(ssd_slots=[1, 0])
    assert job_columns(frame, nodes).requests["ssd_slots"].tolist() == [1000, 0]
    assert job_columns(frame).unused == ("ssd_slots",)


def test_allowed_gpu_types_are_sets():
    """Order and blanks do not matter; nothing named means any."""
    columns = job_columns(jobs_frame(gpu_type=["h100 | a100", "a100|h100"]))
    assert columns.gpu_type_sets == (("a100", "h100"),)
    assert columns.gpu_type.tolist() == [0, 0]
    assert job_columns(jobs_frame(gpu_type=[None, " "])).gpu_type.tolist() == [-1, -1]


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_pools_are_codes_whatever_the_text_column(dtype):
    """Missing and blank are -1."""
    pool = pd.Series(["big", None], dtype=dtype)
    columns = job_columns(jobs_frame(pool=pool))
    assert (columns.pool.tolist(), columns.pool_names) == ([0, -1], ("big",))


def test_identifiers_stay_as_they_are():
    """Integers, text, or row numbers where there are none."""
    assert job_columns(jobs_frame(job_id=[7, 3])).job_id.tolist() == [7, 3]
    assert job_columns(jobs_frame(job_id=["b", "a"])).job_id.tolist() == ["b", "a"]
    assert job_columns(jobs_frame()).job_id.tolist() == [0, 1]


@pytest.mark.parametrize("ids", [[7, 7], ["a", "a"], ["a", None], [1.5, 2], [1, None]])
def test_identifiers_are_distinct_and_present(ids):
    """A repeated, missing or fractional id names its row."""
    with pytest.raises(InvalidInputError, match=r"jobs\['job_id'\].*row [01]"):
        job_columns(jobs_frame(job_id=ids))


def test_estimates_come_from_where_run_times_says():
    """Limit (with a default), truth, a column, an array, or a forecast."""
    frame = jobs_frame(limit_s=[30, None], guess_s=[11, 12])

    class Forecast:
        run_time_s = np.array([13.0, np.nan])

    def estimate(**options):
        return (job_columns(frame, **options).estimate_ns / 1e9).tolist()

    none = -1e-9
    assert estimate() == [30, none]
    assert estimate(default_limit_s=60) == [30, 60]
    assert estimate(run_times="actual") == [10, 20]
    assert estimate(run_times="guess_s") == [11, 12]
    assert estimate(run_times=[14, 15]) == [14, 15]
    assert estimate(run_times=Forecast()) == [13, none]
    assert job_columns(frame, run_times="actual").clairvoyant
    assert job_columns(frame, default_limit_s=60).limit_ns.tolist() == [30 * 10**9, -1]


@pytest.mark.parametrize("run_times", ["predicted", "nothing", [1], [1, 2, 3], [1, -1]])
def test_estimates_that_cannot_be_had_are_refused(run_times):
    """An unknown column, or an array of another length or with negative times."""
    with pytest.raises(InvalidInputError):
        job_columns(jobs_frame(), run_times=run_times)


def test_the_estimate_column_may_have_a_near_miss_name():
    """``estimate_s`` means the limit elsewhere, but not when it is named."""
    frame = jobs_frame(estimate_s=[1, 2])
    assert job_columns(frame, run_times="estimate_s").estimate_ns.tolist() == [10**9, 2 * 10**9]
