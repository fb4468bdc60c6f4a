"""What the service allows, from the environment: `BEARING_API_KEY`, `BEARING_MAX_BODY_MB`, `BEARING_WORKERS`, ..."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bearing.errors import ParameterError
from bearing.settings import MEGABYTE, limits

__all__ = ["ApiSettings", "usable_cores"]

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # cgroup v2: "50000 100000" is half a core, "max 100000" no limit


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
    """

    key: str = ""
    max_body_bytes: int = 32 * MEGABYTE
    max_file_bytes: int = 100 * MEGABYTE
    max_windows: int = 512
    workers: int = 2
    queue: int = 16
    body_timeout_s: float = 60.0

    @property
    def uploads(self) -> int:
        """Files to be diagnosed that may be under way at once."""
        return max(2, self.queue // 4)

    @property
    def held_bytes(self) -> int:
        """Bodies in memory over all requests; beyond it the next one gets 429."""
        return 2 * self.max_body_bytes

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ApiSettings:
        """The settings in force. Raises ParameterError for a variable that is not a positive number."""

        def number(name: str, default: float) -> float:
            text = environment.get(name, "").strip()
            try:
                value = float(text) if text else float(default)
            except ValueError:
                value = 0.0
            if not 0 < value < 1e6:
                raise ParameterError(f"The environment variable {name} must be a positive number, got {text!r}.")
            return value

        return cls(
            key=environment.get("BEARING_API_KEY", "").strip(),
            max_body_bytes=int(number("BEARING_MAX_BODY_MB", cls.max_body_bytes / MEGABYTE) * MEGABYTE),
            max_file_bytes=limits().max_bytes,
            max_windows=max(1, int(number("BEARING_MAX_WINDOWS", cls.max_windows))),
            workers=max(1, int(number("BEARING_WORKERS", usable_cores()))),
            queue=max(1, int(number("BEARING_QUEUE", cls.queue))),
            body_timeout_s=number("BEARING_BODY_TIMEOUT_S", cls.body_timeout_s),
        )


def usable_cores(quota_file: Path = _QUOTA) -> int:
    """Cores this process may use: those it may run on, or fewer where a container's quota says so; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text().split()
        cores = min(cores, round(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no cgroup, or no limit
    return max(1, cores)
