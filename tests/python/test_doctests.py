"""Every example in the documentation runs as it stands."""

from __future__ import annotations

import doctest
import os
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules() -> list[str]:
    """All Python modules of the package, by the files there are."""
    spec = find_spec("fairlead")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    # os.walk, because a developer's package folder may be made of links.
    files = [Path(d) / f for d, _, names in os.walk(package, followlinks=True) for f in names]
    paths = [f.relative_to(package.parent).with_suffix("") for f in files if f.suffix == ".py"]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return sorted(name for name in names if not name.endswith("__main__"))


@pytest.mark.parametrize("module", modules())
def test_docstring_examples_run(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a docstring shows is what the function answers."""
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(import_module(module), optionflags=FLAGS)
    assert result.failed == 0, capsys.readouterr().out


def test_readme_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ten lines of the README run and print a plan, two waits and a report."""
    monkeypatch.chdir(tmp_path)
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "mean wait" in printed
    assert "alerts:" in printed
