"""Shaft speed from the signal: right where the comb is plain, honest where it is not."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bearing.errors import ParameterError, SignalError
from bearing.physics.shaft.combs import speed_spectra
from bearing.physics.shaft.speed import WrongEntry, cross_check, estimate_speed, refine
from bearing.physics.simulate import ORDERS_6205, SimulationConfig, simulate

RATE = 12_000.0


def machine(state="healthy", rpm=1772.0, seconds=8.0, level=1.0, seed=0, **changes):
    shaft = tuple(level * 0.05 / k for k in range(1, 9))
    return simulate(SimulationConfig(state, RATE, seconds, rpm, shaft_g=shaft, impact_g=0.5, seed=seed, **changes))


@given(rpm=st.floats(400, 4500), seed=st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_a_plain_comb_is_read(rpm, seed):
    assume(min(abs(rpm - 3000), abs(rpm - 3600)) > 40)  # all its harmonics are those of the mains: the next test
    found = estimate_speed(machine(rpm=rpm, seed=seed), RATE)
    assert found.rpm == pytest.approx(rpm, rel=0.01)
    assert found.confidence > 0.5


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_at_the_mains_own_frequency_a_wrong_speed_is_not_sure(seed):
    found = estimate_speed(machine(rpm=3600, seed=seed), RATE)
    assert found.rpm == pytest.approx(3600, rel=0.01) or found.confidence < 0.5


@pytest.mark.parametrize("rpm", [1500, 1797, 2950, 3000])
def test_speeds_beside_the_mains_are_read(rpm):
    x = machine(rpm=rpm, mains_hz=50.0, mains_g=(0.1, 0.1, 0.05, 0.05))
    assert estimate_speed(x, RATE).rpm == pytest.approx(rpm, rel=0.01)


def test_mains_alone_are_no_shaft():
    x = simulate(SimulationConfig("healthy", RATE, 8, 1772, shaft_g=(), mains_g=(0.1, 0.1, 0.05, 0.05, 0.05, 0.02)))
    assert estimate_speed(x, RATE).confidence < 0.5


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_speed_and_no_confidence(seed):
    x = np.random.default_rng(seed).standard_normal(96_000)
    assert estimate_speed(x, RATE).confidence < 0.5
    assert estimate_speed(x, RATE, ORDERS_6205).confidence < 0.7
    assert not cross_check(x, RATE, 1772).contradicts


@pytest.mark.parametrize("state", ["outer", "inner", "ball"])
def test_orders_help_when_the_shaft_is_nearly_silent(state):
    x = machine(state, rpm=1400, level=0.05, seed=1)
    assert estimate_speed(x, RATE, ORDERS_6205).rpm == pytest.approx(1400, rel=0.01)


def test_confidence_grows_with_the_comb():
    weak, strong = (estimate_speed(machine(level=level, seed=4), RATE).confidence for level in (0.01, 1.0))
    assert weak < strong


def test_the_scale_of_the_signal_does_not_matter():
    x = machine()
    a, b = estimate_speed(x, RATE), estimate_speed(1e-6 * x + 3, RATE)
    assert a.rpm == pytest.approx(b.rpm)
    assert a.confidence == pytest.approx(b.confidence, abs=0.01)


def test_speed_scales_with_the_sampling_rate():
    x = machine(rpm=1200)
    assert estimate_speed(x, 2 * RATE).rpm == pytest.approx(2400, rel=0.01)


def test_too_short_a_recording_says_so():
    found = estimate_speed(machine(seconds=0.05), RATE)
    assert found.rpm is None
    assert found.confidence == 0


def test_spectra_at_hand_give_the_same_answers():
    x = machine("inner", seed=2)
    spectra = speed_spectra(x, RATE)
    assert estimate_speed(x, RATE, ORDERS_6205, spectra=spectra) == estimate_speed(x, RATE, ORDERS_6205)
    assert refine(x, RATE, 1780, spectra=spectra) == refine(x, RATE, 1780)
    assert cross_check(x, RATE, 1900, ORDERS_6205, spectra) == cross_check(x, RATE, 1900, ORDERS_6205)


@pytest.mark.parametrize("error", [-0.027, -0.005, 0.008, 0.018])
def test_refine_finds_the_true_speed_near_a_stated_one(error):
    x = machine(rpm=1772)
    hiss = np.random.default_rng(3).standard_normal(len(x))
    turning = sum(np.cos(2 * np.pi * k * 1772 / 60 * np.arange(len(x)) / RATE) for k in (1, 2, 3))
    found = refine(x + 0.05 * hiss * (1 + 0.5 * turning), RATE, 1772 * (1 + error))
    assert found.rpm == pytest.approx(1772, rel=0.001)
    assert found.confidence >= 0.5


def test_refine_keeps_the_stated_speed_when_nothing_stands_out():
    x = np.random.default_rng(0).standard_normal(96_000)
    found = refine(x, RATE, 1772)
    assert found.rpm == pytest.approx(1772, rel=0.0041)
    assert refine(machine(seconds=0.05), RATE, 300) == type(found)(300, 0.0)


def test_true_speed_does_not_contradict():
    for state in ("healthy", "outer", "inner", "ball"):
        question = cross_check(machine(state), RATE, 1772, ORDERS_6205)
        assert not question.contradicts
        assert question.found.rpm == pytest.approx(1772, rel=0.01)


@pytest.mark.parametrize("factor", [0.9, 0.95, 1.05, 1.1])
def test_a_speed_a_few_percent_off_is_asked_beside_the_signals_own(factor):
    question = cross_check(machine("outer"), RATE, 1772 * factor, ORDERS_6205)
    assert question.other_rpm == pytest.approx(1772, rel=0.002)
    assert question.contradicts
    assert question.wrong_entry is None


@pytest.mark.parametrize("factor", [0.88, 0.93, 1.07, 1.12])
def test_a_speed_at_which_no_shaft_shows_is_told(factor):
    x = machine("outer", level=0.3, mains_g=())
    assert not cross_check(x, RATE, 1772, ORDERS_6205).unseen
    assert cross_check(x, RATE, 1772 * factor, ORDERS_6205).unseen
    assert not cross_check(np.random.default_rng(1).standard_normal(96_000), RATE, 1772, ORDERS_6205).unseen


def test_the_motor_of_a_driven_shaft_does_not_make_that_unseen():
    """A fan on a belt, whose own lines are weak: the motor's comb stands far above its speed."""
    assert not cross_check(machine(mains_g=()), RATE, 700, ORDERS_6205).unseen


def test_spectra_speak_for_the_motor_or_for_another_shaft():
    question = cross_check(machine(), RATE, 1772 / 0.62, ORDERS_6205)
    assert question.wrong_entry is WrongEntry.OTHER_SHAFT
    assert question.meant_rpm == pytest.approx(1772, rel=0.002)


@pytest.mark.parametrize(
    ("stated", "entry"),
    [
        (1772 / 60, WrongEntry.RPM_IN_HZ),
        (1772 * 60, WrongEntry.HZ_IN_RPM),
        (1772 * np.pi / 30, WrongEntry.RPM_IN_RAD_PER_S),
        (1772 * 2, WrongEntry.DOUBLE_SPEED),
    ],
)
def test_wrong_units_and_multiples_are_called_by_name(stated, entry):
    question = cross_check(machine(), RATE, stated, ORDERS_6205)
    assert question.wrong_entry is entry
    assert question.meant_rpm == pytest.approx(1772, rel=0.002)


def test_a_rate_in_khz_is_called_by_name_without_a_look_at_the_signal():
    question = cross_check(machine(seconds=1), 12, 1772)
    assert question.wrong_entry is WrongEntry.RATE_IN_KHZ
    assert question.meant_rate_hz == 12_000


@pytest.mark.parametrize(("told", "true"), [(3_000.0, 12_000.0), (25_600.0, 12_000.0)])
def test_another_sampling_rate_is_called_by_name(told, true):
    """48 kHz samples taken for 12 kHz: every line falls to a quarter of its frequency."""
    question = cross_check(machine(seconds=16, mains_g=()), told, 1772, ORDERS_6205)
    assert question.wrong_entry is WrongEntry.OTHER_RATE
    assert question.meant_rate_hz == true


def test_a_fault_comb_does_not_contradict_where_the_bearing_is_unknown():
    x = machine("outer", rpm=900, level=0.02, slip=0.002)
    assert not cross_check(x, RATE, 900).contradicts


def test_errors_say_what_is_wrong():
    x = machine(seconds=1)
    with pytest.raises(ParameterError, match="from low to high"):
        estimate_speed(x, RATE, rpm_range=(3000, 1000))
    with pytest.raises(ParameterError, match="shaft speed"):
        cross_check(x, RATE, 0)
    with pytest.raises(SignalError, match="At least 256"):
        estimate_speed(x[:100], RATE)
    with pytest.raises(SignalError, match="not finite"):
        refine([np.nan] * 1000, RATE, 1772)


def test_constant_signal_has_no_speed():
    assert estimate_speed(np.ones(48_000), RATE).confidence < 0.5


@pytest.mark.recordings
@pytest.mark.parametrize("number", [97, 105, 118, 130])
def test_real_recordings(recordings_dir, number):
    from bearing.cwru.dataset import load_recording

    recording = load_recording(number)
    found = estimate_speed(recording.samples, recording.sampling_rate_hz, ORDERS_6205)
    assert found.rpm == pytest.approx(recording.shaft_rpm, rel=0.01)
    assert found.confidence > 0.8
    assert not cross_check(recording.samples, recording.sampling_rate_hz, recording.shaft_rpm).contradicts


@pytest.mark.recordings
@pytest.mark.parametrize("number", [97, 98, 99, 100])
def test_normals_read_at_the_wrong_rate_are_noticed(recordings_dir, number):
    from bearing.cwru.dataset import load_recording

    recording = load_recording(number)
    question = cross_check(recording.samples, 12_000.0, recording.shaft_rpm)
    assert question.wrong_entry is WrongEntry.OTHER_RATE
    assert question.meant_rate_hz == 48_000
    assert not cross_check(recording.samples, 48_000.0, recording.shaft_rpm).contradicts
