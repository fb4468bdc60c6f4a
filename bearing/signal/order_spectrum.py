"""One recording -> its squared-envelope spectra in many bands, on one axis of shaft orders; and the exact shaft speed.

Every band, of the signal as it is and prewhitened, comes from ONE Fourier transform of the recording: its slice of the
spectrum is transformed back at the band's own rate (twice its width, so that squaring does not alias), squared in
magnitude, and transformed again.
The power of each line is kept in two measures that do not depend on sensor, gain or machine:

* level: natural logarithm of the line's power over the local floor (running median), that is "does it stand out";
* depth: natural logarithm of the line's amplitude relative to the mean squared envelope, that is "how deep is the
  modulation". A healthy bearing on a long recording shows sharp but shallow lines, a damaged one deep ones.

The same is kept for the logarithm of the envelope (`OrderSpectrum.log`): a few loud blows drown every rhythm in the
squared envelope, but hardly weigh in its logarithm. How bursty each band is, is kept too: a ball that rolls over its
defect at random leaves blows and no lines.

Sources: R. B. Randall & J. Antoni, "Rolling element bearing diagnostics - a tutorial", MSSP 25 (2011) 485-520;
P. Borghesani & J. Antoni, "CS2 analysis in presence of non-Gaussian background noise", MSSP 90 (2017) 378-398;
P. Borghesani et al., "Application of cepstrum pre-whitening for the diagnosis of bearing faults under variable speed
conditions", MSSP 36 (2013) 370-384.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from bearing.signal.dsp import fast_length_down, fast_length_up, hann, level_and_floor, middle_and_high, to_unit

__all__ = [
    "BAND_ENDS",
    "Envelopes",
    "OrderSpectrum",
    "ShaftSpeed",
    "TwoViews",
    "averaged",
    "band_tree",
    "envelope_order_spectrum",
    "packed",
    "refine_shaft_hz",
    "two_views",
    "unpacked",
]

Array32 = NDArray[np.float32]
Array = NDArray[np.float64]
Band = tuple[float, float]

TREE_PARTS = (1, 2, 3, 4, 6, 8)
WIDE_BANDS = 10  # whole range to quarters: what the shaft is heard in
LOW_TREE_PARTS = (1, 2, 4)
LOW_TREE_TOP_HZ = 6000.0
FAST_RATE_HZ = 20_000.0  # above it the tree of the whole range is too coarse for resonances of a few kHz
MAX_REVOLUTIONS = 400.0  # of one transform: slip and speed drift smear longer ones
MAX_BINS = 16_000
MAX_SEGMENTS = 6
TOGETHER = 2**19  # samples of bands that are transformed at once
NOTCH_PEAK = 0.75  # over the revolutions: how far from the whole number a shaft harmonic may peak
NOTCH_DRIFT = 0.0008  # share of the order that an imperfect speed may move it
NOTCH_SKIRT = 2.5  # over the revolutions: how far its skirts reach (Hann)
NOTCH_RISE = 0.35  # nepers upwards that end a skirt: another line begins
NOTCH_FROM_REVOLUTIONS = 40.0  # below, a shaft harmonic cannot be told from a fault line beside it
BAND_ENDS = 0.95  # of a band's width: beyond, its envelope holds next to nothing
EMPTY_FLOOR = float(np.log(1e-4))
LOG_FLOOR = 1e-3  # share of the mean envelope below which silence is silence: keeps the logarithm finite
NOISE_LOG_VARIANCE = np.pi**2 / 6  # of the logarithm of the squared envelope of Gaussian noise


@dataclass(frozen=True)
class OrderSpectrum:
    """Squared-envelope spectra of one recording; bin i lies at order ``i * step``.

    Attributes
    ----------
    bands : tuple of (low_hz, high_hz), one per row.
    level : float32, shape (bands, bins). ln(power / local floor), shaft harmonics notched if resolved.
    floor : float32, shape (bands, bins). ln(power of the floor), power = squared amplitude relative to the mean.
    step : float. Orders per bin.
    revolutions : float. Shaft revolutions in one transform: the resolution is 2 / revolutions orders (Hann).
    total_revolutions : float. In the whole recording.
    shaft_hz : float. The speed the axis was made with.
    log : the same of the logarithm of the envelope, None where it was not asked for.
    bursts : float32, shape (bands, 2). ln of the spectral kurtosis + 1 and of the variance of the log envelope, both
    relative to Gaussian noise, which has 0.
    """

    bands: tuple[Band, ...]
    level: Array32
    floor: Array32
    step: float
    revolutions: float
    total_revolutions: float
    shaft_hz: float
    log: OrderSpectrum | None = None
    bursts: Array32 | None = None

    def highest(self, low: Array, high: Array) -> Array32:
        """Highest level between two orders, for any shape of `low` and `high`: shape (bands, *low.shape).

        At least the nearest bin is looked at; outside the spectrum the answer is 0, the floor.
        """
        bins = self.level.shape[1]
        first = np.rint(low.ravel() / self.step).astype(np.int64)
        last = np.maximum(np.rint(high.ravel() / self.step).astype(np.int64), first)
        outside = (first < 0) | (first >= bins)
        first, last = np.clip(first, 0, bins - 1), np.clip(last, 0, bins - 1)
        start = int(first.min(initial=bins))
        exponent = np.log2(last - first + 1).astype(np.int64)
        # all bands of a bin side by side: they are asked for together, and memory is read in lines
        maxima = np.ascontiguousarray(self.level[:, start : int(last.max(initial=0)) + 1].T)
        out = np.empty((len(first), len(self.level)), np.float32)
        for k in range(int(exponent.max(initial=0)) + 1):  # maxima[i] is that of 2**k bins from i on
            if k:
                half = 1 << (k - 1)
                maxima = np.maximum(maxima[:-half], maxima[half:])
            at = np.flatnonzero(exponent == k)
            left, right = first[at] - start, last[at] - start + 1 - (1 << k)
            out[at] = np.maximum(maxima.take(left, axis=0), maxima.take(right, axis=0))
        out[outside] = 0
        return np.moveaxis(out.reshape((*low.shape, -1)), -1, 0)

    def floor_at(self, orders: Array) -> Array32:
        """Floor (ln power) nearest to each order: shape (bands, *orders.shape)."""
        return self.floor[:, np.clip(np.rint(orders / self.step).astype(np.int64), 0, self.floor.shape[1] - 1)]


@dataclass(frozen=True)
class TwoViews:
    """One recording as it is (`raw`) and prewhitened (`white`), on the same axis of orders."""

    raw: OrderSpectrum
    white: OrderSpectrum


@dataclass(frozen=True)
class ShaftSpeed:
    """Shaft speed read from the signal near a stated one. `confidence` 0..1; below 0.5 the stated speed was kept."""

    shaft_hz: float
    confidence: float


def band_tree(sampling_rate_hz: float) -> tuple[Band, ...]:
    """Whole range, halves, thirds, quarters, sixths, eighths; for fast recordings also a tree below 6 kHz, in Hz."""
    nyquist = sampling_rate_hz / 2
    bands = _parts(0.033 * nyquist, 0.985 * nyquist, TREE_PARTS)
    if sampling_rate_hz > FAST_RATE_HZ:
        top = min(LOW_TREE_TOP_HZ, nyquist / 2)
        bands += _parts(0.033 * top, top, LOW_TREE_PARTS)
    return tuple(bands)


def _parts(low: float, high: float, parts: tuple[int, ...]) -> list[Band]:
    return [
        (low + i * (high - low) / count, low + (i + 1) * (high - low) / count) for count in parts for i in range(count)
    ]


class Envelopes:
    """The envelope spectra of one signal, before anybody says how fast its shaft turns.

    Their transforms are most of the work and the same for every speed, as long as the signal is transformed in one
    piece: then they are made once, in all bands and views, and kept for whoever asks next.
    """

    def __init__(
        self,
        signal: Array,
        sampling_rate_hz: float,
        bands: tuple[Band, ...] | None = None,
        views: tuple[bool, ...] = (False, True),
        with_log: bool = True,
    ) -> None:
        """`signal` is finite, shape (n,); `views` : which are made, prewhitened or not; `with_log` : their log, too."""
        self.rate_hz, self.bands = sampling_rate_hz, bands or band_tree(sampling_rate_hz)
        self.views, self.with_log = views, with_log
        self._unit, _ = to_unit(signal)
        self._kept: dict[int, list[_BandSums]] = {}

    def spectra(
        self,
        shaft_hz: float,
        max_order: float,
        views: tuple[bool, ...] | None = None,
        bands: tuple[Band, ...] | None = None,
        notch_shaft: bool = True,
        max_segments: int = MAX_SEGMENTS,
        with_log: bool = True,
    ) -> list[OrderSpectrum]:
        """On the axis of a shaft, up to `max_order`, each of the `views`; `bands` are the first few of them all."""
        views, bands = views or self.views, bands or self.bands
        total = len(self._unit) / self.rate_hz * shaft_hz
        segments = max(1, int(np.ceil(total / min(MAX_REVOLUTIONS, MAX_BINS / max_order))))
        size = fast_length_down(len(self._unit) // segments)
        revolutions = size / self.rate_hz * shaft_hz
        padding = 1 if revolutions > 60 else 2 if revolutions > 25 else 4
        step = 1 / (revolutions * padding)
        bins = int(max_order / step) + 2
        chosen = np.unique(np.linspace(0, segments - 1, min(segments, max_segments)).round().astype(int)).tolist()
        if segments == 1:
            sums = self._of_one_piece(size, padding, bins)
            sums = [sums[self.views.index(white)].first(len(bands), bins) for white in views]
        else:
            sums = self._summed(size, chosen, padding, bins, views, bands, with_log)
        share = np.float32(1 / len(chosen))

        def finished(of: _BandSums, power: Array32, log: OrderSpectrum | None, bursts: Array32 | None) -> OrderSpectrum:
            level, floor = _level_and_floor(power if share == 1 else power * share, of.valid, revolutions, step)
            if notch_shaft and revolutions >= NOTCH_FROM_REVOLUTIONS:
                _notch_shaft(level, step, revolutions)
            return OrderSpectrum(bands, level, floor, step, revolutions, total, shaft_hz, log, bursts)

        noise = np.array([2.0, NOISE_LOG_VARIANCE])
        made = []
        for of in sums:
            if not with_log:
                made.append(finished(of, of.power, None, None))
                continue
            bursts = np.log(np.maximum(of.moments * share, 1e-6) / noise).astype(np.float32)
            made.append(finished(of, of.power, finished(of, of.log_power, None, None), bursts))
        return made

    def _of_one_piece(self, size: int, padding: int, bins: int) -> list[_BandSums]:
        kept = self._kept.get(padding)
        if kept is None or kept[0].power.shape[1] < bins:
            bins = max(bins, MAX_BINS + 2)
            kept = self._summed(size, [0], padding, bins, self.views, self.bands, self.with_log)
            self._kept[padding] = kept
        return kept

    def _summed(
        self,
        size: int,
        segments: list[int],
        padding: int,
        bins: int,
        views: tuple[bool, ...],
        bands: tuple[Band, ...],
        with_log: bool,
    ) -> list[_BandSums]:
        """Sums over some segments of `size` samples, one of each view."""
        sums = [_BandSums.empty(len(bands), bins, with_log) for _ in views]
        for i in segments:
            spectrum = scipy.fft.rfft(self._unit[i * size : (i + 1) * size])
            seen = [_prewhitened(spectrum) if white else spectrum for white in views]
            _add_segment(sums, seen, size, self.rate_hz, bands, padding)
        return sums


def envelope_order_spectrum(
    signal: Array,
    sampling_rate_hz: float,
    shaft_hz: float,
    max_order: float,
    bands: tuple[Band, ...] | None = None,
    notch_shaft: bool = True,
    with_log: bool = True,
    prewhiten: bool = False,
    envelopes: Envelopes | None = None,
) -> OrderSpectrum:
    """Squared-envelope spectra of a finite signal of shape (n,), up to `max_order`; long ones in averaged segments.

    `prewhiten` : cepstrum prewhitening (Borghesani et al. 2013): every bin gets the same amplitude, so that no tone and
    no resonance owns a band. `envelopes` : those of the signal, where they are at hand.
    """
    envelopes = envelopes or Envelopes(signal, sampling_rate_hz, bands, (prewhiten,), with_log)
    return envelopes.spectra(shaft_hz, max_order, (prewhiten,), notch_shaft=notch_shaft, with_log=with_log)[0]


def two_views(
    signal: Array, sampling_rate_hz: float, shaft_hz: float, max_order: float, envelopes: Envelopes | None = None
) -> TwoViews:
    """The signal as it is and prewhitened, from one transform of it; both with their log envelopes."""
    return TwoViews(*(envelopes or Envelopes(signal, sampling_rate_hz)).spectra(shaft_hz, max_order, (False, True)))


def _prewhitened(spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Every bin at the same amplitude, the phases as they were; silence stays silence."""
    amplitude = np.abs(spectrum)
    return np.asarray(spectrum / np.maximum(amplitude, np.float32(1e-12)), dtype=np.complex64)


@dataclass(frozen=True)
class _BandSums:
    """Sums over segments: powers (bands, bins) of envelope and log envelope, and moments (bands, 2) of both.

    `valid` : shape (bands,), how many bins of each band hold any power.
    """

    power: Array32
    log_power: Array32
    moments: Array
    valid: NDArray[np.int64]
    with_log: bool

    @classmethod
    def empty(cls, bands: int, bins: int, with_log: bool) -> _BandSums:
        power, log_power = (np.zeros((bands, bins if made else 0), np.float32) for made in (True, with_log))
        return cls(power, log_power, np.zeros((bands, 2)), np.zeros(bands, np.int64), with_log)

    def first(self, bands: int, bins: int) -> _BandSums:
        """Those of the first bands, up to some bin."""
        valid = np.minimum(self.valid[:bands], bins)
        power, log_power = self.power[:bands, :bins], self.log_power[:bands, :bins]
        return _BandSums(power, log_power, self.moments[:bands], valid, self.with_log)


def _add_segment(
    sums: list[_BandSums],
    spectra: list[NDArray[np.complex64]],
    size: int,
    rate_hz: float,
    bands: tuple[Band, ...],
    padding: int,
) -> None:
    """Add the power (squared modulation depth) per view, band and bin of one segment of `size` samples.

    Bands that are transformed at one length go together: that is a third of the time of one after the other.
    """
    alike: dict[int, list[tuple[_BandSums, int, NDArray[np.complex64]]]] = {}
    for row, (low_hz, high_hz) in enumerate(bands):
        first, last = int(low_hz * size / rate_hz), int(high_hz * size / rate_hz)
        if last - first < 2:  # so short a signal resolves no such band
            continue
        length = fast_length_up(2 * (last - first))
        alike.setdefault(length, []).extend(
            (of, row, spectrum[first:last]) for of, spectrum in zip(sums, spectra, strict=True)
        )
    for length, members in alike.items():
        at_once = max(4, TOGETHER // length)
        for start in range(0, len(members), at_once):
            _add_bands(members[start : start + at_once], length, padding)


def _add_bands(members: list[tuple[_BandSums, int, NDArray[np.complex64]]], length: int, padding: int) -> None:
    """Add some bands, transformed back at `length`; each with the sums and the row it belongs to."""
    slices = np.zeros((len(members), length), np.complex64)
    for one, (_, _, band) in zip(slices, members, strict=True):
        one[: len(band)] = band
    squares = scipy.fft.ifft(slices, axis=1, overwrite_x=True).view(np.float32)
    np.square(squares, out=squares)
    envelope = squares[:, ::2] + squares[:, 1::2]
    envelope /= envelope.mean(axis=1, keepdims=True) + 1e-30
    counts = [
        min(of.power.shape[1], int(len(band) * padding * BAND_ENDS), length * padding // 2 + 1)
        for of, _, band in members
    ]
    power = _line_power(envelope - 1, padding, max(counts))
    for (of, row, _), count, of_band in zip(members, counts, power, strict=True):
        of.valid[row] = count
        of.power[row, :count] += of_band[:count]
    if not members[0][0].with_log:
        return
    logarithm = np.log(envelope + np.float32(LOG_FLOOR))
    logarithm -= logarithm.mean(axis=1, keepdims=True)
    for (of, row, _), one, its_log in zip(members, envelope, logarithm, strict=True):
        of.moments[row] += np.dot(one, one) / length, np.dot(its_log, its_log) / length
    power = _line_power(logarithm, padding, max(counts))
    for (of, row, _), count, of_band in zip(members, counts, power, strict=True):
        of.log_power[row, :count] += of_band[:count]


def _line_power(envelope: Array32, padding: int, count: int) -> Array32:
    """Squared amplitude of the first `count` lines of zero-mean envelopes of shape (rows, n), which are overwritten."""
    window = hann(envelope.shape[1])
    envelope *= window
    lines = scipy.fft.rfft(envelope, envelope.shape[1] * padding, axis=1)[:, :count]
    return np.asarray((lines.real**2 + lines.imag**2) * np.float32(4 / float(window.sum()) ** 2))


def _level_and_floor(
    power: Array32, valid: NDArray[np.int64], revolutions: float, step: float
) -> tuple[Array32, Array32]:
    """As `dsp.level_and_floor`, of the `valid` first bins of each band: beyond lies silence.

    A floor that knew of it would fall to it, and whatever lies before it would tower.
    """
    width = int(max(2.0, 28 / revolutions) / step)
    level, floor = np.zeros_like(power), np.full_like(power, EMPTY_FLOOR)
    for count in np.unique(valid[valid > 0]):
        rows = valid == count
        level[rows, :count], floor[rows, :count] = level_and_floor(power[rows, :count], width)
    return level, floor


def _notch_shaft(level: Array32, step: float, revolutions: float) -> None:
    """Press the shaft's harmonics to the floor, in place: what peaks on a whole number, with the skirts of that peak.

    A line beside the whole number is somebody else's and stays: BPFO 3.039 at 60 turns is no shaft harmonic.
    """
    reach = max(1, int(np.ceil(NOTCH_SKIRT / revolutions / step)))
    order = np.arange(1, int(level.shape[1] * step))
    near = np.maximum(1, np.rint(np.maximum(NOTCH_PEAK / revolutions, NOTCH_DRIFT * order) / step)).astype(np.int64)
    middle = np.rint(order / step).astype(np.int64)
    whole = middle + near + reach < level.shape[1]
    middle, near = middle[whole], near[whole]
    if not len(middle):
        return
    aside = np.arange(-near.max(), near.max() + 1)
    around = np.where(np.abs(aside) <= near[:, None], level[:, middle[:, None] + aside], -np.inf)
    peak = middle + aside[around.argmax(axis=2)]  # (bands, orders)
    row = np.arange(len(level))[:, None, None]
    for side in (-1, 1):
        at = peak[:, :, None] + side * np.arange(reach + 1)
        skirt = level[row, at]
        falls = np.diff(skirt, axis=2, prepend=skirt[:, :, :1]) <= NOTCH_RISE
        within = np.logical_and.accumulate(falls, axis=2)
        level[row, at] = np.where(within, np.minimum(skirt, 0), skirt)


def refine_shaft_hz(
    signal: Array,
    sampling_rate_hz: float,
    shaft_hz: float,
    tolerance: float = 0.03,
    envelopes: Envelopes | None = None,
) -> ShaftSpeed:
    """The speed within `tolerance` of the stated one whose harmonics stand out most, if they do.

    Two witnesses are asked, the envelope spectra and the plain spectrum. A speed away from the stated one is taken
    only when both name the same, and not at the end of the range: what is highest there has its peak beyond. A
    correction within 0.4 % needs only their sum to stand out.
    """
    revolutions = len(signal) / sampling_rate_hz * shaft_hz
    if revolutions < NOTCH_FROM_REVOLUTIONS:
        return ShaftSpeed(shaft_hz, 0.0)
    offsets = np.arange(-tolerance, tolerance + 1e-9, 0.00025 if revolutions > 150 else 0.0005)
    centre = np.arange(1, 11)[None, :] * (1 + offsets[:, None])
    envelopes = envelopes or Envelopes(
        signal, sampling_rate_hz, band_tree(sampling_rate_hz)[:WIDE_BANDS], (False,), False
    )
    envelope, plain = _harmonic_scores(signal, sampling_rate_hz, shaft_hz, centre, envelopes)
    both = envelope + 0.5 * plain
    middle, high = middle_and_high(both)
    standing = (both - middle) / (high - middle + 1e-6)
    best = int(both.argmax())
    near = np.flatnonzero(np.abs(offsets) <= 0.004)
    near_best = int(near[both[near].argmax()])
    agree = abs(offsets[envelope.argmax()] - offsets[plain.argmax()]) < 0.0012
    if agree and standing[best] > 1.8 and 0 < best < len(offsets) - 1:
        return ShaftSpeed(shaft_hz * (1 + offsets[best]), float(np.clip(standing[best] / 4, 0.5, 1)))
    if standing[near_best] > 1.4:
        return ShaftSpeed(shaft_hz * (1 + offsets[near_best]), float(np.clip(standing[near_best] / 5, 0.5, 0.8)))
    return ShaftSpeed(shaft_hz, 0.3)


def _harmonic_scores(
    signal: Array, rate_hz: float, shaft_hz: float, centre: Array, envelopes: Envelopes
) -> tuple[Array, Array]:
    """Mean level at the first ten shaft harmonics per candidate speed: of the envelope spectra, of the plain one."""
    top = float(centre.max()) + 1.5
    wide = envelopes.bands[:WIDE_BANDS]
    (spectrum,) = envelopes.spectra(shaft_hz, top, (False,), wide, notch_shaft=False, max_segments=3, with_log=False)
    width = np.maximum(centre * 0.00015, spectrum.step * 0.5)
    envelope = np.clip(spectrum.highest(centre - width, centre + width), 0, 6).mean(axis=(0, 2))
    size = fast_length_down(min(len(signal), int(1200 * rate_hz / shaft_hz)))
    piece, _ = to_unit(signal[:size])
    lines = scipy.fft.rfft(piece * hann(size))[: int(top * shaft_hz * size / rate_hz)]
    power = (lines.real**2 + lines.imag**2)[None, :]
    power /= power.max() + 1e-30
    step = rate_hz / size / shaft_hz
    plain_spectrum = OrderSpectrum(((0.0, rate_hz / 2),), *level_and_floor(power, int(2 / step)), step, 0, 0, shaft_hz)
    width = np.maximum(centre * 0.00015, step * 0.5)
    plain = np.clip(plain_spectrum.highest(centre - width, centre + width)[0], 0, 6).mean(axis=1)
    return envelope, plain


def packed(spectrum: OrderSpectrum) -> bytes:
    """The levels and floors of a spectrum as bytes, to be kept: what `averaged` needs, no more."""
    scalars = [spectrum.step, spectrum.revolutions, spectrum.total_revolutions, spectrum.shaft_hz]
    head = json.dumps({"bands": spectrum.bands, "scalars": scalars}).encode()
    return head + b"\n" + np.stack([spectrum.level, spectrum.floor]).astype("<f4").tobytes()


def unpacked(content: bytes) -> OrderSpectrum:
    """The same back. Raises ValueError, TypeError or KeyError for bytes that `packed` did not make."""
    head, _, values = content.partition(b"\n")
    told = json.loads(head)
    bands = tuple((float(low), float(high)) for low, high in told["bands"])
    level, floor = np.frombuffer(values, "<f4").astype(np.float32).reshape(2, len(bands), -1)
    step, revolutions, total, shaft_hz = (float(value) for value in told["scalars"])
    return OrderSpectrum(bands, level, floor, step, revolutions, total, shaft_hz)


def averaged(spectra: Sequence[OrderSpectrum]) -> OrderSpectrum:
    """The mean power of spectra of several recordings of one bearing, made alike: short ones, joined.

    Their waveforms have nothing to do with one another; their spectra have. Averaging makes lines stand out of the
    noise, it does not tell lines apart that one recording cannot: `revolutions` stays that of one of them. Burstiness
    and the log envelope are not averaged. Raises ValueError for spectra that do not lie on one axis.
    """
    first = spectra[0]
    if any(s.level.shape != first.level.shape or abs(s.step / first.step - 1) > 0.02 for s in spectra):
        raise ValueError("Only spectra of one shape and step can be averaged.")
    power = np.mean([np.exp(s.level + s.floor) for s in spectra], axis=0)
    silent = np.all([s.floor == np.float32(EMPTY_FLOOR) for s in spectra], axis=0)
    level, floor = _level_and_floor(power, (~silent).sum(axis=1), first.revolutions, first.step)
    total = sum(s.total_revolutions for s in spectra)
    return OrderSpectrum(first.bands, level, floor, first.step, first.revolutions, total, first.shaft_hz)
