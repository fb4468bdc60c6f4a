"""A folder of recordings -> the history of each measuring point: in order, in numbers, judged against its own past."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bearing.errors import BearingError, ParameterError, UnreadableFile
from bearing.machines.clock import natural_key, time_in_name, timeline
from bearing.machines.limits.assess import Assessment, assess
from bearing.machines.limits.by_hand import HandLimits
from bearing.machines.limits.rules import DEPTH, LOADS, RULES, STATES, STRIKES, in_db
from bearing.machines.measure import (
    INDICATORS,
    Measurement,
    Verdict,
    comb_levels,
    joined_numbers,
    measure_bytes,
    measure_file,
    verdict_of_bytes,
    verdict_of_file,
)
from bearing.machines.spectra import is_kept
from bearing.machines.standstill import standing_still
from bearing.machines.verdicts import NOT_ASKED, is_fault, most_said, of_joined, over_baseline
from bearing.parallel import NO_MEMORY, in_order
from bearing.physics.kinematics import FaultOrders
from bearing.signal.units import UNITS
from bearing.states import FAMILIES
from bearing.verdict.asked.request import OUTER_RING_TURNS, Request

__all__ = [
    "History",
    "Point",
    "baseline_of",
    "history_of_contents",
    "history_of_folder",
    "history_of_measurements",
    "judged",
    "measure_files",
    "with_verdicts",
]

VERDICTS = 3  # full diagnoses of the last recordings of each point
CHUNK = 8  # files handed to a process at once

Floats = NDArray[np.float32]
Diagnose = Callable[[Measurement], Verdict]
Progress = Callable[[int, int], bool]  # done, of all; False stops


@dataclass(frozen=True)
class Point:
    """The history of one measuring point: `measurements` in order, their `times`, and what changed."""

    name: str
    measurements: tuple[Measurement, ...]
    times: tuple[str, ...]
    days: tuple[float, ...]
    time_source: str
    assessment: Assessment
    verdict: Verdict
    orders: FaultOrders | None = None

    @property
    def running(self) -> tuple[Measurement, ...]:
        """Those in which the machine ran."""
        return tuple(m for m in self.measurements if not m.still)

    @property
    def fault_told(self) -> str:
        """The newest fault that one of the last recordings names, "" where none does."""
        said = [m.verdict.verdict for m in self.running[-VERDICTS:] if m.verdict is not None and m.joined == 1]
        return next(filter(is_fault, reversed(said)), "")

    @property
    def leapt(self) -> str:
        """The level that stands over its limit of alarm in the last measurement, "" where none does: one alone may be a
        blow beside the machine, and is asked for again."""
        last = self.running[-1].values if self.running else {}
        limits = self.assessment.limits
        over = (
            name
            for name in LOADS
            if name in limits and in_db(name, last.get(name)) >= (limits[name].alarm_db or math.inf)
        )
        return next(over, "")

    @property
    def state(self) -> str:
        """ok, watch, alert, alarm or no data: that of its limits, at least `watch` where a fault is told or the last
        measurement leapt."""
        if self.assessment.state in ("ok", "no data") and (is_fault(self.verdict.verdict) or self.fault_told):
            return "watch"
        if self.assessment.state == "ok" and self.leapt:
            return "watch"
        return self.assessment.state

    @property
    def reason(self) -> str:
        """One sentence: what the state rests on."""
        from bearing.machines.words import reason

        return reason(self)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Sentences about a guessed order, a standstill, a baseline that was no sound time, and unused limits."""
        from bearing.machines.words import guessed_order, stood_still, unchecked_limits, worn_baseline

        return (*guessed_order(self), *stood_still(self), *worn_baseline(self), *unchecked_limits(self))

    @property
    def indicator(self) -> str:
        """The indicator that shows what the state rests on, the RMS where it rests on none."""
        cause = self.assessment.cause or self.leapt
        if cause == STRIKES:
            return DEPTH if any(DEPTH in m.values for m in self.measurements) else "rms"
        return cause if cause in INDICATORS else "rms"

    def unit_of(self, name: str) -> str:
        """The unit of an indicator here, "" where none is known."""
        unit = INDICATORS[name].unit
        return next((m.unit for m in self.measurements if m.unit), "") if unit == "signal" else unit

    def series(self, name: str) -> list[float | None]:
        """One indicator over the measurements, None where it is not known."""
        return [_number(m.values.get(name)) for m in self.measurements]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values only."""
        first = {
            name: None if i is None else {"index": i, "file": self.measurements[i].file, "time": self.times[i] or None}
            for name, i in self.assessment.first.items()
        }
        base = self.assessment.baseline
        known = [name for name in INDICATORS if any(name in m.values for m in self.measurements)]
        return {
            "point": self.name,
            "measurements": len(self.measurements),
            "state": self.state,
            "reason": self.reason,
            "verdict": self.verdict.verdict,
            "verdict_confidence": _number(self.verdict.confidence),
            "verdict_reason": self.verdict.reason,
            "verdict_recordings": self.verdict.recordings,
            "warnings": [*self.verdict.warnings, *self.cautions],
            "bearing": next((m.bearing for m in self.measurements if m.bearing), None),
            "unit": next((m.unit for m in self.measurements if m.unit), None),
            "first": first,
            "cause": self.assessment.cause or None,
            "baseline": None
            if base is None
            else {
                "first": base.first,
                "last": base.last,
                "measurements": base.count,
                "chosen": base.chosen,
                "striking": base.striking,
            },
            "limits": {
                name: {
                    "baseline": natural(name, limit.baseline_db),
                    "alert": natural(name, limit.alert_db),
                    "alarm": None if limit.alarm_db is None else natural(name, limit.alarm_db),
                    "sigma_db": limit.sigma_db,
                    "state": limit.state,
                    "onset": limit.onset,
                }
                for name, limit in self.assessment.limits.items()
            },
            "limits_by_hand": {
                name: {"alert": alert, "alarm": alarm} for name, (alert, alarm) in self.assessment.by_hand.items()
            },
            "time_source": self.time_source,
            "series": {
                "file": [m.file for m in self.measurements],
                "time": [time or None for time in self.times],
                "state": list(self.assessment.states),
                "verdict": [m.verdict.verdict if m.verdict else None for m in self.measurements],
                "sha256": [m.sha256 for m in self.measurements],
                "joined": [m.joined for m in self.measurements],
                **{name: self.series(name) for name in known},
            },
        }


@dataclass(frozen=True)
class History:
    """All points of a machine, and the files that are no measurement with the reason for each."""

    points: tuple[Point, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def worst(self) -> Point | None:
        """The point in the worst state, None where there is none."""
        return max(self.points, key=lambda point: STATES.index(point.state), default=None)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values only."""
        return {
            "points": [point.as_dict() for point in self.points],
            "skipped": [{"file": name, "reason": why} for name, why in self.skipped],
        }


def natural(name: str, level_db: float) -> float:
    """An indicator's own value of its decibels."""
    return level_db if name.endswith("_db") else float(10 ** (level_db / 20))


def history_of_folder(
    folder: Path,
    asked: Request = Request(),  # noqa: B008 (frozen)
    baseline: tuple[int, int] | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    verdicts: int = VERDICTS,
    limits: HandLimits | None = None,
) -> History:
    """The history of a folder of recordings.

    Parameters
    ----------
    folder : Path
        Its files are the measurements; those in folders inside it are points of their own, named after the folder.
    asked : Request
        Channel, rate, speed and bearing where the files do not say.
    baseline : (first, last), optional
        The sound measurements, counted from 0, where they are not to be found automatically.
    progress : callable, optional
        Told how many of how many files are done; returning False stops there.
    workers : int, optional
        Processes to read with; by default as many as there are cores.
    verdicts : int
        How many of the last recordings of each point are diagnosed in full.
    limits : mapping, optional
        Limits set by hand (`bearing.machines.limits.by_hand`), beside those of the baseline.

    Raises
    ------
    UnreadableFile
        When there is no such folder, or nothing in it.
    ParameterError
        For a bearing, rate or baseline that makes no sense.
    """
    if not folder.is_dir():
        raise UnreadableFile(f"{str(folder)!r} is no folder: name the folder that holds the recordings.")
    paths = sorted(
        (p for p in folder.rglob("*") if p.is_file() and not is_kept(p.relative_to(folder))),
        key=lambda p: natural_key(str(p.relative_to(folder))),
    )
    if not paths:
        raise UnreadableFile(f"The folder {folder.name!r} is empty: put the recordings into it.")
    names = [p.relative_to(folder).as_posix() for p in paths]
    found: list[Measurement] = []
    skipped: list[tuple[str, str]] = []
    for name, measured in measure_files(paths, names, asked, progress, workers):
        if isinstance(measured, str):
            skipped.append((name, measured))
        else:
            found += measured
    places = dict(zip(names, paths, strict=True))
    history = history_of_measurements(found, asked, baseline, skipped, limits)
    return with_verdicts(history, lambda one: verdict_of_file(places[one.file], asked, one.point), verdicts)


def history_of_contents(
    contents: Sequence[tuple[str, Callable[[], bytes]]],
    asked: Request = Request(),  # noqa: B008 (frozen)
    baseline: tuple[int, int] | None = None,
    progress: Progress | None = None,
    limits: HandLimits | None = None,
) -> History:
    """The same of files that lie in no folder: each a name, and how its content is read (twice for the last ones)."""
    found: list[Measurement] = []
    skipped: list[tuple[str, str]] = []
    readers: dict[str, Callable[[], bytes]] = {}
    for done, (name, read) in enumerate(contents, start=1):
        try:
            measured = measure_bytes(read(), name, asked)
            found += measured
            readers[measured[0].sha256] = read
        except BearingError as error:
            skipped.append((name, str(error)))
        if progress is not None and not progress(done, len(contents)):
            break
    history = history_of_measurements(found, asked, baseline, skipped, limits)
    return with_verdicts(history, lambda one: verdict_of_bytes(readers[one.sha256](), one.file, asked, one.point))


def baseline_of(text: str | None) -> tuple[int, int] | None:
    """Two measurements counted from 0, written ``10-40``; None for nothing. Raises ParameterError for anything else."""
    if not text or not text.strip():
        return None
    first, dash, last = text.partition("-")
    if not (dash and first.strip().isdecimal() and last.strip().isdecimal()):
        raise ParameterError(f"A baseline is two measurements counted from 0, like 10-40, got {text[:80]!r}.")
    return int(first), int(last)


def history_of_measurements(
    found: Sequence[Measurement],
    asked: Request = Request(),  # noqa: B008 (frozen)
    baseline: tuple[int, int] | None = None,
    skipped: Iterable[tuple[str, str]] = (),
    limits: HandLimits | None = None,
) -> History:
    """Measurements in any order -> the history of each point; the same content twice counts once."""
    left_out = list(skipped)
    first_of: dict[tuple[str, str], str] = {}
    by_point: dict[str, list[Measurement]] = {}
    told: set[str] = set()
    for one in sorted(found, key=lambda m: not (m.started or time_in_name(m.file))):  # the dated one of two alike
        original = first_of.setdefault((one.sha256, one.point), one.file) if one.sha256 else one.file
        if original != one.file:
            if one.file not in told:
                left_out.append((one.file, f"The same content as {original}."))
                told.add(one.file)
            continue
        folder = Path(one.file).parent.as_posix()
        by_point.setdefault(one.point if folder == "." else f"{folder}/{one.point}", []).append(one)
    points = [_point(name, measured, asked, baseline, limits) for name, measured in by_point.items()]
    return History(tuple(sorted(points, key=lambda p: natural_key(p.name))), tuple(left_out))


def _point(
    name: str,
    found: Sequence[Measurement],
    asked: Request,
    baseline: tuple[int, int] | None,
    limits: HandLimits | None,
) -> Point:
    when = timeline([m.file for m in found], [m.started for m in found])
    bearing = asked.named
    if bearing is None and (known := next((m.bearing for m in found if m.bearing), "")):
        with suppress(ParameterError):  # the catalogue here need not name it: its lines were measured
            name = known.removesuffix(OUTER_RING_TURNS)
            bearing = Request(bearing=name, outer_ring_turns=name != known).named
    orders = bearing.orders if bearing else None
    measured = _numbers(_in_one_unit([found[i] for i in when.order]), orders)
    assessment = judged(measured, baseline, limits)
    if assessment.rises:
        measured = [
            replace(m, values=m.values | {k: rise[i] for k, rise in assessment.rises.items() if math.isfinite(rise[i])})
            for i, m in enumerate(measured)
        ]
    return Point(name, tuple(measured), when.times, when.days, when.source, assessment, NOT_ASKED, orders)


def _numbers(measured: Sequence[Measurement], orders: FaultOrders | None) -> list[Measurement]:
    """Short ones joined; those of a standing machine by themselves, with nothing in them that could be read."""
    still = standing_still(measured)
    running = iter(joined_numbers([m for m, stands in zip(measured, still, strict=True) if not stands], orders))
    return [
        replace(m, still=True, spectrum=None, lines_stand=frozenset(), lines=m.lines[:0]) if stands else next(running)
        for m, stands in zip(measured, still, strict=True)
    ]


def _in_one_unit(measured: Sequence[Measurement]) -> list[Measurement]:
    """Levels in the unit of the last measurement, of those that measure the same in another one."""
    last = next((UNITS[m.unit] for m in reversed(measured) if m.unit in UNITS), None)
    if last is None:
        return list(measured)
    out = []
    for one in measured:
        unit = UNITS.get(one.unit, last)
        times = unit.to_si / last.to_si if unit.quantity == last.quantity else 1.0
        levels = {name: one.values[name] * times for name in ("rms", "peak") if name in one.values}
        out.append(one if times == 1.0 else replace(one, unit=last.symbol, values=one.values | levels))
    return out


def judged(
    measured: Sequence[Measurement], baseline: tuple[int, int] | None = None, limits: HandLimits | None = None
) -> Assessment:
    """What changed over measurements in their order."""
    values = {
        name: np.array([math.nan if m.still else in_db(name, m.values.get(name)) for m in measured])
        for name in RULES
        if name == "rms" or any(name in m.values for m in measured)
    }
    stand = {
        f"line_{family}_db": np.array([family in m.lines_stand for m in measured], dtype=bool) for family in FAMILIES
    }
    stand |= {name.replace("line", "rise"): which for name, which in stand.items()}
    striking = np.array(["comb" in m.lines_stand for m in measured], dtype=bool)
    rpm = np.array([m.values.get("rpm", math.nan) for m in measured])
    rate_hz = np.array([m.sampling_rate_hz or math.nan for m in measured])
    standing = np.array([m.joined == 1 and bool(m.lines_stand) for m in measured], dtype=bool)
    return assess(
        values, stand, striking, rpm, baseline, cells=_cells(measured), limits_by_hand=limits, rate_hz=rate_hz,
        standing=standing,
    )  # fmt: skip


def _cells(measured: Sequence[Measurement]) -> dict[str, Floats]:
    """Levels to be compared with those of the baseline: around each part's lines, and of combs that know no bearing."""
    lines = _stacked([m.lines for m in measured])
    alone = [m.waterfall if m.joined == 1 and not m.still else m.waterfall[:0] for m in measured]
    combs = comb_levels(_stacked(alone))
    cells = {f"rise_{family}_db": lines[:, :, i].reshape(len(lines), -1) for i, family in enumerate(FAMILIES)}
    return {name: many for name, many in {**cells, "rise_comb_db": combs}.items() if many.size}


def _stacked(rows: Sequence[NDArray[np.float16]]) -> Floats:
    """Arrays of one shape, stacked; NaN where one is empty or of another shape than the last that is not."""
    shape = next((row.shape for row in reversed(rows) if row.size), rows[0].shape)
    nothing = np.full(shape, np.nan, np.float32)
    return np.array([row.astype(np.float32) if row.shape == shape else nothing for row in rows])


def with_verdicts(history: History, diagnose: Diagnose | None = None, count: int = VERDICTS) -> History:
    """The history with a verdict for each point: that of most of its last `count` recordings, and what rose since.

    `diagnose` gives the full diagnosis of a measurement's recording; without it only those kept with them count.
    """
    return replace(history, points=tuple(_with_verdict(point, diagnose, count) for point in history.points))


def _with_verdict(point: Point, diagnose: Diagnose | None, count: int) -> Point:
    measured = list(point.measurements)
    last = [i for i, one in enumerate(measured) if not one.still][-count:] if count else []
    for i in last:
        one = measured[i]
        if one.joined == 1 and one.verdict is None and diagnose is not None:
            measured[i] = replace(one, verdict=diagnose(one))
    point = replace(point, measurements=tuple(measured))
    said = [v for i in last if measured[i].joined == 1 and (v := measured[i].verdict) is not None]
    verdict = most_said(said)
    if not said and point.running[-1].joined > 1:
        verdict = of_joined(point.running, point.assessment)
    return replace(point, verdict=over_baseline(verdict, point.running, point.assessment))


def measure_files(
    paths: Sequence[Path],
    names: Sequence[str],
    asked: Request,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Iterator[tuple[str, list[Measurement] | str]]:
    """Every file's measurements (or why there are none) as soon as they are there, in the order of `paths`."""
    import pandas  # noqa: F401  before the fork, so that every process has it

    tasks = [(path, name, asked) for path, name in zip(paths, names, strict=True)]
    for done, (name, measured) in enumerate(zip(names, in_order(_job, tasks, workers, CHUNK), strict=True), start=1):
        yield name, NO_MEMORY if measured is None else measured
        if progress is not None and not progress(done, len(paths)):
            return


def _job(job: tuple[Path, str, Request]) -> list[Measurement] | str:
    path, name, asked = job
    try:
        return measure_file(path, name, asked)
    except BearingError as error:
        return str(error)


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
