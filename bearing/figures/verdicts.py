"""Pictures of the order network's evaluation: who names the fault of an unseen bearing, and how honestly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from bearing.figures.recording import GRID, SIGNAL
from bearing.figures.test_set import HATCHED, WRONG, base_layout, label_room
from bearing.results.verdict import Honesty, RecordingVerdict
from bearing.states import STATES

__all__ = ["OUTCOME_COLOURS", "comparison_figure", "coverage_figure", "grades_figure", "reliability_figure"]

OUTCOME_COLOURS = {"right": SIGNAL, "uncertain": "#B4BBC2", "wrong": WRONG}
SHAPES = {"right": "square", "uncertain": "circle", "wrong": "diamond"}  # colour is never the only sign
CHOSEN = "#F5B700"
INK = {"right": "white", "uncertain": "#17212B", "wrong": "white"}
SHORT = {name: name for name in STATES} | {"normal": "healthy", "damaged": "damage", "uncertain": "?"}


def comparison_figure(rows: Sequence[tuple[str, dict[str, int]]], height: int | None = None) -> go.Figure:
    """Fault recordings named right, left uncertain, named wrong: one stacked bar per (name, tally)."""
    names = [name for name, _ in rows][::-1]
    figure = go.Figure()
    for outcome, colour in OUTCOME_COLOURS.items():
        counts = [tally.get(outcome, 0) for _, tally in rows][::-1]
        figure.add_bar(
            x=np.array(counts, dtype=np.int32),
            y=np.arange(len(rows), dtype=np.float32) - 0.1,
            width=0.5,
            orientation="h",
            name=outcome,
            marker={"color": colour, "pattern": HATCHED if outcome == "wrong" else {}},
            text=[str(n) if n else "" for n in counts],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            insidetextfont={"color": INK[outcome], "size": 13},
            hovertext=[f"{name}: {n} {outcome}" for name, n in zip(names, counts, strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    labels = [
        {"x": 0, "y": i + 0.16, "text": name, "showarrow": False, "xanchor": "left", "yanchor": "bottom"}
        for i, name in enumerate(names)
    ]
    figure.update_layout(
        **base_layout(height or 64 + 54 * len(rows), barmode="stack", showlegend=True, annotations=labels),
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "traceorder": "normal"},
    )
    total = max((sum(tally.values()) for _, tally in rows), default=1)
    figure.update_xaxes(range=[0, total], visible=False, fixedrange=True, automargin=False)
    figure.update_yaxes(range=[-0.5, len(rows) - 0.4], visible=False, fixedrange=True, automargin=False)
    return figure


def grades_figure(verdicts: Sequence[RecordingVerdict], marked: str = "", row_px: int = 28) -> go.Figure:
    """Each recording as a cell: colour and shape tell whether the verdict is right, the letters what experts could see.

    Rows are bearings, columns loads (or speeds). customdata of a cell is the recording's `key`; `marked` is the key of
    the one that is framed.
    """
    names = list(dict.fromkeys(v.row_name for v in sorted(verdicts, key=lambda v: v.row_name)))
    at = {name: position for position, name in enumerate(names)}
    columns = sorted({v.condition for v in verdicts}, key=lambda text: int(text.split()[0]))
    figure = go.Figure()
    for outcome, colour in OUTCOME_COLOURS.items():
        mine = [v for v in verdicts if v.outcome == outcome]
        figure.add_scatter(
            x=np.array([columns.index(v.condition) for v in mine], dtype=np.float32),
            y=np.array([at[v.row_name] for v in mine], dtype=np.float32),
            customdata=[[v.key] for v in mine],
            mode="markers+text",
            name=outcome,
            marker={
                "symbol": SHAPES[outcome],
                "size": 25,
                "color": colour,
                "line": {"width": [3 if v.key == marked else 0 for v in mine], "color": CHOSEN},
            },
            selected={"marker": {"opacity": 1}, "textfont": {"color": INK[outcome]}},
            unselected={"marker": {"opacity": 1}, "textfont": {"color": INK[outcome]}},
            text=[v.grade or "–" for v in mine],
            textfont={"color": INK[outcome], "size": 11},
            hovertext=[
                f"recording {v.recording}: {STATES[v.truth].title.lower()}, called {STATES[v.verdict].title.lower()} "
                f"({v.confidence:.0%})<br>experts: {v.grade or 'not graded'}"
                for v in mine
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    margin = {"l": label_room(names), "r": 8, "t": 30, "b": 36}
    figure.update_layout(
        **base_layout(74 + row_px * len(names), showlegend=True, margin=margin),
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "itemsizing": "constant"},
    )
    across = {"tickvals": list(range(len(columns))), "ticktext": columns, "range": [-0.5, len(columns) - 0.5]}
    bare = {"showgrid": False, "zeroline": False, "fixedrange": True, "automargin": False}
    figure.update_xaxes(side="top", **bare, **across)
    rows = {"tickvals": list(range(len(names))), "ticktext": names, "range": [len(names) - 0.4, -0.6]}
    figure.update_yaxes(**bare, **rows)
    return figure


def reliability_figure(honesty: Honesty, unit: str = "recordings", height: int = 300) -> go.Figure:
    """How sure the answers were against how often they were right; the nearer the diagonal, the more honest."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GRID, "width": 2, "dash": "dot"}, hoverinfo="skip"
    )
    bins, most = honesty.reliability, max((b.n for b in honesty.reliability), default=1)
    figure.add_scatter(
        x=np.array([b.confidence for b in bins], dtype=np.float32),
        y=np.array([b.right for b in bins], dtype=np.float32),
        mode="lines+markers",
        line={"color": SIGNAL, "width": 1.5},
        marker={"size": [7 + 19 * np.sqrt(b.n / most) for b in bins], "color": SIGNAL, "opacity": 0.85},
        hovertext=[f"{b.n:,} {unit}, {b.confidence:.0%} sure, {b.right:.0%} right" for b in bins],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )
    return _shares(figure, "how sure it was", "how often it was right", height)


def coverage_figure(honesty: Honesty, unit: str = "recordings", height: int = 300) -> go.Figure:
    """Accuracy among the surest answers, from few of them to all: what saying "uncertain" buys."""
    figure = go.Figure()
    figure.add_scatter(
        x=np.array([coverage for coverage, _ in honesty.coverage], dtype=np.float32),
        y=np.array([accuracy for _, accuracy in honesty.coverage], dtype=np.float32),
        mode="lines",
        line={"color": SIGNAL, "width": 2, "shape": "hv"},
        hovertemplate="the surest %{x:.0%}: %{y:.0%} right<extra></extra>",
        cliponaxis=False,
    )
    return _shares(figure, f"share of {unit} answered, the surest first", "share right of those", height)


def _shares(figure: go.Figure, x: str, y: str, height: int) -> go.Figure:
    figure.update_layout(**base_layout(height, margin={"l": 62, "r": 14, "t": 12, "b": 44}))
    axis = {
        "range": [0, 1.02], "tickformat": ".0%", "gridcolor": GRID, "zeroline": False, "fixedrange": True,
        "automargin": False,
    }  # fmt: skip
    figure.update_xaxes(title=x, title_standoff=8, **axis)
    figure.update_yaxes(title=y, title_standoff=8, **axis)
    return figure
