"""The package as a user gets it: what importing costs, what it ships, what it calls public."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import tomllib
from importlib import import_module, metadata, resources
from pathlib import Path

import pytest

import fairlead
from fairlead import _core

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def in_fresh_python(code: str) -> set[str]:
    """What a fresh interpreter leaves in the set ``out`` after the code."""
    program = f"import json, sys\n{code}\nprint(json.dumps(sorted(out)))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return set(json.loads(done.stdout))


def installed_files() -> list[str]:
    """Paths of the installed distribution."""
    try:
        files = metadata.files("fairlead")
    except metadata.PackageNotFoundError:
        pytest.skip("fairlead runs from a source tree here, not from an installed wheel")
    return [str(path) for path in files or []]


def test_import_loads_only_its_own_errors() -> None:
    """Importing costs next to nothing beyond numpy: no room, no pandas, no matplotlib, no CUDA."""
    new = in_fresh_python(
        "import numpy\nbefore = set(sys.modules)\nimport fairlead\nout = set(sys.modules) - before"
    )
    assert {name for name in new if name.startswith("fairlead")} == {"fairlead", "fairlead.errors"}
    third_party = {name.partition(".")[0] for name in new} - set(sys.stdlib_module_names)
    assert third_party == {"fairlead"}


def test_rooms_do_not_load_matplotlib_or_cuda() -> None:
    """Every public name can be had without drawing or asking for a GPU."""
    loaded = in_fresh_python(
        "import fairlead\nfor name in fairlead.__all__: getattr(fairlead, name)\n"
        "out = {'matplotlib', 'fairlead._cuda', 'scipy', 'polars', 'pyarrow'} & set(sys.modules)"
    )
    assert loaded <= {"pyarrow"}  # pandas itself looks for it


def test_version_is_one() -> None:
    """pyproject.toml, the compiled core and the package name one version."""
    assert fairlead.__version__ == _core.__version__ == PYPROJECT["project"]["version"]


def test_version_is_that_of_the_installed_distribution() -> None:
    """So does what pip knows."""
    installed_files()
    assert metadata.version("fairlead") == fairlead.__version__


def test_package_is_typed() -> None:
    """The marker and the stub of the compiled module lie beside it."""
    package = resources.files("fairlead")
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("_core.pyi").is_file()


def test_wheel_holds_the_package_and_nothing_else() -> None:
    """No tests, headers or libraries of the build; of data the generator's modes alone."""
    tops = {path.split("/")[0] for path in installed_files() if "__pycache__" not in path}
    scripts = {top for top in tops if top == ".."}  # ../../../bin/fairlead
    assert tops - scripts == {"fairlead", f"fairlead-{fairlead.__version__}.dist-info"}
    package = [Path(path) for path in installed_files() if path.startswith("fairlead/")]
    data = {path.parent for path in package if path.suffix == ".json"}
    assert data == {Path("fairlead/traces/modes")}
    suffixes = {path.suffix for path in package}
    assert suffixes <= {".py", ".pyi", ".so", ".typed", ".pyc", ".html", ".css", ".json"}


@pytest.mark.parametrize("name", fairlead.__all__)
def test_public_name_is_there_and_documented(name: str) -> None:
    """Each name of the package imports, has a docstring, and a function shows an example."""
    value = getattr(fairlead, name)
    if name == "__version__":
        return
    assert inspect.getdoc(value)
    if inspect.isfunction(value):
        assert "Examples\n" in (value.__doc__ or ""), f"fairlead.{name} has no Examples section"


def test_no_function_of_traces_hides_a_module() -> None:
    """`import fairlead.traces.x` gives the module x, whatever was imported before."""
    folder = ROOT / "python" / "fairlead" / "traces"
    names = {path.stem for path in folder.iterdir() if (path / "__init__.py").is_file()}
    names |= {path.stem for path in folder.glob("*.py")} - {"__init__"}
    for name in names:
        assert inspect.ismodule(import_module(f"fairlead.traces.{name}"))
        assert inspect.ismodule(getattr(fairlead.traces, name)), f"a function hides {name}"


def test_type_checkers_see_the_same_names() -> None:
    """The stub of the package names what __init__ imports on first use, from the same modules."""
    stub = (ROOT / "python" / "fairlead" / "__init__.pyi").read_text()
    seen = {
        name: home for home, name in re.findall(r"^from (\S+) import \w+ as (\w+)$", stub, re.M)
    }
    for name in {*fairlead.__all__} - {"__version__"}:
        value = getattr(fairlead, name)
        assert getattr(import_module(seen[name]), name) is value
    assert {*seen, "__version__"} == {*fairlead.__all__}


def test_dir_lists_the_public_names() -> None:
    """Completion shows names that are not loaded yet."""
    assert set(dir(fairlead)) == set(fairlead.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    """hasattr() and pickling rely on it."""
    with pytest.raises(AttributeError, match="has no attribute 'scheduel'"):
        _ = fairlead.scheduel


def test_public_names_have_a_page() -> None:
    """Every public name is a member of a module that an API page documents."""
    pages = "\n".join(page.read_text() for page in (ROOT / "docs" / "api").glob("*.md"))
    documented = re.findall(r"automodule:: (\S+)", pages)
    shown = {name for module in documented for name in import_module(module).__all__}
    rooms = {module.removeprefix("fairlead.") for module in documented}
    assert set(fairlead.__all__) - {"__version__"} <= shown | rooms


def test_hooks_and_gates_use_the_same_tools() -> None:
    """pre-commit pins what the lint group pins."""
    pinned = {pin for pin in PYPROJECT["dependency-groups"]["lint"] if "==" in pin}
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    used = set(re.findall(r'"([\w-]+==[\d.]+)"', hooks))
    assert used
    assert used <= pinned
