"""Slurm's nodes from its own commands, and the values that Slurm writes into cells."""

from __future__ import annotations

import pytest

from fairlead import traces
from fairlead.errors import InvalidInputError
from fairlead.traces.slurm_nodes import read_slurm_nodes
from fairlead.traces.slurm_values import (
    array_indices,
    duration_s,
    expand_hosts,
    gres,
    memory_gib,
    tres,
)
from python.damage import survives


def test_values_as_slurm_writes_them():
    """Durations, memory, TRES, generic resources, array ranges, host lists."""
    assert [duration_s(t) for t in ("10", "10:30", "1-02", "1-02:03", "00:00:00.5")] == [
        600,
        630,
        93600,
        93780,
        0.5,
    ]
    assert [memory_gib(t) for t in ("1024", "1T", "512.5M")] == [1, 1024, 512.5 / 1024]
    assert (tres("cpu=2,gres/gpu:a100=1,gres/gpu:v100=1").gpus, tres("cpu=2").gpus) == (2, 0)
    assert gres("gpu:tesla:2,gpu:k80:1(S:0)") == (3, "k80|tesla")
    assert array_indices("1,4-8:2") == [1, 4, 6, 8]
    assert expand_hosts("a[1-2]b[3,5],c") == ["a1b3", "a1b5", "a2b3", "a2b5", "c"]
    for parse, text in ((duration_s, "1:2:3:4"), (memory_gib, "-1G"), (array_indices, "9-3")):
        with pytest.raises(ValueError, match="such as"):
            parse(text)
    for text in ("a[1-", "a[3-1]", "a[x]"):
        with pytest.raises(ValueError, match="list of hosts"):
            expand_hosts(text)


SCONTROL = """NodeName=gpu1 Arch=x86_64 CoresPerSocket=32
   CPUAlloc=0 CPUEfctv=64 CPUTot=64 CPULoad=0.01
   Gres=gpu:a100:4(S:0-1)
   OS=Linux 5.14 #1 SMP
   RealMemory=524288 AllocMem=0 FreeMem=500000 Sockets=2 Boards=1
   State=IDLE+DRAIN ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A
   Partitions=train,long
   CfgTRES=cpu=64,mem=512G,billing=64,gres/gpu=4
   Reason=disk [root@2026-01-05T09:00:00]

NodeName=cpu1 CPUTot=128 RealMemory=262144 Gres=(null) State=DOWN Partitions=cpu
NodeName=later CPUTot=128 RealMemory=262144 Gres=(null) State=FUTURE
"""
SINFO = """Mon Jan 05 09:00:00 2026
NODELIST PARTITION CPUS MEMORY GRES STATE
gpu1 train* 64 524288 gpu:a100:4(S:0-1) drained
gpu1 long 64 524288 gpu:a100:4(S:0-1) drained
cpu[1-2] cpu 128 262144+ (null) idle
"""


def test_nodes_come_from_scontrol(tmp_path):
    """Down and drained nodes are nodes; FUTURE ones are not; a job log takes the file as nodes."""
    path = tmp_path / "nodes.txt"
    path.write_text(SCONTROL)
    trace = traces.load(path)
    assert (trace.meta.format, trace.meta.dropped) == ("slurm_nodes", {"FUTURE": 1})
    assert trace.nodes["node_id"].tolist() == ["gpu1", "cpu1"]
    assert trace.cluster().capacity == {"cpus": 192, "memory_gib": 768, "gpus": 4}
    assert trace.nodes["gpu_type"][0] == "a100"
    assert trace.nodes["labels"][0] == "partitions=train,long state=IDLE+DRAIN"
    jobs = tmp_path / "jobs.txt"
    jobs.write_text(
        "JobID|Submit|Start|End\n7|2026-01-05T09:00:00|2026-01-05T09:01:00|2026-01-05T10:01:00\n"
    )
    assert traces.load(jobs, nodes=path).nodes.equals(trace.nodes)


def test_nodes_come_from_sinfo(tmp_path):
    """Host lists are written out, partitions of a node gathered, star and plus taken off."""
    path = tmp_path / "nodes.txt"
    path.write_text(SINFO)
    trace = traces.load(path, format="slurm_nodes")
    assert trace.nodes["node_id"].tolist() == ["gpu1", "cpu1", "cpu2"]
    assert trace.nodes["labels"][0] == "partitions=train,long state=drained"
    assert trace.cluster().capacity == {"cpus": 320, "memory_gib": 1024, "gpus": 4}
    bars = tmp_path / "bars.txt"
    bars.write_text("\n".join("|".join(line.split()) for line in SINFO.splitlines()[1:]))
    assert traces.load(bars).nodes.equals(trace.nodes)


def test_nodes_without_gres_say_nothing_of_gpus(tmp_path):
    """Missing means missing, not 0; the words of a reason are no fields."""
    path = tmp_path / "nodes.txt"
    path.write_text("NODELIST CPUS MEMORY REASON\na 4 1024 not responding\n")
    assert read_slurm_nodes(path).nodes.columns.tolist() == [
        "node_id",
        "cpus",
        "memory_gib",
        "labels",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("NODELIST CPUS MEMORY\na 4 1024 9\n", "line 2, column 4: must be a line of 3 fields"),
        ("NODELIST CPUS\na[1- 4\n", "line 2, column NODELIST"),
        ("NODELIST CPUS MEMORY\na 4\n", "line 2, column 3: must be a line of 3 fields"),
        ("NODELIST CPUS MEMORY\na -4 1024\n", "line 2, column cpus"),
        ("NodeName=a CPUTot=4\n", "line 1, column memory"),
        ("NodeName=a CPUTot=4 RealMemory=9 Gres=gpu:a:x\n", "line 1, column gpus"),
        ("nothing here\n", "no node: expected"),
    ],
)
def test_a_bad_node_names_its_place(tmp_path, text, message):
    """Line of the block or row, and what was expected."""
    path = tmp_path / "nodes.txt"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        read_slurm_nodes(path)


def test_damaged_files_are_refused_or_counted(tmp_path):
    """Never a crash, never half of a file in silence."""
    path = tmp_path / "nodes.txt"
    for text in (SCONTROL, SINFO):
        path.write_text(text)
        assert survives(read_slurm_nodes, path, seed=5) > 5
