"""Bodies of requests -> windows of shape (n, 2048), and which record is at fault when they do not hold that.

JSON is parsed one record at a time (`bearing.api.members`): a buffer of one record instead of the whole body.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bearing.api.members import MemberParser, NotJson, member_parser
from bearing.errors import SignalError, TooLarge

__all__ = ["check_vibration", "parse_npy", "parse_records", "parse_rows", "parse_windows"]

MAX_TOKENS = 10_000  # strings and brackets within one member; a record needs three
MAX_HEADER = 10_000  # bytes; numpy.save writes 128 for an array of numbers
SMALLEST_SWING = 1e-7  # between the lowest and the highest sample, as a share of the larger: below is rounding
FIRST_LOOK = 64  # samples
NPY_MAGIC = b"\x93NUMPY"
_SPACE = b" \t\r\n"
_RECORDS_EXAMPLE = '[{"record": [2048 numbers]}, ...]'
_WRAPPED = re.compile(rb'\s*\{\s*"windows"\s*:')
_ROWS_EXAMPLE = '{"windows": [[2048 numbers], ...]} or [[2048 numbers], ...]'


def parse_windows(body: bytes | bytearray, size: int, max_windows: int) -> NDArray[np.floating]:
    """A body of ``/api/windows``: ``.npy`` bytes, or JSON. Raises SignalError or TooLarge, naming the window."""
    if body.startswith(NPY_MAGIC):
        return parse_npy(body, size, max_windows)
    return parse_rows(body, size, max_windows)


def parse_npy(body: bytes | bytearray, size: int, max_windows: int) -> NDArray[np.floating]:
    """A ``.npy`` file of shape (n, `size`) in float32 or float64, as a view of the bytes.

    The header is checked against the length of the body before anything is allocated; pickles are never opened.

    Raises
    ------
    SignalError
        For a damaged header, another shape or type, a wrong length, or a window that is not finite (it is named).
    TooLarge
        For more than `max_windows`.
    """
    stream = io.BytesIO(body[:MAX_HEADER])
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except Exception as error:  # NumPy evaluates a literal here: a hostile header raises nearly anything
        raise SignalError("The header of the .npy body is damaged: send what numpy.save writes.") from error
    if dtype.kind != "f" or dtype.itemsize not in (4, 8):
        raise SignalError("The .npy body must hold float32 or float64, not another type: convert it before saving.")
    if len(shape) != 2 or shape[1] != size or shape[0] < 1:
        raise SignalError(f"The .npy body must have shape (n, {size}) with n of 1 or more, got {shape}.")
    if shape[0] > max_windows:
        raise TooLarge(f"{shape[0]:,} windows in one request, at most {max_windows} are taken: split it into several.")
    held, claimed = len(body) - stream.tell(), shape[0] * size * dtype.itemsize
    if held != claimed:
        raise SignalError(f"The .npy body is not whole: shape {shape} needs {claimed:,} bytes, {held:,} came.")
    flat: NDArray[np.floating] = np.frombuffer(body, dtype, offset=stream.tell())
    windows = flat.reshape(shape, order="F" if fortran else "C")
    finite = np.isfinite(windows).all(axis=1)
    if not finite.all():
        raise SignalError(f"{_name(int(finite.argmin()), 'Window')} holds NaN or infinity: leave it out or repair it.")
    return windows


def parse_records(body: bytes | bytearray, size: int, max_windows: int) -> NDArray[np.float64]:
    """``[{"record": [size numbers]}, ...]`` as an array of shape (n, `size`).

    Other keys of a record are allowed and ignored. Raises SignalError or TooLarge, naming the first record at fault.
    """

    def read(parser: MemberParser, record: Any, index: int) -> NDArray[np.float64]:
        try:
            values = record["record"]
        except KeyError:
            raise SignalError(f'{_name(index, "Record")} has no key "record": send {_RECORDS_EXAMPLE}.') from None
        return _numbers(parser, values, index, size, "Record")

    return _members(body, b"{", b"}", "Record", _RECORDS_EXAMPLE, max_windows, read)


def parse_rows(body: bytes | bytearray, size: int, max_windows: int) -> NDArray[np.float64]:
    """``[[size numbers], ...]``, bare or as the only key ``windows`` of an object, as an array of shape (n, `size`).

    Raises SignalError or TooLarge, naming the first window at fault.
    """

    def read(parser: MemberParser, window: Any, index: int) -> NDArray[np.float64]:
        return _numbers(parser, window, index, size, "Window")

    wrapped = _WRAPPED.match(body)
    if wrapped:
        end = body.rfind(b"}")
        if end < 0 or body[end + 1 :].strip(_SPACE):
            raise SignalError(f"The body is cut off or not valid JSON: send {_ROWS_EXAMPLE}.")
        body = body[wrapped.end() : end]
    return _members(body, b"[", b"]", "Window", _ROWS_EXAMPLE, max_windows, read)


def _members(
    body: bytes | bytearray,
    opens: bytes,
    closes: bytes,
    what: str,
    example: str,
    most: int,
    read: Callable[..., NDArray[np.float64]],
) -> NDArray[np.float64]:
    """What `read(parser, element, index)` makes of each member of a JSON array of objects, or of arrays.

    A body passes exactly when it is valid JSON: every member is parsed, as the bytes up to the first closing bracket
    (or the matching one, where that is no whole member), and nothing but one comma and spaces may stand between two.
    """
    at, end = body.find(b"[") + 1, body.rfind(b"]")
    if not 0 < at <= end or body[: at - 1].strip(_SPACE) or body[end + 1 :].strip(_SPACE):
        raise SignalError(f"The body must be a JSON array, {example}.")
    parser = member_parser()
    rows: list[NDArray[np.float64]] = []
    while True:
        start = body.find(opens, at, end)
        between = body[at : start if start >= 0 else end].strip(_SPACE)
        if between != (b"," if rows and start >= 0 else b""):
            raise SignalError(f"{_name(len(rows), what)} is not what belongs there: send {example}.")
        if start < 0:
            break
        if len(rows) == most:
            raise TooLarge(f"More than {most} windows in one request: split it into several.")
        at = body.find(closes, start, end) + 1
        try:
            member = parser.parse(body[start:at])
        except NotJson:
            at = _matching_close(body, start, end, opens, closes)
            member = _parse_odd(parser, body[start:at], len(rows), what)
        rows.append(read(parser, member, len(rows)))
        del member  # the parser takes the next one only when nobody looks at this one
    if not rows:
        raise SignalError(f"The body holds no windows: send {example}.")
    return np.stack(rows)


def _matching_close(body: bytes | bytearray, start: int, end: int, opens: bytes, closes: bytes) -> int:
    """The index after the bracket that closes the one at `start`, `end` for none. Strings are stepped over."""
    depth = 0
    tokens = re.compile(rb'"(?:[^"\\]|\\.)*"|[%s%s]' % (re.escape(opens), re.escape(closes)), re.DOTALL)
    for match in islice(tokens.finditer(body, start, end), MAX_TOKENS):
        depth += {opens: 1, closes: -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return end


def _parse_odd(parser: MemberParser, piece: bytes | bytearray, index: int, what: str) -> Any:
    """A member with brackets of its own; SignalError saying what is wrong when it is no valid JSON."""
    try:
        return parser.parse(piece)
    except NotJson as error:
        odd = re.search(rb"-?\b(NaN|Infinity|nan|inf)\b", piece)
        if odd:
            raise SignalError(f"{_name(index, what)} holds {odd[0].decode()}: leave it out or repair it.") from None
        raise SignalError(f"{_name(index, what)} is not valid JSON: {error}.") from None


def _numbers(parser: MemberParser, values: Any, index: int, size: int, what: str) -> NDArray[np.float64]:
    """The numbers of a list the parser has found, as a copy that outlives its buffer."""
    if not isinstance(values, parser.list_type):
        raise SignalError(f"{_name(index, what)} must be a list of {size} numbers.")
    if len(values) != size:
        raise SignalError(f"{_name(index, what)} holds {len(values):,} numbers, expected {size}.")
    try:
        return parser.numbers(values)
    except TypeError:
        other = "null, text, true, a list within the list"
        raise SignalError(f"{_name(index, what)} holds something that is no number ({other}).") from None


def check_vibration(windows: NDArray[np.floating], what: str) -> None:
    """SignalError naming the first that is no vibration: constant, or never turning back.

    The network was never shown such windows, and scaled to unit variance they get a sure answer all the same.
    """
    low, high = windows.min(axis=1), windows.max(axis=1)
    with np.errstate(over="ignore"):
        still = high - low <= SMALLEST_SWING * np.maximum(np.abs(low), np.abs(high))
    if still.any():
        dead = int(still.argmax())
        raise SignalError(
            f"{_name(dead, what)} does not move: every sample is {windows[dead, 0]:.6g}, as of a dead or unplugged "
            "sensor. Leave it out."
        )
    for index in np.flatnonzero(_one_way(windows[:, :FIRST_LOOK])):  # nearly always none: vibration turns soon
        if _one_way(windows[index : index + 1])[0]:
            raise SignalError(
                f"{_name(int(index), what)} only rises or only falls from its first sample to its last: that is a "
                "clock, a counter or a drift, no vibration. Leave it out."
            )


def _one_way(windows: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows never fall, or never rise."""
    earlier, later = windows[:, :-1], windows[:, 1:]
    return np.all(earlier <= later, axis=1) | np.all(earlier >= later, axis=1)


def _name(index: int, what: str) -> str:
    return f"{what} {index} (counted from 0)"
