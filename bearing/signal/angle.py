"""From time to shaft angle: a recording of a machine that does not hold its speed, as if it had.

Sampled at equal steps of the shaft's angle, every line locked to the shaft stands still, whatever the speed did
(K. R. Fyfe & E. D. S. Munck, "Analysis of computed order tracking", MSSP 11 (1997) 187-205; R. B. Randall & J. Antoni,
"Rolling element bearing diagnostics - a tutorial", MSSP 25 (2011) 485-520, section 3.2).

The angle comes from a speed over time (a column, a ridge) or from the pulses of a tacho. Between two samples the signal
is what its band says it is: oversampled twice in the frequency domain, then read off with six taps of a kernel whose
roll-off has been divided out (the "exponential of semicircle" of A. H. Barnett, J. Magland & L. af Klinteberg, "A
parallel non-uniform fast Fourier transform library", SIAM J. Sci. Comput. 41 (2019) C479-C504): away from the
ends off by 1e-5 of the signal at half of half the sampling rate, by 3e-4 at nine tenths of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from bearing.errors import ParameterError
from bearing.recording import check_rate_hz, check_signal
from bearing.signal.spectrum import Spectrogram, Spectrum, amplitude_spectrum, spectrogram

__all__ = [
    "AngleSignal",
    "Interpolator",
    "ShaftAngle",
    "SynchronousAverage",
    "angle_of_pulses",
    "angle_of_speed",
    "interpolate",
    "order_map",
    "order_spectrum",
    "synchronous_average",
    "to_angle",
]

FloatArray = NDArray[np.float64]
Array32 = NDArray[np.float32]

OVERSAMPLING = 2
TAPS = 6
DEGREE = 8  # of the polynomials that stand for the kernel
PAD = 64  # samples beyond either end, running out smoothly
CHUNK = 16_384  # outputs at a time: all of it stays in the cache
FINE = 16  # outputs between two exactly computed positions
MOST_SAMPLES = 4.0  # times as many after resampling: a shaft that nearly stood still must not fill the memory


@dataclass(frozen=True)
class ShaftAngle:
    """How far the shaft had turned at some moments: `at` in samples (may lie between two), `turns`; both (k,), rising.

    Between them the angle runs smoothly (cubic Hermite); beyond them it is not known.
    """

    at: FloatArray
    turns: FloatArray

    def __post_init__(self) -> None:
        if len(self.at) != len(self.turns) or len(self.at) < 2:
            raise ParameterError("A shaft angle needs two moments or more, and the turns at each.")
        if not (np.diff(self.at) > 0).all() or not (np.diff(self.turns) > 0).all():
            raise ParameterError("A shaft angle rises with time: does the shaft stand still or turn back?")

    @property
    def total_turns(self) -> float:
        return float(self.turns[-1] - self.turns[0])

    def mean_hz(self, rate_hz: float) -> float:
        """Turns per second over all that is known."""
        return self.total_turns / float(self.at[-1] - self.at[0]) * rate_hz

    def slowest_hz(self, rate_hz: float) -> float:
        """The lowest speed between two knots, but for the slowest hundredth of the turns."""
        steps = np.diff(self.turns)
        speed = steps / np.diff(self.at) * rate_hz
        order = np.argsort(speed)
        behind = np.cumsum(steps[order])
        return float(speed[order][np.searchsorted(behind, 0.01 * behind[-1])])

    def turns_at(self, at: FloatArray) -> FloatArray:
        """Turns at positions in samples, same shape, within the known stretch."""
        return _hermite(self.at, self.turns, at)

    def positions_at(self, turns: FloatArray) -> FloatArray:
        """Positions in samples at which so many turns were done, same shape, within the known stretch."""
        return _hermite(self.turns, self.at, turns)

    def speed_hz(self, at: FloatArray, rate_hz: float, over: float = 0.0) -> FloatArray:
        """Speed in Hz around positions in samples, the mean over `over` samples (at least one), same shape."""
        half = max(over, 1.0) / 2
        low = np.clip(at - half, self.at[0], self.at[-1])
        high = np.clip(at + half, self.at[0], self.at[-1])
        return (self.turns_at(high) - self.turns_at(low)) / np.maximum(high - low, 1e-12) * rate_hz

    def times(self, ratio: float) -> ShaftAngle:
        """The angle of a shaft that turns `ratio` times as fast: behind a gear or a belt."""
        if not 0 < ratio < np.inf:
            raise ParameterError(f"A ratio between two shafts is positive, got {ratio:g}.")
        return ShaftAngle(self.at, self.turns * ratio)


@dataclass(frozen=True)
class AngleSignal:
    """A signal at equal steps of shaft angle: `samples` of shape (m,), `per_turn` of them to a turn.

    `first` and `last` say which stretch of the recording it covers, in samples; `mean_hz` the mean speed there.
    Taken as a signal at `rate_hz` it is that of a shaft that never left its mean speed.
    """

    samples: FloatArray
    per_turn: int
    mean_hz: float
    first: float
    last: float

    @property
    def turns(self) -> float:
        return len(self.samples) / self.per_turn

    @property
    def rate_hz(self) -> float:
        """Samples per second of a shaft at the mean speed."""
        return self.per_turn * self.mean_hz


@dataclass(frozen=True)
class SynchronousAverage:
    """What repeats with every period of the shaft and what does not.

    `average` has shape (samples of a period,), `residual` the shape of the whole periods averaged, `periods` of them.
    """

    average: FloatArray
    residual: FloatArray
    periods: int


# --------------------------------------------------------------------------------------------------- shaft angle


def angle_of_speed(speed_rpm: object, rate_hz: float, at: FloatArray | None = None) -> ShaftAngle:
    """The angle of a shaft whose speed in rpm, shape (k,), is known at positions `at` in samples (None: at each).

    Stretches without a number (NaN) take the speed around them. Raises ParameterError where the shaft stands still or
    nothing is known.
    """
    rate_hz = check_rate_hz(rate_hz)
    speed = np.asarray(speed_rpm, dtype=np.float64)
    if speed.ndim != 1 or (at is not None and len(at) != len(speed)):
        raise ParameterError(f"A speed over time has shape (n,), one number a position, got {speed.shape}.")
    known = np.isfinite(speed)
    if known.sum() < 2:
        raise ParameterError("A speed over time needs two numbers or more, in rpm.")
    if not known.all():
        moments = np.arange(len(speed)) if at is None else at
        speed = np.interp(moments, moments[known], speed[known])
    if (lowest := float(speed.min())) <= 0:
        raise ParameterError(f"The shaft stands still or turns back ({lowest:g} rpm): cut that stretch out.")
    thin = max(1, min(len(speed) // 512, int(rate_hz * 0.002)))  # 2 ms: no shaft changes its speed in less
    keep = np.append(np.arange(0, len(speed) - 1, thin), len(speed) - 1)
    if at is None:  # trapezoids one sample wide
        turns = np.cumsum(speed)[keep] - 0.5 * (speed[keep] + speed[0])
        return ShaftAngle(keep.astype(np.float64), turns / (60 * rate_hz))
    steps = np.diff(at) * (speed[1:] + speed[:-1])
    turns = np.concatenate([[0.0], np.cumsum(steps)])
    return ShaftAngle(np.asarray(at, dtype=np.float64)[keep], turns[keep] * (0.5 / 60 / rate_hz))


def angle_of_pulses(at: FloatArray, pulses_per_turn: float = 1.0, turns: FloatArray | None = None) -> ShaftAngle:
    """The angle of a shaft that gave pulses at positions `at` in samples, shape (k,).

    `turns` numbers them (in pulses) where some are missing, else they are taken as consecutive.
    """
    if not pulses_per_turn > 0:
        raise ParameterError(f"A tacho gives one pulse per turn or more, got {pulses_per_turn:g}.")
    number = np.arange(len(at), dtype=np.float64) if turns is None else np.asarray(turns, dtype=np.float64)
    return ShaftAngle(np.asarray(at, dtype=np.float64), number / pulses_per_turn)


def _hermite(x: FloatArray, y: FloatArray, at: FloatArray) -> FloatArray:
    """Cubic Hermite interpolation through knots with three-point slopes; exact for parabolas."""
    step, rise = np.diff(x), np.diff(y)
    secant = rise / step
    slope = np.empty_like(y)
    slope[1:-1] = (secant[:-1] * step[1:] + secant[1:] * step[:-1]) / (step[1:] + step[:-1])
    if len(x) == 2:
        slope[:] = secant[0]
    else:
        slope[0] = 2 * secant[0] - slope[1]
        slope[-1] = 2 * secant[-1] - slope[-2]
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    u = (at - x[i]) / step[i]
    bend = (slope[i] - secant[i]) * (1 - u) - (slope[i + 1] - secant[i]) * u
    return y[i] + rise[i] * u + step[i] * u * (1 - u) * bend


# ---------------------------------------------------------------------------------------------------- resampling


def to_angle(signal: object, rate_hz: float, angle: ShaftAngle, per_turn: int | None = None) -> AngleSignal:
    """A signal of shape (n,) at equal steps of shaft angle, over the stretch the angle is known for.

    `per_turn` None takes as many samples to a turn as the slowest turn has: nothing of the band is lost (but never more
    than four times the samples there were). Fewer cut the band first, so that nothing folds.

    Raises
    ------
    SignalError, ParameterError
        For a signal that is none, or an angle known for less than a turn of it.
    """
    samples = check_signal(signal, 16)
    rate_hz = check_rate_hz(rate_hz)
    first, last = max(float(angle.at[0]), 0.0), min(float(angle.at[-1]), len(samples) - 1.0)
    if not last > first:
        raise ParameterError("The shaft angle is known for another stretch than the signal covers.")
    start, stop = angle.turns_at(np.array([first, last]))
    turns = float(stop - start)
    mean_hz = turns / (last - first) * rate_hz
    slowest_hz = min(angle.slowest_hz(rate_hz), mean_hz)
    if per_turn is None:
        per_turn = int(np.ceil(min(rate_hz / slowest_hz, MOST_SAMPLES * rate_hz / mean_hz)))
    if per_turn < 1 or turns < 1:
        raise ParameterError(f"Resampling to shaft angle needs a whole turn, got {turns:.2g}.")
    count = int(turns * per_turn)
    coarse = start + np.arange(0, count + FINE, FINE) / per_turn
    knots = angle.positions_at(np.minimum(coarse, stop))
    position = np.interp(np.arange(count), np.arange(len(coarse)) * FINE, knots)
    cutoff = min(0.5, 0.5 * per_turn * slowest_hz / rate_hz)
    return AngleSignal(Interpolator([samples], cutoff).at(position)[0], per_turn, mean_hz, first, last)


def interpolate(signal: object, at: FloatArray, cutoff: float = 0.5) -> FloatArray:
    """A band-limited signal of shape (n,) between its samples: at positions of shape (m,), in samples, within 0..n-1.

    `cutoff`, in cycles per sample, is where its band is cut off before.
    """
    return np.asarray(Interpolator([signal], cutoff).at(at)[0])


class Interpolator:
    """Signals of one length between their samples; all are read at the same positions, with one kernel."""

    def __init__(self, signals: Sequence[object], cutoff: float = 0.5) -> None:
        """`signals` have shape (n,) each, n >= 16. Raises SignalError."""
        rows = [check_signal(signal, 16) for signal in signals]
        self._highest = [float(max(row.max(), -row.min())) or 1.0 for row in rows]
        self._fine = [
            _oversampled((row / high).astype(np.float32), cutoff) for row, high in zip(rows, self._highest, strict=True)
        ]

    def at(self, positions: FloatArray) -> FloatArray:
        """Their values, shape (k, m), at positions of shape (m,), in samples, within 0..n-1."""
        taps = _kernel()[0].astype(np.float32)
        out = np.empty((len(self._fine), len(positions)))
        for begin in range(0, len(positions), CHUNK):
            place = (positions[begin : begin + CHUNK] + PAD) * OVERSAMPLING
            whole = place.astype(np.int64)
            offset = (place - whole).astype(np.float32) - np.float32(0.5)
            out[:, begin : begin + CHUNK] = _read(self._fine, whole - (TAPS // 2 - 1), offset, taps)
        out *= np.array(self._highest)[:, None]
        return out


def _read(fine: list[Array32], first: NDArray[np.int64], v: Array32, taps: Array32) -> Array32:
    """Sum over the taps; tap j at v is tap TAPS-1-j at -v, so even and odd powers serve two taps at once."""
    squared = v * v
    total = np.zeros((len(fine), len(v)), np.float32)
    for j in range(TAPS // 2):
        even, odd = np.full(len(v), taps[j, DEGREE]), np.full(len(v), taps[j, DEGREE - 1])
        for power in range(DEGREE - 2, -1, -2):
            even *= squared
            even += taps[j, power]
        for power in range(DEGREE - 3, 0, -2):
            odd *= squared
            odd += taps[j, power]
        odd *= v
        low, high = first + j, first + (TAPS - 1 - j)
        for row, sum_ in zip(fine, total, strict=True):
            left, right = row.take(low), row.take(high)
            sum_ += even * (left + right) + odd * (left - right)
    return total


def _oversampled(unit: Array32, cutoff: float) -> Array32:
    """The signal at twice its rate, what the kernel takes away added before.

    Both ends are continued point-symmetrically and run out to zero, so that the transform sees no jump.
    """
    n = len(unit)
    fade = (0.5 + 0.5 * np.cos(np.pi * (np.arange(PAD) + 0.5) / PAD)).astype(np.float32)
    reach = min(PAD, n - 1)
    head = np.zeros(PAD, np.float32)
    tail = np.zeros(PAD, np.float32)
    head[PAD - reach :] = 2 * unit[0] - unit[reach:0:-1]
    tail[:reach] = 2 * unit[-1] - unit[-2 : -2 - reach : -1]
    size = scipy.fft.next_fast_len(n + 2 * PAD, real=True)
    padded = np.zeros(size, np.float32)
    padded[:PAD], padded[PAD : PAD + n], padded[PAD + n : 2 * PAD + n] = head * fade[::-1], unit, tail * fade
    bins = scipy.fft.rfft(padded)
    frequency = np.arange(len(bins), dtype=np.float32) / np.float32(size)
    bins *= OVERSAMPLING * _polynomial(_kernel()[1], frequency * frequency)
    bins[int(cutoff * size) + 1 :] = 0
    return np.asarray(scipy.fft.irfft(bins, OVERSAMPLING * size))


def _polynomial(coefficients: FloatArray, x: Array32) -> Array32:
    total = np.full(len(x), coefficients[0], np.float32)
    for coefficient in coefficients[1:]:
        total *= x
        total += np.float32(coefficient)
    return total


@lru_cache(maxsize=1)
def _kernel() -> tuple[FloatArray, FloatArray]:
    """The kernel's taps as polynomials of the offset -0.5..0.5, shape (TAPS, DEGREE + 1), lowest power first; and one
    over its Fourier transform as a polynomial of the squared frequency in cycles per sample, highest power first."""
    beta, half = 2.30 * TAPS, TAPS / 2

    def kernel(x: FloatArray) -> FloatArray:
        return np.exp(beta * (np.sqrt(np.maximum(1 - (x / half) ** 2, 0)) - 1))

    offset = 0.5 * np.cos(np.pi * (np.arange(40) + 0.5) / 40)
    taps = [np.polynomial.polynomial.polyfit(offset, kernel(offset + half - 0.5 - j), DEGREE) for j in range(TAPS)]
    node, weight = np.polynomial.legendre.leggauss(80)
    squared = np.linspace(0, 0.25, 400)  # of the signal's own frequency, at most half a cycle per sample
    angle = 2 * np.pi * np.sqrt(squared)[:, None] / OVERSAMPLING * (half * node)[None, :]
    transform = half * (np.cos(angle) * kernel(half * node)) @ weight
    return np.array(taps), np.polyfit(squared, 1 / transform, 10)


# ------------------------------------------------------------------------------------------------ what it is for


def order_spectrum(signal: AngleSignal, max_order: float | None = None) -> Spectrum:
    """Amplitudes of a signal in shaft angle, its "frequencies" being orders; up to `max_order` (None: all)."""
    whole = amplitude_spectrum(signal.samples, float(signal.per_turn))
    if max_order is None:
        return whole
    count = int(np.searchsorted(whole.frequency_hz, max_order, side="right"))
    return Spectrum(whole.frequency_hz[:count], whole.values[:count])


def order_map(
    samples: FloatArray, per_turn: float, max_order: float = 20.0, max_times: int = 400, max_orders: int = 300
) -> Spectrogram:
    """The spectrogram up to `max_order` of a signal of shape (n,), `per_turn` samples to a turn of a steady shaft.

    Its times are turns, its frequencies orders.
    """
    size = len(samples)
    short = max(64, round(size * min(per_turn, 2.56 * max_order) / per_turn))
    bins = np.fft.rfft(samples - samples.mean())[: short // 2 + 1]
    thin = np.fft.irfft(bins, short) * (short / size)
    drawn = spectrogram(thin, per_turn * short / size, max_times, max_orders)
    keep = drawn.frequency_hz <= max_order
    return Spectrogram(drawn.time_s, drawn.frequency_hz[keep], drawn.level_db[keep])


def synchronous_average(signal: AngleSignal, turns: int = 1) -> SynchronousAverage:
    """The mean over all whole periods of `turns` turns, and what is left of each.

    What a shaft and its gears do is in the average, what a bearing does in the residual (S. Braun, "The synchronous
    (time domain) average revisited", MSSP 25 (2011) 1087-1102).
    """
    period = turns * signal.per_turn
    count = len(signal.samples) // period if period > 0 else 0
    if count < 2:
        raise ParameterError(f"An average over {turns} turns needs twice as many, got {signal.turns:.3g}.")
    rows = signal.samples[: count * period].reshape(count, period)
    average = rows.mean(axis=0)
    return SynchronousAverage(average, (rows - average).ravel(), count)
