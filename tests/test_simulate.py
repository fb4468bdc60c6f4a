"""The simulator: what the models promise, and the samples shipped with the project."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bearing.errors import ParameterError
from bearing.files import DATA_DIR
from bearing.physics.envelope_rule import DB_PER_NEPER, envelope_evidence, max_order_of
from bearing.physics.simulate import (
    SAMPLES,
    Resonance,
    SimulationConfig,
    load_zone,
    main,
    simulate,
    simulate_recording,
)
from bearing.signal.envelope import Band, envelope_spectrum
from bearing.signal.indicators import indicators
from bearing.signal.order_spectrum import envelope_order_spectrum

QUIET = SimulationConfig("outer", duration_s=4, noise_g=0.0, shaft_g=(), mains_g=(), slip=0.0, mean_slip=0.0)


def test_same_seed_same_signal():
    config = SimulationConfig("inner", duration_s=0.5, seed=7)
    assert (simulate(config) == simulate(config)).all()
    assert not (simulate(config) == simulate(replace(config, seed=8))).all()


@given(
    duration_s=st.floats(0.02, 3),
    rate_hz=st.sampled_from([8_000.0, 12_000.0, 51_200.0]),
    state=st.sampled_from(["healthy", "outer", "inner", "ball"]),
)
@settings(max_examples=20, deadline=None)
def test_length_and_finiteness(duration_s, rate_hz, state):
    x = simulate(SimulationConfig(state, rate_hz, duration_s))
    assert x.shape == (round(duration_s * rate_hz),)
    assert np.isfinite(x).all()


def test_impacts_come_at_the_fault_order_and_their_peak_is_the_one_asked_for():
    config = replace(QUIET, impact_g=2.0, impact_spread=0.0, sampling_rate_hz=48_000)
    x = simulate(config)
    expected = config.orders.bpfo * config.shaft_rpm / 60 * config.duration_s
    late = np.flatnonzero(np.abs(x) > 1.4)
    count = 1 + (np.diff(late) > 100).sum()
    assert count == pytest.approx(expected, abs=2)
    assert np.abs(x).max() == pytest.approx(2.0, rel=0.1)  # a sample rarely falls on the very peak


def test_slip_moves_the_line():
    for mean_slip in (-0.015, 0.0, 0.015):
        config = replace(QUIET, noise_g=0.02, mean_slip=mean_slip, duration_s=8)
        spectrum = envelope_spectrum(simulate(config), config.sampling_rate_hz, Band(1000, 5000), 200)
        line = config.orders.bpfo * (1 + mean_slip) * config.shaft_rpm / 60
        assert spectrum.peak_near(line, 0.02)[0] == pytest.approx(line, rel=0.002)


def test_random_slip_smears_high_harmonics_first():
    def width_db(harmonic):
        config = replace(QUIET, noise_g=0.02, slip=0.02, duration_s=10)
        spectrum = envelope_spectrum(simulate(config), config.sampling_rate_hz, Band(1000, 5000), 900)
        return spectrum.peak_near(harmonic * config.orders.bpfo * config.shaft_rpm / 60, 0.02)[1]

    assert width_db(1) > width_db(6) + 3


def test_load_zone_of_mcfadden_and_smith():
    angle = np.linspace(-np.pi, np.pi, 3601)
    zone = load_zone(angle, 0.45)
    assert zone[1800] == 1.0  # full load on the load line
    assert (zone[np.cos(angle) < 1 - 2 * 0.45] == 0).all()  # nothing outside |theta| = arccos(1 - 2 eps)
    assert (np.diff(zone[:1801]) >= 0).all()


def test_resonance_is_where_it_was_put():
    config = replace(QUIET, resonances=(Resonance(3_300.0, 0.02),))
    x = simulate(config)
    power = np.abs(np.fft.rfft(x)) ** 2
    frequency = np.fft.rfftfreq(len(x), 1 / config.sampling_rate_hz)
    assert (frequency * power).sum() / power.sum() == pytest.approx(3_300, rel=0.05)


def test_noise_has_the_level_asked_for():
    x = simulate(SimulationConfig("healthy", duration_s=20, noise_g=0.3, shaft_g=(), mains_g=()))
    assert x.std() == pytest.approx(0.3, rel=0.03)


def test_shaft_and_mains_lines_have_their_amplitudes():
    config = SimulationConfig("healthy", duration_s=10, noise_g=0.001, speed_wander=0.0, shaft_rpm=1500)
    x = simulate(config)
    t = np.arange(len(x)) / config.sampling_rate_hz
    for frequency, amplitude in ((25, 0.05), (50, 0.03), (60, 0.01), (120, 0.02)):
        found = 2 * abs(np.mean(x * np.exp(-2j * np.pi * frequency * t)))
        assert found == pytest.approx(amplitude, rel=0.05)


def test_no_impact_is_healthy_whatever_the_state():
    healthy = simulate(SimulationConfig("healthy", duration_s=1, seed=3))
    assert (simulate(SimulationConfig("outer", duration_s=1, seed=3, impact_g=0.0)) == healthy).all()


def test_recording_says_simulated():
    recording = simulate_recording(SimulationConfig("ball", duration_s=0.1))
    assert "SIMULATED" in recording.source
    assert recording.sampling_rate_hz == 12_000
    assert recording.shaft_rpm == 1772
    assert recording.unit == "g"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state": "broken"}, "one of healthy, outer, inner, ball"),
        ({"duration_s": 0.0}, "at least 2 samples"),
        ({"sampling_rate_hz": 0}, "sampling rate"),
        ({"shaft_rpm": -5}, "shaft speed"),
        ({"slip": 0.5}, "Slip lies below"),
        ({"resonances": (Resonance(7_000.0),)}, "below half the sampling rate"),
    ],
)
def test_impossible_simulations(changes, message):
    with pytest.raises(ParameterError, match=message):
        SimulationConfig(**changes)


# ---------------------------------------------------------------------------------------------- shipped samples


def read(name):
    lines = (DATA_DIR / "samples" / name).read_text(encoding="ascii").splitlines()
    return lines[0], lines[1], np.array(lines[2:], dtype=float)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_shipped_sample_is_what_the_simulator_makes(sample):
    about, column, values = read(sample.file)
    config = sample.config
    assert about.startswith("# SIMULATED")
    assert f"sampling_rate_hz={config.sampling_rate_hz:g}" in about
    assert f"shaft_rpm={config.shaft_rpm:g}" in about
    assert "bearing=6205-2RS JEM" in about
    assert column == "acceleration_g"
    assert np.allclose(values, simulate(config), rtol=1e-4, atol=1e-6)
    assert (DATA_DIR / "samples" / sample.file).stat().st_size < 600_000


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_shipped_sample_is_plain_to_envelope_analysis_but_no_cartoon(sample):
    config = sample.config
    x = read(sample.file)[2]
    shaft_hz = config.shaft_rpm / 60
    orders = envelope_order_spectrum(x, config.sampling_rate_hz, shaft_hz, max_order_of(config.orders))
    evidence = envelope_evidence(orders, config.orders)
    suspected = [name for name, family in evidence.items() if family.suspected]
    if config.state == "healthy":
        spectrum = envelope_spectrum(x, config.sampling_rate_hz, max_hz=800)
        lines = [order * shaft_hz for order in config.orders.families.values()]
        exact = [spectrum.peak_near(k * line, 0.004)[1] for line in lines for k in (1, 2, 3)]
        assert np.mean(exact) < 6.0  # the highest of a few noise bins lies there
        assert not suspected
    else:
        assert max(suspected, key=lambda name: evidence[name].null_score) == config.state
        assert 10 < DB_PER_NEPER * evidence[config.state].score < 26  # six nepers are as much as is counted
    assert 2.5 < indicators(x).kurtosis < 9


def test_command_writes_the_samples(tmp_path, capsys):
    main([str(tmp_path / "new"), "--seconds", "0.2"])
    shown = capsys.readouterr().out
    for sample in SAMPLES:
        assert sample.file in shown
        assert len((tmp_path / "new" / sample.file).read_text().splitlines()) == 2 + 2400
