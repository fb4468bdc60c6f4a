"""Arrays and Diagnosis -> plotly figures, in one style; no streamlit.

Grounds are transparent and text takes the page's colour, so that each figure stands on a light and on a dark page.
Every line is drawn with at most 4,000 points (`bearing.spectrum.downsample`) as SVG: a million samples take a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from bearing.diagnosis import WindowVerdicts
from bearing.envelope import Band, EnvelopeSpectrum
from bearing.evidence import FOUND_DB, FamilyEvidence
from bearing.kinematics import FaultOrders
from bearing.kurtogram import Kurtogram
from bearing.spectrum import Spectrogram, downsample
from bearing.style import STATES

__all__ = [
    "LINE_NAMES",
    "envelope_figure",
    "kurtogram_figure",
    "preview_figure",
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
MARK = "#E69F00"  # what the user has chosen: a band, a cursor
MAP = [[0.0, "#10222E"], [0.35, "#1F5673"], [0.65, "#3F9AA8"], [0.85, "#B9D48B"], [1.0, "#FCF3B4"]]
LINE_NAMES = {"outer": "BPFO", "inner": "BPFI", "ball": "2×BSF"}
SIDEBAND_NAMES = {"inner": "shaft", "ball": "FTF"}
DASHES = {"outer": "dash", "inner": "solid", "ball": "dot"}
HARMONICS = 4
CURSOR_TOLERANCE = 0.005  # around where the slip puts a line
KURTOGRAM_COLUMNS = 48  # clickable squares per row
SAMPLE_FORMAT = ".4g"


def styled(figure: go.Figure, height: int, x: str = "", y: str = "", **layout: Any) -> go.Figure:
    """The look every figure shares: transparent ground, hairline grid, tight margins, one hover line."""
    figure.update_layout(
        height=height,
        margin={"l": 58, "r": 12, "t": 10, "b": 40},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        font={"size": 12},
        hovermode="closest",
        showlegend=False,
        modebar={"bgcolor": CLEAR, "color": AXIS, "activecolor": SIGNAL},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left", "font": {"size": 12}},
    )
    axis = {
        "gridcolor": GRID, "zeroline": False, "linecolor": AXIS, "showline": True, "ticks": "outside", "ticklen": 4,
        "tickcolor": AXIS, "automargin": False, "title": {"font": {"size": 12}, "standoff": 6},
    }  # fmt: skip
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    if x:
        figure.update_xaxes(title_text=x)
    if y:
        figure.update_yaxes(title_text=y)
    return figure.update_layout(**layout)


def _float32(values: Array) -> NDArray[np.float32]:
    """Plotly sends arrays as base64; single precision halves the message."""
    return np.ascontiguousarray(values, dtype=np.float32)


# ------------------------------------------------------------------------------------------------------ the signal


def waveform_figure(
    time_s: Array, samples: Array, unit: str = "", windows: WindowVerdicts | None = None, height: int = 230
) -> go.Figure:
    """The signal over time and, under it, the state each window looks like to the CNN.

    time_s, samples : shape (n,), already thinned for drawing. unit : as in the file, may be empty.
    """
    rows = 1 if windows is None or not len(windows.start_s) else 2
    figure = make_subplots(
        rows=rows, cols=1, shared_xaxes=True, vertical_spacing=0.03, row_heights=[1.0] if rows == 1 else [0.9, 0.1]
    )
    figure.add_scatter(
        x=_float32(time_s),
        y=_float32(samples),
        mode="lines",
        line={"color": SIGNAL, "width": 0.9},
        hovertemplate=f"%{{x:.4f}} s<br>%{{y:{SAMPLE_FORMAT}}} {unit}<extra></extra>",
        row=1,
        col=1,
    )
    styled(figure, height)
    figure.update_yaxes(title_text=f"amplitude ({unit})" if unit else "amplitude", row=1, col=1)
    if windows is not None and rows == 2:
        _ribbon(figure, windows, row=2)
        figure.update_xaxes(showline=False, ticks="", showticklabels=False, row=1, col=1)
    figure.update_xaxes(title_text="time (s)", row=rows, col=1)
    return figure


def _ribbon(figure: go.Figure, windows: WindowVerdicts, row: int) -> None:
    """One cell per window in the colour of its most likely state; pale where the network knows no such windows."""
    order = [name for name in STATES if name in windows.classes]
    code = np.array([order.index(verdict) for verdict in windows.verdicts], dtype=np.float32)
    steps = [(i / len(order), (i + 1) / len(order), STATES[name].colour) for i, name in enumerate(order)]
    best = windows.probabilities.max(axis=1)
    words = [f"{STATES[v].title}, {p:.0%}" for v, p in zip(windows.verdicts, best, strict=True)]
    figure.add_heatmap(
        x=_float32(windows.start_s + windows.duration_s / 2),
        y=["CNN"],
        z=code[np.newaxis],
        zmin=-0.5,
        zmax=len(order) - 0.5,
        colorscale=[[at, colour] for low, high, colour in steps for at, colour in ((low, colour), (high, colour))],
        showscale=False,
        opacity=1.0 if windows.familiar.mean() > 0.5 else 0.4,
        xgap=0.6,
        customdata=np.array(words, dtype=object)[np.newaxis],
        hovertemplate="window at %{x:.2f} s looks like<br>%{customdata}<extra></extra>",
        row=row,
        col=1,
    )
    figure.update_yaxes(ticks="", showgrid=False, showline=False, row=row, col=1)


def preview_figure(samples: Array, height: int = 64, colour: str = SIGNAL) -> go.Figure:
    """A signal as a small picture without axes, to choose a channel or a sample by; samples has shape (n,)."""
    x, y = downsample(np.arange(len(samples), dtype=np.float64), np.asarray(samples, dtype=np.float64), 400)
    figure = go.Figure(go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 0.8}, hoverinfo="skip"))
    styled(figure, height, margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode=False)
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


def windows_figure(windows: WindowVerdicts, height: int = 230) -> go.Figure:
    """What the CNN gives each state in each window, stacked to one, over time."""
    figure = go.Figure()
    centre = _float32(windows.start_s + windows.duration_s / 2)
    for name in (name for name in STATES if name in windows.classes):
        share = windows.probabilities[:, windows.classes.index(name)]
        figure.add_bar(
            x=centre,
            y=_float32(share),
            width=windows.duration_s,
            name=STATES[name].title,
            marker={"color": STATES[name].colour, "line": {"width": 0}},
            hovertemplate=f"{STATES[name].title}: %{{y:.1%}}<br>window at %{{x:.2f}} s<extra></extra>",
        )
    styled(figure, height, "time (s)", "probability", barmode="stack", bargap=0, showlegend=True)
    figure.update_layout(margin={"t": 34})
    figure.update_yaxes(range=[0, 1], tickformat=".0%")
    return figure


# ------------------------------------------------------------------------------------------------------- spectra


def spectrum_figure(
    frequency_hz: Array,
    level: Array,
    unit: str = "",
    decibel: bool = False,
    shaft_hz: float | None = None,
    band: Band | None = None,
    height: int = 300,
) -> go.Figure:
    """Amplitude spectrum; hover gives Hz and, with the shaft's frequency, orders.

    frequency_hz, level : shape (n,), thinned for drawing; `level` in the signal's unit, or dB of it with `decibel`.
    band : the demodulation band, shaded.
    """
    value = f"%{{y:.1f}} dB re 1 {unit}" if decibel else f"%{{y:{SAMPLE_FORMAT}}} {unit}"
    figure = go.Figure()
    figure.add_scatter(
        x=_float32(frequency_hz),
        y=_float32(level),
        mode="lines",
        line={"color": SIGNAL, "width": 1},
        **_hover_hz_and_orders(frequency_hz, shaft_hz, value),
    )
    title = f"level (dB re 1 {unit or 'unit'})" if decibel else f"amplitude ({unit})" if unit else "amplitude"
    styled(figure, height, "frequency (Hz)", title)
    figure.update_yaxes(rangemode="normal" if decibel else "tozero")
    if band is not None:
        _shade(figure, band)
    return figure


def _hover_hz_and_orders(frequency_hz: Array, shaft_hz: float | None, value: str) -> dict[str, Any]:
    if not shaft_hz:
        return {"hovertemplate": f"%{{x:,.2f}} Hz<br>{value}<extra></extra>"}
    return {
        "customdata": _float32(np.asarray(frequency_hz) / shaft_hz),
        "hovertemplate": f"%{{x:,.2f}} Hz, order %{{customdata:.3f}}<br>{value}<extra></extra>",
    }


def _shade(figure: go.Figure, band: Band) -> None:
    figure.add_vrect(
        x0=band.low_hz,
        x1=band.high_hz,
        fillcolor=MARK,
        opacity=0.14,
        line={"width": 0},
        layer="below",
        annotation={"text": "demodulated band", "font": {"size": 11}, "yshift": 0},
        annotation_position="top left",
    )


def envelope_figure(
    spectrum: EnvelopeSpectrum,
    orders: FaultOrders | None = None,
    shaft_hz: float | None = None,
    evidence: Mapping[str, FamilyEvidence] | None = None,
    in_orders: bool = False,
    decibel: bool = False,
    highlight: Sequence[str] = ("outer", "inner", "ball"),
    unit: str = "",
    height: int = 380,
) -> go.Figure:
    """Spectrum of the squared envelope with cursors at the lines of each fault family.

    Parameters
    ----------
    orders, shaft_hz : without both of them no line can be marked.
    evidence : what was found at each line; its slip moves the cursors to where the harmonics lie.
    in_orders : the axis in orders of shaft speed instead of Hz (needs `shaft_hz`).
    decibel : dB over the floor instead of amplitude.
    highlight : families drawn at once; the others wait in the legend.
    """
    per_order = shaft_hz if in_orders and shaft_hz else 1.0
    level = spectrum.db if decibel else spectrum.amplitude
    level = np.maximum(level, 0.0) if decibel else level
    frequency_hz, drawn = downsample(spectrum.frequency_hz, level)
    figure = go.Figure()
    top = float(np.max(level[1:])) * 1.12 or 1.0
    value = "%{y:.1f} dB over the floor" if decibel else f"%{{y:{SAMPLE_FORMAT}}}"
    figure.add_scatter(
        x=_float32(frequency_hz / per_order),
        y=drawn,
        mode="lines",
        line={"color": SIGNAL, "width": 1.1},
        showlegend=False,
        customdata=np.stack([frequency_hz, frequency_hz / (shaft_hz or 1.0)], axis=1).astype(np.float32),
        hovertemplate="%{customdata[0]:,.2f} Hz"
        + (", order %{customdata[1]:.3f}" if shaft_hz else "")
        + f"<br>{value}<extra></extra>",
    )
    if orders is not None and shaft_hz:
        for family in ("outer", "inner", "ball"):
            slip = evidence[family].slip if evidence and family in evidence else 0.0
            inside = [
                line for line in cursors(family, orders, shaft_hz, slip) if line.slipped_hz < spectrum.frequency_hz[-1]
            ]
            visible: bool | str = True if family in highlight else "legendonly"
            _add_cursors(figure, family, inside, spectrum, per_order, decibel, top, visible)
    squared = f"{unit}²" if unit else "unit²"
    styled(
        figure,
        height,
        "order of shaft speed" if in_orders and shaft_hz else "frequency (Hz)",
        "dB over the floor" if decibel else f"squared envelope ({squared})",
        showlegend=True,
    )
    figure.update_layout(margin={"t": 34})
    figure.update_yaxes(range=[0, top])
    figure.update_xaxes(range=[0, float(spectrum.frequency_hz[-1]) / per_order])
    return figure


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


def _add_cursors(
    figure: go.Figure,
    family: str,
    lines: list[Cursor],
    spectrum: EnvelopeSpectrum,
    per_order: float,
    decibel: bool,
    top: float,
    visible: bool | str,
) -> None:
    """Three traces that the legend shows and hides together: cursors, their names, and what was found at them."""
    shared = {"legendgroup": family, "visible": visible}
    colour, name = STATES[family].colour, LINE_NAMES[family]
    harmonics = [line for line in lines if not line.sideband]
    x = [line.slipped_hz / per_order for line in harmonics]
    figure.add_scatter(
        x=[value for at in x for value in (at, at, None)],
        y=[0.0, 0.95 * top, None] * len(x),
        mode="lines",
        name=f"{STATES[family].title.split(' fault')[0]} ({name})",
        line={"color": colour, "width": 1.3, "dash": DASHES[family]},
        opacity=0.6,
        hoverinfo="skip",
        **shared,
    )
    figure.add_scatter(
        x=x,
        y=[0.95 * top] * len(x),
        mode="text",
        text=[line.name for line in harmonics],
        textposition="top center",
        textfont={"color": colour, "size": 12},
        hoverinfo="skip",
        showlegend=False,
        **shared,
    )
    read = [(line, *spectrum.peak_near(line.slipped_hz, CURSOR_TOLERANCE)) for line in lines]
    read = [(line, found_hz, db) for line, found_hz, db in read if np.isfinite(db)]
    found = [db >= FOUND_DB for _, _, db in read]
    at = [round(found_hz / spectrum.step_hz) for _, found_hz, _ in read]
    figure.add_scatter(
        x=[found_hz / per_order for _, found_hz, _ in read],
        y=[max(db, 0.0) for _, _, db in read] if decibel else _float32(spectrum.amplitude[at]),
        mode="markers",
        marker={
            "color": [colour if ok else CLEAR for ok in found],
            "size": [6 if line.sideband else 10 for line, _, _ in read],
            "symbol": STATES[family].symbol,
            "line": {"color": colour, "width": 1.4},
        },
        text=[_cursor_words(f"{name} {line.name}", line, hz, db) for line, hz, db in read],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
        **shared,
    )


def _cursor_words(name: str, line: Cursor, found_hz: float, db: float) -> str:
    found = f"found at {found_hz:,.1f} Hz, {db:.0f} dB over the floor" if db >= FOUND_DB else "nothing stands out"
    return f"{name}: expected at {line.expected_hz:,.1f} Hz<br>{found}"


def kurtogram_figure(kurtogram: Kurtogram, band: Band, height: int = 380) -> go.Figure:
    """Spectral kurtosis over bands; the demodulated `band` is framed and every cell can be clicked.

    A heatmap reports no clicks to Streamlit, so invisible markers lie over it; their `x` (kHz) and `y` (the row)
    say which band was meant.
    """
    rows = np.arange(len(kurtogram.levels))
    widths = [_hz(width) for width in kurtogram.bandwidth_hz]
    nyquist_hz = float(kurtogram.bandwidth_hz[0])
    z = np.maximum(kurtogram.kurtosis, 0.0)
    figure = go.Figure(
        go.Heatmap(
            x=_float32(kurtogram.frequency_hz / 1000),
            y=rows,
            z=_float32(z),
            zmin=0,
            zmax=float(np.quantile(z, 0.995)) or 1.0,
            colorscale=MAP,
            colorbar={"thickness": 8, "outlinewidth": 0, "title": {"text": "kurtosis", "side": "right"}, "x": 1.01},
            hoverinfo="skip",
        )
    )
    columns = (np.arange(KURTOGRAM_COLUMNS) + 0.5) * nyquist_hz / KURTOGRAM_COLUMNS
    x, row = (grid.ravel() for grid in np.meshgrid(columns, rows))
    column = (x / nyquist_hz * z.shape[1]).astype(int)
    bands = [kurtogram.band_at(int(r), float(f)) for r, f in zip(row, x, strict=True)]
    words = [
        f"{b.low_hz / 1000:.2f}-{b.high_hz / 1000:.2f} kHz, kurtosis {kurtogram.kurtosis[r, c]:.2g}"
        for b, r, c in zip(bands, row.astype(int), column, strict=True)
    ]
    figure.add_scatter(
        x=_float32(x / 1000),
        y=row,
        mode="markers",
        marker={"symbol": "square", "size": 16, "opacity": 0, "color": MARK},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        text=words,
        hovertemplate="%{text}<br>click to demodulate<extra></extra>",
        showlegend=False,
    )
    figure.add_shape(
        type="rect",
        x0=band.low_hz / 1000,
        x1=band.high_hz / 1000,
        y0=-0.5,
        y1=len(rows) - 0.5,
        line={"color": MARK, "width": 2},
        fillcolor=CLEAR,
    )
    styled(figure, height, "frequency (kHz)", "bandwidth", dragmode=False, margin={"l": 64, "r": 8, "t": 34, "b": 40})
    figure.update_yaxes(
        tickvals=rows[::2], ticktext=widths[::2], autorange="reversed", showgrid=False, fixedrange=True, showline=False
    )
    figure.update_xaxes(range=[0, nyquist_hz / 1000], showgrid=False, fixedrange=True)
    return figure


def _hz(value: float) -> str:
    return f"{value / 1000:.3g} kHz" if value >= 1000 else f"{value:.3g} Hz"


def spectrogram_figure(spectrogram: Spectrogram, height: int = 300) -> go.Figure:
    """Level over time and frequency, in dB below the highest cell."""
    figure = go.Figure(
        go.Heatmap(
            x=_float32(spectrogram.time_s),
            y=_float32(spectrogram.frequency_hz / 1000),
            z=np.round(_float32(spectrogram.level_db), 1),
            zmin=float(np.quantile(spectrogram.level_db, 0.05)),
            zmax=float(np.quantile(spectrogram.level_db, 0.999)),
            colorscale=MAP,
            colorbar={"thickness": 8, "outlinewidth": 0, "title": {"text": "dB", "side": "right"}, "x": 1.01},
            hovertemplate="%{x:.2f} s, %{y:.2f} kHz<br>%{z:.0f} dB<extra></extra>",
        )
    )
    styled(figure, height, "time (s)", "frequency (kHz)", margin={"l": 58, "r": 8, "t": 10, "b": 40})
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False)
    return figure
