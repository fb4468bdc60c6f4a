"""What a diagnosis is: `Diagnosis`, the one answer of the whole program, and the bearing it is about.

Every door (page, REST, command line) shows this object and computes nothing of its own; `verdict.judging` makes it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from bearing.physics.candidates import Fit
from bearing.physics.catalogue import element_named
from bearing.physics.envelope_rule import FamilyEvidence
from bearing.physics.kinematics import FaultOrders
from bearing.physics.machine_lines import MachineView
from bearing.recording import Recording
from bearing.signal.indicators import Indicators
from bearing.verdict import told
from bearing.verdict.detectable import Detectable
from bearing.verdict.doctor.finding import DoctorReport
from bearing.verdict.fusion import Count
from bearing.verdict.opinions import Opinion, WindowVerdicts
from bearing.verdict.turning import SpeedOverTime
from bearing.verdict.words.machine import machine_as_dict, machine_sentences
from bearing.verdict.words.sentences import (
    corrected_sentence,
    detectable_sentence,
    elements_sentence,
    estimated_sentence,
    moved_sentence,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["OUTER_RING_TURNS", "Bearing", "ChannelVerdict", "Diagnosis", "Impacts"]

OUTER_RING_TURNS = ", outer ring turns"  # behind such a bearing's name
TOLD_FROM = 0.005  # a correction of the stated speed that is told, relative


@dataclass(frozen=True)
class Bearing:
    """A bearing as the user named it, with its fault orders; `estimated` ones never prove that it is sound.

    `alternatives` are the orders it may have as well, where the number of its elements is a guess.
    """

    name: str
    orders: FaultOrders
    estimated: bool = False
    alternatives: tuple[FaultOrders, ...] = ()

    @property
    def element(self) -> str:
        """What rolls in it: ball, roller, or rolling element where the type is not known."""
        return element_named(self.name.removesuffix(OUTER_RING_TURNS))

    @property
    def elements(self) -> int:
        """How many roll in it."""
        return self.orders.elements

    @property
    def counts(self) -> tuple[int, ...]:
        """How many it may hold, in rising order."""
        return tuple(sorted({orders.elements for orders in (self.orders, *self.alternatives)}))

    def with_orders(self, orders: FaultOrders) -> Bearing:
        """The same where `orders`, one of its `alternatives`, are taken for its own, and its own for one of those."""
        others = (self.orders, *(one for one in self.alternatives if one != orders))
        return replace(self, orders=orders, alternatives=others)

    def as_dict(self) -> dict[str, Any]:
        """Name, orders, and whether they are estimated."""
        return {"name": self.name, "orders": asdict(self.orders), "estimated": self.estimated}


@dataclass(frozen=True)
class Impacts:
    """What strikes, whatever the bearing: how often, how many harmonics, how deep, and whose line it could be.

    `order` is None with no speed known. `band_hz` is where it stands deepest. `fits` are candidates from the catalogue,
    the best first: evidence, no verdict.
    """

    rate_hz: float
    order: float | None
    harmonics: int
    depth: float
    kurtosis: float
    band_hz: tuple[float, float]
    fits: tuple[Fit, ...] = ()


@dataclass(frozen=True)
class ChannelVerdict:
    """One channel of a file in a row; `verdict` is ``error`` where it could not be judged, and `reason` says why."""

    channel: str
    verdict: str
    confidence: float
    best_guess: str | None
    reason: str
    sampling_rate_hz: float | None = None
    shaft_rpm: float | None = None


@dataclass(frozen=True)
class Diagnosis:
    """Verdict, confidence and reason of one channel, with all that led there.

    `verdict` is normal, inner, outer, ball, damaged (this bearing's, part unclear), impacts (something strikes, not at
    this bearing's lines) or uncertain. `best_guess` is a state, None where no fault line could be asked for.
    `confidence` is what was counted of such statements on held-out bearings (`counted`); of an uncertain verdict, of
    its best guess. `rpm_confidence` (0..1) is 1 for a stated speed, less for one estimated from the signal.
    `shaft_rpm` is the speed used, exact as the signal shows it, None when unknown; `stated_rpm` the one given.
    `moved` is the speed over time where it did not hold: the signal was then judged in shaft angle.
    `detectable` (how weak a fault would have been seen) and `machine` (its own lines) are there where asked for.
    `impacts` is there whenever something strikes, `beats` where something beats that only forbids `normal`. `evidence`
    holds the envelope's finding per family (outer, inner, ball), empty where speed or bearing are unknown. Where a file
    was judged, this is its worst channel's and `channels` holds a row of each (`bearing.verdict.asked.file`).
    `print(diagnosis)` gives it in one line.
    """

    file: str
    channel: str
    sampling_rate_hz: float
    rate_source: str
    duration_s: float
    shaft_rpm: float | None
    rpm_source: str
    rpm_confidence: float
    bearing: Bearing | None
    verdict: str
    best_guess: str | None
    confidence: float
    reason: str
    agreement: str
    opinions: dict[str, Opinion]
    doctor: DoctorReport
    evidence: dict[str, FamilyEvidence]
    indicators: Indicators
    windows: WindowVerdicts
    model: dict[str, str]
    counted: Count = field(default_factory=Count)
    stated_rpm: float | None = None
    impacts: Impacts | None = None
    beats: Impacts | None = None
    channels: tuple[ChannelVerdict, ...] = ()
    moved: SpeedOverTime | None = None
    detectable: Detectable | None = None
    machine: MachineView | None = None
    recording: Recording | None = field(default=None, compare=False)  # the signal, where `bearing.diagnose` was asked
    still: Recording | None = field(default=None, compare=False)  # where the speed moved: the signal as it was judged

    @property
    def element(self) -> str:
        """What rolls in the bearing: ball, roller, or rolling element where that is not known."""
        return "rolling element" if self.bearing is None else self.bearing.element

    @property
    def has_guess(self) -> bool:
        """Whether `best_guess` rests on anything: known fault lines, and a recording fit to be diagnosed."""
        return self.best_guess is not None and self.doctor.severity != "severe"

    @property
    def speed_note(self) -> str:
        """A sentence when the speed moves, is an estimate, or another than the stated one; "" otherwise."""
        if self.moved is not None:
            return moved_sentence(self.moved)
        if self.shaft_rpm is None:
            return ""
        stated_rpm, sure = self.stated_rpm, self.rpm_confidence >= 1.0
        if stated_rpm is not None and abs(self.shaft_rpm / stated_rpm - 1) > TOLD_FROM:
            return corrected_sentence(self.shaft_rpm, stated_rpm, by_signal=not sure)
        return "" if sure else estimated_sentence(self.shaft_rpm, self.rpm_source)

    @property
    def bearing_note(self) -> str:
        """A sentence where a part is named of a bearing whose number of elements is a guess; "" otherwise."""
        if self.bearing is None or not self.bearing.alternatives or self.verdict not in self.evidence:
            return ""
        return elements_sentence(self.bearing.elements, self.bearing.counts, self.element)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of the input doctor and the reader that bear on the verdict, and those of what is estimated."""
        return tuple(filter(None, (*self.doctor.warnings, *self.doctor.notes, self.speed_note, self.bearing_note)))

    @property
    def asked_besides(self) -> tuple[str, ...]:
        """Sentences on what was asked for besides the verdict: how weak a fault would have been seen, the machine."""
        weakest = () if self.detectable is None else (detectable_sentence(self.detectable, self.element),)
        return weakest + (() if self.machine is None else machine_sentences(self.machine))

    def __str__(self) -> str:
        return told.one_line(self)

    def __repr__(self) -> str:
        return told.short(self)

    def _repr_html_(self) -> str:
        return told.card(self)

    def figure(self, name: str) -> go.Figure:
        """The waveform, spectrum, spectrogram, windows, envelope or kurtogram as a Plotly figure.

        Raises ParameterError for another name, and where the diagnosis does not hold its `recording`.
        """
        return told.figure(self, name)

    @overload
    def to_html(self, path: None = None) -> str: ...
    @overload
    def to_html(self, path: str | Path) -> None: ...
    def to_html(self, path: str | Path | None = None) -> str | None:
        """The report as one HTML page: returned, or written to `path` (ParameterError where that cannot be)."""
        return told.handed_over(told.as_html(self), path)

    @overload
    def to_json(self, path: None = None) -> str: ...
    @overload
    def to_json(self, path: str | Path) -> None: ...
    def to_json(self, path: str | Path | None = None) -> str | None:
        """`to_dict` as JSON text: returned, or written to `path` (ParameterError where that cannot be)."""
        return told.handed_over(told.as_json(self), path)

    def to_dict(self) -> dict[str, Any]:
        """The same as `as_dict`."""
        return self.as_dict()

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values only; per-window probabilities are summed up as shares."""
        content = {
            "file": self.file,
            "channel": self.channel,
            "channels": [asdict(row) for row in self.channels],
            "sampling_rate_hz": self.sampling_rate_hz,
            "rate_source": self.rate_source,
            "duration_s": self.duration_s,
            "shaft_rpm": self.shaft_rpm,
            "stated_rpm": self.stated_rpm,
            "rpm_source": self.rpm_source,
            "rpm_confidence": self.rpm_confidence,
            "moved": None if self.moved is None else self.moved.as_dict(),
            "bearing": None if self.bearing is None else self.bearing.as_dict(),
            "verdict": self.verdict,
            "best_guess": self.best_guess,
            "confidence": self.confidence,
            "counted": asdict(self.counted),
            "impacts": None if self.impacts is None else asdict(self.impacts),
            "beats": None if self.beats is None else asdict(self.beats),
            "detectable_db": None if self.detectable is None else asdict(self.detectable),
            "machine": None if self.machine is None else machine_as_dict(self.machine),
            "besides": list(self.asked_besides),
            "reason": self.reason,
            "agreement": self.agreement,
            "opinions": {name: asdict(opinion) for name, opinion in self.opinions.items()},
            "warnings": list(self.warnings),
            "checks": [asdict(check) for check in self.doctor.checks],
            "evidence": {name: asdict(family) for name, family in self.evidence.items()},
            "indicators": asdict(self.indicators),
            "windows": {
                "count": len(self.windows.start_s),
                "share": {name: self.windows.share_of(name) for name in self.windows.classes},
            },
            "model": self.model,
        }
        return _plain(content)


def _plain(value: Any) -> Any:
    """The same content without NumPy's scalars, tuples, or numbers JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
