"""JSON files as values that know their place, so that an error names the path to what is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from typing import Any

from fairlead.errors import InvalidInputError
from fairlead.traces.source import fail, line_at, read_bytes, require_text

__all__ = ["Json", "read_json", "starts_json"]

_WORDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 40


@dataclass(frozen=True)
class Json:
    """A value, the file it is in, and the path to it (``items[3].metadata.name``).

    Errors name ``on_error='drop'`` as a way out, unless the reader has none (``droppable``) or the
    value is part of no list, so that nothing could be dropped.
    """

    file: str
    place: str
    value: Any
    droppable: bool = True

    def error(self, expected: str) -> InvalidInputError:
        """The error for this value."""
        shown = _WORDS.get(type(self.value), repr(self.value))
        if isinstance(self.value, str):
            shown = repr(self.value[:_SHOWN])
        drop = " or pass on_error='drop'" if self.droppable and "[" in self.place else ""
        return InvalidInputError(
            f"{self.file}, at {self.place or 'the top'}: must be {expected}; got {shown}; mend it"
            f"{drop}"
        )

    def __getitem__(self, key: str) -> Json:
        """A member of an object; null where there is none."""
        if not isinstance(self.value, dict):
            raise self.error("an object")
        place = f"{self.place}.{key}" if self.place else key
        return Json(self.file, place, self.value.get(key), self.droppable)

    def object(self, key: str) -> Json:
        """A member that is an object; an empty one where there is none."""
        member = self[key]
        if member.value is None:
            return Json(self.file, member.place, {}, self.droppable)
        if not isinstance(member.value, dict):
            raise member.error("an object")
        return member

    def each(self, key: str) -> list[Json]:
        """The elements of a member that is a list; none where there is no such member."""
        member = self[key]
        return [] if member.value is None else member.elements()

    def elements(self) -> list[Json]:
        """The elements of this list."""
        if not isinstance(self.value, list):
            raise self.error("a list")
        places = (f"{self.place}[{i}]" for i in range(len(self.value)))
        return [
            Json(self.file, place, value, self.droppable)
            for place, value in zip(places, self.value, strict=True)
        ]

    def members(self) -> list[tuple[str, Json]]:
        """Names and values of this object."""
        if not isinstance(self.value, dict):
            raise self.error("an object")
        return [(key, self[key]) for key in self.value]

    def text(self, key: str) -> str | None:
        """A member that is text; None where there is none or it is blank."""
        member = self[key]
        if member.value is None:
            return None
        if not isinstance(member.value, str):
            raise member.error("text")
        return member.value.strip() or None

    def number(self) -> float:
        """This value as a finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.error("a number")
        if not abs(self.value) < 2.0**63:  # NaN too
            raise self.error("a finite number")
        return self.value

    def time_ns(self, key: str) -> int | None:
        """A member that is an ISO time, as ns since 1970 in UTC; None where there is none."""
        text = self.text(key)
        if text is None:
            return None
        try:
            time = datetime.fromisoformat(text)
            time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self[key].error("an ISO time") from error
        if not _FIRST <= time < _LAST:
            raise self[key].error("a time of the years 1900 to 2199")
        since = time - _EPOCH
        return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def read_json(path: str | PathLike[str], *, droppable: bool = True) -> Json:
    """The value of a JSON file, plain or gzip; ``droppable`` where the reader has ``on_error=``.

    Raises
    ------
    InvalidInputError
        The file cannot be read or is not JSON; names line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.json"
    >>> _ = file.write_text('{"items": [{"name": "x"}]}')
    >>> item = read_json(file).each("items")[0]
    >>> item.place, item.text("name")
    ('items[0]', 'x')
    """
    name, data = read_bytes(path)
    require_text(name, data)
    try:
        return Json(name, "", json.loads(data.decode("utf-8")), droppable)
    except UnicodeDecodeError as error:
        line, column = line_at(data, error.start)
        raise fail(name, line, column, "not UTF-8 text; convert the file") from error
    except json.JSONDecodeError as error:
        complaint = f"this is not JSON ({error.msg}); the file may be cut off"
        raise fail(name, error.lineno, error.colno, complaint) from error
    except (RecursionError, ValueError) as error:
        raise fail(name, 1, 1, f"this is not usable JSON ({error})") from error


def starts_json(head: bytes, opening: bytes, *words: bytes) -> bool:
    """Whether the first bytes open a JSON value of a kind and hold all the words.

    Examples
    --------
    >>> starts_json(b' {"kind": "List"}', b"{", b'"kind"')
    True
    """
    text = head.lstrip()
    return text.startswith(opening) and all(word in text for word in words)
