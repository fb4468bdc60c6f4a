"""Shaft speed over time from the signal itself, without a tacho: a ridge through several orders at once.

The signal is looked at in short frames. In each, a candidate speed is scored by the comb of its whole orders, in the
spectrum and in the envelope of several bands, less what stands between its teeth; with a known bearing the lines of its
best standing fault family count as well (as in `speed`). Frames are warped by a few rates of change
before they are transformed, so that a sweep does not smear its own high orders (L. Weruaga & M. Kepesi, "The fan-chirp
transform for non-stationary harmonic signals", Signal Processing 87 (2007) 1504-1522). The path of speed and its rate
of change through all frames that scores highest, and that a machine with inertia can follow, is found by dynamic
programming (A. J. Viterbi, IEEE Trans. Inf. Theory 13 (1967) 260-269); the signal is then resampled by it, and what is
left over is tracked again in longer frames (reviews: J. Leclere, H. Andre & J. Antoni, "A multi-order probabilistic
approach for instantaneous angular speed tracking", MSSP 81 (2016) 375-386; C. Peeters et al., "Review and comparison
of tacholess instantaneous speed estimation methods on experimental vibration data", MSSP 129 (2019) 407-436).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from bearing.physics.kinematics import FaultOrders
from bearing.physics.mains import MAINS_HZ
from bearing.recording import check_rate_hz, check_rpm, check_signal
from bearing.signal.angle import Interpolator, ShaftAngle, interpolate

__all__ = ["SpeedRidge", "track_speed"]

FloatArray = NDArray[np.float64]
Array32 = NDArray[np.float32]

RPM_RANGE = (300.0, 6000.0)
AROUND_RPM = (0.4, 1.8)  # of a stated mean speed
MEAN_OFF = 0.03  # how far the mean of a ridge may lie from the stated one
HARMONICS = 10
FAMILY_HARMONICS = 4
SLIPS = (-0.012, -0.006, 0.0, 0.006)
LEVEL_CAP = 4.0  # nepers over the floor: one huge line must not outweigh a comb
SHARP_CAP = 9.0  # where only the exact place is looked for
TURNS_IN_FRAME = 9.0  # the comb of a frame needs a few bins from tooth to tooth
RATES = (-0.12, -0.08, -0.04, 0.0, 0.04, 0.08, 0.12)  # of change, of the speed per frame
GRID = 0.004  # relative distance of two candidates
MAINS_WIDTH_HZ = 0.3
MAINS_FROM_S = 2.0
STRAY = 0.15  # cost of leaving what the rate of change says, per candidate
TURN = 0.25  # cost of another rate of change
STRAYS = 2
LEAST_FRAMES, MOST_FRAMES = 4, 1200
FEW_ORDERS = 4.5
FEWEST_WAVES = 8.0  # of the highest frequency looked at, in the whole signal
SMOOTH = 1.0
HOP = 0.5  # of a frame
TOGETHER = 2**17  # samples of frames that are looked at at once
PADDING = 2  # times the frame in its transform
WIDEST = 2.3  # a range of speeds that one length of frame serves
PHASE_REACH = 0.02  # how far off a speed may still be where lines' phases are read
CLEAR_LINE = 8.0  # power of a line over the noise around it, from where its phase is read
TURNS_PER_POINT = 2.0  # of the phase
PHASE_SMOOTH = 3.0
FINE_HZ = 20.0  # points of a ridge per second
PASSES = ((20.0, 0.045, 0.0015, 0.027), (45.0, 0.015, 0.0005, 0.018))  # turns in a frame, reach, grid, rate


@dataclass(frozen=True)
class _SlowViews:
    """A signal and its envelopes at low rates: what lines of a shaft and a bearing need, and no more.

    `plain` has shape (m,), at `plain_hz` samples per second, `envelopes` (bands, k) at `envelope_hz`.
    """

    plain: FloatArray
    plain_hz: float
    envelopes: FloatArray
    envelope_hz: float
    seconds: float


@dataclass(frozen=True)
class SpeedRidge:
    """Speed over time read from a signal: `time_s` and `rpm` of shape (k,).

    `height` is the mean score of the ridge, in nepers.
    """

    time_s: FloatArray
    rpm: FloatArray
    height: float

    @property
    def mean_rpm(self) -> float:
        return float(self.rpm.mean())

    def angle(self, rate_hz: float, samples: int) -> ShaftAngle:
        """The angle of the shaft for a signal of so many samples; before and after the ridge its speed is held."""
        at = np.concatenate([[0.0], self.time_s * rate_hz, [samples - 1.0]])
        rpm = np.concatenate([self.rpm[:1], self.rpm, self.rpm[-1:]])
        fine = np.linspace(0, samples - 1.0, max(16, 8 * len(at)))
        speed = np.interp(fine, at, rpm)
        steps = np.diff(fine) * (speed[1:] + speed[:-1]) * (0.5 / 60 / rate_hz)
        return ShaftAngle(fine, np.concatenate([[0.0], np.cumsum(steps)]))


# ------------------------------------------------------------------------------------------------------ the views


def _slow_views(
    signal: object, rate_hz: float, plain_to_hz: float, envelope_to_hz: float, parts: tuple[int, ...] = (1, 2, 4)
) -> _SlowViews:
    """The views of a signal of shape (n,) up to two frequencies; the envelope's range is halved, quartered by `parts`.

    Each band comes from one transform of the whole signal.
    """
    samples = check_signal(signal, 256)
    rate_hz = check_rate_hz(rate_hz)
    n = len(samples)
    size = scipy.fft.next_fast_len(n, real=True)
    seconds = size / rate_hz
    unit = (samples - samples.mean()) / (float(max(samples.max(), -samples.min())) or 1.0)
    bins = scipy.fft.rfft(unit.astype(np.float32), size)
    top = min(round(plain_to_hz * seconds), int(0.95 * len(bins)))
    plain = scipy.fft.irfft(_without_mains(bins[:top], seconds), 2 * top)
    low, high = int(0.02 * len(bins)), int(0.98 * len(bins))
    reach = min(round(envelope_to_hz * seconds), (high - low) // (2 * max(parts, default=1)))
    rows = []
    for count in parts:
        for first, last in pairwise(np.linspace(low, high, count + 1).astype(int)):
            rows.append(_slow_envelope(bins[first:last], reach))
    envelopes = np.array(rows).reshape(len(rows), 2 * reach)
    keep = n / size
    return _SlowViews(
        plain[: int(len(plain) * keep)].astype(np.float64),
        2 * top / seconds,
        envelopes[:, : int(envelopes.shape[1] * keep)],
        2 * reach / seconds,
        n / rate_hz,
    )


def _without_mains(bins: NDArray[np.complex64], seconds: float) -> NDArray[np.complex64]:
    """The bins without multiples of the mains, which move with no shaft; too short a signal does not tell them."""
    if seconds < MAINS_FROM_S:
        return bins
    kept = bins.copy()
    for mains_hz in MAINS_HZ:
        for multiple_hz in np.arange(mains_hz, len(bins) / seconds, mains_hz):
            kept[int((multiple_hz - MAINS_WIDTH_HZ) * seconds) : int((multiple_hz + MAINS_WIDTH_HZ) * seconds) + 1] = 0
    return kept


def _slow_envelope(bins: NDArray[np.complex64], reach: int) -> FloatArray:
    """Squared envelope of a band up to `reach` bins, at 2 * reach samples, its slow rise and fall divided out."""
    size = scipy.fft.next_fast_len(len(bins) + reach)
    analytic = scipy.fft.ifft(bins, size)
    power = analytic.real**2 + analytic.imag**2
    slow = np.asarray(scipy.fft.irfft(scipy.fft.rfft(power)[:reach], 2 * reach), dtype=np.float64)
    return slow / (abs(slow.mean()) + 1e-30)


def _warped(views: _SlowViews, angle: ShaftAngle, with_envelopes: bool = True) -> _SlowViews:
    """The views of a machine at its mean speed; `angle` in seconds and in seconds at that speed."""
    seconds = angle.total_turns

    def still(row: FloatArray, rate_hz: float) -> FloatArray:
        at = angle.positions_at(np.arange(int(seconds * rate_hz)) / rate_hz) * rate_hz
        return interpolate(row, np.clip(at, 0, len(row) - 1))

    envelopes = np.array([still(row, views.envelope_hz) for row in views.envelopes[: None if with_envelopes else 0]])
    return _SlowViews(still(views.plain, views.plain_hz), views.plain_hz, envelopes, views.envelope_hz, seconds)


# ----------------------------------------------------------------------------------------------------- the scores


@dataclass(frozen=True)
class _Frames:
    """Levels over the floor of every frame and rate of change: shape (frames * rates, bins)."""

    plain: Array32
    plain_step: float
    envelope: Array32
    envelope_step: float
    centre_s: FloatArray


def _frames(views: _SlowViews, frame_s: float, centre_s: FloatArray, rates: tuple[float, ...], cap: float) -> _Frames:
    """Frames around moments in seconds; those that would reach beyond the ends are moved inwards."""
    half = min(frame_s, views.seconds) / 2
    inner = np.clip(centre_s, half, views.seconds - half)
    plain, plain_step = _levels(views.plain[None], views.plain_hz, inner, frame_s, rates, cap)
    envelope, envelope_step = np.zeros((1, 1), np.float32), 1.0
    if len(views.envelopes):
        envelope, envelope_step = _levels(views.envelopes, views.envelope_hz, inner, frame_s, rates, cap)
    return _Frames(plain, plain_step, envelope, envelope_step, centre_s)


def _levels(
    rows: FloatArray, rate_hz: float, centre_s: FloatArray, frame_s: float, rates: tuple[float, ...], cap: float
) -> tuple[Array32, float]:
    """ln(power / floor) - 1 of warped frames, 0..`cap`, shape (frames * rates, bins), and the bin step in Hz.

    `rows` have shape (k, n); what comes back is their mean.
    """
    length = max(16, int(frame_s * rate_hz))
    u = (np.arange(length) - (length - 1) / 2) / rate_hz
    warped = np.array([u if rate == 0 else (np.sqrt(np.maximum(1 + 2 * rate * u, 1e-3)) - 1) / rate for rate in rates])
    window = np.hanning(length).astype(np.float32)
    size = scipy.fft.next_fast_len(PADDING * length, real=True)
    step = rate_hz / size
    signals, mean = Interpolator(list(rows)), np.empty((len(centre_s), len(rates), size // 2 + 1), np.float32)
    at_once = max(1, TOGETHER // (len(rates) * length))
    for some in (slice(begin, begin + at_once) for begin in range(0, len(centre_s), at_once)):
        at = (centre_s[some, None, None] + warped) * rate_hz
        frames = signals.at(np.clip(at.reshape(-1), 0, rows.shape[1] - 1)).astype(np.float32)
        frames = frames.reshape(len(rows), -1, len(rates), length)
        frames -= frames.mean(axis=3, keepdims=True)
        frames *= window
        lines = scipy.fft.rfft(frames, size, axis=3)
        power = np.maximum(lines.real**2 + lines.imag**2, np.float32(1e-30))
        floor = _floor(power[:, :, len(rates) // 2].reshape(-1, size // 2 + 1), max(24, round(60.0 / step)))
        level = np.log(power)
        level -= floor.reshape(len(rows), frames.shape[1], 1, -1) + np.float32(1)
        mean[some] = np.clip(level, 0.0, cap, out=level).mean(axis=0)
    return mean.reshape(len(centre_s) * len(rates), -1), step


def _floor(power: Array32, width: int) -> Array32:
    """ln of the local mean power of noise per row: medians of half-overlapping blocks over ln 2, joined by lines."""
    bins = power.shape[1]
    width = min(width, bins)
    hop = max(1, width // 2)
    blocks = np.sort(np.lib.stride_tricks.sliding_window_view(power, width, axis=1)[:, ::hop], axis=2)
    middle = (blocks[:, :, (width - 1) // 2] + blocks[:, :, width // 2]) / np.float32(2 * np.log(2))
    if middle.shape[1] == 1:
        return np.asarray(np.log(middle))
    place = np.clip((np.arange(bins) - (width - 1) / 2) / hop, 0, middle.shape[1] - 1.001)
    left = place.astype(np.int64)
    share = (place - left).astype(np.float32)
    joined = middle.take(left, axis=1) * (1 - share) + middle.take(left + 1, axis=1) * share
    return np.asarray(np.log(np.maximum(joined, np.float32(1e-30))))


def _scores(frames: _Frames, speeds_hz: FloatArray, rates: int, orders: FaultOrders | None) -> FloatArray:
    """How well each speed (Hz) explains each frame: shape (frames, rates, speeds)."""
    score = _comb(frames.plain, frames.plain_step, speeds_hz)
    if frames.envelope.shape[1] > 1:
        score = score + 0.3 * _comb(frames.envelope, frames.envelope_step, speeds_hz)
        if orders is not None:
            score = score + _families(frames, speeds_hz, orders)
    return score.reshape(len(frames.centre_s), rates, len(speeds_hz)).astype(np.float64)


def _comb(level: Array32, step: float, speeds_hz: FloatArray) -> Array32:
    """Mean level on the first whole orders less that half-way or at thirds between them, the higher one."""
    number = np.arange(1, HARMONICS + 1, dtype=np.float64)
    teeth, share = _mean_at(level, step, speeds_hz, number)
    half, _ = _mean_at(level, step, speeds_hz, number - 1 / 2)
    third, _ = _mean_at(level, step, speeds_hz, np.concatenate([number - 1 / 3, number - 2 / 3]))
    return teeth * np.minimum(1.3 * share, 1.0).astype(np.float32) - np.maximum(half, third)


def _mean_at(level: Array32, step: float, speeds_hz: FloatArray, multiples: FloatArray) -> tuple[Array32, FloatArray]:
    """Weighted mean (1 / sqrt(multiple)) of the level at multiples of each speed, and the share within the spectrum."""
    total: Array32 = np.zeros((len(level), len(speeds_hz)), np.float32)
    weights: FloatArray = np.zeros(len(speeds_hz))
    for multiple in multiples:
        index = np.rint(multiple * speeds_hz / step).astype(np.int64)
        inside = index < level.shape[1]
        weight = np.where(inside, 1 / np.sqrt(np.ceil(multiple)), 0.0)
        total += level.take(index, axis=1, mode="clip") * weight.astype(np.float32)
        weights += weight
    mean = np.asarray(total / np.maximum(weights, 1e-9), dtype=np.float32)
    return mean, weights / float((1 / np.sqrt(np.ceil(multiples))).sum())


def _families(frames: _Frames, speeds_hz: FloatArray, orders: FaultOrders) -> Array32:
    """Mean height of the best family's lines in the envelope, whatever of a few slips suits it over all frames best."""
    number = np.arange(1, FAMILY_HARMONICS + 1, dtype=np.float64)
    usual = frames.envelope.mean(axis=1, keepdims=True)
    best = np.zeros((len(frames.envelope), len(speeds_hz)), np.float32)
    for order in orders.families.values():
        for slip in SLIPS:
            lines, share = _mean_at(frames.envelope, frames.envelope_step, speeds_hz * order * (1 + slip), number)
            best = np.maximum(best, (lines - usual) * share.astype(np.float32))
    return best


# ------------------------------------------------------------------------------------------------------- the path


def _path(score: FloatArray, shift: FloatArray) -> tuple[NDArray[np.int64], float]:
    """The candidates (frames,) of the path that scores highest, and its mean score.

    `score` has shape (frames, rates, speeds), `shift` (rates,) the candidates a rate of change crosses in a frame.
    """
    frames, rates, speeds = score.shape
    value = score[0]
    came = np.zeros((frames, rates, speeds), np.int32)
    pad = int(np.ceil(np.abs(shift).max())) + STRAYS
    for k in range(1, frames):
        near, origin = _with_strays(value)
        near = np.pad(near, ((0, 0), (pad, pad)), constant_values=-np.inf)
        origin = np.pad(origin, ((0, 0), (pad, pad)))
        best = np.full((rates, speeds), -np.inf)
        for now in range(rates):
            for before in range(max(0, now - 1), min(rates, now + 2)):
                first = pad - round(0.5 * (shift[now] + shift[before]))
                reached = near[before, first : first + speeds] - TURN * abs(now - before)
                better = reached > best[now]
                best[now][better] = reached[better]
                came[k, now][better] = origin[before, first : first + speeds][better]
        value = best + score[k]
    state = int(np.argmax(value))
    total = float(value.reshape(-1)[state])
    path = np.empty(frames, np.int64)
    for k in range(frames - 1, -1, -1):
        path[k] = state % speeds
        state = int(came[k].reshape(-1)[state])
    return path, total / frames


def _with_strays(value: FloatArray) -> tuple[FloatArray, NDArray[np.int32]]:
    """The best value within a few candidates of each less the cost of getting there, and the state it came from."""
    rates, speeds = value.shape
    origin = np.arange(rates * speeds, dtype=np.int32).reshape(rates, speeds)
    best, came = value.copy(), origin.copy()
    for stray in range(1, STRAYS + 1):
        for to, of in ((slice(stray, None), slice(None, -stray)), (slice(None, -stray), slice(stray, None))):
            reached = value[:, of] - STRAY * stray
            better = reached > best[:, to]
            best[:, to][better] = reached[better]
            came[:, to][better] = origin[:, of][better]
    return best, came


# ------------------------------------------------------------------------------------------------------ the ridge


def track_speed(
    signal: object,
    rate_hz: float,
    rpm: float | None = None,
    orders: FaultOrders | None = None,
    rpm_range: tuple[float, float] | None = None,
) -> SpeedRidge | None:
    """The speed over time that a signal of shape (n,) speaks for; None when it is too short.

    `rpm`, the mean speed, narrows the search; `orders` of the bearing let its fault lines speak for the speed too.
    The ridge may be that of half or twice the shaft's speed: its shape is still the shaft's, and a signal resampled by
    it stands still. Raises SignalError and ParameterError.
    """
    if rpm is not None:
        check_rpm(rpm)
    low, high = rpm_range or (RPM_RANGE if rpm is None else (AROUND_RPM[0] * rpm, AROUND_RPM[1] * rpm))
    plain_hz, envelope_hz = _reach(10.5, high / 60, 1500.0), _reach(22.0, high / 60, 800.0)
    if min(plain_hz, envelope_hz) * np.asarray(signal).size < FEWEST_WAVES * check_rate_hz(rate_hz):
        return None
    views = _slow_views(signal, rate_hz, plain_hz, envelope_hz)
    found = _search(views, low / 60, high / 60, orders)
    return None if found is None else _sharpened(views, found, orders)


def _reach(orders: float, highest_hz: float, usual_hz: float) -> float:
    """So many orders of the highest speed; of fast shafts as far as usual, but a few orders in any case."""
    return min(orders * highest_hz, max(usual_hz, FEW_ORDERS * highest_hz))


def _search(views: _SlowViews, low_hz: float, high_hz: float, orders: FaultOrders | None) -> SpeedRidge | None:
    """The best ridge through a wide range of speeds, slow ones looked at in longer frames."""
    pieces = max(1, round(np.log(high_hz / low_hz) / np.log(WIDEST)))
    edges = np.geomspace(low_hz, high_hz, pieces + 1)
    middle = np.sqrt(edges[:-1] * edges[1:])
    longest = TURNS_IN_FRAME / middle[0]
    if views.seconds < LEAST_FRAMES / 2 * longest:
        return None
    usual = TURNS_IN_FRAME / float(np.sqrt(low_hz * high_hz))
    count = int(np.clip(views.seconds / (usual * HOP), LEAST_FRAMES, MOST_FRAMES))
    rates = tuple(rate / usual for rate in RATES)
    centre_s = (np.arange(count) + 0.5) * views.seconds / count
    speeds = np.exp(np.arange(np.log(low_hz), np.log(high_hz), GRID))
    scores = []
    for piece, (low, high) in enumerate(pairwise(edges)):
        frames = _frames(views, TURNS_IN_FRAME / float(middle[piece]), centre_s, rates, LEVEL_CAP)
        some = speeds[(speeds >= low * (1 - 1e-9)) & (speeds < high * (1 - 1e-9))]
        scores.append(_scores(frames, some, len(rates), orders))
    return _ridge(np.concatenate(scores, axis=2), speeds, centre_s, rates)


def _ridge(score: FloatArray, speeds_hz: FloatArray, centre_s: FloatArray, rates: tuple[float, ...]) -> SpeedRidge:
    hop_s = float(centre_s[1] - centre_s[0])
    grid = float(np.log(speeds_hz[1] / speeds_hz[0]))
    path, height = _path(score, np.array(rates) * hop_s / grid)
    logs = _whittaker(np.log(speeds_hz[path]), SMOOTH)
    return SpeedRidge(centre_s, np.exp(logs) * 60, height)


def _sharpened(views: _SlowViews, ridge: SpeedRidge, orders: FaultOrders | None) -> SpeedRidge:
    """The ridge on an even grid of time over the whole signal, what it left over tracked twice in longer frames."""
    time_s = np.linspace(0, views.seconds, max(8, int(views.seconds * FINE_HZ)) + 1)
    speed = np.exp(_extended(ridge.time_s, np.log(ridge.rpm / 60), time_s))
    height = ridge.height
    for turns, reach, grid, rate in PASSES:
        angle, mean = _angle_of(time_s, speed)
        still = _warped(views, angle)
        speeds = mean * np.exp(np.arange(-reach, reach + grid / 2, grid))
        frame_s = turns / mean
        rates = (-rate / frame_s, 0.0, rate / frame_s)
        count = min(int(views.seconds / (frame_s * HOP)), MOST_FRAMES)
        if count < LEAST_FRAMES:
            break
        centre_s = (np.arange(count) + 0.5) * views.seconds / count
        frames = _frames(still, frame_s, centre_s, rates, SHARP_CAP)
        left = _ridge(_scores(frames, speeds, 3, orders), speeds, centre_s, rates)
        logs = np.interp(angle.turns, left.time_s, np.log(left.rpm / 60 / mean))
        speed = speed * np.exp(logs)
        height = left.height
    for _ in range(2):
        angle, mean = _angle_of(time_s, speed)
        speed = speed * (1 + np.interp(angle.turns, *_by_phase(_warped(views, angle, False), mean)))
    return SpeedRidge(time_s, speed * 60, height)


def _angle_of(time_s: FloatArray, speed_hz: FloatArray) -> tuple[ShaftAngle, float]:
    """The angle in seconds of a shaft at the mean speed, over time in seconds; and that mean in Hz."""
    turned = np.concatenate([[0.0], np.cumsum(np.diff(time_s) * (speed_hz[1:] + speed_hz[:-1]) / 2)])
    mean = float(turned[-1] / time_s[-1])
    return ShaftAngle(time_s, turned / mean), mean


def _by_phase(still: _SlowViews, mean_hz: float) -> tuple[FloatArray, FloatArray]:
    """Where the speed is still off (relative), by the phase of those whole orders that stand clear; moments, values.

    Zero where none does. The phase of a line tells its frequency far finer than its place in a spectrum (review:
    Peeters et al. 2019, section 2.2).
    """
    row = still.plain - still.plain.mean()
    size = len(row)
    bins = scipy.fft.rfft(row * _tapered(size))
    power = np.abs(bins) ** 2
    step = still.plain_hz / size
    points = max(8, int(still.seconds * mean_hz / TURNS_PER_POINT))
    moment = (np.arange(points) + 0.5) * still.seconds / points
    total, weights = np.zeros(points), 1e-12
    for order in range(1, HARMONICS + 1):
        first, last = (round(order * mean_hz * (1 + side) / step) for side in (-PHASE_REACH, PHASE_REACH))
        margin = last - first
        if first - margin < 1 or last + margin > len(bins) or margin < 4:
            continue
        outside = np.concatenate([power[first - margin : first], power[last : last + margin]])
        noise = float(np.median(outside)) / np.log(2) * margin
        over = float(power[first:last].sum()) / (noise + 1e-30)
        if over < CLEAR_LINE:
            continue
        line = np.zeros(len(bins), np.complex128)
        line[first:last] = bins[first:last]
        analytic = np.zeros(size, np.complex128)
        analytic[: len(bins)] = line
        turned = np.unwrap(np.angle(scipy.fft.ifft(analytic)))
        edge = np.interp(np.arange(points + 1) * still.seconds / points, np.arange(size) / still.plain_hz, turned)
        off = np.diff(edge) / (still.seconds / points) / (2 * np.pi * order * mean_hz) - 1
        weight = order**2 * over
        total += weight * _whittaker(off, PHASE_SMOOTH)
        weights += weight
    return moment, np.clip(total / weights, -PHASE_REACH, PHASE_REACH)


def _tapered(size: int) -> FloatArray:
    """Ones that run in and out over a fiftieth of the length."""
    ramp = max(1, size // 50)
    window = np.ones(size)
    window[:ramp] = np.sin(0.5 * np.pi * (np.arange(ramp) + 0.5) / ramp)
    window[-ramp:] = window[:ramp][::-1]
    return window


def _extended(x: FloatArray, y: FloatArray, at: FloatArray) -> FloatArray:
    """y between its points, and beyond them straight on as at its ends (but never by more than a tenth)."""
    out = np.interp(at, x, y)
    few = min(4, len(x) - 1)
    for end, inner, beyond in ((0, few, at < x[0]), (-1, -1 - few, at > x[-1])):
        slope = (y[inner] - y[end]) / (x[inner] - x[end])
        out[beyond] += np.clip(slope * (at[beyond] - x[end]), -0.1, 0.1)
    return out


def _whittaker(values: FloatArray, weight: float) -> FloatArray:
    """Values smoothed against their second differences (E. T. Whittaker, Proc. Edinburgh Math. Soc. 41 (1923) 63)."""
    n = len(values)
    if n < 3:
        return values
    from scipy.linalg import solveh_banded  # late: 0.1 s of import

    bands = np.zeros((3, n))
    for offset, parts in enumerate(((1, 4, 1), (-2, -2), (1,))):
        for i, part in enumerate(parts):
            first = i if offset == 0 else i + offset if offset == 1 else 2
            bands[2 - offset, first : first + n - 2] += weight * part
    bands[2] += 1
    return np.asarray(solveh_banded(bands, values))
