"""Single Kubernetes objects: what a pod asks and when it ran, and what a node offers."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.traces.json_values import Json
from fairlead.traces.kubernetes_quantity import Amounts, amounts, pod_request

__all__ = ["Node", "Pod", "read_node", "read_pod"]

_GPU_TYPE = "nvidia.com/gpu.product"
_GPU_MEMORY_MIB = "nvidia.com/gpu.memory"
_ZONE = "topology.kubernetes.io/zone"
_INSTANCE_TYPE = "node.kubernetes.io/instance-type"
# Labels or annotations that name the group a pod starts with, strongest first.
_GROUPS = (
    "scheduling.x-k8s.io/pod-group",
    "pod-group.scheduling.sigs.k8s.io",
    "scheduling.k8s.io/group-name",
    "volcano.sh/job-name",
    "kueue.x-k8s.io/pod-group-name",
    "jobset.sigs.k8s.io/jobset-name",
    "training.kubeflow.org/job-name",
    "ray.io/cluster",
)
_QUEUES = ("kueue.x-k8s.io/queue-name", "volcano.sh/queue-name", "scheduling.volcano.sh/queue-name")
# Owners whose pods serve independently of each other, and owners whose pods belong to a node.
_SERVICES = ("ReplicaSet", "StatefulSet", "ReplicationController")
_OF_A_NODE = ("DaemonSet", "Node")


@dataclass(frozen=True)
class Pod:
    """A pod; times in ns since 1970, None where it has not come so far.

    Attributes
    ----------
    name : str
        Namespace and name.
    gang : str or None
        Namespace and name of the group that starts together.
    owner : str or None
        Kind and name of the controller.
    system : bool
        Comes with its node: of a DaemonSet, or static.
    """

    name: str
    namespace: str
    gang: str | None
    owner: str | None
    system: bool
    request: Amounts
    gpu_type: str | None
    priority: float | None
    limit_s: float | None
    queue: str | None
    phase: str | None
    node: str | None
    created_ns: int
    started_ns: int | None
    ended_ns: int | None


@dataclass(frozen=True)
class Node:
    """A node: what pods may ask of it, and whether it takes any."""

    name: str
    allocatable: Amounts
    gpu_type: str | None
    gpu_memory_gib: float | None
    zone: str | None
    instance_type: str | None
    taints: str | None
    cordoned: bool
    down: bool
    created_ns: int | None

    @property
    def away(self) -> bool:
        """Whether it takes no pods."""
        return self.cordoned or self.down


def read_pod(item: Json) -> Pod:
    """A pod.

    Raises
    ------
    InvalidInputError
        Without name or creation time, or with a malformed member; names the path.
    """
    meta, spec, status = item.object("metadata"), item.object("spec"), item.object("status")
    namespace, name = meta.text("namespace") or "default", _name(meta)
    created = meta.time_ns("creationTimestamp")
    if created is None:
        raise meta["creationTimestamp"].error("an ISO time")
    kind, owner = _controller(meta)
    marks = {**_texts(meta.object("annotations")), **_texts(meta.object("labels"))}
    group = next((marks[key] for key in _GROUPS if marks.get(key)), None)
    if group is None and kind is not None and kind not in _SERVICES:
        group = owner
    ended = _ended_ns(status)
    return Pod(
        name=f"{namespace}/{name}",
        namespace=namespace,
        gang=None if group is None else f"{namespace}/{group}",
        owner=None if kind is None else f"{kind}/{owner}",
        system=kind in _OF_A_NODE,
        request=pod_request(spec),
        gpu_type=_wanted_type(spec),
        priority=_number(spec["priority"]),
        limit_s=_number(spec["activeDeadlineSeconds"], least=0),
        queue=next((marks[key] for key in _QUEUES if marks.get(key)), None),
        phase=status.text("phase"),
        node=spec.text("nodeName"),
        created_ns=created,
        started_ns=status.time_ns("startTime") or _scheduled_ns(status),
        ended_ns=ended,
    )


def read_node(item: Json) -> Node:
    """A node.

    Raises
    ------
    InvalidInputError
        Without name, or with a malformed member; names the path.
    """
    meta, spec, status = item.object("metadata"), item.object("spec"), item.object("status")
    labels = meta.object("labels")
    memory = labels.text(_GPU_MEMORY_MIB)
    if memory is not None and not memory.isdecimal():
        raise labels[_GPU_MEMORY_MIB].error("MiB")
    ready = [c.text("status") for c in status.each("conditions") if c.text("type") == "Ready"]
    return Node(
        name=_name(meta),
        allocatable=amounts(status.object("allocatable")),
        gpu_type=labels.text(_GPU_TYPE),
        gpu_memory_gib=None if memory is None else int(memory[:12]) / 1024,
        zone=labels.text(_ZONE),
        instance_type=labels.text(_INSTANCE_TYPE),
        taints=_taints(spec),
        cordoned=spec["unschedulable"].value is True,
        down=bool(ready) and ready[-1] != "True",
        created_ns=meta.time_ns("creationTimestamp"),
    )


def _name(meta: Json) -> str:
    name = meta.text("name")
    if name is None:
        raise meta["name"].error("a name")
    return name


def _texts(mapping: Json) -> dict[str, str]:
    return {key: member.value for key, member in mapping.members() if isinstance(member.value, str)}


def _number(member: Json, least: float | None = None) -> float | None:
    if member.value is None:
        return None
    number = member.number()
    if least is not None and number < least:
        raise member.error(f"{least:g} or more")
    return number


def _controller(meta: Json) -> tuple[str | None, str | None]:
    """Kind and name of the owner that controls the pod."""
    owners = meta.each("ownerReferences")
    in_charge = [owner for owner in owners if owner["controller"].value is True] or owners
    if not in_charge:
        return None, None
    return in_charge[0].text("kind") or "?", in_charge[0].text("name") or "?"


def _wanted_type(spec: Json) -> str | None:
    """GPU types that the node selector or a required affinity allows, bars between."""
    chosen = spec.object("nodeSelector").text(_GPU_TYPE)
    if chosen is not None:
        return chosen
    required = spec.object("affinity").object("nodeAffinity")
    required = required.object("requiredDuringSchedulingIgnoredDuringExecution")
    types = []
    for term in required.each("nodeSelectorTerms"):
        for rule in term.each("matchExpressions"):
            if rule.text("key") == _GPU_TYPE and rule.text("operator") == "In":
                types += [value.value for value in rule.each("values")]
    return "|".join(dict.fromkeys(map(str, types))) or None


def _scheduled_ns(status: Json) -> int | None:
    for condition in status.each("conditions"):
        if condition.text("type") == "PodScheduled" and condition.text("status") == "True":
            return condition.time_ns("lastTransitionTime")
    return None


def _ended_ns(status: Json) -> int | None:
    """When the last container ended; None while one has not."""
    ends = []
    for container in status.each("containerStatuses"):
        end = container.object("state").object("terminated").time_ns("finishedAt")
        if end is None:
            return None
        ends.append(end)
    return max(ends, default=None)


def _taints(spec: Json) -> str | None:
    """Taints as text: ``key=value:effect``, commas between."""
    texts = []
    for taint in spec.each("taints"):
        value = taint.text("value")
        key = f"{taint.text('key')}={value}" if value else f"{taint.text('key')}"
        texts.append(f"{key}:{taint.text('effect')}")
    return ",".join(texts) or None
