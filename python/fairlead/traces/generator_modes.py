"""The workloads that can be made up by name: models fitted once, kept as numbers."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from fairlead.errors import InvalidInputError
from fairlead.traces.generator_model import WorkloadModel

__all__ = ["MODES", "mode_model", "modes"]

#: Names, in the order of the documentation.
MODES = ("hpc", "itp_like", "helios_like", "philly_like", "llm_training", "inference")


def modes() -> dict[str, str]:
    """What ``generate(mode=...)`` takes, and where the numbers of each come from.

    Examples
    --------
    >>> list(modes())
    ['hpc', 'itp_like', 'helios_like', 'philly_like', 'llm_training', 'inference']
    """
    return {name: mode_model(name).source for name in MODES}


@lru_cache(maxsize=len(MODES))
def mode_model(name: str) -> WorkloadModel:
    """The model of a mode.

    Raises
    ------
    InvalidInputError
        No such mode.

    Examples
    --------
    >>> mode_model("hpc").resource
    'cpus'
    """
    if name not in MODES:
        raise InvalidInputError(f"mode must be one of {', '.join(MODES)}, or None; got {name!r}")
    file = files("fairlead.traces") / "modes" / f"{name}.json"
    return WorkloadModel.from_json(file.read_text(encoding="utf-8"))
