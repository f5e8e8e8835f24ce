"""What a log says about itself, in the comments before its data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pandas as pd

from fairlead.tables import MAX_SECONDS

__all__ = ["leading_number", "numbered_names", "split_header", "start_of"]


def split_header(data: bytes) -> tuple[Mapping[str, str], bytes]:
    """Header comments as a mapping (repeated keys joined by line breaks), and the rest."""
    header: dict[str, str] = {}
    key = ""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end + 1
        line = data[at:end].strip()
        if line and not line.startswith(b";"):
            break
        at = end
        text = line.decode("utf-8", "replace").lstrip(";").strip()
        match = re.match(r"([A-Za-z]\w*)\s*:\s*(.*)", text)
        key, value = match.groups() if match else (key, text)
        if key and value:
            header[key] = f"{header[key]}\n{value}" if key in header else value
    return header, data[at:]


def leading_number(text: str | None) -> int | None:
    """The whole number that a header value begins with (``338 (batch partition)``)."""
    match = re.match(r"\s*(\d{1,18})\b", text or "")
    return int(match.group(1)) if match else None


def start_of(header: Mapping[str, str]) -> tuple[pd.Timestamp | None, str]:
    """Wall-clock time of second 0 in the log's zone (UTC where the zone is unknown)."""
    zone = header.get("TimeZoneString", "UTC")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        zone = "UTC"
    seconds = leading_number(header.get("UnixStartTime"))
    if seconds is None or seconds > MAX_SECONDS:
        return None, zone
    return pd.Timestamp(seconds, unit="s", tz="UTC").tz_convert(zone), zone


def numbered_names(text: str | None) -> dict[str, str]:
    """Names by number from header lines such as ``Queue: 1 DSI``."""
    pairs = [re.match(r"(\d+)\s+(\S.*)", line) for line in (text or "").splitlines()]
    return {pair.group(1): pair.group(2).strip() for pair in pairs if pair}
