"""Wall-clock times become UTC, whether all, some or none of them tell their offset."""

from __future__ import annotations

import pandas as pd
import pytest

from fairlead.traces.wall_clock import utc_times


@pytest.mark.parametrize(
    ("texts", "hours"),
    [
        (["2026-07-01 12:00:00", "2026-07-01T13:00"], [10, 11]),
        (["2026-07-01T12:00:00Z", "2026-07-01T12:00:00+05:00"], [12, 7]),
        (["2026-07-01T12:00:00", "2026-07-01T12:00:00.5+05:00"], [10, 7]),
        (["2026-07-01T12:00+05", "2026-07-01T12:00:00"], [7, 10]),
        (["2026-07-01T12:00+05", None, "2026-07-01"], [7, None, 22]),
    ],
)
def test_each_time_keeps_to_its_own_offset_else_to_the_zone(texts, hours):
    """An offset in one row says nothing of another; minutes with hours are as long as seconds."""
    times = utc_times(pd.Series(texts, dtype="str"), "Europe/Stockholm")
    assert [None if pd.isna(t) else t.hour for t in times.utc] == hours
    assert times.good.tolist() == [hour is not None for hour in hours]
    assert not times.changed.any()


def test_an_hour_of_a_clock_change_counts_only_without_offset():
    """Repeated, skipped, and the same with an offset."""
    texts = ["2026-10-25 02:30:00", "2026-03-29 02:30:00", "2026-10-25 02:30:00+01:00"]
    times = utc_times(pd.Series(texts), "Europe/Stockholm")
    assert times.utc.strftime("%H:%M").tolist() == ["00:30", "01:00", "01:30"]
    assert times.changed.tolist() == [True, True, False]
