"""One verdict from two opinions: a pure function, with the calibrated numbers of the model card.

    ln p(state) = ln p_network(state) / temperature  +  weight x ln p_envelope(state)

The numbers were fitted on bearings that the network had not seen, the bearing as the unit. Below the threshold the
verdict is `uncertain`, and the confidence is that of the best guess. No confidence of nine in ten is claimed, without
the envelope's agreement even less: bearings of one rig cannot tell how the next machine differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ModelError
from bearing.states import CLASSES as STATES
from bearing.states import UNCERTAIN

__all__ = ["STATES", "UNCERTAIN", "Calibration", "Verdict", "fuse", "fused_probabilities"]

NAMES = {"normal": "healthy", "outer": "an outer race fault", "inner": "an inner race fault", "ball": "a ball fault"}
MEMORY_ERROR = 0.05  # the CNN on known bearings under other loads: 63 of 64 recordings right, bounded from below
LEAST = 0.01  # the envelope rule's weights are no probabilities: none may veto alone

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """Numbers fitted out of fold.

    temperature, envelope_weight : as in the formula above.
    threshold_fault, threshold_normal : probability from which the verdict is given.
    ceiling : highest confidence. ceiling_alone : when the envelope rule names another state.
    """

    temperature: float = 1.0
    envelope_weight: float = 0.3
    threshold_fault: float = 0.5
    threshold_normal: float = 0.8
    ceiling: float = 0.89
    ceiling_alone: float = 0.85

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Calibration:
        """The calibration a model card carries. Raises ModelError when it holds other names than these."""
        try:
            return cls(**{name: float(value) for name, value in card["calibration"].items()})
        except TypeError as error:
            named = ", ".join(card["calibration"])
            raise ModelError(f"The model card's calibration holds {named}, not what this program knows.") from error

    def as_dict(self) -> dict[str, float]:
        return {name: round(float(value), 4) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Verdict:
    """`verdict` is a state or ``uncertain``; `best_guess` the state with the highest fused probability."""

    verdict: str
    confidence: float
    best_guess: str
    probabilities: dict[str, float]
    agree: bool
    reason: str


def fused_probabilities(network: Array, envelope: Array, calibration: Calibration) -> Array:
    """Fused probabilities, shape (..., 4), from two arrays of that shape in the order of STATES."""
    logits = np.log(np.maximum(network, 1e-6)) / calibration.temperature
    logits = logits + calibration.envelope_weight * np.log(np.maximum(envelope, LEAST))
    exponent = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponent / exponent.sum(axis=-1, keepdims=True)


def fuse(
    network: Mapping[str, float],
    envelope: Mapping[str, float],
    calibration: Calibration,
    blockers: Sequence[str] = (),
    ceiling: float = 1.0,
    memory: Mapping[str, float] | None = None,
) -> Verdict:
    """The verdict on one recording.

    `network` and `envelope` map each of STATES to a probability. `blockers` are sentences that forbid a verdict: the
    signal is outside what was trained, the sensor is dead, the speed is a guess. `ceiling` bounds the confidence
    by what the verdict rests on, such as the probability that an estimated speed is right. `memory` is the waveform
    CNN's answer where it knows the machine (`familiarity`), None where it does not.
    """
    p = fused_probabilities(_array(network), _array(envelope), calibration)
    if memory is not None:
        p = p * ((1 - MEMORY_ERROR) * _array(memory) + MEMORY_ERROR / len(STATES))
        p = p / p.sum()
    best = STATES[int(p.argmax())]
    network_best, envelope_best = STATES[int(_array(network).argmax())], STATES[int(_array(envelope).argmax())]
    agree = network_best == envelope_best == best
    probability = min(float(p.max()), ceiling)
    confidence = min(probability, calibration.ceiling if agree else calibration.ceiling_alone)
    threshold = calibration.threshold_normal if best == "normal" else calibration.threshold_fault
    probabilities = {name: float(value) for name, value in zip(STATES, p, strict=True)}
    given = not blockers and probability >= threshold
    reason = _reason(best, network_best, envelope_best, probability, threshold, blockers)
    if memory is not None and not blockers:
        reason = f"The waveform CNN knows this machine: {_named(STATES[int(_array(memory).argmax())])}. {reason}"
    return Verdict(best if given else UNCERTAIN, confidence, best, probabilities, agree, reason)


def _reason(
    best: str, network_best: str, envelope_best: str, probability: float, threshold: float, blockers: Sequence[str]
) -> str:
    if blockers:
        return f"No verdict: {'; '.join(blockers)}."
    if network_best == envelope_best == best:
        said = f"The order network and the envelope lines both point to {_named(best)}"
    elif network_best == envelope_best:
        said = f"The order network and the envelope lines point to {_named(network_best)}, both weakly"
    else:
        said = (
            f"The order network points to {_named(network_best)}, the envelope lines alone to {_named(envelope_best)}"
        )
    if probability < threshold:
        return f"{said}: {probability:.0%} is too little for a verdict, {threshold:.0%} is needed."
    return f"{said}."


def _named(state: str) -> str:
    return "a healthy bearing" if state == "normal" else NAMES[state]


def _array(opinion: Mapping[str, float]) -> Array:
    return np.array([opinion[name] for name in STATES], dtype=np.float64)
