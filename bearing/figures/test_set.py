"""Pictures of the Test set page: arrays and tables in, plotly figures out; no streamlit.

Grounds are transparent and text takes the page's colour, so that each stands on a light and a dark page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from bearing.figures.looks import LOOKS
from bearing.figures.recording import CLEAR, DRAWN_ONCE, GRID, HOVER, INK, MODEBAR, SIGNAL
from bearing.signal.spectrum import amplitude_spectrum
from bearing.states import LABELS, STATES

if TYPE_CHECKING:
    import pandas as pd

    from bearing.results.waveform import WindowFacts

__all__ = [
    "HATCHED",
    "WRONG",
    "base_layout",
    "confusion_figure",
    "label_room",
    "map_figure",
    "probabilities_figure",
    "window_figure",
]

WRONG = "#A92B3B"
# wrong, without colour too; laid over the colour, which would not be drawn otherwise
HATCHED = {"shape": "/", "size": 7, "solidity": 0.22, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.6)"}
UNSURE = "#8A94A0"
SELECTED = "#F5B700"
SHORT = {
    "normal": "Healthy", "inner": "Inner", "outer": "Outer", "ball": "Ball",
    "damaged": "Damaged", "impacts": "Strikes", "uncertain": "Uncertain",
}  # fmt: skip


def base_layout(height: int, **changes: Any) -> dict[str, Any]:
    """What all figures share: transparent ground, tight margins, no zoom bar in the way."""
    layout: dict[str, Any] = {
        "datarevision": DRAWN_ONCE,
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 6} | changes.pop("margin", {}),
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": False,
        "font": {"size": 12, "color": INK, "family": '"Source Sans", Arial, sans-serif'},  # as the page around it
        "template": {},
        "hoverlabel": HOVER,
        "modebar": MODEBAR,
    }
    return layout | changes


def label_room(labels: Sequence[str], size: int = 13) -> int:
    """Pixels that tick labels of some font size take beside an axis.

    Told, not left to plotly (`automargin`), which draws every figure twice to find out: half of a page's time.
    """
    return 12 + int(0.42 * size * max((len(re.sub("<[^>]*>", "", label)) for label in labels), default=0))


_BAR_MARGIN = {"l": label_room([f"{STATES[name].title} ✓" for name in LABELS]), "r": 48, "t": 2, "b": 2}


def map_figure(
    rows: pd.DataFrame, others: pd.DataFrame | None = None, marked: int | None = None, height: int = 430
) -> go.Figure:
    """Held-out windows on the plane of the network's features: colour tells the truth, an outline the mistake.

    rows : predictions with map_x, map_y, truth, prediction, fold; one panel per fold, for each fold has a network of
    its own. customdata of a point is (row, recording, confidence). others : windows to draw faintly behind.
    marked : the row that is selected when the map appears; later clicks move the mark in the browser, without
    another figure.
    """
    shown = set(rows["fold"]) | (set(others["fold"]) if others is not None else set())
    folds = [str(fold) for fold in rows["fold"].cat.categories if fold in shown]
    columns = 1 if len(folds) == 1 else 2
    lines = max(-(-len(folds) // columns), 1)
    figure = make_subplots(
        rows=lines,
        cols=columns,
        subplot_titles=folds if len(folds) > 1 else None,
        horizontal_spacing=0.03,
        vertical_spacing=0.09,
    )
    for label in LABELS:
        marker = {"color": LOOKS[label].colour, "symbol": LOOKS[label].symbol, "size": 9}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=SHORT[label], marker=marker, legendgroup=label)
    for panel, fold in enumerate(folds):
        place = {"row": panel // columns + 1, "col": panel % columns + 1}
        of_fold = rows[rows["fold"] == fold]
        if others is not None:
            figure.add_trace(_behind(others[others["fold"] == fold]), **place)
        groups = dict(iter(of_fold.groupby(["truth", "prediction"], observed=True)))
        for pair in sorted(groups, key=lambda pair: pair[0] != pair[1]):  # mistakes on top
            figure.add_trace(_points(groups[pair], str(pair[0]), str(pair[1]), marked), **place)
    figure.update_layout(
        **base_layout(
            height, showlegend=True, margin={"l": 4, "r": 4, "t": 56, "b": 4}, modebar=MODEBAR | {"orientation": "v"}
        ),
        legend={"orientation": "h", "y": 1.0, "yref": "container", "yanchor": "top", "x": 0, "itemsizing": "constant"},
    )
    axis = {
        "showticklabels": False, "zeroline": False, "showgrid": False, "showline": False, "ticks": "",
        "automargin": False,
    }  # fmt: skip
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    figure.update_annotations(font_size=12)
    return figure


def _points(rows: pd.DataFrame, truth: str, prediction: str, marked: int | None) -> go.Scatter:
    """Windows of one truth and one answer: right ones plain, wrong ones outlined in the colour of the answer."""
    right = truth == prediction
    outline = {"width": 0} if right else {"width": 1.5, "color": LOOKS[prediction].colour}
    said = "right" if right else f"called <b>{STATES[prediction].title.lower()}</b>"
    opacity = 0.6 if right else 0.9
    facts = np.column_stack([rows.index.to_numpy(), rows["recording"], rows["confidence"]]).astype(np.float32)
    return go.Scatter(
        x=rows["map_x"].to_numpy(np.float32),
        y=rows["map_y"].to_numpy(np.float32),
        customdata=facts,
        mode="markers",
        legendgroup=truth,
        showlegend=False,
        marker={
            "color": LOOKS[truth].colour,
            "symbol": LOOKS[truth].symbol if right else f"{LOOKS[truth].symbol}-dot",  # told apart without colour
            "size": 6 if right else 8,
            "opacity": opacity,
            "line": outline,
        },
        selectedpoints=np.flatnonzero(rows.index == marked),
        selected={"marker": {"size": 17, "opacity": 1, "color": SELECTED}},
        unselected={"marker": {"opacity": opacity}},
        hovertemplate=(
            f"{STATES[truth].title}, {said}<br>recording %{{customdata[1]}}, confidence %{{customdata[2]:.2f}}"
            "<extra></extra>"
        ),
    )


def _behind(rows: pd.DataFrame) -> go.Scatter:
    """Windows the filter left out: where they lie, no more."""
    return go.Scatter(
        x=rows["map_x"].to_numpy(np.float32),
        y=rows["map_y"].to_numpy(np.float32),
        mode="markers",
        marker={"color": "#8A8F98", "size": 3, "opacity": 0.35},
        unselected={"marker": {"opacity": 0.35}},
        hoverinfo="skip",
        showlegend=False,
    )


def confusion_figure(
    matrix: NDArray[np.int64], classes: tuple[str, ...], answers: tuple[str, ...] = (), height: int = 400
) -> go.Figure:
    """Counts of shape (n, m), rows truth, columns answer, shaded by the share of the row; every cell can be clicked.

    `answers` names the columns where they are not the classes: ``uncertain`` is an answer, never a truth.

    A heatmap gives no selection when clicked: the cells are rectangles under invisible square markers, whose
    customdata is (truth index, answer index).
    """
    answers = answers or classes
    size, width = len(classes), len(answers)
    totals = np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    share = matrix / totals
    figure = go.Figure()
    shapes, words = [], []
    for i in range(size):
        for j in range(width):
            kind = SIGNAL if i == j else WRONG if j < size else UNSURE
            colour = rgba(kind, 0.06 + 0.5 * share[i, j] if matrix[i, j] else 0.03)
            box = {"x0": j - 0.48, "x1": j + 0.48, "y0": i - 0.48, "y1": i + 0.48}
            shapes.append({"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": colour, **box})
            text = f"<b>{matrix[i, j]:,}</b><br>{share[i, j]:.0%}" if matrix[i, j] else "·"
            words.append({"x": j, "y": i, "text": text, "showarrow": False, "font": {"size": 13}})
    at = [(i, j) for i in range(size) for j in range(width)]
    figure.add_scatter(
        x=np.array([j for _, j in at], dtype=np.float32),
        y=np.array([i for i, _ in at], dtype=np.float32),
        customdata=np.array(at, dtype=np.int32),
        mode="markers",
        marker={"symbol": "square", "size": 58, "color": CLEAR, "line": {"width": 0}},
        selected={"marker": {"color": "rgba(128,138,148,0.38)", "opacity": 1}},
        unselected={"marker": {"color": CLEAR, "opacity": 0}},
        hovertext=[
            f"{SHORT[classes[i]]} called {SHORT[answers[j]].lower()}: {matrix[i, j]:,} of {totals[i, 0]:,}"
            for i, j in at
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    bare = {"tickmode": "array", "showgrid": False, "zeroline": False, "fixedrange": True, "automargin": False}
    across = {"tickvals": list(range(width)), "ticktext": [SHORT[name] for name in answers], **bare}
    down = {"tickvals": list(range(size)), "ticktext": [SHORT[name] for name in classes], **bare}
    said = "what the network said" if answers == classes else "what the verdict said"
    margin = {"l": 26 + label_room([SHORT[name] for name in classes]), "r": 8, "t": 62, "b": 8}
    figure.update_layout(**base_layout(height, shapes=shapes, annotations=words, margin=margin))
    figure.update_xaxes(**across, title=said, title_standoff=12, side="top", range=[-0.52, width - 0.48])
    figure.update_yaxes(**down, title="what it was", title_standoff=8, range=[size - 0.48, -0.52])
    return figure


def window_figure(
    facts: WindowFacts, samples: NDArray[np.floating] | None = None, rate_hz: float = 12_000.0, unit: str = "g"
) -> go.Figure:
    """The network's four probabilities for a window and, where its samples of shape (n,) are at hand, waveform and
    amplitude spectrum under them. The truth carries a tick."""
    rows = 1 if samples is None else 3
    figure = make_subplots(
        rows=rows, cols=1, row_heights=[1.0] if rows == 1 else [0.24, 0.38, 0.38], vertical_spacing=0.15
    )
    figure.add_trace(_probability_bars(facts.probabilities, facts.truth), row=1, col=1)
    margin = _BAR_MARGIN if rows == 1 else _BAR_MARGIN | {"b": 40}
    figure.update_layout(**base_layout(112 if rows == 1 else 430, bargap=0.25, margin=margin))
    figure.update_xaxes(range=[0, 1], visible=False, fixedrange=True, row=1, col=1)
    figure.update_yaxes(showgrid=False, ticks="", fixedrange=True, row=1, col=1)
    if samples is not None:
        spectrum = amplitude_spectrum(samples, rate_hz)
        time_ms = np.arange(len(samples)) / rate_hz * 1e3
        _add_line(figure, 2, time_ms, samples, "time, ms", unit, "%{x:.1f} ms, %{y:.3g}")
        _add_line(
            figure, 3, spectrum.frequency_hz / 1e3, spectrum.values, "frequency, kHz", unit, "%{x:.2f} kHz, %{y:.3g}"
        )
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    return figure


def probabilities_figure(probabilities: Mapping[str, float], truth: str, height: int = 112) -> go.Figure:
    """What was given to each state; the truth carries a tick."""
    look = base_layout(height, bargap=0.25, margin=_BAR_MARGIN)
    figure = go.Figure(_probability_bars(probabilities, truth), look)
    figure.update_xaxes(range=[0, 1], visible=False, fixedrange=True, automargin=False)
    figure.update_yaxes(showgrid=False, ticks="", fixedrange=True, automargin=False)
    return figure


def _probability_bars(probabilities: Mapping[str, float], truth: str) -> go.Bar:
    names = LABELS[::-1]
    values = np.array([probabilities[name] for name in names], dtype=np.float32)
    return go.Bar(
        x=values,
        y=[f"{STATES[name].title}{' ✓' if name == truth else ''}" for name in names],
        orientation="h",
        marker={"color": [LOOKS[name].colour for name in names]},
        text=["> 99.9%" if value > 0.9995 else f"{value:.1%}" for value in values],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )


def _add_line(
    figure: go.Figure, row: int, x: NDArray[np.floating], y: NDArray[np.floating], title: str, unit: str, hover: str
) -> None:
    figure.add_scatter(
        x=x.astype(np.float32),
        y=y.astype(np.float32),
        line={"color": SIGNAL, "width": 1},
        hovertemplate=f"{hover} {unit}<extra></extra>",
        row=row,
        col=1,
    )
    figure.update_xaxes(showgrid=False, zeroline=False, fixedrange=True, title_standoff=4, title=title, row=row, col=1)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, fixedrange=True, nticks=4, title=unit, row=row, col=1)


def rgba(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:.3f})"
