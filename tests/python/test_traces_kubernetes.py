"""Kubernetes: pods and nodes from ``kubectl get pods,nodes -o json``."""

from __future__ import annotations

import gzip
import json
import random

import numpy as np
import pandas as pd
import pytest

from fairlead import schedule, traces
from fairlead.errors import FairleadError, InvalidInputError
from python.damage_json import mutated

CREATED = "2026-01-05T09:00:00Z"


def pod(name="a", *, requests=None, created=CREATED, start=None, end=None, **more):
    """A pod with one container; ``labels``, ``owner``, ``spec``, ``phase`` on request."""
    state = {"terminated": {"finishedAt": end}} if end else {"running": {}}
    meta = {"name": name, "namespace": "team", "creationTimestamp": created}
    meta["labels"] = more.pop("labels", {})
    if "owner" in more:
        kind, owner = more.pop("owner").split("/")
        meta["ownerReferences"] = [{"kind": kind, "name": owner, "controller": True}]
    container = {"name": "main", "resources": {"requests": requests or {"cpu": "1"}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {"containers": [container], **more.pop("spec", {})},
        "status": {
            "phase": more.pop("phase", "Succeeded" if end else "Running"),
            "startTime": start,
            "containerStatuses": [{"name": "main", "state": state}],
        },
    }


def node(name="n1", allocatable=None, *, spec=None, ready="True", labels=None):
    """A node."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "creationTimestamp": CREATED, "labels": labels or {}},
        "spec": spec or {},
        "status": {
            "allocatable": allocatable or {"cpu": "4", "memory": "16Gi", "pods": "110"},
            "capacity": {"cpu": "5"},
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


@pytest.fixture
def listing(tmp_path):
    """A function that writes a list of objects and gives its path."""

    def write(*items, kind="List"):
        path = tmp_path / "cluster.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": kind, "items": list(items)}))
        return path

    return write


def at(minute, second=0):
    """A time after the pods' creation."""
    return f"2026-01-05T09:{minute:02d}:{second:02d}Z"


@pytest.mark.parametrize(
    ("quantity", "cores"),
    [
        ("500m", 0.5), ("2", 2), (2, 2), (0.25, 0.25), ("1e3", 1000), ("1E-1", 0.1), ("1k", 1000),
        ("250000u", 0.25), ("1500000000n", 1.5), (".5", 0.5), ("3.", 3), ("+1", 1), ("0", 0),
    ],
)  # fmt: skip
def test_quantities_of_cores(listing, quantity, cores):
    """Milli, micro, nano, exponents and plain numbers."""
    trace = traces.load(listing(pod(requests={"cpu": quantity})))
    assert trace.jobs["cpus"].tolist() == [cores]


@pytest.mark.parametrize(
    ("quantity", "octets"),
    [
        ("128974848", 128974848), ("129M", 129 * 10**6), ("123Mi", 123 * 2**20), ("2Gi", 2**31),
        ("1E", 10**18), ("129e6", 129 * 10**6), ("128974848000m", 128974848), ("1Ti", 2**40),
    ],
)  # fmt: skip
def test_quantities_of_memory(listing, quantity, octets):
    """Decimal and binary suffixes, in GiB."""
    trace = traces.load(listing(pod(requests={"memory": quantity})))
    assert trace.jobs["memory_gib"].tolist() == [octets / 2**30]


@pytest.mark.parametrize("quantity", ["", "2 Gi", "1.5.2", "-1", "Gi", "1e9999", True, [], "∞"])
def test_what_is_no_quantity_names_its_path(listing, quantity):
    """File, JSON path, expected, got."""
    path = listing(pod(), pod("b", requests={"memory": quantity}))
    place = r"cluster.json, at items\[1\]\.spec\.containers\[0\]\.resources\.requests\.memory: must"
    with pytest.raises(InvalidInputError, match=place):
        traces.load(path)
    trace = traces.load(path, on_error="drop")
    assert (len(trace), trace.meta.dropped) == (1, {"malformed": 1})


def test_a_pod_asks_containers_side_cars_init_containers_and_overhead(listing):
    """The sum, or the largest init container with the side-cars before it; a limit is a request."""
    spec = {
        "initContainers": [
            {"resources": {"requests": {"cpu": "2"}}},
            {"restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}},
            {"resources": {"requests": {"cpu": "5", "memory": "1Gi"}}},
        ],
        "containers": [
            {"resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "9", "nvidia.com/gpu": 1}}},
            {"resources": {"requests": {"cpu": "1", "memory": "3Gi"}}},
        ],
        "overhead": {"cpu": "250m"},
    }
    jobs = traces.load(listing(pod(spec=spec))).jobs
    assert jobs[["cpus", "memory_gib", "gpus"]].to_numpy().tolist() == [[5.75, 3, 1]]


def test_times_become_submission_run_time_and_recorded_wait(listing):
    """UTC; the last container counts; offsets are honoured; a deadline is the limit."""
    one = pod(start=at(1), end="2026-01-05T11:02:30+02:00", spec={"activeDeadlineSeconds": 600})
    trace = traces.load(listing(one), keep=["recorded_wait_s", "phase", "owner", "nodes"])
    row = trace.jobs.iloc[0]
    assert row["submit_time"] == pd.Timestamp(CREATED)
    assert (row["duration_s"], row["limit_s"], row["recorded_wait_s"]) == (90, 600, 60)
    assert (row["phase"], row["job_id"], row["tenant"]) == ("Succeeded", "team/a", "team")


def test_unfinished_pods_are_kept_without_run_time_or_dropped(listing):
    """A pod that waits, and one that runs."""
    path = listing(pod("a"), pod("b", start=at(1)), pod("c", start=at(1), end=at(2)))
    assert traces.load(path).jobs["duration_s"].isna().tolist() == [True, True, False]
    trace = traces.load(path, unfinished="drop")
    assert (len(trace), trace.meta.dropped) == (1, {"not finished": 2})


def test_one_owner_is_a_gang_and_a_service_is_not(listing):
    """Pods of a Job start together; those of a ReplicaSet each on their own."""
    path = listing(
        pod("j-0", owner="Job/j", start=at(1), end=at(9)),
        pod("j-1", owner="Job/j", requests={"cpu": "2"}, start=at(2), end=at(8)),
        pod("r-0", owner="ReplicaSet/r"),
        pod("r-1", owner="ReplicaSet/r"),
        pod("d-0", owner="DaemonSet/d"),
        pod("kube-proxy", owner="Node/n1"),
    )
    trace = traces.load(path)
    jobs = trace.jobs.set_index("job_id")
    assert jobs["tasks"].to_dict() == {"team/j": 2, "team/r-0": 1, "team/r-1": 1}
    assert (jobs.loc["team/j", "cpus"], jobs.loc["team/j", "duration_s"]) == (2, 420)
    assert trace.meta.dropped == {"pod of a DaemonSet or static pod": 2}
    assert trace.meta.repaired == {"gang with unlike pods: the largest request counts": 1}


def test_retries_and_later_completions_are_jobs_of_their_own(listing):
    """A pod created after another of its owner ended does not start with it."""
    trace = traces.load(
        listing(
            pod("j-0", owner="Job/j", start=at(1), end=at(5)),
            pod("j-1", owner="Job/j", start=at(1), end=at(7)),
            pod("j-2", owner="Job/j", created=at(5), start=at(6), end=at(9)),
        )
    )
    assert trace.jobs["job_id"].tolist() == ["team/j", "team/j#2"]
    assert trace.jobs["tasks"].tolist() == [2, 1]
    assert sum(trace.meta.repaired.values()) == 1


@pytest.mark.parametrize(
    "label",
    [
        "scheduling.x-k8s.io/pod-group", "volcano.sh/job-name", "kueue.x-k8s.io/pod-group-name",
        "jobset.sigs.k8s.io/jobset-name", "training.kubeflow.org/job-name", "ray.io/cluster",
    ],
)  # fmt: skip
def test_group_labels_make_gangs_and_queues(listing, label):
    """Of the common group APIs, whoever owns the pods."""
    labels = {label: "train", "kueue.x-k8s.io/queue-name": "research"}
    pods = [pod(f"p{i}", labels=labels, owner=f"StatefulSet/s{i}") for i in range(3)]
    jobs = traces.load(listing(*pods)).jobs
    assert jobs[["job_id", "tasks", "queue"]].to_numpy().tolist() == [["team/train", 3, "research"]]


def test_gpu_types_come_from_selectors_and_affinities(listing):
    """One product, or several allowed."""
    key = "nvidia.com/gpu.product"
    rule = {"key": key, "operator": "In", "values": ["A100", "H100"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    path = listing(
        pod("a", spec={"nodeSelector": {key: "T4"}, "priority": 7}),
        pod("b", spec={"affinity": affinity}),
    )
    jobs = traces.load(path).jobs
    assert jobs["gpu_type"].tolist() == ["T4", "A100|H100"]
    assert jobs["priority"].tolist()[0] == 7


def test_nodes_have_what_is_allocatable(listing):
    """Not the capacity; MIG slices are resources of their own; labels tell type, memory, zone."""
    slices = {"cpu": "96", "memory": "1Ti", "nvidia.com/mig-1g.10gb": "7", "nvidia.com/gpu": "0"}
    labels = {
        "nvidia.com/gpu.product": "A100-MIG-1g.10gb",
        "nvidia.com/gpu.memory": "10240",
        "topology.kubernetes.io/zone": "z1",
        "node.kubernetes.io/instance-type": "big",
    }
    taint = {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]}
    trace = traces.load(
        listing(
            node(),
            node("n2", slices, labels=labels, spec=taint),
            pod(requests={"cpu": "1", "nvidia.com/mig-1g.10gb": "2"}, start=at(1), end=at(2)),
        )
    )
    assert trace.cluster().capacity == {
        "cpus": 100.0, "memory_gib": 1040.0, "nvidia.com/mig-1g.10gb": 7.0
    }  # fmt: skip
    row = trace.nodes.iloc[1]
    assert (row["gpu_type"], row["gpu_memory_gib"], row["zone"]) == ("A100-MIG-1g.10gb", 10, "z1")
    assert (row["instance_type"], row["labels"]) == ("big", "gpu=yes:NoSchedule")
    placed = schedule(trace.jobs, trace.cluster(), policy="fcfs").placements
    assert placed["node"].tolist() == ["n2"]


def test_cordoned_and_unready_nodes_take_no_jobs(listing):
    """They are events at the first submission, which the engine honours."""
    trace = traces.load(
        listing(
            node("n1", spec={"unschedulable": True}), node("n2", ready="Unknown"), node("n3"),
            pod(start=at(1), end=at(2)),
        )
    )  # fmt: skip
    assert trace.events[["kind", "node"]].to_numpy().tolist() == [
        ["node_drain", "n1"], ["node_fail", "n2"]
    ]  # fmt: skip
    result = schedule(trace.jobs, trace.cluster(), policy="fcfs", events=trace.events)
    assert result.placements["node"].tolist() == ["n3"]


def test_other_kinds_are_counted_and_lists_of_one_kind_are_read(listing):
    """A PodList names the kind of its items."""
    bare = {key: value for key, value in pod().items() if key != "kind"}
    assert len(traces.load(listing(bare, kind="PodList"))) == 1
    trace = traces.load(listing(pod(), {"kind": "Service", "metadata": {"name": "s"}}))
    assert trace.meta.dropped == {"Service: neither Pod nor Node": 1}
    assert trace.meta.read == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p["metadata"].pop("name"), r"at items\[0\]\.metadata\.name: must be a name"),
        (lambda p: p["metadata"].update(creationTimestamp="soon"), "creationTimestamp: must be an"),
        (lambda p: p["metadata"].pop("creationTimestamp"), "creationTimestamp: must be an ISO"),
        (lambda p: p.update(spec=[]), r"items\[0\]\.spec: must be an object; got a list"),
        (lambda p: p["status"].update(startTime="1801-01-01T00:00:00Z"), "years 1900 to 2199"),
        (lambda p: p["spec"].update(priority="high"), "priority: must be a number"),
        (lambda p: p["spec"].update(activeDeadlineSeconds=-1), "must be 0 or more"),
        (lambda p: p["spec"]["containers"][0]["resources"]["requests"].update(user="1"), "domain"),
    ],
)
def test_a_malformed_pod_names_its_path(listing, change, message):
    """And can be dropped."""
    bad = pod()
    change(bad)
    path = listing(bad, pod("good"))
    with pytest.raises(InvalidInputError, match=message):
        traces.load(path)
    assert traces.load(path, on_error="drop").jobs["job_id"].tolist() == ["team/good"]


def test_a_pod_that_stands_twice_is_refused_or_dropped(listing):
    """Two listings put together."""
    path = listing(pod(), pod())
    with pytest.raises(InvalidInputError, match=r"items\[1\]\.metadata\.name: must be distinct"):
        traces.load(path)
    assert len(traces.load(path, on_error="drop")) == 1


def test_a_file_cut_off_names_line_and_column(listing, tmp_path):
    """JSON that breaks off is never half read."""
    text = listing(pod(), node()).read_text()
    path = tmp_path / "cut.json"
    path.write_text(text[:-10])
    with pytest.raises(InvalidInputError, match=r"cut.json, line 1, column \d+: this is not JSON"):
        traces.load(path, on_error="drop")
    path.write_bytes(gzip.compress(text.encode()))
    assert len(traces.load(path)) == 1


def test_options_are_checked(listing):
    """And the format is told by its content."""
    with pytest.raises(InvalidInputError, match="keep must be one of"):
        traces.load(listing(pod()), keep="colour")
    with pytest.raises(InvalidInputError, match="unfinished must be one of"):
        traces.load(listing(pod()), unfinished="guess")
    assert traces.load(listing(pod())).meta.format == "kubernetes"


def attempt(path):
    """The trace, or what our error says; any other error is a bug."""
    try:
        return traces.load(path, on_error="drop", format="kubernetes"), ""
    except FairleadError as error:
        return None, str(error)


@pytest.mark.parametrize("seed", range(3))
def test_fuzzed_listings_raise_an_error_of_ours_or_count_what_is_dropped(listing, seed):
    """Never a crash, never a silent half-read."""
    print("seed", seed)
    rng = random.Random(seed)
    whole = [
        pod(owner="Job/j", start=at(1), end=at(2), spec={"nodeSelector": {}, "overhead": {}}),
        pod("b", labels={"volcano.sh/job-name": "g"}, spec={"priority": 1}),
        node(labels={"nvidia.com/gpu.memory": "1"}, spec={"taints": [{"key": "a"}]}),
    ]
    for _ in range(150):
        items = mutated(whole, rng)
        path = listing(*(items if isinstance(items, list) else [items]))
        trace, complaint = attempt(path)
        if trace is None:
            assert "cluster.json" in complaint
            continue
        kept = int(trace.jobs["tasks"].sum()) + len(trace.nodes)
        assert kept + sum(trace.meta.dropped.values()) == trace.meta.read
        assert np.isfinite(trace.jobs[["cpus", "tasks"]].to_numpy()).all()
