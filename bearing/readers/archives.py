"""Archives: zip with one or several tables inside, and single files packed with gzip, bzip2 or xz.

Everything that could unpack to more than it seems is bounded before a byte of it is unpacked: the zip directory by the
record at the end of the file, members by the size they claim, packed files by unpacking no more than the limit.
What is inside goes through the same readers; archives inside archives are not opened.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace

from bearing.errors import BearingError, InputError, ParameterError, TooLarge, UnreadableFile, UnsupportedFormat
from bearing.readers.formats import format_of
from bearing.readers.names import clean_file_name, clean_name, unique_names
from bearing.recording import Recording
from bearing.settings import Limits

__all__ = ["check_zip_directory", "chosen_members", "joined_parts", "read_compressed", "read_zip"]

_END_OF_DIRECTORY = b"PK\5\6"
_LONGEST_END = 22 + 65_535  # bytes, with the longest comment
_LARGEST_ENTRY = 300  # bytes of the directory per entry: 46, its name and extra fields
_ARCHIVES = ("archives:read_zip", "archives:read_compressed")
_PASSED_OVER = (".png", ".jpg", ".jpeg", ".pdf", ".md", ".html", ".xml", ".ini", ".log", ".ds_store")


def read_zip(data: bytes, name: str, bounds: Limits, member: str = "") -> list[Recording]:
    """Channels of every table or recording in a zip archive; those of several carry their file's name in front.

    `member` names the only one to read.

    Raises UnsupportedFormat when nothing in it can be read, UnreadableFile when it is damaged, TooLarge over a limit.
    """
    check_zip_directory(data, bounds)
    parts: list[tuple[str, list[Recording]]] = []
    refusals: list[str] = []
    unpacked = samples = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = {m.filename: m for m in archive.infolist() if _is_candidate(m)}
            for file_name in chosen_members(list(inside), member):
                info = inside[file_name]
                if info.flag_bits & 1:
                    raise UnsupportedFormat("The zip archive is locked with a password: unpack it and upload the file.")
                unpacked += info.file_size
                bounds.check_unpacked(unpacked)
                with archive.open(info) as stream:
                    content = stream.read(info.file_size)
                recordings, refusal = _read_member(content, file_name, bounds)
                refusals += [refusal] if refusal else []
                samples += sum(len(recording.samples) for recording in recordings)
                bounds.check_samples(samples)
                parts += [(clean_file_name(file_name), recordings)] if recordings else []
    except BearingError:
        raise
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError) as error:
        raise UnreadableFile(
            "The zip archive is damaged or cut off: save it again or upload the file inside."
        ) from error
    if not parts:
        raise UnsupportedFormat(
            refusals[0]
            if len(refusals) == 1
            else f"The zip archive holds no recording ({len(inside)} files in it): upload the recording itself."
        )
    return joined_parts(parts, name, bounds)


def read_compressed(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a file packed with gzip, bzip2 or xz. Raises as `read_zip`, and what the file inside raises."""
    packed = io.BytesIO(data)
    try:
        if data.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=packed) as unzipped:
                content = unzipped.read(bounds.max_unpacked_bytes + 1)
        elif data.startswith(b"BZ"):
            with bz2.BZ2File(packed) as plain:
                content = plain.read(bounds.max_unpacked_bytes + 1)
        else:
            with lzma.LZMAFile(packed) as unxzed:
                content = unxzed.read(bounds.max_unpacked_bytes + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise UnreadableFile("The compressed file is damaged or cut off: save it again, or unpack it.") from error
    bounds.check_unpacked(len(content))
    inner = clean_file_name(name)
    inner = inner.rsplit(".", 1)[0] if inner.lower().endswith((".gz", ".bz2", ".xz")) else inner
    if content[257:262] == b"ustar":
        raise UnsupportedFormat("This is a tar archive: unpack it and upload the file inside.")
    return [replace(one, source=clean_file_name(name)) for one in _read_inner(content, inner, bounds)]


def check_zip_directory(data: bytes, bounds: Limits) -> None:
    """TooLarge for a zip archive with too many entries: `zipfile` makes an object of each before it can be asked.

    It believes the size of the directory, not the count beside it, so that both are checked (PKWARE APPNOTE 4.3.16).
    """
    at = data.find(_END_OF_DIRECTORY, max(0, len(data) - _LONGEST_END))
    while at >= 0 and at + 22 <= len(data):
        count, size = struct.unpack_from("<HI", data, at + 10)
        bounds.check_elements(max(count, size // _LARGEST_ENTRY))
        at = data.find(_END_OF_DIRECTORY, at + 1)


def chosen_members(names: Sequence[str], wanted: str) -> Sequence[str]:
    """All names, or the one that is wanted, by its whole name or without folders, in any case.

    Raises ParameterError, listing what there is, where none fits.
    """
    if not wanted:
        return names
    for same in (str, clean_file_name, lambda name: clean_file_name(name).lower()):
        if found := [name for name in names if same(name) == same(wanted)]:
            return found[:1]
    listed = ", ".join(clean_name(name) for name in names[:20]) + (" ..." if len(names) > 20 else "")
    raise ParameterError(f"No {clean_name(wanted)!r} in this file; it holds {listed or 'none'}.")


def joined_parts(parts: Sequence[tuple[str, list[Recording]]], name: str, bounds: Limits) -> list[Recording]:
    """The channels of several files or sheets as those of one; each with its part's name in front if there are two."""
    recordings = [
        replace(
            recording,
            channel=recording.channel if len(parts) == 1 else clean_name(f"{part}: {recording.channel}"),
            source=clean_file_name(name),
        )
        for part, inside in parts
        for recording in inside
    ]
    bounds.check_channels(len(recordings))
    names = unique_names(recording.channel for recording in recordings)
    return [replace(recording, channel=name) for recording, name in zip(recordings, names, strict=True)]


def _is_candidate(member: zipfile.ZipInfo) -> bool:
    name = member.filename.lower()
    hidden = any(part.startswith((".", "__macosx")) for part in name.split("/"))
    return not (member.is_dir() or hidden or name.endswith(_PASSED_OVER) or not member.file_size)


def _read_member(content: bytes, name: str, bounds: Limits) -> tuple[list[Recording], str]:
    """The recordings in one member, or why there are none."""
    try:
        return _read_inner(content, clean_file_name(name), bounds), ""
    except TooLarge:
        raise
    except InputError as error:
        return [], str(error)


def _read_inner(content: bytes, name: str, bounds: Limits) -> list[Recording]:
    """What a file inside an archive holds. Never opens another archive: that is how bombs are built."""
    if not content:
        raise UnreadableFile("The file inside the archive is empty: export the recording again.")
    inner = format_of(content, name)
    if inner.reader in _ARCHIVES:
        raise UnsupportedFormat("This is an archive inside an archive: unpack it and upload the file inside.")
    return inner.read(content, name, bounds)
