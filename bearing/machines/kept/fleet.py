"""All machines of a store, worst first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bearing.errors import BearingError
from bearing.files import program
from bearing.machines.history import History, Point
from bearing.machines.kept.store import Store
from bearing.machines.limits.rules import STATES
from bearing.machines.verdicts import is_fault
from bearing.machines.words import change

__all__ = ["FleetRow", "fleet", "rows_of", "sum_up"]

SPARK_POINTS = 60


@dataclass(frozen=True)
class FleetRow:
    """One measuring point of one machine. `since` is the time (or file) from which it has been in its state or worse,
    `change_db` how far the indicator the state rests on (else the RMS) stands over its baseline, `acknowledged` what a
    person said of this state, "" where nobody did."""

    machine: str
    point: str
    state: str
    since: str
    verdict: str
    reason: str
    change_db: float | None
    measurements: int
    last: str
    spark: tuple[float, ...]
    acknowledged: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON and CSV, without the sparkline."""
        return {name: value for name, value in vars(self).items() if name != "spark"}


def fleet(store: Store, rows_of_one: Callable[[str], list[FleetRow]] | None = None) -> list[FleetRow]:
    """Every point of every machine; alarm before alert before watch, of alike ones the greater change first.

    Rows are those kept in the store (`sum_up`); of a machine without current ones `rows_of_one` gives them, by default
    made anew.
    """
    kept, said = _kept(store), store.every_acknowledged()
    make = rows_of_one or (lambda machine: rows_of([(machine, store.history(machine))]))
    rows = worst_first(row for name in store.machines() for row in (kept[name] if name in kept else make(name)))
    notes = [said.get((row.machine, row.point)) for row in rows]
    return [
        replace(row, acknowledged=str(note)) if note is not None and note.holds(row.state) else row
        for row, note in zip(rows, notes, strict=True)
    ]


def sum_up(store: Store, machines: Iterable[str] | None = None) -> None:
    """Keep the rows of machines (by default of all) in the store, where those kept are not current: a fleet is then
    read, not judged."""
    kept, stamps = store.summaries(program()), store.stamps()
    for name in stamps if machines is None else machines:
        if name in stamps and name not in kept:
            with suppress(BearingError):  # a history that cannot be read is told to whoever asks for it
                rows = [vars(row) for row in rows_of([(name, store.history(name))])]
                store.keep_summary(name, program(), stamps[name], json.dumps(rows))


def _kept(store: Store) -> dict[str, list[FleetRow]]:
    with store.understood():
        return {
            name: [FleetRow(**{**row, "spark": tuple(row["spark"])}) for row in json.loads(text)]
            for name, text in store.summaries(program()).items()
        }


def rows_of(histories: Iterable[tuple[str, History]]) -> list[FleetRow]:
    """The same of histories from elsewhere, each with its machine's name."""
    return worst_first(_row(name, point) for name, history in histories for point in history.points)


def worst_first(rows: Iterable[FleetRow]) -> list[FleetRow]:
    """Rows in the order in which a person should look at them."""
    return sorted(rows, key=lambda r: (-STATES.index(r.state), not is_fault(r.verdict), -(r.change_db or 0.0)))


def _row(machine: str, point: Point) -> FleetRow:
    cause = point.indicator
    first = point.assessment.first.get(point.state)
    values = [v for v in point.series(cause) if v is not None]
    step = max(1, -(-len(values) // SPARK_POINTS))
    when = [time or m.file for time, m in zip(point.times, point.measurements, strict=True)]
    return FleetRow(
        machine,
        point.name,
        point.state,
        "" if first is None else when[first],
        point.verdict.verdict,
        point.reason,
        change(point, cause),
        len(point.measurements),
        when[-1] if when else "",
        tuple(values[::-1][::step][::-1]),
    )
