"""Identifiers and coded texts: kept as they came, checked the cheap way, equal in every library."""

from __future__ import annotations

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import InvalidInputError
from fairlead.tables import Coded, TextIds, job_columns, to_native_like
from fairlead.tables.coding import codes_of_texts
from fairlead.tables.ids import all_distinct, text_ids

LIBRARIES = ("pandas", "objects", "polars", "arrow")
MANY = 5000  # beyond what is looked at one by one


def column_of(values, library):
    """The values as a column of a library; objects is pandas before it had a text type."""
    if library == "polars":
        pl = pytest.importorskip("polars")
        return pl.Series("x", values)
    if library == "arrow":
        pa = pytest.importorskip("pyarrow")
        half = len(values) // 2
        kind = pa.array(values).type
        return pa.chunked_array([values[:half], values[half:]], type=kind)
    return pd.Series(values, dtype=object if library == "objects" else None)


def frame_of(values, library):
    """A jobs table with these ids."""
    columns = {"submit_time": list(range(len(values))), "duration_s": [1] * len(values)}
    if library == "polars":
        pl = pytest.importorskip("polars")
        return pl.DataFrame({**columns, "job_id": column_of(values, library)})
    if library == "arrow":
        pa = pytest.importorskip("pyarrow")
        return pa.table({**columns, "job_id": column_of(values, library)})
    return pd.DataFrame({**columns, "job_id": column_of(values, library)})


def ids_of(values, library):
    """The values as identifiers."""
    return text_ids(nw.from_native(column_of(values, library), series_only=True))


# ---- identifiers --------------------------------------------------------------------------------


@pytest.mark.parametrize("library", LIBRARIES)
def test_text_ids_stay_in_the_memory_of_their_library(library):
    """A pick is of the same library; only tolist and asarray make objects."""
    ids = job_columns(frame_of(["b", "a", "c"], library)).job_id
    assert isinstance(ids, TextIds)
    assert isinstance(ids.native, type(column_of(["b"], library)))
    assert isinstance(ids[np.array([2, 0])].native, type(ids.native))
    assert (len(ids), ids[1], list(ids)) == (3, "a", ["b", "a", "c"])
    assert ids[np.array([2, 0])].tolist() == ["c", "b"]
    assert np.asarray(ids).tolist() == ["b", "a", "c"]


def test_text_ids_in_arrow_memory_are_not_copied():
    """The buffers of the result are those of the input."""
    pa = pytest.importorskip("pyarrow")
    came = pa.chunked_array([["b", "a"]])
    frame = pa.table({"submit_time": [0, 1], "duration_s": [1, 1], "job_id": came})
    ids = job_columns(frame).job_id
    made = to_native_like({"job_id": ids}, frame)["job_id"]
    assert made.chunk(0).buffers()[2].address == came.chunk(0).buffers()[2].address


@pytest.mark.parametrize("kind", ["category", object])
def test_what_is_no_text_becomes_text(kind):
    """Categories and mixed objects are named by their texts."""
    values = [7, "b"] if kind is object else ["x", "b"]
    ids = job_columns(frame_of(values, "pandas").astype({"job_id": kind})).job_id
    assert ids.tolist() == [str(value) for value in values]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("texts", ["numbered", "shuffled", "few"])
def test_a_repeated_id_is_found_in_every_library(library, texts):
    """Whether names ascend, come in any order, or are few; the message names the second one."""
    names = [f"job-{row}" for row in range(3 if texts == "few" else MANY)]
    if texts == "shuffled":
        names = np.random.default_rng(0).permutation(names).tolist()
    assert job_columns(frame_of(names, library)).job_id.tolist() == names
    names[-1] = names[0]
    row = len(names) - 1
    with pytest.raises(InvalidInputError, match=f"distinct; row {row} .* has '{names[0]}'"):
        job_columns(frame_of(names, library))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_missing_id_is_found_in_every_library(library):
    """The message names the row and the way out."""
    with pytest.raises(InvalidInputError, match=r"present; row 1 .* leave the column out"):
        job_columns(frame_of(["a", None, "c"], library))


@pytest.mark.parametrize("library", LIBRARIES)
@given(
    texts=st.lists(
        st.text(alphabet=["a", "b", "é", "\N{GRINNING FACE}", "0", "1"], max_size=3), max_size=12
    )
)
def test_texts_are_distinct_where_a_set_of_them_loses_none(library, texts):
    """The proof by order, without looking at each one, equals the definition."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fairlead.tables.ids._FEW", 0)
        if texts:
            assert all_distinct(ids_of(texts, library)) == (len(set(texts)) == len(texts))


@given(
    numbers=st.lists(
        st.one_of(st.integers(-5, 5), st.integers(-(2**63), 2**63 - 1)), max_size=12
    ).map(lambda values: np.array(values, dtype=np.int64))
)
def test_numbers_are_distinct_where_a_set_of_them_loses_none(numbers):
    """Ascending, dense and scattered numbers."""
    assert all_distinct(numbers) == (len(set(numbers.tolist())) == len(numbers))


# ---- coded texts --------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [*LIBRARIES, "categories"])
@pytest.mark.parametrize(
    "texts", [["b", None, "a ", "b", " "], ["a", "c", "b", "a"], [None, None], []]
)
def test_codes_follow_the_first_appearance_in_every_library(library, texts):
    """Blank and missing is -1; surrounding blanks do not count."""
    if library == "categories":
        column = pd.Series(texts, dtype=pd.CategoricalDtype(["z", "b", "a ", "a", "c", " "]))
    else:
        column = column_of(texts, library)
    codes, names = codes_of_texts(nw.from_native(column, series_only=True))
    known = [text.strip() for text in texts if text is not None and text.strip()]
    assert names == list(dict.fromkeys(known))
    assert [names[code] if code >= 0 else "" for code in codes] == [
        (text or "").strip() for text in texts
    ]


def test_a_dictionary_that_holds_other_names_gives_the_same_codes():
    """Arrow dictionaries come in any order, with names that no row has."""
    pa = pytest.importorskip("pyarrow")
    coded = pa.DictionaryArray.from_arrays(pa.array([2, None, 0, 2]), pa.array(["a", "z", "b"]))
    codes, names = codes_of_texts(nw.from_native(pa.chunked_array([coded]), series_only=True))
    assert (codes.tolist(), names) == ([0, -1, 1, 0], ["b", "a"])


@pytest.mark.parametrize("category", [True, False])
@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_coded_columns_become_categories_or_plain_text(library, category):
    """The same cells in every library, and the type that was asked for."""
    column = Coded(np.array([1, -1, 0], dtype=np.int8), ("x", "y"), category=category)
    made = to_native_like({"node": column}, frame_of(["a"], library))
    cells = nw.from_native(made, eager_only=True)["node"]
    assert isinstance(cells.dtype, nw.Categorical if category else nw.String)
    assert [None if pd.isna(cell) else cell for cell in cells.to_list()] == ["y", None, "x"]
