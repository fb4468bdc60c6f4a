"""The direction of imports, what serving must not load, and that public names are what they say."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import bearing
from bearing import errors
from bearing.paths import ROOT

TRAINING = {"cnn", "train", "order_cnn", "train_order", "live_training"}
DOORS = {"api", "cli", "batch", "__main__"}
ARRAYS = {
    "windows", "scaler", "splits", "spectrum", "envelope", "kurtogram", "kinematics", "indicators", "metrics",
    "simulate", "speed", "order_spectrum",
}  # fmt: skip
MODULES = sorted((ROOT / "bearing").rglob("*.py"))


def imports(path: Path, late: bool = True) -> set[str]:
    """Full names of the modules a file imports; `late=False` leaves out imports within functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []  # names for the type checker are not imports
    nodes = list(ast.walk(tree)) if late else tree.body
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def siblings(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path, late=False) if name.startswith("bearing.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_only_pages_know_streamlit_and_only_figures_know_plotly(path: Path) -> None:
    assert "streamlit" not in packages(path)
    if not path.stem.endswith("figures"):
        assert "plotly" not in packages(path)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_only_training_knows_torch(path: Path) -> None:
    if path.stem not in TRAINING:
        assert not packages(path) & {"torch", "onnx"}
        if path.stem not in DOORS | {"evaluate", "protocols"}:
            assert not {f"bearing.{name}" for name in TRAINING} & imports(path)


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_array_modules_look_at_nothing_above_them(name: str) -> None:
    path = ROOT / "bearing" / f"{name}.py"
    if not path.exists():
        pytest.fail(f"{name}.py is gone: take it out of the list")
    assert siblings(path) <= ARRAYS | {"recording", "errors", "paths"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_nothing_below_a_door_imports_it(path: Path) -> None:
    if path.stem not in DOORS and not path.stem.startswith("api"):
        assert not siblings(path) & {"api", "cli", "batch"}


def test_pages_do_no_maths() -> None:
    for path in (ROOT / "pages").glob("*.py"):
        assert not packages(path) & {"scipy", "torch", "plotly", "onnxruntime"}, path.name


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True
    )
    return set(answer.stdout.split())


def test_importing_the_package_costs_nothing() -> None:
    assert not loaded_by("import bearing") & {"numpy", "scipy", "pandas", "torch", "streamlit", "plotly"}


def test_serving_loads_no_torch() -> None:
    loaded = loaded_by("import bearing.diagnosis, bearing.intake, bearing.figures, bearing.options, bearing.api")
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
