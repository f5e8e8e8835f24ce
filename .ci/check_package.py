"""Checks what was built: `check_package.py DIST ON|OFF`, ON if the CUDA module must be there.

The wheel holds the package and nothing else, and imports. With CUDA, its module imports and answers
whether a device can be used, also where there is no driver.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

MAX_WHEEL_MB = 10
SUFFIXES = {".py", ".pyi", ".so", ".typed", ".html", ".css"}
MODELS = "fairlead/traces/modes/"  # the generator's modes, as JSON

USE = """
import fairlead
from fairlead import _core
info = fairlead.cuda_info()
print("  version", fairlead.__version__, info)
assert info.available or info.reason, "no reason given"
assert bool(info.built_with) == ({cuda!r} == "ON"), info
"""


def check_sdist(path: Path) -> None:
    """It can be built from, and carries neither tests nor documentation."""
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    missing = {"pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE"} - names
    assert not missing, f"{path.name} lacks {missing}"
    extra = {name for name in names if name.startswith((".ci", "docs", "notebooks", "tests"))}
    assert not extra, f"{path.name} carries {sorted(extra)[:5]}"


def check_wheel(path: Path, cuda: str) -> None:
    """Only the package, typed, with its modules, and small."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        package = [name for name in names if name.startswith("fairlead/")]
        odd = [name for name in names if name not in package and ".dist-info/" not in name]
        files = [name for name in package if not name.startswith(MODELS)]
        odd += [name for name in files if Path(name).suffix not in SUFFIXES]
        assert f"{MODELS}hpc.json" in package, "the generator's modes are missing"
        assert not odd, f"{path.name} carries {odd[:5]}"
        modules = {Path(name).name.partition(".")[0] for name in package if name.endswith(".so")}
        assert modules == ({"_core", "_cuda"} if cuda == "ON" else {"_core"}), modules
        assert {"fairlead/py.typed", "fairlead/_core.pyi", "fairlead/__init__.pyi"} <= set(package)
        assert path.stat().st_size < MAX_WHEEL_MB * 1e6
        print(f"  {path.name}: {path.stat().st_size:,} bytes, {len(package)} files")
        with tempfile.TemporaryDirectory() as folder:
            archive.extractall(folder)
            subprocess.run(
                [sys.executable, "-c", USE.format(cuda=cuda)],
                check=True,
                cwd=folder,
                env={"PYTHONPATH": folder, "PATH": ""},
            )


def main() -> None:
    """Check the one source distribution and the one wheel in the folder."""
    dist, cuda = Path(sys.argv[1]), sys.argv[2]
    [sdist], [wheel] = dist.glob("*.tar.gz"), dist.glob("*.whl")
    check_sdist(sdist)
    check_wheel(wheel, cuda)


if __name__ == "__main__":
    main()
