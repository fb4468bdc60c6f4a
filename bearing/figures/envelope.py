"""Envelope spectrum with the cursors of each fault family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from bearing.figures.looks import LOOKS
from bearing.figures.recording import CLEAR, MARK, NUMBER, SIGNAL, float32, layout
from bearing.physics.envelope_rule import FOUND_DB, LINE_REACH, FamilyEvidence
from bearing.physics.kinematics import FaultOrders
from bearing.signal.envelope import EnvelopeSpectrum
from bearing.signal.spectrum import downsample
from bearing.states import FAMILIES, STATES

__all__ = ["LINE_NAMES", "Cursor", "cursors", "envelope_figure"]

LINE_NAMES = {"outer": "BPFO", "inner": "BPFI", "ball": "2×BSF"}
SIDEBAND_NAMES = {"inner": "shaft", "outer": "shaft", "ball": "FTF"}  # of a race: of the ring that turns
DASHES = {"outer": "dash", "inner": "solid", "ball": "dot"}
HARMONICS = 4
MOST_HARMONICS = 12  # of a family whose line is slow: more names than that cannot be read
# Of the axis: lines of two families may lie side by side, and over the highest a low figure needs room for its name.
NAME_HEIGHTS = {"outer": 0.90, "inner": 0.85, "ball": 0.80}
# Below all of them, on a phone the shaft's name reaches to the first line of the bearing; lower where a peak is named.
SHAFT_NAME_HEIGHTS = (0.74, 0.56, 0.38, 0.20)
NAME_HIGH, NAME_WIDE, EDGE = 0.2, 0.14, 0.05  # what a peak's name of two lines takes of the axes, on a phone too
LINE_POINTS = 2_400  # of the spectrum: two to a pixel of a wide screen
SHAFT = "#5F6B76"
STRANGE = "#B37A00"  # what fits no line: the colour of `impacts`
PEAK_DB, STRANGE_DB = 9.0, 15.0  # peaks that answer to the pointer, and those that are named unasked
MOST_PEAKS, MOST_STRANGE = 80, 4
STRANGE_SHARE = 0.2  # of the highest peak: smaller ones are read in dB
NAMES_APART = 0.12  # of the axis
FOOT = 0.02  # how near a higher line a peak is its foot, relative
MATCH, SHAFT_MATCH = 0.005, 0.002  # how near a line a peak is that line, relative; never less than two bins


@dataclass(frozen=True)
class Cursor:
    """One expected line of a family, `slipped_hz` where the slip common to its harmonics puts it."""

    name: str
    expected_hz: float
    slipped_hz: float
    sideband: bool


def cursors(
    family: str, orders: FaultOrders, shaft_hz: float, slip: float = 0.0, harmonics: int = HARMONICS
) -> list[Cursor]:
    """The harmonics of a family and the sidebands of the first two (shaft speed for inner, FTF for ball)."""
    first_hz, spacing_hz = orders.families[family] * shaft_hz, orders.sidebands[family] * shaft_hz
    lines = [Cursor(f"{h}×", h * first_hz, h * first_hz * (1 + slip), sideband=False) for h in range(1, harmonics + 1)]
    for h in (1, 2) if spacing_hz else ():
        for sign, step_hz in (("−", -spacing_hz), ("+", spacing_hz)):
            at_hz = h * first_hz + step_hz
            name = f"{h}× {sign} {SIDEBAND_NAMES[family]}"
            lines.append(Cursor(name, at_hz, h * first_hz * (1 + slip) + step_hz, sideband=True))
    return lines


@dataclass(frozen=True)
class _Scale:
    """How a spectrum is drawn: `per_order` Hz to a unit of the axis, in dB or not, up to `top`."""

    spectrum: EnvelopeSpectrum
    per_order: float
    decibel: bool
    level: Any
    top: float

    def x(self, hz: float) -> float:
        return hz / self.per_order

    def y(self, bins: Any) -> Any:
        return float32(self.level[bins])


def envelope_figure(
    spectrum: EnvelopeSpectrum,
    orders: FaultOrders | None = None,
    shaft_hz: float | None = None,
    evidence: Mapping[str, FamilyEvidence] | None = None,
    in_orders: bool = False,
    decibel: bool = False,
    highlight: Sequence[str] = FAMILIES,
    unit: str = "",
    height: int = 380,
    strikes_hz: float | None = None,
    strikes: str = "strikes",
    picked_hz: float | None = None,
    zoom_hz: tuple[float, float] | None = None,
    ball: str = "Ball",
) -> go.Figure:
    """Spectrum of the squared envelope with cursors at the lines of each fault family.

    A family that stands alone in `highlight` is drawn with every harmonic on the axis, others with four. The shaft's
    first line is marked where its speed is known, and the strongest peaks that are no line of shaft or bearing are
    named in Hz and orders. Every peak answers to the pointer, with the line it is nearest to.

    Parameters
    ----------
    orders, shaft_hz : without both of them no line can be marked.
    evidence : what was found; its slip moves the cursors to where the harmonics lie.
    in_orders : the axis in orders of shaft speed instead of Hz (needs `shaft_hz`).
    decibel : dB over the floor instead of amplitude.
    highlight : families drawn at once; the others wait in the legend.
    strikes_hz : how often something strikes that is no line of the bearing: drawn as a family of its own.
    strikes : what that does: strikes or beats.
    picked_hz : a frequency whose harmonics are drawn, as an analyst's harmonic cursor.
    zoom_hz : the range of the axis; all of the spectrum without. A drag over the figure selects a range.
    ball : what the rolling elements are called.
    """
    in_orders = in_orders and shaft_hz is not None
    per_order = shaft_hz if in_orders and shaft_hz else 1.0
    level = np.maximum(spectrum.db, 0.0) if decibel else spectrum.amplitude
    scale = _Scale(spectrum, per_order, decibel, level, float(np.max(level[1:])) * 1.38 or 1.0)
    end_hz = float(spectrum.frequency_hz[-1])
    shown_hz = zoom_hz or (0.0, end_hz)
    traces = [_envelope_line(scale, shaft_hz, in_orders, shown_hz)]
    known: list[tuple[float, str]] = []
    if shaft_hz:
        known += [(n * shaft_hz, f"shaft {n}×") for n in range(1, int(end_hz / shaft_hz) + 1)]
    if orders is not None and shaft_hz:
        parts = {family: STATES[family].part for family in FAMILIES} | {"ball": ball}
        for family in FAMILIES:
            at_hz, slip = _shaft_and_slip(evidence, family, shaft_hz)
            most = HARMONICS
            if list(highlight) == [family]:
                most = max(HARMONICS, min(MOST_HARMONICS, int(end_hz / (orders.families[family] * at_hz))))
            lines = [line for line in cursors(family, orders, at_hz, slip, most) if 0 < line.slipped_hz < end_hz]
            known += _lines_of(family, orders, at_hz, slip, end_hz)
            visible: bool | str = True if family in highlight else "legendonly"
            traces += _cursor_traces(family, parts[family], lines, scale, visible)
    if strikes_hz:
        combs = [(n * strikes_hz, f"{n}×") for n in range(1, 7) if n * strikes_hz < end_hz]
        known += [(hz, f"{strikes} {name}") for hz, name in combs]
        traces += _comb(combs, scale, f"What {strikes}", STRANGE, "dash")
    peaks = _peaks(scale, shaft_hz, known)
    strangers = _strangers(peaks, scale, shaft_hz) if orders is not None or strikes_hz else []  # without a line: none
    if shaft_hz and shaft_hz < end_hz:
        share = _shaft_name_height(scale, shaft_hz, strangers)
        traces += _comb([(shaft_hz, "shaft")], scale, "Shaft 1×", SHAFT, "dot", "top right", share)
    traces += strangers
    traces += [peaks.trace(scale)] if len(peaks.bins) else []
    if picked_hz:
        steps = [(n * picked_hz, f"{n}×") for n in range(1, 11) if n * picked_hz < end_hz]
        traces += _comb(steps, scale, f"Harmonics of {picked_hz:.2f} Hz", MARK, "solid")
    squared = f"squared envelope ({f'({unit})' if '/' in unit else unit}²)" if unit else "squared envelope"
    look = layout(
        height,
        "order of shaft speed" if in_orders else "frequency (Hz)",
        "dB over the floor" if decibel else squared,
        xaxis={"range": [hz / per_order for hz in shown_hz]},
        yaxis={"range": [0, scale.top], "exponentformat": "power"},
        showlegend=any("name" in trace and trace["name"] != "peaks" for trace in traces),
        margin={"l": 58 if decibel else 98, "r": 12, "t": 30, "b": 44},  # powers of ten are wide
        dragmode="select",
        selectdirection="h",
    )
    look["yaxis"]["title"]["standoff"] = 8 if decibel else 16
    return go.Figure(traces, look)


def _lines_of(family: str, orders: FaultOrders, shaft_hz: float, slip: float, end_hz: float) -> list[tuple[float, str]]:
    """Every line that belongs to a family: all harmonics with three sidebands on each side, and the cage's."""
    first_hz, spacing_hz = orders.families[family] * shaft_hz * (1 + slip), orders.sidebands[family] * shaft_hz
    lines = [(n * orders.ftf * shaft_hz, f"FTF {n}×") for n in range(1, 5)]
    for h in range(1, int(end_hz / first_hz) + 2):
        lines.append((h * first_hz, f"{LINE_NAMES[family]} {h}×"))
        steps = (-3, -2, -1, 1, 2, 3) if spacing_hz else ()
        beside = f"{LINE_NAMES[family]} {h}× {{:+d}} {SIDEBAND_NAMES[family]}"
        lines += [(h * first_hz + n * spacing_hz, beside.format(n)) for n in steps]
    return [(hz, name) for hz, name in lines if 0 < hz < end_hz]


@dataclass(frozen=True)
class _Peaks:
    """The strongest peaks: their bins, what is said of each, and which are no known line."""

    bins: Any
    words: list[str]
    strange: list[bool]

    def trace(self, scale: _Scale) -> dict[str, Any]:
        """An unseen line through the peaks, which answers to the pointer: markers would be drawn one by one."""
        return {
            "type": "scatter",
            "x": float32(scale.spectrum.frequency_hz[self.bins] / scale.per_order),
            "y": scale.y(self.bins),
            "mode": "lines",
            "name": "peaks",
            "line": {"width": 0, "color": CLEAR},
            "text": self.words,
            "hovertemplate": "%{text}<extra></extra>",
            "showlegend": False,
        }


def _peaks(scale: _Scale, shaft_hz: float | None, known: Sequence[tuple[float, str]]) -> _Peaks:
    spectrum = scale.spectrum
    bins = spectrum.peaks(PEAK_DB, MOST_PEAKS)
    lines_hz = np.array([hz for hz, _ in known])
    reach = np.array([SHAFT_MATCH if name.startswith("shaft") else MATCH for _, name in known])
    words, strange = [], []
    for at in bins:
        hz, db = float(spectrum.frequency_hz[at]), spectrum.db_at(int(at))
        order = f", order {hz / shaft_hz:.3f}" if shaft_hz else ""
        said = f"{hz:,.2f} Hz{order}<br>{db:.0f} dB over the floor"
        near = int(np.abs(lines_hz - hz).argmin()) if len(lines_hz) else -1
        matched = bool((np.abs(lines_hz - hz) <= np.maximum(reach * hz, 2 * spectrum.step_hz)).any())
        if near >= 0 and abs(lines_hz[near] / hz - 1) < 0.05:
            said += f"<br>{known[near][1]} {hz / lines_hz[near] - 1:+.2%}"
        words.append(said)
        strange.append(not matched)
    return _Peaks(bins, words, strange)


def _strangers(peaks: _Peaks, scale: _Scale, shaft_hz: float | None) -> list[dict[str, Any]]:
    """The few strongest peaks that are no line of shaft or bearing, named in Hz and orders."""
    spectrum = scale.spectrum
    least = STRANGE_SHARE * float(spectrum.amplitude[2:].max(initial=0.0))
    end_hz = float(spectrum.frequency_hz[-1])
    chosen: list[int] = []
    own = [at for at, odd in zip(peaks.bins, peaks.strange, strict=True) if not odd]
    for at, odd in zip(peaks.bins, peaks.strange, strict=True):
        hz = spectrum.frequency_hz[at]
        foot = any(  # of a known line that is smeared, as by a moving shaft
            abs(spectrum.frequency_hz[line] / hz - 1) < FOOT and spectrum.amplitude[line] > spectrum.amplitude[at]
            for line in own
        )
        high = spectrum.db_at(int(at)) >= STRANGE_DB and spectrum.amplitude[at] >= least
        if (
            odd
            and high
            and not foot
            and all(abs(spectrum.frequency_hz[other] - hz) > 0.03 * end_hz for other in chosen)
        ):
            chosen.append(int(at))
    chosen = chosen[:MOST_STRANGE]
    if not chosen:
        return []
    hz = spectrum.frequency_hz[chosen]
    texts = [f"{one:,.1f} Hz" + (f"<br>{one / shaft_hz:.2f}×" if shaft_hz else "") for one in hz]
    for i, one in enumerate(hz):  # on a phone, names side by side would cover each other: the higher peak keeps its own
        if any(texts[n] and abs(hz[n] - one) < NAMES_APART * end_hz for n in range(i)):
            texts[i] = ""
    return [
        {
            "type": "scatter",
            "x": float32(hz / scale.per_order),
            "y": scale.y(chosen),
            "mode": "markers+text",
            "name": "No known line",
            "text": texts,
            "textposition": ["top right" if one < EDGE * end_hz else "top center" for one in hz],
            "textfont": {"size": 11},
            "cliponaxis": False,
            "marker": {"symbol": "star-open", "size": 9, "color": STRANGE},
            "hoverinfo": "skip",
        }
    ]


def _shaft_name_height(scale: _Scale, shaft_hz: float, strangers: Sequence[Mapping[str, Any]]) -> float:
    """How high the shaft's name stands, as a share of the axis: where no peak beside it is named."""
    at, end = scale.x(shaft_hz), scale.x(float(scale.spectrum.frequency_hz[-1]))
    taken = [
        (float(y) / scale.top, NAME_HIGH if text else NAME_HIGH / 2)
        for one in strangers
        for x, y, text in zip(one["x"], one["y"], one["text"], strict=True)
        if abs(float(x) - at) < NAME_WIDE * end
    ]
    free = (h for h in SHAFT_NAME_HEIGHTS if all(not -NAME_HIGH / 2 < h - low < high for low, high in taken))
    return next(free, SHAFT_NAME_HEIGHTS[-1])


def _comb(
    lines: Sequence[tuple[float, str]],
    scale: _Scale,
    name: str,
    colour: str,
    dash: str,
    place: str = "top center",
    share: float = 0.88,
) -> list[dict[str, Any]]:
    """Stems up to a share of the axis with a short name over each; the legend shows and hides both together."""
    x, height = [scale.x(hz) for hz, _ in lines], share * scale.top
    shared = {"type": "scatter", "legendgroup": name, "hoverinfo": "skip"}
    stems = {
        "x": [value for at in x for value in (at, at, None)],
        "y": [0.0, height, None] * len(x),
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "width": 1.2, "dash": dash},
        "opacity": 0.85,
    }
    names = {
        "x": x,
        "y": [height] * len(x),
        "mode": "text",
        "text": [text for _, text in lines],
        "textposition": place,
        "textfont": {"size": 12},
        "cliponaxis": False,
        "showlegend": False,
    }
    return [shared | stems, shared | names]


def _shaft_and_slip(evidence: Mapping[str, FamilyEvidence] | None, family: str, shaft_hz: float) -> tuple[float, float]:
    """Shaft frequency and slip the evidence was measured with: it reads the speed more finely than it was stated."""
    if not evidence or family not in evidence:
        return shaft_hz, 0.0
    found = evidence[family]
    return found.lines[0].expected_hz / found.order, found.slip


def _envelope_line(
    scale: _Scale, shaft_hz: float | None, in_orders: bool, shown_hz: tuple[float, float]
) -> dict[str, Any]:
    """The spectrum between two frequencies, thinned after the cut: a zoom, which asks anew, keeps its detail."""
    first, last = np.searchsorted(scale.spectrum.frequency_hz, shown_hz)
    part = slice(max(int(first) - 1, 0), int(last) + 2)
    frequency_hz, drawn = downsample(scale.spectrum.frequency_hz[part], scale.level[part], LINE_POINTS)
    value = "%{y:.1f} dB over the floor" if scale.decibel else f"%{{y:{NUMBER}}}"
    line = {
        "type": "scatter",
        "x": float32(frequency_hz / scale.per_order),
        "y": drawn,
        "mode": "lines",
        "line": {"color": SIGNAL, "width": 1.1},
        "showlegend": False,
    }
    if not shaft_hz:
        return line | {"hovertemplate": f"%{{x:,.2f}} Hz<br>{value}<extra></extra>"}
    hz, order, other = ("customdata", "x", frequency_hz) if in_orders else ("x", "customdata", frequency_hz / shaft_hz)
    words = f"%{{{hz}:,.2f}} Hz, order %{{{order}:.3f}}<br>{value}<extra></extra>"
    return line | {"customdata": float32(other), "hovertemplate": words}


def _cursor_traces(
    family: str, part: str, lines: list[Cursor], scale: _Scale, visible: bool | str
) -> list[dict[str, Any]]:
    """Three traces that the legend shows and hides together: cursors, their names, and what was found at them."""
    colour, name, height = LOOKS[family].colour, LINE_NAMES[family], NAME_HEIGHTS[family] * scale.top
    spectrum = scale.spectrum
    shared = {"type": "scatter", "legendgroup": family, "visible": visible}
    harmonics = [line for line in lines if not line.sideband]
    x = [scale.x(line.slipped_hz) for line in harmonics]
    stems = {
        "x": [value for at in x for value in (at, at, None)],
        "y": [0.0, height, None] * len(x),
        "mode": "lines",
        "name": f"{part} ({name})",
        "line": {"color": colour, "width": 1.3, "dash": DASHES[family]},
        "opacity": 0.85,
        "hoverinfo": "skip",
    }
    names = {
        "x": x,
        "y": [height] * len(x),
        "mode": "text",
        "text": [line.name for line in harmonics],
        "textposition": "top center",
        "textfont": {"size": 12},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    read = [(line, *spectrum.peak_near(line.slipped_hz, LINE_REACH)) for line in lines]
    read = [(line, found_hz, db) for line, found_hz, db in read if np.isfinite(db)]
    at = [round(found_hz / spectrum.step_hz) for _, found_hz, _ in read]
    marks = {
        "x": [scale.x(found_hz) for _, found_hz, _ in read],
        "y": [max(db, 0.0) for _, _, db in read] if scale.decibel else float32(spectrum.amplitude[at]),
        "mode": "markers",
        "marker": {
            "color": [colour if db >= FOUND_DB else CLEAR for _, _, db in read],
            "size": [6 if line.sideband else 10 for line, _, _ in read],
            "symbol": LOOKS[family].symbol,
            "line": {"color": colour, "width": 1.4},
        },
        "text": [_cursor_words(f"{name} {line.name}", line, found_hz, db) for line, found_hz, db in read],
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }
    return [shared | stems, shared | names, shared | marks]


def _cursor_words(name: str, line: Cursor, found_hz: float, db: float) -> str:
    found = f"found at {found_hz:,.1f} Hz, {db:.0f} dB over the floor" if db >= FOUND_DB else "nothing stands out"
    return f"{name}: expected at {line.expected_hz:,.1f} Hz<br>{found}"
