"""The direction of imports, what serving must not load, and that public names are what they say."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import bearing
from bearing import errors
from bearing.files import ROOT

LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def imports(path: Path) -> set[str]:
    """The packages a file imports, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []  # names for the type checker are not imports
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_layers_and_heavy_libraries_stay_where_they_belong() -> None:
    """The contracts of pyproject.toml: which room may look into which, and who knows torch, plotly, streamlit."""
    answer = subprocess.run([LINT_IMPORTS, "--no-cache"], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert answer.returncode == 0, answer.stdout


def test_every_room_says_what_belongs_in_it() -> None:
    for room in sorted((ROOT / "bearing").rglob("__init__.py")):
        assert ast.get_docstring(ast.parse(room.read_text(encoding="utf-8"))), room


def test_pages_do_no_maths() -> None:
    for path in (ROOT / "pages").glob("*.py"):
        assert not imports(path) & {"scipy", "torch", "plotly", "onnxruntime"}, path.name


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True
    )
    return set(answer.stdout.split())


def test_importing_the_package_costs_nothing() -> None:
    assert not loaded_by("import bearing") & {"numpy", "scipy", "pandas", "torch", "streamlit", "plotly"}


def test_serving_loads_no_torch() -> None:
    rooms = ("verdict.diagnosis", "verdict.asked.intake", "verdict.asked.request", "figures.recording", "api.service")
    loaded = loaded_by("import " + ", ".join(f"bearing.{room}" for room in rooms))
    assert "onnxruntime" in loaded or "numpy" in loaded
    assert not loaded & {"torch", "streamlit", "matplotlib", "sklearn"}


def test_public_names_exist() -> None:
    for name in bearing.__all__:
        assert getattr(bearing, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        bearing.nonsense  # noqa: B018


def test_the_error_tree_is_the_one_drawn() -> None:
    real = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.BearingError)}
    assert set(errors.__all__) == real
    assert errors.__doc__ is not None
    for name in real:
        assert name in errors.__doc__
