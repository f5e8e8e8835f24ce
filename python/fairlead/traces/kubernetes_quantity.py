"""Kubernetes resource quantities, and what a pod asks: ``500m``, ``2Gi``, ``nvidia.com/gpu``."""

from __future__ import annotations

import re
from fractions import Fraction

from fairlead.traces.json_values import Json

__all__ = ["OURS", "Amounts", "add", "amounts", "pod_request"]

Amounts = dict[str, Fraction]

#: Resource names of Kubernetes by our column; others keep their names (MIG profiles among them).
OURS = {
    "cpu": "cpus",
    "memory": "memory_gib",
    "ephemeral-storage": "storage_gib",
    "nvidia.com/gpu": "gpus",
    "amd.com/gpu": "gpus",
    "gpu.intel.com/i915": "gpus",
    "gpu.intel.com/xe": "gpus",
    "google.com/tpu": "tpus",
}
_PLAIN = ("pods",)
# Other names carry a domain, or are of these two families; none can pass for a column of ours.
_EXTENDED = re.compile(r"[\w.-]+/[\w.-]+$|hugepages-|attachable-volumes-")
_BYTES = ("memory_gib", "storage_gib")
_QUANTITY = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)")
_SUFFIX = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{letter: Fraction(10 ** (3 * i)) for i, letter in enumerate("kMGTPE", 1)},
    **{f"{letter}i": Fraction(2 ** (10 * i)) for i, letter in enumerate("KMGTPE", 1)},
}
_LONGEST = 60
_MOST = 2**63


def amounts(resources: Json) -> Amounts:
    """A resource list (name to quantity) in our columns and units, exactly.

    Raises
    ------
    InvalidInputError
        Not a quantity, or negative; names the path.

    Examples
    --------
    >>> got = amounts(Json("f", "requests", {"cpu": "500m", "memory": "2Gi", "nvidia.com/gpu": 1}))
    >>> {name: float(amount) for name, amount in got.items()}
    {'cpus': 0.5, 'memory_gib': 2.0, 'gpus': 1.0}
    """
    made: Amounts = {}
    for name, quantity in resources.members():
        if name not in OURS and name not in _PLAIN and not _EXTENDED.match(name):
            raise quantity.error("an amount of a known resource, or of one named domain/name")
        column = OURS.get(name, name)
        amount = _amount(quantity)
        add(made, {column: amount / 2**30 if column in _BYTES else amount})
    return made


def _amount(quantity: Json) -> Fraction:
    given = quantity.value
    text = str(given) if isinstance(given, int | float | str) else ""
    match = _QUANTITY.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None or isinstance(given, bool):
        raise quantity.error("a quantity such as 500m, 2 or 2Gi")
    sign, digits, exponent, suffix = match.groups()
    amount = Fraction(digits) * Fraction(10) ** int(exponent or 0) * _SUFFIX.get(suffix, 1)
    if (sign == "-" and amount) or amount >= _MOST:
        raise quantity.error(f"from 0 to {_MOST:.1e}")
    return amount


def add(total: Amounts, more: Amounts) -> None:
    """Add amounts to a total."""
    for name, amount in more.items():
        total[name] = total.get(name, Fraction(0)) + amount


def pod_request(spec: Json) -> Amounts:
    """What the scheduler sets aside for a pod.

    The containers together with the side-cars (init containers that restart always), at least the
    largest init container with the side-cars started before it, plus the pod's overhead. Requests
    of the whole pod (``spec.resources``) take the place of the sum.

    Raises
    ------
    InvalidInputError
        A malformed container or quantity; names the path.
    """
    sidecars: Amounts = {}
    highest: Amounts = {}
    for container in spec.each("initContainers"):
        asked = _asked(container.object("resources"))
        if container.text("restartPolicy") == "Always":
            add(sidecars, asked)
            asked = {}
        add(asked, sidecars)
        for name, amount in asked.items():
            highest[name] = max(highest.get(name, amount), amount)
    total = dict(sidecars)
    for container in spec.each("containers"):
        add(total, _asked(container.object("resources")))
    for name, amount in highest.items():
        total[name] = max(total.get(name, amount), amount)
    total |= _asked(spec.object("resources"))
    add(total, amounts(spec.object("overhead")))
    return total


def _asked(resources: Json) -> Amounts:
    """Requests; a limit stands for a request that is not given, as in the API server."""
    return amounts(resources.object("limits")) | amounts(resources.object("requests"))
