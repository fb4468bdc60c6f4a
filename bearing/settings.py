"""How large an upload may be: checked before anything is parsed, so that no file can exhaust a small host.

Every limit can be raised or lowered by an environment variable (``BEARING_MAX_MB=200``), read once per file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import prod

from bearing.errors import ParameterError, TooLarge

__all__ = ["Limits", "limits"]

MEGABYTE = 1_000_000

_ENVIRONMENT = {
    "max_bytes": ("BEARING_MAX_MB", MEGABYTE),
    "max_samples": ("BEARING_MAX_SAMPLES", 1),
    "max_channels": ("BEARING_MAX_CHANNELS", 1),
    "timeout_s": ("BEARING_READ_TIMEOUT_S", 1),
}


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

    def check_bytes(self, count: int) -> None:
        """TooLarge when a file of `count` bytes is over the limit."""
        if count > self.max_bytes:
            raise TooLarge(
                f"The file has {count / MEGABYTE:,.0f} MB, the limit is {self.max_bytes / MEGABYTE:,.0f} MB: "
                "cut a shorter stretch out of the recording, ten seconds are plenty."
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
                "cut a shorter stretch or save fewer channels."
            )

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


def limits() -> Limits:
    """The limits in force: the defaults, overridden by the environment.

    Raises ParameterError for an environment variable that is not a positive number.
    """
    overrides: dict[str, int | float] = {}
    for field, (variable, scale) in _ENVIRONMENT.items():
        text = os.environ.get(variable, "")
        if not text:
            continue
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value < 1e12:
            raise ParameterError(f"The environment variable {variable} must be a positive number, got {text!r}.")
        overrides[field] = value if field == "timeout_s" else int(value * scale)
    return Limits(**overrides)  # type: ignore[arg-type]
