"""Pictures of the Training page: what each way of asking says, learning curves, the network; no streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from bearing.figures.recording import CLEAR, GRID, SIGNAL
from bearing.figures.test_set import WRONG, base_layout, rgba

if TYPE_CHECKING:
    from bearing.models.cards import CnnCard
    from bearing.results.metrics import Epoch
    from bearing.results.waveform import Result

__all__ = ["curves_figure", "kernels_figure", "network_figure", "protocols_figure"]

INK = "#17212B"  # on the light bars, in both themes


def protocols_figure(results: Sequence[Result], constant: tuple[str, float]) -> go.Figure:
    """Every protocol on one scale: three bars each, a dot per fold, and a line at the constant answer.

    constant : name and accuracy of always giving the most frequent answer.
    """
    figure = go.Figure()
    positions = np.arange(len(results), dtype=np.float32)[::-1]
    name, share = constant
    figure.add_vline(x=share, line={"color": WRONG, "width": 1.5, "dash": "dot"}, layer="below")
    figure.add_annotation(
        x=share, y=1.0, yref="paper", yanchor="bottom", showarrow=False, font={"size": 12},
        text=f"always saying “{name}”: {_percent(share)}",
    )  # fmt: skip
    windows = [r.windows.accuracy for r in results]
    recordings = [r.recordings.accuracy for r in results]
    macro_f1 = [r.windows.macro_f1 for r in results]
    for values, words, y, width, colour, ink, size in (
        (windows, [f"<b>{_percent(v)}</b> of windows right" for v in windows], 0.10, 0.30, SIGNAL, "white", 14),
        (recordings, [f"{_percent(v)} of recordings right" for v in recordings], -0.15, 0.17, "#9CC3DA", INK, 11),
        (macro_f1, [f"macro-F1 of windows {v:.2f}" for v in macro_f1], -0.33, 0.17, "#C3CAD1", INK, 11),
    ):
        figure.add_bar(
            x=np.array(values, dtype=np.float32),
            y=positions + y,
            width=width,
            orientation="h",
            marker={"color": colour, "line": {"width": 0}},
            text=words,
            textposition="auto",
            insidetextanchor="start",
            textangle=0,
            insidetextfont={"size": size, "color": ink},
            outsidetextfont={"size": size},
            constraintext="none",
            hovertemplate="%{text}<extra></extra>",
        )
    for result, position in zip(results, positions, strict=True):
        label = {"xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 15}}
        figure.add_annotation(x=0, y=position + 0.24, text=f"<b>{result.protocol.title}</b>", **label)
        if len(result.folds) > 1:
            figure.add_trace(_dots(result, position - 0.05))
    height = 54 + 104 * len(results)
    figure.update_layout(**base_layout(height, barmode="overlay", margin={"l": 4, "r": 18, "t": 26, "b": 26}))
    ticks = {"tickmode": "array", "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"}
    figure.update_xaxes(range=[0, 1.0], showgrid=False, zeroline=False, fixedrange=True, automargin=False, **ticks)
    figure.update_yaxes(range=[-0.5, len(results) - 0.45], visible=False, fixedrange=True, automargin=False)
    return figure


def _dots(result: Result, y: float) -> go.Scatter:
    """The accuracy of each fold."""
    return go.Scatter(
        x=np.array([fold.accuracy for fold in result.folds.values()], dtype=np.float32),
        y=np.full(len(result.folds), y, dtype=np.float32),
        mode="markers",
        marker={"size": 9, "color": "white", "line": {"color": INK, "width": 1.2}},
        cliponaxis=False,
        hovertext=list(result.folds),
        hovertemplate="%{hovertext}: %{x:.1%} of windows right<extra></extra>",
    )


def _percent(share: float) -> str:
    """Whole percents, but never 100 or 0 for what only rounds to it."""
    text = f"{share:.0%}" if share in (0, 1) or 0.005 <= share < 0.995 else f"{share:.1%}"
    return text.replace("%", " %")


def curves_figure(
    history: Sequence[Epoch],
    other: Sequence[Epoch] = (),
    other_name: str = "committed run",
    held_out: float | None = None,
    height: int = 330,
) -> go.Figure:
    """Loss and accuracy over the epochs, training and validation; `other` is drawn behind, dashed, to compare.

    held_out : accuracy on what was kept from training and validation, drawn as a line.
    """
    figure = make_subplots(rows=1, cols=2, subplot_titles=("Loss (cross-entropy)", "Accuracy"), horizontal_spacing=0.1)
    for column, measure in enumerate(("loss", "accuracy"), start=1):
        for part, colour in (("train", "#8A94A0"), ("validation", SIGNAL)):
            for epochs, dash, name in ((other, "dot", f"{part}, {other_name}"), (history, "solid", part)):
                if not epochs:
                    continue
                figure.add_scatter(
                    x=np.array([e.epoch for e in epochs], dtype=np.int32),
                    y=np.array([getattr(e, f"{part}_{measure}") for e in epochs], dtype=np.float32),
                    mode="lines+markers" if len(epochs) == 1 else "lines",
                    line={"color": colour, "dash": dash, "width": 2.2 if dash == "solid" else 1.4},
                    name=name,
                    legendgroup=name,
                    showlegend=column == 1,
                    hovertemplate=f"{name}, epoch %{{x}}: %{{y:.3f}}<extra></extra>",
                    row=1,
                    col=column,
                )
    figure.update_layout(
        **base_layout(height, showlegend=True, margin={"l": 44, "r": 8, "t": 30, "b": 70}),
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"},
    )
    figure.update_xaxes(showgrid=False, zeroline=False, title="epoch", title_standoff=4, fixedrange=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, fixedrange=True, rangemode="tozero")
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], row=1, col=2)
    figure.update_annotations(font_size=13)
    if held_out is not None:
        below = held_out > 0.5
        figure.add_hline(
            y=held_out,
            line={"color": WRONG, "width": 1.5, "dash": "dot"},
            annotation={"text": f"held out: {_percent(held_out)}", "font": {"size": 12}},
            annotation_position="bottom right" if below else "top right",
            row=1,
            col=2,
        )
    return figure


def kernels_figure(kernels: NDArray[np.floating], rate_hz: float, height: int = 330) -> go.Figure:
    """The learned filters, shape (n, k): each as a waveform, and what frequencies it lets through."""
    count, taps = kernels.shape
    figure = make_subplots(
        rows=1, cols=2, column_widths=[0.4, 0.6], horizontal_spacing=0.06,
        column_titles=["filter", "frequencies it passes"],
    )  # fmt: skip
    time_ms = (np.arange(taps) / rate_hz * 1e3).astype(np.float32)
    size = 512
    frequency_khz = (np.arange(size // 2 + 1) * rate_hz / size / 1e3).astype(np.float32)
    line = {"color": SIGNAL, "width": 1.2}
    for lane, kernel in enumerate(kernels[::-1]):  # five lanes on one pair of axes: ten axes would take half a second
        gain = np.abs(np.fft.rfft(kernel, size))
        wave = kernel / max(2.2 * float(np.abs(kernel).max()), 1e-12)
        figure.add_scatter(
            x=time_ms, y=(lane + 0.4 + wave).astype(np.float32), line=line, hoverinfo="skip", row=1, col=1
        )
        ground = np.full(2, lane, dtype=np.float32)
        figure.add_scatter(
            x=frequency_khz[[0, -1]], y=ground, mode="lines", line={"width": 0}, hoverinfo="skip", row=1, col=2
        )
        figure.add_scatter(
            x=frequency_khz,
            y=(lane + 0.8 * gain / max(float(gain.max()), 1e-12)).astype(np.float32),
            line=line,
            fill="tonexty",
            fillcolor=rgba(SIGNAL, 0.2),
            hovertemplate="%{x:.2f} kHz<extra></extra>",
            row=1,
            col=2,
        )
    figure.update_layout(**base_layout(height, margin={"l": 4, "r": 8, "t": 24, "b": 36}))
    figure.update_xaxes(showgrid=False, zeroline=False, fixedrange=True, title_standoff=2)
    figure.update_xaxes(title="ms", row=1, col=1)
    figure.update_xaxes(title="kHz", row=1, col=2)
    figure.update_yaxes(visible=False, fixedrange=True, range=[-0.15, count])
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    figure.update_annotations(font_size=12)
    return figure


def network_figure(card: CnnCard, height: int = 400) -> go.Figure:
    """The network from its card, input at the top: a sheet per channel, as wide as the layer is long (log scale)."""
    figure = go.Figure()
    shapes: list[dict[str, Any]] = []
    layers = card["layers"]
    step = 1.0
    for position, layer in enumerate(layers):
        channels, length = layer["shape"] if len(layer["shape"]) == 2 else (1, layer["shape"][0])
        half = 0.5 * (0.25 + 0.75 * np.log2(length) / np.log2(layers[0]["shape"][-1]))
        y = -position * step
        for sheet in reversed(range(channels)):
            x, lift = 0.028 * sheet, 0.035 * sheet
            box = {"x0": -half + x, "x1": half + x, "y0": y - 0.13 + lift, "y1": y + 0.13 + lift}
            shapes.append(
                {"type": "rect", "fillcolor": _sheet(position), "line": {"color": SIGNAL, "width": 1.2}, **box}
            )
        if position:
            figure.add_annotation(
                x=0, y=y + 0.34, ax=0, ay=y + step - 0.16, axref="x", ayref="y", arrowhead=2, arrowcolor=SIGNAL, text=""
            )
        figure.add_annotation(
            x=0.78,
            y=y + 0.05,
            text=_words(layer, card),
            showarrow=False,
            xanchor="left",
            align="left",
            font={"size": 13},
        )
    names = [_words(layer, card) for layer in layers]
    figure.add_scatter(  # what a pointer, or a screen reader, finds on the sheets
        x=np.zeros(len(layers), dtype=np.float32),
        y=-step * np.arange(len(layers), dtype=np.float32),
        mode="markers",
        marker={"size": 30, "color": CLEAR},
        hovertext=names,
        hovertemplate="%{hovertext}<extra></extra>",
    )
    figure.update_layout(**base_layout(height, shapes=shapes))
    figure.update_xaxes(visible=False, range=[-0.6, 2.1], fixedrange=True, automargin=False)
    figure.update_yaxes(visible=False, range=[-(len(layers) - 1) * step - 0.4, 0.45], fixedrange=True, automargin=False)
    return figure


def _sheet(position: int) -> str:
    """Opaque enough to hide the sheet behind, in tints that stand on light and dark."""
    return ("#D7E7F0", "#B9D6E6", "#9CC5DC", "#7FB2D0")[min(position, 3)]


def _words(layer: dict[str, Any], card: CnnCard) -> str:
    """Two or three short lines about a layer."""
    shape, parameters = layer["shape"], layer["parameters"]
    if layer["name"] == "window":
        seconds = shape[-1] / card["sampling_rate_hz"]
        return f"<b>Window</b><br>{shape[-1]:,} samples<br>{seconds:.2f} s at {card['sampling_rate_hz'] / 1e3:g} kHz"
    if layer["name"] == "convolution":
        return (
            f"<b>Convolution</b>, {layer['activation']}<br>{shape[0]} filters of {layer['kernel']} samples"
            f"<br>{shape[0]} × {shape[1]:,}; {parameters:,} parameters"
        )
    if layer["name"] == "average pooling":
        return (
            f"<b>Average</b> over {layer['kernel']} samples<br>{shape[0]} × {shape[1]} = {shape[0] * shape[1]} features"
        )
    return f"<b>Linear</b>, {layer['activation']}<br>{shape[0]} probabilities<br>{parameters:,} parameters"
