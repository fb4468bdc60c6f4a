"""Folders, globs and object stores -> the recordings in them, each with a stamp that changes when its content does.

Any address that fsspec knows is read (``s3://``, ``gs://``, ``az://``, ``file://``, ``memory://``). Where the package
that serves a protocol is missing, Arrow's own file systems do for ``s3``, ``gs`` and ``abfs``: they come with pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bearing.errors import UnreadableFile
from bearing.machines.clock import natural_key
from bearing.settings import Limits

__all__ = ["Source", "listed", "read"]


@dataclass(frozen=True)
class Source:
    """One file: its address, its name below the source it was found in, the machine it belongs to, size and stamp."""

    url: str
    name: str
    machine: str
    size: int
    stamp: str


def listed(sources: Sequence[str]) -> list[Source]:
    """All files of the sources, every address once, in the order of their names; hidden ones are left out.

    The machine a file belongs to is the folder it lies in. Raises UnreadableFile for a source in which nothing is, or
    which cannot be reached.
    """
    found: dict[str, Source] = {}
    for source in sources:
        before = len(found)
        try:
            for one in _of(source):
                found.setdefault(one.url, one)
        except (OSError, ValueError, ImportError) as error:
            raise UnreadableFile(f"{source!r} cannot be read ({error}): check the address and your rights.") from error
        if len(found) == before and not any(True for _ in _of(source)):
            raise UnreadableFile(f"{source!r} holds no file: name a folder, a pattern, or an address such as s3://...")
    return sorted(found.values(), key=lambda one: natural_key(one.url))


def _of(source: str) -> Iterator[Source]:
    system, path, prefix = _system(source)
    if any(sign in path for sign in "*?["):
        facts = system.glob(path, detail=True)
        root = path[: min(path.index(sign) for sign in "*?[" if sign in path)].rpartition("/")[0]
    elif (told := system.info(path.rstrip("/")))["type"] == "file":  # raises where nothing is, or nobody answers
        facts, root = {path: told}, path.rpartition("/")[0]
    else:
        root = path.rstrip("/")
        facts = system.find(root, detail=True)
    for place, fact in facts.items():
        if fact.get("type") == "directory" or PurePosixPath(place).name.startswith(".") or not fact.get("size"):
            continue
        name = place.removeprefix(root).lstrip("/")
        folder = PurePosixPath(name).parent.as_posix()
        machine = (PurePosixPath(root).name or source) if folder == "." else folder
        when = fact.get("ETag") or fact.get("etag") or fact.get("mtime") or fact.get("LastModified") or ""
        yield Source(prefix.format(place), name, machine, int(fact["size"]), f"{fact['size']} {when}")


def read(source: Source, bounds: Limits) -> bytes:
    """The content. Raises TooLarge before anything is read, UnreadableFile where it cannot be had."""
    bounds.check_bytes(source.size)
    try:
        system, path, _ = _system(source.url)
        data: bytes = system.cat_file(path)
    except (OSError, ValueError, ImportError) as error:
        raise UnreadableFile(f"It could not be read ({error}): check the address and your rights.") from error
    bounds.check_bytes(len(data))
    return data


def _system(url: str) -> tuple[Any, str, str]:
    """The file system of an address, the path in it, and how an address is written from such a path."""
    import fsspec

    protocol, mark, rest = url.partition("://")
    if not mark:
        system, path = fsspec.core.url_to_fs(url)
        return system, path, "{}"
    query = "?" + rest.partition("?")[2] if protocol != "file" and "?" in rest and "=" in rest else ""
    try:
        if query:
            raise ImportError("options in an address are Arrow's")
        system, path = fsspec.core.url_to_fs(url)
    except ImportError:
        from fsspec.implementations.arrow import ArrowFSWrapper
        from pyarrow.fs import FileSystem

        pattern = rest.partition("?")[0] if query else rest
        bucket = pattern.partition("/")[0]
        arrow, _ = FileSystem.from_uri(f"{protocol}://{bucket}{query}")
        return ArrowFSWrapper(arrow), pattern, f"{protocol}://{{}}{query}"
    return system, path, f"{protocol}://{{}}"
