"""What the README says exists, runs and links: documentation that cannot rot unnoticed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from bearing.cli.main import parser
from bearing.files import ROOT, WEIGHTS_DIR
from bearing.results.tables import results_table

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def tree() -> str:
    found = re.search(r"## File tree\n+```\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_every_module_stands_in_the_file_tree() -> None:
    words = set(re.findall(r"[\w]+", tree().replace(".py", "")))
    modules = {p.stem for p in (ROOT / "bearing").rglob("*.py") if "readers" not in p.parts}
    rooms = {p.name for p in (ROOT / "bearing").iterdir() if (p / "__init__.py").exists()}
    pages = {p.stem for p in (ROOT / "pages").glob("[a-z]*.py")}
    assert not {m for m in modules | rooms | pages if not m.startswith("__")} - words


def test_everything_in_the_file_tree_exists() -> None:
    places = [ROOT, ROOT / "pages", *(p.parent for p in (ROOT / "bearing").rglob("__init__.py"))]
    for name in re.findall(r"[\w/]+\.py", tree()):
        assert any((place / name).exists() for place in places), name


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_documented_commands_parse(page: Path) -> None:
    for line in re.findall(
        r"python -m bearing ((?:diagnose|fetch|train|evaluate|serve)[^`\n|&>]*)", page.read_text("utf-8")
    ):
        parser().parse_args(shlex.split(line.strip()))


def test_the_results_are_those_of_the_last_evaluation() -> None:
    told = README.splitlines() + (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8").splitlines()
    for line in results_table(WEIGHTS_DIR).splitlines():
        assert line in told, f"README.md and docs/evaluation.md lack {line!r}: python -m bearing evaluate --show"


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"`?make ([a-z]+)\b(?=`| )", page.read_text(encoding="utf-8"))) <= targets | {
            "sure",
            "it",
        }


def test_every_requirement_is_pinned() -> None:
    pins = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and line[0] not in "#-":
                assert re.split("[>=]", line)[0].lower() in pins, line


def test_pins_bind_only_the_python_they_were_tested_with() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert line.startswith("#") or line.endswith(' ; python_version < "3.12"'), line


def test_serving_installs_no_torch() -> None:
    assert "torch" not in (ROOT / "requirements.txt").read_text().replace("no torch", "")
