"""MATLAB files up to version 7 (``save -v4``, ``-v6``, ``-v7``): bytes -> a tree of variables.

A small reader of its own rather than scipy.io: walking the tags against the size of the file is the only way to know
that a claimed array is there before room is made for it, and once that is done the array is one view of the bytes.
Layout: MathWorks, "MAT-File Format" (R2023a), chapter 1 (version 5 and 7) and appendix (version 4).
The tree is read by :mod:`bearing.readers.arrays.matlab`; version 7.3 files are HDF5.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Union

import numpy as np

from bearing.errors import UnreadableFile
from bearing.readers.names import clean_name
from bearing.recording import Recording
from bearing.settings import Limits

__all__ = ["MatlabObject", "Tree", "is_mat4", "mat4_tree", "mat5_tree", "read_mat4", "read_mat5"]

# A variable: numbers, text, a struct (dict), a cell or struct array (list), or an object only MATLAB can open.
Tree = Union[np.ndarray, str, dict[str, "Tree"], list["Tree"], "MatlabObject"]


@dataclass(frozen=True)
class MatlabObject:
    """A variable of a class of MATLAB's own (``table``, ``timetable``, ``timeseries``), whose layout is not public."""

    class_name: str


_MATRIX, _COMPRESSED = 14, 15
_DTYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXT = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE, _OPAQUE = 1, 2, 3, 4, 5, 17
_NUMERIC_CLASSES = range(6, 16)
_COMPLEX = 0x08
_ZLIB_MAX_RATIO = 1032  # deflate cannot shrink by more


def read_mat5(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a version 5, 6 or 7 file. Raises as `mat5_tree` and `tree_to_recordings`."""
    from bearing.readers.arrays.matlab import tree_to_recordings

    return tree_to_recordings(mat5_tree(data, bounds), name, bounds)


def read_mat4(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of a version 4 file. Raises as `mat4_tree` and `tree_to_recordings`."""
    from bearing.readers.arrays.matlab import tree_to_recordings

    return tree_to_recordings(mat4_tree(data, bounds), name, bounds)


def mat5_tree(data: bytes, bounds: Limits) -> dict[str, Tree]:
    """Variables of a version 5, 6 or 7 file, by name.

    Raises UnreadableFile for a damaged file, TooLarge for one over a limit.
    """
    if len(data) < 136:
        raise UnreadableFile("A MATLAB file has a header of 128 bytes and at least one variable: this one is cut off.")
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise UnreadableFile("The header of this MATLAB file is damaged (no byte-order mark): save it again.")
    return _Walker(bounds, order).variables(data)


class _Walker:
    """Walks the tagged elements of one file, counting what it has seen against the limits."""

    def __init__(self, bounds: Limits, order: str) -> None:
        self.bounds, self.order = bounds, order
        self.elements = self.unpacked = self.samples = 0

    def variables(self, data: bytes) -> dict[str, Tree]:
        tree: dict[str, Tree] = {}
        for kind, body in self._elements(memoryview(data)[128:]):
            if kind == _COMPRESSED:
                body = self._unpacked_matrix(body)
            elif kind != _MATRIX:
                continue
            name, value = self._matrix(body, depth=0)
            if value is not None and name:  # without a name it is MATLAB's own store of objects
                tree[name] = value
        return tree

    def _elements(self, data: memoryview, padded: bool = True) -> Iterator[tuple[int, memoryview]]:
        """Type and body of each element; UnreadableFile when one claims more bytes than are left."""
        at = 0
        while at + 8 <= len(data):
            self.elements += 1
            self.bounds.check_elements(self.elements)
            kind, size = np.frombuffer(data, self.order + "u4", 2, at).tolist()
            if kind >> 16:  # a small element: size and type share one word, the data sits in the next
                kind, size = kind & 0xFFFF, kind >> 16
                if size > 4:
                    raise UnreadableFile(f"The MATLAB file is damaged: a small element claims {size} bytes.")
                yield kind, data[at + 4 : at + 4 + size]
                at += 8
                continue
            at += 8
            if size > len(data) - at:
                raise UnreadableFile(
                    f"The MATLAB file is cut off or damaged: a variable claims {size:,} bytes, "
                    f"{len(data) - at:,} are left. Copy or save it again."
                )
            yield kind, data[at : at + size]
            at += size if kind == _COMPRESSED else size + -size % 8

    def _unpacked_matrix(self, packed: memoryview) -> memoryview:
        """The matrix inside a compressed element; its claimed size is checked before it is unpacked."""
        inflate = zlib.decompressobj()
        try:
            tag = inflate.decompress(packed, 8)
            if len(tag) < 8:
                raise UnreadableFile("The MATLAB file is cut off inside a compressed variable: copy or save it again.")
            kind, size = np.frombuffer(tag, self.order + "u4", 2).tolist()
            if kind != _MATRIX:
                raise UnreadableFile("The MATLAB file is damaged: a compressed element holds no variable.")
            self.unpacked += size
            self.bounds.check_unpacked(self.unpacked)
            if size > _ZLIB_MAX_RATIO * len(packed):
                raise UnreadableFile(f"The MATLAB file is damaged: {len(packed):,} bytes cannot unpack to {size:,}.")
            body = inflate.decompress(inflate.unconsumed_tail, size) if size else b""
        except zlib.error as error:
            raise UnreadableFile("The MATLAB file is damaged inside a compressed variable: save it again.") from error
        if len(body) < size:
            raise UnreadableFile("The MATLAB file is cut off inside a compressed variable: copy or save it again.")
        return memoryview(body)

    def _matrix(self, body: memoryview, depth: int) -> tuple[str, Tree | None]:
        """Name and value of a miMATRIX body; value None for what holds no numbers or text (functions, objects)."""
        self.bounds.check_depth(depth)
        if not len(body):
            return "", np.empty(0)
        parts = self._elements(body)
        flags = self._numbers(*self._next(parts))
        shape_and_more = self._next(parts)
        if flags.size < 1:
            raise UnreadableFile("The MATLAB file is damaged: a variable has no class.")
        if int(flags[0]) & 0xFF == _OPAQUE:  # name, kind of object, class
            next(parts, None)
            described = next(parts, (0, memoryview(b"object")))[1]
            name, class_name = (
                bytes(raw[:64]).rstrip(b"\0").decode("latin-1") for raw in (shape_and_more[1], described)
            )
            return name, MatlabObject(class_name)
        matlab_class, is_complex = int(flags[0]) & 0xFF, bool(int(flags[0]) >> 8 & _COMPLEX)
        shape = tuple(self._numbers(*shape_and_more).astype(np.int64).tolist())
        if matlab_class not in (_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE) and matlab_class not in _NUMERIC_CLASSES:
            return "", None
        name = bytes(self._next(parts)[1]).rstrip(b"\0").decode("latin-1")
        if not 1 <= len(shape) <= 32 or min(shape) < 0:
            raise UnreadableFile(f"The MATLAB file is damaged: '{clean_name(name)}' has impossible dimensions.")
        if matlab_class == _CELL:
            return name, self._cells(parts, prod(shape), depth)
        if matlab_class in (_STRUCT, _OBJECT):
            return name, self._struct(parts, prod(shape), depth, matlab_class == _OBJECT)
        if matlab_class == _SPARSE:
            return name, None
        kind, values = self._next(parts)
        if matlab_class == _CHAR:
            return name, self._text(kind, values)
        if is_complex:
            return name, None
        return name, self._array(kind, values, shape, name)

    def _array(self, kind: int, values: memoryview, shape: tuple[int, ...], name: str) -> np.ndarray:
        self.samples += prod(shape)
        self.bounds.check_samples(self.samples)
        numbers = self._numbers(kind, values)
        if numbers.size != prod(shape):
            raise UnreadableFile(
                f"The MATLAB file is damaged: '{clean_name(name)}' claims {prod(shape):,} numbers "
                f"and holds {numbers.size:,}."
            )
        return numbers.reshape(shape, order="F")

    def _cells(self, parts: Iterator[tuple[int, memoryview]], count: int, depth: int) -> list[Tree]:
        self.bounds.check_elements(self.elements + count)
        values = [self._matrix(self._next(parts)[1], depth + 1)[1] for _ in range(count)]
        return [value for value in values if value is not None]

    def _struct(self, parts: Iterator[tuple[int, memoryview]], count: int, depth: int, is_object: bool) -> Tree:
        """A 1x1 struct as a dict, a struct array as a list of dicts."""
        if is_object:
            self._next(parts)  # the class name
        width_array = self._numbers(*self._next(parts))
        width = int(width_array[0]) if width_array.size else 0
        names_block = bytes(self._next(parts)[1])
        if not 0 < width <= 256:
            raise UnreadableFile("The MATLAB file is damaged: a struct has no valid field names.")
        fields = [
            names_block[at : at + width].split(b"\0")[0].decode("latin-1") for at in range(0, len(names_block), width)
        ]
        self.bounds.check_elements(self.elements + count * max(len(fields), 1))
        structs: list[Tree] = []
        for _ in range(count):
            struct: dict[str, Tree] = {}
            for field in fields:
                value = self._matrix(self._next(parts)[1], depth + 1)[1]
                if value is not None:
                    struct[field] = value
            structs.append(struct)
        return structs[0] if count == 1 else structs

    def _numbers(self, kind: int, values: memoryview) -> np.ndarray:
        dtype = _DTYPES.get(kind)
        if dtype is None:
            raise UnreadableFile(f"The MATLAB file is damaged: numbers of an unknown storage type ({kind}).")
        whole = len(values) - len(values) % np.dtype(dtype).itemsize
        return np.frombuffer(values[:whole], self.order + dtype)

    def _text(self, kind: int, values: memoryview) -> str:
        encoding = _TEXT.get(kind, "latin-1")
        if encoding in ("utf-16", "utf-32"):
            encoding += "-le" if self.order == "<" else "-be"
        return bytes(values[:1000]).decode(encoding, "replace").rstrip("\0 ")

    @staticmethod
    def _next(parts: Iterator[tuple[int, memoryview]]) -> tuple[int, memoryview]:
        part = next(parts, None)
        if part is None:
            raise UnreadableFile("The MATLAB file is damaged: a variable ends before its values. Save it again.")
        return part


# --- version 4 ------------------------------------------------------------------------------------------------------

_MAT4_DTYPES = {0: "f8", 1: "f4", 2: "i4", 3: "i2", 4: "u2", 5: "u1"}


def is_mat4(data: bytes) -> bool:
    """Whether the bytes begin like a version 4 file, which has no magic number: a plausible first header."""
    header = _mat4_header(data, 0)
    if header is None:
        return False
    _, kind, rows, columns, _, name_length = header
    name = data[20 : 20 + name_length]
    return (
        kind // 10 % 10 in _MAT4_DTYPES
        and rows * columns > 0
        and name.endswith(b"\0")
        and name[:-1].isascii()
        and name[:1].isalpha()
        and all(byte == 95 or chr(byte).isalnum() for byte in name[:-1])
    )


def mat4_tree(data: bytes, bounds: Limits) -> dict[str, Tree]:
    """Variables of a version 4 file, by name. Raises UnreadableFile, TooLarge."""
    tree: dict[str, Tree] = {}
    at = samples = 0
    while at < len(data):
        bounds.check_elements(len(tree) + 1)
        header = _mat4_header(data, at)
        if header is None:
            raise UnreadableFile("The MATLAB version 4 file is cut off or damaged: save it again.")
        order, kind, rows, columns, is_complex, name_length = header
        name = data[at + 20 : at + 20 + name_length].rstrip(b"\0").decode("latin-1")
        dtype = np.dtype(order + _MAT4_DTYPES.get(kind // 10 % 10, "u1"))
        start = at + 20 + name_length
        size = rows * columns * dtype.itemsize * (2 if is_complex else 1)
        if size > len(data) - start:
            raise UnreadableFile(
                f"The MATLAB file is cut off or damaged: '{clean_name(name)}' claims {size:,} bytes, "
                f"{max(len(data) - start, 0):,} are left. Copy or save it again."
            )
        samples += rows * columns
        bounds.check_samples(samples)
        if kind % 10 == 0 and not is_complex:  # full numeric; 1 is text, 2 sparse
            tree[name] = np.frombuffer(data, dtype, rows * columns, start).reshape((rows, columns), order="F")
        at = start + size
    return tree


def _mat4_header(data: bytes, at: int) -> tuple[str, int, int, int, int, int] | None:
    """Byte order, type (MOPT), rows, columns, complex flag and name length; None when they cannot be."""
    if len(data) - at < 20:
        return None
    for order in "<>":
        kind, rows, columns, is_complex, name_length = np.frombuffer(data, order + "i4", 5, at).tolist()
        byte_order = kind // 1000
        if (
            0 <= kind < 2000
            and byte_order == (0 if order == "<" else 1)
            and kind // 100 % 10 == 0
            and kind % 10 <= 2
            and is_complex in (0, 1)
            and 1 < name_length <= 256
            and min(rows, columns) >= 0
        ):
            return order, kind, rows, columns, is_complex, name_length
    return None
