"""Two recordings of one machine over each other: spectra in Hz or in orders of the shaft, and the difference in dB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from bearing.figures.recording import SIGNAL, float32, layout
from bearing.physics.kinematics import rpm_to_hz
from bearing.recording import Recording
from bearing.signal.envelope import envelope_spectrum
from bearing.signal.spectrum import amplitude_spectrum, downsample, to_db

__all__ = ["KINDS", "compared", "comparison_figure"]

Array = NDArray[np.float64]
Drawn = NDArray[np.floating]

KINDS = {"waveform": "Waveform", "spectrum": "Spectrum", "envelope": "Envelope spectrum"}
COLOURS = ("#8A949E", "#D55E00")
DRAWN = 4_000
BINS = 1_500  # of the difference: means of power, so that two lengths and two speeds may be compared
REACH_HZ = 1_000.0


def compared(first: Recording, second: Recording, orders: bool) -> tuple[Array, tuple[Array, Array], Array] | None:
    """Envelope spectra of both on one axis, shape (bins,) each, and second over first in dB.

    Amplitudes are those of the squared envelope, a power: 3 dB are twice as much.

    The axis is in Hz, or in orders of each one's own shaft speed. None where a sampling rate is missing, or a speed
    that orders would need.
    """
    scales = [1.0 if not orders else _shaft_hz(one) for one in (first, second)]
    if any(scale is None for scale in scales) or any(one.sampling_rate_hz is None for one in (first, second)):
        return None
    spectra = [_envelope(one) for one in (first, second)]
    top = min(min(REACH_HZ, hz[-1]) / scale for (hz, _), scale in zip(spectra, scales, strict=True) if scale)
    edges = np.linspace(0, top, BINS + 1)
    levels = [_binned(hz / scale, level, edges) for (hz, level), scale in zip(spectra, scales, strict=True) if scale]
    axis = (edges[:-1] + edges[1:]) / 2
    floor = 1e-12 + 1e-6 * float(np.nanmax(levels[0]))
    difference = 10 * np.log10((levels[1] + floor) / (levels[0] + floor))
    return axis, (levels[0], levels[1]), difference


def comparison_figure(
    first: Recording, second: Recording, names: tuple[str, str], kind: str = "envelope", orders: bool = False,
    height: int = 380,
) -> go.Figure | None:  # fmt: skip
    """One of KINDS of two recordings, the earlier one grey; below an envelope spectrum the difference in dB.

    None where it cannot be drawn (see `compared`).
    """
    if first.sampling_rate_hz is None or second.sampling_rate_hz is None:
        return None
    if kind == "waveform":
        drawn = [_waveform(one) for one in (first, second)]
        return _overlaid(drawn, names, "s", f"acceleration ({first.unit or 'unit unknown'})", height)
    if kind == "spectrum":
        scales = [1.0 if not orders else _shaft_hz(one) for one in (first, second)]
        if None in scales:
            return None
        drawn = []
        for one, scale in zip((first, second), scales, strict=True):
            assert one.sampling_rate_hz is not None
            found = amplitude_spectrum(one.samples, one.sampling_rate_hz)
            drawn.append(downsample(found.frequency_hz / (scale or 1.0), to_db(found.values), DRAWN))
        return _overlaid(drawn, names, "order of shaft speed" if orders else "Hz", "dB", height)
    found_both = compared(first, second, orders)
    if found_both is None:
        return None
    axis, levels, difference = found_both
    figure = _overlaid(
        [(axis, level) for level in levels], names, "order of shaft speed" if orders else "Hz", "modulation", height
    )
    figure.add_trace(
        {
            "type": "scatter", "x": float32(axis), "y": float32(difference), "yaxis": "y2", "name": "difference",
            "mode": "lines", "line": {"color": SIGNAL, "width": 1}, "hovertemplate": "%{x:.4g}: %{y:+.1f} dB",
        }
    )  # fmt: skip
    figure.update_layout(
        yaxis={"domain": [0.42, 1.0]},
        yaxis2={"domain": [0.0, 0.32], "title": {"text": "difference (dB)"}, "zeroline": True, "anchor": "x"},
    )
    return figure


def _overlaid(drawn: Sequence[tuple[Drawn, Drawn]], names: tuple[str, str], x: str, y: str, height: int) -> go.Figure:
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "x": float32(at), "y": float32(values), "mode": "lines", "name": name,
            "line": {"color": colour, "width": 1.1}, "opacity": 0.9,
        }
        for (at, values), name, colour in zip(drawn, names, COLOURS, strict=True)
    ]  # fmt: skip
    return go.Figure(traces, layout(height, x, y, showlegend=True))


def _shaft_hz(recording: Recording) -> float | None:
    return None if recording.shaft_rpm is None else rpm_to_hz(recording.shaft_rpm)


def _waveform(recording: Recording) -> tuple[Drawn, Drawn]:
    assert recording.sampling_rate_hz is not None
    return downsample(np.arange(len(recording.samples)) / recording.sampling_rate_hz, recording.samples, DRAWN)


def _envelope(recording: Recording) -> tuple[Array, Array]:
    assert recording.sampling_rate_hz is not None
    found = envelope_spectrum(recording.samples, recording.sampling_rate_hz)
    return found.frequency_hz, found.amplitude


def _binned(at: Array, level: Array, edges: Array) -> Array:
    """Root of the mean power in each bin, shape (bins,); a bin that holds nothing takes the nearest value."""
    which = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 1)
    count = np.bincount(which, minlength=len(edges))[: len(edges) - 1]
    power = np.bincount(which, weights=level**2, minlength=len(edges))[: len(edges) - 1]
    middle = (edges[:-1] + edges[1:]) / 2
    return np.where(count > 0, np.sqrt(power / np.maximum(count, 1)), np.interp(middle, at, level))
