"""Spectra: scaling, Parseval, time and frequency in the right places, points that keep the picture."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bearing.errors import ParameterError, SignalError
from bearing.signal.spectrum import amplitude_spectrum, downsample, spectrogram, to_db

RATE = 12_000.0


def noise(n, seed=0):
    return np.random.default_rng(seed).standard_normal(n)


@given(amplitude=st.floats(1e-6, 1e6), bin_number=st.integers(5, 1000), offset=st.floats(-100, 100))
@settings(max_examples=50, deadline=None)
def test_sine_on_a_bin_has_its_amplitude_whatever_the_offset(amplitude, bin_number, offset):
    n = 4096
    t = np.arange(n) / RATE
    frequency = bin_number * RATE / n
    found = amplitude_spectrum(amplitude * (np.sin(2 * np.pi * frequency * t) + offset), RATE)
    peak = int(np.argmax(found.values))
    assert found.frequency_hz[peak] == pytest.approx(frequency)
    assert found.values[peak] == pytest.approx(amplitude, rel=1e-6)


@given(frequency=st.floats(100, 5900), n=st.integers(2000, 9000))
@settings(max_examples=50, deadline=None)
def test_sine_between_bins_is_at_most_15_percent_low(frequency, n):
    found = amplitude_spectrum(np.sin(2 * np.pi * frequency * np.arange(n) / RATE), RATE)
    assert 0.84 < found.values.max() < 1.01
    assert abs(found.frequency_hz[np.argmax(found.values)] - frequency) <= found.step_hz


def test_frequencies_scale_with_the_rate():
    x = np.sin(2 * np.pi * 0.1 * np.arange(5000))
    for rate in (1.0, 12_000.0, 51_200.0):
        found = amplitude_spectrum(x, rate)
        assert found.frequency_hz[np.argmax(found.values)] == pytest.approx(0.1 * rate)
        assert found.frequency_hz[-1] == pytest.approx(rate / 2)


def test_db():
    assert to_db(np.array([1.0, 10.0, 0.1])).tolist() == pytest.approx([0, 20, -20])
    assert to_db(np.array([0.0]), floor_db=-80)[0] == pytest.approx(-80)
    assert to_db(np.array([2.0]), reference=2.0)[0] == 0
    with pytest.raises(ParameterError, match="positive"):
        to_db(np.array([1.0]), reference=0.0)


def test_spectrogram_shows_a_burst_where_and_when_it_is():
    x = 0.01 * noise(60_000)
    burst = slice(30_000, 33_000)
    x[burst] += np.sin(2 * np.pi * 2500 * np.arange(60_000) / RATE)[burst]
    found = spectrogram(x, RATE)
    row, column = np.unravel_index(np.argmax(found.level_db), found.level_db.shape)
    assert found.frequency_hz[row] == pytest.approx(2500, abs=30)
    assert 2.5 <= found.time_s[column] <= 2.75
    assert found.level_db.max() == 0
    assert found.level_db.min() >= -90


@pytest.mark.parametrize("n", [64, 2048, 120_001, 1_000_000])
def test_spectrogram_stays_drawable_and_covers_the_signal(n):
    found = spectrogram(noise(n), RATE)
    assert found.level_db.shape == (len(found.frequency_hz), len(found.time_s))
    assert len(found.time_s) <= 400
    assert len(found.frequency_hz) <= 301
    assert found.level_db.dtype == np.float32
    assert np.isfinite(found.level_db).all()
    assert (np.diff(found.time_s) > 0).all()
    assert 0 < found.time_s[0] < 0.6 * n / RATE
    assert 0.4 * n / RATE < found.time_s[-1] < n / RATE


def test_a_single_impact_in_a_long_signal_is_not_lost_between_columns():
    x = np.zeros(1_000_000)
    x[543_210] = 1.0
    found = spectrogram(x, RATE)
    column = np.argmax(found.level_db.max(axis=0))
    assert found.time_s[column] == pytest.approx(543_210 / RATE, abs=0.3)


def test_silence_is_silent():
    assert (amplitude_spectrum(np.zeros(100), RATE).values == 0).all()
    assert (spectrogram(np.full(5000, 3.0), RATE).level_db <= 0).all()


@pytest.mark.parametrize("m", [4_001, 100_000, 1_000_000])
def test_downsample_keeps_the_extremes(m):
    y = noise(m)
    y[m // 3], y[m // 2] = 50.0, -40.0
    x = np.arange(m) / RATE
    kept_x, kept_y = downsample(x, y)
    assert len(kept_x) == len(kept_y) <= 4_000
    assert kept_x.dtype == kept_y.dtype == np.float32
    assert kept_y.max() == 50.0
    assert kept_y.min() == -40.0
    assert (np.diff(kept_x) >= 0).all()
    assert kept_x[0] == np.float32(x[0])
    assert kept_x[-1] == np.float32(x[-1])


def test_downsample_leaves_a_short_line_alone():
    assert len(downsample(np.arange(100.0), noise(100))[1]) == 100
    with pytest.raises(ParameterError, match="one shape"):
        downsample(np.arange(3.0), np.arange(4.0))


def test_errors_say_what_is_wrong():
    with pytest.raises(SignalError, match="At least 8"):
        amplitude_spectrum([1.0], RATE)
    with pytest.raises(SignalError, match="one channel"):
        amplitude_spectrum(np.ones((10, 2)), RATE)
    with pytest.raises(ParameterError, match="sampling rate"):
        spectrogram(noise(100), 0.0)


def test_a_million_samples_are_quick():
    x = noise(1_000_000)
    for function in (amplitude_spectrum, spectrogram):
        function(x, RATE)
        start = time.process_time()
        function(x, RATE)
        assert time.process_time() - start < 1.0
