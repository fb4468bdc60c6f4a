"""An upload on its way in: read safely, likely channel chosen, and what a file omits filled in where it is known.

CWRU files carry no sampling rate. A published recording is recognised by its content, a re-saved one by the names of
its variables, and the registry then says rate, speed and bearing. Nothing is guessed: an unknown rate stays unknown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from bearing.checks import shown
from bearing.cwru.registry import BEARING_OF_END, RegistryEntry, recognise, recognise_variable
from bearing.errors import ParameterError
from bearing.physics.catalogue import find
from bearing.readers import choose, file_bytes
from bearing.readers.arrays.raw import Layout, read_raw
from bearing.readers.safe import read_safely
from bearing.recording import Recording
from bearing.settings import READ_IN_PART, limits
from bearing.signal.units import unit_in_name

__all__ = ["Intake", "bearing_of", "open_path", "open_upload"]


@dataclass(frozen=True)
class Intake:
    """The channels of a file, the likely one (`preferred`), and each channel's bearing where known.

    `vibration` holds the indices of all channels that measure the bearing's vibration: a file is judged by all of
    them, and healthy only if each is.
    """

    recordings: tuple[Recording, ...]
    preferred: int
    preferred_reason: str
    bearings: tuple[str, ...]  # names in the catalogue, "" where the file does not tell
    recognised: str = ""  # one sentence when the file is a known published recording
    vibration: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.vibration:
            object.__setattr__(self, "vibration", (self.preferred,))

    def channel(self, name: str | None = None) -> int:
        """The index of a channel by name (any case), of the preferred one for None; ParameterError if there is none."""
        if name is None:
            return self.preferred
        names = [r.channel for r in self.recordings]
        for same in (str.__eq__, lambda a, b: a.lower() == b.lower()):
            for index, known in enumerate(names):
                if same(known, name):
                    return index
        listed = ", ".join(names[:12]) + " ..." * (len(names) > 12)
        raise ParameterError(f"No channel {shown(name)} in this file; it holds {listed}.")


def open_upload(
    data: bytes, name: str, member: str | None = None, raw: str | None = None, part: bool = False
) -> Intake:
    """The channels of an uploaded file, hostile or not.

    `member` names the only sheet or file inside to read, `raw` the layout of raw samples (``int16,le,2ch``); with
    `part` the first stretch of every channel is read of what is over the limits. Raises the
    errors of `bearing.readers.safe.read_safely`, and ParameterError for both at once.
    """
    bounds = replace(limits(), in_part=part)
    if raw:
        if member:
            raise ParameterError("Raw samples hold no sheets or files to choose from: leave out one of the two.")
        recordings = read_raw(data, name, Layout.parse(raw), bounds)
    else:
        recordings = read_safely(data, name, bounds=bounds, member=member or "")
    published = recognise(data)
    known = [published if _may_fill(published, r) else recognise_variable(r.variable) for r in recordings]
    digest = hashlib.sha256(data).hexdigest()
    filled = tuple(
        replace(_with_unit(_filled(r, entry, published)), sha256=digest)
        for r, entry in zip(recordings, known, strict=True)
    )
    bearings = tuple(
        BEARING_OF_END.get(_end(r), "") if entry is not None else bearing_of(r)
        for r, entry in zip(recordings, known, strict=True)
    )
    index, reason, vibration = choose(filled)
    return Intake(filled, index, reason, bearings, _sentence(published), vibration)


def open_path(path: str | Path, member: str | None = None, raw: str | None = None, part: bool = False) -> Intake:
    """The same for a file on disk; UnreadableFile when it cannot be opened, TooLarge before it is read."""
    path = Path(path)
    data = file_bytes(path, replace(limits(), in_part=part))
    intake = open_upload(data, path.name, member, raw, part)
    if not part or len(data) < limits().max_bytes // 2 or path.stat().st_size == len(data):
        return intake
    told = (r if READ_IN_PART in r.notes else replace(r, notes=(*r.notes, READ_IN_PART)) for r in intake.recordings)
    return replace(intake, recordings=tuple(told))


def bearing_of(recording: Recording) -> str:
    """The name a recording gives its bearing, where the catalogue knows that bearing; "" elsewhere."""
    if not recording.bearing:
        return ""
    try:
        return find(recording.bearing).name
    except ParameterError:
        return ""


def _end(recording: Recording) -> str:
    name = recording.variable or recording.channel
    return next((end for end in ("DE", "FE") if name == end or f"_{end}_time" in name), "")


def _may_fill(published: RegistryEntry | None, recording: Recording) -> bool:
    """A published file's facts hold for its own variables, not for strays of another recording."""
    return published is not None and recording.variable.startswith(published.variable_prefix)


def _filled(recording: Recording, entry: RegistryEntry | None, published: RegistryEntry | None) -> Recording:
    if entry is None:
        return recording
    how = "recognised by content" if entry is published else f"recognised by variable {recording.variable}"
    source = f"CWRU registry, {how}"
    if recording.sampling_rate_hz is None:
        recording = replace(recording, sampling_rate_hz=entry.sampling_rate_hz, rate_source=source)
    if not recording.unit:
        recording = replace(recording, unit="g")  # all of the collection's accelerometers
    if recording.shaft_rpm is None:
        recording = replace(recording, shaft_rpm=entry.rpm, rpm_source=f"{source}, nominal speed of the load")
    return recording


def _with_unit(recording: Recording) -> Recording:
    """With the unit its name ends in (``acceleration_g``), where the file says none elsewhere."""
    unit = None if recording.unit else unit_in_name(recording.channel)
    return recording if unit is None else replace(recording, unit=unit.symbol)


def _sentence(published: RegistryEntry | None) -> str:
    if published is None:
        return ""
    return (
        f"This is recording {published.number} of the Case Western Reserve University (CWRU) bearing data. "
        "The networks were trained on that collection; how they do on bearings they have not seen is on Training."
    )
