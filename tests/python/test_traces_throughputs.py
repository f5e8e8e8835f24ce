"""Throughput tables: Gavel's JSON, ElasticFlow, Zeus, splitwise-sim."""

from __future__ import annotations

import copy
import json
import random

import numpy as np
import pandas as pd
import pytest

from fairlead.errors import FairleadError, InvalidInputError
from fairlead.traces import read_throughputs

ONE, TWO = "('ResNet-18 (batch size 64)', 1)", "('A3C', 1)"
GAVEL = {
    "k80": {ONE: {"null": 7.0, ONE: [3.0, 3.5], TWO: [2.0, 0.0]}, TWO: {"null": 0}},
    "v100_unconsolidated": {"('LM (batch size 20)', 4)": {"null": 64.5}},
}
ELASTIC = "global_batch_size,1,2,64\n64,6.5,8.5,\n128,3.5,nan,0"
ZEUS = (
    "dataset,network,batch_size,optimizer,power_limit,time_per_epoch,average_power\n"
    "cifar100,shufflenetv2,1024,adam,125,20,108.5\ncifar100,shufflenetv2,8,adam,125,,\n"
)
SPLITWISE = (
    "model,hardware,prompt_size,batch_size,token_size,peak_power,average_power,prompt_time,"
    "token_time,e2e_time,tensor_parallel\nllama2-70b,a100-80gb,512,4,128,1,0.7,200,50,8000,2\n"
)
LUCID = (
    ",model1,dataset1,gpu_num1,batchsize1,amp1,speed1,model2,dataset2,gpu_num2,batchsize2,amp2,"
    "speed2,gpu_util,gmem_util,gmem\n0,BERT,SQuAD,1,32,0,0.9,LSTM,Wiki,1,64,1,0.75,80.0,40.0,4096\n"
)


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(content, name="table.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_gavel_gives_steps_by_type_placement_and_gpus(file):
    """Keys are parsed; 0 means that it does not fit."""
    table = read_throughputs(file(GAVEL))
    columns = ["model", "gpu_type", "gpus", "throughput", "unit", "placement"]
    assert table[columns].to_numpy().tolist() == [
        ["ResNet-18", "k80", 1, 7.0, "steps", "consolidated"],
        ["A3C", "k80", 1, 0.0, "steps", "consolidated"],
        ["LM", "v100", 4, 64.5, "steps", "unconsolidated"],
    ]
    assert table["batch_size"].fillna(-1).tolist() == [64, -1, 20]


def test_gavel_gives_shared_gpus_on_request(file):
    """The own speed of each pair, beside those alone."""
    table = read_throughputs(file(GAVEL), co_located=True)
    shared = table[table["co_located_with"].notna()]
    assert shared["co_located_with"].tolist() == ["ResNet-18 (batch size 64)", "A3C"]
    assert shared["throughput"].tolist() == [3.0, 2.0]
    assert len(table) == 5


def test_elasticflow_gives_samples_of_what_was_measured(file):
    """Model and type from the name, or given; a missing cell has no row."""
    table = read_throughputs(file(ELASTIC, "elasticflow_A100_resnet50_cifar10.csv"))
    assert table[["gpus", "throughput"]].to_numpy().tolist() == [
        [1, 416], [2, 544], [1, 448], [64, 0]
    ]  # fmt: skip
    assert set(table["model"] + " " + table["gpu_type"]) == {"resnet50_cifar10 a100"}
    path = file(ELASTIC, "speeds.csv")
    given = read_throughputs(path, model="vgg", gpu_type="h100")
    assert set(given["model"] + " " + given["gpu_type"]) == {"vgg h100"}
    with pytest.raises(InvalidInputError, match="give model= and gpu_type="):
        read_throughputs(path)


def test_zeus_gives_epochs_with_power(file):
    """Type from the name; a setting that failed has no row."""
    table = read_throughputs(file(ZEUS, "zeus_summary_power_v100.csv"))
    assert table[["gpu_type", "throughput", "unit", "power_limit_w"]].to_numpy().tolist() == [
        ["v100", 0.05, "epochs", 125.0]
    ]
    with pytest.raises(InvalidInputError, match="says no GPU type"):
        read_throughputs(file(ZEUS, "zeus.csv"))


def test_splitwise_gives_requests_with_latencies_in_seconds(file):
    """Batch over end-to-end time; GPUs are the tensor parallelism."""
    row = read_throughputs(file(SPLITWISE, "perf_model.csv")).iloc[0]
    assert (row["throughput"], row["gpus"], row["gpu_type"]) == (0.5, 2, "a100-80gb")
    assert (row["prompt_time_s"], row["token_time_s"]) == (0.2, 0.05)


def test_lucid_gives_both_sides_of_every_pair(file):
    """Parts of the speed alone; the type only where it is given; busy share and memory of both."""
    table = read_throughputs(file(LUCID, "colocate_info.csv"), gpu_type="rtx")
    columns = ["model", "batch_size", "throughput", "mixed_precision", "co_located_with"]
    assert table[columns].to_numpy().tolist() == [
        ["BERT", 32, 0.9, False, "LSTM (batch size 64)"],
        ["LSTM", 64, 0.75, True, "BERT (batch size 32)"],
    ]
    assert table[["unit", "gpu_type", "pair"]].drop_duplicates().to_numpy().tolist() == [
        ["alone", "rtx", 0]
    ]
    assert set(table["gpu_busy_frac"]) == {0.8}
    assert set(table["gpu_memory_gib"]) == {4.0}
    assert read_throughputs(file(LUCID, "pairs.csv"))["gpu_type"].isna().all()
    assert read_throughputs(file(LUCID, "pairs.csv"), model="LSTM")["throughput"].tolist() == [0.75]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ({}, "a.json", "must be a throughput table of Gavel"),
        ({"k80": []}, "a.json", "at k80: must be an object"),
        ({"k80": {"LM": {"null": 1}}}, "a.json", r"under a key such as \('model"),
        ({"k80": {TWO: {"null": "x"}}}, "a.json", "null: must be a number; got 'x'; mend it$"),
        ({"k80": {TWO: {"null": -1}}}, "a.json", "must be 0 or more steps per s"),
        ("a,b\n1,2\n", "a.csv", "no throughput table that is known"),
        (
            ELASTIC + "\nx,1,2,3\n",
            "A100_m.csv",
            "line 4, column global_batch_size: must be a whole",
        ),
        (ELASTIC.replace("64\n", "many\n"), "A100_m.csv", "column many: must be a number of GPUs"),
        (ZEUS.replace(",20,", ",0,"), "power_v100.csv", "column time_per_epoch: must be above 0 s"),
        (LUCID.replace("BERT", ""), "a.csv", "line 2, column model1: must be a name"),
        (LUCID.replace("0.75", "fast"), "a.csv", "line 2, column speed2: must be a number"),
        (LUCID.replace("dataset2", "data"), "a.csv", "column dataset2: no such column"),
    ],
)
def test_what_is_wrong_is_named(file, content, name, message):
    """File, line and column or JSON path."""
    with pytest.raises(InvalidInputError, match=message):
        read_throughputs(file(content, name))


def attempt(path):
    """The table, or what our error says; any other error is a bug."""
    try:
        return read_throughputs(path, co_located=True), ""
    except FairleadError as error:
        return None, str(error)


@pytest.mark.parametrize("seed", range(3))
def test_fuzzed_tables_raise_an_error_of_ours_or_are_whole(file, seed):
    """Never a crash, never a speed that is no number."""
    print("seed", seed)
    rng = random.Random(seed)
    texts = {
        "t.json": json.dumps(GAVEL), "A100_b.csv": ELASTIC, "power_a1.csv": ZEUS,
        "s.csv": SPLITWISE, "l.csv": LUCID,
    }  # fmt: skip
    for _ in range(60):
        name, text = rng.choice(list(texts.items()))
        at = rng.randrange(len(text))
        junk = rng.choice(["", "-", "1e999", "nan", ",", "\n", '"', "[", "x" * 5, "9" * 30])
        path = file(text[:at] + junk + text[at + rng.randrange(3) :], name)
        table, complaint = attempt(path)
        if table is None:
            assert name in complaint
        else:
            assert (np.isfinite(table["throughput"]) & (table["throughput"] >= 0)).all()


def test_a_frame_stays_as_it_was(file):
    """Reading twice gives the same."""
    path = file(copy.deepcopy(GAVEL))
    pd.testing.assert_frame_equal(read_throughputs(path), read_throughputs(path))


def test_gavel_tables_hold_what_their_page_states(shared_dir):
    """Configurations, entries a type, and the extract of the page."""
    folder = shared_dir / "traces" / "throughput-tables"
    table = read_throughputs(folder / "gavel_physical_cluster_throughputs.json.gz", co_located=True)
    here = table[table["placement"] == "consolidated"]
    for kind in ("k80", "p100", "v100"):
        rows = here[here["gpu_type"] == kind]
        alone = rows[rows["co_located_with"].isna()]
        assert (len(alone), len(rows)) == (83, 1842)
        assert len(alone[["model", "batch_size"]].drop_duplicates()) == 26
        assert set(alone["gpus"]) == {1, 2, 4, 8}
    simulated = read_throughputs(folder / "gavel_simulation_throughputs.json.gz")
    assert len(simulated) == len(table[table["co_located_with"].isna()])
    keys = ["model", "batch_size", "gpu_type", "gpus", "placement"]
    speed = alone_speeds(simulated, keys)
    page = {
        ("ResNet-18", 64): (7.052, 22.305, 24.093),
        ("ResNet-50", 64): (0.619, 2.619, 4.395),
        ("Recommendation", 2048): (10.441, 16.597, 7.47),
        ("A3C", -1): (3.439, 5.681, 7.176),
    }
    for (model, batch), expected in page.items():
        found = [speed[model, batch, kind, 1, "consolidated"] for kind in ("k80", "p100", "v100")]
        assert found == pytest.approx(expected, abs=0.0006)
    changed = read_throughputs(folder / "shockwave_tacc_throughputs.json.gz", co_located=True)
    # The page counts some 115 cells, and both numbers of a pair; here a pair shows the own speed.
    assert 0 < (changed["throughput"].to_numpy() != table["throughput"].to_numpy()).sum() <= 115


def alone_speeds(table, keys):
    """Speed by key; -1 where no batch size is stated."""
    return table.fillna({"batch_size": -1}).set_index(keys)["throughput"].to_dict()


@pytest.mark.parametrize(
    ("name", "rows", "unit"),
    [
        ("throughput-tables/zeus_summary_power_v100.csv.gz", 476, "epochs"),
        ("throughput-tables/elasticflow_T4_yolov3.csv", 5, "samples"),
        ("throughput-tables/elasticflow_A100_vgg16.csv", 21, "samples"),
        ("azure-llm-2023/splitwise_perf_model.csv.gz", 1260, "requests"),
        ("helios-venus-throughput-2020/colocate_info.csv.gz", 2 * 1388, "alone"),
    ],
)
def test_other_tables_hold_what_their_pages_state(shared_dir, name, rows, unit):
    """Rows, unit."""
    table = read_throughputs(shared_dir / "traces" / name)
    assert (len(table), set(table["unit"])) == (rows, {unit})
