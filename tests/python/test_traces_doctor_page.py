"""What the doctor gives people: errors that say the way, a page, a command."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from fairlead.cli import main
from fairlead.errors import InvalidInputError
from python.sick_logs import as_dates, log, traced, with_gap


def test_what_cannot_be_looked_at_is_refused():
    """No trace, no jobs, unknown findings and remedies, wrong options."""
    with pytest.raises(InvalidInputError, match="must be a Trace"):
        traces.doctor(log())
    with pytest.raises(InvalidInputError, match="no jobs"):
        traces.doctor(traced(log().head(0)))
    found = traces.doctor(traced(log()))
    with pytest.raises(InvalidInputError, match="finding must be one of"):
        found.examples("measles")
    for name, options, words in (
        ("pray", {}, "name must be one of sort"),
        ("thin", {}, "takes keep; got none"),
        ("thin", {"keep": 2}, "between 0 and 1"),
        ("scale", {"column": "user", "factor": 2}, "must name numbers"),
        ("thin_user", {"user": "nobody", "share": 0.5, "of": "jobs"}, "no job is of user"),
        ("shift_weeks", {"weeks": 2}, "holds seconds"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            traces.remedy(found.trace, name, **options)


@pytest.mark.parametrize(
    "jobs",
    [
        pd.DataFrame({"submit_time": [0]}),
        pd.DataFrame(
            {"submit_time": ["x", None], "duration_s": ["a", "b"], "gpus": [None, "many"]}
        ),
        pd.DataFrame({"duration_s": [1.0, 2.0], "limit_s": [1.0, 2.0], "user": ["a", None]}),
        pd.DataFrame({"submit_time": [1e300, -1e300], "duration_s": [np.inf, 1], "gpus": [1, 1]}),
        pd.DataFrame({"submit_time": ["2026-01-05T10:00Z", "2026-01-05T12:00Z"], "gpus": [1, 1]}),
    ],
)
def test_broken_tables_are_diagnosed_not_refused(jobs, tmp_path):
    """Absent columns, text for numbers, infinities: findings, a picture and a page all the same."""
    found = traces.doctor(traced(jobs))
    assert "missing_run_times" in set(found.findings["finding"]) or "duration_s" in jobs
    assert found.summary()
    found.plot()
    json.dumps(found.plain(), allow_nan=False)
    assert found.report(tmp_path / "page.html").stat().st_size > 1000


def test_the_page_says_findings_and_remedies(tmp_path):
    """One file with pictures, examples and calls, that loads nothing; notebooks show a table."""
    trace = traced(as_dates(with_gap(log()), "2026-01-05"), path="my <log>.csv")
    found = traces.doctor(trace)
    text = found.report(tmp_path / "page.html").read_text()
    for word in ("Doctor: my &lt;log&gt;.csv", "14 d", "Examples of gaps", "longest_stretch"):
        assert word in text
    for mark in ("<script", "http://", "https://"):
        assert mark not in text.replace("http://www.w3.org", "")
    assert text.count("<svg") == 4
    assert "longest_stretch" in found._repr_html_()
    assert [len(found.plot(width).axes) for width in (9, 4)] == [6, 6]
    assert found.verdict().startswith("1 warning")


def test_the_command_looks_at_a_file(tmp_path, capsys, monkeypatch):
    """Text, JSON and a page; lines that cannot be read are counted; nodes from options."""
    monkeypatch.chdir(tmp_path)
    log(n=200, days=3).to_csv("jobs.csv", index=False)
    with open("jobs.csv", "a") as file:
        file.write("200,never,60,60,1,1,u1,a\n")
    assert main(["doctor", "jobs.csv", "--output", "page.html"]) == 0
    printed = capsys.readouterr().out
    assert "1 of 201 records were left out" in printed
    assert "load not judged" in printed
    assert "wrote page.html" in printed
    assert (tmp_path / "page.html").exists()
    assert main(["doctor", "jobs.csv", "--json", "--nodes", "1", "--gpus-per-node", "1"]) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    findings = {f["finding"]: f for f in told["findings"]}
    assert findings["never_fits"]["count"] == 200
    assert findings["never_fits"]["examples"][0]["gpus"] == 2
    assert told["counts"]["critical"] >= 1
    assert main(["doctor", "nothing.csv"]) == 1
