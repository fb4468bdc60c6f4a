"""The child process of :mod:`bearing.readers.safe`: reads one file from standard input under a memory limit."""

from __future__ import annotations

import json
import math
import struct
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from bearing.settings import Limits

__all__ = ["main"]


def main(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer one request: a length, a JSON head (name, limits, seconds), then the bytes of the file until the end."""
    (size,) = struct.unpack("<I", source.read(4))
    request = json.loads(source.read(size))
    import numpy as np  # noqa: F401  (libraries first: the limit is for the file)

    from bearing.errors import BearingError
    from bearing.readers import read_bytes
    from bearing.readers.safe import packed
    from bearing.settings import Limits

    bounds = Limits(**request["bounds"])
    data = source.read(bounds.max_bytes + 1)
    _import_parser(data, request["name"])
    _limit_this_process(bounds, request["timeout_s"])
    try:
        pieces = packed(read_bytes(data, request["name"], bounds, request["member"]))
    except BearingError as error:
        head = json.dumps({"error": type(error).__name__, "message": str(error)}).encode()
        pieces = [struct.pack("<I", len(head)), head]
    for piece in pieces:
        sink.write(piece)
    sink.flush()


def _import_parser(data: bytes, name: str) -> None:
    """The libraries of the file's format; what cannot be imported says so when it is needed."""
    from bearing.readers.formats import format_of

    for library in format_of(data, name).libraries:
        with suppress(ImportError):
            import_module(library)


def _limit_this_process(bounds: Limits, seconds: float) -> None:
    """Limits the address space beyond the present, the processor time and the length of the answer (POSIX only)."""
    try:
        import resource

        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        room, answer = used + bounds.child_bytes, 9 * bounds.max_samples + 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds) + 1, math.ceil(seconds) + 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (answer, answer))
    except (ImportError, OSError, ValueError):
        return  # elsewhere the parent's timeout and the checks before parsing stand alone


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
