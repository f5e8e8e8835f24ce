"""CONTRIBUTING shows how to add a policy in Python and in C++; both are done here to the letter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

# Looks the new order up and sorts three jobs by it: waits of 100, 50 and 10 s for runs of 1,000, 10
# and 1 s, so factors of 1.1, 6 and 11.
CHECK = """
#include <algorithm>
#include <cstdio>
#include <vector>

#include "scheduling/registry.hpp"

using namespace fairlead;

struct Queue final : Snapshot {
  std::vector<JobSpec> jobs;
  Time now() const override { return Time{100'000'000'000}; }
  const JobSpec& job(Row row) const override { return jobs[row]; }
  double dominant_share(Row) const override { return 0.5; }
};

int main() {
  Queue queue;
  for (auto [submit_s, run_s] : {std::pair{0, 1000}, {50, 10}, {90, 1}}) {
    JobSpec job;
    job.submit = Time{submit_s * kSecond.ns};
    job.estimate = Duration{run_s * kSecond.ns};
    queue.jobs.push_back(job);
  }
  const PolicyPtr policy = make_order("lxf", {});
  std::vector<Row> rows{0, 1, 2};
  std::ranges::sort(rows, {}, [&](Row row) { return policy->key(queue, row); });
  for (Row row : rows) std::printf("%d ", row);
  for (const OrderEntry& order : orders()) {
    if (order.name == "lxf") std::printf("%s", order.description.data());
  }
}
"""


def example(name: str) -> str:
    """The code block of CONTRIBUTING that is marked so."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    found = re.search(rf"<!-- example: {re.escape(name)} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found, f"CONTRIBUTING.md has no example {name!r}"
    return found[1]


def test_python_example_orders_a_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    """The function of CONTRIBUTING is an order, and the schedule says that it was used."""
    names: dict[str, Any] = {}
    exec(compile(example("python"), "CONTRIBUTING.md", "exec"), names)
    assert "lxf" in capsys.readouterr().out
    assert names["schedule"].header["order"] == "lxf"


def insert_before(text: str, anchor: str, lines: str) -> str:
    """The lines in front of the first place where the anchor stands."""
    before, found, after = text.partition(anchor)
    assert found, f"registry.cpp has no {anchor!r}"
    return before + lines + found + after


@pytest.mark.slow
def test_cpp_example_is_one_file_and_one_line(tmp_path: Path) -> None:
    """The file and the lines of CONTRIBUTING make an order that is registered and sorts jobs."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        pytest.skip("no C++ compiler")
    shutil.copytree(ROOT / "cpp", tmp_path / "cpp")
    new_file = "cpp/scheduling/policies/lxf.cpp"
    (tmp_path / new_file).write_text(example(new_file))
    registry = tmp_path / "cpp/scheduling/registry.cpp"
    text = insert_before(registry.read_text(), "PolicyPtr make_", example("declaration"))
    registry.write_text(insert_before(text, '    OrderEntry{"given"', example("line")))
    (tmp_path / "check.cpp").write_text(CHECK)
    policies = sorted((tmp_path / "cpp/scheduling/policies").glob("*.cpp"))
    sources = [*policies, registry, tmp_path / "check.cpp"]
    flags = ["-std=c++20", "-O0", "-Wall", "-Wextra", f"-I{tmp_path}/cpp", "-o", "check"]
    subprocess.run([compiler, *flags, *sources], cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "check"], check=True, capture_output=True, text=True).stdout
    assert said == "2 1 0 largest expansion factor first"
