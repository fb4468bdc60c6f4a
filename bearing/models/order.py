"""The exported order network in NumPy: one recording with speed and fault orders -> an opinion. No torch.

The network is so small (some 15,000 numbers) that NumPy runs it in a few milliseconds; several members, trained from
different seeds, are averaged.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ModelError
from bearing.files import WEIGHTS_DIR
from bearing.models.cards import OrderCard, load_model
from bearing.models.order_features import (
    GLOBAL_FEATURES,
    PATCH_FEATURES,
    SCALAR_FEATURES,
    SQUARED_PATCHES,
    OrderFeatures,
    bare_ball_line,
    order_features,
)
from bearing.models.strangers import LEAST_REACH
from bearing.physics.envelope_rule import (
    EnvelopeOpinion,
    envelope_evidence,
    family_scores,
    max_order_of,
    opinion_of_families,
)
from bearing.physics.guard import Guard, listen
from bearing.physics.kinematics import FaultOrders, RingsSwapped
from bearing.signal.order_spectrum import Envelopes, OrderSpectrum, ShaftSpeed, TwoViews, refine_shaft_hz, two_views
from bearing.states import CLASSES

__all__ = ["CLASSES", "OrderOpinion", "OrderPredictor", "ensemble_probabilities", "load_order_predictor"]

TRAIN = "python -m bearing train --model order"
PATCH_SCALE = 0.3
SWAPPED = [CLASSES.index({"outer": "inner", "inner": "outer"}.get(name, name)) for name in CLASSES]
FEATURE_VERSION = 5  # of order_features: weights made for another one do not fit

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]


@dataclass(frozen=True)
class OrderOpinion:
    """What the order network says of one recording, and what it looked at.

    probabilities : normal, outer, inner, ball; they sum to one. spread : standard deviation of the members' probability
    of the named class. in_domain : False when the recording is unlike anything trained on, `reason` says why.
    shaft : the speed used. views : the order spectra. envelope : the untrained rule's answer on them. guard : what
    strikes, whatever the bearing.
    """

    probabilities: dict[str, float]
    spread: float
    in_domain: bool
    reason: str
    shaft: ShaftSpeed
    views: TwoViews
    envelope: EnvelopeOpinion
    guard: Guard

    @property
    def label(self) -> str:
        """The most likely class."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])

    @property
    def likeliest_part(self) -> float:
        """Probability of the likeliest fault."""
        return max(p for name, p in self.probabilities.items() if name != "normal")


@dataclass(frozen=True)
class OrderPredictor:
    """The ensemble with its card."""

    weights: dict[str, Array32]
    card: OrderCard

    @classmethod
    def load(cls, folder: Path = WEIGHTS_DIR) -> OrderPredictor:
        """Weights and card from a folder. Raises ModelError when one is missing or they do not belong together."""
        card, files = load_model(OrderCard, folder / "order_cnn.json", TRAIN)
        if card["feature_version"] != FEATURE_VERSION or tuple(card["classes"]) != CLASSES:
            raise ModelError(
                f"order_cnn.json is for features of version {card['feature_version']}, this program makes version "
                f"{FEATURE_VERSION} for {', '.join(CLASSES)}: run `{TRAIN}`."
            )
        if "order_cnn.npz" not in files:
            raise ModelError(f"order_cnn.json names no order_cnn.npz: run `{TRAIN}`.")
        with np.load(io.BytesIO(files["order_cnn.npz"]), allow_pickle=False) as archive:
            weights = {name: archive[name].astype(np.float32) for name in archive.files}
        if not {"view", "share"} <= weights.keys():
            raise ModelError("order_cnn.npz is damaged: run `python -m bearing train --model order`.")
        shapes = (
            weights["rows.weight"].shape[-1],
            weights["scalar_mean"].shape[-1],
            weights["global_mean"].shape[-1],
        )
        if shapes != (PATCH_FEATURES, SCALAR_FEATURES, GLOBAL_FEATURES):
            raise ModelError(f"order_cnn.npz expects inputs of {shapes}: run `{TRAIN}`.")
        return cls(weights, card)

    @property
    def sha256(self) -> str:
        """Of the weights file, as the card states and loading has checked."""
        return self.card["files"]["order_cnn.npz"]

    @property
    def members(self) -> int:
        return len(self.weights["normal"])

    def probabilities(self, features: Sequence[OrderFeatures]) -> tuple[Array, Array]:
        """The ensemble's answer, shape (4,) in the order of CLASSES, and each member's, shape (members, 4).

        `features` are those of each view: of the signal as it is, and prewhitened.
        """
        view, share = self.weights["view"].astype(int), self.weights["share"]
        logits = np.stack([_forward(self._member(i), features[v]) for i, v in enumerate(view)])
        patches = np.stack([one.patches for one in features])
        members = np.asarray(_softmax(logits), dtype=np.float64)
        return ensemble_probabilities(logits[:, None], patches[None], view, share)[0], members

    def _member(self, index: int) -> dict[str, Array32]:
        return {name: values[index] for name, values in self.weights.items()}

    def opinion(
        self,
        signal: Array,
        sampling_rate_hz: float,
        shaft_hz: float,
        orders: FaultOrders,
        refine: bool = True,
        envelopes: Envelopes | None = None,
    ) -> OrderOpinion:
        """The network's and the untrained rule's opinion of a finite signal, shape (n,), n at least 2048.

        `refine` : look for the exact speed within 3 % of `shaft_hz`. `envelopes` : the signal's, where at hand.
        """
        envelopes = envelopes or Envelopes(signal, sampling_rate_hz)
        shaft = ShaftSpeed(shaft_hz, 1.0)
        if refine:
            shaft = refine_shaft_hz(signal, sampling_rate_hz, shaft_hz, envelopes=envelopes)
        reach = max(max_order_of(orders), LEAST_REACH)
        views = two_views(signal, sampling_rate_hz, shaft.shaft_hz, reach, envelopes)
        scores = family_scores(views.raw, orders)
        asked = RingsSwapped(**asdict(orders)) if orders.outer_ring_turns else orders
        features = (
            order_features(views.raw, asked, scores if asked is orders else None),
            order_features(views.white, asked),
        )
        probabilities, members = self.probabilities(features)
        if asked is not orders:  # back from the ring that stands and the one that turns to outer and inner
            probabilities, members = probabilities[..., SWAPPED], members[..., SWAPPED]
        label = int(probabilities.argmax())
        in_domain, reason = self._domain(sampling_rate_hz, views.raw)
        return OrderOpinion(
            probabilities={name: float(p) for name, p in zip(CLASSES, probabilities, strict=True)},
            spread=float(members[:, label].std()),
            in_domain=in_domain,
            reason=reason,
            shaft=shaft,
            views=views,
            envelope=opinion_of_families(envelope_evidence(views.raw, orders, scores)),
            guard=listen(views.white),
        )

    def _domain(self, sampling_rate_hz: float, spectrum: OrderSpectrum) -> tuple[bool, str]:
        domain = self.card["domain"]
        if sampling_rate_hz < domain["lowest_rate_hz"]:
            return False, f"sampled at {sampling_rate_hz:g} Hz, trained from {domain['lowest_rate_hz']:g} Hz up"
        turns = spectrum.total_revolutions
        if turns < domain["fewest_revolutions"]:
            least = domain["fewest_revolutions"]
            return False, f"{turns:.1f} shaft revolutions are too few to tell the lines apart, {least:g} are needed"
        return True, ""


def ensemble_probabilities(
    logits: NDArray[np.floating],
    patches: NDArray[np.floating],
    view: NDArray[np.integer],
    share: NDArray[np.floating],
) -> Array:
    """Probabilities (n, 4) from the members' logits (members, n, 4): their mean, so that disagreement lowers them.

    patches : shape (n, views, ...). view, share : shape (members,), the view each member saw and its weight in it.
    A line at 2 x BSF without the cage's sidebands is no ball fault, whatever the members say: its odds fall by ten.
    """
    p = _softmax(np.asarray(logits, np.float64))
    bare = bare_ball_line(patches)
    of_views = []
    for which in np.unique(view):
        mine = view == which
        mean = np.tensordot(share[mine] / share[mine].sum(), p[mine], axes=1)
        mean[bare[:, which], CLASSES.index("ball")] *= 0.1
        of_views.append(mean / mean.sum(axis=-1, keepdims=True))
    return np.asarray(np.mean(of_views, axis=0))


def _forward(w: dict[str, Array32], features: OrderFeatures) -> Array32:
    """One member's logits, shape (4,): the same sums as `order_cnn.OrderNetwork.forward`."""
    x = _dense(features.patches * np.float32(PATCH_SCALE), w, "rows")
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 0)))
    x = np.concatenate([padded[..., :-2, :], padded[..., 1:-1, :], padded[..., 2:, :]], axis=-1)
    x = _dense(x, w, "offsets").max(axis=-2)
    scalars = (features.scalars - w["scalar_mean"]) / w["scalar_std"]
    common = np.tile((features.globals - w["global_mean"]) / w["global_std"], (3, 1))
    which = np.eye(3, dtype=np.float32)
    best, mean = x[:, : SQUARED_PATCHES - 1], x[:, SQUARED_PATCHES - 1]
    log_best, log_mean = x[:, SQUARED_PATCHES:-1], x[:, -1]
    pooled = [best.max(axis=1), best.mean(axis=1), mean, log_best.max(axis=1), log_mean]
    own = np.concatenate([*pooled, scalars, common, which], axis=-1)
    own = _dense(own, w, "family")
    left, right = own[[1, 2, 0]], own[[2, 0, 1]]
    context = np.concatenate([own, np.maximum(left, right), (left + right) / 2, which], axis=-1)
    scores = _dense(context, w, "context") @ w["score.weight"][0] + w["score.bias"][0]
    return np.concatenate([w["normal"], scores]).astype(np.float32)


def _dense(x: Array32, w: dict[str, Array32], name: str) -> Array32:
    return np.maximum(x @ w[f"{name}.weight"].T + w[f"{name}.bias"], 0)


def _softmax(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    exponent = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponent / exponent.sum(axis=-1, keepdims=True))


@lru_cache(maxsize=4)
def load_order_predictor(folder: Path = WEIGHTS_DIR) -> OrderPredictor:
    """The committed ensemble, loaded once."""
    return OrderPredictor.load(folder)
