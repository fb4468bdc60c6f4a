"""One member of a JSON body -> its numbers: with simdjson where it has a wheel for this Python, else with orjson.

simdjson writes the numbers straight into doubles, in half the time that orjson takes over Python's floats
(`python -m benchmarks.batch_predict --parsers` prints both); it has none for Python 3.14. Both parsers accept and
refuse the same bodies, but for integers beyond 64 bits, which orjson reads as the doubles they are.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

__all__ = ["PARSERS", "MemberParser", "NotJson", "member_parser"]


class NotJson(ValueError):
    """The bytes are no JSON; the message says why in a few words."""


class MemberParser(Protocol):
    """`parse` gives an object or a list whose numbers `numbers` reads; both live until the next `parse`."""

    list_type: Any

    def parse(self, piece: bytes | bytearray) -> Any:
        """The member. Raises NotJson."""
        ...

    def numbers(self, values: Any) -> NDArray[np.float64]:
        """The numbers of one of its lists, as a copy. Raises TypeError where it holds anything else."""
        ...


class SimdParser:
    """Numbers as simdjson's buffer: no Python object per number."""

    def __init__(self) -> None:
        import simdjson

        self._parser = simdjson.Parser()
        self._nested = False  # whether there may be a list within the list, which the buffer would flatten
        self.list_type: Any = simdjson.Array

    def parse(self, piece: bytes | bytearray) -> Any:
        self._nested = piece.count(b"[") > 1
        try:
            return self._parser.parse(piece)
        except (ValueError, RuntimeError) as error:  # RuntimeError for integers beyond 64 bits
            code = str(error).partition(":")[0]
            known = {
                "NUMBER_ERROR": "a number out of range or badly written",
                "BIGINT_ERROR": "an integer beyond 64 bits",
            }
            raise NotJson(known.get(code, "cut off, or a comma or bracket is out of place")) from None

    def numbers(self, values: Any) -> NDArray[np.float64]:
        if self._nested and any(isinstance(value, self.list_type) for value in values):
            raise TypeError("a list within the list")
        return np.frombuffer(values.as_buffer(of_type="d"))


class OrjsonParser:
    """Numbers by way of Python's floats."""

    def __init__(self) -> None:
        self.list_type: Any = list
        self._truths = False  # whether the member holds a true or a false, which Python takes for numbers

    def parse(self, piece: bytes | bytearray) -> Any:
        self._truths = b"true" in piece or b"false" in piece
        try:
            return orjson.loads(piece)
        except ValueError:
            raise NotJson("cut off, a number badly written, or a comma or bracket out of place") from None

    def numbers(self, values: Any) -> NDArray[np.float64]:
        if self._truths and bool in map(type, values):
            raise TypeError("true and false are no numbers")
        return np.frombuffer(array("d", values))


PARSERS: dict[str, Callable[[], MemberParser]] = {"orjson": OrjsonParser}  # of this Python, the fastest first
if find_spec("simdjson"):  # requirements.txt asks for it only where it has a wheel
    PARSERS = {"simdjson": SimdParser, **PARSERS}


def member_parser() -> MemberParser:
    """The fastest parser there is."""
    return next(iter(PARSERS.values()))()
