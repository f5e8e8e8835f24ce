"""The rooms depend on each other in one direction, in C++ and as cpp/README.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CPP = Path(__file__).parents[2] / "cpp"
ROWS = re.findall(r"^\| `(\w+)/` \| ([\w, ]*) ?\|", (CPP / "README.md").read_text(), re.MULTILINE)
MAY_INCLUDE = {room: set(filter(None, re.split(r"[ ,]+", text))) for room, text in ROWS}


def includes_of(room: str) -> set[str]:
    """The rooms whose headers the files of a room include."""
    files = [f for f in (CPP / room).rglob("*") if f.suffix in {".cpp", ".hpp", ".cu", ".cuh"}]
    text = "\n".join(file.read_text() for file in files)
    return set(re.findall(r'^#include "(\w+)/', text, re.MULTILINE)) - {room}


def test_every_room_is_on_the_map() -> None:
    """The module map has a row for each folder."""
    rooms = {folder.name for folder in CPP.iterdir() if any(folder.glob("*.?pp"))}
    assert set(MAY_INCLUDE) == rooms


@pytest.mark.parametrize("room", MAY_INCLUDE)
def test_room_includes_what_the_map_allows(room: str) -> None:
    """No room reaches back against the arrow."""
    assert includes_of(room) <= MAY_INCLUDE[room]


def test_map_has_no_cycle() -> None:
    """The order of the rows is an order of building: a room includes only rooms above it."""
    above: set[str] = set()
    for room, included in MAY_INCLUDE.items():
        assert included <= above
        above.add(room)


def test_core_includes_neither_python_nor_cuda() -> None:
    """Only the bindings include pybind11; only .cu and .cuh files include CUDA headers."""
    for file in CPP.rglob("*"):
        if file.suffix in {".cpp", ".hpp", ".cu", ".cuh"} and "bindings" not in file.parts:
            text = file.read_text()
            assert "#include <pybind11" not in text, file
            assert file.suffix in {".cu", ".cuh"} or "#include <cuda" not in text, file
