"""JSON and JSON lines of samples: an object of arrays, an array of numbers, or one object per sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from bearing.errors import UnreadableFile, UnsupportedFormat
from bearing.readers.arrays.mat import Tree
from bearing.readers.arrays.matlab import tree_to_recordings
from bearing.readers.columns.channels import Column, columns_of, to_recordings
from bearing.readers.names import clean_file_name, split_unit
from bearing.recording import Recording
from bearing.settings import Limits

__all__ = ["read_json"]


def read_json(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a JSON file: named arrays, with named numbers beside them as facts.

    Raises UnreadableFile when it is no JSON, UnsupportedFormat when it holds no array of samples, TooLarge.
    """
    import orjson

    bounds.check_samples(data.count(b",") + 1)
    try:
        content = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        lines = [line for line in data.splitlines() if line.strip()]
        try:
            content = [orjson.loads(line) for line in lines]
        except orjson.JSONDecodeError:
            raise UnreadableFile("The JSON file is damaged or cut off: export it again.") from error
    return _recordings(content, name, bounds)


def _recordings(content: Any, name: str, bounds: Limits) -> list[Recording]:
    if isinstance(content, list) and content and all(isinstance(row, dict) for row in content[:100]):
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


def _joined(records: list[Any]) -> dict[str, Any]:
    """Packets, an array of samples in each, as one object: the arrays end to end, and what all packets agree on."""
    packets = [record for record in records if isinstance(record, dict)]
    whole: dict[str, Any] = {}
    for key, first in packets[0].items():
        if _is_long(first):
            whole[key] = [one for packet in packets for one in packet.get(key) or ()]
        elif all(packet.get(key) == first for packet in packets):
            whole[key] = first
    return whole


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
            seconds = seconds_of_texts(texts)
            columns += [Column(key, seconds, "s")] if seconds is not None else []
    return columns


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
        if len(node) >= 500 and all(one is None or type(one) in (int, float) for one in node.values()):
            return np.array([np.nan if one is None else one for one in node.values()], np.float64)  # keyed by its row
        if len(node) >= 500 and all(isinstance(one, dict) for one in node.values()):
            return {column.name: column.values for column in _columns_of_records(list(node.values()))}
        bounds.check_elements(len(node))
        return {str(name): _tree(value, bounds, depth + 1) for name, value in node.items() if value is not None}
    if isinstance(node, list):
        array = _array(node)
        if array is not None:
            return array
        if node and all(isinstance(row, dict) for row in node[:100]) and len(node) >= 500:
            return {column.name: column.values for column in _columns_of_records(node)}
        bounds.check_elements(len(node))
        return [_tree(value, bounds, depth + 1) for value in node]
    if isinstance(node, bool):
        return str(node)
    return np.array(float(node)) if isinstance(node, (int, float)) else str(node)
