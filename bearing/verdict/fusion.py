"""One verdict from what the order network and the guard say: a pure function, with the numbers of the model card.

The network answers the question that was asked: do this bearing's lines stand at this speed? The guard
(`physics.guard`) answers for the machine: does anything strike, whatever the bearing? A part is named by the network
alone; damage with no part named takes both. `normal` must be earned from both: the network sees nothing *and* nothing
strikes. What strikes and fits no line of the bearing is told as `impacts`. The rest is `uncertain`.

Every threshold was fitted on bearings that the network had not seen, the bearing as the unit, and a confidence is what
was counted there: of the statements of this kind, how many were right, trusted as far as so few bearings allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ModelError
from bearing.physics.guard import LOUD_FROM, QUIET_BELOW
from bearing.states import CLASSES as STATES
from bearing.states import UNCERTAIN

__all__ = ["KINDS", "NOWHERE", "STATES", "UNCERTAIN", "Calibration", "Count", "Verdict", "fuse", "kinds_of"]

DAMAGED, IMPACTS = "damaged", "impacts"
IMPACTS_PART = "impacts part"  # something strikes, and the best guess is that it is a part of this bearing
UNCERTAIN_PART = "uncertain part"  # no verdict, and the best guess is a part
KINDS = ("part sure", "part", "normal", DAMAGED, IMPACTS, IMPACTS_PART, UNCERTAIN, UNCERTAIN_PART)
MEMORY_ERROR = 0.05  # the CNN on known bearings under other loads: 63 of 64 recordings right, bounded from below

Array = NDArray[np.float64]
NOWHERE: Array = np.array([1.0, 0.0, 0.0, 0.0])  # no other bearing was asked for


@dataclass(frozen=True)
class Count:
    """How statements of one kind fared on held-out bearings: `told` of them, `wrong` of these, over `bearings`."""

    told: int = 0
    wrong: int = 0
    bearings: int = 0

    @property
    def confidence(self) -> float:
        """The share that was right (a ratio over clusters: W. G. Cochran, "Sampling Techniques", 3rd ed. 1977, ch. 9A),
        drawn to 1/2 by Jeffreys' prior (L. D. Brown, T. T. Cai and A. DasGupta, Statistical Science 16 (2001) 101-133)
        with the bearing, not the recording, as the trial; never 1."""
        right = 1 - self.wrong / self.told if self.told else 0.5
        return (right * self.bearings + 0.5) / (self.bearings + 1)


@dataclass(frozen=True)
class Calibration:
    """Numbers fitted out of fold.

    part_from, part_sure_from : probability of a part from which it is named, and named surely. normal_from : the same
    of `normal`, where nothing strikes. elsewhere_from : what of it any other bearing must reach, too. damaged_below :
    probability of `normal` below which damage is told where something strikes, though no part stands out. counts : how
    each of KINDS fared.
    """

    part_from: float = 0.6
    part_sure_from: float = 0.9
    normal_from: float = 0.5
    elsewhere_from: float = 0.45
    damaged_below: float = 0.2
    counts: Mapping[str, Count] = field(default_factory=dict)

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Calibration:
        """The calibration a model card carries. Raises ModelError when it holds other names than these."""
        content = dict(card["calibration"])
        try:
            counts = {kind: Count(**count) for kind, count in content.pop("counts").items()}
            return cls(**{name: float(value) for name, value in content.items()}, counts=counts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            named = ", ".join(card["calibration"])
            raise ModelError(f"The model card's calibration holds {named}, not what this program knows.") from error

    def as_dict(self) -> dict[str, Any]:
        content = asdict(self)
        counts = content.pop("counts")
        return {name: round(float(value), 4) for name, value in content.items()} | {"counts": counts}

    def count(self, kind: str) -> Count:
        """How statements of one of KINDS fared."""
        return self.counts.get(kind, Count())


@dataclass(frozen=True)
class Verdict:
    """`verdict` is a state, damaged, impacts or uncertain; `kind` one of KINDS; `best_guess` the likeliest state.

    `confidence` is that of the statement made; for `uncertain`, that of the best guess.
    """

    verdict: str
    kind: str
    confidence: float
    best_guess: str
    probabilities: dict[str, float]
    loud: bool


def kinds_of(p: Array, excess: Array, elsewhere: Array, calibration: Calibration) -> NDArray[np.str_]:
    """The kind of statement for each row.

    p : shape (n, 4) in the order of STATES, for the bearing asked. excess : shape (n,), the guard's. elsewhere : shape
    (n, 4), for the bearing nobody named that looks least sound. What nearly strikes is neither impacts nor sound.
    """
    normal, part = p[:, 0], p[:, 1:].max(axis=1)
    loud, quiet = excess >= LOUD_FROM, excess < QUIET_BELOW
    sound_elsewhere, part_elsewhere = elsewhere[:, 0], elsewhere[:, 1:].max(axis=1)
    strikes = loud | (part_elsewhere >= calibration.part_sure_from)
    return np.select(
        [
            part >= calibration.part_sure_from,
            part >= calibration.part_from,
            (normal >= calibration.normal_from) & (sound_elsewhere >= calibration.elsewhere_from) & quiet,
            (normal <= calibration.damaged_below) & loud,
            strikes & (part > normal),
            strikes,
        ],
        ["part sure", "part", "normal", DAMAGED, IMPACTS_PART, IMPACTS],
        np.where(part > normal, UNCERTAIN_PART, UNCERTAIN),
    )


def remembered(network: Array, memory: Mapping[str, float] | None) -> Array:
    """The network's probabilities (4,), weighed with the waveform CNN's where that knows the machine."""
    if memory is None:
        return network
    p = network * ((1 - MEMORY_ERROR) * np.array([memory[name] for name in STATES]) + MEMORY_ERROR / len(STATES))
    return np.asarray(p / p.sum())


def fuse(
    network: Mapping[str, float],
    excess: float,
    calibration: Calibration,
    held_back: Sequence[str] = (),
    normal_held_back: Sequence[str] = (),
    ceiling: float = 1.0,
    memory: Mapping[str, float] | None = None,
    elsewhere: Array = NOWHERE,
) -> Verdict:
    """The verdict on one recording.

    `network` maps each of STATES to a probability; `excess` is the guard's word, `elsewhere` the network's, shape (4,),
    for the bearing nobody named that looks least sound. `held_back` are codes of what forbids
    any statement about a part (the signal is unfit, the speed a guess), `normal_held_back` of what forbids `normal`
    alone. `ceiling` bounds the confidence by what the verdict rests on, such as the probability that an estimated speed
    is right. `memory` is the waveform CNN's answer where it knows the machine, None where it does not.
    """
    p = remembered(np.array([network[name] for name in STATES], dtype=np.float64), memory)
    loud = excess >= LOUD_FROM
    kind = str(kinds_of(p[None], np.array([excess], np.float64), elsewhere[None], calibration)[0])
    if held_back or (normal_held_back and kind == "normal"):
        struck = loud or elsewhere[1:].max() >= calibration.part_sure_from
        kind = IMPACTS if struck else UNCERTAIN if int(p.argmax()) == 0 else UNCERTAIN_PART
    best = STATES[int(p.argmax())]
    named = STATES[1 + int(p[1:].argmax())]
    named_by = {"part sure": named, "part": named, IMPACTS_PART: IMPACTS, UNCERTAIN_PART: UNCERTAIN}
    verdict = named_by.get(kind, kind)
    return Verdict(
        verdict=verdict,
        kind=kind,
        confidence=min(calibration.count(kind).confidence, ceiling),
        best_guess=verdict if verdict in STATES else best,
        probabilities={name: float(value) for name, value in zip(STATES, p, strict=True)},
        loud=loud,
    )
