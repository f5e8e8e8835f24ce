"""Every notebook runs from top to bottom, and is stored without outputs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import fairlead

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
@pytest.mark.filterwarnings("default")  # of Jupyter's own packages in this process
@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All cells run in a fresh kernel, with this package, without an error or a warning."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    # The kernel finds the package where this process found it, installed or not.
    package = str(Path(fairlead.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([package, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONWARNINGS", "error::UserWarning,error::FutureWarning")
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(path, as_version=4)
    manager = nbclient.client.KernelManager(kernel_name="python3")
    manager.kernel_spec.argv[0] = sys.executable  # this interpreter, whatever is registered
    client = nbclient.NotebookClient(
        notebook, km=manager, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    said = [out["text"] for out in outputs if out.get("name") == "stderr"]
    assert said == []
    pictures = [out for out in outputs if "image/png" in out.get("data", {})]
    assert pictures, "no cell shows a picture"
