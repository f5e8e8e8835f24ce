"""Records of a log as columns; each rule that drops or repairs a record is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairlead.errors import InvalidInputError
from fairlead.tables import MAX_SECONDS, CellError, job_columns, node_columns
from fairlead.traces.csv_lines import split_records
from fairlead.traces.source import check_on_error, fail, read_bytes, require_text
from fairlead.traces.trace import TraceMeta
from fairlead.traces.wall_clock import CLOCK_CHANGE, LAST, utc_times

__all__ = [
    "Records",
    "check_choice",
    "numbered_apart",
    "read_records",
    "recorded_times",
]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Records:
    """The records of a file, the line of each, and the account of what became of them.

    Columns keep their length while rules mark records as gone, so arrays stay aligned; `jobs` and
    `nodes` give the table of those that are left.

    Parameters
    ----------
    path : str
    frame : pandas.DataFrame
        One row a record, columns as the file names them.
    lines : int array
        Line in the file of each record, from 1.
    malformed : int
        Records that were dropped when the lines were split.
    on_error : {"raise", "drop"}
        What a bad cell does.
    """

    def __init__(
        self, path: str, frame: pd.DataFrame, lines: Any, malformed: int, on_error: str
    ) -> None:
        check_on_error(on_error)
        self.path, self.frame, self.lines, self.on_error = path, frame, lines, on_error
        self.alive = np.ones(len(frame), dtype=bool)
        self.read = len(frame) + malformed
        self.dropped = {"malformed": malformed} if malformed else {}
        self._repairs: dict[str, Bools] = {}

    def __contains__(self, column: str) -> bool:
        return column in self.frame

    def __len__(self) -> int:
        return len(self.frame)

    def need(self, *columns: str) -> None:
        """Refuse a file that lacks one of the columns."""
        for column in columns:
            if column not in self.frame:
                has = ", ".join(map(str, self.frame.columns))
                raise fail(self.path, 1, column, f"no such column; the file has {has}")

    def require(self, ok: Any, column: str, expected: str) -> None:
        """A record left that is not ok is an error, or is dropped and counted."""
        bad = self.alive & ~np.asarray(ok, dtype=bool)
        if not bad.any():
            return
        if self.on_error == "raise":
            row = int(bad.argmax())
            got = self.frame[column].iloc[row] if column in self.frame else "nothing"
            got = got.item() if isinstance(got, np.generic) else got
            raise self._bad(row, column, f"must be {expected}; got {got!r}; mend the line")
        self.drop(bad, f"bad {column}")

    def _bad(self, row: int, column: str, complaint: str) -> InvalidInputError:
        return fail(
            self.path, int(self.lines[row]), column, f"{complaint}, or pass on_error='drop'"
        )

    def refuse(self, problems: pd.Series[Any]) -> None:
        """Records with a problem (``place: what``) are errors, or dropped and counted."""
        bad = self.alive & problems.notna().to_numpy()
        if bad.any() and self.on_error == "raise":
            row = int(bad.argmax())
            place, _, what = str(problems.iloc[row]).partition(": ")
            raise fail(self.path, int(self.lines[row]), place, what)
        self.drop(bad, "malformed")

    def require_distinct(self, column: str, ids: Any) -> None:
        """Identifiers of the records left must not repeat."""
        repeated = np.zeros(len(self), dtype=bool)
        repeated[self.alive] = pd.Index(ids)[self.alive].duplicated()
        self.require(~repeated, column, "distinct")

    def drop(self, rows: Any, reason: str) -> None:
        """Leave out the records; each counts once, under the first reason that applies."""
        gone = self.alive & np.asarray(rows, dtype=bool)
        if gone.any():
            self.dropped[reason] = self.dropped.get(reason, 0) + int(gone.sum())
            self.alive &= ~gone

    def compact(self) -> None:
        """Forget the records that are gone; columns made before no longer fit."""
        self.frame = self.frame[self.alive].reset_index(drop=True)
        self.lines = self.lines[self.alive]
        self.alive = np.ones(len(self.frame), dtype=bool)

    def repair(self, rows: Any, what: str) -> None:
        """Note that a value was changed in the records; counted for those that are left."""
        earlier = self._repairs.get(what, False)
        self._repairs[what] = np.asarray(rows, dtype=bool) | earlier

    def text(self, column: str) -> pd.Series[Any]:
        """A column as text without blanks around it; missing and blank cells are missing."""
        texts = self.frame[column].astype("str").str.strip()
        return texts.mask(self.frame[column].isna() | (texts == ""))

    def numbers(
        self,
        column: str,
        *,
        least: float = 0.0,
        most: float = 2.0**53,
        whole: bool = False,
        required: bool = True,
    ) -> Floats:
        """A column of numbers within bounds; missing cells are NaN, or bad where ``required``."""
        cells = self.frame[column]
        if not pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
            cells = self.text(column)
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        ok = (values >= least) & (values <= most)
        if whole:
            ok &= values == np.trunc(values)
        if not required:
            ok |= cells.isna().to_numpy()
        kind = "a whole number" if whole else "a number"
        self.require(ok, column, f"{kind} from {least:g} to {most:g}")
        return np.where(ok, values, np.nan)

    def seconds(self, column: str, *, required: bool = True, least: float = 0.0) -> Floats:
        """A column of seconds."""
        return self.numbers(column, least=least, most=MAX_SECONDS, required=required)

    def wall_times(
        self, column: str, zone: str, *, required: bool = True, nothing: Collection[str] = ()
    ) -> pd.DatetimeIndex:
        """A column of wall-clock times of a zone (or ISO text with an offset) in UTC.

        Words in ``nothing`` stand for a missing time. Times in an hour of a clock change are read
        as `utc_times` does, and counted as repairs.
        """
        texts = self.text(column)
        if nothing:
            texts = texts.mask(texts.isin(list(nothing)))
        times = utc_times(texts, zone)
        missing = texts.isna().to_numpy() & (not required)
        self.require(times.good | missing, column, "a time of the years 1900 to 2199")
        self.repair(times.changed, CLOCK_CHANGE)
        return times.utc

    def epoch_times(self, column: str, *, required: bool = True) -> pd.DatetimeIndex:
        """A column of seconds since 1970 in UTC; 0, which stands for no time, is missing."""
        seconds = self.numbers(column, most=LAST.timestamp(), required=required)
        if required:
            self.require(seconds > 0, column, "a time, not 0")
        known = np.where(seconds > 0, seconds, np.nan)
        return pd.DatetimeIndex(pd.to_datetime(known, unit="s", utc=True)).as_unit("ns")

    def run_times(
        self,
        start: pd.DatetimeIndex,
        end: pd.DatetimeIndex,
        unfinished: str,
        end_column: str,
        *,
        active: Any = False,
        paused_s: Any = 0.0,
    ) -> Floats:
        """Seconds from start to end; jobs without both are dropped and counted, or have NaN.

        ``active`` marks jobs that run or wait whatever their times are.
        """
        going = np.asarray(end.isna()) | active
        if unfinished == "drop":
            self.drop(start.isna(), "never started")
            self.drop(going, "not finished")
        ran = np.where(going, np.nan, (end - start).total_seconds() - paused_s)
        self.require((ran >= 0) | np.isnan(ran), end_column, "not before the start")
        return ran

    def kept(self, keep: Iterable[str], recorded: Mapping[str, Any]) -> dict[str, Any]:
        """The columns ``keep=`` names: recorded ones, or the file's own as ``source_<name>``."""
        columns = {}
        for name in (keep,) if isinstance(keep, str) else tuple(keep):
            if name in recorded:
                columns[name] = recorded[name]
            elif name in self.frame:
                columns[f"source_{name}"] = self.frame[name]
            else:
                known = ", ".join([*recorded, *map(str, self.frame.columns)])
                raise InvalidInputError(f"keep must be of {known}; got {name!r}")
        return columns

    def jobs(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        """The jobs table of the records left, which the tables room has checked."""

        def check(frame: pd.DataFrame) -> None:
            job_columns(frame, ignore="*", need_duration=False)

        return self._checked(columns, check)

    def nodes(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        """The nodes table of the records left, which the tables room has checked."""
        return self._checked(columns, node_columns)

    def _checked(self, columns: Mapping[str, Any], check: Any) -> pd.DataFrame:
        while True:
            rows = np.flatnonzero(self.alive)
            frame = pd.DataFrame({name: _take(v, rows) for name, v in columns.items()})
            try:
                check(frame)
            except CellError as error:
                row = int(rows[int(error.rows.argmax())])
                if self.on_error == "raise":
                    raise self._bad(row, error.column, error.complaint) from error
                bad = np.zeros(len(self), dtype=bool)
                bad[rows] = error.rows
                self.drop(bad, f"bad {error.column}")
            except InvalidInputError as error:
                raise fail(self.path, 1, 1, str(error)) from error
            else:
                return frame

    def meta(self, format_name: str, **more: Any) -> TraceMeta:
        """The account; ``more`` are further fields of `TraceMeta`."""
        counts = {what: int((rows & self.alive).sum()) for what, rows in self._repairs.items()}
        repaired = {what: count for what, count in counts.items() if count}
        return TraceMeta(
            format_name, self.path, read=self.read, dropped=self.dropped, repaired=repaired, **more
        )


def numbered_apart(ids: Any) -> tuple[NDArray[Any], Bools]:
    """Ids as text that do not repeat, the second of its name with ``#2``, and which were changed.

    Examples
    --------
    >>> numbered_apart(["a", "b", "a"])[0].tolist()
    ['a', 'b', 'a#2']
    """
    texts = pd.Series(np.asarray(ids, dtype=object)).astype("str")
    number = texts.groupby(texts.to_numpy(), sort=False).cumcount().to_numpy() + 1
    again = number > 1
    named = texts.to_numpy(dtype=object)
    named[again] = [f"{text}#{n}" for text, n in zip(named[again], number[again], strict=True)]
    return named, again


def recorded_times(submit: pd.DatetimeIndex, start: pd.DatetimeIndex, state: Any) -> dict[str, Any]:
    """What ``keep=`` may name of a log that tells when jobs started and how they ended."""
    return {
        "recorded_start_time": start,
        "recorded_wait_s": (start - submit).total_seconds().to_numpy(),
        "recorded_state": state,
    }


def read_records(
    path: str | PathLike[str], *, on_error: str = "raise", nameless: str = ""
) -> Records:
    """The records of a CSV file with a header line, plain or gzip.

    ``nameless`` is what a first column without a name, as pandas writes an index, is called.

    Raises
    ------
    InvalidInputError
        The file is malformed; names file, line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "nodes.csv"
    >>> _ = file.write_text("sn,gpu\\na,8\\n")
    >>> read_records(file).numbers("gpu").tolist()
    [8.0]
    """
    check_on_error(on_error)
    name, data = read_bytes(path)
    require_text(name, data)
    if data.startswith(b","):
        data = nameless.encode() + data
    return Records(name, *split_records(name, data, None, on_error), on_error)


def check_choice(option: str, value: Any, allowed: Iterable[str]) -> None:
    """Refuse an option that is not one of the allowed words.

    Raises
    ------
    InvalidInputError
        Lists what there is.

    Examples
    --------
    >>> check_choice("unfinished", "drop", ("drop", "keep"))
    """
    allowed = tuple(allowed)
    if value not in allowed:
        raise InvalidInputError(f"{option} must be one of {', '.join(allowed)}; got {value!r}")


def _take(values: Any, rows: Any) -> Any:
    if isinstance(values, pd.Series):
        return values.iloc[rows].reset_index(drop=True)
    return values[rows]
