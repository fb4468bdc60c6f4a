"""Properties of the steps from signal to network input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bearing.errors import ParameterError, SignalError
from bearing.lab.folds import random_split
from bearing.signal.scaler import zscore
from bearing.signal.windows import cut_windows, resample, window_starts


@given(n=st.integers(1, 500), size=st.integers(1, 100), hop=st.integers(1, 100))
def test_windows_are_the_signal_at_their_starts(n: int, size: int, hop: int) -> None:
    signal = np.arange(n, dtype=float)
    starts = window_starts(n, size, hop)
    if n < size:
        assert len(starts) == 0
        with pytest.raises(SignalError, match="record for longer"):
            cut_windows(signal, size, hop)
        return
    windows = cut_windows(signal, size, hop)
    assert windows.shape == (len(starts), size)
    np.testing.assert_array_equal(windows[:, 0], starts)
    np.testing.assert_array_equal(windows[:, -1], starts + size - 1)
    assert starts[-1] + size <= n < starts[-1] + size + hop  # no whole window was left out


def test_a_hop_of_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="positive numbers of samples"):
        window_starts(100, 10, 0)


@given(
    hnp.arrays(np.float64, (3, 64), elements=st.floats(-1e6, 1e6)),
    st.floats(1e-3, 1e3),
    st.floats(-1e3, 1e3),
)
def test_zscore_has_mean_0_deviation_1_and_ignores_gain_and_offset(
    windows: np.ndarray, gain: float, offset: float
) -> None:
    spread = np.ptp(windows, axis=1)
    windows = windows[spread > 1e-3 * (1 + np.abs(windows).max())]
    scaled = zscore(windows)
    np.testing.assert_allclose(scaled.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(zscore(gain * windows), scaled, atol=1e-3)
    if len(windows) and spread.min() > 1:
        np.testing.assert_allclose(zscore(windows + offset), scaled, atol=1e-2)


@given(st.floats(-1e9, 1e9))
def test_zscore_of_a_constant_window_is_zero(level: float) -> None:
    np.testing.assert_array_equal(zscore(np.full((2, 2048), level)), 0)


def test_resampling_keeps_a_tone_and_removes_what_would_fold_back() -> None:
    rate = 48_000.0
    time = np.arange(48_000) / rate
    kept = resample(np.sin(2 * np.pi * 1000 * time), rate, 12_000)
    assert len(kept) == 12_000
    expected = np.sin(2 * np.pi * 1000 * np.arange(12_000) / 12_000)
    np.testing.assert_allclose(kept[200:-200], expected[200:-200], atol=2e-3)
    folded = resample(np.sin(2 * np.pi * 9000 * time), rate, 12_000)  # would appear at 3 kHz
    assert np.abs(folded[200:-200]).max() < 1e-3


@settings(max_examples=30)
@given(st.sampled_from([5_000.0, 12_000.0, 25_600.0, 48_828.0, 51_200.0, 97_656.0]))
def test_resampling_keeps_the_duration(rate: float) -> None:
    signal = np.random.default_rng(0).normal(size=20_000)
    answer = resample(signal, rate, 12_000)
    assert abs(len(answer) / 12_000 - len(signal) / rate) < 2 / 12_000


@given(n=st.integers(2, 5000), seed=st.integers(0, 2**32 - 1))
def test_random_split_is_a_partition_of_the_right_size(n: int, seed: int) -> None:
    train, hold_out = random_split(n, 0.7, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, hold_out])), np.arange(n))
    assert len(train) == round(0.7 * n)
    again, _ = random_split(n, 0.7, seed)
    np.testing.assert_array_equal(train, again)
