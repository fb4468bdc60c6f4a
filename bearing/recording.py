"""One channel of vibration, with what is known about it: what readers make and everything else takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bearing.checks import check_number
from bearing.errors import ParameterError, SignalError

__all__ = ["Recording", "check_rate_hz", "check_rpm", "check_signal", "usable_stretch"]

FloatArray = NDArray[np.float64]

RATE_LIMITS_HZ = (1.0, 10_000_000.0)
RPM_LIMITS = (1.0, 200_000.0)
OTHER_SHAFT = 0.15  # a speed farther from its column's than this is another shaft's
LARGEST_SAMPLE = 1e100  # beyond this, squares overflow


@dataclass(frozen=True)
class Recording:
    """One channel of one file.

    Attributes
    ----------
    samples : array of float64, shape (n,)
        The signal in `unit`. May hold NaN where the file has a gap; whoever analyses says so.
    sampling_rate_hz : float or None
        None when the file does not say; nothing downstream may guess it.
    shaft_rpm : float or None
        Shaft speed in revolutions per minute, None when the file does not say.
    channel : str
        The channel's name in the file (``DE``, ``acc_x``, ``column 2``), unique within the file.
    source : str
        The file's name, for people only; nothing depends on it.
    variable : str
        The full name in the file where `channel` is a shorter one (``X105_DE_time``), else empty.
    bearing : str
        The bearing's designation as the file gives it, empty when it does not.
    unit : str
        Unit as written in the file, empty when not given.
    rate_source, rpm_source : str
        In words, where the rate and the speed come from (``column 'time'``, ``given by the user``).
    started : str
        When the recording began, ISO 8601 as the file's own clock tells it, with its time zone where it gives one; a
        time of day alone (``09:39:39.065664``) where it tells no date; empty where it tells nothing.
    speed_rpm : array of float64, shape (n,), or None
        Shaft speed in rpm at each sample where the file holds it (a speed column); NaN where it does not say.
    tacho : array of float64, shape (n,), or None
        A tacho's or keyphasor's channel on the same clock, `pulses_per_turn` of it to a turn (None: not known).
    notes : tuple of str
        Sentences for the user about how the file was read (``decimal commas``, ``time column jitter 0.2 %``).
    lost_share : float
        Samples the file lost (holes in its clock, cells without a number), as a share of all; they stand in `samples`
        as straight bridges where at most half is lost, as NaN otherwise.
    doubts : tuple of str
        Why this channel may show a fault but cannot prove health (samples lost, an envelope, pieces joined): each a
        clause that fits after "No verdict:". No ``normal`` is said of a recording with any.
    sha256 : str
        Of the file the channel came from, empty where it came from none.
    """

    samples: FloatArray
    sampling_rate_hz: float | None = None
    shaft_rpm: float | None = None
    channel: str = "signal"
    source: str = ""
    unit: str = ""
    rate_source: str = ""
    rpm_source: str = ""
    notes: tuple[str, ...] = ()
    variable: str = ""
    bearing: str = ""
    started: str = ""
    lost_share: float = 0.0
    doubts: tuple[str, ...] = ()
    speed_rpm: FloatArray | None = None
    speed_by_hand: bool = False
    tacho: FloatArray | None = None
    pulses_per_turn: float | None = None
    sha256: str = ""

    @property
    def duration_s(self) -> float | None:
        """Length in seconds, None while the sampling rate is unknown."""
        return None if self.sampling_rate_hz is None else len(self.samples) / self.sampling_rate_hz

    def corrected(
        self, sampling_rate_hz: float | None = None, shaft_rpm: float | None = None, by: str = "given by the user"
    ) -> Recording:
        """The same samples with a rate and a speed from elsewhere; None leaves what was read."""
        changed = self
        if sampling_rate_hz is not None:
            changed = replace(changed, sampling_rate_hz=check_rate_hz(sampling_rate_hz), rate_source=by)
        if shaft_rpm is not None:
            rpm = check_rpm(shaft_rpm)
            changed = replace(changed, shaft_rpm=rpm, rpm_source=by, speed_rpm=self._column_of(rpm))
        return changed

    def with_speed_over_time(self, time_s: FloatArray, rpm: FloatArray) -> Recording:
        """The same with a speed told at a few moments, straight lines between them; a tacho has then no say.

        Raises ParameterError without a sampling rate, and where all moments lie outside the recording.
        """
        if self.sampling_rate_hz is None:
            raise ParameterError("A speed over time needs the sampling rate: give it, too.")
        last_s = len(self.samples) / self.sampling_rate_hz
        if time_s[0] >= last_s or time_s[-1] <= 0:
            raise ParameterError(
                f"The speed over time is told from {time_s[0]:g} to {time_s[-1]:g} s, the recording lasts from 0 to "
                f"{last_s:.4g} s: count the seconds from its start."
            )
        column = np.interp(np.arange(len(self.samples)) / self.sampling_rate_hz, time_s, rpm)
        mean = check_rpm(float(column.mean()))
        return replace(
            self, shaft_rpm=mean, rpm_source="given over time", speed_rpm=column, speed_by_hand=True, tacho=None
        )

    def geared(self, ratio: float) -> Recording:
        """The same for a shaft that turns `ratio` times to one turn of the shaft whose speed is known."""
        if ratio == 1.0:
            return self
        per_turn = (self.pulses_per_turn or 1.0) / ratio if self.tacho is not None else None
        return replace(
            self,
            shaft_rpm=None if self.shaft_rpm is None else check_rpm(self.shaft_rpm * ratio),
            rpm_source=f"{self.rpm_source}, times {ratio:g}" if self.shaft_rpm is not None else self.rpm_source,
            speed_rpm=None if self.speed_rpm is None else self.speed_rpm * ratio,
            pulses_per_turn=per_turn,
        )

    def _column_of(self, rpm: float) -> FloatArray | None:
        """The speed column for a shaft at another mean speed: one behind a belt or a gear speeds up with the first."""
        if self.speed_rpm is None or not np.isfinite(self.speed_rpm).any():
            return self.speed_rpm
        ratio = rpm / float(np.nanmedian(self.speed_rpm))
        return self.speed_rpm * ratio if ratio > 0 and abs(ratio - 1) > OTHER_SHAFT else self.speed_rpm


def check_rate_hz(rate_hz: float) -> float:
    """The sampling rate as a float; ParameterError when it is not a plausible one."""
    return check_number(rate_hz, "The sampling rate", RATE_LIMITS_HZ, "Hz")


def check_rpm(rpm: float) -> float:
    """The shaft speed as a float; ParameterError when it is not a plausible one."""
    return check_number(rpm, "The shaft speed", RPM_LIMITS, "rpm")


def usable_stretch(samples: FloatArray) -> slice:
    """The longest run of finite samples, as a slice (empty when there is none)."""
    finite = np.isfinite(samples)
    if finite.all():
        return slice(0, len(samples))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], finite.view(np.int8), [0]))))
    if not len(edges):
        return slice(0, 0)
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return slice(int(starts[longest]), int(ends[longest]))


def check_signal(samples: object, min_samples: int = 1) -> FloatArray:
    """The one gate for arrays: shape (n,), float64, finite, at least `min_samples` long.

    Raises
    ------
    SignalError
        When the array is not one-dimensional, too short, or holds NaN, infinity or numbers no sensor delivers.
    """
    signal = np.ascontiguousarray(samples, dtype=np.float64)
    if signal.ndim != 1:
        raise SignalError(f"Expected one channel, an array of shape (n,), got shape {signal.shape}.")
    if signal.size < min_samples:
        raise SignalError(f"At least {min_samples} samples are needed, got {signal.size}: record for longer.")
    if not np.isfinite(signal).all():
        bad = int(signal.size - np.isfinite(signal).sum())
        raise SignalError(f"{bad} of {signal.size} samples are not finite numbers: cut them out or repair them first.")
    if signal.size and (peak := float(max(signal.max(), -signal.min()))) > LARGEST_SAMPLE:
        raise SignalError(f"Samples reach {peak:.0e}, no sensor delivers that: check how the file was exported.")
    return signal
