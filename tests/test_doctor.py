"""The doctor finds each illness it looks for, and leaves healthy recordings alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bearing.physics.catalogue import load_catalogue
from bearing.physics.kinematics import Geometry, fault_orders
from bearing.recording import Recording, usable_stretch
from bearing.verdict.doctor.examine import examine
from bearing.verdict.doctor.finding import SEVERITIES

RATE_HZ, RPM = 12_000.0, 1_797.0
ORDERS = fault_orders(Geometry(9, 7.94, 39.04))


def noise(count: int = 60_000, seed: int = 0) -> np.ndarray:
    white = np.random.default_rng(seed).standard_normal(count + 1)
    return (white[1:] + 0.8 * white[:-1]) / np.hypot(1, 0.8)  # a machine is never as white as a converter


def healthy(samples: np.ndarray, rate_hz: float | None = RATE_HZ, rpm: float | None = RPM) -> Recording:
    return Recording(samples, rate_hz, rpm)


def severity(samples: np.ndarray, code: str, rate_hz: float | None = RATE_HZ, rpm: float | None = RPM) -> str:
    finding = examine(healthy(samples, rate_hz, rpm), ORDERS).of(code)
    return finding.severity if finding else ""


def test_healthy_noise_is_ok() -> None:
    report = examine(healthy(noise()), ORDERS)
    assert [check.severity for check in report.checks] == ["ok"]
    assert (report.severity, report.warnings) == ("ok", ())
    assert (report.samples, report.duration_s) == (60_000, 5.0)


def test_converter_noise_is_no_sound_bearing() -> None:
    white = np.random.default_rng(3).standard_normal(60_000)
    for samples in (white, 24 + 0.02 * white):
        finding = examine(healthy(samples), ORDERS).of("white")
        assert finding is not None
        assert finding.vetoes_normal


def test_what_wanders_by_unrelated_steps_is_never_called_sound() -> None:
    temperature = 40 + np.cumsum(np.random.default_rng(4).standard_normal(60_000)) * 1e-4
    finding = examine(healthy(temperature), ORDERS).of("white")
    assert finding is not None
    assert finding.vetoes_normal
    assert examine(healthy(noise(60_000)), ORDERS).of("white") is None


@pytest.mark.parametrize("value", [0.0, 2.5, 1e-200])
def test_dead_channel(value: float) -> None:
    assert severity(np.full(5_000, value), "dead") == "severe"


def test_clipping_by_how_much() -> None:
    signal = noise()
    assert severity(np.clip(signal, -1, 1), "clipped") == "severe"
    assert severity(np.clip(signal, -3, 3), "clipped") == "warning"
    assert severity(np.clip(signal, -3.9, 3.9), "clipped") == "note"
    assert severity(np.clip(signal, -9, 1.5), "clipped") == "severe"
    assert severity(np.round(np.clip(signal, -2, 2), 2), "clipped") == "severe"


@pytest.mark.parametrize("step", [0.5, 0.1, 0.01, 1e-4])
def test_rounded_signals_are_not_called_clipped(step: float) -> None:
    for seed in range(5):
        assert severity(np.round(noise(seed=seed) / step) * step, "clipped") == ""


def test_sine_is_not_called_clipped() -> None:
    assert severity(np.sin(np.arange(60_000) * 0.37), "clipped") == ""


def test_offset_and_coarse_steps() -> None:
    assert severity(noise() + 5, "offset") == "note"
    assert severity(np.round(noise()), "coarse") == "warning"
    assert severity(np.round(0.5 * noise()), "coarse") == "severe"
    assert severity(np.round(noise(), 2), "coarse") == ""


def test_gaps_are_counted_and_the_longest_stretch_used() -> None:
    signal = noise()
    signal[[100, 20_000]] = np.nan, np.inf
    finding = examine(healthy(signal)).of("gaps")
    assert finding is not None
    assert finding.severity == "warning"
    assert finding.sentence.startswith("2 of 60,000 samples are gaps")
    assert "39,999 samples" in finding.sentence
    signal[::1_000] = np.nan
    assert severity(signal, "gaps") == "severe"
    assert severity(np.full(5_000, np.nan), "gaps") == "severe"


def test_lost_samples_stand_still() -> None:
    signal = noise()
    signal[1_000:2_000] = signal[1_000]
    assert severity(signal, "frozen") == "warning"


def test_slow_pulses_in_white_noise_are_no_machine() -> None:
    slow = np.abs(np.sin(2 * np.pi * 1.2 * np.arange(24_000) / 12_000)) ** 60
    report = examine(healthy(slow + 0.01 * np.random.default_rng(0).standard_normal(24_000), 12_000))
    assert any("Beside what moves slowly" in sentence for sentence in report.normal_vetoes)


def test_length() -> None:
    assert severity(noise(2_047), "short") == "severe"
    assert severity(noise(2_048), "short") == "warning"
    assert severity(noise(6_000), "short") == "note"
    assert severity(noise(4_000), "short", rpm=100) == "severe"
    assert severity(noise(0), "short") == "severe"


def test_rate() -> None:
    assert severity(noise(), "rate", None) == "severe"
    assert severity(noise(), "rate", 1_024) == "severe"
    assert severity(noise(), "rate", 4_000) == "warning"
    assert severity(noise(), "rate", 12_000) == ""
    fast = examine(healthy(noise(), 6_000, 60_000), ORDERS).of("rate")
    assert fast is not None
    assert "highest fault line lies at 5,415 Hz" in fast.sentence


def test_unknown_speed_is_a_note() -> None:
    assert severity(noise(), "speed unknown", rpm=None) == "note"


def test_mains_hum() -> None:
    time_s = np.arange(60_000) / RATE_HZ
    hum = np.sin(2 * np.pi * 50 * time_s) + 0.5 * np.sin(2 * np.pi * 150 * time_s)
    finding = examine(healthy(2 * hum + noise())).of("hum")
    assert finding is not None
    assert finding.severity == "warning"
    assert "(50 Hz and harmonics)" in finding.sentence
    shaft = np.sin(2 * np.pi * 60 * time_s)
    assert examine(healthy(2 * shaft + noise(), rpm=3_600.0)).of("hum") is None


def test_wrong_sampling_rate_shows_in_the_mains() -> None:
    time_s = np.arange(240_000) / 48_000
    hum = sum(np.sin(2 * np.pi * 60 * harmonic * time_s + harmonic) for harmonic in (2, 6, 12, 18))
    signal = hum + noise(240_000)
    assert severity(signal, "suspicious rate", 48_000) == ""
    finding = examine(healthy(signal, 12_000, 1_437.0)).of("suspicious rate")
    assert finding is not None
    assert finding.severity == "warning"


def test_overflow_is_caught_before_it_is_squared() -> None:
    assert severity(1e200 * noise(), "overflow") == "severe"
    assert severity(np.array([1e308, -1e308] * 3_000), "overflow") == "severe"


def shaft(rate_hz: float, shaft_hz: float = 23.7, seconds: float = 8.0) -> np.ndarray:
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    lines = sum(np.sin(2 * np.pi * shaft_hz * harmonic * time_s + harmonic) / harmonic for harmonic in range(1, 9))
    return lines + 0.5 * noise(len(time_s))


def test_speed_that_contradicts_the_spectrum() -> None:
    assert severity(shaft(12_000), "speed", rpm=1_422) == ""
    finding = examine(healthy(shaft(12_000), 12_000, 2_050)).of("speed")
    assert finding is not None
    assert finding.severity == "warning"
    assert "speaks for 1422 rpm, not for the given 2050 rpm" in finding.sentence


TIME_S = np.arange(60_000) / RATE_HZ
RNG = np.random.default_rng(7)
NO_VIBRATION = {
    "ramp": 3 * TIME_S + 1,
    "timestamps": 1.7e9 + TIME_S + 1e-6 * noise(),
    "counter": np.arange(60_000.0) % 1_000,
    "sine": np.sin(2 * np.pi * 29.5 * TIME_S),
    "sine of 16 bits": np.round(20_000 * np.sin(2 * np.pi * 29.5 * TIME_S)),
    "hum alone": sum(np.sin(2 * np.pi * 50 * k * TIME_S) / k for k in (1, 2, 3, 5)),
    "three steps": np.round(0.7 * noise()).clip(-1, 1),
    "bytes": RNG.integers(0, 256, 60_000).astype(float),
    "words": RNG.integers(-32_768, 32_768, 60_000).astype(float),
    "misread floats": np.exp(15 * noise()) * np.sign(noise(seed=1)),
}


@pytest.mark.parametrize("name", NO_VIBRATION)
@pytest.mark.parametrize("scale", [1.0, 1e-60, 1e60])
def test_what_is_no_vibration_is_refused_at_any_scale(name: str, scale: float) -> None:
    finding = examine(healthy(scale * NO_VIBRATION[name])).of("not vibration")
    assert finding is not None
    assert (finding.severity, finding.vetoes_normal) == ("severe", True)


@pytest.mark.parametrize("scale", [1e-90, 1.0, 1e90])
@pytest.mark.parametrize("signal", [noise(), np.round(20 * noise()), noise() + 0.3 * np.sin(300 * TIME_S)])
def test_noise_of_any_scale_is_vibration(signal: np.ndarray, scale: float) -> None:
    assert examine(healthy(scale * signal)).of("not vibration") is None


def test_samples_filled_in_veto_a_sound_bearing() -> None:
    slow = noise(7_500)
    held, bridged = np.repeat(slow, 8), np.interp(np.arange(60_000), np.arange(0, 60_000, 8), slow)
    smooth = scipy.signal.resample_poly(slow, 8, 1)
    for filled in (held, np.round(bridged, 5), np.round(smooth, 5)):
        finding = examine(healthy(filled)).of("bandwidth")
        assert finding is not None
        assert finding.vetoes_normal
    assert examine(healthy(noise())).of("bandwidth") is None


def test_a_run_up_vetoes_a_sound_bearing() -> None:
    from bearing.physics.simulate import SimulationConfig, simulate

    def turning(turns: np.ndarray) -> np.ndarray:
        return sum(np.sin(2 * np.pi * k * turns + k) / k for k in range(1, 9)) + noise(len(turns))

    time_s = np.arange(120_000) / RATE_HZ
    rising = examine(healthy(turning(20 * time_s + time_s**2), rpm=1_500.0)).of("speed varies")
    assert rising is not None
    assert rising.vetoes_normal
    assert examine(healthy(turning(25 * time_s), rpm=1_500.0)).of("speed varies") is None
    steady = simulate(SimulationConfig("outer", RATE_HZ, 8.0, 1_500.0, seed=3))
    assert examine(healthy(steady, rpm=1_500.0)).of("speed varies") is None


def test_a_slow_shaft_vetoes_and_hints_at_hz() -> None:
    finding = examine(healthy(noise(), rpm=29.5)).of("slow shaft")
    assert finding is not None
    assert finding.vetoes_normal
    assert "29.5 Hz (revolutions per second) was meant, give 1770 rpm" in finding.sentence
    assert examine(healthy(noise(), rpm=360.0)).of("slow shaft") is None


def test_a_rate_in_khz_is_hinted_at() -> None:
    finding = examine(healthy(noise(), 12.0), ORDERS).of("rate")
    assert finding is not None
    assert "If 12 kHz was meant, give 12,000 Hz" in finding.sentence


def test_the_outside_diameter_given_as_pitch_is_noticed() -> None:
    finding = examine(healthy(noise()), fault_orders(Geometry(9, 7.94, 52.0))).of("geometry")
    assert finding is not None
    assert finding.vetoes_normal
    assert all(examine(healthy(noise(4_096)), entry.orders).of("geometry") is None for entry in load_catalogue())


def test_odd_harmonics_of_the_mains_are_no_wrong_rate() -> None:
    hum = sum(np.sin(2 * np.pi * 50 * k * TIME_S + k) for k in (1, 3, 5, 7, 9, 11))
    assert severity(hum + 0.5 * noise(), "suspicious rate") == ""


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float64, st.integers(0, 3_000), elements=st.floats(allow_nan=True, allow_infinity=True, width=64)),
    st.sampled_from([None, 1.0, 1_024.0, 12_000.0, 1e7]),
    st.sampled_from([None, 1.0, 1_797.0, 2e5]),
)
def test_never_raises(samples: np.ndarray, rate_hz: float | None, rpm: float | None) -> None:
    with np.errstate(all="ignore"):
        report = examine(Recording(samples, rate_hz, rpm), ORDERS)
    assert report.checks
    assert all(check.severity in SEVERITIES and check.sentence.endswith(".") for check in report.checks)


@given(st.lists(st.booleans(), max_size=60))
def test_usable_stretch_is_the_longest_finite_run(finite: list[bool]) -> None:
    samples = np.where(finite, 1.0, np.nan) if finite else np.empty(0)
    stretch = usable_stretch(samples)
    assert np.isfinite(samples[stretch]).all()
    runs = "".join("x" if good else " " for good in finite).split()
    assert stretch.stop - stretch.start == max(map(len, runs), default=0)


@pytest.mark.recordings
def test_no_false_alarms_on_real_recordings(recordings_dir: Path) -> None:
    from bearing.cwru.registry import entry
    from bearing.readers import read_path

    alarms = set()
    for path in sorted(recordings_dir.glob("*.mat")):
        rate_hz = entry(int(path.stem)).sampling_rate_hz
        report = examine(read_path(path)[0].corrected(rate_hz), ORDERS)
        alarms |= {(path.name, c.code) for c in report.checks if c.severity in ("warning", "severe")}
    # The published rpm of 279.mat (load 1) is that of load 3: the spectrum shows 1772. The doctor is right.
    assert alarms <= {("279.mat", "speed")}
    for number in (97, 98, 99, 100):
        drive_end = read_path(recordings_dir / f"{number}.mat")[0].corrected(12_000)
        report = examine(drive_end)
        assert report.of("suspicious rate") or report.of("speed"), f"{number}.mat is 48 kHz, not 12 kHz"
