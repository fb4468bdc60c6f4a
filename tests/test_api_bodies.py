"""Bodies of windows: accepted exactly when they are valid JSON of the right shape, and then read exactly."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bearing.api import bodies
from bearing.api.bodies import check_vibration, parse_records, parse_rows
from bearing.api.members import PARSERS
from bearing.errors import SignalError

SIZE = 3
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1)
rows = st.lists(st.lists(numbers, min_size=SIZE, max_size=SIZE), min_size=1, max_size=5)
extras = st.dictionaries(
    st.text(max_size=5).filter(lambda key: key != "record"),
    st.recursive(
        st.text(max_size=4) | st.none() | st.booleans(), lambda inner: st.lists(inner, max_size=2), max_leaves=4
    )
    | st.dictionaries(st.sampled_from(["{", "}", '"', "a"]), st.integers(-9, 9), max_size=2),
    max_size=2,
)


@pytest.fixture(autouse=True, scope="module", params=PARSERS)
def parser(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test twice: with the parser of this Python, and with the one for where it has no wheel."""
    patch = pytest.MonkeyPatch()
    patch.setattr(bodies, "member_parser", PARSERS[request.param])
    yield request.param
    patch.undo()


indents = st.sampled_from([None, 0, 1, "\t"])


@given(rows, indents)
def test_rows_are_read_exactly(values: list[list[float]], indent: int | str | None) -> None:
    expected = np.array(values, dtype=np.float64)
    for content in (values, {"windows": values}):
        body = json.dumps(content, indent=indent).encode()
        np.testing.assert_array_equal(parse_rows(body, SIZE, 5), expected)


@given(rows, st.lists(extras, min_size=5, max_size=5), indents, st.booleans())
def test_records_are_read_exactly_whatever_else_they_hold(
    values: list[list[float]], more: list[dict], indent: int | str | None, first: bool
) -> None:
    content = [
        {"record": row, **extra} if first else {**extra, "record": row}
        for row, extra in zip(values, more, strict=False)
    ]
    body = json.dumps(content, indent=indent).encode()
    np.testing.assert_array_equal(parse_records(body, SIZE, 5), np.array(values, dtype=np.float64))


def strict(body: bytes) -> object:
    """What the standard library reads, with what is no JSON refused."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(body.decode("utf-8"), parse_constant=refuse)


def is_vector(values: object) -> bool:
    return (
        isinstance(values, list)
        and len(values) == SIZE
        and all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values)
    )


VALID = b'[{"record": [1.5, -2, 3e-1], "unit": "g"}, {"record":[0,0.25,7]}]'
edits = st.lists(
    st.tuples(st.integers(0, len(VALID)), st.integers(0, 2), st.sampled_from(list(b'[]{}",: 0e-.\\tn\x00\xff'))),
    min_size=1,
    max_size=3,
)


@given(edits)
def test_a_damaged_body_is_accepted_exactly_when_it_is_still_valid(changes: list[tuple[int, int, int]]) -> None:
    body = bytearray(VALID)
    for at, cut, byte in changes:
        body[at : at + cut] = bytes([byte])
    damaged = bytes(body)
    try:
        content = strict(damaged)
    except ValueError:
        content = None
    keys = re.findall(rb'"record"', damaged)
    valid = (
        isinstance(content, list)
        and len(content) > 0
        and all(isinstance(member, dict) and is_vector(member.get("record")) for member in content)
        and len(keys) == len(content)  # which of two equal keys counts is not defined
    )
    try:
        read = parse_records(damaged, SIZE, 5)
    except SignalError:
        assert not valid
        return
    if valid:
        np.testing.assert_array_equal(read, np.array([member["record"] for member in content], dtype=np.float64))
    else:
        assert len(keys) > len(read)


def test_brackets_without_end_cost_little() -> None:
    for opening in (b"{", b"[", b'{"a":', b'"'):
        with pytest.raises(SignalError):
            parse_records(b"[{" + opening * 1_000_000 + b"]", SIZE, 5)


@pytest.mark.parametrize("bad", [b"true", b"null", b'"5"', b"[1]", b"{}", b"NaN", b"Infinity", b"1e999", b"01", b"+1"])
def test_nothing_but_numbers_is_taken_for_a_number(bad: bytes) -> None:
    with pytest.raises(SignalError, match=r"Record 1 \(counted from 0\)"):
        parse_records(b'[{"record": [1, 2, 3]}, {"record": [1, ' + bad + b", 3]}]", SIZE, 5)


def test_other_keys_may_hold_what_a_record_may_not() -> None:
    body = b'[{"valid": true, "record": [1, 2, 3], "note": null}]'
    np.testing.assert_array_equal(parse_records(body, SIZE, 5), [[1.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        (np.zeros(2048), "does not move: every sample is 0"),
        (np.full(2048, 9.81), "does not move: every sample is 9.81"),
        (9.81 + 1e-12 * np.arange(2048), "does not move"),
        (np.linspace(0, 1, 2048), "only rises or only falls"),
        (np.linspace(1, -1, 2048) ** 3, "only rises or only falls"),
        (np.repeat([0.0, 1.0], 1024), "only rises or only falls"),
    ],
)
def test_a_window_that_is_no_vibration_is_named(window: np.ndarray, sentence: str) -> None:
    windows = np.vstack([np.random.default_rng(0).standard_normal((2, 2048)), window[None]])
    with pytest.raises(SignalError, match=r"Record 2 \(counted from 0\) " + sentence):
        check_vibration(windows, "Record")


def test_slow_small_huge_and_offset_vibration_is_taken() -> None:
    slow = np.sin(2 * np.pi * 10 * np.arange(2048) / 12_000)  # not yet turning within the first look
    check_vibration(np.stack([slow, 1e-90 * slow, 1e300 * slow, 1000 + 0.01 * slow]), "Window")
