"""Which format a file is: its first bytes decide, its name only where they cannot."""

from __future__ import annotations

import re
from enum import Enum

from bearing.errors import UnsupportedFormat
from bearing.readers.names import clean_file_name

__all__ = ["EXTENSIONS", "Format", "format_of"]


class Format(Enum):
    """The formats that can be read; `title` is what to call them in a sentence."""

    MAT5 = "MATLAB"
    MAT4 = "MATLAB version 4"
    HDF5 = "HDF5 (MATLAB version 7.3)"
    TEXT = "text"
    WAV = "WAV"
    NPY = "NumPy .npy"
    NPZ = "NumPy .npz"
    LVM = "LabVIEW .lvm"
    TDMS = "LabVIEW .tdms"
    UFF = "universal (.uff, .unv)"

    @property
    def title(self) -> str:
        """The format's name for people."""
        return self.value


EXTENSIONS = ("mat", "csv", "txt", "tsv", "dat", "wav", "npy", "npz", "lvm", "tdms", "uff", "unv", "h5", "hdf5")

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_EXPORT = "export the recording as CSV, WAV, MAT, TDMS or UFF."
# What people also try, and what to do about it. The first match wins.
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"\x1a\x45\xdf\xa3", "This is an enDAQ .ide recording, which cannot be read: export it as CSV (in enDAQ Lab)."),
    (b"TDSh", "This is a .tdms_index file, which holds no samples: upload the .tdms file beside it."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel or Office file: save the sheet as CSV."),
    (b"%PDF", "This is a PDF, no recording: " + _EXPORT),
    (b"\x89PNG", "This is a picture, no recording: " + _EXPORT),
    (b"\xff\xd8\xff", "This is a picture, no recording: " + _EXPORT),
    (b"GIF8", "This is a picture, no recording: " + _EXPORT),
    (b"\x1f\x8b", "This is a gzip archive: unpack it and upload the file inside."),
    (b"BZh", "This is a bzip2 archive: unpack it and upload the file inside."),
    (b"7z\xbc\xaf\x27\x1c", "This is a 7-Zip archive: unpack it and upload the file inside."),
    (b"Rar!", "This is a RAR archive: unpack it and upload the file inside."),
    (b"\xfd7zXZ\x00", "This is an xz archive: unpack it and upload the file inside."),
    (b"(\xb5/\xfd", "This is a Zstandard archive: unpack it and upload the file inside."),
    (b"PAR1", "This is a Parquet file: save the table as CSV."),
    (b"fLaC", "This is compressed sound (FLAC): convert it to WAV."),
    (b"OggS", "This is compressed sound (Ogg): convert it to WAV."),
    (b"ID3", "This is compressed sound (MP3): convert it to WAV."),
    (b"SQLite format 3", "This is an SQLite database, no recording: " + _EXPORT),
    (b"\x7fELF", "This is a program, no recording: " + _EXPORT),
    (b"MZ", "This is a program, no recording: " + _EXPORT),
)  # fmt: skip


def format_of(data: bytes, name: str) -> Format:
    """The format of a file by its content, then by its extension.

    Raises UnsupportedFormat, saying what to do, for a format that is known and not read.
    """
    head = data[:1024]
    extension = name.lower().rsplit(".", 1)[-1] if "." in name else ""
    if head.startswith(_HDF5_MAGIC) or data[512:520] == _HDF5_MAGIC:
        return Format.HDF5
    if head[126:128] in (b"IM", b"MI") and head[124:126] in (b"\0\x01", b"\x01\0", b"\0\x02", b"\x02\0"):
        return Format.MAT5
    if head.startswith(b"MATLAB 5.0") or head.startswith(b"MATLAB 7"):
        return Format.MAT5  # cut off inside its header: the reader says so
    if head.startswith(b"\x93NUMPY"):
        return Format.NPY
    if head.startswith(b"PK"):
        return _zip_format(data, extension)
    if head[:4] in (b"RIFF", b"RIFX") and head[8:12] == b"WAVE":
        return Format.WAV
    if head.startswith(b"TDSm"):
        return Format.TDMS
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:19] == b"LabVIEW Measurement":
        return Format.LVM
    indent = rb"\s*" if extension in ("uff", "unv") else rb"(?:[ \t]*\r?\n)* {4}"  # a table may begin with -1, too
    if re.match(indent + rb"-1[ \t]*\r?\n[ \t]*\d{1,4}b?\b", head):
        return Format.UFF
    for magic, sentence in _REFUSED:
        if head.startswith(magic):
            raise UnsupportedFormat(sentence)
    if extension != "csv" and _is_pickle(data):
        raise UnsupportedFormat(
            "This is a pickled Python object, which is never opened as it could run a program: save the signal as .npy."
        )
    if re.match(rb"\s*(?:<!doctype|<html|<\?xml)", head, re.IGNORECASE):
        raise UnsupportedFormat("This is a web page or XML, no recording: was a login page saved instead of the file?")
    from bearing.readers.mat import is_mat4

    if is_mat4(data):
        return Format.MAT4
    if extension in ("mat", "wav", "npy", "tdms") and b"\0" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise UnsupportedFormat(
            f"'{clean_file_name(name)}' is no {extension.upper()} file, whatever its name says: {_EXPORT}"
        )
    return Format.TEXT


def _zip_format(data: bytes, extension: str) -> Format:
    if b"[Content_Types].xml" in data[:4096] or extension in ("xlsx", "xlsm", "ods", "docx"):
        raise UnsupportedFormat("This is an Excel or Office file: save the sheet as CSV.")
    if b".npy" in data[:4096] or extension == "npz":
        return Format.NPZ
    raise UnsupportedFormat("This is a zip archive: unpack it and upload the file inside.")


def _is_pickle(data: bytes) -> bool:
    return len(data) > 2 and data[0] == 0x80 and data[1] in (2, 3, 4, 5) and data[-1:] == b"."
