"""Schedules on disk: Parquet files that carry their header and schema version."""

from __future__ import annotations

import json
from os import PathLike
from typing import TYPE_CHECKING, Any

import pandas as pd

from fairlead.errors import BackendUnavailableError, InvalidInputError

if TYPE_CHECKING:
    from fairlead.scheduling.result import Schedule

__all__ = ["SCHEMA", "read_schedule", "write_schedule"]

#: Version of what is written; a reader refuses later ones.
SCHEMA = 1

_KEY = b"fairlead"


def write_schedule(schedule: Schedule, path: str | PathLike[str]) -> None:
    """Write the jobs of a schedule, with its header, as one Parquet file.

    Raises
    ------
    BackendUnavailableError
        PyArrow is not installed.
    """
    pa, parquet = _pyarrow()
    jobs = schedule.jobs
    table = jobs if isinstance(jobs, pa.Table) else _to_arrow(jobs, pa)
    metadata = {**(table.schema.metadata or {}), _KEY: json.dumps(schedule.header).encode()}
    parquet.write_table(table.replace_schema_metadata(metadata), path)


def read_schedule(path: str | PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read what `Schedule.to_parquet` wrote.

    Returns
    -------
    jobs : pandas.DataFrame
        Equal to the ``jobs`` that were written.
    header : dict
        What made the schedule.

    Raises
    ------
    InvalidInputError
        Not such a file, or one of a later schema version.
    BackendUnavailableError
        PyArrow is not installed.
    """
    pa, parquet = _pyarrow()
    try:
        table = parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidInputError(f"{path} is no Parquet file that can be read: {error}") from error
    header = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
    if header.get("schema", SCHEMA + 1) > SCHEMA:
        raise InvalidInputError(
            f"{path} must hold a schedule of schema {SCHEMA} or earlier, got "
            f"{header.get('schema', 'no fairlead header')}; write it with Schedule.to_parquet, or "
            f"update fairlead"
        )
    frame: pd.DataFrame = table.to_pandas()
    return frame, header


def _to_arrow(jobs: Any, pa: Any) -> Any:
    return pa.Table.from_pandas(jobs) if isinstance(jobs, pd.DataFrame) else jobs.to_arrow()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise BackendUnavailableError(
            "Parquet files need PyArrow: pip install 'fairlead[parquet]'"
        ) from error
    return pa, parquet
