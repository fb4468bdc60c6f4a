"""Resampling to shaft angle, against closed forms."""

from __future__ import annotations

import time

import numpy as np
import pytest

from bearing.errors import ParameterError, SignalError
from bearing.signal.angle import (
    ShaftAngle,
    angle_of_pulses,
    angle_of_speed,
    interpolate,
    order_map,
    order_spectrum,
    synchronous_average,
    to_angle,
)

RATE_HZ = 12_000.0


def ramp(start_rpm: float, stop_rpm: float, seconds: float, rate_hz: float = RATE_HZ) -> tuple[np.ndarray, np.ndarray]:
    """Speed in rpm at each sample of a run-up, and the turns done by then: f0 t + (f1 - f0) t^2 / 2T."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    turns = (start_rpm * at + (stop_rpm - start_rpm) * at**2 / (2 * seconds)) / 60
    return start_rpm + (stop_rpm - start_rpm) * at / seconds, turns


@pytest.mark.parametrize(("cycles_per_sample", "off"), [(0.01, 1e-5), (0.25, 3e-5), (0.4, 2e-4), (0.45, 6e-4)])
def test_a_sine_is_read_between_its_samples(cycles_per_sample: float, off: float) -> None:
    at = np.sort(np.random.default_rng(0).uniform(200, 4800, 3000))
    signal = np.sin(2 * np.pi * cycles_per_sample * np.arange(5000) + 0.3)
    assert np.abs(interpolate(signal, at) - np.sin(2 * np.pi * cycles_per_sample * at + 0.3)).max() < off


def test_at_its_samples_a_signal_is_itself_whatever_its_unit() -> None:
    signal = np.random.default_rng(1).standard_normal(4000)
    signal = np.fft.irfft(np.fft.rfft(signal)[:1800], 4000) * 1e-30  # up to 90 % of half the rate
    found = interpolate(signal, np.arange(300.0, 3700.0))
    assert np.abs(found - signal[300:3700]).max() < 1e-3 * np.abs(signal).max()


def test_ends_hold_and_a_short_signal_is_read() -> None:
    signal = np.sin(2 * np.pi * 0.05 * np.arange(40))
    at = np.linspace(0, 39, 100)
    assert np.abs(interpolate(signal, at) - np.sin(2 * np.pi * 0.05 * at)).max() < 0.02


def test_an_order_of_a_run_up_becomes_a_sine_of_the_angle() -> None:
    speed, turns = ramp(600, 1800, 10)
    found = to_angle(np.sin(2 * np.pi * 7.3 * turns), RATE_HZ, angle_of_speed(speed, RATE_HZ))
    expected = np.sin(2 * np.pi * 7.3 * np.arange(len(found.samples)) / found.per_turn)
    assert np.abs(found.samples - expected)[100:-100].max() < 1e-3
    assert found.mean_hz == pytest.approx(20.0, rel=1e-3)
    assert found.turns == pytest.approx(200, abs=1)
    assert found.rate_hz == pytest.approx(found.per_turn * found.mean_hz)


def test_all_of_the_band_survives_where_the_shaft_is_slow() -> None:
    """A tone just below half the sampling rate, heard while the shaft turns at its slowest."""
    speed, _ = ramp(600, 1800, 10)
    burst = np.hanning(6000) * np.sin(2 * np.pi * 0.45 * np.arange(6000))
    signal = np.zeros(len(speed))
    signal[2000:8000] = burst
    found = to_angle(signal, RATE_HZ, angle_of_speed(speed, RATE_HZ))
    assert np.abs(found.samples).max() == pytest.approx(1.0, abs=0.02)


def test_what_fewer_samples_cannot_hold_is_cut_and_does_not_fold() -> None:
    speed = np.full(60_000, 1200.0)
    tone = np.sin(2 * np.pi * 2000 * np.arange(60_000) / RATE_HZ)  # order 100
    found = to_angle(tone, RATE_HZ, angle_of_speed(speed, RATE_HZ), per_turn=150)
    assert np.abs(found.samples[1000:-1000]).max() < 1e-3


def test_pulses_give_the_angle_between_them() -> None:
    """Pulses at whole turns of a run-up: t = (sqrt(f0^2 + 2 a k) - f0) / a."""
    first_hz, rise = 10.0, 2.0
    pulses = (np.sqrt(first_hz**2 + 2 * rise * np.arange(150)) - first_hz) / rise * RATE_HZ
    angle = angle_of_pulses(pulses)
    at = np.linspace(pulses[2], pulses[-3], 5000)
    seconds = at / RATE_HZ
    assert np.abs(angle.turns_at(at) - (first_hz * seconds + rise * seconds**2 / 2)).max() < 1e-4
    assert np.abs(angle.positions_at(angle.turns_at(at)) - at).max() < 0.5
    assert np.abs(angle.speed_hz(at, RATE_HZ, over=200) / (first_hz + rise * seconds) - 1).max() < 2e-3


def test_missing_numbers_of_a_speed_take_those_around_them() -> None:
    speed, turns = ramp(600, 1800, 10)
    speed[1000:2000] = np.nan
    angle = angle_of_speed(speed, RATE_HZ)
    assert angle.turns_at(np.array([119_999.0]))[0] == pytest.approx(turns[-1], rel=1e-6)


def test_a_shaft_behind_a_belt_turns_by_the_ratio() -> None:
    angle = angle_of_speed(np.full(1000, 600.0), RATE_HZ)
    assert angle.times(2.5).mean_hz(RATE_HZ) == pytest.approx(25.0)


def test_order_spectrum_and_map_show_a_line_where_it_belongs() -> None:
    speed, turns = ramp(900, 1500, 10)
    found = to_angle(0.8 * np.sin(2 * np.pi * 3.58 * turns), RATE_HZ, angle_of_speed(speed, RATE_HZ))
    lines = order_spectrum(found, max_order=10)
    assert lines.frequency_hz[np.argmax(lines.values)] == pytest.approx(3.58, abs=0.01)
    assert lines.values.max() == pytest.approx(0.8, rel=0.16)
    drawn = order_map(found.samples, found.per_turn, max_order=10)
    assert drawn.frequency_hz[-1] <= 10
    highest = drawn.frequency_hz[np.argmax(drawn.level_db, axis=0)]
    assert np.abs(highest - 3.58).max() < 2 * (drawn.frequency_hz[1] - drawn.frequency_hz[0])
    assert drawn.time_s[-1] == pytest.approx(found.turns, rel=0.1)


def test_the_average_keeps_the_shaft_and_the_residual_the_rest() -> None:
    speed, turns = ramp(900, 1500, 10)
    shaft, other = np.sin(2 * np.pi * 3 * turns), 0.5 * np.sin(2 * np.pi * 3.58 * turns)
    found = to_angle(shaft + other, RATE_HZ, angle_of_speed(speed, RATE_HZ))
    parts = synchronous_average(found)
    expected = np.sin(2 * np.pi * 3 * np.arange(found.per_turn) / found.per_turn)
    assert np.abs(parts.average - expected).max() < 0.02
    assert parts.residual.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    assert parts.periods == int(found.turns)


def test_refusals_say_what_is_wrong() -> None:
    with pytest.raises(ParameterError, match="stands still"):
        angle_of_speed(np.array([600.0, 0.0, 600.0]), RATE_HZ)
    with pytest.raises(ParameterError, match="two numbers"):
        angle_of_speed(np.full(100, np.nan), RATE_HZ)
    with pytest.raises(ParameterError, match="rises"):
        ShaftAngle(np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    with pytest.raises(ParameterError, match="whole turn"):
        to_angle(np.zeros(100), RATE_HZ, angle_of_speed(np.full(100, 600.0), RATE_HZ))
    with pytest.raises(SignalError):
        to_angle(np.full(100, np.nan), RATE_HZ, angle_of_speed(np.full(100, 600.0), RATE_HZ))
    with pytest.raises(ParameterError, match="ratio"):
        angle_of_speed(np.full(100, 600.0), RATE_HZ).times(0)


def test_a_shaft_that_nearly_stops_does_not_fill_the_memory() -> None:
    speed, _ = ramp(2, 3000, 10)
    found = to_angle(np.zeros(len(speed)), RATE_HZ, angle_of_speed(speed, RATE_HZ))
    assert len(found.samples) <= 4.01 * len(speed)


def test_ten_seconds_at_51_khz_take_a_fraction_of_a_second() -> None:
    """The exact figure is benchmarks/order_tracking.py's; this only catches an algorithm gone wrong."""
    speed, turns = ramp(1500, 2100, 10, 51_200)
    started = time.process_time()
    to_angle(np.sin(2 * np.pi * turns), 51_200, angle_of_speed(speed, 51_200))
    assert time.process_time() - started < 1.0
