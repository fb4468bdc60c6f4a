"""Everything the environment can set: each ``BEARING_`` variable and ``PORT``, read by one parser when it is needed.

A variable that cannot be understood is a ParameterError of one sentence; programs ask `check_environment` first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from bearing.errors import ParameterError, TooLarge

__all__ = [
    "MEGABYTE",
    "READ_IN_PART",
    "VARIABLES",
    "ApiSettings",
    "Limits",
    "api_settings",
    "cache_parent",
    "check_environment",
    "check_or_exit",
    "limits",
    "named_folder",
    "port",
    "port_number",
    "store_file",
    "usable_cores",
]

MEGABYTE = 1_000_000
PART = 4  # of the numbers that are allowed: enough to judge, at a quarter of the memory
READ_IN_PART = "The file is over the limit and read in part: the first stretch of every channel."
IN_PART = (
    "Of text, WAV, .npy, raw samples, TDMS, Parquet and Feather the first stretch is read if you agree: the switch on "
    "the page, --part, the field 'part', part=True."
)
DEFAULT_PORT = 8501

Environment = Mapping[str, str]

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # cgroup v2: "50000 100000" is half a core, "max 100000" no limit


@dataclass(frozen=True)
class Limits:
    """What one file may cost.

    Attributes
    ----------
    max_bytes : int
        Size of the file as uploaded.
    max_unpacked_bytes : int
        Size of everything inside it once decompressed.
    max_samples : int
        Numbers over all channels; as float64 they take eight bytes each.
    max_channels, max_columns : int
        Channels a file may offer, and columns a table may have (labels, clocks and counters included).
    max_depth, max_elements : int
        Nesting of structs and cells, and the number of variables, fields and cells altogether.
    timeout_s : float
        Seconds a parse in a child process may take.
    child_bytes : int
        Memory that child process may take beyond what its libraries take.
    in_part : bool
        Of a longer file the first rows are read, of every channel: `max_samples` / `PART` numbers.
    """

    max_bytes: int = 100 * MEGABYTE
    max_unpacked_bytes: int = 150 * MEGABYTE
    max_samples: int = 10_000_000
    max_channels: int = 64
    max_columns: int = 256
    max_depth: int = 16
    max_elements: int = 20_000
    timeout_s: float = 5.0
    child_bytes: int = 300 * MEGABYTE
    in_part: bool = False

    @property
    def _hint(self) -> str:
        return "This kind of file is not read in part." if self.in_part else IN_PART

    def check_bytes(self, count: int) -> None:
        """TooLarge when a file of `count` bytes is over the limit."""
        if count > self.max_bytes:
            raise TooLarge(
                f"The file has {count / MEGABYTE:,.0f} MB, the limit is {self.max_bytes / MEGABYTE:,.0f} MB: "
                f"cut a shorter stretch out of the recording, ten seconds are plenty. {self._hint}"
            )

    def check_unpacked(self, count: int) -> None:
        """TooLarge when content would unpack to `count` bytes."""
        if count > self.max_unpacked_bytes:
            raise TooLarge(
                f"The content would unpack to {count / MEGABYTE:,.0f} MB or more, the limit is "
                f"{self.max_unpacked_bytes / MEGABYTE:,.0f} MB: save a shorter stretch."
            )

    def check_samples(self, *shape: int) -> None:
        """TooLarge when an array of this shape holds too many numbers."""
        count = prod(shape)
        if count > self.max_samples:
            raise TooLarge(
                f"The file holds {count:,} numbers, the limit is {self.max_samples:,}: "
                f"cut a shorter stretch or save fewer channels. {self._hint}"
            )

    def rows_within(self, rows: int, columns: int) -> tuple[int, tuple[str, ...]]:
        """How many of so many rows are read: all, or as many as the limit allows where that is agreed; and a note.

        Raises TooLarge where it is not.
        """
        if not self.in_part or rows * columns <= self.max_samples:
            self.check_samples(rows, columns)
            return rows, ()
        most = max(1, self.max_samples // PART // columns)
        return most, (READ_IN_PART,)

    def check_columns(self, count: int) -> None:
        """TooLarge when a table has too many columns."""
        if count > self.max_columns:
            raise TooLarge(f"The table has {count:,} columns, the limit is {self.max_columns}: save fewer channels.")

    def check_channels(self, count: int) -> None:
        """TooLarge when a file offers too many channels."""
        if count > self.max_channels:
            raise TooLarge(f"The file holds {count:,} channels, the limit is {self.max_channels}: save fewer of them.")

    def check_elements(self, count: int) -> None:
        """TooLarge when a file is made of too many small parts."""
        if count > self.max_elements:
            raise TooLarge(
                f"The file is made of more than {self.max_elements:,} variables and fields: save the signal alone."
            )

    def check_depth(self, depth: int) -> None:
        """TooLarge when structs are nested too deeply."""
        if depth > self.max_depth:
            raise TooLarge(f"Structs are nested more than {self.max_depth} deep: save the signal on its own.")


@dataclass(frozen=True)
class ApiSettings:
    """Limits of one server process. The defaults fit a host of 512 MB.

    Attributes
    ----------
    key : str
        When not empty, every request but health and docs must carry it.
    max_body_bytes : int
        A JSON or .npy body; it is held in memory.
    max_file_bytes : int
        An upload to be diagnosed; it waits on disk.
    max_windows : int
        Windows of 2048 samples in one request.
    workers : int
        Requests computed at the same time, one thread each.
    queue : int
        Requests that may wait (or still be arriving) beyond those; the next one gets 429. Files to be diagnosed take at
        most a quarter of it, so that nobody waits long behind them.
    body_timeout_s : float
        Seconds a body may take to arrive.
    allowed_origins : str
        Web pages of other hosts that may send work, separated by spaces or commas (``https://plant.example``).
    """

    key: str = ""
    max_body_bytes: int = 32 * MEGABYTE
    max_file_bytes: int = 100 * MEGABYTE
    max_windows: int = 512
    workers: int = 2
    queue: int = 16
    body_timeout_s: float = 60.0
    allowed_origins: str = ""

    @property
    def uploads(self) -> int:
        """Files to be diagnosed that may be under way at once."""
        return max(2, self.queue // 4)

    @property
    def held_bytes(self) -> int:
        """Bodies in memory over all requests; beyond it the next one gets 429."""
        return 2 * self.max_body_bytes


def usable_cores(quota_file: Path = _QUOTA) -> int:
    """Cores this process may use: those it may run on, or fewer where a container's quota says so; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text().split()
        cores = min(cores, round(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no cgroup, or no limit
    return max(1, cores)


# ------------------------------------------------------------------------------------------------------- the parsers


def _number(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


def _count(text: str) -> int:
    value = float(text)
    if not (1 <= value < 1e12 and value.is_integer()):
        raise ValueError
    return int(value)


def _bytes(text: str) -> int:
    return max(1, int(_number(text) * MEGABYTE))


def port_number(text: str) -> int:
    """The number of a port. Raises ValueError for what is none."""
    value = int(text)
    if not 1 <= value <= 65_535:
        raise ValueError(f"A port is a whole number from 1 to 65535, got {text!r}.")
    return value


def _folder(text: str) -> Path:
    return Path(text).expanduser()


@dataclass(frozen=True)
class _Kind:
    """A kind of value: how it is parsed (ValueError when it cannot be), and what was expected, in words."""

    parse: Callable[[str], object]
    expected: str


_A_FOLDER = _Kind(_folder, "a folder")
_A_FILE = _Kind(_folder, "a file")
_A_NUMBER = _Kind(_number, "a positive number")
_A_COUNT = _Kind(_count, "a whole number of 1 or more")
_A_SIZE = _Kind(_bytes, "a positive number of megabytes")
_A_PORT = _Kind(port_number, "a whole number from 1 to 65535")
_A_TEXT = _Kind(str, "text")

_LIMITS = {
    "max_bytes": "BEARING_MAX_MB",
    "max_samples": "BEARING_MAX_SAMPLES",
    "max_channels": "BEARING_MAX_CHANNELS",
    "timeout_s": "BEARING_READ_TIMEOUT_S",
}
_API = {
    "key": "BEARING_API_KEY",
    "max_body_bytes": "BEARING_MAX_BODY_MB",
    "max_file_bytes": "BEARING_MAX_MB",
    "max_windows": "BEARING_MAX_WINDOWS",
    "workers": "BEARING_WORKERS",
    "queue": "BEARING_QUEUE",
    "body_timeout_s": "BEARING_BODY_TIMEOUT_S",
    "allowed_origins": "BEARING_ALLOWED_ORIGINS",
}
_KINDS = {
    "BEARING_ADI_DIR": _A_FOLDER,
    "BEARING_ALLOWED_ORIGINS": _A_TEXT,
    "BEARING_API_KEY": _A_TEXT,
    "BEARING_BODY_TIMEOUT_S": _A_NUMBER,
    "BEARING_CACHE_DIR": _A_FOLDER,
    "BEARING_CATALOGUE": _A_FILE,
    "BEARING_DATA_DIR": _A_FOLDER,
    "BEARING_MAX_BODY_MB": _A_SIZE,
    "BEARING_MAX_CHANNELS": _A_COUNT,
    "BEARING_MAX_MB": _A_SIZE,
    "BEARING_MAX_SAMPLES": _A_COUNT,
    "BEARING_MAX_WINDOWS": _A_COUNT,
    "BEARING_OTHER_DIR": _A_FOLDER,
    "BEARING_QUEUE": _A_COUNT,
    "BEARING_READ_TIMEOUT_S": _A_NUMBER,
    "BEARING_STORE": _A_FILE,
    "BEARING_WORKERS": _A_COUNT,
    "PORT": _A_PORT,
    "XDG_CACHE_HOME": _A_FOLDER,
}
VARIABLES = tuple(_KINDS)


def _read(name: str, environment: Environment) -> Any:
    """The parsed value of a known variable; None where it is not set or empty."""
    text = environment.get(name, "").strip()
    if not text:
        return None
    kind = _KINDS[name]
    try:
        return kind.parse(text)
    except (ValueError, OverflowError, RuntimeError):  # RuntimeError: ~ names nobody's home
        raise ParameterError(f"The environment variable {name} must be {kind.expected}, got {text!r}.") from None


def _read_all(names: Mapping[str, str], environment: Environment) -> dict[str, Any]:
    """Values by field name, of the variables that are set."""
    values = {field: _read(name, environment) for field, name in names.items()}
    return {field: value for field, value in values.items() if value is not None}


# ------------------------------------------------------------------------------------------------- what is in force


def limits(environment: Environment = os.environ) -> Limits:
    """The limits of one file in force. Raises ParameterError for a variable that is not a positive number."""
    return Limits(**_read_all(_LIMITS, environment))


def own_catalogue(environment: Environment = os.environ) -> Path | None:
    """The user's own catalogue of bearings, None where BEARING_CATALOGUE is not set."""
    path: Path | None = _read("BEARING_CATALOGUE", environment)
    return path


def api_settings(environment: Environment = os.environ) -> ApiSettings:
    """The service's settings in force; by default one worker per usable core. Raises ParameterError as `limits`."""
    return ApiSettings(**{"workers": usable_cores(), **_read_all(_API, environment)})


def port(environment: Environment = os.environ) -> int:
    """The port to serve on: ``PORT``, which hosts set, else 8501. Raises ParameterError for what is no port."""
    return _read("PORT", environment) or DEFAULT_PORT


def store_file(environment: Environment = os.environ) -> Path | None:
    """The file that machines are kept in (`bearing.machines.kept`), None where BEARING_STORE is not set."""
    path: Path | None = _read("BEARING_STORE", environment)
    return path


def named_folder(name: str, environment: Environment = os.environ) -> Path | None:
    """The folder a variable such as ``BEARING_DATA_DIR`` names; None when it is not set."""
    return _read(name, environment)


def cache_parent(environment: Environment = os.environ) -> Path:
    """Where programs keep their caches by the XDG base directory specification: ``XDG_CACHE_HOME``, else ~/.cache."""
    return _read("XDG_CACHE_HOME", environment) or Path(os.path.expanduser("~")) / ".cache"


def check_or_exit() -> None:
    """For programs, before anything else: `check_environment`, or its sentence on stderr and exit code 2."""
    try:
        check_environment()
    except ParameterError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def check_environment(environment: Environment = os.environ) -> None:
    """ParameterError for the first variable that cannot be understood, or whose name is nearly one of ours."""
    for name in VARIABLES:
        _read(name, environment)
    strangers = sorted(name for name in environment if name.startswith("BEARING") and name not in _KINDS)
    if not strangers:
        return
    from difflib import get_close_matches

    for name in strangers:
        for meant in get_close_matches(name, VARIABLES, n=1, cutoff=0.9):
            raise ParameterError(f"The environment variable {name} is not known: was {meant} meant?")
