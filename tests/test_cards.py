"""Cards and weights load as one checked whole: a changed number, a missing key, a folder in a file's place are told."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bearing.errors import ModelError
from bearing.files import WEIGHTS_DIR
from bearing.models.cards import CnnCard, OrderCard, load_card, load_model, save_model
from bearing.models.order import OrderPredictor
from bearing.models.waveform import load_predictor

CARDS = {"cnn.json": CnnCard, "order_cnn.json": OrderCard}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the committed models."""
    for name in [*manifest(WEIGHTS_DIR), "manifest.json"]:
        shutil.copy(WEIGHTS_DIR / name, tmp_path)
    return tmp_path


def manifest(folder: Path) -> dict[str, str]:
    return json.loads((folder / "manifest.json").read_text())["sha256"]


def load(name: str, folder: Path) -> None:
    if name == "cnn.json":
        load_predictor.cache_clear()
        load_predictor(folder)
    else:
        OrderPredictor.load(folder)


def test_the_committed_manifest_describes_every_committed_card_and_weights_file() -> None:
    assert {p.name for p in WEIGHTS_DIR.glob("*cnn*")} == set(manifest(WEIGHTS_DIR))
    for name, sha256 in manifest(WEIGHTS_DIR).items():
        assert hashlib.sha256((WEIGHTS_DIR / name).read_bytes()).hexdigest() == sha256


def test_a_changed_temperature_is_noticed(folder: Path) -> None:
    path = folder / "order_cnn.json"
    card = json.loads(path.read_text())
    card["calibration"]["part_from"] *= 1.1
    path.write_text(json.dumps(card, indent=1) + "\n")
    with pytest.raises(ModelError, match=r"order_cnn\.json is not the file that manifest\.json describes"):
        OrderPredictor.load(folder)


@pytest.mark.parametrize("name", CARDS)
def test_every_key_of_a_card_is_checked_when_it_is_loaded(folder: Path, name: str) -> None:
    card = json.loads((folder / name).read_text())
    load_card(CARDS[name], folder / name)
    for key in CARDS[name].__annotations__:
        less = {k: v for k, v in card.items() if k != key}
        save_model(folder, {name: json.dumps(less).encode()})
        with pytest.raises(ModelError, match=f"{name} lacks '{key}': restore it"):
            load(name, folder)
        save_model(folder, {name: json.dumps(card | {key: None}).encode()})
        with pytest.raises(ModelError, match=f"at '{key}', not None"):
            load(name, folder)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda card: card["domain"].pop("lowest_rate_hz"), r"lacks 'domain\.lowest_rate_hz'"),
        (lambda card: card["domain"].update(lowest_rate_hz="4 kHz"), r"must hold a number at 'domain\.lowest_rate_hz'"),
        (
            lambda card: card["calibration"].update(part_from=True),
            "must hold a number at 'calibration",
        ),
        (lambda card: card["calibration"].update(part_from=float("nan")), "is not valid JSON"),
        (lambda card: card["classes"].append(4), r"must hold text at 'classes\.4', not 4"),
        (lambda card: card["classes"].reverse(), "for features of version"),
        (lambda card: card["files"].clear(), r"names no order_cnn\.npz"),
    ],
)
def test_what_is_inside_a_key_is_checked_too(folder: Path, edit: Callable[[Any], object], said: str) -> None:
    card = json.loads((folder / "order_cnn.json").read_text())
    edit(card)
    save_model(folder, {"order_cnn.json": json.dumps(card).encode()})
    with pytest.raises(ModelError, match=said):
        OrderPredictor.load(folder)


@pytest.mark.parametrize("name", ["cnn.json", "cnn.onnx", "cnn_domain.json"])
def test_a_folder_in_a_files_place_is_told(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(ModelError, match=f"{name} in {folder.name}/ cannot be read"):
        load("cnn.json", folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sha256": 1}'])
def test_a_damaged_manifest_is_told(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ModelError, match=r"manifest\.json"):
        load("order_cnn.json", folder)


def test_saving_one_model_keeps_the_other(folder: Path) -> None:
    before = manifest(folder)
    save_model(folder, {"order_cnn.npz": b"new"})
    after = manifest(folder)
    assert after.pop("order_cnn.npz") != before.pop("order_cnn.npz")
    assert after == before
    assert not list(folder.glob(".*"))
    load_model(CnnCard, folder / "cnn.json")
