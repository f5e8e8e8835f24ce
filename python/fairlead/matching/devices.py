"""Whether CUDA can be used, asked on first use and never at import."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from fairlead import _core

__all__ = ["CudaInfo", "cuda_driver", "cuda_info", "cuda_lost"]

_SWITCH = "FAIRLEAD_CUDA_DISABLE"


@dataclass(frozen=True)
class CudaInfo:
    """What `cuda_info` found.

    Attributes
    ----------
    available : bool
        ``device="cuda"`` works, in `score`, ``predict`` and ``demand_features``.
    reason : str
        Why not; empty where it is available.
    count : int
        Devices seen. The first is used (``CUDA_VISIBLE_DEVICES`` chooses).
    driver, runtime : str or None
        CUDA version the driver supports, and that of the runtime built in; None: none there.
    built_with : str or None
        Toolkit and architectures of the CUDA module; None where it was not built.
    """

    available: bool
    reason: str
    count: int = 0
    driver: str | None = None
    runtime: str | None = None
    built_with: str | None = None


# Of the process that asked first. A fork inherits the answer, but not a CUDA that works.
_known: tuple[int, CudaInfo] | None = None


def cuda_info() -> CudaInfo:
    """Whether a CUDA device can be used here, and why not.

    The first call asks the driver; the answer holds for the process. The environment variable
    ``FAIRLEAD_CUDA_DISABLE=1`` turns CUDA off.

    Returns
    -------
    CudaInfo

    Notes
    -----
    Without a device this is an answer, not an error. A process that was forked after the first call
    is told that CUDA is not available, because a CUDA context does not survive a fork.

    Examples
    --------
    >>> info = cuda_info()
    >>> info.available or info.reason != ""
    True
    """
    global _known
    if os.environ.get(_SWITCH, "0") not in ("", "0"):
        return CudaInfo(False, f"turned off by {_SWITCH}={os.environ[_SWITCH]}")
    if _known is None:
        _known = (os.getpid(), _probe())
    pid, info = _known
    if info.available and pid != os.getpid():
        reason = (
            f"this process was forked from process {pid}, which uses CUDA; start workers with the "
            f"'spawn' method"
        )
        return replace(info, available=False, reason=reason)
    return info


def cuda_driver(name: str = "score_driver") -> tuple[Any, str]:
    """A capsule of the CUDA module, or None and the reason."""
    info = cuda_info()
    if not info.available:
        return None, info.reason
    return getattr(import_module("fairlead._cuda"), name), ""


def cuda_lost(reason: str) -> None:
    """Remember that CUDA failed for good in this process."""
    global _known
    _known = (os.getpid(), replace(cuda_info(), available=False, reason=reason))


def _probe() -> CudaInfo:
    try:
        cuda: Any = import_module("fairlead._cuda")
    except ModuleNotFoundError:
        # A build with CUDA has no reason not to have it; then the file itself is gone.
        return CudaInfo(False, _core.cuda_build_reason or "the CUDA module is not installed")
    except ImportError as error:
        return CudaInfo(False, f"the CUDA module cannot be loaded: {error}")
    state = cuda.probe()
    return CudaInfo(
        available=not state["error"],
        reason=state["error"],
        count=state["count"],
        driver=_version(state["driver"]),
        runtime=_version(state["runtime"]),
        built_with=cuda.built_with,
    )


def _version(number: int) -> str | None:
    return f"{number // 1000}.{number % 1000 // 10}" if number else None
