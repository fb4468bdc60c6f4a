"""The line between machines the waveform CNN has met and others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bearing.cwru.registry import entry
from bearing.files import WEIGHTS_DIR
from bearing.models.familiarity import distances_db, largest_distance_db, spectral_shape


def test_the_shape_ignores_level_and_offset() -> None:
    windows = np.random.default_rng(0).normal(size=(20, 2048))
    np.testing.assert_allclose(spectral_shape(windows), spectral_shape(40.0 * windows + 3.0), atol=0.05)


def test_white_noise_is_flat_and_a_tone_stands_in_its_band() -> None:
    noise = spectral_shape(np.random.default_rng(1).normal(size=(200, 2048)))
    assert np.ptp(noise) < 2.0
    tone = np.sin(2 * np.pi * 0.25 * np.arange(2048))[np.newaxis]  # half of Nyquist: the middle band
    assert abs(int(spectral_shape(tone).argmax()) - 32) <= 1


def test_silence_is_near_to_nothing() -> None:
    assert np.isinf(distances_db(spectral_shape(np.zeros((2, 2048))), np.zeros((3, 64)))).all()


def test_the_line_is_drawn_between_recordings_of_one_bearing() -> None:
    shapes = np.array([[0.0] * 64, [1.0] * 64, [10.0] * 64, [12.0] * 64, [99.0] * 64])
    line = largest_distance_db(shapes, ["a", "a", "b", "b", "c"])
    assert line == pytest.approx(np.quantile([1, 1, 2, 2], 0.95))


def test_no_held_out_fault_size_counts_as_known() -> None:
    """Without the recordings of one fault size, none of that size is near enough: the CNN stays silent on it."""
    domain = json.loads((WEIGHTS_DIR / "cnn_domain.json").read_text())
    shapes = np.array(domain["shapes_db"])
    entries = [entry(number) for number in domain["recordings"]]
    sizes = np.array([e.fault_size for e in entries])
    for size in ("0.007", "0.014", "0.021", "0.028"):
        for shape in shapes[sizes == size]:
            assert distances_db(shape, shapes[sizes != size]).min() > domain["largest_distance_db"]


@pytest.mark.recordings
def test_other_sensors_of_the_same_rig_are_not_known(recordings_dir: Path) -> None:
    from bearing.cwru.dataset import load_recording
    from bearing.models.waveform import load_predictor
    from bearing.signal.windows import cut_windows

    predictor = load_predictor(WEIGHTS_DIR)
    for number in (105, 280, 310):
        assert predictor.distance_db(cut_windows(load_recording(number, "FE").samples)) > predictor.largest_distance_db
    assert predictor.distance_db(cut_windows(load_recording(118).samples)) < 0.5
