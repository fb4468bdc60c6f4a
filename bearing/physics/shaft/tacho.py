"""The shaft's angle from a tacho or keyphasor channel: found by its shape, counted through noise and missing pulses.

A tacho knows two levels and changes between them at nearly even intervals. Edges are taken with hysteresis and read
between samples; intervals much shorter than those around them are chatter, whole multiples of them missing pulses. The
times of the pulses are then smoothed over a few of them (A. Savitzky & M. J. E. Golay, Anal. Chem. 36 (1964)
1627-1639): a shaft has inertia, an edge in noise has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.physics.shaft.combs import comb_and_families, speed_spectra
from bearing.recording import check_rate_hz, check_rpm
from bearing.signal.angle import ShaftAngle, angle_of_pulses, to_angle

__all__ = ["Pulses", "TachoReading", "find_pulses", "pulses_per_turn", "read_tacho"]

FloatArray = NDArray[np.float64]

LEAST_PULSES = 5
CONTRAST = 4.5  # distance of the two levels over their spread, from where on a channel has two levels
AROUND = 15  # intervals that say what an interval is
OFF = 0.2  # of an interval: how far from a whole number of intervals an edge may fall
REGULAR = 0.8  # share of the intervals that must fit
LONGEST_GAP = 6  # pulses missing in a row: beyond, nobody can count them
SMOOTHED = (9, 5)  # pulses, wide first: a speed that moves within them is not to be smoothed away
MOVES = 0.3  # correlation of what smoothing took from one pulse and the next, from where on it took motion and no noise
PER_TURN = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 18, 20, 24, 30, 32, 36, 48, 50, 60, 64, 72, 90, 100, 120, 128, 180),
    *(200, 256, 360, 500, 512, 720, 1000, 1024),
)
PLAUSIBLE_RPM = (60.0, 30_000.0)
MOST_CHOICES_RPM = (300.0, 6000.0)  # where nothing else tells pulses per turn, speeds of most machines
CLEAR_LEAD = 0.2  # of a comb over the runner-up, which is mostly its double: every other tooth stands there as well
CLEAR_HEIGHT = 1.0
INFERRED = 0.7  # confidence in pulses per turn that only the vibration speaks for


@dataclass(frozen=True)
class Pulses:
    """Edges of a tacho: `at` in samples and `number` (gaps left where pulses are missing), both (k,).

    `missing` and `extra` count the pulses that were not there and the edges that were none or lie beyond a gap;
    `regular` is the share of intervals that fit.
    """

    at: FloatArray
    number: FloatArray
    missing: int
    extra: int
    regular: float

    def mean_hz(self, rate_hz: float) -> float:
        """Pulses per second."""
        return float((self.number[-1] - self.number[0]) / (self.at[-1] - self.at[0]) * rate_hz)


@dataclass(frozen=True)
class TachoReading:
    """The shaft's angle by a tacho, with how many pulses make a turn and the probability (0..1) that this is right."""

    angle: ShaftAngle
    pulses_per_turn: float
    confidence: float
    pulses: Pulses


def find_pulses(channel: object, rate_hz: float) -> Pulses | None:
    """The pulses of a channel of shape (n,), None when it does not look like a tacho. NaN counts as its lower level."""
    check_rate_hz(rate_hz)
    values = np.asarray(channel, dtype=np.float64)
    finite = np.isfinite(values)
    if values.ndim != 1 or len(values) < 16 or not finite.any():
        return None
    edges = _edges(np.where(finite, values, values[finite].min()))
    if edges is None or len(edges) < LEAST_PULSES:
        return None
    return _counted(edges)


def read_tacho(
    channel: object,
    rate_hz: float,
    per_turn: float | None = None,
    rpm: float | None = None,
    vibration: object | None = None,
) -> TachoReading:
    """The shaft's angle by a tacho channel of shape (n,).

    `per_turn` pulses make a turn; None finds out from a stated speed, else from the vibration. Raises ParameterError
    when the channel is no tacho.
    """
    pulses = find_pulses(channel, rate_hz)
    if pulses is None:
        raise ParameterError(
            "This channel does not look like a tacho: expected two levels and even pulses, at least "
            f"{LEAST_PULSES} of them."
        )
    at = _smoothed(pulses)
    if per_turn is None:
        per_turn, sure = pulses_per_turn(pulses, rate_hz, rpm, vibration)
    else:
        sure = 1.0
    kept = len(at) / (len(at) + pulses.extra)
    return TachoReading(angle_of_pulses(at, per_turn, pulses.number), per_turn, sure * pulses.regular * kept, pulses)


def pulses_per_turn(
    pulses: Pulses, rate_hz: float, rpm: float | None = None, vibration: object | None = None
) -> tuple[float, float]:
    """How many pulses make a turn, and how sure that is (0..1).

    With a stated speed the nearest whole number (a speed 10 % off finds the same one up to five pulses); without, the
    number for which the vibration, resampled by the pulses, shows a shaft's comb of lines.
    """
    pulse_hz = pulses.mean_hz(rate_hz)
    if rpm is not None:
        ratio = pulse_hz * 60 / check_rpm(rpm)
        whole = max(1.0, float(round(ratio)))
        off = abs(ratio / whole - 1)
        return whole, float(np.clip(1.1 - 2 * off, 0.2, 1.0))
    low, high = PLAUSIBLE_RPM
    choices = np.array([n for n in PER_TURN if low <= 60 * pulse_hz / n <= high], dtype=np.float64)
    if not len(choices):
        return 1.0, 0.2
    likely = [n for n in choices if MOST_CHOICES_RPM[0] <= 60 * pulse_hz / n <= MOST_CHOICES_RPM[1]]
    simplest = float(min(likely or choices))
    if vibration is None:
        return simplest, INFERRED if simplest == 1 else 0.3
    still = to_angle(vibration, rate_hz, angle_of_pulses(_smoothed(pulses), 1.0, pulses.number))
    near = np.linspace(0.995, 1.005, 21)
    speeds = (still.mean_hz / choices)[:, None] * near
    heights = comb_and_families(speed_spectra(still.samples, still.rate_hz), speeds.ravel(), None)
    heights = heights.reshape(speeds.shape).max(axis=1)
    order = np.argsort(-heights)
    lead = heights[order[0]] - (heights[order[1]] if len(order) > 1 else 0.0)
    if lead < CLEAR_LEAD or heights[order[0]] < CLEAR_HEIGHT:
        return simplest, INFERRED if simplest == 1 else 0.3
    return float(choices[order[0]]), INFERRED + 0.25 * min(1.0, lead / 2)


# ------------------------------------------------------------------------------------------------------- pulses


def _edges(values: FloatArray) -> FloatArray | None:
    """Leading edges of the pulses between samples, shape (k,); None where a channel does not have two levels."""
    low, high = np.quantile(values, (0.002, 0.998))
    if not high > low:
        return None
    unit = (values - low) / (high - low)
    up = unit > 0.5
    share = float(up.mean())
    if not 0 < share < 1:
        return None
    spread = np.sqrt(share * unit[up].var() + (1 - share) * unit[~up].var())
    if unit[up].mean() - unit[~up].mean() < CONTRAST * spread:
        return None
    if share > 0.5:  # pulses point downwards
        unit = 1 - unit
    state = np.where(unit > 0.7, 1, np.where(unit < 0.3, 0, -1)).astype(np.int8)
    known = np.flatnonzero(state >= 0)  # between the two thresholds nothing changes
    risen = known[1:][(state[known[1:]] == 1) & (state[known[:-1]] == 0)]
    if not len(risen):
        return np.empty(0)
    return _crossings(unit, risen)


def _crossings(unit: FloatArray, risen: NDArray[np.int64]) -> FloatArray:
    """Where the signal last crossed half-way before each sample at which it had risen, between two samples."""
    below = np.flatnonzero(unit <= 0.5)
    last = below[np.maximum(np.searchsorted(below, risen) - 1, 0)]
    after = np.minimum(last + 1, len(unit) - 1)
    rise = unit[after] - unit[last]
    return np.asarray(last + np.divide(0.5 - unit[last], rise, out=np.zeros(len(last)), where=rise > 0))


def _counted(edges: FloatArray) -> Pulses | None:
    """Edges with their numbers, chatter removed, over the longest stretch without a long gap; None if irregular."""
    found = len(edges)
    for _ in range(3):
        step = np.diff(edges)
        if len(step) < LEAST_PULSES - 1:
            return None
        short = step < 0.5 * _typical(step)
        short[1:] &= ~short[:-1]  # an edge too early makes one short interval with either neighbour
        if not short.any():
            break
        edges = np.delete(edges, np.flatnonzero(short) + 1)
    step = np.diff(edges)
    count = step / _typical(step)
    gaps = np.flatnonzero(count > LONGEST_GAP + 0.5)
    bounds = np.concatenate([[0], gaps + 1, [len(edges)]])
    longest = int(np.argmax(np.diff(bounds)))
    edges = edges[bounds[longest] : bounds[longest + 1]]
    if len(edges) < LEAST_PULSES:
        return None
    step = np.diff(edges)
    count = step / _typical(step)
    whole = np.maximum(np.rint(count), 1)
    regular = float(np.mean(np.abs(count - whole) < OFF))
    if regular < REGULAR:
        return None
    number = np.concatenate([[0.0], np.cumsum(whole)])
    return Pulses(edges, number, int(whole.sum() - len(whole)), found - len(edges), regular)


def _typical(step: FloatArray) -> FloatArray:
    """The median of the intervals around each, same shape."""
    half = min(AROUND, len(step)) // 2
    padded = np.pad(step, half, mode="reflect" if half < len(step) else "edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)[: len(step)]


def _smoothed(pulses: Pulses) -> FloatArray:
    """Times of the pulses, smoothed as widely as leaves nothing but noise behind, shape (k,)."""
    for width in SMOOTHED:
        smooth = _fitted(pulses, min(width, len(pulses.at)))
        taken = pulses.at - smooth
        usual = float(np.median(np.abs(taken))) + 1e-9
        taken = np.clip(taken, -6 * usual, 6 * usual)
        if float(np.mean(taken[1:] * taken[:-1])) < MOVES * float(np.mean(np.square(taken))) + 1e-9:
            return smooth
    return pulses.at


def _fitted(pulses: Pulses, width: int) -> FloatArray:
    """Times of the pulses, each the value there of a parabola fitted to the `width` pulses around it, shape (k,).

    Single edges far off (a pulse deformed by noise) are weighed down to nothing.
    """
    count = len(pulses.at)
    first = np.clip(np.arange(count) - width // 2, 0, count - width)
    rows = first[:, None] + np.arange(width)
    x = pulses.number[rows] - pulses.number[:, None]
    y = pulses.at[rows]
    scale = width / 2
    basis = np.stack([np.ones_like(x), x / scale, (x / scale) ** 2], axis=2)
    weight = np.ones_like(x)
    for _ in range(2):
        left = np.einsum("kwi,kw,kwj->kij", basis, weight, basis)
        right = np.einsum("kwi,kw,kw->ki", basis, weight, y - pulses.at[:, None])
        fit = np.linalg.solve(left + 1e-9 * np.eye(3), right[:, :, None])
        off = np.abs(y - pulses.at[:, None] - (basis @ fit)[:, :, 0])
        usual = np.median(off, axis=1, keepdims=True) + 1e-6
        weight = np.where(off > 6 * usual, 1e-6, 1.0)
    smooth = pulses.at + fit[:, 0, 0]
    return smooth if (np.diff(smooth) > 0).all() else pulses.at
