"""Known bearings and where their numbers come from; bearings that a user describes by geometry or by orders.

`data/bearings.csv` holds one row per bearing: its geometry, or the fault orders somebody published, or both, and the
source of the row. Where a row holds both, the published orders are used; where it holds geometry only, the orders are
computed (`bearing.physics.kinematics`). Makers fit other balls under the same designation, so the maker belongs to the
name.
"""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import cache

from bearing.errors import ParameterError
from bearing.files import DATA_DIR
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders

__all__ = ["CatalogueEntry", "find", "load_catalogue", "parse_geometry", "parse_orders"]

SAME_ORDERS = 0.01  # entries that agree within this share are one bearing for the purpose of a diagnosis


@dataclass(frozen=True)
class CatalogueEntry:
    """One bearing. `bsf` in `orders` is the spin itself; `geometry` is None where none is published."""

    designation: str
    maker: str
    type: str
    elements: int
    geometry: Geometry | None
    orders: FaultOrders
    source: str

    @property
    def name(self) -> str:
        """Designation with its maker: ``6205-2RS JEM (SKF)``."""
        return f"{self.designation} ({self.maker})"


@cache
def load_catalogue() -> tuple[CatalogueEntry, ...]:
    """All bearings in the order of the file, read once."""
    with (DATA_DIR / "bearings.csv").open(newline="", encoding="ascii") as file:
        return tuple(_entry(row) for row in csv.DictReader(file))


def _entry(row: dict[str, str]) -> CatalogueEntry:
    geometry = None
    if row["ball_diameter"]:
        geometry = Geometry(
            int(row["elements"]),
            float(row["ball_diameter"]),
            float(row["pitch_diameter"]),
            float(row["contact_angle_deg"]),
        )
    if row["bpfo"]:
        ftf = float(row["ftf"] or float(row["bpfo"]) / int(row["elements"]))  # the cage carries the elements round
        orders = FaultOrders(float(row["bpfo"]), float(row["bpfi"]), float(row["bsf"]), ftf)
    else:
        assert geometry is not None  # a test holds every row to one of the two
        orders = fault_orders(geometry)
    return CatalogueEntry(
        row["designation"], row["maker"], row["type"], int(row["elements"]), geometry, orders, row["source"]
    )


def find(name: str) -> CatalogueEntry:
    """The entry a user means by `name`; case, spaces and dashes do not matter, nor do suffixes of seals and clearance.

    ``skf 6205``, ``6205-2RS``, ``6206-2Z/C3`` and ``NU 205 E`` are found. Of several entries that agree within 1 % the
    first counts.

    Raises
    ------
    ParameterError
        When nothing fits (the nearest names are listed), or when entries that fit disagree.
    """
    entries = load_catalogue()
    query, breaks = _normal(name)
    for maker in sorted({_normal(entry.maker)[0] for entry in entries}, key=len, reverse=True):
        if query.startswith(maker) and len(query) > len(maker):
            entries = tuple(entry for entry in entries if _normal(entry.maker)[0] == maker)
            query, breaks = query[len(maker) :], {at - len(maker) for at in breaks}
            break
    keys = {entry: _normal(entry.designation)[0] for entry in entries}
    suffixed = {entry: key for entry, key in keys.items() if _is_base(key, query, breaks)}
    longest = max((len(key) for key in suffixed.values()), default=0)
    for fits in (
        [entry for entry, key in keys.items() if key == query],
        [entry for entry, key in keys.items() if len(query) >= 3 and key.startswith(query)],
        [entry for entry, key in suffixed.items() if len(key) == longest],
    ):
        if fits:
            return _one(name, fits)
    raise _unknown(name, query)


def _normal(name: str) -> tuple[str, set[int]]:
    """The name in capitals without separators, and the positions in it where a separator stood."""
    parts = [part for part in re.split(r"[^A-Z0-9]+", name.upper()) if part]
    breaks, at = set(), 0
    for part in parts:
        at += len(part)
        breaks.add(at)
    return "".join(parts), breaks


def _is_base(key: str, query: str, breaks: set[int]) -> bool:
    """Whether `query` is the designation `key` with a suffix: 6206-2Z of 6206, but not 62061."""
    if len(key) < 3 or not query.startswith(key):
        return False
    return len(key) in breaks or not (key[-1].isdigit() and query[len(key) :][:1].isdigit())


def _one(name: str, fits: list[CatalogueEntry]) -> CatalogueEntry:
    first = fits[0]
    for other in fits[1:]:
        pairs = ((first.orders.bpfo, other.orders.bpfo), (first.orders.bpfi, other.orders.bpfi))
        if any(abs(a - b) > SAME_ORDERS * a for a, b in pairs):
            names = ", ".join(entry.name for entry in fits[:6])
            raise ParameterError(f"{name!r} fits several bearings whose orders differ, say which one: {names}.")
    return first


def _unknown(name: str, query: str) -> ParameterError:
    names = {_normal(entry.designation)[0]: entry.name for entry in load_catalogue()}
    nearest = difflib.get_close_matches(query, names, n=4, cutoff=0.4) or list(names)[:4]
    listed = ", ".join(names[key] for key in nearest)
    return ParameterError(
        f"No bearing {name!r} in the catalogue; the nearest are {listed}. "
        "Give its geometry (n=9,d=7.94,D=39.04,phi=0) or its orders (bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398) instead."
    )


def parse_geometry(text: str) -> Geometry:
    """``n=8,d=5.97,D=31.62,phi=0`` as a Geometry; d and D in any one unit, phi in degrees (0 when left out).

    Raises ParameterError when a part is missing, unknown, no number, or the whole no bearing.
    """
    values = _pairs(text, required=("n", "d", "D"), optional={"phi": 0.0}, example="n=8,d=5.97,D=31.62,phi=0")
    if values["n"] != int(values["n"]):
        raise ParameterError(f"The number of rolling elements n must be whole, got n={values['n']:g}.")
    return Geometry(int(values["n"]), values["d"], values["D"], values["phi"])


def parse_orders(text: str) -> FaultOrders:
    """``bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41`` as FaultOrders; bsf is the spin itself, not twice it.

    Raises ParameterError when a part is missing, unknown, no number, or the whole no bearing.
    """
    names = ("bpfo", "bpfi", "bsf", "ftf")
    values = _pairs(text.lower(), required=names, optional={}, example="bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41")
    return FaultOrders(**values)


def _pairs(text: str, required: tuple[str, ...], optional: dict[str, float], example: str) -> dict[str, float]:
    """name=number pairs separated by commas, semicolons or spaces."""
    values = dict(optional)
    found = set()
    for part in re.split(r"[,;\s]+", re.sub(r"\s*=\s*", "=", text.strip())):
        name, equals, number = part.partition("=")
        if not equals or name not in (*required, *optional):
            raise ParameterError(f"Expected name=number pairs like {example}, could not use {part!r}.")
        if name in found:
            raise ParameterError(f"{name} is given twice in {text!r}; write it once, like {example}.")
        try:
            values[name] = float(number)
        except ValueError:
            raise ParameterError(f"{name} must be a number, got {number!r}; write it like {example}.") from None
        found.add(name)
    missing = [name for name in required if name not in found]
    if missing:
        raise ParameterError(f"{', '.join(missing)} missing in {text!r}; write it like {example}.")
    return values
