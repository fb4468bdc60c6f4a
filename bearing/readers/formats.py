"""The formats that can be read, as one table; and which of them a file is.

First bytes decide, the name only where they cannot. Batch, page, help, the REST description and the docs read this
table, so a format is added in one place: here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from bearing.errors import ParameterError, UnsupportedFormat
from bearing.readers.names import clean_file_name

if TYPE_CHECKING:
    from bearing.recording import Recording
    from bearing.settings import Limits

__all__ = ["FORMATS", "Format", "format_of", "format_table", "suffixes"]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    title : str
        What to call it in a sentence.
    suffixes : tuple of str
        Usual ends of such files' names, with the dot.
    sniff : callable
        Whether a file is one, from its bytes and its extension (lower case, without the dot).
    reader : str
        ``module:function`` below ``bearing.readers``; the function takes bytes, name and limits, returns Recordings.
    in_child : bool
        True where a library parses that trusts its input: then it runs in a killable child (see ``safe``).
    libraries : tuple of str
        What the child imports before its memory is limited.
    members : bool
        Whether such a file holds others (sheets, files) of which one may be chosen; its reader then takes the name.
    in_part : bool
        Whether the beginning of such a file can be read without its end.
    """

    title: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes, str], bool]
    reader: str
    in_child: bool = False
    libraries: tuple[str, ...] = ()
    members: bool = False
    in_part: bool = False

    def read(self, data: bytes, name: str, bounds: Limits, member: str = "") -> list[Recording]:
        """The recordings in a file of this format; imports what is needed for it.

        `member` names one sheet or file inside, "" is all of them. Raises ParameterError where there is none.
        """
        module, function = self.reader.split(":")
        reader = getattr(import_module(f"bearing.readers.{module}"), function)
        if member and not self.members:
            raise ParameterError(f"A {self.title} file holds no sheets or files to choose {member[:80]!r} from.")
        recordings: list[Recording] = reader(data, name, bounds, *([member] if self.members else []))
        return recordings


_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_MAT5_ENDS = (b"\0\x01", b"\x01\0", b"\0\x02", b"\x02\0")


def _is_mat5(data: bytes, extension: str) -> bool:
    if data[126:128] in (b"IM", b"MI") and data[124:126] in _MAT5_ENDS:
        return True
    return data.startswith((b"MATLAB 5.0", b"MATLAB 7"))  # cut off inside its header: the reader says so


def _is_mat4(data: bytes, extension: str) -> bool:
    from bearing.readers.arrays.mat import is_mat4

    return is_mat4(data)


def _is_workbook(data: bytes, extension: str) -> bool:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return extension not in ("doc", "ppt", "msi")
    if not data.startswith(b"PK"):
        return False
    names = data[:4096] + data[-16_384:]  # the directory of a zip archive stands at its end
    return b"xl/" in names or b"opendocument.spreadsheet" in names or extension in ("xlsx", "xlsm", "xlsb", "ods")


def _is_lvm(data: bytes, extension: str) -> bool:
    return data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()[:19] == b"LabVIEW Measurement"


def _is_uff(data: bytes, extension: str) -> bool:
    indent = rb"\s*" if extension in ("uff", "unv") else rb"(?:[ \t]*\r?\n)* {4}"  # a table may begin with -1, too
    return bool(re.match(indent + rb"-1[ \t]*\r?\n[ \t]*\d{1,4}b?\b", data[:1024]))


def _is_json(data: bytes, extension: str) -> bool:
    return bool(re.match(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*["}]|\[\s*(?:[\[{"\]]|[-+\d.]+\s*[,\]]))', data[:1024]))


def _is_npz(data: bytes, extension: str) -> bool:
    return data.startswith(b"PK") and (b".npy" in data[:4096] or extension == "npz")


def _starts(*magics: bytes) -> Callable[[bytes, str], bool]:
    return lambda data, extension: data.startswith(magics)


FORMATS: tuple[Format, ...] = (
    Format(
        "HDF5 (MATLAB version 7.3, pandas)", (".h5", ".hdf5", ".hdf"),
        lambda data, extension: data.startswith(_HDF5_MAGIC) or data[512:520] == _HDF5_MAGIC,
        "arrays.hdf5:read_hdf5", True, ("h5py",),
    ),
    Format("MATLAB", (".mat",), _is_mat5, "arrays.mat:read_mat5"),
    Format("NumPy .npy", (".npy",), _starts(b"\x93NUMPY"), "arrays.numpy_file:read_npy", in_part=True),
    Format("NumPy .npz", (".npz",), _is_npz, "arrays.numpy_file:read_npz"),
    Format("spreadsheet", (".xlsx", ".xlsm", ".xls", ".ods"), _is_workbook, "tables.workbook:read_workbook",
           True, ("python_calamine", "pandas"), members=True),
    Format("zip archive", (".zip",), _starts(b"PK"), "archives:read_zip", True, ("pandas",), members=True),
    Format("compressed file", (".gz", ".bz2", ".xz"), _starts(b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"),
           "archives:read_compressed", True, ("pandas",)),
    Format("Parquet", (".parquet",), _starts(b"PAR1"), "tables.arrow:read_parquet", True, ("pyarrow.parquet",)),
    Format("Feather (Arrow)", (".feather", ".arrow"), _starts(b"ARROW1"), "tables.arrow:read_feather",
           True, ("pyarrow.ipc",)),
    Format("WAV", (".wav",), lambda data, extension: data[:4] in (b"RIFF", b"RIFX") and data[8:12] == b"WAVE",
           "arrays.wav:read_wav", in_part=True),
    Format("LabVIEW .tdms", (".tdms",), _starts(b"TDSm"), "arrays.tdms:read_tdms", True, ("nptdms",)),
    Format("LabVIEW .lvm", (".lvm",), _is_lvm, "tables.lvm:read_lvm"),
    Format("universal (.uff, .unv)", (".uff", ".unv"), _is_uff, "arrays.uff:read_uff"),
    Format("JSON", (".json", ".jsonl"), _is_json, "tables.json_file:read_json", True, ("orjson",)),
    Format("MATLAB version 4", (), _is_mat4, "arrays.mat:read_mat4"),
    Format("text", (".csv", ".tsv", ".txt", ".dat", ".asc"), lambda data, extension: True, "tables.text:read_text",
           in_part=True),
)  # fmt: skip

_EXPORT = "export the recording as CSV, WAV, MAT, TDMS or UFF."
# What people also try, and what to do about it. The first match wins.
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (
        b"\x1a\x45\xdf\xa3",
        "This is an enDAQ .ide recording, which cannot be read: export it as CSV (in enDAQ Lab, or in Python: "
        "endaq.ide.get_doc, then endaq.ide.to_pandas and to_csv).",
    ),
    (b"TDSh", "This is a .tdms_index file, which holds no samples: upload the .tdms file beside it."),
    (b"\xd0\xcf\x11\xe0", "This is an old Office file, no recording: " + _EXPORT),
    (b"%PDF", "This is a PDF, no recording: " + _EXPORT),
    (b"\x89PNG", "This is a picture, no recording: " + _EXPORT),
    (b"\xff\xd8\xff", "This is a picture, no recording: " + _EXPORT),
    (b"GIF8", "This is a picture, no recording: " + _EXPORT),
    (b"7z\xbc\xaf\x27\x1c", "This is a 7-Zip archive: unpack it and upload the file inside."),
    (b"Rar!", "This is a RAR archive: unpack it and upload the file inside."),
    (b"(\xb5/\xfd", "This is a Zstandard archive: unpack it and upload the file inside."),
    (b"FEA1", "This is a Feather file of version 1: save it as version 2 (pyarrow.feather.write_feather) or as CSV."),
    (b"fLaC", "This is compressed sound (FLAC): convert it to WAV."),
    (b"OggS", "This is compressed sound (Ogg): convert it to WAV."),
    (b"ID3", "This is compressed sound (MP3): convert it to WAV."),
    (b"SQLite format 3", "This is an SQLite database, no recording: " + _EXPORT),
    (b"\x7fELF", "This is a program, no recording: " + _EXPORT),
    (b"MZ", "This is a program, no recording: " + _EXPORT),
)  # fmt: skip


def suffixes() -> tuple[str, ...]:
    """Every suffix a readable file may have, in the table's order."""
    return tuple(suffix for one in FORMATS for suffix in one.suffixes)


def format_table() -> Iterator[tuple[str, str, str]]:
    """Title, suffixes and where it is parsed, of each format: for docs and help."""
    for one in FORMATS:
        yield one.title, " ".join(one.suffixes), "child process" if one.in_child else "in the process"


def format_of(data: bytes, name: str) -> Format:
    """The format of a file by its content, then by its extension.

    Raises UnsupportedFormat, saying what to do, for a format that is known and not read.
    """
    extension = name.lower().rsplit(".", 1)[-1] if "." in name else ""
    *binary, mat4, text = FORMATS
    for one in binary:
        if one.sniff(data, extension):
            return one
    _refuse_known(data, extension)
    if mat4.sniff(data, extension):
        return mat4
    if (
        extension in ("mat", "wav", "npy", "tdms")
        and b"\0" in data[:1024]
        and not data.startswith((b"\xff\xfe", b"\xfe\xff"))
    ):
        raise UnsupportedFormat(
            f"'{clean_file_name(name)}' is no {extension.upper()} file, whatever its name says: {_EXPORT}"
        )
    return text


def _refuse_known(data: bytes, extension: str) -> None:
    """UnsupportedFormat for a format that is known and not read."""
    for magic, sentence in _REFUSED:
        if data.startswith(magic):
            raise UnsupportedFormat(sentence)
    if extension != "csv" and _is_pickle(data):
        raise UnsupportedFormat(
            "This is a pickled Python object, which is never opened as it could run a program: save the signal as .npy."
        )
    if re.match(rb"\s*(?:<!doctype|<html|<\?xml)", data[:1024], re.IGNORECASE):
        raise UnsupportedFormat("This is a web page or XML, no recording: was a login page saved instead of the file?")


def _is_pickle(data: bytes) -> bool:
    return len(data) > 2 and data[0] == 0x80 and data[1] in (2, 3, 4, 5) and data[-1:] == b"."
