"""What a user says is checked once, whoever asks, and says the same again after it was kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bearing import Bearing, FaultOrders, Geometry, ParameterError, find_bearing
from bearing.files import ROOT
from bearing.verdict.asked.intake import open_path
from bearing.verdict.asked.request import Request

ORDERS = "bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"rate_hz": float("nan")}, "sampling rate must lie between 1 and"),
        ({"rate_hz": float("inf")}, "sampling rate must lie between 1 and"),
        ({"rate_hz": 0}, "sampling rate must lie between 1 and"),
        ({"rate_hz": "12000"}, "sampling rate must be a number"),
        ({"rpm": 1e6}, "shaft speed must lie between 1 and"),
        ({"rpm": True}, "shaft speed must be a number"),
        ({"bearing": "nonsense"}, "No bearing 'nonsense'"),
        ({"bearing": 6205}, "designation like"),
        ({"geometry": "n=nan,d=1,D=2"}, "finite"),
        ({"orders": "bpfo=1e-9,bpfi=1,bsf=1,ftf=0.4"}, "between 0.01 and 200"),
        ({"geometry": Geometry(9, 1, 5)}, "given as text"),
        ({"channel": 1}, "given as text"),
        ({"bearing": "6205-2RS JEM", "orders": ORDERS}, "in one way, not by bearing and orders"),
        ({"unit": "furlong"}, "A unit is one of g, mg,"),
        ({"unit": "g", "mv_per_g": 100}, "with it the unit is mV or V, not g"),
        ({"mv_per_g": -1}, "sensitivity in mV/g lies between"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_file_is_opened(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        Request(**said)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"bearing": "6205-2RS JEM"}, "6205-2RS JEM (SKF)"),
        ({"bearing": find_bearing("6205-2RS JEM")}, "6205-2RS JEM (SKF)"),
        ({"bearing": Geometry(9, 7.94, 39.04)}, "n=9,d=7.94,D=39.04,phi=0"),
        ({"bearing": FaultOrders(3.25, 4.76, 2.56, 0.41)}, ORDERS),
        ({"bearing": Bearing("mine", FaultOrders(3.25, 4.76, 2.56, 0.41), True)}, "mine"),
        ({"geometry": " n=9,d=7.94,D=39.04 "}, "n=9,d=7.94,D=39.04"),
        ({"orders": ORDERS}, ORDERS),
    ],
)
def test_a_bearing_is_named_in_any_way(said: dict[str, Any], name: str) -> None:
    named = Request(**said).named
    assert named is not None
    assert named.name == name
    assert named.estimated == (name == "mine")


@pytest.mark.parametrize("name", ["bearing", "geometry", "orders", "raw"])
def test_a_sentence_quotes_no_more_of_a_long_text_than_a_line_holds(name: str) -> None:
    for text in ("a" * 10_000, "n=" * 5000, "bpfo=" + "9" * 10_000):
        with pytest.raises(ParameterError) as refused:
            Request(**{name: text})
        assert len(str(refused.value)) < 700


def test_empty_text_counts_as_not_said() -> None:
    assert Request(" ", None, None, "", "  ", "") == Request()
    assert Request(bearing=" ").named is None


def test_what_was_said_survives_being_kept_as_json() -> None:
    request = Request("acc_x", 25_600, 1480, bearing="6205-2RS JEM")
    again = Request(**json.loads(json.dumps(request.as_dict())))
    assert again == request
    assert again.named == request.named


def test_it_replaces_what_the_file_says_and_leaves_the_rest() -> None:
    intake = open_path(ROOT / "data" / "samples" / "outer.csv")
    recording, named = Request(rpm=1500).apply(intake)
    assert (recording.sampling_rate_hz, recording.shaft_rpm, recording.rpm_source) == (
        12_000,
        1500,
        "given by the user",
    )
    assert named is not None
    assert named.name == "6205-2RS JEM (SKF)"
    with pytest.raises(ParameterError, match="No channel 'z'"):
        Request("z").apply(intake)


@pytest.mark.parametrize(
    ("said", "unit", "times"),
    [
        ({"unit": "m/s2"}, "m/s²", 1.0),
        ({"unit": "V", "mv_per_g": 100}, "g", 10.0),
        ({"mv_per_g": 50}, "g", 0.02),
        ({"unit": "mV"}, "mV", 1.0),
    ],
)
def test_a_unit_is_told_where_the_file_does_not_and_volts_become_g(
    said: dict[str, Any], unit: str, times: float
) -> None:
    rows = "\n".join(f"{(-1) ** i * 0.1}" for i in range(500))
    request = Request(rate_hz=12_000, **said)
    intake = request.open_upload(f"acc\n{rows}\n".encode(), "a.csv")
    recording, _ = request.apply(intake)
    assert recording.unit == unit
    assert recording.samples[0] == pytest.approx(0.1 * times)
    assert Request(**request.as_dict()) == request
