"""The history of a measuring point: one indicator over time against its limits, and the waterfall that convinces."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from bearing.figures.looks import MACHINE_LOOKS
from bearing.figures.recording import MAP, NUMBER, SIGNAL, colour_bar, float32, layout
from bearing.machines.history import History, Point, natural
from bearing.machines.measure import INDICATORS, WATERFALL_STEP
from bearing.machines.words import verdict_words
from bearing.physics.kinematics import FaultOrders
from bearing.signal.spectrum import downsample
from bearing.states import FAMILIES, MACHINE_STATES

__all__ = ["history_figures", "point_axis", "trend_figure", "waterfall_figure"]

LINE_NAMES = {"outer": "BPFO", "inner": "BPFI", "ball": "2×BSF"}
BAND = "rgba(0,158,115,0.16)"
LEARNED = "rgba(128,138,148,0.16)"
WATERFALL_ROWS = 300
DRAWN_POINTS = 2_000
NUMBERS_PX = 78  # for the numbers of any indicator: told, as plotly draws twice where it has to find out


def point_axis(point: Point) -> tuple[np.ndarray | list[str], str]:
    """Where each measurement stands on the time axis, and the axis' title: dates, hours, or a count."""
    if point.times and all(time[:4].isdigit() for time in point.times):
        return list(point.times), ""
    days = np.array(point.days)
    if len(days) and np.isfinite(days).all():
        return (days, "days") if days[-1] > 4 else (24 * days, "hours since the first measurement")
    return np.arange(len(point.measurements), dtype=np.float64), "measurement"


def trend_figure(point: Point, name: str = "rms", height: int = 340) -> go.Figure:
    """One indicator (a name of INDICATORS) over all measurements.

    Shaded: the measurements of the baseline, and what was usual in them (2 standard deviations). Dashed: the limits of
    alert and alarm; dash-dotted: those set by hand. Dotted: the estimated onset. Colour and shape of a mark: the state;
    customdata: its index.
    """
    x, x_title = point_axis(point)
    y = np.array([np.nan if v is None else v for v in point.series(name)], dtype=np.float64)
    unit = point.unit_of(name)
    limit = point.assessment.limits.get(name)
    traces: list[dict[str, Any]] = [_line(x, y)]
    for key, look in MACHINE_LOOKS.items():
        at = np.flatnonzero(np.array([s == key for s in point.assessment.states]) & np.isfinite(y))
        if len(at):
            traces.append(
                _marks(point, x, y, at, MACHINE_STATES[key].title, look.colour, look.symbol, small=key == "ok")
            )
    title = INDICATORS[name].title + (f" ({unit})" if unit else "")
    steep = not name.endswith("_db") and bool(
        np.nanmax(y, initial=0) > 4 * np.nanmedian(y) if np.isfinite(y).any() else 0
    )
    shapes, names = _baseline_marked(point, x), []
    if limit is not None:
        low, high = (natural(name, limit.baseline_db + s * 2 * limit.sigma_db) for s in (-1, 1))
        shapes.append({**_ACROSS, "type": "rect", "y0": low, "y1": high, "fillcolor": BAND, "layer": "below"})
        for key, level in (("alert", limit.alert_db), ("alarm", limit.alarm_db)):
            if level is not None:
                shapes.append(_limit_line(natural(name, level), key, "dash"))
                names.append(_limit_name(natural(name, level), key, key, "left", steep))
        if limit.onset is not None:
            began = x[limit.onset]
            shapes.append(
                {**_UPRIGHT, "x0": began, "x1": began, "line": {"color": SIGNAL, "dash": "dot", "width": 1.4}}
            )
    for key, level in zip(("alert", "alarm"), point.assessment.by_hand.get(name, ()), strict=False):
        if level is not None:
            shapes.append(_limit_line(level, key, "dashdot"))
            names.append(_limit_name(level, key, f"{key}, set", "right", steep))
    more: dict[str, Any] = {
        "yaxis": {"type": "log" if steep else "linear", "title_standoff": 14},
        "margin": {"l": NUMBERS_PX, "r": 12, "t": 10, "b": 46},
        "shapes": shapes,
        "annotations": names,
    }
    return go.Figure(traces, layout(height, x_title, title, showlegend=True, **more))


_ACROSS: dict[str, Any] = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "line": {"width": 0}}
_UPRIGHT: dict[str, Any] = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "line": {"width": 0}}


def _baseline_marked(point: Point, x: np.ndarray | list[str]) -> list[dict[str, Any]]:
    """The measurements of the baseline as a shaded stretch, if there is one."""
    base = point.assessment.baseline
    if base is None or not len(x):
        return []
    label = {"text": "baseline", "textposition": "bottom left"}
    stretch = {"x0": x[base.first], "x1": x[base.last], "fillcolor": LEARNED, "layer": "below", "label": label}
    return [{**_UPRIGHT, "type": "rect", **stretch}]


def _limit_line(y: float, key: str, dash: str) -> dict[str, Any]:
    """A limit across the chart."""
    return {**_ACROSS, "y0": y, "y1": y, "line": {"color": MACHINE_LOOKS[key].colour, "dash": dash, "width": 1.4}}


def _limit_name(y: float, key: str, text: str, side: str, log: bool) -> dict[str, Any]:
    """Its name, that of an alarm above its line and of an alert below: the two may lie close. On a logarithmic axis a
    text, unlike a line, stands at the logarithm."""
    at = math.log10(max(y, 1e-30)) if log else y
    return {
        "y": at, "x": 0.0 if side == "left" else 1.0, "xref": "paper", "xanchor": side, "text": text,
        "showarrow": False, "yanchor": "bottom" if key == "alarm" else "top",
    }  # fmt: skip


def _line(x: np.ndarray | list[str], y: np.ndarray) -> dict[str, Any]:
    """The thin line behind the marks; of a long history as many points as a screen shows."""
    at = np.arange(len(y), dtype=np.float64)
    kept = np.isfinite(y)
    at = at[kept]
    thinned = downsample(at, y[kept], DRAWN_POINTS)[0] if len(at) > DRAWN_POINTS else at
    index = thinned.astype(np.int64)
    return {
        "type": "scatter", "x": [x[i] for i in index], "y": float32(y[index]), "mode": "lines", "name": "all",
        "line": {"color": SIGNAL, "width": 1}, "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def _marks(
    point: Point, x: np.ndarray | list[str], y: np.ndarray, at: np.ndarray, title: str, colour: str, symbol: str,
    small: bool,
) -> dict[str, Any]:  # fmt: skip
    if len(at) > DRAWN_POINTS:
        at = at[np.linspace(0, len(at) - 1, DRAWN_POINTS).astype(np.int64)]
    said = [point.measurements[i].verdict for i in at]
    words = [f"<br>verdict: {verdict_words(v.verdict)}" if v else "" for v in said]
    return {
        "type": "scatter", "x": [x[i] for i in at], "y": float32(y[at]), "mode": "markers", "name": title,
        "marker": {"color": colour, "symbol": symbol, "size": 5 if small else 7},
        "customdata": at.astype(np.int32)[:, None],
        "hovertext": [f"{point.measurements[i].file}{w}" for i, w in zip(at, words, strict=True)],
        "hovertemplate": f"%{{hovertext}}<br>%{{x}}<br>%{{y:{NUMBER}}}<extra>{title}</extra>",
    }  # fmt: skip


def waterfall_figure(point: Point, orders: FaultOrders | None = None, height: int = 380) -> go.Figure | None:
    """Envelope spectra in orders of shaft speed, one row per measurement (of many: the loudest of each few); dB over
    the floor. Where the bearing is known its first two lines are marked. None without a speed."""
    rows = [m.waterfall for m in point.measurements]
    width = min((len(row) for row in rows if len(row)), default=0)
    if not width:
        return None
    level = np.array([row[:width] if len(row) else np.zeros(width) for row in rows], dtype=np.float32)
    x, title = point_axis(point)
    if len(level) > WATERFALL_ROWS:
        edges = np.linspace(0, len(level), WATERFALL_ROWS, endpoint=False).astype(np.int64)
        level, x = np.maximum.reduceat(level, edges), [x[i] for i in edges]
    axis = (np.arange(width) + 0.5) * WATERFALL_STEP
    heat = {
        "type": "heatmap", "x": float32(axis), "y": list(x), "z": level, "colorscale": MAP, "zmin": 2.0,
        "zmax": max(12.0, float(np.quantile(level, 0.999))), "colorbar": colour_bar("dB over the floor"),
        "hovertemplate": "%{x:.2f} orders<br>%{y}<br>%{z:.1f} dB<extra></extra>",
    }  # fmt: skip
    shapes: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    for row, family in enumerate(FAMILIES if orders else ()):  # a row of names each: on a phone they lie side by side
        for harmonic in (1, 2):
            at = harmonic * orders.families[family]  # type: ignore[union-attr]
            if at < axis[-1]:
                text = LINE_NAMES[family] if harmonic == 1 else "2×"
                above = {"x": at, "y": 1.0, "yref": "paper", "yanchor": "bottom", "yshift": 13 * row}
                names.append({**above, "text": text, "showarrow": False, "font": {"size": 11}})
                mark = {"x0": at, "x1": at, "y0": 1.0, "y1": 0.97, "line": {"color": "#E69F00", "width": 2}}
                shapes.append({"type": "line", "yref": "paper", **mark})
    margin = {"l": 90, "r": 70, "t": 50, "b": 46}
    more: dict[str, Any] = {"margin": margin, "yaxis": {"title_standoff": 14}, "shapes": shapes, "annotations": names}
    look = layout(height, "order of shaft speed", title or "time", **more)
    return go.Figure([heat], look)


def history_figures(history: History, most: int = 8) -> dict[str, go.Figure]:
    """What a report shows: of each point the indicator its state rests on (else the RMS), and its waterfall."""
    figures: dict[str, go.Figure] = {}
    for point in history.points[:most]:
        name = point.indicator
        figures[f"{point.name}: {INDICATORS[name].title}"] = trend_figure(point, name)
        waterfall = waterfall_figure(point, point.orders)
        if waterfall is not None:
            figures[f"{point.name}: envelope spectra over time"] = waterfall
    return figures
