"""The verdict as a whole: what it says of good signals, and that it abstains where it should."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import golden
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bearing.errors import MissingRate, SignalError
from bearing.files import ROOT
from bearing.physics.catalogue import find
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.recording import Recording
from bearing.verdict.asked.intake import open_path
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.judging import diagnose
from bearing.verdict.opinions import Opinion
from bearing.verdict.prepared import Prepared
from bearing.verdict.words.sentences import agreement_of, family_remark

SAMPLES = ROOT / "data" / "samples"
STATES = {"normal", "inner", "outer", "ball", "damaged", "impacts", "uncertain"}


@pytest.fixture(scope="module")
def bearing() -> Bearing:
    entry = find("SKF 6205-2RS JEM")
    return Bearing(entry.name, entry.orders)


def sample(name: str) -> Recording:
    return open_path(SAMPLES / f"{name}.csv").recordings[0]


@pytest.mark.parametrize(
    ("name", "verdict"), [("healthy", "normal"), ("outer", "outer"), ("inner", "inner"), ("ball", "ball")]
)
def test_simulated_samples(name: str, verdict: str, bearing: Bearing) -> None:
    diagnosis = diagnose(sample(name), bearing)
    assert diagnosis.verdict == verdict
    assert diagnosis.confidence > 0.6
    assert diagnosis.opinions["cnn"].in_domain is False  # a simulated machine is not the rig it was trained on
    assert diagnosis.reason


def test_golden_answers() -> None:
    """The committed samples and weights give the stored answers: no change of either goes unnoticed."""
    stored: dict[str, Any] = json.loads(golden.PATH.read_text(encoding="utf-8"))
    for name, answer in golden.answers().items():
        expected = stored[name]
        assert answer["model_sha256"] == expected["model_sha256"], "new weights: run python tests/golden.py"
        assert answer["verdict"] == expected["verdict"]
        assert answer["confidence"] == pytest.approx(expected["confidence"], abs=1e-3)
        for opinion, probabilities in expected["probabilities"].items():
            assert answer["probabilities"][opinion] == pytest.approx(probabilities, abs=2e-3)


def test_everything_is_json(bearing: Bearing) -> None:
    content = diagnose(sample("inner"), bearing).as_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_gain_and_offset_do_not_matter(bearing: Bearing) -> None:
    recording = sample("outer")
    louder = replace(recording, samples=250.0 * recording.samples)
    first, again = diagnose(recording, bearing), diagnose(louder, bearing)
    assert first.verdict == again.verdict
    assert first.confidence == pytest.approx(again.confidence, abs=0.02)


def test_an_unknown_rate_is_asked_for(bearing: Bearing) -> None:
    with pytest.raises(MissingRate, match="--rate"):
        diagnose(replace(sample("outer"), sampling_rate_hz=None), bearing)


@pytest.mark.parametrize("name", ["outer", "inner", "ball"])
@pytest.mark.parametrize("factor", [0.9, 0.95, 1.05, 1.1])
def test_a_damaged_bearing_asked_with_a_wrong_speed_is_not_called_healthy(
    name: str, factor: float, bearing: Bearing
) -> None:
    recording = sample(name)
    assert recording.shaft_rpm is not None
    diagnosis = diagnose(replace(recording, shaft_rpm=factor * recording.shaft_rpm), bearing)
    assert diagnosis.verdict != "normal"


@pytest.mark.parametrize("factor", [0.9, 0.95, 1.05, 1.1])
@pytest.mark.parametrize("known", [True, False])
def test_a_sound_machine_that_knocks_once_a_turn_is_not_alarmed_by_a_wrong_speed(
    factor: float, known: bool, bearing: Bearing
) -> None:
    orders = FaultOrders(bpfo=1.0, bpfi=3.0, bsf=1.2, ftf=0.398)  # an "outer race" that is struck once a turn
    knocking = simulate(SimulationConfig("outer", duration_s=5.0, impact_g=0.6, seed=3, orders=orders))
    recording = Recording(knocking, 12_000.0, 1772.0 * factor)
    asked = diagnose(recording, bearing if known else None)
    assert asked.verdict == "uncertain"
    if known:
        assert any(abs(float(rpm) / 1772 - 1) < 0.005 for rpm in re.findall(r"(\d+) rpm", asked.reason))


@pytest.mark.parametrize("factor", [0.845, 0.855])
def test_harmonics_of_a_shaft_that_knocks_do_not_pose_as_a_race(factor: float, bearing: Bearing) -> None:
    orders = FaultOrders(bpfo=1.0, bpfi=3.0, bsf=1.2, ftf=0.398)
    knocking = simulate(SimulationConfig("outer", duration_s=5.0, impact_g=2.0, mean_slip=0.0, seed=3, orders=orders))
    asked = diagnose(Recording(knocking, 12_000.0, 1772.0 * factor), bearing)  # three turns lie within 2 % of BPFO
    assert asked.verdict == "uncertain"
    told = re.search(r"the shaft's own if it turns at (\d+) rpm", asked.reason)
    assert told is not None
    assert float(told[1]) == pytest.approx(1772, rel=0.005)


def test_a_refined_speed_is_not_told_as_the_one_the_signal_speaks_for(bearing: Bearing) -> None:
    diagnosis = replace(diagnose(sample("outer"), bearing), shaft_rpm=1790.04)
    assert diagnosis.speed_note == "Judged at 1790.0 rpm, by the lines nearest to the stated 1772 rpm."
    doubted = replace(diagnosis, rpm_confidence=0.9, rpm_source="the signal's own lines")
    assert doubted.speed_note == "Stated 1772 rpm, the signal says 1790.0 rpm: that was used."


@pytest.mark.parametrize("state", ["outer", "inner"])
def test_a_fault_asked_at_its_own_pace_is_not_taken_for_the_shaft(state: Any, bearing: Bearing) -> None:
    signal = simulate(SimulationConfig(state, duration_s=5.0, impact_g=1.0, seed=3))
    line = {"outer": bearing.orders.bpfo, "inner": bearing.orders.bpfi}[state]
    assert diagnose(Recording(signal, 12_000.0, 1772.0 * line), bearing).verdict != "normal"


def test_what_may_be_the_shaft_is_told_so_where_the_speed_is_unknown() -> None:
    orders = FaultOrders(bpfo=1.0, bpfi=3.0, bsf=1.2, ftf=0.398)
    knocking = simulate(SimulationConfig("outer", duration_s=5.0, impact_g=0.6, seed=3, orders=orders))
    reason = diagnose(Recording(knocking, 12_000.0)).reason
    told = re.search(r"If the shaft turns at (\d+) rpm, it is the shaft itself", reason)
    assert told is not None
    assert float(told[1]) == pytest.approx(1772, rel=0.01)


@pytest.mark.parametrize("name", ["outer", "inner"])
@pytest.mark.parametrize("other", ["ER-12K", "SKF 6203-2RS JEM"])
def test_a_damaged_bearing_asked_as_another_is_not_called_healthy(name: str, other: str) -> None:
    entry = find(other)
    assert diagnose(sample(name), Bearing(entry.name, entry.orders)).verdict != "normal"


@pytest.mark.parametrize("name", ["outer", "inner"])
@pytest.mark.parametrize("rpm", [None, 1772.0])
def test_without_a_bearing_it_tells_what_strikes_and_what_it_needs(name: str, rpm: float | None) -> None:
    diagnosis = diagnose(replace(sample(name), shaft_rpm=rpm))
    assert diagnosis.verdict == "impacts"
    assert diagnosis.impacts is not None
    assert diagnosis.impacts.rate_hz > 5
    assert (diagnosis.impacts.order is None) == (rpm is None)
    assert "strikes" in diagnosis.reason
    assert "bearing is not known" in diagnosis.reason
    assert diagnosis.best_guess is None


def test_a_healthy_machine_without_a_bearing_is_uncertain() -> None:
    diagnosis = diagnose(sample("healthy"))
    assert diagnosis.verdict == "uncertain"
    assert diagnosis.best_guess is None
    assert "the bearing is not known" in diagnosis.reason
    assert diagnosis.opinions["envelope"].verdict is None


def test_an_estimated_speed_is_never_silent(bearing: Bearing) -> None:
    diagnosis = diagnose(replace(sample("outer"), shaft_rpm=None, rpm_source=""), bearing)
    assert diagnosis.shaft_rpm == pytest.approx(1772, rel=0.01)
    assert "estimated from the signal" in diagnosis.rpm_source
    assert diagnosis.confidence <= diagnosis.rpm_confidence < 1


def test_an_estimated_speed_is_among_the_warnings(bearing: Bearing) -> None:
    diagnosis = diagnose(replace(sample("outer"), shaft_rpm=None, rpm_source=""), bearing)
    assert diagnosis.speed_note in diagnosis.warnings
    assert f"{diagnosis.shaft_rpm:.0f} rpm" in diagnosis.speed_note
    assert diagnose(sample("outer"), bearing).speed_note == ""


def test_each_family_says_what_its_lines_are_worth(bearing: Bearing) -> None:
    evidence = diagnose(sample("outer"), bearing).evidence
    assert family_remark(evidence["outer"]).startswith("Suspicious")
    shallow = replace(evidence["outer"], depth=0.01)
    assert "shallow" in family_remark(shallow)
    assert "control frequencies" in family_remark(replace(shallow, null_score=0.0))
    nothing = replace(shallow, lines=tuple(replace(line, found=False) for line in shallow.lines))
    assert family_remark(nothing) == ""


def test_lines_on_shaft_harmonics_make_health_uncertain() -> None:
    noise = np.random.default_rng(4).normal(size=48_000)
    whole = Bearing("BPFO 5, BPFI 7", fault_orders(Geometry(12, 10.0, 60.0)))
    diagnosis = diagnose(Recording(noise, 12_000.0, 1_500.0), whole)
    assert diagnosis.verdict == "uncertain"
    assert "BPFO (5.000) and BPFI (7.000) cannot be told from a harmonic of the shaft" in diagnosis.reason


@pytest.mark.parametrize("name", ["outer", "inner"])
def test_of_several_numbers_of_balls_the_lines_choose(name: str, bearing: Bearing) -> None:
    eight, seven = (fault_orders(Geometry(balls, 0.29 * 27, 38.5)) for balls in (8, 7))
    one = diagnose(sample(name), replace(bearing, orders=eight, estimated=True))
    assert one.verdict != name  # and it strikes at no line of such a bearing
    three = diagnose(sample(name), Bearing("25 x 52", eight, True, (seven, bearing.orders)))
    assert three.verdict == name
    assert three.bearing is not None
    assert three.bearing.orders == bearing.orders  # what figures and tables then show
    assert re.search("of 7, 8 or 9 .* the lines stand for 9.$", three.warnings[-1])
    assert three.confidence < diagnose(sample(name), bearing).confidence


def test_at_a_doubtful_speed_no_number_of_balls_is_sure(bearing: Bearing) -> None:
    eight, ten = (fault_orders(Geometry(balls, 0.29 * 27, 38.5)) for balls in (8, 10))
    slow = replace(sample("outer"), shaft_rpm=1772 * 0.9)  # where ten balls pass as often as nine at the true one
    found = diagnose(slow, Bearing("25 x 52", ten, True, (eight, bearing.orders)))
    assert found.confidence < diagnose(sample("outer"), bearing).confidence
    assert re.search(r"the spectrum speaks for 177\d rpm", " ".join((found.reason, *found.warnings)).lower())


def test_a_sound_bearing_keeps_its_likeliest_number_of_balls(bearing: Bearing) -> None:
    eight = fault_orders(Geometry(8, 0.29 * 27, 38.5))
    diagnosis = diagnose(sample("healthy"), Bearing("25 x 52", eight, True, (bearing.orders,)))
    assert diagnosis.verdict == "uncertain"
    assert "only estimated" in diagnosis.reason
    assert diagnosis.bearing is not None
    assert diagnosis.bearing.orders == eight
    assert not diagnosis.bearing_note


def test_noise_without_a_speed_is_uncertain(bearing: Bearing) -> None:
    noise = np.random.default_rng(3).normal(size=36_000)
    diagnosis = diagnose(Recording(noise, 12_000.0), bearing)
    assert diagnosis.verdict == "uncertain"
    assert "shaft speed" in diagnosis.reason


def test_a_dead_sensor_is_uncertain(bearing: Bearing) -> None:
    diagnosis = diagnose(Recording(np.full(30_000, 0.25), 12_000.0, 1772.0), bearing)
    assert diagnosis.verdict == "uncertain"
    assert "sensor was dead" in diagnosis.reason
    assert diagnosis.warnings
    assert {o.verdict for o in diagnosis.opinions.values()} == {None}  # nobody may call a dead sensor healthy
    assert not diagnosis.has_guess


def test_networks_are_outside_their_training_on_a_clipped_recording(bearing: Bearing) -> None:
    recording = sample("inner")
    limit = 0.5 * float(recording.samples.std())
    diagnosis = diagnose(replace(recording, samples=np.clip(recording.samples, -limit, limit)), bearing)
    assert diagnosis.verdict == "uncertain"
    assert {name for name, o in diagnosis.opinions.items() if not o.in_domain} == {"cnn", "order_cnn"}
    assert not diagnosis.has_guess


def test_a_gap_is_told_and_the_longest_stretch_used(bearing: Bearing) -> None:
    samples = sample("inner").samples.copy()
    samples[1_000] = np.nan
    diagnosis = diagnose(replace(sample("inner"), samples=samples), bearing)
    assert diagnosis.verdict == "inner"
    assert any("not finite" in w or "gap" in w.lower() or "NaN" in w for w in diagnosis.warnings)


def test_a_rate_of_one_hertz_does_not_blow_the_signal_up(bearing: Bearing) -> None:
    """A typing error: resampled to 12 kHz, 200,000 samples would become 2.4 thousand million."""
    noise = np.random.default_rng(1).normal(size=200_000)
    diagnosis = diagnose(Recording(noise, 1.0, 1772.0), bearing)
    assert diagnosis.verdict == "uncertain"
    assert len(diagnosis.windows.start_s) == 0
    assert "3 kHz" in diagnosis.opinions["cnn"].note
    assert "500 Hz" in diagnosis.opinions["order_cnn"].note


@settings(max_examples=40, deadline=None)
@given(
    rate_hz=st.floats(0, 7).map(lambda power: 10**power),
    rpm=st.floats(1, 200_000),
    count=st.integers(2048, 30_000),
)
def test_no_rate_speed_or_length_raises(rate_hz: float, rpm: float, count: int) -> None:
    noise = np.random.default_rng(5).normal(size=count)
    diagnosis = diagnose(Recording(noise, rate_hz, rpm), Bearing("any", fault_orders(Geometry(9, 7.94, 39.04))))
    assert diagnosis.verdict in STATES


def test_nothing_but_gaps_is_refused(bearing: Bearing) -> None:
    with pytest.raises(SignalError, match="holds 0 of 30,000: the rest are gaps"):
        diagnose(Recording(np.full(30_000, np.nan), 12_000.0, 1772.0), bearing)


@pytest.mark.parametrize("rate_hz", [5_000.0, 25_600.0, 51_200.0, 97_656.0])
def test_any_rate_and_2048_samples_are_enough_for_an_answer(rate_hz: float, bearing: Bearing) -> None:
    rng = np.random.default_rng(8)
    diagnosis = diagnose(Recording(rng.normal(size=2_048), rate_hz, 1_500.0), bearing)
    assert diagnosis.verdict in ("normal", "uncertain")
    assert 0 <= diagnosis.confidence < 0.95


@settings(max_examples=15, deadline=None)
@given(
    elements=st.integers(6, 24),
    ratio=st.floats(0.1, 0.4),
    rpm=st.floats(300, 3600),
    rate_hz=st.sampled_from([8_000.0, 20_000.0, 48_828.0]),
    seed=st.integers(0, 1000),
)
def test_noise_is_never_called_a_fault_with_confidence(
    elements: int, ratio: float, rpm: float, rate_hz: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(size=int(1.5 * rate_hz))
    bearing = Bearing("any", fault_orders(Geometry(elements, ratio, 1.0)))
    diagnosis = diagnose(Recording(noise, rate_hz, rpm), bearing)
    assert diagnosis.verdict in STATES
    assert not (diagnosis.verdict in ("inner", "outer", "ball") and diagnosis.confidence >= 0.9)


def _opinion(name: str, verdict: str | None, in_domain: bool = True) -> Opinion:
    return Opinion(name, name.upper(), verdict, None if verdict is None else 0.9, {}, in_domain, "")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"a": None, "b": None}, "No opinion could be formed."),
        ({"a": "inner", "b": None}, "Only the A has an opinion."),
        ({"a": "inner", "b": "inner"}, "Both opinions agree."),
        ({"a": "inner", "b": "inner", "c": "inner"}, "All three opinions agree."),
        ({"a": "ball", "b": "inner", "c": "inner"}, "Opinions differ: the A says ball; the B and the C say inner."),
    ],
)
def test_agreement_is_named(said: dict[str, str | None], sentence: str) -> None:
    assert agreement_of({name: _opinion(name, verdict) for name, verdict in said.items()}) == sentence


def test_agreement_names_what_is_outside_its_training() -> None:
    opinions = {"a": _opinion("a", "inner", in_domain=False), "b": _opinion("b", "inner")}
    assert agreement_of(opinions) == "Both opinions agree (the A outside its training)."


@pytest.mark.recordings
@pytest.mark.parametrize("number", [97, 98, 99, 100])
def test_real_healthy_recordings_are_not_called_faulty(recordings_dir: Path, number: int) -> None:
    recording, known = Request().apply(open_path(recordings_dir / f"{number}.mat"))
    diagnosis = diagnose(recording, known)
    assert diagnosis.verdict in ("normal", "uncertain")
    assert math.isclose(diagnosis.sampling_rate_hz, 48_000)


@pytest.mark.recordings
@pytest.mark.parametrize(("number", "verdict"), [(105, "inner"), (130, "outer"), (118, "ball"), (97, "normal")])
def test_real_recordings(recordings_dir: Path, number: int, verdict: str) -> None:
    assert diagnose(*Request().apply(open_path(recordings_dir / f"{number}.mat"))).verdict == verdict


@pytest.mark.parametrize("name", ["outer", "healthy"])
def test_what_is_kept_of_a_signal_changes_no_answer(name: str) -> None:
    recording, bearing = Request().apply(open_path(SAMPLES / f"{name}.csv"))
    kept = Prepared(recording)
    for rpm, asked in (
        (None, bearing),
        (1700.0, bearing),
        (None, None),
        (1772.0, Bearing("NU 205 (SKF)", find("NU 205").orders)),
    ):
        question = recording if rpm is None else recording.corrected(shaft_rpm=rpm)
        assert kept.is_of(question)
        assert diagnose(question, asked, prepared=kept).as_dict() == diagnose(question, asked).as_dict()
    other = Recording(recording.samples[::2].copy(), 6_000.0, 1772.0, source=recording.source)
    assert diagnose(other, bearing, prepared=kept).as_dict() == diagnose(other, bearing).as_dict()


NAMES = {"outer": ("Outer race", "BPFO"), "inner": ("Inner race", "BPFI"), "ball": ("Ball", "2 x BSF")}


@pytest.mark.recordings
def test_no_reason_passes_over_the_table_of_lines_beside_it(recordings_dir: Path) -> None:
    """Where three harmonics of a family or more stand, the sentence says so, or the verdict is of that family."""
    passed_over = []
    for path in sorted(recordings_dir.glob("*.mat"))[::6]:
        found = diagnose(*Request().apply(open_path(path)))
        for family, evidence in found.evidence.items():
            title, lines = NAMES[family]
            if found.verdict == family:
                count = (
                    f"{evidence.harmonics_found} of {len(evidence.lines)}" if evidence.harmonics_found else "none of"
                )
                assert f"{title}: {count}" in found.reason, path.name
            elif found.verdict == "normal" and evidence.harmonics_found >= 3 and lines not in found.reason:
                passed_over.append((path.name, family))
        if found.verdict == "impacts":
            assert found.impacts is not None
            assert f"{found.impacts.rate_hz:.1f} times a second" in found.reason
    assert not passed_over


def test_a_bearing_of_more_elements_than_the_network_met_is_never_called_sound() -> None:
    sound = open_path(SAMPLES / "healthy.csv").recordings[0]
    many = Bearing("60 rollers", fault_orders(Geometry(60, 4.0, 100.0, 12.0)))
    found = diagnose(sound, many)
    assert (found.verdict, found.best_guess) == ("uncertain", "normal")
    assert "60 rolling elements" in found.reason
