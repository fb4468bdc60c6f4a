"""A shaft that does not hold its speed, from file to verdict: followed by column, tacho, or the signal itself."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

import bearing
from bearing.errors import ParameterError
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.recording import FloatArray, Recording
from bearing.signal.envelope import Band, Demodulator
from bearing.verdict.asked.ask import answer_of, read
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.doctor.examine import examine
from bearing.verdict.judging import diagnose

RATE_HZ = 12_000.0
CONFIG = SimulationConfig(state="outer", sampling_rate_hz=RATE_HZ, duration_s=8.0, shaft_rpm=1200.0, seed=5)
KNOWN = Bearing("6205-2RS JEM", CONFIG.orders)


@lru_cache
def run_up(state: str = "outer") -> tuple[FloatArray, FloatArray]:
    """A signal and its speed in rpm at each sample: from 900 to 1500 rpm."""
    count = round(CONFIG.duration_s * RATE_HZ)
    rpm = np.linspace(900.0, 1500.0, count)
    config = SimulationConfig(state=state, sampling_rate_hz=RATE_HZ, duration_s=8.0, shaft_rpm=1200.0, seed=5)
    return simulate(config, np.cumsum(rpm) / 60 / RATE_HZ), rpm


def text(head: str, *columns: FloatArray) -> bytes:
    rows = "\n".join(",".join(f"{value:.6g}" for value in row) for row in zip(*columns, strict=True))
    return f"# SIMULATED, sampling_rate_hz={RATE_HZ:g}\n{head}\n{rows}\n".encode()


@pytest.mark.parametrize("source", ["speed column", "tacho"])
def test_what_the_file_says_of_the_speed_is_followed(source: str) -> None:
    signal, rpm = run_up()
    pulses = (np.cumsum(rpm) / 60 / RATE_HZ % 1 < 0.1).astype(float)
    head, beside = ("acc [g],speed [rpm]", rpm) if source == "speed column" else ("acc [g],keyphasor [V]", pulses)
    found = bearing.diagnose(text(head, signal, beside), bearing="6205-2RS JEM")
    assert found.verdict == "outer"
    assert found.moved is not None
    assert (found.moved.source, found.to_dict()["moved"]["source"]) == (source, source)
    assert found.moved.rpm.min() == pytest.approx(900, rel=0.03)
    assert found.moved.rpm.max() == pytest.approx(1500, rel=0.03)
    assert "judged turn by turn" in found.speed_note
    assert found.speed_note in found.warnings
    assert found.doctor.of("speed varies") is None
    assert (found.sampling_rate_hz, found.duration_s) == (RATE_HZ, pytest.approx(8.0, rel=0.01))


@pytest.mark.parametrize("rpm", [1200.0, None])
def test_without_a_word_of_it_the_signal_is_followed(rpm: float | None) -> None:
    signal, true = run_up()
    found = diagnose(Recording(signal, RATE_HZ, rpm), KNOWN)
    assert found.verdict == "outer"
    assert found.moved is not None
    assert found.moved.source == "signal"
    seen = np.interp(found.moved.time_s, np.arange(len(true)) / RATE_HZ, true)
    assert np.median(np.abs(found.moved.rpm / seen - 1)) < 0.005


def test_a_sound_bearing_is_not_called_damaged_for_a_moving_shaft() -> None:
    signal, rpm = run_up("healthy")
    assert diagnose(Recording(signal, RATE_HZ, 1200.0, speed_rpm=rpm), KNOWN).verdict == "normal"
    assert diagnose(Recording(signal, RATE_HZ, 1200.0), KNOWN).verdict in ("normal", "uncertain")


def test_the_lines_of_a_moving_shaft_are_drawn_sharp() -> None:
    signal, rpm = run_up()
    found = diagnose(Recording(signal, RATE_HZ, 1200.0, speed_rpm=rpm), KNOWN)
    still = found.still
    assert still is not None
    assert still.sampling_rate_hz == pytest.approx(RATE_HZ * 1200 / 1500, rel=0.02)  # what the fastest turn fills
    assert len(still.samples) / still.sampling_rate_hz == pytest.approx(8.0, rel=0.02)
    line_hz = KNOWN.orders.bpfo * 1200 / 60

    def stands(samples: FloatArray, rate_hz: float) -> float:
        drawn = Demodulator(samples, rate_hz).envelope_spectrum(Band(2000, 4000), 300)
        near = np.abs(drawn.frequency_hz / line_hz - 1) < 0.01
        return float(drawn.amplitude[near].max() / np.median(drawn.amplitude))

    assert stands(still.samples, still.sampling_rate_hz) > 5 * stands(signal, RATE_HZ)


def test_a_shaft_that_holds_its_speed_is_left_alone() -> None:
    signal = simulate(CONFIG)
    column = 1200 + np.random.default_rng(0).normal(0, 1, len(signal))
    found = diagnose(Recording(signal, RATE_HZ, 1200.0, speed_rpm=column), KNOWN)
    assert (found.verdict, found.moved) == ("outer", None)
    plain = diagnose(Recording(signal, RATE_HZ, 1200.0), KNOWN)
    assert found.to_dict() == plain.to_dict()


def test_a_column_of_another_shaft_is_geared_to_the_speed_that_was_typed() -> None:
    signal, rpm = run_up()
    motor = Recording(signal, RATE_HZ, 2400.0, speed_rpm=2 * rpm)
    found = diagnose(motor.corrected(shaft_rpm=1200.0), KNOWN)
    assert (found.verdict, found.shaft_rpm) == ("outer", pytest.approx(1200, rel=0.01))
    assert motor.corrected(shaft_rpm=2450.0).speed_rpm is motor.speed_rpm  # near enough: the column knows better


@pytest.mark.parametrize("told", ["column", "tacho"])
def test_a_speed_of_another_shaft_smears_no_fault_away(told: str) -> None:
    """Resampled by it every line is gone: a plain outer race fault was called sound."""
    signal = simulate(CONFIG)
    other = np.linspace(600.0, 1800.0, len(signal))
    pulses = (np.cumsum(other) / 60 / RATE_HZ % 1 < 0.1).astype(float)
    recording = Recording(signal, RATE_HZ, 1200.0)
    found = diagnose(replace(recording, **({"speed_rpm": other} if told == "column" else {"tacho": pulses})), KNOWN)
    assert found.verdict == "outer"
    assert found.moved is None
    assert any("hold one speed: it was not followed" in sentence for sentence in found.warnings)


def test_neither_is_the_middle_of_another_shaft_s_speed_believed() -> None:
    signal = simulate(CONFIG)
    found = bearing.diagnose(
        text("acc [g],speed [rpm]", signal, np.linspace(800.0, 2400.0, len(signal))), bearing=KNOWN
    )
    assert found.verdict == "outer"
    assert found.shaft_rpm == pytest.approx(1200.0, rel=0.01)
    assert found.rpm_source.startswith("estimated from the signal")


def test_a_speed_of_another_shaft_earns_no_sound_bearing() -> None:
    signal = simulate(replace(CONFIG, state="healthy"))
    found = diagnose(Recording(signal, RATE_HZ, 1200.0, speed_rpm=np.linspace(600.0, 1800.0, len(signal))), KNOWN)
    assert found.verdict == "uncertain"


def test_a_moving_column_that_nobody_follows_forbids_normal() -> None:
    signal, rpm = run_up("healthy")
    recording = Recording(signal, RATE_HZ, 1200.0, speed_rpm=rpm)
    told = examine(recording).of("speed varies")
    assert told is not None
    assert told.vetoes_normal
    assert "about 58 %" in told.sentence  # 930 to 1470 rpm, but for the outer twentieths
    assert examine(recording, speed_followed=True).of("speed varies") is None


def test_a_speed_told_roughly_at_a_few_moments_is_made_exact_by_the_signal() -> None:
    signal, true = run_up()
    request = Request(rate_hz=RATE_HZ, bearing="6205-2RS JEM", rpm_over_time="0=915, 4=1190, 8=1515")
    found = answer_of(read(signal), request)
    assert found.verdict == "outer"
    assert found.moved is not None
    assert found.moved.source == "by hand"
    assert "what was given" in found.speed_note
    seen = np.interp(found.moved.time_s, np.arange(len(true)) / RATE_HZ, true)
    assert np.median(np.abs(found.moved.rpm / seen - 1)) < 0.003


@pytest.mark.parametrize("said", ["1200", "0=600", "0=600,x", "0=600,0=700", "5=600,1=700", "0=nan,1=5", "0=-5,1=5"])
def test_a_speed_over_time_that_is_none_is_one_sentence(said: str) -> None:
    with pytest.raises(ParameterError):
        Request(rpm_over_time=said)
    with pytest.raises(ParameterError, match="not both"):
        Request(rpm=1200.0, rpm_over_time="0=600,1=700")


def test_a_speed_told_for_another_time_than_the_recordings_is_refused() -> None:
    recording = Recording(np.ones(1000), sampling_rate_hz=100.0)
    with pytest.raises(ParameterError, match=r"100 to 200 s, the recording lasts from 0 to 10 s"):
        recording.with_speed_over_time(np.array([100.0, 200.0]), np.array([600.0, 900.0]))


def test_a_speed_over_time_that_the_signal_does_not_show_earns_no_sound_bearing() -> None:
    signal, _ = run_up("healthy")
    told = Request(rate_hz=RATE_HZ, bearing="6205-2RS JEM", rpm_over_time="0=905, 8=1495")
    assert answer_of(read(signal), told).verdict == "normal"
    wrong = Request(rate_hz=RATE_HZ, bearing="6205-2RS JEM", rpm_over_time="0=4000, 8=2100")
    found = answer_of(read(signal), wrong)
    assert found.verdict == "uncertain"
    assert "does not show the speed over time" in found.reason


@pytest.mark.parametrize("needed", ["turning.STANDS", "forbids.SOUND_THOUGH_FOLLOWED"])
def test_a_speed_that_only_the_signal_tells_earns_a_sound_bearing_where_it_is_sure(
    needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal, _ = run_up("healthy")
    found = diagnose(Recording(signal, RATE_HZ, 1200.0), KNOWN)
    assert found.moved is not None
    assert found.verdict == "normal"
    monkeypatch.setattr(f"bearing.verdict.{needed}", 1.01)
    unsure = diagnose(Recording(signal, RATE_HZ, 1200.0), KNOWN)
    assert unsure.verdict == "uncertain"
    assert "give it over time" in unsure.reason
