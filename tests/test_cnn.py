"""The CNN: what it is, that its export is the same network, that training is reproducible."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from bearing.errors import ModelError, SignalError
from bearing.files import WEIGHTS_DIR
from bearing.models.cards import save_model
from bearing.models.waveform import load_predictor
from bearing.results.metrics import classification_metrics
from bearing.signal.scaler import zscore

torch = pytest.importorskip("torch", reason="training needs torch (requirements-dev.txt)")

from bearing.lab.settings import Settings  # noqa: E402
from bearing.lab.waveform.network import CLASSES, WideKernelCNN, segments  # noqa: E402
from bearing.lab.waveform.training import fit, predict  # noqa: E402


@pytest.fixture(scope="module")
def committed() -> WideKernelCNN:
    network = WideKernelCNN()
    network.load_state_dict(torch.load(WEIGHTS_DIR / "cnn.pt", weights_only=True))
    return network


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    rng = np.random.default_rng(5)
    carrier = np.sin(np.arange(2048) * rng.uniform(0.05, 3, (300, 1)))
    return carrier * rng.exponential(1, (300, 1)) + rng.normal(size=(300, 2048))


def test_it_has_1269_parameters() -> None:
    assert sum(p.numel() for p in WideKernelCNN().parameters()) == 1269


def test_the_fast_form_is_the_textbook_form(committed: WideKernelCNN, windows: np.ndarray) -> None:
    scaled = torch.from_numpy(zscore(windows))
    with torch.no_grad():
        np.testing.assert_allclose(committed.fast_logits(segments(scaled)), committed(scaled), atol=1e-5)


def test_the_export_is_the_same_network(committed: WideKernelCNN, windows: np.ndarray) -> None:
    exported = load_predictor(WEIGHTS_DIR)
    scaled = torch.from_numpy(zscore(windows))
    with torch.no_grad():
        expected = torch.softmax(committed(scaled), 1).numpy()
        features = committed.features(scaled).numpy()
    np.testing.assert_allclose(exported.probabilities(windows), expected, atol=1e-5)
    np.testing.assert_allclose(exported.features(windows), features, atol=1e-5)
    assert exported.classes == CLASSES


def test_gain_and_offset_do_not_change_a_prediction(windows: np.ndarray) -> None:
    predictor = load_predictor(WEIGHTS_DIR)
    np.testing.assert_allclose(
        predictor.probabilities(windows), predictor.probabilities(37.0 * windows + 5.0), atol=1e-4
    )


def test_noise_and_silence_are_machines_it_has_not_met(windows: np.ndarray) -> None:
    predictor = load_predictor(WEIGHTS_DIR)
    assert predictor.distance_db(windows) > 2 * predictor.largest_distance_db
    assert predictor.distance_db(np.zeros((3, 2048))) == np.inf


@pytest.mark.parametrize("shape", [(2048,), (3, 2047), (1, 1, 2048)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SignalError, match=r"shape \(n, 2048\)"):
        load_predictor(WEIGHTS_DIR).probabilities(np.zeros(shape))


def test_gaps_are_refused() -> None:
    with pytest.raises(SignalError, match="NaN or infinity"):
        load_predictor(WEIGHTS_DIR).probabilities(np.full((1, 2048), np.nan))


def test_no_windows_give_no_predictions() -> None:
    assert load_predictor(WEIGHTS_DIR).probabilities(np.zeros((0, 2048))).shape == (0, 4)


def test_weights_that_do_not_fit_their_card_are_refused(tmp_path: Path) -> None:
    for name in ("cnn.json", "cnn.onnx", "cnn_domain.json", "manifest.json"):
        shutil.copy(WEIGHTS_DIR / name, tmp_path)
    content = bytearray((tmp_path / "cnn.onnx").read_bytes())
    content[-1] ^= 1
    (tmp_path / "cnn.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="not the file that manifest"):
        load_predictor(tmp_path)
    save_model(tmp_path, {"cnn.onnx": bytes(content)})
    with pytest.raises(ModelError, match="not the file its card describes"):
        load_predictor(tmp_path)
    (tmp_path / "cnn.onnx").unlink()
    load_predictor.cache_clear()
    with pytest.raises(ModelError, match="is missing"):
        load_predictor(tmp_path)


def _toy(n: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Four kinds of signal that anything able to learn tells apart."""
    rng = np.random.default_rng(1)
    labels = np.array(CLASSES)[np.arange(n) % 4]
    tone = 0.1 + 0.5 * (np.arange(n) % 4)
    return np.sin(np.arange(2048) * tone[:, None] + rng.uniform(0, 6, (n, 1))), labels


def test_it_learns_and_the_same_seed_gives_the_same_network() -> None:
    windows, labels = _toy()
    settings = Settings(seed=3, epochs=12, patience=12)
    first, again = fit(windows, labels, settings), fit(windows, labels, settings)
    probabilities, _ = predict(first.network, windows)
    assert (np.array(CLASSES)[probabilities.argmax(1)] == labels).mean() > 0.95
    assert first.history == again.history
    for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not set(first.train) & set(first.validation)


def test_early_stopping_and_cancelling() -> None:
    windows, labels = _toy(40)
    stubborn = fit(windows, np.random.default_rng(0).permutation(labels), Settings(epochs=60, patience=3))
    assert len(stubborn.history) < 60
    cancelled = fit(windows, labels, Settings(epochs=60), on_epoch=lambda epoch, _: epoch.epoch < 2)
    assert cancelled.cancelled
    assert len(cancelled.history) == 2


def test_the_card_describes_the_committed_files() -> None:
    card = json.loads((WEIGHTS_DIR / "cnn.json").read_text())
    assert card["files"]["cnn.onnx"] == hashlib.sha256((WEIGHTS_DIR / "cnn.onnx").read_bytes()).hexdigest()
    assert card["parameters"] == 1269
    assert len(card["recordings"]) == 64
    assert {r["number"] for r in card["recordings"] if not r["as_published"]} <= {98, 99, 100}


@pytest.mark.recordings
def test_100_percent_of_the_hold_out_from_the_committed_weights(recordings_dir: Path) -> None:
    from bearing.cwru.dataset import window_set
    from bearing.lab.waveform.evaluation import evaluate

    evaluation = evaluate(window_set(), "random")
    stored = json.loads((WEIGHTS_DIR / "evaluation_random.json").read_text())
    assert evaluation.metrics.accuracy == 1.0
    assert evaluation.metrics.as_dict() == stored["windows"] | {"classes": list(evaluation.metrics.classes)}
    table = evaluation.predictions.to_csv(index=False, lineterminator="\n").encode()
    committed_table = (WEIGHTS_DIR / stored["predictions"]["file"]).read_bytes()
    assert hashlib.sha256(committed_table).hexdigest() == stored["predictions"]["sha256"]
    assert len(table.splitlines()) == len(committed_table.splitlines())


def test_metrics_by_hand() -> None:
    metrics = classification_metrics(["a", "a", "b", "b", "b"], ["a", "b", "b", "b", "a"], ("a", "b", "c"))
    assert metrics.confusion == ((1, 1, 0), (1, 2, 0), (0, 0, 0))
    assert metrics.accuracy == pytest.approx(0.6)
    assert metrics.per_class["a"].f1 == pytest.approx(0.5)
    assert metrics.per_class["b"].f1 == pytest.approx(2 / 3)
    assert metrics.macro_f1 == pytest.approx((0.5 + 2 / 3) / 2)  # class c is absent and does not count
