"""NumPy files: ``.npy`` and ``.npz``, numbers only. Pickled objects are never opened."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from math import prod

import numpy as np

from bearing.errors import BearingError, UnreadableFile, UnsupportedFormat
from bearing.readers.archives import check_zip_directory
from bearing.readers.arrays.mat import Tree
from bearing.readers.arrays.matlab import tree_to_recordings
from bearing.readers.columns.channels import to_recordings
from bearing.readers.columns.column import Column, columns_of
from bearing.readers.columns.facts import Facts
from bearing.readers.names import clean_name
from bearing.recording import Recording
from bearing.settings import READ_IN_PART, Limits

__all__ = ["read_npy", "read_npz"]

HEADER_BYTES = 70_000  # numpy.save writes 128; version 1 of the format has room for 65,535
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npy(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a ``.npy`` array; the fields of a structured array are columns by name."""
    array, in_part = _beginning(data, bounds) if bounds.in_part else (_array(data, bounds), ())
    if array.dtype.names:
        bounds.check_columns(len(array.dtype.names))
        bounds.check_samples(array.size * len(array.dtype.names))
        columns = [
            Column(field, _seconds(array[field]).reshape(-1), "s", stamp=True)
            if array.dtype[field].kind in "mM"
            else Column(field, np.asarray(array[field], np.float64).reshape(-1))
            for field in array.dtype.names
            if array.dtype[field].kind in "fiubmM" and array.dtype[field].shape == ()
        ]
        return to_recordings(columns, name, bounds, Facts(notes=in_part))
    if array.dtype.kind in "UmM":
        raise UnsupportedFormat(f"The NumPy file holds {clean_name(array.dtype)}, expected an array of real numbers.")
    if array.size == 1:
        raise UnsupportedFormat("The .npy file holds a single number, expected an array of samples.")
    return to_recordings(
        columns_of(array, "" if array.ndim > 1 else "signal", bounds), name, bounds, Facts(notes=in_part)
    )


def read_npz(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a ``.npz`` archive: arrays by name, scalars named like a rate or a speed are facts."""
    tree: dict[str, Tree] = {}
    check_zip_directory(data, bounds)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            bounds.check_elements(len(archive.infolist()))
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            bounds.check_unpacked(sum(member.file_size for member in members))
            samples = 0
            for member in members:  # over all arrays, before the first of them is unpacked
                with archive.open(member) as stream:
                    samples += _claimed(stream.read(HEADER_BYTES), bounds)[0]
                bounds.check_samples(samples)
            for member in members:
                with archive.open(member) as stream:
                    array = _array(stream.read(member.file_size), bounds)
                variable = member.filename.removesuffix(".npy")
                if array.dtype.kind == "U":
                    tree |= {variable: str(array.flat[0])} if array.size == 1 else {}  # labels are no samples
                elif array.dtype.kind in "mM":
                    tree[f"{variable}_s"] = _seconds(array)
                elif array.dtype.names is None:
                    tree[variable] = array
    except BearingError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise UnreadableFile("The .npz archive is damaged or cut off: save it again with numpy.savez.") from error
    return tree_to_recordings(tree, name, bounds)


def _claimed(head: bytes, bounds: Limits) -> tuple[int, tuple[int, ...], bool, np.dtype, int]:
    """What the header of an array claims: numbers, shape, order of storage, type; and where its values begin."""
    stream = io.BytesIO(head)
    try:
        version = np.lib.format.read_magic(stream)
        shape, fortran, dtype = _HEADERS.get(version, np.lib.format.read_array_header_2_0)(stream)
    except (ValueError, SyntaxError, TypeError, KeyError, EOFError, RecursionError, tokenize.TokenError) as error:
        raise UnreadableFile("The header of this NumPy file is damaged: save it again with numpy.save.") from error
    if dtype.hasobject:
        raise UnsupportedFormat(
            "The NumPy file holds pickled Python objects, which are never opened as they could run a program: "
            "save the signal alone, as numbers."
        )
    if any(side < 0 for side in shape) or dtype.itemsize == 0:
        raise UnreadableFile("The NumPy file claims an impossible shape: save it again with numpy.save.")
    if not bounds.in_part:
        bounds.check_samples(*shape)
    return prod(shape), shape, fortran, dtype, stream.tell()


def _beginning(data: bytes, bounds: Limits) -> tuple[np.ndarray, tuple[str, ...]]:
    """The array, of a longer one the first rows along its longer side, and a note.

    Raises TooLarge where those do not lie at the beginning of a file that is cut off.
    """
    count, shape, fortran, dtype, start = _claimed(data[:HEADER_BYTES], bounds)
    held, fields = len(data) - start, len(dtype.names or (1,))
    complete = held >= count * dtype.itemsize
    if len(shape) not in (1, 2) or (complete and count * fields <= bounds.max_samples) or not count:
        bounds.check_samples(count, fields)
        return _array(data, bounds), ()
    axis = int(np.argmax(shape))
    width = count // shape[axis]
    rows, note = bounds.rows_within(shape[axis], width * fields)
    if complete:
        return np.take(_array(data, bounds), range(rows), axis=axis), note
    if len(shape) == 2 and (axis == 0) == fortran:  # one channel after the other
        bounds.check_bytes(start + count * dtype.itemsize)
    rows = min(rows, held // (width * dtype.itemsize))
    view = np.frombuffer(data, dtype, rows * width, start)
    return view.reshape(rows, width) if len(shape) == 2 else view, (READ_IN_PART,)


def _array(data: bytes, bounds: Limits) -> np.ndarray:
    """The array as a view of the bytes, its claimed shape checked against them first."""
    count, shape, fortran, dtype, start = _claimed(data[:HEADER_BYTES], bounds)
    claimed, held = count * dtype.itemsize, len(data) - start
    if claimed > held:
        raise UnreadableFile(
            f"The NumPy file is cut off: shape {shape} needs {claimed:,} bytes, {held:,} are there. "
            "Copy or save it again."
        )
    if dtype.kind not in "fiubVUmM":
        raise UnsupportedFormat(f"The NumPy file holds values of type {clean_name(dtype)}, expected real numbers.")
    return np.frombuffer(data, dtype, count, start).reshape(shape, order="F" if fortran else "C")


def _seconds(stamps: np.ndarray) -> np.ndarray:
    """Dates or spans of time as seconds since the first of them."""
    first = stamps.reshape(-1)[:1]
    return np.asarray((stamps - first) / np.timedelta64(1, "ns") * 1e-9, np.float64)
