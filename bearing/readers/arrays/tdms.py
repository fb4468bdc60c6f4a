"""LabVIEW binary files (``.tdms``) through npTDMS; hostile ones are read in a child process (see ``safe``)."""

from __future__ import annotations

import io
import logging
import struct
from dataclasses import replace
from typing import Any

import numpy as np

from bearing.errors import BearingError, UnreadableFile, UnsupportedFormat
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.column import Column
from bearing.readers.columns.facts import Facts, Known, facts_in_lines, facts_in_scalars, tidy_rate
from bearing.readers.names import clean_file_name, clean_name, unique_names
from bearing.recording import RATE_LIMITS_HZ, FloatArray, Recording
from bearing.settings import Limits

__all__ = ["read_tdms"]


def read_tdms(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a TDMS file, scaled, their rate from the waveform property ``wf_increment``.

    Raises UnsupportedFormat when it holds only digital lines or text, UnreadableFile when it is damaged.
    """
    from nptdms import TdmsFile
    from nptdms.log import log_manager

    log_manager.set_level(logging.CRITICAL)  # it would log a stranger's bytes
    try:
        with TdmsFile.open(io.BytesIO(data)) as file:
            channels = [channel for group in file.groups() for channel in group.channels()]
            bounds.check_elements(len(channels))
            longest = max((len(channel) for channel in channels), default=0)
            if not bounds.in_part:
                bounds.check_samples(sum(len(channel) for channel in channels))
            most, in_part = bounds.rows_within(longest, len(channels)) if bounds.in_part else (longest, ())
            recordings = _recordings(file, channels, name, bounds, most)
            recordings = [replace(recording, notes=(*recording.notes, *in_part)) for recording in recordings]
            if file.file_status.incomplete_final_segment:
                note = "The file is cut off: its last segment is incomplete."
                return [replace(recording, notes=(*recording.notes, note)) for recording in recordings]
            return recordings
    except BearingError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        struct.error,
    ) as error:
        raise UnreadableFile("The TDMS file is damaged or cut off: copy or export it again.") from error


def _recordings(file: Any, channels: list[Any], source: str, bounds: Limits, most: int) -> list[Recording]:
    digital = 0
    by_length: dict[tuple[str, int, float], list[Column]] = {}
    facts_of: dict[tuple[str, int, float], Facts] = {}
    for channel in channels:
        if not len(channel):
            continue
        if _is_digital(channel):
            digital += 1
            continue
        values = _values(channel, most)
        if values is None:
            continue
        properties = {**file.properties, **file[channel.group_name].properties, **channel.properties}
        rate = _rate(properties)
        key = (channel.group_name, len(values), rate.value if rate else 0.0)
        unit = str(properties.get("unit_string") or properties.get("NI_UnitDescription") or "")
        column = Column(
            channel.name,
            values,
            "s" if channel.dtype.kind == "M" else clean_name(unit, ""),
            stamp=channel.dtype.kind == "M",
        )
        by_length.setdefault(key, []).append(column)
        facts_of[key] = Facts(rate, started=_started(properties)).or_else(_stated(properties))
    recordings: list[Recording] = []
    refusals: list[UnsupportedFormat] = []
    for key, columns in by_length.items():
        try:
            recordings += to_recordings(columns, source, bounds, facts_of[key])
        except UnsupportedFormat as error:  # a temperature beside the vibration does not condemn the file
            refusals.append(error)
    if not recordings and refusals:
        raise refusals[0]
    if not recordings:
        what = "digital lines (on and off)" if digital else "no channel of numbers"
        raise UnsupportedFormat(f"'{clean_file_name(source)}' holds {what}, no vibration: export the analog channels.")
    bounds.check_channels(len(recordings))
    return _renamed(recordings)


def _is_digital(channel: Any) -> bool:
    if "NI_LineNames" in channel.properties or "digital" in channel.group_name.lower():
        return True
    return bool(channel.dtype.kind == "b")


def _values(channel: Any, most: int) -> FloatArray | None:
    """The first samples, scaled; time stamps as seconds since the first; None for text."""
    if channel.dtype.kind == "M":
        stamps = channel[:most].astype("datetime64[ns]").astype(np.int64)
        return (stamps - stamps[0]) * 1e-9
    if channel.dtype.kind not in "fiu":
        return None
    return np.asarray(channel[:most], dtype=np.float64)


def _rate(properties: dict[str, Any]) -> Known | None:
    increment = properties.get("wf_increment")
    if isinstance(increment, (int, float)) and increment > 0:
        rate_hz = 1.0 / float(increment)
        if RATE_LIMITS_HZ[0] / 1e6 <= rate_hz <= RATE_LIMITS_HZ[1]:
            return Known(tidy_rate(rate_hz), "property 'wf_increment'")
    return None


def _started(properties: dict[str, Any]) -> str:
    """When the waveform began, in UTC as TDMS keeps it; "" where it does not say."""
    stamp = properties.get("wf_start_time")
    if stamp is None:
        return ""
    moment = np.datetime64(stamp, "us")
    return "" if np.isnat(moment) else f"{moment}+00:00"


def _stated(properties: dict[str, Any]) -> Facts:
    numbers = {str(key): float(value) for key, value in properties.items() if isinstance(value, (int, float))}
    numbers.pop("wf_increment", None)
    texts = [f"{key}: {value}" for key, value in properties.items() if isinstance(value, str) and len(value) < 200]
    return facts_in_scalars(numbers, "property").or_else(facts_in_lines(texts[:100]))


def _renamed(recordings: list[Recording]) -> list[Recording]:
    names = unique_names(recording.channel for recording in recordings)
    return [replace(recording, channel=name) for recording, name in zip(recordings, names, strict=True)]
