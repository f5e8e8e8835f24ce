"""CUDA is asked softly: never at import, never in a fork, and with a reason where it is missing."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from fairlead import BackendUnavailableError, Cluster, _core, cuda_info, score
from fairlead.matching import devices
from fairlead.matching.devices import CudaInfo
from python.gpu import need_gpu, needs_module


def run(code: str, **environment: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not asked yet."""
    monkeypatch.setattr(devices, "_known", None)
    monkeypatch.delenv("FAIRLEAD_CUDA_DISABLE", raising=False)


def small() -> tuple[pd.DataFrame, Cluster]:
    return pd.DataFrame({"cpus": [1]}), Cluster.homogeneous(nodes=2, cpus=4)


def test_import_does_not_load_the_cuda_module() -> None:
    """Neither the package, nor its rooms, nor a small score(device='auto')."""
    code = (
        "import sys, pandas as pd, fairlead, fairlead.matching\n"
        "nodes = fairlead.Cluster.homogeneous(nodes=2, cpus=4)\n"
        "fairlead.score(pd.DataFrame({'cpus': [1]}), nodes)\n"
        "print('fairlead._cuda' in sys.modules)"
    )
    assert run(code) == "False"


@pytest.mark.usefixtures("fresh")
def test_info_says_available_or_why_not() -> None:
    """Exactly one of the two, and always the same answer."""
    info = cuda_info()
    assert info.available == (info.reason == "")
    assert info.available == (info.count > 0)
    assert cuda_info() == info


@needs_module
def test_module_reports_softly_without_a_driver() -> None:
    """Built with CUDA, it imports and answers anywhere, and names what it was built with."""
    code = "import fairlead; print(fairlead.cuda_info())"
    info = cuda_info()
    assert run(code) == str(info)
    assert info.runtime is not None
    assert info.built_with is not None
    assert "architectures" in info.built_with
    if info.driver is None:
        assert info.reason == "no NVIDIA driver (cudaErrorInsufficientDriver)"


@pytest.mark.usefixtures("fresh")
def test_environment_turns_cuda_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """FAIRLEAD_CUDA_DISABLE=1 says so; 0 is not off."""
    monkeypatch.setenv("FAIRLEAD_CUDA_DISABLE", "1")
    assert cuda_info() == CudaInfo(False, "turned off by FAIRLEAD_CUDA_DISABLE=1")
    assert devices._known is None
    monkeypatch.setenv("FAIRLEAD_CUDA_DISABLE", "0")
    assert "turned off" not in cuda_info().reason


@pytest.mark.usefixtures("fresh")
def test_a_build_without_cuda_gives_the_reason_of_the_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where there is no _cuda, the core knows why it was not built."""
    monkeypatch.setitem(sys.modules, "fairlead._cuda", None)
    monkeypatch.setattr(_core, "cuda_build_reason", "not built: no nvcc")
    assert cuda_info() == CudaInfo(False, "not built: no nvcc")


@pytest.mark.usefixtures("fresh")
def test_a_module_that_cannot_be_loaded_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken library does not take the package down."""

    def broken(name: str) -> None:
        raise ImportError("libc.so.6: version not found")

    monkeypatch.setattr(devices, "import_module", broken)
    assert cuda_info().reason == "the CUDA module cannot be loaded: libc.so.6: version not found"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_is_answered_softly() -> None:
    """After the parent has asked, a child gets an answer, scores on the CPU, and ends well."""
    code = (
        "import os, pandas as pd, fairlead\n"
        "nodes = fairlead.Cluster.homogeneous(nodes=2, cpus=4)\n"
        "before = fairlead.cuda_info()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    info = fairlead.cuda_info()\n"
        "    best = fairlead.score(pd.DataFrame({'cpus': [1]}), nodes, device='auto')\n"
        "    told = 'forked from process' in info.reason if before.available else info == before\n"
        "    os._exit(0 if told and not info.available and best.device == 'cpu' else 1)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    assert run(code) == "0"


@pytest.mark.usefixtures("fresh")
def test_a_fork_of_a_process_with_cuda_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A context does not survive a fork, and device='cuda' says so."""
    parent = CudaInfo(True, "", 1, "13.0", "13.0", "CUDA 13.0")
    monkeypatch.setattr(devices, "_known", (os.getpid() + 1, parent))
    assert not cuda_info().available
    with pytest.raises(BackendUnavailableError, match=r"forked from process .* 'spawn'"):
        score(*small(), device="cuda")


@pytest.mark.usefixtures("fresh")
def test_cuda_that_failed_for_good_is_not_asked_again() -> None:
    """The reason is that of the failure from then on."""
    devices.cuda_lost("cudaErrorIllegalAddress")
    info = cuda_info()
    assert (info.available, info.reason) == (False, "cudaErrorIllegalAddress")
    with pytest.raises(BackendUnavailableError, match="cudaErrorIllegalAddress"):
        score(*small(), device="cuda")


@needs_module
def test_a_call_without_a_driver_raises_and_the_process_goes_on() -> None:
    """Forced past the probe, the driver's error comes as text, not as a crash."""
    if cuda_info().available:
        pytest.skip("there is a CUDA device")
    from fairlead import _cuda
    from fairlead.matching.columns import read_inputs

    inputs = read_inputs(*small(), ())
    batch = _core.ScoreBatch(inputs.nodes, inputs.core_jobs, {"best_fit": 1.0})
    found = batch.score(top_k=1, driver=_cuda.score_driver)
    assert found["lost"]
    assert "cudaErrorInsufficientDriver" in found["error"]
    assert score(*small(), device="cpu").node.tolist() == [[0]]


def test_something_else_than_the_drivers_capsule_is_refused() -> None:
    """The core takes no pointer that does not carry the right name."""
    from fairlead.matching.columns import read_inputs

    inputs = read_inputs(*small(), ())
    batch = _core.ScoreBatch(inputs.nodes, inputs.core_jobs, {"best_fit": 1.0})
    with pytest.raises(ValueError, match="PyCapsule"):
        batch.score(top_k=1, driver=object())


@pytest.mark.gpu
def test_threads_share_the_device() -> None:
    """Many threads score at once, on one workspace, and all get the answer of the CPU."""
    need_gpu()
    from concurrent.futures import ThreadPoolExecutor

    rng = np.random.default_rng(3)
    nodes = pd.DataFrame({"node_id": range(1000), "cpus": rng.integers(1, 100, 1000)})
    tables = [pd.DataFrame({"cpus": rng.integers(1, 100, 500 * k)}) for k in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda jobs: score(jobs, nodes, device="cuda").node, tables))
    for jobs, node in zip(tables, found, strict=True):
        np.testing.assert_array_equal(node, score(jobs, nodes, device="cpu").node)


@pytest.mark.gpu
def test_times_are_told_apart() -> None:
    """Copies and scoring have times of their own."""
    need_gpu()
    times = score(*small(), device="cuda").times_s
    assert set(times) == {"copy_in", "score", "copy_out"}
    assert all(seconds > 0 for seconds in times.values())


def test_info_is_frozen() -> None:
    """An answer is not for changing."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        cuda_info().available = True  # type: ignore[misc]
