"""HDF5 files: MATLAB version 7.3, and plain HDF5 with numeric datasets -> a tree of variables.

h5py is C code that trusts the file; hostile files are read in a child process (:mod:`bearing.readers.safe`).
Only what lies in the file itself is followed: soft and external links, virtual and external datasets are not.
"""

from __future__ import annotations

import io
from math import prod

import numpy as np

from bearing.errors import BearingError, UnreadableFile, UnsupportedFormat
from bearing.readers.arrays.mat import MatlabObject, Tree
from bearing.readers.arrays.matlab import tree_to_recordings
from bearing.readers.names import clean_name
from bearing.recording import Recording
from bearing.settings import Limits

__all__ = ["hdf5_tree", "read_hdf5"]

_FILTERS = {"gzip", "lzf", "szip", None}


def read_hdf5(data: bytes, name: str, bounds: Limits) -> list[Recording]:
    """Channels of an HDF5 file. Raises as `hdf5_tree` and `tree_to_recordings`."""
    return tree_to_recordings(hdf5_tree(data, bounds), name, bounds)


def hdf5_tree(data: bytes, bounds: Limits) -> dict[str, Tree]:
    """Variables by name: datasets as arrays, MATLAB structs as dicts, cells and struct arrays as lists.

    Raises UnreadableFile for a damaged file, UnsupportedFormat for links to elsewhere, TooLarge over a limit.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return _Walker(file, bounds).group(file, depth=0)
    except BearingError:
        raise
    except (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise UnreadableFile("The HDF5 (MATLAB 7.3) file is damaged or cut off: copy or save it again.") from error


class _Walker:
    def __init__(self, file: object, bounds: Limits) -> None:
        self.file, self.bounds = file, bounds
        self.elements = self.samples = self.unpacked = 0

    def group(self, group: object, depth: int) -> dict[str, Tree]:
        import h5py

        assert isinstance(group, h5py.Group)
        self.bounds.check_depth(depth)
        self.bounds.check_elements(self.elements + len(group))
        if "pandas_type" in group.attrs:
            return self._pandas(group)
        tree: dict[str, Tree] = _attributes(group)
        for name in group:
            self._count()
            if name.startswith("#"):  # MATLAB keeps cells in #refs# and objects in #subsystem#
                continue
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise UnsupportedFormat(
                    f"'{clean_name(name)}' is a link to somewhere else, which is not followed: save the signal itself."
                )
            value = self.value(group[name], depth + 1)
            if value is not None:
                tree[name] = value
        return tree

    def value(self, node: object, depth: int) -> Tree | None:
        import h5py

        self.bounds.check_depth(depth)
        if isinstance(node, h5py.Group):
            if "MATLAB_sparse" in node.attrs:
                return None
            return _struct_array(self.group(node, depth))
        if not isinstance(node, h5py.Dataset) or node.shape is None:
            return None
        if "MATLAB_empty" in node.attrs:
            return np.empty(0)
        self._check_storage(node)
        if node.dtype == h5py.ref_dtype:
            return self._referenced(node, depth)
        if (kind := _matlab_class(node)) in _OBJECTS or "MATLAB_object_decode" in node.attrs:
            return MatlabObject(kind)
        if node.dtype.names:
            return self._fields(node)
        if node.dtype.kind not in "fiub":
            return _short_text(node)
        if kind == "char":
            return _text(node) if node.size <= 1000 else ""
        array = self._array(node).T  # MATLAB stores columns first
        facts = _attributes(node)
        return {"data": array, **facts} if facts else array

    def _array(self, node: object) -> np.ndarray:
        import h5py

        assert isinstance(node, h5py.Dataset)
        self.samples += node.size
        self.bounds.check_samples(self.samples)
        return np.asarray(node[()])

    def _fields(self, node: object) -> Tree:
        """The columns of a table of records (pandas' ``table`` layout, PyTables)."""
        import h5py

        assert isinstance(node, h5py.Dataset)
        fields = [name for name in node.dtype.names if node.dtype[name].base.kind in "fiu" and node.ndim == 1]
        self.samples += node.size * sum(prod(node.dtype[name].shape) for name in fields)
        self.bounds.check_samples(self.samples)
        return {name: np.asarray(node[name]) for name in fields if name != "index"}

    def _pandas(self, group: object) -> dict[str, Tree]:
        """The columns of a data frame or series in pandas' ``fixed`` layout. Its index counts rows."""
        import h5py

        assert isinstance(group, h5py.Group)
        tree: dict[str, Tree] = {}
        for number in range(sum(name.endswith("_values") for name in group)):
            self._count()
            names, values = group.get(f"block{number}_items"), group.get(f"block{number}_values")
            if isinstance(names, h5py.Dataset) and isinstance(values, h5py.Dataset) and values.dtype.kind in "fiu":
                self.bounds.check_columns(names.size)
                self._check_storage(values)
                matrix = self._array(values).reshape(-1, names.size)
                for index, name in enumerate(np.asarray(names[()]).reshape(-1)):
                    tree[name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)] = matrix[:, index]
        for key in ("values", "table"):
            node = group.get(key)
            if isinstance(node, h5py.Dataset):
                value = self.value(node, 1)
                tree |= value if isinstance(value, dict) else {} if value is None else {"signal": value}
        return tree

    def _referenced(self, node: object, depth: int) -> Tree:
        """The values a cell (or one field of a struct array) points to."""
        import h5py

        assert isinstance(node, h5py.Dataset)
        self.bounds.check_elements(self.elements + node.size)
        values = []
        for reference in np.asarray(node[()]).T.reshape(-1, order="F"):
            self._count()
            if not reference:
                continue
            value = self.value(h5py.h5r.dereference(reference, node.id) and node.file[reference], depth + 1)
            if value is not None:
                values.append(value)
        return values

    def _check_storage(self, node: object) -> None:
        """TooLarge or UnsupportedFormat before a dataset is touched that is huge, compressed oddly or elsewhere."""
        import h5py

        assert isinstance(node, h5py.Dataset)
        if node.is_virtual or node.external:
            raise UnsupportedFormat("The samples lie in another file: save them in one file.")
        if node.compression not in _FILTERS:
            raise UnsupportedFormat(f"Compression '{node.compression}' is not supported: save without compression.")
        size = prod(node.shape) * node.dtype.itemsize
        self.unpacked += size
        self.bounds.check_unpacked(self.unpacked)
        self.bounds.check_samples(prod(node.shape))
        if node.chunks:
            self.bounds.check_unpacked(prod(node.chunks) * node.dtype.itemsize)

    def _count(self) -> None:
        self.elements += 1
        self.bounds.check_elements(self.elements)


def _struct_array(fields: dict[str, Tree]) -> Tree:
    """Fields that are all lists of one length are a struct array: a list of dicts."""
    lengths = {len(value) for value in fields.values() if isinstance(value, list)}
    if not fields or len(lengths) != 1 or not all(isinstance(value, list) for value in fields.values()):
        return fields
    (length,) = lengths
    return [
        {name: value[index] for name, value in fields.items() if isinstance(value, list)} for index in range(length)
    ]


_OBJECTS = ("table", "timetable", "timeseries", "FileWrapper__")
_NO_FACT = (
    "MATLAB_",
    "H5PATH",
    "CLASS",
    "NAME",
    "TITLE",
    "VERSION",
    "DIMENSION",
    "REFERENCE",
    "_",
    "PYTABLES",
    "FLAVOR",
)


def _attributes(node: object) -> dict[str, Tree]:
    """Numbers and short texts written beside a group or data set (``fs``, ``rpm``, ``unit``)."""
    found: dict[str, Tree] = {}
    for name, value in list(node.attrs.items())[:100]:  # type: ignore[attr-defined]
        if name.startswith(_NO_FACT):
            continue
        plain = np.asarray(value)
        if plain.size == 1 and plain.dtype.kind in "fiu":
            found[name] = plain.astype(np.float64).reshape(1)
        elif plain.size == 1 and plain.dtype.kind in "SUO":
            text = plain.reshape(-1)[0]
            found[name] = text.decode("utf-8", "replace")[:200] if isinstance(text, bytes) else str(text)[:200]
    return found


def _short_text(node: object) -> str | None:
    """A single text, as h5py writes a string; None for anything else that is no number."""
    if node.dtype.kind not in "SO" or node.size != 1:  # type: ignore[attr-defined]
        return None
    text = np.asarray(node[()]).reshape(-1)[0]  # type: ignore[index]
    return text.decode("utf-8", "replace")[:1000] if isinstance(text, bytes) else str(text)[:1000]


def _matlab_class(node: object) -> str:
    value = node.attrs.get("MATLAB_class", b"")  # type: ignore[attr-defined]
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _text(node: object) -> str:
    codes = np.asarray(node[()]).reshape(-1)  # type: ignore[index]
    return "".join(chr(int(code)) for code in codes if 0 < int(code) < 0x110000 and not 0xD800 <= int(code) < 0xE000)
