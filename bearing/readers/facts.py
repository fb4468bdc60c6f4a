"""Sampling rate and shaft speed out of named numbers: ``fs = 12000``, ``# shaft_rpm: 1797``, ``Sample rate,25.6 kHz``.

A number whose unit cannot be told (``speed = 25``: Hz or rpm?) is never guessed: it becomes a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from bearing.readers.names import clean_name, split_unit, word_set
from bearing.recording import RATE_LIMITS_HZ, RPM_LIMITS

__all__ = ["Facts", "Known", "facts_in_lines", "facts_in_scalars", "iso_time", "tidy_rate"]


@dataclass(frozen=True)
class Known:
    """A number and, in words, where it comes from."""

    value: float
    source: str


@dataclass(frozen=True)
class Facts:
    """What a file says beside its samples; None where it says nothing. `notes` are sentences for the user."""

    rate: Known | None = None
    rpm: Known | None = None
    notes: tuple[str, ...] = ()
    bearing: str = ""
    started: str = ""  # ISO 8601

    def or_else(self, other: Facts) -> Facts:
        """These facts, completed by those of a wider scope."""
        notes = self.notes + tuple(note for note in other.notes if note not in self.notes)
        return Facts(
            self.rate or other.rate,
            self.rpm or other.rpm,
            notes,
            self.bearing or other.bearing,
            self.started or other.started,
        )


# Names are compared without case, spaces and punctuation.
_RATE_NAMES = word_set(
    "fs sr fsamp fsample fsampling samplerate samplingrate samplefrequency samplingfrequency samplingfreq samplefreq "
    "sampfreq sampfrequency samprate ratesampling abtastrate abtastfrequenz frequencesampling freqsampling "
    "frequenceechantillonnage frecuenciademuestreo samplespersecond sps srate daqrate acquisitionrate scanrate "
    "samplerateinhz fsdata fsvib datarate"
)
_INTERVAL_NAMES = word_set(
    "dt ts deltat deltax deltatime samplinginterval sampleinterval samplingperiod sampleperiod timestep timeincrement "
    "tsample wfincrement xincrement tinterval"
)
_RPM_NAMES = word_set("rpm nrpm shaftrpm rotorrpm motorrpm speedrpm rpmspeed drehzahl revolutionsperminute")
_SHAFT_HZ_NAMES = word_set(
    "shafthz shaftfrequency shaftfreq shaftratehz fshaft frot rotationfrequency rotationalfrequency speedhz "
    "rotatingfrequency drehfrequenz runningspeedhz"
)
_SPEED_NAMES = word_set(
    "speed shaftspeed rotationspeed rotationalspeed rotspeed motorspeed runningspeed rotatingspeed shaftrate fr "
    "vitesse velocidad rotorspeed spindlespeed"
)
_UNIT_SUFFIXES = ("khz", "hz", "rpm", "ms", "us")
_HZ_PER_UNIT = {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "s/s": 1.0, "sa/s": 1.0, "samples/s": 1.0, "ks/s": 1e3, "": 1.0}
_SECONDS_PER_UNIT = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9, "": 1.0}
_RPM_UNITS = ("rpm", "1/min", "min-1", "min^-1", "r/min", "rev/min", "u/min", "tr/min")

_NUMBER = r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"
# On a plain line (see _plain): no quotes, no runs of blanks or delimiters, so that matching is linear.
_FACT_LINE = re.compile(
    rf"(?P<name>[^\W\d][\w .\-/()\[\]^]{{0,60}}?) ?(?:[:=;,\t]|  ) ?"
    rf"(?P<value>{_NUMBER})[ ;,\t]?(?P<unit>[a-zA-Zµμ/^\-0-9]{{0,12}})[ ;,.\t]?$"
)
_BEARING_LINE = re.compile(
    r"[\s#%;/*!'\"]*bearing(?:[ _](?:type|name|designation|model))?\s*[:=]\s*(?P<name>[^;\t]{2,60})", re.I
)
_STARTED_LINE = re.compile(
    r"[\s#%;/*!'\"]*(?:date|time|timestamp|start|started|start[ _]time|recorded|measured|date[ _]?time|acquired)"
    r"(?:[ _](?:at|on|time|utc))?\s*[:=;,\t]\s*(?P<when>\d.{7,40})",
    re.I,
)
_SIMULATED = re.compile(r"\bsimulated\b", re.IGNORECASE)


def facts_in_scalars(scalars: Mapping[str, float], where: str = "variable") -> Facts:
    """Facts in named numbers. `where` says what the names are, for the sources (``variable``, ``field``)."""
    return _facts((name, "", value, f"{where} '{clean_name(name)}'") for name, value in scalars.items())


def facts_in_lines(lines: Iterable[str]) -> Facts:
    """Facts in comment and preamble lines such as ``# sampling_rate_hz: 12000`` or ``Sample rate;25,6 kHz``.

    Several to a line are told apart when they are written ``name=value; name=value``.
    """
    found = []
    bearing = started = ""
    notes: list[str] = []
    for line in lines:
        if _SIMULATED.search(line[:300]) and not notes:
            notes.append("The file says of itself that it is simulated, not measured.")
        when = _STARTED_LINE.match(line[:300])
        if when and not started:
            started = iso_time(when["when"])
        for part in line[:300].split(";") if line.count("=") > 1 else [line[:300]]:
            named = _BEARING_LINE.match(part)
            match = _FACT_LINE.match(_plain(part))
            if named and not bearing:
                bearing = clean_name(named["name"].strip(" \"',"))
            elif match:
                value = float(match["value"].replace(",", "."))
                found.append((match["name"], match["unit"], value, f"line '{clean_name(part.strip(' #%;,'))}'"))
    return Facts(notes=tuple(notes), bearing=bearing, started=started).or_else(_facts(found))


def iso_time(text: str) -> str:
    """A date and time of day as ISO 8601, its zone kept; "" for anything else (a day first only where it has dots)."""
    text = text.strip(" \"',;#").replace(",", ".")
    german = re.match(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", text)
    if german:
        text = f"{german[3]}-{int(german[2]):02d}-{int(german[1]):02d}{german[4]}"
    text = re.sub(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", lambda m: f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d}", text)
    text = re.sub(r"^(\d{4}-\d\d-\d\d)[ T_]+", r"\1T", text).replace(" ", "").replace("UTC", "Z")
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _plain(line: str) -> str:
    """A line without comment signs and quotes, runs of blanks and delimiters made one (or two) of them."""
    line = re.sub(r"[\"']", "", line).lstrip(" \t#%;/*!")
    line = re.sub(r" *([;,\t:=])[;,\t:= ]*", r"\1", line)
    return re.sub(r"\s{2,}", "  ", line.strip())


def tidy_rate(rate_hz: float, tolerance: float = 1e-5) -> float:
    """A rate computed from time stamps, rounded to a whole number of Hz where it is one within `tolerance`."""
    if not isfinite(rate_hz):
        return rate_hz
    nearest = float(round(rate_hz))
    return nearest if nearest and abs(rate_hz - nearest) <= tolerance * nearest else float(rate_hz)


def _facts(found: Iterable[tuple[str, str, float, str]]) -> Facts:
    rate: Known | None = None
    rpm: Known | None = None
    notes: list[str] = []
    for name, unit, value, source in found:
        kind, known = _judge(name, unit, value, source)
        if kind == "rate" and known and rate is None:
            rate = known
        elif kind == "rpm" and known and rpm is None:
            rpm = known
        elif kind == "speed?":
            label = source[0].upper() + source[1:]
            notes.append(f"{label} is {value:g} without a unit, Hz or rpm: give the shaft speed yourself.")
    return Facts(rate, rpm, tuple(notes))


def _judge(name: str, unit: str, value: float, source: str) -> tuple[str, Known | None]:
    """What one named number is: ``rate``, ``rpm``, ``speed?`` (unit unknown) or nothing."""
    name, bracketed = split_unit(name)
    unit = (unit or bracketed).strip().lower()
    key = re.sub(r"[\W_]+", "", name.lower())
    if not unit:
        key, unit = _suffix_as_unit(key)
    if (key in _RATE_NAMES or key == "sampling") and unit in _HZ_PER_UNIT:
        return "rate", _within(value * _HZ_PER_UNIT[unit], RATE_LIMITS_HZ, source)
    if key in _INTERVAL_NAMES and unit in _SECONDS_PER_UNIT:
        step_s = value * _SECONDS_PER_UNIT[unit]
        return "rate", _within(tidy_rate(1.0 / step_s), RATE_LIMITS_HZ, source) if step_s > 0 else None
    if key in _RPM_NAMES or (key in _SPEED_NAMES | {"", "shaft", "motor", "rotor"} and unit in _RPM_UNITS):
        return "rpm", _within(value, RPM_LIMITS, source)
    if key in _SHAFT_HZ_NAMES or (key in _SPEED_NAMES | {"shaft"} and unit == "hz"):
        return "rpm", _within(value * 60.0, RPM_LIMITS, source)
    if key in _SPEED_NAMES and not unit and value > 0:
        return "speed?", None
    return "", None


def _suffix_as_unit(key: str) -> tuple[str, str]:
    """``samplingratehz`` -> ``samplingrate``, ``hz``; a name that is nothing but the suffix stays whole."""
    if key in _RATE_NAMES | _INTERVAL_NAMES | _RPM_NAMES | _SHAFT_HZ_NAMES | _SPEED_NAMES:
        return key, ""
    for suffix in _UNIT_SUFFIXES:
        if key.endswith(suffix) and len(key) > len(suffix):
            return key[: -len(suffix)], suffix
    return key, ""


def _within(value: float, allowed: tuple[float, float], source: str) -> Known | None:
    return Known(value, source) if allowed[0] <= value <= allowed[1] else None
