"""Tables of the README files of public traces, read as they are printed."""

from __future__ import annotations

import pandas as pd
import pytest

__all__ = ["folder", "table", "text"]


def folder(shared_dir, name):
    """A folder of the public traces; the test is skipped where it is absent."""
    path = shared_dir / "traces" / name
    if not path.is_dir():
        pytest.skip(f"no {name} in the reference data")
    return path


def text(folder):
    """The whole README of a folder."""
    return (folder / "README.md").read_text(encoding="utf-8")


def table(folder, first, second):
    """The table whose first two columns have these names: cells as text, by the first column."""
    lines = text(folder).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} | {second} |"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return pd.DataFrame(rows[2:], columns=rows[0]).set_index(first)
