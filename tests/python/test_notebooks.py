"""Every notebook runs from top to bottom, and is stored without outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fairlead

# Jupyter's own warnings and sockets stay in a process of their own; its kernel is this interpreter,
# whichever one is registered.
EXECUTE = """
import sys
import nbclient, nbformat
from jupyter_client.manager import AsyncKernelManager
notebook = nbformat.read(sys.argv[1], as_version=4)
manager = AsyncKernelManager(kernel_name="python3")
manager.kernel_spec.argv[0] = sys.executable
nbclient.NotebookClient(notebook, km=manager, timeout=300).execute()
nbformat.write(notebook, sys.argv[2])
"""
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def names(path: Path) -> str:
    """What a notebook is called in a test's name."""
    return path.stem


def test_there_is_a_quickstart() -> None:
    """The notebook that the README names is there."""
    assert "01_quickstart" in [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    """Outputs and counters stay out of the repository, so a diff shows what was changed."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        assert not cell.get("outputs")
        assert not cell.get("execution_count")
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    source = "".join(first["source"])
    assert "fairlead.__version__" in source
    assert "cuda_info()" in source


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_notebook_runs(path: Path, tmp_path: Path) -> None:
    """All cells run in a fresh kernel, with this package, without an error or a warning."""
    for module in ("nbclient", "nbformat", "ipykernel"):
        pytest.importorskip(module, reason=f"{module} is not installed")
    # The kernel finds the package where this process found it, installed or not.
    package = str(Path(fairlead.__file__).parents[1])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")]),
        "PYTHONWARNINGS": "error::UserWarning,error::FutureWarning",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    executed = tmp_path / "executed.ipynb"
    command = [sys.executable, "-W", "default", "-c", EXECUTE, str(path), str(executed)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    assert [out["text"] for out in outputs if out.get("name") == "stderr"] == []
    assert [out for out in outputs if "image/png" in out.get("data", {})], "no cell shows a picture"
