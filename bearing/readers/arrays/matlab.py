"""From MATLAB variables to recordings: the conventions of published data sets first, then what any file may hold.

Known conventions: CWRU (``X105_DE_time``, ``X105RPM``) and MFPT (a struct with ``gs``, ``sr``, ``rate``, ``load``).
Anything else: every numeric vector or narrow matrix is a candidate, scalars named like a rate or a speed are facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bearing.errors import UnsupportedFormat
from bearing.readers.arrays.mat import MatlabObject, Tree
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.clock import MIN_RATE_HZ, is_ramp
from bearing.readers.columns.column import Column, columns_of, holds_snapshots
from bearing.readers.columns.facts import Facts, Known, facts_in_lines, facts_in_scalars
from bearing.readers.names import clean_file_name, clean_name, kind_of, measures_else, unique_names
from bearing.recording import RATE_LIMITS_HZ, FloatArray, Recording
from bearing.settings import Limits

__all__ = ["tree_to_recordings"]

_OBJECT_SENTENCE = (
    "'{source}' holds a MATLAB {kind} object ('{name}'), which only MATLAB can open. Save its columns as plain "
    "variables: s = table2struct(timetable2table({name}), 'ToScalar', true); save('plain.mat', '-struct', 's') "
    "(without timetable2table for a table)."
)

_TABULAR = ("table", "timetable", "timeseries", "tscollection", "FileWrapper__")

STEADY = 0.02  # spread of a speed that holds still, relative
MIN_SAMPLES = 500  # anything shorter is a parameter, a picture or a curve, not a vibration signal

_CWRU_SIGNAL = re.compile(r"X(\d{1,5})_?(DE|FE|BA)_time")
_CWRU_SPEED = re.compile(r"X(\d{1,5})_?RPM")
_NAME_FIELDS = ("Name", "name", "channel", "ChannelName")
_DATA_FIELDS = ("Data", "data", "Values", "values", "value", "signal")
_UNIT_FIELDS = ("unit", "units", "Unit", "Units", "y_unit")


def tree_to_recordings(tree: Mapping[str, Tree], source: str, bounds: Limits) -> list[Recording]:
    """One Recording per channel found in the variables of a MATLAB (or plain HDF5) file.

    Raises UnsupportedFormat when no variable can be a vibration signal, TooLarge when there are too many channels.
    """
    recordings = _cwru(tree, source) or _any_file(_pairs_as_structs(tree), source, bounds)
    if not recordings and (objects := list(_objects(tree, ""))):
        name, class_name = objects[0]
        raise UnsupportedFormat(_OBJECT_SENTENCE.format(source=clean_file_name(source), name=name, kind=class_name))
    if not recordings:
        raise UnsupportedFormat(
            f"No vibration signal in '{clean_file_name(source)}': expected a numeric vector of at least {MIN_SAMPLES} "
            f"samples, found {_contents(tree)}."
        )
    bounds.check_channels(len(recordings))
    names = unique_names(recording.channel for recording in recordings)
    return [replace(recording, channel=name) for recording, name in zip(recordings, names, strict=True)]


# --- CWRU -----------------------------------------------------------------------------------------------------------


def _cwru(tree: Mapping[str, Tree], source: str) -> list[Recording]:
    """Channels of a Case Western file: those of the file's own number first, as DE, FE and BA.

    99.mat also holds variables of recording 98 and 174.mat those of 173; 3001.mat holds only X056_DE_time.
    """
    groups: dict[int, dict[str, str]] = {}
    for name, value in tree.items():
        match = _CWRU_SIGNAL.fullmatch(name)
        if match and isinstance(value, np.ndarray) and value.size >= MIN_SAMPLES:
            groups.setdefault(int(match[1]), {})[match[2]] = name
    if not groups:
        return []
    speeds: dict[int, float] = {}
    for name, value in tree.items():
        match = _CWRU_SPEED.fullmatch(name)
        if match and isinstance(value, np.ndarray) and value.size == 1 and 1 <= float(value.flat[0]) <= 200_000:
            speeds[int(match[1])] = float(value.flat[0])
    own = _own_group(groups, source)
    recordings = []
    for number in sorted(groups, key=lambda group: (group != own, -group)):
        for place in ("DE", "FE", "BA"):
            if place not in groups[number]:
                continue
            name = groups[number][place]
            rpm = speeds.get(number)
            recordings.append(
                Recording(
                    samples=np.ascontiguousarray(np.asarray(tree[name]).reshape(-1, order="F"), dtype=np.float64),
                    shaft_rpm=rpm,
                    channel=place if number == own else clean_name(name),
                    source=clean_file_name(source),
                    rpm_source=f"variable 'X{number:03d}RPM'" if rpm else "",
                    notes=_cwru_notes(groups, own, number),
                    variable=name,
                )
            )
    return recordings


def _own_group(groups: Mapping[int, object], source: str) -> int | None:
    """The group of the file's number; with one group alone that one, otherwise None: it cannot be told."""
    numbers = [int(digits) for digits in re.findall(r"\d{1,5}", clean_file_name(source).rsplit(".", 1)[0])]
    for number in numbers:
        if number in groups:
            return number
    return next(iter(groups)) if len(groups) == 1 else None


def _cwru_notes(groups: Mapping[int, object], own: int | None, number: int) -> tuple[str, ...]:
    if len(groups) == 1:
        return ()
    listed = " and ".join(f"X{group:03d}" for group in sorted(groups))
    if own is None:
        return (f"The file holds the recordings {listed}; its name does not say which one is meant.",)
    return (f"The file holds the recordings {listed}; X{own:03d} goes by the file's number.",) if number == own else ()


# --- any file -------------------------------------------------------------------------------------------------------


def _objects(node: object, name: str) -> Iterator[tuple[str, str]]:
    """Name and class of every object that only MATLAB can open."""
    if isinstance(node, MatlabObject):
        if node.class_name not in _TABULAR:
            return  # a missing value, a categorical: no place for a signal
        yield clean_name(name, "data"), clean_name(node.class_name, "table")
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _objects(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value, name)


def _pairs_as_structs(node: Any) -> Any:
    """Cells of names and values, as some exports write them (``{'fs', 12000; 'acc', x}``), as structs."""
    if isinstance(node, Mapping):
        return {name: _pairs_as_structs(value) for name, value in node.items()}
    if not isinstance(node, list) or not node or len(node) % 2:
        return [_pairs_as_structs(value) for value in node] if isinstance(node, list) else node
    half = len(node) // 2
    for names, values in ((node[:half], node[half:]), (node[::2], node[1::2])):
        if all(isinstance(name, str) and name for name in names) and any(isinstance(v, np.ndarray) for v in values):
            return {name: _pairs_as_structs(value) for name, value in zip(names, values, strict=True)}
    return [_pairs_as_structs(value) for value in node]


@dataclass(frozen=True)
class _Found:
    """An array that may be a signal and the names that lead to it."""

    path: tuple[str, ...]
    array: np.ndarray
    unit: str


def _any_file(tree: Mapping[str, Tree], source: str, bounds: Limits) -> list[Recording]:
    facts = dict(_facts_by_scope(tree, ()))
    found = [one for one in _arrays(tree, (), "") if _may_be_signal(one.array, bounds)]
    names = _short_names([one.path for one in found])
    groups: dict[tuple[object, ...], list[Column]] = {}
    scopes: dict[tuple[object, ...], tuple[str, ...]] = {}
    for one, name in zip(found, names, strict=True):
        columns = [replace(column, unit=one.unit) for column in columns_of(one.array, name, bounds)]
        # Vectors side by side may be a clock and its signals; a matrix has its own clock, if any.
        key: tuple[object, ...] = (one.path[:-1], len(columns[0].values)) if len(columns) == 1 else (one.path,)
        groups.setdefault(key, []).extend(columns)
        scopes[key] = one.path[:-1]
    recordings: list[Recording] = []
    refusal: UnsupportedFormat | None = None
    clocks = {key: _clock_elsewhere(columns, groups) for key, columns in groups.items()}
    used = {id(clock) for found_clocks in clocks.values() for clock in found_clocks}
    for key, columns in groups.items():
        own = [column for column in columns if id(column) not in used]
        if not own:
            continue
        try:
            recordings += to_recordings([*clocks[key], *own], source, bounds, _facts_at(facts, scopes[key]))
        except UnsupportedFormat as error:
            refusal = error
    if refusal and not recordings:
        raise refusal
    return _with_speed_beside(recordings)


def _clock_elsewhere(columns: list[Column], groups: Mapping[tuple[object, ...], list[Column]]) -> list[Column]:
    """The one time vector of the same length in another struct (Paderborn: signals in Y, their clocks in X)."""
    if any(_is_clock(column) for column in columns):
        return []
    length = len(columns[0].values)
    others = [column for group in groups.values() if group is not columns for column in group]
    clocks = [one for one in others if len(one.values) == length and _is_clock(one)]
    return clocks if len(clocks) == 1 else []


def _is_clock(column: Column) -> bool:
    """Whether a vector is called a time or, whatever it is called, rises evenly in steps of a rate in Hz."""
    if kind_of(column.name, column.unit) == "time":
        return True
    step = float(column.values[-1] - column.values[0]) / max(len(column.values) - 1, 1)
    return step > 0 and MIN_RATE_HZ <= 1 / step <= RATE_LIMITS_HZ[1] and is_ramp(column.values)


def _with_speed_beside(recordings: list[Recording]) -> list[Recording]:
    """The channels with the one shaft speed that others of the file measured on a clock of their own.

    A speed that moves is laid beside them where both clocks are known. Without them one that holds still counts, if no
    vibration was measured beside it: that would be a recording of its own.
    """
    known = [one for one in recordings if one.shaft_rpm is not None and one.speed_rpm is not None]
    if not known or len({one.shaft_rpm for one in recordings if one.shaft_rpm is not None}) != 1:
        return recordings
    beside = known[0]
    assert beside.speed_rpm is not None
    apart = all(measures_else(one.channel, one.unit) for one in known)
    spread = float(np.nanstd(beside.speed_rpm)) / float(np.nanmean(beside.speed_rpm))
    told = []
    for one in recordings:
        column = _on_clock_of(one, beside)
        if one.shaft_rpm is None and (column is not None or (apart and spread < STEADY)):
            one = replace(one, shaft_rpm=beside.shaft_rpm, rpm_source=beside.rpm_source, speed_rpm=column)
        told.append(one)
    return told


def _on_clock_of(one: Recording, beside: Recording) -> FloatArray | None:
    """The speed column of one recording at the samples of another, None where a clock is not known or ends early."""
    if one.duration_s is None or beside.duration_s is None or beside.speed_rpm is None:
        return None
    if abs(one.duration_s - beside.duration_s) > 0.01 * one.duration_s:
        return None
    at = np.arange(len(one.samples)) / len(one.samples) * len(beside.speed_rpm)
    return np.interp(at, np.arange(len(beside.speed_rpm)), beside.speed_rpm)


def _arrays(node: Tree | Mapping[str, Tree], path: tuple[str, ...], unit: str) -> Iterator[_Found]:
    """Every array of the tree with its path; a struct's own ``Name`` and ``unit`` texts are used where it has them."""
    if isinstance(node, np.ndarray):
        yield _Found(path or ("signal",), node, unit)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _arrays(item, _item_path(path, item, index), unit)
    elif isinstance(node, Mapping):
        own_name = _text_field(node, _NAME_FIELDS)
        for name, value in node.items():
            named = (*path[:-1], own_name) if own_name and name in _DATA_FIELDS else (*path, name)
            yield from _arrays(value, named, _unit_of(node) or unit)


def _unit_of(struct: Mapping[str, Tree]) -> str:
    """A struct's own unit, its text or the label of its quantity (``y_values.quantity.label``, Siemens)."""
    quantity = struct.get("quantity")
    label = _text_field(quantity, ("label",)) if isinstance(quantity, Mapping) else ""
    return _text_field(struct, _UNIT_FIELDS) or label


def _item_path(path: tuple[str, ...], item: Tree, index: int) -> tuple[str, ...]:
    own_name = _text_field(item, _NAME_FIELDS) if isinstance(item, Mapping) else ""
    return (*path[:-1], own_name) if own_name else (*path[:-1], f"{path[-1] if path else 'cell'}({index + 1})")


def _text_field(struct: Mapping[str, Tree], fields: tuple[str, ...]) -> str:
    return next((text for field in fields if isinstance(text := struct.get(field), str) and text.strip()), "")


def _may_be_signal(array: np.ndarray, bounds: Limits) -> bool:
    """A real numeric vector, or a matrix with few columns, long enough to be a recording."""
    if array.dtype.kind not in "fiu":
        return False
    sides = sorted(side for side in array.shape if side != 1)
    if not sides or sides[-1] < MIN_SAMPLES or len(sides) > 2:
        return False
    if len(sides) == 1 or (sides[0] <= bounds.max_channels and sides[1] >= 4 * sides[0]):
        return True
    return holds_snapshots(sides) and _swings(array)


def _swings(array: np.ndarray) -> bool:
    """Whether numbers lie on both sides of zero, as a vibration's: no picture, map of levels or spectrogram."""
    low, middle, high = np.percentile(array.reshape(-1)[:65_536], (2, 50, 98))
    return bool(low < 0 < high and abs(middle) < 0.5 * min(-low, high))


def _short_names(paths: list[tuple[str, ...]]) -> list[str]:
    """Each path by its last name where that is enough to tell it apart, in full otherwise (``gs`` or ``test.gs``)."""
    last = [path[-2] if len(path) > 1 and path[-1] in _DATA_FIELDS else path[-1] for path in paths]
    return [name if last.count(name) == 1 else ".".join(path) for name, path in zip(last, paths, strict=True)]


def _facts_by_scope(node: Tree | Mapping[str, Tree], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Facts]]:
    """Rate and speed named in each struct of the tree."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _facts_by_scope(item, _item_path(path, item, index))
    elif isinstance(node, Mapping):
        yield path, _facts_of_struct(node, "field" if path else "variable")
        for name, value in node.items():
            yield from _facts_by_scope(value, (*path, name))


def _facts_of_struct(struct: Mapping[str, Tree], where: str) -> Facts:
    scalars = {
        name: float(value.flat[0])
        for name, value in struct.items()
        if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiub"
    }
    facts = facts_in_scalars(scalars, where)
    texts = [f"{name}: {value}" for name, value in struct.items() if isinstance(value, str)]
    facts = facts.or_else(facts_in_lines(texts))
    rate = scalars.get("rate", float("nan"))
    if facts.rate is None and 1000 <= rate <= 10_000_000:
        return replace(facts, rate=Known(rate, f"{where} 'rate'"))
    if facts.rate is not None and facts.rpm is None and 0.1 <= rate <= 500:
        # MFPT: `sr` is the sampling rate and `rate` the shaft's, both in Hz.
        return replace(facts, rpm=Known(60.0 * rate, f"{where} 'rate' (shaft rate in Hz)"))
    return facts


def _facts_at(facts: Mapping[tuple[str, ...], Facts], scope: tuple[str, ...]) -> Facts:
    """Facts of the struct, completed by those around it, then by the file's where they do not contradict."""
    merged = Facts()
    for end in range(len(scope), -1, -1):
        merged = merged.or_else(facts.get(scope[:end], Facts()))
    rates = {known.rate.value: known.rate for known in facts.values() if known.rate}
    speeds = {known.rpm.value: known.rpm for known in facts.values() if known.rpm}
    elsewhere = Facts(
        next(iter(rates.values())) if len(rates) == 1 else None,
        next(iter(speeds.values())) if len(speeds) == 1 else None,
    )
    return merged.or_else(elsewhere)


def _contents(tree: Mapping[str, Tree]) -> str:
    if not tree:
        return "no variables"
    parts = []
    for name, value in list(tree.items())[:5]:
        if isinstance(value, np.ndarray):
            shape = "x".join(str(side) for side in value.shape)
            parts.append(f"'{clean_name(name)}' ({shape})")
        else:
            kind = {"str": "text", "dict": "struct", "list": "cell or struct array"}.get(type(value).__name__, "other")
            parts.append(f"'{clean_name(name)}' ({kind})")
    return ", ".join(parts) + (f" and {len(tree) - 5} more" if len(tree) > 5 else "")
