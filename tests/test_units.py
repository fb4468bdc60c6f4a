"""Units as they stand in files, velocity, the machine's zone; and the words a person gets with a verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bearing
from bearing.errors import ParameterError
from bearing.signal.indicators import velocity_rms
from bearing.signal.severity import BAND_HZ, GROUPS, SUPPORTS, severity
from bearing.signal.units import unit_in_name, unit_named, unit_of
from bearing.verdict.fusion import Count
from bearing.verdict.told import headline
from bearing.verdict.words.advice import (
    Sureness,
    advice,
    counted_sentence,
    finding,
    percent,
    sureness,
    sureness_words,
    why,
    worst_first,
)
from bearing.verdict.words.sentences import family_sentence

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"


@pytest.fixture(scope="module")
def outer() -> bearing.Diagnosis:
    return bearing.diagnose(SAMPLES / "outer.csv")


@pytest.mark.parametrize(("written", "symbol"), [
    ("g", "g"), ("G", "g"), ("m/s^2", "m/s²"), ("M/S2", "m/s²"), ("m/s²", "m/s²"), ("mm/s", "mm/s"),
    ("mm/s rms", "mm/s"), ("[mV]", "mV"), ("in/s", "in/s"), ("ips", "in/s"), (" mg ", "mg"),
])  # fmt: skip
def test_units_are_read_as_files_write_them(written: str, symbol: str) -> None:
    found = unit_named(written)
    assert found is not None
    assert found.symbol == symbol


@pytest.mark.parametrize("written", ["", "kg", "Pa", "°C", "rpm", "s", "gram", "m"])
def test_other_units_are_none_of_vibration(written: str) -> None:
    assert unit_named(written) is None


@pytest.mark.parametrize(("name", "symbol"), [
    ("acceleration_g", "g"), ("acc_x_mg", "mg"), ("vib_mm_s", "mm/s"), ("accel_ms2", "m/s²"),
    ("vibration_y_m_s2", "m/s²"),
])  # fmt: skip
def test_a_name_that_ends_in_a_unit_says_it(name: str, symbol: str) -> None:
    found = unit_in_name(name)
    assert found is not None
    assert found.symbol == symbol


@pytest.mark.parametrize("name", ["motor_g", "acc_x", "DE", "vib_1", "velocity", "log_v"])
def test_a_name_that_only_looks_so_says_nothing(name: str) -> None:
    assert unit_in_name(name) is None


def test_a_unit_that_is_not_known_is_not_replaced_by_the_name() -> None:
    assert unit_of("acceleration_g", "counts") is None
    assert unit_of("acceleration_g", "") is not None


def test_velocity_of_an_acceleration_and_of_a_velocity() -> None:
    time_s = np.arange(48_000) / 12_000
    tone = np.sin(2 * np.pi * 100 * time_s)
    assert velocity_rms(tone, 12_000, BAND_HZ) == pytest.approx(1 / (2 * np.pi * 100) / np.sqrt(2), rel=1e-3)
    assert velocity_rms(tone, 12_000, BAND_HZ, integrate=False) == pytest.approx(1 / np.sqrt(2), rel=1e-3)


@pytest.mark.parametrize(("velocity", "group", "support", "zone"), [
    (2.7, "2", "rigid", "A/B"), (2.9, "2", "rigid", "C"), (4.6, "2", "rigid", "D"), (4.4, "2", "flexible", "A/B"),
    (4.4, "1", "rigid", "A/B"), (7.2, "1", "rigid", "D"), (7.2, "1", "flexible", "C"), (11.1, "1", "flexible", "D"),
])  # fmt: skip
def test_zones_of_the_machine_standard(velocity: float, group: str, support: str, zone: str) -> None:
    assert severity(velocity, group, support).zone == zone


def test_a_zone_needs_a_group_a_support_and_a_number() -> None:
    for asked in ((1.0, "3", "rigid"), (1.0, "1", "soft"), (float("nan"), "1", "rigid"), (-1.0, "1", "rigid")):
        with pytest.raises(ParameterError):
            severity(*asked)
    assert {severity(1.0, g, s).zone for g in GROUPS for s in SUPPORTS} == {"A/B"}


def test_the_words_say_no_more_than_the_count(outer: bearing.Diagnosis) -> None:
    assert finding(outer) == "Outer race damage."
    assert sureness(outer) is Sureness.SURE
    likely, perhaps = replace(outer, confidence=0.7), replace(outer, confidence=0.5)
    assert finding(likely) == "Outer race damage likely."
    assert finding(perhaps) == "Perhaps outer race damage."
    assert sureness_words(likely) == "likely, 70 %"
    assert len({advice(outer), advice(likely)}) == 2
    assert finding(replace(outer, verdict="damaged", confidence=0.7)) == "Bearing damage likely, part unclear."


def test_the_count_behind_the_number_is_told() -> None:
    assert counted_sentence(Count()) == ""
    assert "of 20 such statements none was wrong" in counted_sentence(Count(20, 0, 9))
    assert "of 20 such statements 1 was wrong" in counted_sentence(Count(20, 1, 9))


@pytest.mark.parametrize(("given", "says"), [
    (None, "Name the bearing"), ("6206", "Check which bearing is fitted"),
])  # fmt: skip
def test_advice_for_what_strikes_depends_on_what_is_known(
    outer: bearing.Diagnosis, given: str | None, says: str
) -> None:
    named = None if given is None else bearing.diagnose(SAMPLES / "outer.csv", bearing=given).bearing
    strikes = replace(outer, verdict="impacts", bearing=named)
    assert says in advice(strikes)
    assert "would fit" not in why(strikes)


def test_rollers_are_called_rollers(outer: bearing.Diagnosis) -> None:
    assert outer.element == "ball"
    roller = bearing.diagnose(SAMPLES / "ball.csv", bearing="NU 205", outer_ring_turns=True)
    assert roller.element == "roller"
    told = replace(roller, verdict="ball")
    assert finding(replace(told, confidence=0.95)) == "Roller damage."
    assert headline(told).startswith("Roller fault")
    ball = [name for name, family in roller.evidence.items() if family_sentence(family, "roller").startswith("Roller:")]
    assert ball == ["ball"]
    said = (
        roller.reason.partition("It would fit")[0],
        roller.agreement,
        *(one.note for one in roller.opinions.values()),
    )
    assert not any(re.search(r"\bball\b", text) for text in said)
    assert bearing.diagnose(SAMPLES / "ball.csv", bearing=bearing.Geometry(9, 7.94, 39.04)).element == "rolling element"


def test_the_worst_stands_first(outer: bearing.Diagnosis) -> None:
    said = ("normal", "uncertain", "impacts", "damaged", "inner")
    assert [d.verdict for d in worst_first(replace(outer, verdict=v) for v in said)] == list(reversed(said))


def test_nothing_is_certain() -> None:
    assert percent(1.0) == "> 99 %"
