"""JSON and JSON lines of samples: an object of arrays, an array of numbers, or one object per sample."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from bearing.errors import UnreadableFile, UnsupportedFormat
from bearing.readers.arrays.mat import Tree
from bearing.readers.arrays.matlab import tree_to_recordings
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.column import Column, columns_of
from bearing.readers.columns.keyed import KEY_WORDS, MOST_KEYS
from bearing.readers.names import clean_file_name, split_unit, words_of
from bearing.recording import Recording
from bearing.settings import Limits

__all__ = ["read_json"]

_NO_NUMBER = re.compile(rb"(?<=[\[,:\s])[-+]?(?:NaN|nan|Infinity|inf)(?=[\],}\s])")
_NAMES = ("columns", "fields", "names", "header")
_ROWS = ("values", "data", "rows")


def read_json(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a JSON file: named arrays, with named numbers beside them as facts.

    Raises UnreadableFile when it is no JSON, UnsupportedFormat when it holds no array of samples, TooLarge.
    """
    import orjson

    bounds.check_samples(data.count(b",") + 1)
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        content = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        data = _NO_NUMBER.sub(b"null", data)  # as Python and Java write gaps
        lines = [line for line in data.splitlines() if line.strip()]
        try:
            content = orjson.loads(lines[0]) if len(lines) == 1 else _of_lines(lines, data)
        except orjson.JSONDecodeError:
            raise UnreadableFile("The JSON file is damaged or cut off: export it again.") from error
    return _recordings(content, name, bounds)


def _of_lines(lines: list[bytes], whole: bytes) -> Any:
    """One document over several lines, or one a line."""
    import orjson

    try:
        return orjson.loads(whole)
    except orjson.JSONDecodeError:
        return [orjson.loads(line) for line in lines]


def _recordings(content: Any, name: str, bounds: Limits) -> list[Recording]:
    if isinstance(content, list) and content and all(isinstance(row, dict) for row in content[:100]):
        if any(isinstance(value, dict) for value in content[0].values()):
            content = [_flat(record) if isinstance(record, dict) else record for record in content]
        if any(_is_long(value) for value in content[0].values()):
            return tree_to_recordings(_whole_tree(_joined(content), bounds), name, bounds)
        return to_recordings(_columns_of_records(content), name, bounds)
    if isinstance(content, dict):
        return tree_to_recordings(_whole_tree(content, bounds), name, bounds)
    array = _array(content) if isinstance(content, list) else None
    if array is None:
        raise UnsupportedFormat(
            f"No samples in '{clean_file_name(name)}': expected arrays of numbers, such as "
            '{"sampling_rate_hz": 12000, "acc": [0.1, 0.2]}.'
        )
    return to_recordings(columns_of(array, "" if array.ndim > 1 else "signal", bounds), name, bounds)


def _is_long(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(isinstance(one, (int, float)) for one in value[:8])


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record with what lies inside its objects beside the rest, by the last of their names that tells them apart."""
    flat: dict[str, Any] = {}
    pending = [(key, key, value, 0) for key, value in record.items()]
    while pending:
        path, key, value, depth = pending.pop(0)
        if isinstance(value, dict) and depth < 8:
            pending += [(f"{path}.{name}", str(name), inner, depth + 1) for name, inner in value.items()]
        else:
            flat[path if key in flat else key] = value
    return flat


def _joined(records: list[Any]) -> dict[str, Any]:
    """Packets, an array of samples in each, as one object: the arrays end to end, and what all packets agree on.

    A packet that says which sensor it is of goes to that sensor's; lost ones, by their counter or time, are gaps.
    """
    packets = [record for record in records if isinstance(record, dict)]
    first = packets[0]
    keys = [key for key, value in first.items() if isinstance(value, str) and KEY_WORDS.intersection(words_of(key))]
    for key in keys:
        if (
            2
            <= len(names := dict.fromkeys(str(packet.get(key)) for packet in packets))
            <= min(MOST_KEYS, len(packets) // 2)
        ):
            apart = [[packet for packet in packets if str(packet.get(key)) == name] for name in names]
            return {name: _end_to_end(own) for name, own in zip(names, apart, strict=True)} | _agreed(packets)
    return _end_to_end(packets)


def _agreed(packets: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: first
        for key, first in packets[0].items()
        if not _is_long(first) and all(packet.get(key) == first for packet in packets)
    }


def _end_to_end(packets: list[dict[str, Any]]) -> dict[str, Any]:
    """The arrays of one sensor's packets joined, null where packets are missing, and what they agree on."""
    missing = _missing_before(packets)
    whole = _agreed(packets)
    for key, first in packets[0].items():
        if _is_long(first):
            gap: list[Any] = [None] * len(first)
            parts = [gap * lost + (packet.get(key) or []) for lost, packet in zip(missing, packets, strict=True)]
            whole[key] = [one for part in parts for one in part]
    return whole


def _missing_before(packets: list[dict[str, Any]]) -> list[int]:
    """How many packets are missing before each, by a number that rises from packet to packet in equal steps."""
    none = [0] * len(packets)
    for key, first in packets[0].items():
        if isinstance(first, bool) or not isinstance(first, (int, float)) or len(packets) < 8:
            continue
        values = [packet.get(key) for packet in packets]
        if not all(isinstance(value, (int, float)) for value in values):
            continue
        steps = np.diff(np.array(values, np.float64))
        step = float(np.median(steps))
        if not step > 0 or not steps.min() > 0.5 * step:
            continue
        lost = np.rint(steps / step).astype(int) - 1
        if int(lost.sum()) > len(packets):  # stopped in between: another recording, or another clock
            return none
        return [0, *lost.tolist()]
    return none


def _columns_of_records(records: list[Any]) -> list[Column]:
    """The columns of one object per sample; a key that a record lacks is a gap."""
    first = next(record for record in records if isinstance(record, dict))
    columns = []
    for key, sample in first.items():
        if isinstance(sample, (int, float)) and not isinstance(sample, bool):
            cells = [record.get(key) if isinstance(record, dict) else None for record in records]
            values = np.array([c if isinstance(c, (int, float)) else np.nan for c in cells], np.float64)
            columns.append(Column(*split_unit(key)[:1], values, split_unit(key)[1]))
        elif isinstance(sample, str):
            from bearing.readers.tables.stamps import seconds_of_texts

            texts = [str(record.get(key, "")) if isinstance(record, dict) else "" for record in records]
            if (numbers := _numbers_of(texts)) is not None:
                columns.append(Column(*split_unit(key)[:1], numbers, split_unit(key)[1]))
                continue
            seconds = seconds_of_texts(texts)
            if seconds is not None:
                columns.append(Column(key, seconds, "s", stamp=True))
            elif 2 <= len(words := dict.fromkeys(texts)) <= MOST_KEYS:
                codes = {word: float(code) for code, word in enumerate(words)}
                columns.append(Column(key, np.array([codes[text] for text in texts]), labels=tuple(words)))
    return columns


def _numbers_of(texts: list[str]) -> np.ndarray | None:
    """Numbers that are written as text, None for other text."""
    try:
        return np.array(texts, dtype=np.float64)
    except ValueError:
        return None


def _array(values: list[Any]) -> np.ndarray | None:
    """A list of numbers (null is a gap), or of equal lists of numbers, as an array; None for anything else."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _whole_tree(content: dict[str, Any], bounds: Limits) -> dict[str, Tree]:
    tree = _tree(content, bounds, 0)
    return tree if isinstance(tree, dict) else {"signal": tree}


def _tree(node: Any, bounds: Limits, depth: int) -> Tree:
    """Named arrays and numbers as the readers of MATLAB files give them."""
    bounds.check_depth(depth)
    if isinstance(node, dict):
        if (table := _named_rows(node)) is not None:
            return table
        if len(node) >= 500 and all(one is None or type(one) in (int, float) for one in node.values()):
            values = np.array([np.nan if one is None else one for one in node.values()], np.float64)
            stamps = _stamps_of_keys(list(node))
            return values if stamps is None else {"time_s": stamps, "value": values}  # keyed by its row, or its time
        if len(node) >= 500 and all(isinstance(one, dict) for one in node.values()):
            return _tree_of(_columns_of_records(list(node.values())))
        bounds.check_elements(len(node))
        return {
            _with_unit(str(name), value): _tree(_value(value), bounds, depth + 1)
            for name, value in node.items()
            if value is not None
        }
    if isinstance(node, list):
        array = _array(node)
        if array is not None:
            return array
        if node and all(isinstance(row, dict) for row in node[:100]) and len(node) >= 500:
            return _tree_of(_columns_of_records(node))
        bounds.check_elements(len(node))
        return [_tree(value, bounds, depth + 1) for value in node]
    if isinstance(node, bool):
        return str(node)
    return np.array(float(node)) if isinstance(node, (int, float)) else str(node)


def _named_rows(node: dict[str, Any]) -> dict[str, Tree] | None:
    """A table as names and rows (``{"columns": ["time", "acc"], "values": [[...], ...]}``) with text in it."""
    names = next((node[key] for key in _NAMES if isinstance(node.get(key), list)), None)
    rows = next((node[key] for key in _ROWS if isinstance(node.get(key), list)), None)
    if not names or not rows or len(rows) < 16 or not all(isinstance(name, str) for name in names):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows) or _array(rows) is not None:
        return None
    columns = _columns_of_records([dict(zip(names, row, strict=True)) for row in rows])
    return _tree_of(columns)


def _tree_of(columns: list[Column]) -> dict[str, Tree]:
    """Columns as a tree, stamps as seconds since the first."""
    return {
        f"{column.name}_s" if column.stamp else column.name: column.values - column.values[0]
        if column.stamp
        else column.values
        for column in columns
        if not column.labels
    }


def _stamps_of_keys(keys: list[str]) -> np.ndarray | None:
    """Seconds since the first of keys that are stamps, None for the counts of rows."""
    from bearing.readers.columns.clock import seconds_by_size
    from bearing.readers.tables.stamps import seconds_of_texts

    if all(key.isdecimal() for key in keys):
        numbers = np.array([float(key) for key in keys])
        scale = seconds_by_size(numbers)
        return (numbers - numbers[0]) * scale if scale else None
    seconds = seconds_of_texts(keys)
    return None if seconds is None else seconds - seconds[0]


def _value(node: Any) -> Any:
    """The number of ``{"value": 12, "unit": "kHz"}``, anything else as it is."""
    return node["value"] if isinstance(node, dict) and set(node) == {"value", "unit"} else node


def _with_unit(name: str, node: Any) -> str:
    return f"{name} [{node['unit']}]" if isinstance(node, dict) and set(node) == {"value", "unit"} else name
