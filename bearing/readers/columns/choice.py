"""Which channels of a file measure the bearing's vibration, and which of them most likely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bearing.errors import UnsupportedFormat
from bearing.readers.columns.samples import look_of
from bearing.readers.names import kind_of
from bearing.recording import Recording

__all__ = ["choose", "preferred_channel", "set_aside", "vibration_channels"]

_CWRU_PLACES = {
    "DE": (9.0, "drive end, next to the bearing under test"),
    "FE": (8.0, "fan end"),
    "BA": (7.0, "base plate"),
}
_NEVER = ("constant", "ramp", "pulses", "steps", "one-sided")
_VELOCITY = ("mm/s", "in/s", "ips", "m/s", "µm", "um", "μm", "mm", "mil", "mils")


def vibration_channels(recordings: Sequence[Recording]) -> tuple[int, ...]:
    """Indices of the channels that measure the bearing's vibration, all of which have to be judged.

    Named or in a unit of vibration, or nameless and looking like one. A CWRU file's other sensors sit at other
    bearings: of those only the likely channel counts. Where nothing looks like a vibration, the likely channel and
    those like it.
    """
    return choose(recordings)[2] if recordings else ()


def choose(recordings: Sequence[Recording]) -> tuple[int, str, tuple[int, ...]]:
    """`preferred_channel`, its reason, and `vibration_channels`, each channel looked at once.

    Raises UnsupportedFormat for an empty list.
    """
    looks = [_look(recording) for recording in recordings]
    likely, reason = _preferred(recordings, looks)
    return likely, reason, _vibrating(recordings, looks, likely)


def _vibrating(recordings: Sequence[Recording], looks: Sequence[str], likely: int) -> tuple[int, ...]:
    if recordings[likely].variable and recordings[likely].channel in _CWRU_PLACES:
        return (likely,)
    kinds = [kind_of(recording.channel, recording.unit) for recording in recordings]
    called = [i for i, kind in enumerate(kinds) if kind == "vibration" and looks[i] not in _NEVER]
    fast = [i for i in called if recordings[i].unit.strip().lower() not in _VELOCITY]
    nameless = [i for i, kind in enumerate(kinds) if not kind and looks[i] not in (*_NEVER, "level", "noise")]
    found = sorted({*(fast or called), *nameless})
    if not found and not kinds[likely]:
        found = [i for i, kind in enumerate(kinds) if not kind and looks[i] == looks[likely]]
    return tuple(found) if found else (likely,)


def set_aside(recording: Recording) -> str:
    """Why a channel is none of `vibration_channels`, as a code.

    ``elsewhere`` (a CWRU rig's other places), ``velocity`` (beside acceleration), what it measures (`names.kind_of`),
    or how its numbers look (`samples.look_of`).
    """
    if recording.variable and recording.channel in _CWRU_PLACES:
        return "elsewhere"
    look, kind = _look(recording), kind_of(recording.channel, recording.unit)
    if kind == "vibration" and look not in _NEVER:
        return "velocity"
    return kind if kind and kind != "vibration" else look


def preferred_channel(recordings: Sequence[Recording]) -> tuple[int, str]:
    """Index of the channel most likely to hold the bearing's vibration, and the reason in words.

    Raises UnsupportedFormat for an empty list.
    """
    looks = [_look(recording) for recording in recordings] if len(recordings) > 1 else [""]
    return _preferred(recordings, looks)


def _preferred(recordings: Sequence[Recording], looks: Sequence[str]) -> tuple[int, str]:
    if not recordings:
        raise UnsupportedFormat("The file holds no channel to choose from.")
    if len(recordings) == 1:
        return 0, "the only channel in the file"
    scored = [
        (_channel_score(one, look), -index) for index, (one, look) in enumerate(zip(recordings, looks, strict=True))
    ]
    (score, reason), negative = max(scored, key=lambda entry: (entry[0][0], entry[1]))
    ties = sum(entry[0][0] == score for entry in scored)
    return -negative, f"first of {ties} alike, {reason}" if ties > 1 else reason


def _look(recording: Recording) -> str:
    return look_of(recording.samples)


def _channel_score(recording: Recording, look: str) -> tuple[float, str]:
    kind = kind_of(recording.channel, recording.unit)
    if look == "constant" or not np.isfinite(recording.samples).any():
        return -1.0, "every channel is constant"
    if recording.variable and recording.channel in _CWRU_PLACES:
        return _CWRU_PLACES[recording.channel]
    if look in _NEVER:
        return 0.2, "nothing in the file looks like a plain vibration"
    if kind == "vibration":
        by_unit = kind_of("", recording.unit) == "vibration"
        return 6.0, f"its unit {recording.unit} is one of vibration" if by_unit else "its name says vibration"
    if not kind:
        if look in ("level", "noise"):
            return 3.0, "nothing in the file looks more like vibration"
        return 4.0, "nothing in its name or unit says it is anything but vibration"
    return {"sound": 2.0, "force": 1.5, "angular rate": 1.0}.get(
        kind, 0.5
    ), f"it measures {kind}, and nothing else fits better"
