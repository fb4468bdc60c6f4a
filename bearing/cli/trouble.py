"""What went wrong beside the input, in one sentence: a full disk, a reader that left, a fault of the program."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

__all__ = ["discard_output", "listen_for_stop", "os_problem", "program_fault", "tell", "was_stopped"]


def tell(sentence: str) -> None:
    """A sentence on standard error; when nobody listens there, the exit code still says it."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)


def program_fault(error: Exception) -> str:
    """For an error nobody foresaw: what and where, so that it can be reported, without a traceback."""
    steps = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else ""
    said = " ".join(str(error).split())[:200]
    return (
        f"The program itself failed ({type(error).__name__}{where}{': ' if said else ''}{said}). "
        "No verdict is given; please report this with the file."
    )


class _Stop:
    requested = False


def listen_for_stop() -> None:
    """Remember that Ctrl-C was pressed: NumPy, stopped while it loads, tells of a broken set-up instead."""

    def stop(*_: object) -> None:
        _Stop.requested = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)


def was_stopped() -> bool:
    """Whether Ctrl-C was pressed, whatever a library made of it."""
    return _Stop.requested


def os_problem(error: OSError) -> str:
    """For what the system refused: a full disk, a file that vanished, no more memory."""
    if error.errno == errno.ENAMETOOLONG:
        return "A path of that length is none: check what was named."
    named = f" on {Path(str(error.filename)).name!r}" if error.filename else ""
    return f"The system refused to go on{named}: {error.strerror or error}. Free what is short and try again."


@contextmanager
def unheard() -> Iterator[None]:
    """What is printed inside goes nowhere once nobody reads it (``| head -1``): the exit code is still that of all."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output(sys.stdout)


def discard_output(stream: TextIO) -> None:
    """Let everything else that is written to a stream go nowhere."""
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, stream.fileno())
    except (OSError, ValueError):
        pass  # no real file behind it
    finally:
        os.close(sink)
