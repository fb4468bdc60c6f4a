"""Envelope spectrum with the cursors of each fault family, and the kurtogram to choose a band on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from bearing.figures.looks import LOOKS
from bearing.figures.recording import CLEAR, MAP, MARK, NUMBER, SIGNAL, colour_bar, float32, layout
from bearing.physics.envelope_rule import FOUND_DB, LINE_REACH, FamilyEvidence
from bearing.physics.kinematics import FaultOrders
from bearing.signal.envelope import Band, EnvelopeSpectrum
from bearing.signal.kurtogram import Kurtogram
from bearing.signal.spectrum import downsample
from bearing.states import FAMILIES, STATES

__all__ = ["LINE_NAMES", "Cursor", "cursors", "envelope_figure", "kurtogram_figure"]

LINE_NAMES = {"outer": "BPFO", "inner": "BPFI", "ball": "2×BSF"}
SIDEBAND_NAMES = {"inner": "shaft", "ball": "FTF"}
DASHES = {"outer": "dash", "inner": "solid", "ball": "dot"}
HARMONICS = 4
NAME_HEIGHTS = {"outer": 0.94, "inner": 0.89, "ball": 0.84}  # of the axis: lines of two families may lie side by side
KURTOGRAM_COLUMNS = 48  # clickable squares per row


@dataclass(frozen=True)
class Cursor:
    """One expected line of a family, `slipped_hz` where the slip common to its harmonics puts it."""

    name: str
    expected_hz: float
    slipped_hz: float
    sideband: bool


def cursors(family: str, orders: FaultOrders, shaft_hz: float, slip: float = 0.0) -> list[Cursor]:
    """Harmonics 1-4 of a family and the sidebands of the first two (shaft speed for inner, FTF for ball)."""
    first_hz, spacing_hz = orders.families[family] * shaft_hz, orders.sidebands[family] * shaft_hz
    lines = [Cursor(f"{h}×", h * first_hz, h * first_hz * (1 + slip), sideband=False) for h in range(1, HARMONICS + 1)]
    for h in (1, 2) if spacing_hz else ():
        for sign, step_hz in (("−", -spacing_hz), ("+", spacing_hz)):
            at_hz = h * first_hz + step_hz
            name = f"{h}× {sign} {SIDEBAND_NAMES[family]}"
            lines.append(Cursor(name, at_hz, h * first_hz * (1 + slip) + step_hz, sideband=True))
    return lines


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
) -> go.Figure:
    """Spectrum of the squared envelope with cursors at the lines of each fault family.

    Parameters
    ----------
    orders, shaft_hz : without both of them no line can be marked.
    evidence : what was found; its slip moves the cursors to where the harmonics lie.
    in_orders : the axis in orders of shaft speed instead of Hz (needs `shaft_hz`).
    decibel : dB over the floor instead of amplitude.
    highlight : families drawn at once; the others wait in the legend.
    """
    in_orders = in_orders and shaft_hz is not None
    per_order = shaft_hz if in_orders and shaft_hz else 1.0
    level = np.maximum(spectrum.db, 0.0) if decibel else spectrum.amplitude
    top = float(np.max(level[1:])) * 1.25 or 1.0
    traces = [_envelope_line(spectrum, level, shaft_hz, per_order, decibel)]
    if orders is not None and shaft_hz:
        for family in FAMILIES:
            lines = cursors(family, orders, *_shaft_and_slip(evidence, family, shaft_hz))
            inside = [line for line in lines if line.slipped_hz < spectrum.frequency_hz[-1]]
            visible: bool | str = True if family in highlight else "legendonly"
            traces += _cursor_traces(family, inside, spectrum, per_order, decibel, top, visible)
    squared = f"squared envelope ({unit or 'unit'}²)"
    look = layout(
        height,
        "order of shaft speed" if in_orders else "frequency (Hz)",
        "dB over the floor" if decibel else squared,
        xaxis={"range": [0, float(spectrum.frequency_hz[-1]) / per_order]},
        yaxis={"range": [0, top], "exponentformat": "power"},
        showlegend=True,
        margin={"l": 58 if decibel else 98, "r": 12, "t": 34, "b": 46},  # powers of ten are wide
    )
    look["yaxis"]["title"]["standoff"] = 8 if decibel else 16
    return go.Figure(traces, look)


def _shaft_and_slip(evidence: Mapping[str, FamilyEvidence] | None, family: str, shaft_hz: float) -> tuple[float, float]:
    """Shaft frequency and slip the evidence was measured with: it reads the speed more finely than it was stated."""
    if not evidence or family not in evidence:
        return shaft_hz, 0.0
    found = evidence[family]
    return found.lines[0].expected_hz / found.order, found.slip


def _envelope_line(
    spectrum: EnvelopeSpectrum, level: Any, shaft_hz: float | None, per_order: float, decibel: bool
) -> dict[str, Any]:
    frequency_hz, drawn = downsample(spectrum.frequency_hz, level)
    order = ", order %{customdata[1]:.3f}" if shaft_hz else ""
    value = "%{y:.1f} dB over the floor" if decibel else f"%{{y:{NUMBER}}}"
    return {
        "type": "scatter",
        "x": float32(frequency_hz / per_order),
        "y": drawn,
        "mode": "lines",
        "line": {"color": SIGNAL, "width": 1.1},
        "showlegend": False,
        "customdata": np.stack([frequency_hz, frequency_hz / (shaft_hz or 1.0)], axis=1).astype(np.float32),
        "hovertemplate": f"%{{customdata[0]:,.2f}} Hz{order}<br>{value}<extra></extra>",
    }


def _cursor_traces(
    family: str,
    lines: list[Cursor],
    spectrum: EnvelopeSpectrum,
    per_order: float,
    decibel: bool,
    top: float,
    visible: bool | str,
) -> list[dict[str, Any]]:
    """Three traces that the legend shows and hides together: cursors, their names, and what was found at them."""
    colour, name, height = LOOKS[family].colour, LINE_NAMES[family], NAME_HEIGHTS[family] * top
    shared = {"type": "scatter", "legendgroup": family, "visible": visible}
    harmonics = [line for line in lines if not line.sideband]
    x = [line.slipped_hz / per_order for line in harmonics]
    stems = {
        "x": [value for at in x for value in (at, at, None)],
        "y": [0.0, height, None] * len(x),
        "mode": "lines",
        "name": f"{STATES[family].part} ({name})",
        "line": {"color": colour, "width": 1.3, "dash": DASHES[family]},
        "opacity": 0.6,
        "hoverinfo": "skip",
    }
    names = {
        "x": x,
        "y": [height] * len(x),
        "mode": "text",
        "text": [line.name for line in harmonics],
        "textposition": "top center",
        "textfont": {"color": colour, "size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    read = [(line, *spectrum.peak_near(line.slipped_hz, LINE_REACH)) for line in lines]
    read = [(line, found_hz, db) for line, found_hz, db in read if np.isfinite(db)]
    at = [round(found_hz / spectrum.step_hz) for _, found_hz, _ in read]
    marks = {
        "x": [found_hz / per_order for _, found_hz, _ in read],
        "y": [max(db, 0.0) for _, _, db in read] if decibel else float32(spectrum.amplitude[at]),
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


def kurtogram_figure(kurtogram: Kurtogram, band: Band, height: int = 380) -> go.Figure:
    """Spectral kurtosis over bands; the demodulated `band` is framed and every cell can be clicked.

    A heatmap reports no clicks to Streamlit, so invisible markers lie over it; their `x` (kHz) and `y` (the row) say
    which band was meant.
    """
    rows = np.arange(len(kurtogram.levels))
    widths = [_hz(float(width)) for width in kurtogram.bandwidth_hz]
    nyquist_khz = float(kurtogram.bandwidth_hz[0]) / 1000
    z = np.maximum(kurtogram.kurtosis, 0.0)
    heat = {
        "type": "heatmap",
        "x": float32(kurtogram.frequency_hz / 1000),
        "y": rows,
        "z": float32(z),
        "zmin": 0,
        "zmax": float(np.quantile(z, 0.95)) or 1.0,
        "colorscale": MAP,
        "colorbar": colour_bar("kurtosis"),
        "hoverinfo": "skip",
    }
    frame = {
        "type": "rect",
        "x0": band.low_hz / 1000,
        "x1": band.high_hz / 1000,
        "y0": -0.5,
        "y1": len(rows) - 0.5,
        "line": {"color": MARK, "width": 2},
        "fillcolor": CLEAR,
    }
    bare = {"showgrid": False, "fixedrange": True}
    look = layout(
        height,
        "frequency (kHz)",
        "bandwidth",
        dragmode=False,
        margin={"l": 84, "r": 8, "t": 10, "b": 46},
        shapes=[frame],
        xaxis=bare | {"range": [0, nyquist_khz]},
        yaxis=bare | {"tickvals": rows[::2], "ticktext": widths[::2], "autorange": "reversed", "showline": False},
    )
    return go.Figure([heat, _squares(kurtogram)], look)


def _squares(kurtogram: Kurtogram) -> dict[str, Any]:
    """Invisible squares over the map: each knows the band under it."""
    levels, nyquist_hz = len(kurtogram.levels), float(kurtogram.bandwidth_hz[0])
    columns = (np.arange(KURTOGRAM_COLUMNS) + 0.5) * nyquist_hz / KURTOGRAM_COLUMNS
    x, row = (grid.ravel() for grid in np.meshgrid(columns, np.arange(levels)))
    column = (x / nyquist_hz * kurtogram.kurtosis.shape[1]).astype(int)
    words = []
    for r, c, at_hz in zip(row.astype(int), column, x, strict=True):
        band = kurtogram.band_at(int(r), float(at_hz))
        range_khz = f"{band.low_hz / 1000:.2f}-{band.high_hz / 1000:.2f} kHz"
        words.append(f"{range_khz}, kurtosis {kurtogram.kurtosis[r, c]:.2g}")
    return {
        "type": "scatter",
        "x": float32(x / 1000),
        "y": row,
        "mode": "markers",
        "marker": {"symbol": "square", "size": 16, "opacity": 0, "color": MARK},
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
        "text": words,
        "hovertemplate": "%{text}<br>click to demodulate<extra></extra>",
        "showlegend": False,
    }


def _hz(value: float) -> str:
    return f"{value / 1000:.3g} kHz" if value >= 1000 else f"{value:.3g} Hz"
