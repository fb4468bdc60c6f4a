"""The committed order network: it loads only with its card, sees orders and nothing else, and answers as torch does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from bearing.errors import ModelError
from bearing.files import WEIGHTS_DIR
from bearing.lab.machines.simulate import simulate_machine
from bearing.models.cards import save_model
from bearing.models.order import CLASSES, OrderPredictor, load_order_predictor
from bearing.models.order_features import order_features
from bearing.physics.envelope_rule import max_order_of
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.signal.order_spectrum import two_views
from bearing.verdict.fusion import Calibration, fuse

ORDERS = fault_orders(Geometry(9, 7.94, 39.04))


@pytest.fixture(scope="module")
def predictor() -> OrderPredictor:
    return load_order_predictor()


def copy_of_weights(folder: Path) -> Path:
    for name in ("order_cnn.json", "order_cnn.npz", "manifest.json"):
        shutil.copy(WEIGHTS_DIR / name, folder / name)
    return folder


def test_weights_without_their_card_do_not_load(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"order_cnn\.json is missing"):
        OrderPredictor.load(tmp_path)


def test_other_weights_than_the_card_describes_do_not_load(tmp_path: Path) -> None:
    folder = copy_of_weights(tmp_path)
    with (folder / "order_cnn.npz").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match="is not the file that manifest"):
        OrderPredictor.load(folder)


def test_weights_for_other_features_do_not_load(tmp_path: Path) -> None:
    card_path = copy_of_weights(tmp_path) / "order_cnn.json"
    card = json.loads(card_path.read_text())
    card["feature_version"] = 999
    save_model(tmp_path, {"order_cnn.json": json.dumps(card).encode()})
    with pytest.raises(ModelError, match="is for features of version 999"):
        OrderPredictor.load(tmp_path)


def test_the_card_says_what_it_was_made_of(predictor: OrderPredictor) -> None:
    card = predictor.card
    assert tuple(card["classes"]) == CLASSES
    assert set(card["never_trained_on"]) == {97, 98, 99, 100}
    assert len(card["recordings"]) == 109
    assert len(card["second_rig"]["recordings"]) == 39
    calibration = Calibration.from_card(card)
    assert 0.3 < calibration.part_from <= calibration.part_sure_from < 1
    assert calibration.damaged_below < calibration.normal_from
    assert all(0 < count.confidence < 1 for count in calibration.counts.values())


def test_numpy_gives_what_torch_gives(predictor: OrderPredictor) -> None:
    torch = pytest.importorskip("torch")
    from bearing.lab.order.network import OrderNetwork

    network = OrderNetwork()
    network.load_state_dict(
        {
            name: torch.from_numpy(values[0])
            for name, values in predictor.weights.items()
            if name not in ("view", "share")
        }
    )
    signal = np.random.default_rng(0).standard_normal(8000)
    views = two_views(signal, 12_000.0, 29.0, max_order_of(ORDERS))
    features = [order_features(view, ORDERS) for view in (views.raw, views.white)]
    first = features[int(predictor.weights["view"][0])]
    with torch.no_grad():
        logits = network.eval()(
            *(torch.from_numpy(part)[None] for part in (first.patches, first.scalars, first.globals))
        )
    expected = torch.softmax(logits, -1).numpy()[0]
    np.testing.assert_allclose(predictor.probabilities(features)[1][0], expected, atol=1e-4)


@pytest.mark.parametrize("samples", [2048, 12_000, 120_000])
def test_noise_is_never_called_faulty(predictor: OrderPredictor, samples: int) -> None:
    calibration = Calibration.from_card(predictor.card)
    for seed in range(3):
        noise = np.random.default_rng(seed).standard_normal(samples)
        opinion = predictor.opinion(noise, 12_000.0, 29.0, ORDERS)
        assert sum(opinion.probabilities.values()) == pytest.approx(1.0, abs=1e-5)
        verdict = fuse(opinion.probabilities, opinion.guard.loud, calibration)
        assert verdict.verdict in ("normal", "uncertain")


def test_loud_simulated_faults_of_any_bearing_are_named(predictor: OrderPredictor) -> None:
    rng = np.random.default_rng(12345)
    right = 0
    for i in range(12):
        label = ("outer", "inner")[i % 2]
        machine = simulate_machine(rng, label, revolutions=120)
        opinion = predictor.opinion(machine.signal, machine.sampling_rate_hz, machine.shaft_hz, machine.orders)
        right += opinion.label == label
    assert right >= 8


def test_gain_does_not_matter(predictor: OrderPredictor) -> None:
    signal = np.random.default_rng(4).standard_normal(24_000)
    one = predictor.opinion(signal, 12_000.0, 29.0, ORDERS).probabilities
    other = predictor.opinion(1e-3 * signal, 12_000.0, 29.0, ORDERS).probabilities
    assert one == pytest.approx(other, abs=0.02)


def test_too_few_turns_are_outside_the_domain(predictor: OrderPredictor) -> None:
    signal = np.random.default_rng(4).standard_normal(2048)
    opinion = predictor.opinion(signal, 12_000.0, 5.0, FaultOrders(3.05, 4.95, 1.99, 0.38))
    assert not opinion.in_domain
    assert "revolutions are too few" in opinion.reason


@pytest.mark.parametrize(("ring", "state"), [("outer", "inner"), ("inner", "outer")])
def test_a_bearing_whose_outer_ring_turns_is_asked_by_the_ring_that_stands(ring: str, state: str) -> None:
    """The simulator's inner race has the shaft's sidebands, its outer none: here it is the outer race that turns."""
    turned = ORDERS.with_outer_ring_turning()
    at = FaultOrders(2.0, turned.bpfo, 2.36, 0.4) if ring == "outer" else FaultOrders(turned.bpfi, 8.0, 2.36, 0.4)
    config = SimulationConfig(state, duration_s=5.0, orders=at, impact_g=1.0)
    found = load_order_predictor().opinion(simulate(config), config.sampling_rate_hz, config.shaft_rpm / 60, turned)
    assert found.label == ring
    assert found.probabilities[ring] > 0.8
