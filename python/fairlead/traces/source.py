"""Files as bytes, gzip unpacked, and errors that name file, line and column."""

from __future__ import annotations

import gzip
import zlib
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from fairlead.errors import InvalidInputError

__all__ = [
    "check_on_error",
    "fail",
    "line_at",
    "read_bytes",
    "read_head",
    "require_text",
    "without_mark",
]

_GZIP = b"\x1f\x8b"
# What editors and shells of Windows put before UTF-8 text.
_MARK = b"\xef\xbb\xbf"
_HEAD = 1 << 16


def fail(path: str, line: int, column: Any, complaint: str) -> InvalidInputError:
    """The error for one place in a file; lines and columns count from 1."""
    return InvalidInputError(f"{path}, line {line}, column {column}: {complaint}")


def read_bytes(path: str | PathLike[str]) -> tuple[str, bytes]:
    """The path as text and the content, unpacked if it is gzip (by content, not by name).

    A byte order mark before text is left out.

    Raises
    ------
    InvalidInputError
        The file cannot be read, or the gzip data are damaged; names the line where they break off.
    """
    name = fspath(path)
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{name!r} cannot be read: {error}") from error
    if not data.startswith(_GZIP):
        return name, without_mark(data)
    try:
        return name, without_mark(gzip.decompress(data))
    except (OSError, EOFError, zlib.error) as error:
        line = _unpacked_part(data).count(b"\n") + 1
        raise fail(
            name, line, 1, f"the gzip data break off or are damaged here ({error}); fetch it again"
        ) from error


def read_head(path: str | PathLike[str]) -> bytes:
    """The first bytes of the content as `read_bytes` gives it, unpacked as far as that goes.

    Raises
    ------
    InvalidInputError
        The file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{fspath(path)!r} cannot be read: {error}") from error
    return without_mark(_unpacked_part(head) if head.startswith(_GZIP) else head)


def without_mark(data: bytes) -> bytes:
    """The content without the byte order mark before it, if there is one."""
    return data.removeprefix(_MARK)


def _unpacked_part(data: bytes) -> bytes:
    """As much of damaged gzip data as can be unpacked."""
    unpacker = zlib.decompressobj(wbits=31)
    parts = []
    for at in range(0, len(data), 4096):
        try:
            parts.append(unpacker.decompress(data[at : at + 4096]))
        except zlib.error:
            break
    return b"".join(parts)


def line_at(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte."""
    before = data[:offset]
    return before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1


def require_text(path: str, data: bytes) -> None:
    """Refuse a file that is empty or holds NUL bytes.

    Raises
    ------
    InvalidInputError
        Names the line and column of the first NUL byte.
    """
    if not data.strip():
        raise fail(path, 1, 1, "the file is empty")
    at = data.find(b"\0")
    if at >= 0:
        line, column = line_at(data, at)
        raise fail(path, line, column, "a NUL byte: this is not a text file")


def check_on_error(on_error: str) -> None:
    """Refuse an unknown ``on_error``.

    Raises
    ------
    InvalidInputError
        Neither ``raise`` nor ``drop``.
    """
    if on_error not in ("raise", "drop"):
        raise InvalidInputError(f"on_error must be 'raise' or 'drop', got {on_error!r}")
