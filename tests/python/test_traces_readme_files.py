"""The files and published results that the README of each folder of public traces lists."""

from __future__ import annotations

import gzip
import hashlib
import re

import pandas as pd
import pytest

from fairlead import traces
from python.readme_tables import folder, table, text

FOLDERS = (
    "alibaba-genai-2026", "alibaba-node-inventories", "alibaba-openb-2023", "azure-llm-2023",
    "ett-hourly", "gavel-traces", "helios-earth-vc-2020", "helios-venus-throughput-2020",
    "itp-2021", "m4-hourly", "mit-supercloud-2021", "ms-cloud-monitoring", "nab-cloud-metrics",
    "pollux-2021", "servegen-rates-2025", "shockwave-2022", "sia-2023", "swf-pwa",
    "throughput-tables", "tiresias-2019",
)  # fmt: skip


def test_every_folder_of_public_traces_is_looked_at(shared_dir):
    """A new folder needs its own checks."""
    if not (shared_dir / "traces").is_dir():
        pytest.skip("no traces in the reference data")
    here = {path.name for path in (shared_dir / "traces").iterdir() if path.is_dir()}
    assert here <= set(FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_files_are_those_the_readme_lists(shared_dir, name):
    """Hash, bytes and lines, so that all other checks look at the data they mean."""
    path = folder(shared_dir, name)
    sums = dict(line.split()[::-1] for line in (path / "SHA256SUMS").read_text().splitlines())
    content = {file: (path / file).read_bytes() for file in sums}
    for file, data in content.items():
        assert hashlib.sha256(data).hexdigest() == sums[file], file
    total = re.search(r"(\d+) files, (\d+) bytes on disk", text(path))
    if total is not None:
        assert (len(content), sum(map(len, content.values()))) == (int(total[1]), int(total[2]))
        return
    for quoted, stated in table(path, "file", "bytes on disk").iterrows():
        file = quoted.strip("`")
        data = content[file]
        assert sums[file] == stated["SHA256 (of the file as stored)"].strip("`"), file
        plain = gzip.decompress(data) if file.endswith(".gz") else data
        ends = plain.count(b"\n")
        # A last line without its end counts where the README counted it.
        assert int(stated["lines unpacked"]) in (ends, ends + 1), file
        assert len(data) == int(stated["bytes on disk"]), file


def test_m4_accuracies_are_those_of_the_readme(shared_dir):
    """sMAPE, MASE and OWA of every method of the extract."""
    path = folder(shared_dir, "m4-hourly")
    file = pd.read_csv(path / "published_m4_hourly.csv").set_index("method")
    for name, stated in table(path, "method", "sMAPE").iterrows():
        # "237 = Pawlikowski et al." is submission 237; "Comb (...)" is Com in the file.
        short = "Com" if name.startswith("Comb") else name.partition(" = ")[0]
        row = file.loc[short]
        assert [float(cell) for cell in stated] == row[stated.index].tolist(), name


def test_shockwave_results_are_those_of_the_readme(shared_dir):
    """Every scalar of every run."""
    path = folder(shared_dir, "shockwave-2022")
    file = pd.read_csv(path / "published_results.csv")
    told = table(path, "set", "run").reset_index()
    for column in file:
        assert told[column].astype(file[column].dtype).tolist() == file[column].tolist(), column


@pytest.mark.parametrize("seed", [42, 43, 44])
def test_openb_orders_hold_what_their_readme_states(shared_dir, seed):
    """The list itself first, then pods drawn again up to 130 % of the GPUs; all GPU nodes."""
    path = folder(shared_dir, "alibaba-openb-2023")
    order = pd.read_csv(path / "orders" / f"order_default_seed{seed}.csv.gz")
    rows = {kind: names["name"] for kind, names in order.groupby("kind", sort=False)}
    pods = traces.load(path / "openb_pod_list_default.csv.gz", unfinished="keep").jobs
    machine = traces.load(path / "openb_node_list_gpu_node.csv.gz").nodes
    assert set(rows["pod"].iloc[: len(pods)]) == set(pods["job_id"])
    asked = pods.set_index("job_id").loc[rows["pod"], "gpus"].sum()
    # The pod that would have gone beyond is left out; the largest asks 8 GPUs.
    assert 1.3 * 6212 - 8 <= asked <= 1.3 * 6212
    assert set(rows["node"]) == set(machine["node_id"])
    assert rows["node"].is_unique


def test_the_itp_testbed_list_is_part_of_cluster_02(shared_dir):
    """All 195 jobs, as they stand there."""
    path = folder(shared_dir, "itp-2021")
    part, whole = (
        traces.load(path / f"elasticflow_{name}.csv.gz").jobs.set_index("job_id")
        for name in ("195job", "cluster02")
    )
    assert len(part) == 195
    pd.testing.assert_frame_equal(part, whole.loc[part.index])
