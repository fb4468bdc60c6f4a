"""Arrays and Diagnosis -> plotly figures, in one style; no streamlit. Envelope spectra: `bearing.figures.envelope`.

Grounds are transparent. Text is `INK`, to be read on paper; the pages' own style puts their colour in its place.
Every line is drawn with at most 4,000 points (`bearing.signal.spectrum.downsample`) as SVG: a million samples
take a second.
Figures are made from plain dicts in one go: plotly checks a whole figure once, ten times faster than piece by piece.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from bearing.figures.looks import LOOKS
from bearing.signal.envelope import Band
from bearing.signal.kurtogram import Kurtogram
from bearing.signal.spectrum import Spectrogram, downsample
from bearing.states import STATES
from bearing.verdict.opinions import WindowVerdicts

__all__ = [
    "CLEAR",
    "INK",
    "MAP",
    "MARK",
    "SIGNAL",
    "colour_bar",
    "float32",
    "hover_unit",
    "kurtogram_figure",
    "layout",
    "order_map_figure",
    "preview_figure",
    "speed_figure",
    "sparkline",
    "spectrogram_figure",
    "spectrum_figure",
    "waveform_figure",
    "windows_figure",
]

Array = NDArray[np.floating[Any]]

CLEAR = "rgba(0,0,0,0)"
GRID = "rgba(128,138,148,0.20)"
AXIS = "rgba(128,138,148,0.55)"
SIGNAL = "#4C7F9E"  # the measured signal, wherever it is drawn
INK = "#1B2530"  # text; pages/navigation.py knows it
FONT = "Arial, Helvetica, sans-serif"  # a saved picture has no web font: names measured in one would overlap
MARK = "#E69F00"  # what the user has chosen
MAP = [[0.0, "#10222E"], [0.35, "#1F5673"], [0.65, "#3F9AA8"], [0.85, "#B9D48B"], [1.0, "#FCF3B4"]]
NUMBER = ".4g"
KURTOGRAM_COLUMNS = 48  # clickable squares per row


DRAWN_ONCE = 1  # the revision of every figure's numbers: why, says `bearing.figures.sent`. Others are another figure
MODEBAR = {"bgcolor": CLEAR, "color": AXIS, "activecolor": SIGNAL}
HOVER = {"bgcolor": INK, "bordercolor": AXIS, "font": {"color": "#FFFFFF", "size": 12, "family": FONT}, "align": "left"}


def layout(height: int, x: str = "", y: str = "", **more: Any) -> dict[str, Any]:
    """The look every figure shares: transparent ground, hairline grid, tight margins. `x`, `y` are axis titles.

    Axes given in `more` (``yaxis={...}``) are added to the shared look, everything else replaces it.
    """
    look: dict[str, Any] = {
        "datarevision": DRAWN_ONCE,
        "height": height,
        "margin": {"l": 58, "r": 12, "t": 10, "b": 46},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"size": 12, "color": INK, "family": FONT},
        "template": {},
        "hovermode": "closest",
        "hoverlabel": HOVER,
        "showlegend": False,
        "modebar": MODEBAR,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "xanchor": "left",
            "bgcolor": CLEAR,
            "font": {"color": INK},
        },
        "xaxis": axis(x),
        "yaxis": axis(y),
    }
    for name, value in more.items():
        look[name] = {**axis(), **look.get(name, {}), **value} if name[1:].startswith("axis") else value
    return look


def axis(title: str = "") -> dict[str, Any]:
    """One axis of the shared look."""
    return {
        "gridcolor": GRID, "zeroline": False, "linecolor": AXIS, "showline": True, "ticks": "outside", "ticklen": 4,
        "tickcolor": AXIS, "tickfont": {"color": INK}, "automargin": False,
        "title": {"text": title, "font": {"size": 12, "color": INK}, "standoff": 8},
    }  # fmt: skip


def colour_bar(title: str) -> dict[str, Any]:
    """A narrow colour scale at the right of a map."""
    words = {"text": title, "side": "right", "font": {"color": INK}}
    return {"thickness": 8, "outlinewidth": 0, "title": words, "tickfont": {"color": INK}, "x": 1.01}


def float32(values: Array) -> NDArray[np.float32]:
    """Plotly sends arrays as base64; single precision halves the message."""
    return np.ascontiguousarray(values, dtype=np.float32)


def hover_unit(unit: str) -> str:
    """A file's unit for a hover text, which knows a little HTML and a template language."""
    return "".join(character for character in unit if character not in "<>%{}&")


# ------------------------------------------------------------------------------------------------------ the signal


def waveform_figure(
    time_s: Array, samples: Array, unit: str = "", windows: WindowVerdicts | None = None, height: int = 240
) -> go.Figure:
    """The signal over time and, under it, the state each window looks like to the CNN.

    time_s, samples : shape (n,), already thinned for drawing. unit : as in the file, may be empty.
    """
    signal = {
        "type": "scatter",
        "x": float32(time_s),
        "y": float32(samples),
        "mode": "lines",
        "line": {"color": SIGNAL, "width": 0.9},
        "hovertemplate": f"%{{x:.4f}} s<br>%{{y:{NUMBER}}} {hover_unit(unit)}<extra></extra>",
    }
    amplitude = f"amplitude ({unit})" if unit else "amplitude"
    if windows is None or not len(windows.start_s):
        return go.Figure([signal], layout(height, "time (s)", amplitude))
    bare = {"ticks": "", "showgrid": False, "showline": False, "domain": [0.0, 0.1]}
    return go.Figure(
        [signal, _ribbon(windows)],
        layout(
            height,
            "time (s)",
            amplitude,
            xaxis={"anchor": "y2", "range": [float(time_s[0]), float(time_s[-1])]},
            yaxis={"domain": [0.14, 1.0]},
            yaxis2=bare,
        ),
    )


def _ribbon(windows: WindowVerdicts) -> dict[str, Any]:
    """One cell per window in the colour of its most likely state; pale where the network knows no such windows."""
    order = [name for name in STATES if name in windows.classes]
    colours = [LOOKS[name].colour for name in order]
    best = windows.probabilities.max(axis=1)
    words = [f"{STATES[v].title}, {p:.0%}" for v, p in zip(windows.verdicts, best, strict=True)]
    return {
        "type": "heatmap",
        "x": float32(windows.start_s + windows.duration_s / 2),
        "y": ["CNN"],
        "yaxis": "y2",
        "z": np.array([[order.index(verdict) for verdict in windows.verdicts]], dtype=np.float32),
        "zmin": -0.5,
        "zmax": len(order) - 0.5,
        "colorscale": [[(i + end) / len(order), colour] for i, colour in enumerate(colours) for end in (0, 1)],
        "showscale": False,
        "opacity": 1.0 if windows.familiar else 0.4,
        "xgap": 0.6,
        "customdata": np.array(words, dtype=object)[np.newaxis],
        "hovertemplate": "window at %{x:.2f} s looks like<br>%{customdata}<extra></extra>",
    }


def preview_figure(samples: Array, height: int = 64, colour: str = SIGNAL) -> go.Figure:
    """A signal as a small picture without axes, to choose a channel or a sample by; samples has shape (n,)."""
    x, y = downsample(np.arange(len(samples), dtype=np.float64), np.asarray(samples, dtype=np.float64), 400)
    line = {"type": "scatter", "x": x, "y": y, "mode": "lines", "line": {"color": colour, "width": 0.8}}
    none = {"visible": False, "fixedrange": True}
    margin = {"l": 0, "r": 0, "t": 0, "b": 0}
    return go.Figure(
        [line | {"hoverinfo": "skip"}], layout(height, margin=margin, dragmode=False, xaxis=none, yaxis=none)
    )


def sparkline(samples: Array, colour: str = SIGNAL, width: int = 72, height: int = 20) -> str:
    """A signal as a tiny picture, an SVG in a data address, to stand beside a name; samples has shape (n,)."""
    x, y = downsample(np.arange(len(samples), dtype=np.float64), np.asarray(samples, dtype=np.float64), 2 * width)
    low, high = (float(y.min()), float(y.max())) if len(y) else (0.0, 0.0)
    span = high - low
    level = (high - y) / span if 0 < span < np.inf else np.full(len(y), 0.5)
    points = " ".join(
        f"{at * (width - 2) / max(len(samples) - 1, 1) + 1:.1f},{up * (height - 2) + 1:.1f}"
        for at, up in zip(x.tolist(), level.tolist(), strict=True)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="0.8"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def windows_figure(windows: WindowVerdicts, height: int = 230) -> go.Figure:
    """What the CNN gives each state in each window, stacked to one, over time."""
    bars = [
        {
            "type": "bar",
            "x": float32(windows.start_s + windows.duration_s / 2),
            "y": float32(windows.probabilities[:, windows.classes.index(name)]),
            "width": windows.duration_s,
            "name": STATES[name].title,
            "marker": {"color": LOOKS[name].colour, "line": {"width": 0}},
            "hovertemplate": f"{STATES[name].title}: %{{y:.1%}}<br>window at %{{x:.2f}} s<extra></extra>",
        }
        for name in STATES
        if name in windows.classes
    ]
    look = {"barmode": "stack", "bargap": 0, "showlegend": True, "margin": {"l": 58, "r": 12, "t": 34, "b": 46}}
    return go.Figure(
        bars, layout(height, "time (s)", "probability", yaxis={"range": [0, 1], "tickformat": ".0%"}, **look)
    )


# ------------------------------------------------------------------------------------------------------- spectra


def spectrum_figure(
    frequency_hz: Array,
    level: Array,
    unit: str = "",
    decibel: bool = False,
    shaft_hz: float | None = None,
    height: int = 300,
) -> go.Figure:
    """Amplitude spectrum; hover gives Hz and, with the shaft's frequency, orders.

    frequency_hz, level : shape (n,), thinned for drawing; `level` in the signal's unit, or dB of it with `decibel`.
    """
    value = f"%{{y:.1f}} dB re 1 {hover_unit(unit)}" if decibel else f"%{{y:{NUMBER}}} {hover_unit(unit)}"
    line = {
        "type": "scatter",
        "x": float32(frequency_hz),
        "y": float32(level),
        "mode": "lines",
        "line": {"color": SIGNAL, "width": 1},
        "hovertemplate": f"%{{x:,.2f}} Hz<br>{value}<extra></extra>",
    }
    if shaft_hz:
        line["customdata"] = float32(np.asarray(frequency_hz) / shaft_hz)
        line["hovertemplate"] = f"%{{x:,.2f}} Hz, order %{{customdata:.3f}}<br>{value}<extra></extra>"
    title = f"level (dB re 1 {unit or 'unit'})" if decibel else f"amplitude ({unit})" if unit else "amplitude"
    mode = {"rangemode": "normal" if decibel else "tozero"}
    return go.Figure([line], layout(height, "frequency (Hz)", title, yaxis=mode))


def speed_figure(time_s: Array, rpm: Array, height: int = 190) -> go.Figure:
    """Shaft speed over time. time_s, rpm : shape (k,)."""
    line = {
        "type": "scatter",
        "x": float32(time_s),
        "y": float32(rpm),
        "mode": "lines",
        "line": {"color": MARK, "width": 1.6},
        "hovertemplate": "%{x:.2f} s<br>%{y:,.0f} rpm<extra></extra>",
    }
    return go.Figure([line], layout(height, "time (s)", "speed (rpm)"))


def order_map_figure(drawn: Spectrogram, height: int = 300) -> go.Figure:
    """Level over turns and orders of the shaft (`signal.angle.order_map`), in dB below the highest cell."""
    figure = spectrogram_figure(drawn, height)
    figure.data[0].update(
        y=float32(drawn.frequency_hz), hovertemplate="turn %{x:.0f}, order %{y:.2f}<br>%{z:.0f} dB<extra></extra>"
    )
    figure.update_xaxes(title_text="turns of the shaft")
    figure.update_yaxes(title_text="order of shaft speed")
    return figure


def spectrogram_figure(spectrogram: Spectrogram, height: int = 300) -> go.Figure:
    """Level over time and frequency, in dB below the highest cell."""
    level = {
        "type": "heatmap",
        "x": float32(spectrogram.time_s),
        "y": float32(spectrogram.frequency_hz / 1000),
        "z": float32(spectrogram.level_db),
        "zmin": float(np.quantile(spectrogram.level_db, 0.05)),
        "zmax": float(np.quantile(spectrogram.level_db, 0.999)),
        "colorscale": MAP,
        "colorbar": colour_bar("dB"),
        "hovertemplate": "%{x:.2f} s, %{y:.2f} kHz<br>%{z:.0f} dB<extra></extra>",
    }
    bare = {"showgrid": False}
    return go.Figure([level], layout(height, "time (s)", "frequency (kHz)", xaxis=bare, yaxis=bare))


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
