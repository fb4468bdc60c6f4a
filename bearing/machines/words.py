"""Every English sentence about a history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bearing.machines.limits.assess import HEARD_OF
from bearing.machines.limits.rules import RULES, STRIKES, WORN, in_db, learning_count
from bearing.machines.measure import INDICATORS
from bearing.machines.standstill import GAP_DB
from bearing.machines.verdicts import is_fault
from bearing.states import MACHINE_STATES

if TYPE_CHECKING:
    from bearing.machines.history import Point

__all__ = [
    "change",
    "guessed_order",
    "headline",
    "reason",
    "stood_still",
    "unchecked_limits",
    "verdict_told",
    "verdict_words",
    "worn_baseline",
]

VERDICTS = {
    "normal": "healthy",
    "inner": "inner race fault",
    "outer": "outer race fault",
    "ball": "rolling element fault",
    "damaged": "damaged, part unclear",
    "impacts": "something strikes",
    "uncertain": "uncertain",
}


def verdict_words(verdict: str) -> str:
    """A verdict as a person says it."""
    return VERDICTS.get(verdict, verdict)


def _told(point: Point) -> str:
    """The fault that is told of a point whose numbers do not show it."""
    if is_fault(point.verdict.verdict):
        return f"the last recordings say: {verdict_words(point.verdict.verdict)}"
    return f"one of the last recordings says: {verdict_words(point.fault_told)}; measure again"


def _leap(point: Point) -> str:
    """What stands over its limit of alarm in the last measurement alone."""
    name = point.leapt
    last, limit = in_db(name, point.running[-1].values[name]), point.assessment.limits[name]
    times = 10 ** ((last - limit.baseline_db) / 20)
    return f"the last measurement alone shows {times:.3g} times the usual {INDICATORS[name].title}; measure again"


def reason(point: Point) -> str:
    """What the state of a point rests on, in one sentence."""
    found = point.assessment
    n = len(point.measurements)
    if found.cause == STRIKES:
        since = found.first[found.state]
        last = point.running[-HEARD_OF:]
        times = sum(bool(m.lines_stand) for m in last)
        from_first = since is not None and since <= learning_count(n)
        when = "from the first measurements on" if from_first else f"since {_when(point, since)}"
        return f"Something strikes {when}, in {times} of the last {len(last)} measurements."
    if found.cause == WORN and found.baseline is not None:
        over = f"stands {found.baseline.above_db:.0f} dB over the quietest time of this machine"
        return f"The baseline chosen by hand {over}, and so does what followed."
    if found.state == "no data":
        heard = f" But {_told(point)}." if point.state != found.state else ""
        if found.baseline is None and n <= learning_count(n):
            return f"Learning what is usual here: {n} of the {learning_count(n) + 1} measurements it takes.{heard}"
        where = " at this speed" if set(found.states) != {"no data"} else ""
        return f"There is no sound stretch to compare with{where} yet.{heard}"
    if found.cause:
        since = found.first[found.state]
        when = "" if since is None else f" since {_when(point, since)}"
        over = _over_set_limit(point, found.cause)
        return f"{over or _rise(point, found.cause)}{when}."
    if point.state != found.state:
        return f"Nothing changed, but {_leap(point) if point.leapt else _told(point)}."
    base = found.baseline
    assert base is not None
    return f"Nothing rose over the baseline of {base.count} measurements ({base.first} to {base.last})."


def guessed_order(point: Point) -> tuple[str, ...]:
    """A sentence where names tell dates that could not be used; none where they are in order, or tell none."""
    if "tell" not in point.time_source:
        return ()
    return (f"The order of the measurements is a guess, {point.time_source}: write 2025-01-31 into each name.",)


def stood_still(point: Point) -> tuple[str, ...]:
    """A sentence where measurements were left out because the machine did not run in them."""
    still = sum(m.still for m in point.measurements)
    if not still:
        return ()
    which = f"{still} of {len(point.measurements)} measurements lie {GAP_DB:.0f} dB and more below the others"
    return (f"{which}: the machine stood still or the sensor was off. They are not judged.",)


def worn_baseline(point: Point) -> tuple[str, ...]:
    """A sentence where the measurements that the others are compared with were no sound time; none where they were."""
    base = point.assessment.baseline
    if base is None:
        return ()
    which = f"The baseline {'chosen by hand ' if base.chosen == 'by hand' else ''}({base.first} to {base.last})"
    if 2 * base.striking >= base.count:
        told = f"something strikes already in {base.striking} of its {base.count} measurements"
        return (f"{which} is no sound time: {told}.",)
    if base.above_db >= RULES["rms"].alert_db:
        told = f"its RMS stands {base.above_db:.0f} dB over the quietest time of this machine"
        return (f"{which} may be no sound time: {told}.",)
    return ()


def _when(point: Point, index: int | None) -> str:
    return "" if index is None else short_time(point.times[index]) or point.measurements[index].file


def short_time(time: str) -> str:
    """An ISO stamp to the minute, as people write it; anything else as it is."""
    return time[:16].replace("T", " ") if time[:4].isdigit() else time


def change(point: Point, name: str) -> float | None:
    """How far an indicator stands over its baseline at the end (median of the last three), in dB."""
    limit = point.assessment.limits.get(name)
    last = [in_db(name, m.values.get(name)) for m in point.running[-3:]]
    last = sorted(value for value in last if value == value)
    return None if limit is None or not last else last[len(last) // 2] - limit.baseline_db


def _over_set_limit(point: Point, name: str) -> str:
    """A limit set by hand that the indicator stands over, as a clause; "" where none does."""
    unit = point.unit_of(name)
    level = next((m.values[name] for m in reversed(point.running) if name in m.values), None)
    limits = [limit for limit in point.assessment.by_hand.get(name, ()) if limit is not None]
    passed = [limit for limit in limits if level is not None and level >= limit]
    if not passed:
        return ""
    return " ".join(
        f"{INDICATORS[name].title} at {level:.3g} {unit} is over its limit of {max(passed):.3g} {unit}".split()
    )


def unchecked_limits(point: Point) -> tuple[str, ...]:
    """A sentence for each limit set by hand that no measurement can be held against."""
    known = {name for m in point.measurements for name in m.values}
    why = {"velocity_rms": "the recordings do not say their unit of acceleration"}
    return tuple(
        f"The limit of {INDICATORS[name].title} is not checked: {why.get(name, 'it is not known here')}."
        for name in point.assessment.by_hand
        if name not in known
    )


def _rise(point: Point, name: str) -> str:
    rise = change(point, name)
    title = INDICATORS[name].title
    if rise is None:
        return f"{title} has risen"
    if name.endswith("_db"):
        return f"{title} {rise:+.0f} dB over the baseline"
    return f"{title} at {10 ** (rise / 20):.3g} times the baseline ({rise:+.1f} dB)"


def verdict_told(point: Point) -> str:
    """The verdict on the last recordings, and why."""
    why = point.verdict.reason.rstrip(".")
    because = f" {why[:1].upper()}{why[1:]}." if why else ""
    if not point.verdict.recordings:
        return f"No verdict yet.{because}"
    return f"Verdict of the last {point.verdict.recordings}: {verdict_words(point.verdict.verdict)}.{because}"


def headline(point: Point) -> str:
    """A point in one line."""
    verdict = f"verdict of the last {point.verdict.recordings}: {verdict_words(point.verdict.verdict)}"
    verdict = verdict if point.verdict.recordings else "no verdict yet"
    return f"{point.name:<20.20} {MACHINE_STATES[point.state].title:<8} {point.reason} ({verdict})"
