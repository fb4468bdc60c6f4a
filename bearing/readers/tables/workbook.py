"""Spreadsheets (xlsx, xls, ods) through python-calamine, in a child process: each sheet is read as a text table.

Writing the cells out as text costs a little time and gives a sheet everything a CSV has: facts above the table, header
rows, units, time stamps, spectra recognised.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from bearing.errors import BearingError, InputError, TooLarge, UnreadableFile, UnsupportedFormat
from bearing.readers.archives import check_zip_directory, chosen_members, joined_parts
from bearing.readers.names import clean_file_name, clean_name
from bearing.readers.tables.text import read_text
from bearing.recording import Recording
from bearing.settings import Limits

__all__ = ["read_workbook"]


def read_workbook(data: bytes, name: str, bounds: Limits, member: str = "") -> list[Recording]:
    """Channels of every sheet that holds a table of numbers; those of several carry their sheet's name in front.

    `member` names the only one to read.

    Raises UnsupportedFormat when no sheet can be read, UnreadableFile when the file is damaged, TooLarge over a limit.
    """
    _check_size(data, bounds)
    try:
        import python_calamine
    except ImportError as error:
        raise UnsupportedFormat("Reading spreadsheets needs python-calamine: install it, or save as CSV.") from error
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except Exception as error:  # calamine has an exception per format, and a Rust panic is none of them
        raise UnreadableFile(
            "The spreadsheet is damaged, locked with a password, or another kind of Office file: save the sheet as CSV."
        ) from error
    sheet_names = chosen_members(workbook.sheet_names, member)
    bounds.check_channels(len(sheet_names))
    parts: list[tuple[str, list[Recording]]] = []
    refusals: list[str] = []
    cells = 0
    for sheet_name in sheet_names:
        try:
            sheet = workbook.get_sheet_by_name(sheet_name)
            if not sheet.total_height:
                continue
            bounds.check_columns(sheet.total_width)
            cells += sheet.total_height * sheet.total_width
            bounds.check_samples(cells)
            text = "\n".join(_lines(sheet.iter_rows())).encode()
            parts.append((clean_name(sheet_name), read_text(text, name, bounds)))
        except TooLarge:
            raise
        except InputError as error:
            refusals.append(str(error))
        except BearingError:
            raise
        except Exception as error:
            raise UnreadableFile("A sheet of the spreadsheet is damaged: save it as CSV.") from error
    if not parts:
        raise UnsupportedFormat(
            refusals[0] if refusals else f"No sheet of '{clean_file_name(name)}' holds a table of numbers."
        )
    return joined_parts(parts, name, bounds)


def _check_size(data: bytes, bounds: Limits) -> None:
    """TooLarge when the XML inside would unpack to more than the limit (an .xls is not packed)."""
    if not data.startswith(b"PK"):
        return
    check_zip_directory(data, bounds)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            bounds.check_unpacked(sum(member.file_size for member in archive.infolist()))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFile("The spreadsheet is damaged or cut off: save it again, or as CSV.") from error


def _lines(rows: Iterator[Sequence[Any]]) -> Iterator[str]:
    for row in rows:
        yield "\t".join(_cell(value) for value in row)


def _cell(value: Any) -> str:
    """One cell as text; dates as ISO, so that they are read as stamps."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return repr(value.total_seconds())
    return str(value).replace("\t", " ").replace("\n", " ").replace("\r", " ")
