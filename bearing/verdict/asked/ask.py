"""The library's front: `read` and `diagnose` whatever a program has at hand, and `find_bearing` in the catalogue.

>>> import bearing
>>> d = bearing.diagnose("data/samples/outer.csv")
>>> print(d)
Outer race fault, ...
>>> d.verdict, d.bearing.name
('outer', '6205-2RS JEM (SKF)')
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from bearing.checks import shown
from bearing.errors import MissingRate, ParameterError, SignalError, UnreadableFile
from bearing.physics.catalogue import CatalogueEntry, find
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.choice import choose
from bearing.readers.columns.column import Column, columns_of
from bearing.recording import Recording, check_rate_hz, check_rpm
from bearing.settings import limits
from bearing.verdict.asked.file import diagnose_file
from bearing.verdict.asked.intake import Intake, bearing_of, open_path, open_upload
from bearing.verdict.asked.request import AnyBearing, Request
from bearing.verdict.diagnosis import Diagnosis

__all__ = ["AnyBearing", "Source", "answer_of", "diagnose", "find_bearing", "read"]

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | ArrayLike | Recording | Intake


def diagnose(
    source: Source,
    *,
    channel: str | None = None,
    rate_hz: float | None = None,
    rpm: float | None = None,
    bearing: AnyBearing | None = None,
    rpm_over_time: str | None = None,
    outer_ring_turns: bool = False,
    unit: str | None = None,
    mv_per_g: float | None = None,
) -> Diagnosis:
    """Is the bearing healthy, which part fails, and how sure is that.

    Every channel that measures the bearing's vibration is judged: the answer is the worst one's, `channels` holds a row
    of each.

    Parameters
    ----------
    source : path, bytes, array, Recording or Intake
        A file of any format that is read, its content, samples of shape (n,) or (n, channels), or what `read` gave.
    channel : str, optional
        A channel by name; then only that one is judged.
    rate_hz : float, optional
        Sampling rate in Hz; replaces what the file says. Needed where it says nothing, and never guessed.
    rpm : float, optional
        Shaft speed in revolutions per minute; replaces what the file says. Read from the signal where nobody says it.
    bearing : str, Geometry, FaultOrders, Bearing or CatalogueEntry, optional
        A designation in the catalogue, or the bearing itself; by default the one the file is known to come from.
    rpm_over_time : str, optional
        A speed that moves, at a few moments in seconds, ``0=600,10=1800``; in place of `rpm`.
    outer_ring_turns : bool
        The outer ring turns and the inner one stands.
    unit : str, optional
        What the numbers are: ``g``, ``m/s2``, ``mm/s``, ``mV``; replaces what the file says.
    mv_per_g : float, optional
        The sensor's sensitivity in mV/g: volts become g by it.

    Raises
    ------
    MissingRate
        Neither the file nor `rate_hz` says the sampling rate.
    ParameterError
        An unknown channel or bearing, an implausible number.
    UnreadableFile, UnsupportedFormat, TooLarge, SignalError
        The file or the samples cannot be used; all of them are `bearing.InputError`.

    Examples
    --------
    >>> import bearing
    >>> bearing.diagnose("data/samples/healthy.csv").verdict
    'normal'
    >>> samples = bearing.read("data/samples/inner.csv").recordings[0].samples
    >>> d = bearing.diagnose(samples, rate_hz=12_000, rpm=1772, bearing="6205-2RS JEM")
    >>> d
    <Diagnosis of array, channel 'signal': Inner race fault, ...>
    """
    request = Request(
        channel,
        rate_hz,
        rpm,
        bearing,
        rpm_over_time=rpm_over_time,
        outer_ring_turns=outer_ring_turns,
        unit=unit,
        mv_per_g=mv_per_g,
    )
    try:
        return answer_of(read(source), request)
    except MissingRate as error:
        raise MissingRate(f"{error} In Python: rate_hz=...") from error


def answer_of(intake: Intake, request: Request) -> Diagnosis:
    """The answer about an opened file, with the signal of the channel it rests on, so that figures can be drawn."""
    answer = diagnose_file(intake, request).answer
    return replace(answer, recording=request.apply(intake, answer.channel)[0])


def read(
    source: Source, name: str = "", *, member: str | None = None, raw: str | None = None, part: bool = False
) -> Intake:
    """The channels of a file, of its bytes, or of an array: `recordings`, and which is the likely one (`preferred`).

    `name` is the file's name where only its bytes are at hand: its extension may tell the format. `member` is the only
    sheet or file inside to read; `raw` declares how a file of samples alone is laid out, like ``int16,le,2ch``. With
    `part` the first stretch of every channel is read of a file over the limits.

    Raises the errors of `diagnose` that concern the source.

    >>> import bearing
    >>> intake = bearing.read("data/samples/outer.csv")
    >>> recording = intake.recordings[intake.preferred]
    >>> recording.channel, recording.sampling_rate_hz, recording.shaft_rpm
    ('acceleration_g', 12000.0, 1772.0)
    """
    if isinstance(source, Intake):
        return source
    if isinstance(source, Recording):
        return _alone(_checked(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return open_upload(bytes(source), name, member, raw, part)
    if isinstance(source, (str, os.PathLike)):
        return open_path(_path(source), member, raw, part)
    recordings = tuple(to_recordings(_columns(source), name or "array", limits()))
    index, reason, vibration = choose(recordings)
    return Intake(recordings, index, reason, ("",) * len(recordings), vibration=vibration)


def find_bearing(designation: str) -> CatalogueEntry:
    """A bearing of the catalogue, with its fault orders and their source; case, spaces and suffixes do not matter.

    Raises ParameterError when nothing fits (the nearest names are listed), or when entries that fit disagree.

    >>> import bearing
    >>> entry = bearing.find_bearing("skf 6205-2RS jem")
    >>> entry.name, round(entry.orders.bpfo, 3)
    ('6205-2RS JEM (SKF)', 3.585)
    """
    if not isinstance(designation, str):
        raise ParameterError(
            f"A bearing is looked up by its designation, a text like '6205-2RS', got {shown(designation)}."
        )
    return find(designation)


def _path(source: str | os.PathLike[str]) -> str:
    path = os.fsdecode(source)
    if "\0" in path:
        raise UnreadableFile("A path holds no null character: check it; the content of a file is given as bytes.")
    return path


def _alone(recording: Recording) -> Intake:
    return Intake((recording,), 0, "the only channel", (bearing_of(recording),))


def _checked(recording: Recording) -> Recording:
    """A Recording that a caller has made, with the facts a reader would have made sure of."""
    rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm
    return replace(
        recording,
        samples=_numbers(recording.samples),
        sampling_rate_hz=None if rate_hz is None else check_rate_hz(rate_hz),
        shaft_rpm=None if rpm is None else check_rpm(rpm),
    )


def _columns(source: object) -> list[Column]:
    """The columns of an array of shape (n,) or (n, channels); those of a pandas table keep their names."""
    names = getattr(source, "columns", None)
    if names is not None and hasattr(source, "__getitem__"):
        return [Column(str(name), _numbers(source[name])) for name in names]
    return columns_of(_numbers(source, dimensions=2), "" if np.ndim(source) > 1 else "signal", limits())  # type: ignore[arg-type]


def _numbers(samples: object, dimensions: int = 1) -> np.ndarray:
    """Samples as float64; they may hold NaN, which the input doctor tells of. Raises SignalError."""
    try:
        array = np.asarray(samples)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise SignalError(f"Samples are numbers in an array of shape (n,), got {_kind(samples)}.") from error
    if array.dtype.kind not in "fiub" or not 1 <= array.ndim <= dimensions or array.size < 2:
        shape = f" of shape {array.shape}" if array.ndim else ""
        raise SignalError(
            f"Expected samples as real numbers in an array of shape (n,), got {_kind(samples)}{shape}; "
            "a file is given by its path, as text."
        )
    return np.ascontiguousarray(array, dtype=np.float64)


def _kind(value: object) -> str:
    dtype = getattr(value, "dtype", None)
    return type(value).__name__ + (f" of {dtype}" if dtype is not None else "")
