"""Known bearings and where their numbers come from; bearings that a user describes by geometry or by orders.

`data/bearings.csv` holds one row per bearing: its geometry, or the fault orders somebody published, or both, and the
source of the row. Where a row holds both, the published orders are used; where it holds geometry only, the orders are
computed (`bearing.physics.kinematics`). Makers fit other balls under the same designation, so the maker belongs to the
name.

For bearings nobody published, `data/boundary_dimensions.csv` holds bore and outside diameter (ISO 15, ISO 355), from
which the inside is estimated: right within a few percent where the number of elements is, and that is one of three.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from bearing.checks import check_number, shown
from bearing.errors import ParameterError
from bearing.files import DATA_DIR
from bearing.physics.designation import (
    BY_SHAFT,
    ENERGY_EFFICIENT,
    HOUSING,
    MAKERS,
    STANDARD,
    basic,
    begins,
    is_base,
    latin,
    normal,
    without_kind,
)
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.settings import own_catalogue

__all__ = [
    "CatalogueEntry",
    "estimate_geometries",
    "find",
    "load_catalogue",
    "load_estimated",
    "own_csv",
    "parse_geometry",
    "parse_orders",
    "parse_own",
]

MOST_OWN = 500  # own bearings in one file
LONGEST_NAME = 80
SAME_ORDERS = 0.01  # entries that agree within this share are one bearing for the purpose of a diagnosis


COLUMNS = (
    "designation", "maker", "type", "elements", "ball_diameter", "pitch_diameter", "contact_angle_deg", "unit", "bpfo",
    "bpfi", "bsf", "ftf", "source",
)  # fmt: skip

# of the space between the rings: diameter of an element; of the pitch circle: share that is filled; contact angle
INSIDE = {
    "deep groove ball": (0.29, 0.0, 0.0),  # filled as far as they can be mounted, see `estimate_geometries`
    "insert ball": (0.29, 0.0, 0.0),
    "angular contact ball": (0.29, 0.83, 40.0),
    "cylindrical roller": (0.28, 0.80, 0.0),
    "spherical roller": (0.245, 0.83, 0.0),
    "tapered roller": (0.23, 0.83, 12.6),
    "steep tapered roller": (0.23, 0.83, 28.8),
    "self-aligning ball": (0.264, 0.72, 10.0),
    "double-row angular contact ball": (0.29, 0.0, 30.0),
    "four-point contact ball": (0.317, 0.895, 35.0),
    "spindle ball": (0.29, 0.83, 20.0),
}
MOUNTING_ANGLE_DEG = 192.0  # balls of a Conrad bearing fill about half the circle, or the last would not go in


@dataclass(frozen=True)
class CatalogueEntry:
    """One bearing. `bsf` in `orders` is the spin itself; `geometry` is None where none is published.

    `estimated`: the inside is guessed from the outside; `alternatives` are the orders with one element less and one
    more. A sound bearing is never told by them, and a fault only where the evidence chooses.
    """

    designation: str
    maker: str
    type: str
    elements: int
    geometry: Geometry | None
    orders: FaultOrders
    source: str
    estimated: bool = False
    alternatives: tuple[FaultOrders, ...] = ()

    @property
    def roller(self) -> bool:
        """Whether it rolls on rollers: they slip less, and their faults sound duller."""
        return "roller" in self.type

    @property
    def name(self) -> str:
        """Designation with its maker: ``6205-2RS JEM (SKF)``."""
        return f"{self.designation} ({self.maker})"


@cache
def load_catalogue() -> tuple[CatalogueEntry, ...]:
    """All bearings with published numbers, read once: those of the file BEARING_CATALOGUE names, then the shipped.

    An own file has the columns of ``data/bearings.csv``. Raises ParameterError for a row of it that is no bearing.
    """
    own = own_catalogue()
    with (DATA_DIR / "bearings.csv").open(newline="", encoding="ascii") as file:
        return (*(_own_entries(own) if own else ()), *(_entry(row) for row in csv.DictReader(file)))


def _own_entries(path: Path) -> list[CatalogueEntry]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ParameterError(f"BEARING_CATALOGUE names {path}, which cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ParameterError(f"BEARING_CATALOGUE names {path.name}, which is no text in UTF-8.") from None
    return parse_own(text, path.name)


def parse_own(text: str, name: str) -> list[CatalogueEntry]:
    """A user's own bearings, from a CSV with columns of ``data/bearings.csv``; `name` is what the text is called.

    A row needs a designation and either a geometry (elements, ball_diameter, pitch_diameter, both in one unit) or the
    orders (bpfo, bpfi, bsf). Raises ParameterError for a row that is no bearing, and for too many rows.
    """
    entries: list[CatalogueEntry] = []
    try:
        for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))):
            filled = dict.fromkeys(COLUMNS, "") | {
                key.strip(): value.strip() for key, value in row.items() if key and isinstance(value, str)
            }
            if "designation" not in {key.strip() for key in row if key}:
                raise ValueError("there is no column 'designation'; commas part the columns, points the decimals")
            if not filled["designation"]:
                raise ValueError("it has no designation")
            if len(filled["designation"]) > LONGEST_NAME or not filled["designation"].isprintable():
                raise ValueError(f"a designation is one line of {LONGEST_NAME} characters at most")
            filled["contact_angle_deg"] = filled["contact_angle_deg"] or "0"
            if filled["bpfo"]:  # the elements pass outer and inner race together n times a turn
                filled["elements"] = filled["elements"] or f"{float(filled['bpfo']) + float(filled['bpfi']):.0f}"
            entries.append(_entry(filled | {"maker": filled["maker"] or "own", "source": filled["source"] or name}))
            if len(entries) > MOST_OWN:
                raise ValueError(f"more than {MOST_OWN} are too many")
    except (ValueError, AssertionError, ParameterError, csv.Error) as error:
        raise ParameterError(
            f"Bearing {len(entries) + 1} of {name} has neither usable geometry (elements, ball_diameter, "
            f"pitch_diameter) nor orders (bpfo, bpfi, bsf): {error or 'both are empty'}."
        ) from None
    return entries


def own_csv(entries: Iterable[CatalogueEntry]) -> str:
    """Own bearings as the CSV that `parse_own` and BEARING_CATALOGUE take."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in entries:
        row: dict[str, object] = {
            "designation": one.designation, "maker": one.maker, "type": one.type, "elements": one.elements,
            "source": one.source,
        }  # fmt: skip
        if one.geometry is not None:
            g = one.geometry
            row |= {"ball_diameter": g.ball_diameter, "pitch_diameter": g.pitch_diameter, "unit": "mm"}
            row["contact_angle_deg"] = g.contact_angle_deg
        else:
            row |= {name: getattr(one.orders, name) for name in ("bpfo", "bpfi", "bsf", "ftf")}
        writer.writerow(row)
    return out.getvalue()


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


@cache
def load_estimated() -> tuple[CatalogueEntry, ...]:
    """Bearings whose inside is estimated from their boundary dimensions, in the order of the file, read once."""
    with (DATA_DIR / "boundary_dimensions.csv").open(newline="", encoding="ascii") as file:
        return tuple(_estimated_entry(row) for row in csv.DictReader(file))


@cache
def _estimated_names() -> frozenset[str]:
    return frozenset(entry.designation for entry in load_estimated())


def _estimated_entry(row: dict[str, str]) -> CatalogueEntry:
    bore_mm, outside_mm = float(row["bore_mm"]), float(row["outside_mm"])
    geometry, *others = estimate_geometries(bore_mm, outside_mm, row["type"])
    return CatalogueEntry(
        row["designation"],
        "estimated",
        row["type"],
        geometry.elements,
        geometry,
        fault_orders(geometry),
        f"Estimated from the boundary dimensions {bore_mm:g} x {outside_mm:g} mm (ISO 15, ISO 355), no maker's numbers",
        estimated=True,
        alternatives=tuple(fault_orders(other) for other in others),
    )


def estimate_geometries(bore_mm: float, outside_mm: float, kind: str = "deep groove ball") -> tuple[Geometry, ...]:
    """What a bearing of this size probably holds: the likeliest geometry, then one element less and one more, in mm.

    Of 39 ball bearings with known inside the count was right in 32, else off by one; with the right count BPFO lies
    within 1 % (median) and 4 % (worst). The rules for rollers rest on a handful. Raises ParameterError for no bearing.
    """
    if not 0 < bore_mm < outside_mm:
        raise ParameterError(f"The bore is smaller than the outside diameter, got {bore_mm:g} and {outside_mm:g} mm.")
    diameter_share, filled, angle_deg = INSIDE[kind]
    diameter, pitch = diameter_share * (outside_mm - bore_mm), (bore_mm + outside_mm) / 2
    spacing_deg = 2 * math.degrees(math.asin(diameter / pitch))
    count = round(filled * 360 / spacing_deg) if filled else int(MOUNTING_ANGLE_DEG / spacing_deg) + 1
    return tuple(Geometry(n, diameter, pitch, angle_deg) for n in (count, count - 1, count + 1) if n >= 3)


@lru_cache(maxsize=256)
def element_named(name: str) -> str:
    """What rolls in the bearing of this name: ball, roller, or rolling element where its type is not known."""
    try:
        entry = find(name)
    except ParameterError:
        return "rolling element"
    return "rolling element" if entry.name != name else "roller" if entry.roller else "ball"


def find(name: str) -> CatalogueEntry:
    """The entry a user means by `name`, as it is printed on the bearing.

    Case, spaces and dashes do not matter, nor do makers, seals, cages, clearances and greases: ``SKF 6205-2Z/C3``,
    ``6205ZZ``, ``NU 205 ECP`` and ``22220 EK`` are found. A known bearing of that maker comes first, then known ones of
    that size, of which several that agree within 1 % are one, then the estimate from its boundary dimensions.

    Raises
    ------
    ParameterError
        When nothing fits (the nearest names are listed), or when entries that fit disagree.
    """
    entries = load_catalogue()
    plain = ENERGY_EFFICIENT.sub("", STANDARD.sub("", latin(name)))
    housing = HOUSING.match(plain.strip())
    if housing is not None:
        inside = plain.strip()[housing.end() :]
        if re.search(r"\d{4}", inside):
            return find(inside)
        raise ParameterError(
            f"{shown(housing['housing'])} is a housing and fits several bearings: name the one in it, as printed on "
            "it, such as 22211 EK."
        )
    query, breaks = normal(without_kind(plain))
    for maker in sorted({normal(entry.maker)[0] for entry in entries} | set(MAKERS), key=len, reverse=True):
        if query.startswith(maker) and len(query) > len(maker):
            own = tuple(entry for entry in entries if normal(entry.maker)[0] == maker)
            query, breaks = query[len(maker) :], {at - len(maker) for at in breaks}
            if (found := _known(name, query, breaks, own)) is not None:
                return found
            break
    if (found := _known(name, query, breaks, entries)) is not None:
        return found
    if base := basic(query, breaks, _estimated_names()):
        if of_base := [entry for entry in entries if basic(*normal(entry.designation), _estimated_names()) == base]:
            return _one(name, of_base)
        if estimated := [entry for entry in load_estimated() if entry.designation == base]:
            return estimated[0]
    if unit := BY_SHAFT.match(query):
        return find(f"UC2{int(unit['mm']) // 5:02d}")
    raise _unknown(name, query)


def _known(name: str, query: str, breaks: set[int], entries: tuple[CatalogueEntry, ...]) -> CatalogueEntry | None:
    """The known entry of exactly this designation, of one that begins so, or of one that this adds a suffix to."""
    keys = {entry: normal(entry.designation)[0] for entry in entries}
    suffixed = {entry: key for entry, key in keys.items() if is_base(key, query, breaks)}
    longest = max((len(key) for key in suffixed.values()), default=0)
    for fits in (
        [entry for entry, key in keys.items() if key == query],
        [entry for entry in keys if len(query) >= 3 and begins(entry.designation, query)],
        [entry for entry, key in suffixed.items() if len(key) == longest],
    ):
        if fits:
            return _one(name, fits)
    return None


def _one(name: str, fits: list[CatalogueEntry]) -> CatalogueEntry:
    first = fits[0]
    for other in fits[1:]:
        pairs = ((first.orders.bpfo, other.orders.bpfo), (first.orders.bpfi, other.orders.bpfi))
        if any(abs(a - b) > SAME_ORDERS * a for a, b in pairs):
            names = ", ".join(entry.name for entry in fits[:6])
            raise ParameterError(f"{shown(name)} fits several bearings whose orders differ, say which one: {names}.")
    return first


def _unknown(name: str, query: str) -> ParameterError:
    names = {entry.designation: entry.name for entry in load_estimated()}
    for entry in reversed(load_catalogue()):  # a known bearing stands for its size
        key, breaks = normal(entry.designation)
        names |= {key: entry.name, (basic(key, breaks, _estimated_names()) or key): entry.name}
    typed = query.translate(str.maketrans("OISZB", "01528"))  # digits read off a worn ring, or typed as letters
    digits = "".join(re.findall(r"\d", typed))
    best = {key for one in (query, typed, digits) for key in difflib.get_close_matches(one, names, n=4, cutoff=0.4)}
    best |= {key for key in names if len(digits) > 3 and sorted(key) == sorted(digits)}  # two digits changed places
    nearest = sorted(best, key=lambda key: -max(_likeness(key, one) for one in (query, typed, digits)))
    listed = ", ".join(list(dict.fromkeys(names[key] for key in nearest or list(names)[-4:]))[:4])
    return ParameterError(
        f"No bearing {shown(name)} in the catalogue; the nearest are {listed}. "
        "Give its geometry (n=9,d=7.94,D=39.04,phi=0) or its orders (bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398) instead."
    )


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio() + 0.3 * (sorted(one) == sorted(other))


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
            raise ParameterError(f"Expected name=number pairs like {example}, could not use {shown(part)}.")
        if name in found:
            raise ParameterError(f"{name} is given twice in {shown(text)}; write it once, like {example}.")
        try:
            value = float(number)
        except ValueError:
            raise ParameterError(f"{name} must be a number, got {shown(number)}; write it like {example}.") from None
        values[name] = check_number(value, name)
        found.add(name)
    missing = [name for name in required if name not in found]
    if missing:
        raise ParameterError(f"{', '.join(missing)} missing in {shown(text)}; write it like {example}.")
    return values
