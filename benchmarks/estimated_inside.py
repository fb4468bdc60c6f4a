"""A bearing known from outside alone: `python -m benchmarks.estimated_inside`.

Its inside is estimated from bore and outside diameter, and the number of its elements is off by one in one of five.
Here the likeliest number is right, one too few or one too many, and it is asked alone or with its two neighbours. The
networks are those that ship and know these rigs: what is compared is the choice of a number, not how well faults are
named. The other end of a damaged machine (a third of CWRU's) shows what three questions cost: something strikes there,
and it is none of this bearing's parts. Set BEARING_DATA_DIR and BEARING_ADI_DIR; BEARING_OTHER_DIR is a third rig.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from bearing.lab.order.questions import Case, adi_cases, cwru_cases, other_cases
from bearing.physics.catalogue import estimate_geometries
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.states import FAMILIES
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.judging import Networks, diagnose

SIZES_MM = {"6205-2RS": (25.0, 52.0), "6203-2RS": (17.0, 40.0)}
ENDS = "CWRU, sound, the other end damaged"


def cases() -> Iterator[tuple[str, Case]]:
    """Every recording with the row it is counted in."""
    known = list(cwru_cases())
    ends = [case for case in known if "other end" in case.group]
    yield from ((ENDS, case) for case in ends[::3])
    others = Path(os.environ.get("BEARING_OTHER_DIR", "nowhere"))
    for case in (*(one for one in known if "other end" not in one.group), *adi_cases(), *other_cases(others)):
        yield f"{case.collection}, {'sound' if case.truth == 'normal' else 'damaged'}", case


def orders_with(case: Case, more: int) -> FaultOrders:
    """The orders as estimated, with so many elements more than it has."""
    if case.bearing.name in SIZES_MM:
        inside = estimate_geometries(*SIZES_MM[case.bearing.name])[0]
    else:  # an insert whose size nobody told: its own ratio, one percent off
        o = case.bearing.orders
        inside = Geometry(o.elements, 1.01 * (o.bpfi - o.bpfo) / o.elements, 1.0)
    return fault_orders(Geometry(case.bearing.orders.elements + more, inside.ball_diameter, inside.pitch_diameter))


def main() -> None:
    networks = Networks(Networks.load().order, None)
    told: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for row, case in cases():
        for off, first in ((0, "right"), (-1, "one too few"), (1, "one too many")):
            likeliest, *others = (orders_with(case, off + more) for more in (0, -1, 1))
            for asked, alternatives in (("alone", ()), ("with its neighbours", tuple(others))):
                bearing = Bearing(case.bearing.name, likeliest, True, alternatives)
                verdict = diagnose(case.recording, bearing, networks=networks).verdict
                if verdict in FAMILIES:
                    verdict = "part right" if verdict == case.truth else "part wrong"
                told[row, first, asked][verdict] += 1
    for (row, first, asked), verdicts in told.items():
        counts = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common())
        print(f"{row} ({verdicts.total()}), likeliest number {first}, {asked}: {counts}")


if __name__ == "__main__":
    main()
