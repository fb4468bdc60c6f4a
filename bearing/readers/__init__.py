"""Vibration files of many formats -> Recordings. One module per format, imported only when a file needs it.

>>> from bearing.readers import preferred_channel, read_path
>>> preferred_channel(read_path("data/samples/outer.csv"))
(0, 'the only channel in the file')
"""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np

from bearing.errors import BearingError, TooLarge, UnreadableFile
from bearing.readers.columns.choice import choose, preferred_channel, set_aside, vibration_channels
from bearing.readers.formats import format_of
from bearing.recording import Recording
from bearing.settings import Limits, limits

__all__ = ["choose", "preferred_channel", "set_aside", "vibration_channels", "read_bytes", "read_path"]


def read_bytes(data: bytes, name: str, bounds: Limits | None = None, member: str = "") -> list[Recording]:
    """One Recording per channel of a file, whatever its format; the content decides, then the extension.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        Its name: for the extension, for the number of a CWRU recording, and to show.
    bounds : Limits, optional
        What the file may cost; by default :func:`bearing.settings.limits`.
    member : str, optional
        The only sheet or file inside to read, of a spreadsheet or an archive.

    Raises
    ------
    ParameterError
        There is no such `member`.
    UnreadableFile
        The bytes are damaged, cut off or not what they claim.
    UnsupportedFormat
        The format, or what is in the file, holds no vibration signal that can be read.
    TooLarge
        Over a limit; checked before room is made for anything.
    """
    bounds = bounds or limits()
    bounds.check_bytes(len(data))
    if not data:
        raise UnreadableFile("The file is empty: copy or export the recording again.")
    file_format = format_of(data, name)
    try:
        with np.errstate(all="ignore"):  # a damaged file is full of infinities; the doctor counts them
            return file_format.read(data, name, bounds, member)
    except BearingError:
        raise
    except MemoryError as error:
        raise TooLarge("Reading this file needs more memory than there is: save a shorter stretch.") from error
    except Exception as error:
        # A parser's way of saying that the bytes are damaged. The fuzzer counts these, so that none becomes a habit.
        raise UnreadableFile(
            f"The {file_format.title} file is damaged and could not be read: save it again."
        ) from error


def read_path(path: str | Path, bounds: Limits | None = None) -> list[Recording]:
    """Like :func:`read_bytes`, from a file on disk. Raises UnreadableFile when there is none that can be opened."""
    bounds = bounds or limits()
    path = Path(path)
    return read_bytes(file_bytes(path, bounds), path.name, bounds)


def file_bytes(path: Path, bounds: Limits) -> bytes:
    """What is in a regular file, its size checked first, and never more than a byte over the limit.

    Raises UnreadableFile when it cannot be opened or is a folder, device or pipe (which may never end), TooLarge.
    """
    shown = path.name if len(path.name) <= 80 else path.name[:80] + "..."
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile(
                f"'{shown}' is no file but a folder, device or pipe: name a file, or send its content to '-'."
            )
        if not bounds.in_part:
            bounds.check_bytes(status.st_size)
        with path.open("rb") as file:
            data = file.read(min(status.st_size, bounds.max_bytes) + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, BearingError):
            raise
        why = getattr(error, "strerror", None) or error
        raise UnreadableFile(f"'{shown}' could not be opened ({why}): check the path.") from error
    if bounds.in_part and len(data) > bounds.max_bytes and (one := format_of(data, path.name)).in_part:
        return data[: data.rfind(b"\n") + 1 if one.title == "text" else bounds.max_bytes]
    bounds.check_bytes(len(data))
    return data
