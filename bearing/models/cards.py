"""Model cards and weights as one checked whole: `manifest.json` holds the sha256 of every card and every weights file.

A card that has been changed (a temperature, a threshold) is noticed like a changed weight. Cards are JSON objects with
the keys of `CnnCard` and `OrderCard` at least; every one of these is checked when a model is loaded.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

from bearing.errors import ModelError

__all__ = [
    "MANIFEST",
    "CnnCard",
    "KnownMachines",
    "OrderCard",
    "load_card",
    "load_model",
    "parsed_as",
    "read_checked",
    "read_json",
    "save_model",
]

MANIFEST = "manifest.json"
TRAIN = "python -m bearing train"


class Split(TypedDict):
    """How windows were kept from training."""

    kind: str
    seed: int
    train_fraction: float


class CnnCard(TypedDict):
    """`cnn.json`: the waveform CNN, what it was made from, and how well it does on windows kept from training."""

    name: str
    version: str
    classes: list[str]
    sampling_rate_hz: float
    window_samples: int
    scaler: str
    parameters: int
    layers: list[dict[str, Any]]
    split: Split
    windows_per_class: dict[str, dict[str, int]]
    recordings: list[dict[str, Any]]
    training: dict[str, Any]
    libraries: dict[str, str]
    machine: str
    metrics: dict[str, dict[str, Any]]
    files: dict[str, str]


class KnownMachines(TypedDict):
    """`cnn_domain.json`: spectral shapes of the recordings trained on, each of 64 bands in dB."""

    largest_distance_db: float
    shapes_db: list[list[float]]


class OrderDomain(TypedDict):
    """What a recording must be for the order network to know its like."""

    lowest_rate_hz: float
    fewest_revolutions: float


class VerdictNumbers(TypedDict):
    """`verdict.fusion.Calibration`: thresholds, and per kind of statement what was counted."""

    part_from: float
    part_sure_from: float
    normal_from: float
    damaged_below: float
    counts: dict[str, dict[str, float]]


class OrderCard(TypedDict):
    """`order_cnn.json`: the order network, what it was made from, and the numbers of the verdict."""

    name: str
    version: str
    feature_version: int
    classes: list[str]
    input: str
    parameters: int
    members: int
    domain: OrderDomain
    calibration: VerdictNumbers
    training: dict[str, Any]
    recordings: dict[str, str]
    libraries: dict[str, str]
    files: dict[str, str]


Card = TypeVar("Card", CnnCard, OrderCard)
Content = TypeVar("Content")


def load_card(kind: type[Card], path: Path, command: str = TRAIN) -> Card:
    """A card alone, checked against manifest and `kind`. Raises ModelError as `load_model` does."""
    return parsed_as(kind, read_checked(path, command), path.name, command)


def load_model(kind: type[Card], path: Path, command: str = TRAIN) -> tuple[Card, dict[str, bytes]]:
    """A card and the weights files it names, all checked.

    Parameters
    ----------
    kind : CnnCard or OrderCard
    path : of the card; weights and manifest lie beside it.
    command : makes the files again; for messages.

    Raises
    ------
    ModelError
        A file is missing, no file, or not the one of the manifest or the card; the card lacks a key, or one is of
        another type.
    """
    card = load_card(kind, path, command)
    weights = {}
    for name, sha256 in card["files"].items():
        weights[name] = read_checked(path.with_name(name), command)
        if hashlib.sha256(weights[name]).hexdigest() != sha256:
            raise ModelError(f"{name} is not the file its card describes (sha256 differs): run `{command}`.")
    return card, weights


def save_model(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write what a training made (name -> content) and enter each file's sha256 in the manifest, beside other models'.

    Every file is complete or not there at all; the manifest comes last, so that a half-written model does not load.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = _manifest(folder, "") if (folder / MANIFEST).exists() else {}
    entries = known | {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = json.dumps({"sha256": dict(sorted(entries.items()))}, indent=1) + "\n"
    for name, content in {**files, MANIFEST: manifest.encode()}.items():
        part = folder / f".{name}.part"
        part.write_bytes(content)
        part.replace(folder / name)


def read_checked(path: Path, command: str = TRAIN) -> bytes:
    """The content of a card or weights file, as its manifest describes it. Raises ModelError as `load_model` does."""
    content = _bytes(path, command)
    expected = _manifest(path.parent, command).get(path.name)
    if hashlib.sha256(content).hexdigest() != expected:
        raise ModelError(
            f"{path.name} is not the file that {MANIFEST} describes (sha256 differs): restore both, or run `{command}`."
        )
    return content


def read_json(path: Path, command: str = TRAIN) -> Any:
    """The content of a JSON file that `command` writes; ModelError when it is missing, no file, or no JSON."""
    return _parsed(_bytes(path, command), path.name, command)


def parsed_as(kind: type[Content], data: bytes, name: str, command: str = TRAIN) -> Content:
    """JSON with every key of the TypedDict `kind`, each value of its type; ModelError, naming the file, otherwise."""
    content = _parsed(data, name, command)
    try:
        _check(content, kind, "")
    except TypeError as error:
        raise ModelError(f"{name} {error}: restore it, or run `{command}`.") from None
    return cast(Content, content)


def _check(value: Any, kind: Any, where: str) -> None:
    """TypeError, with what is wrong as the rest of a sentence about the file."""
    if is_typeddict(kind):
        _check(value, dict, where)
        for key, inner in get_type_hints(kind).items():
            if key not in value:
                raise TypeError(f"lacks {f'{where}.{key}'.lstrip('.')!r}")
            _check(value[key], inner, f"{where}.{key}")
    elif get_origin(kind) in (dict, list):
        _check(value, get_origin(kind), where)
        items: Any = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            _check(item, get_args(kind)[-1], f"{where}.{key}")
    elif kind is not Any:
        right = (int, float) if kind is float else kind
        if not isinstance(value, right) or (isinstance(value, bool) and kind is not bool):
            expected = {float: "a number", int: "a whole number", str: "text", dict: "an object", list: "a list"}[kind]
            raise TypeError(f"must hold {expected} at {where.lstrip('.') or 'its top'!r}, not {value!r:.40}")


def _manifest(folder: Path, command: str) -> dict[str, str]:
    content = read_json(folder / MANIFEST, command)
    entries = content.get("sha256") if isinstance(content, dict) else None
    if not isinstance(entries, dict):
        raise ModelError(f"{MANIFEST} lacks 'sha256': restore it, or run `{command}`.")
    return cast(dict[str, str], entries)


def _bytes(path: Path, command: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path.name} is missing from {path.parent.name}/: run `{command}`.") from None
    except OSError as error:
        raise ModelError(
            f"{path.name} in {path.parent.name}/ cannot be read ({error.strerror}): put the file in its place, "
            f"or run `{command}`."
        ) from None


def _parsed(content: bytes, name: str, command: str) -> Any:
    def finite(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError
        return value

    try:
        return json.loads(content, parse_constant=finite, parse_float=finite)
    except (ValueError, RecursionError):
        raise ModelError(f"{name} is not valid JSON: restore it, or run `{command}`.") from None
