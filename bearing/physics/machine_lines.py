"""What else the spectrum shows beside the bearing: the lines of the machine, and the textbook's reading of them.

No verdict: a list an analyst can check. Lines are measured at orders of the shaft (1x, 2x, ..., halves), at the mains,
and where teeth, vanes, rotor bars or a belt are known at theirs; each with its amplitude and its height over the floor.
Readings follow R. B. Randall, "Vibration-based Condition Monitoring" (2011), ch. 2, and ISO 13373-3:2015, annexes A-D.
They weigh velocities, as the textbooks do: an acceleration is divided by its frequency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from bearing.checks import check_number
from bearing.errors import ParameterError
from bearing.physics.mains import MAINS_HZ
from bearing.physics.shaft.combs import SpeedSpectra, speed_spectra
from bearing.recording import check_rate_hz, check_rpm, check_signal
from bearing.signal.dsp import hann
from bearing.signal.envelope import running_median, to_unit

__all__ = [
    "LineKind",
    "MachineLine",
    "MachineParts",
    "MachineReading",
    "MachineView",
    "Reading",
    "machine_lines",
    "parse_parts",
]

FloatArray = NDArray[np.float64]

FOUND_DB = 12.0
HARMONICS = 10
VELOCITY_TOP_HZ = 1000.0
MAX_SECONDS = 60.0
NEAR = 0.002  # of a frequency, searched around it
DOMINATES = 0.5  # share of the velocity up to 1 kHz
SECOND_STRONG, SECOND_SEEN = 0.45, 0.15  # of 2x over 1x, velocities
WEAK = 0.1  # of the highest velocity of the shaft's lines: lower ones stand in every long recording
MANY = 4  # of the orders 3x to 10x
LOOSE_SHARE = 0.3  # of the velocity
GUESSED_SHARE = 0.25  # of the whole vibration, for a mesh or a belt nobody told of
TEETH_DB = 20.0  # of a mesh whose teeth nobody told
IMPACTS_MANY = 7  # of the first ten orders in the envelope
IMPACTS_LEVEL = 1.5  # nepers over the floor
BURST_KURTOSIS = 5.0
HISS_DB, HISS_SHARE = 8.0, 0.6
BELT_ORDERS = (0.06, 0.96)


class LineKind(Enum):
    """Whose line it is."""

    SHAFT = "shaft"
    HALF = "half order"
    MAINS = "mains"
    GEAR_MESH = "gear mesh"
    GEAR_SIDEBAND = "gear sideband"
    VANE = "vane passing"
    ROTOR_BAR = "rotor bar passing"
    POLE_PASS = "pole pass sideband"
    BELT = "belt"


class Reading(Enum):
    """What the textbook says of such lines; the English is in `bearing.verdict.words.machine`."""

    UNBALANCE = "unbalance"
    BENT_SHAFT = "bent shaft"
    MISALIGNMENT = "misalignment"
    LOOSENESS = "looseness"
    ELECTRICAL = "electrical"
    ROTOR_BARS = "rotor bars"
    GEAR_MESH = "gear mesh"
    GEAR_SIDEBANDS = "gear sidebands"
    BLOW_PER_TURN = "blow per turn"
    VANE_PASSING = "vane passing"
    BURSTS = "bursts"
    BROAD_NOISE = "broad noise"
    BELT = "belt"


@dataclass(frozen=True)
class MachineParts:
    """What is known of the machine: teeth of the gear on this shaft, vanes or blades, rotor bars, the belt's frequency
    as a share of the shaft's, the mains in Hz (None: whichever of 50 and 60 stands higher), the motor's poles."""

    teeth: int | None = None
    vanes: int | None = None
    rotor_bars: int | None = None
    belt_order: float | None = None
    mains_hz: float | None = None
    poles: int | None = None

    def __post_init__(self) -> None:
        for name in ("teeth", "vanes", "rotor_bars", "poles"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 10_000:
                raise ParameterError(f"The number of {name.replace('_', ' ')} lies in 1..10,000, got {value}.")
        if self.belt_order is not None and not 0 < self.belt_order < 10:
            raise ParameterError(f"A belt's order lies between 0 and 10 of its shaft, got {self.belt_order:g}.")
        low, high = _MAINS_LIMITS_HZ
        if self.mains_hz is not None and not low <= self.mains_hz <= high:
            raise ParameterError(f"The mains lie between {low:g} and {high:g} Hz, got {self.mains_hz:g}.")


_PARTS = {"teeth": "teeth", "vanes": "vanes", "bars": "rotor_bars", "belt": "belt_order", "mains": "mains_hz",
          "poles": "poles"}  # fmt: skip
_MAINS_LIMITS_HZ = (10.0, 1000.0)


def parse_parts(text: str) -> MachineParts:
    """``teeth=23,vanes=7,bars=44,poles=4,belt=0.37,mains=50``, any of them; ``all`` where nothing is known.

    Raises ParameterError for anything else.
    """
    example = "teeth=23,vanes=7,bars=44,poles=4,belt=0.37,mains=50"
    known: dict[str, float | int] = {}
    if text.strip().lower() == "all":
        return MachineParts()
    for pair in re.split(r"[,;\s]+", re.sub(r"\s*=\s*", "=", text.strip().lower())):
        name, equals, number = pair.partition("=")
        if not equals or name not in _PARTS or _PARTS[name] in known:
            raise ParameterError(f"Expected name=number pairs like {example}, each once, could not use {pair!r}.")
        try:
            value = check_number(float(number), f"The machine's {name}")
        except ValueError:
            raise ParameterError(
                f"The machine's {name} is a number, got {number!r}; write it like {example}."
            ) from None
        whole = name not in ("belt", "mains")
        if whole and value != int(value):
            raise ParameterError(f"The machine's {name} are counted, got {number!r}; write a whole number.")
        known[_PARTS[name]] = int(value) if whole else value
    return MachineParts(**known)  # type: ignore[arg-type]


@dataclass(frozen=True)
class MachineLine:
    """One line: whose, its number there (3 of SHAFT is 3x), where it was looked for, and what stands there.

    `level` is its amplitude (peak) in the signal's unit, `db` its height over the noise around it.
    """

    kind: LineKind
    number: float
    frequency_hz: float
    order: float
    level: float
    db: float

    @property
    def found(self) -> bool:
        return self.db >= FOUND_DB


@dataclass(frozen=True)
class MachineReading:
    """A reading with what it rests on: `number` (times the shaft, teeth, Hz as the reading has it), `strength` 0..1."""

    code: Reading
    number: float = 0.0
    strength: float = 0.0


@dataclass(frozen=True)
class MachineView:
    """All lines looked for, and the readings they allow, the strongest first."""

    lines: tuple[MachineLine, ...]
    readings: tuple[MachineReading, ...]

    def of(self, kind: LineKind, number: float | None = None) -> tuple[MachineLine, ...]:
        """The lines of one kind (and number)."""
        return tuple(one for one in self.lines if one.kind is kind and number in (None, one.number))


def machine_lines(
    signal: object,
    rate_hz: float,
    rpm: float,
    parts: MachineParts | None = None,
    is_velocity: bool = False,
    spectra: SpeedSpectra | None = None,
) -> MachineView:
    """The machine's lines in a signal of shape (n,) of a shaft that holds `rpm` (see order_tracking).

    `is_velocity` says that the signal is one; else it is an acceleration. `spectra` where they are at hand. Raises
    SignalError and ParameterError.
    """
    samples, rate_hz = check_signal(signal, 256), check_rate_hz(rate_hz)
    shaft_hz = check_rpm(rpm) / 60
    parts = parts or MachineParts()
    lines = _Lines(samples[: int(MAX_SECONDS * rate_hz)], rate_hz, shaft_hz, is_velocity)
    found: list[MachineLine] = [lines.at(LineKind.SHAFT, k, k * shaft_hz) for k in range(1, HARMONICS + 1)]
    found += [lines.at(LineKind.HALF, k + 0.5, (k + 0.5) * shaft_hz) for k in range(4)]
    mains_hz = parts.mains_hz or max(MAINS_HZ, key=lambda hz: lines.at(LineKind.MAINS, 2, 2 * hz).db)
    found += [lines.at(LineKind.MAINS, k, k * mains_hz) for k in (1, 2)]
    readings = _of_shaft(lines, found) + _of_mains(lines, found, mains_hz)
    readings += _of_rotor(lines, found, mains_hz, parts) + _of_gear(lines, found, parts)
    readings += _of_vanes(lines, found, parts) + _of_belt(lines, found, parts)
    readings += _of_noise(samples, rate_hz, lines, spectra or speed_spectra(samples, rate_hz), shaft_hz)
    inside = tuple(one for one in found if np.isfinite(one.db))
    return MachineView(inside, tuple(sorted(readings, key=lambda one: -one.strength)))


# ------------------------------------------------------------------------------------------------------ measuring


class _Lines:
    """The amplitude spectrum of a signal, and lines in it."""

    def __init__(self, samples: FloatArray, rate_hz: float, shaft_hz: float, is_velocity: bool) -> None:
        unit, scale = to_unit(samples)
        n = len(unit)
        window = hann(n)
        self.shaft_hz, self.is_velocity = shaft_hz, is_velocity
        self.step_hz = rate_hz / n
        bins = scipy.fft.rfft(unit * window)
        self.power: FloatArray = (bins.real**2 + bins.imag**2).astype(np.float64) * (4.0 / n * scale) ** 2
        width = max(25, round(min(2.0 * shaft_hz, 40.0) / self.step_hz))
        self.floor = np.maximum(running_median(self.power, width) / np.log(2), 1e-300)
        frequency = np.arange(len(self.power)) * self.step_hz
        weight = np.ones(len(frequency)) if is_velocity else 1 / np.maximum(frequency, 0.2 * shaft_hz) ** 2
        reach = (frequency > 0.2 * shaft_hz) & (frequency < max(VELOCITY_TOP_HZ, 10 * shaft_hz))
        self.velocity_power = float((self.power * weight)[reach].sum()) / 1.5 + 1e-300

    def at(self, kind: LineKind, number: float, frequency_hz: float) -> MachineLine:
        """The highest bin near a frequency; -inf dB beyond the spectrum, or where it resolves no such line."""
        reach = max(2, int(NEAR * frequency_hz / self.step_hz))
        middle = round(frequency_hz / self.step_hz)
        order = frequency_hz / self.shaft_hz
        if middle - reach < 3 or middle + reach + 3 > len(self.power):
            return MachineLine(kind, number, frequency_hz, order, 0.0, float("-inf"))
        best = middle - reach + int(np.argmax(self.power[middle - reach : middle + reach + 1]))
        level = float(np.sqrt(self.power[best - 2 : best + 3].sum() / 1.5))
        db = float(10 * np.log10(max(self.power[best], 1e-300) / self.floor[best]))
        return MachineLine(kind, number, best * self.step_hz, order, level, db)

    def velocity(self, line: MachineLine) -> float:
        """Its amplitude as a velocity, in whatever unit; 0 where it was not found."""
        if not line.found:
            return 0.0
        return line.level if self.is_velocity else line.level / line.frequency_hz

    def share(self, *some: MachineLine) -> float:
        """Their share of the power of the velocity up to 1 kHz."""
        return min(1.0, sum(self.velocity(line) ** 2 for line in some) / self.velocity_power)


# ------------------------------------------------------------------------------------------------------ readings


def _of_shaft(lines: _Lines, found: list[MachineLine]) -> list[MachineReading]:
    shaft = [one for one in found if one.kind is LineKind.SHAFT]
    speed = [lines.velocity(one) for one in shaft]
    halves = [one for one in found if one.kind is LineKind.HALF]
    loud = WEAK * max(speed + [lines.velocity(one) for one in halves])
    many = sum(one >= loud > 0 for one in speed[2:])
    half = sum(lines.velocity(one) >= loud > 0 for one in halves)
    readings = []
    if (many >= MANY or half >= 2) and lines.share(*shaft, *halves) >= LOOSE_SHARE:
        readings.append(MachineReading(Reading.LOOSENESS, float(many + half), min(1.0, (many + 2 * half) / 10)))
    once, twice = speed[0], max(speed[1], speed[2])
    share = lines.share(*shaft[:3])
    if (not shaft[0].found and not shaft[1].found) or share < DOMINATES:
        return readings
    if twice >= SECOND_STRONG * once:
        readings.append(MachineReading(Reading.MISALIGNMENT, 2.0 if speed[1] >= speed[2] else 3.0, share))
    elif twice >= SECOND_SEEN * once:
        readings.append(MachineReading(Reading.BENT_SHAFT, 2.0, share))
    else:
        readings.append(MachineReading(Reading.UNBALANCE, 1.0, share))
    return readings


def _of_mains(lines: _Lines, found: list[MachineLine], mains_hz: float) -> list[MachineReading]:
    twice = next(one for one in found if one.kind is LineKind.MAINS and one.number == 2)
    order = twice.frequency_hz / lines.shaft_hz
    apart = abs(order - round(order)) * lines.shaft_hz > 3 * lines.step_hz  # else a shaft's harmonic is seen instead
    strongest = max(lines.velocity(one) for one in found if one.kind is LineKind.SHAFT)
    if not apart or not twice.found or lines.velocity(twice) < 0.5 * strongest:
        return []
    return [MachineReading(Reading.ELECTRICAL, 2 * mains_hz, lines.share(twice))]


def _of_rotor(lines: _Lines, found: list[MachineLine], mains_hz: float, parts: MachineParts) -> list[MachineReading]:
    """Sidebands of 1x a pole-pass frequency away: poles times the slip."""
    readings: list[MachineReading] = []
    if parts.rotor_bars is not None:
        found += [lines.at(LineKind.ROTOR_BAR, k, k * parts.rotor_bars * lines.shaft_hz) for k in (1, 2)]
    poles = parts.poles or max(2, 2 * int(mains_hz / lines.shaft_hz))
    slip_hz = 2 * mains_hz / poles - lines.shaft_hz
    pass_hz = poles * slip_hz
    if not 0 < slip_hz < 0.06 * lines.shaft_hz or pass_hz < 4 * lines.step_hz or pass_hz > 0.4 * lines.shaft_hz:
        return readings
    sides = [lines.at(LineKind.POLE_PASS, side, lines.shaft_hz + side * pass_hz) for side in (-1, 1)]
    found += sides
    once = next(one for one in found if one.kind is LineKind.SHAFT and one.number == 1)
    if once.found and all(one.found for one in sides):
        strength = min(1.0, sum(one.level for one in sides) / (once.level + 1e-300))
        readings.append(MachineReading(Reading.ROTOR_BARS, pass_hz, strength))
    return readings


def _of_gear(lines: _Lines, found: list[MachineLine], parts: MachineParts) -> list[MachineReading]:
    """A mesh at its teeth; where they are not known, the highest whole order from 11 on that has sidebands."""
    teeth = parts.teeth or _likely_teeth(lines)
    if teeth is None:
        return []
    mesh = [lines.at(LineKind.GEAR_MESH, k, k * teeth * lines.shaft_hz) for k in (1, 2, 3)]
    sides = [
        lines.at(LineKind.GEAR_SIDEBAND, k * teeth + side, (k * teeth + side) * lines.shaft_hz)
        for k in (1, 2)
        for side in (-2, -1, 1, 2)
    ]
    readings = []
    highest = max((one.level for one in mesh if one.found), default=0.0)
    total = float(np.sqrt(lines.power.sum() / 1.5))
    if parts.teeth is None and highest < GUESSED_SHARE * total:
        return []
    found += mesh + sides
    if highest > 0:
        readings.append(MachineReading(Reading.GEAR_MESH, float(teeth), min(1.0, highest / total)))
    strong = [one for one in sides if one.found and one.level > 0.1 * highest > 0]
    if len(strong) >= 2:
        strength = min(1.0, max(one.level for one in strong) / highest)
        readings.append(MachineReading(Reading.GEAR_SIDEBANDS, float(teeth), strength))
    return readings


def _likely_teeth(lines: _Lines) -> int | None:
    top = int(min(100, 0.9 * len(lines.power) * lines.step_hz / lines.shaft_hz))
    if top < 13:
        return None
    comb = [lines.at(LineKind.GEAR_MESH, k, k * lines.shaft_hz) for k in range(10, top + 1)]
    best = max(range(1, len(comb) - 1), key=lambda i: comb[i].level)
    around = [comb[best - 1], comb[best + 1]]
    usual = float(np.median([one.level for one in comb[max(0, best - 10) : best + 11]]))
    low = max(lines.at(LineKind.SHAFT, k, k * lines.shaft_hz).level for k in range(4, 10))
    sidebands = comb[best].db > TEETH_DB and all(one.found for one in around)
    return 10 + best if sidebands and comb[best].level > max(5 * usual, 2 * low) else None


def _of_vanes(lines: _Lines, found: list[MachineLine], parts: MachineParts) -> list[MachineReading]:
    """Vane passing at the number given; else a whole order from 3 to 15 that stands far over the others."""
    number = parts.vanes
    shaft = [lines.at(LineKind.VANE, k, k * lines.shaft_hz) for k in range(3, 16)]
    if number is None:
        level = np.array([one.level if one.found else 0.0 for one in shaft])
        best = int(np.argmax(level))
        others = np.delete(level, best)
        if level[best] < 3 * others.max() or level[best] < lines.at(LineKind.SHAFT, 1, lines.shaft_hz).level:
            return []
        number = 3 + best
    passing = [lines.at(LineKind.VANE, k, k * number * lines.shaft_hz) for k in (1, 2)]
    found += passing
    highest = max((one.level for one in passing if one.found), default=0.0)
    if highest == 0.0:
        return []
    total = float(np.sqrt(lines.power.sum() / 1.5))
    return [MachineReading(Reading.VANE_PASSING, float(number), min(1.0, highest / total))]


def _of_belt(lines: _Lines, found: list[MachineLine], parts: MachineParts) -> list[MachineReading]:
    """Harmonics of a belt at its order; else a comb below the shaft's speed that is neither its half nor its third."""
    order = parts.belt_order or _likely_belt(lines)
    if order is None:
        return []
    belt = [lines.at(LineKind.BELT, k, k * order * lines.shaft_hz) for k in range(1, 5)]
    shaft = max(lines.velocity(one) for one in found if one.kind is LineKind.SHAFT)
    if parts.belt_order is None and max(lines.velocity(one) for one in belt) < GUESSED_SHARE * shaft:
        return []
    found += belt
    apart = [one for one in belt if abs(one.order - round(one.order)) > 0.02]
    standing = sum(one.found for one in apart)
    if standing < 2:
        return []
    return [MachineReading(Reading.BELT, order, standing / len(apart))]


def _likely_belt(lines: _Lines) -> float | None:
    """The order below 1 whose first harmonics stand out most, at least three of them, apart from the shaft's."""
    over = 10 * np.log10(np.maximum(lines.power, 1e-300) / lines.floor)
    step = max(lines.step_hz / lines.shaft_hz / 4, 1e-4)
    orders = np.arange(max(BELT_ORDERS[0], 8 * lines.step_hz / lines.shaft_hz), BELT_ORDERS[1], step)
    if not len(orders):
        return None
    height = np.zeros((5, len(orders)))
    for k in range(1, 6):
        multiple = k * orders
        whole = np.abs(2 * multiple - np.round(2 * multiple)) < np.maximum(0.03, 3 * lines.step_hz / lines.shaft_hz)
        at = np.minimum(np.rint(multiple * lines.shaft_hz / lines.step_hz).astype(np.int64), len(over) - 1)
        height[k - 1] = np.where(whole, 0.0, np.clip(over[at], 0, 30))
    clear = height > FOUND_DB + 3  # nobody told of it
    score = np.where(clear[0] & (clear.sum(axis=0) >= 3), height.sum(axis=0), 0.0)
    best = int(np.argmax(score))
    return float(orders[best]) if score[best] > 0 else None


def _of_noise(
    samples: FloatArray, rate_hz: float, lines: _Lines, spectra: SpeedSpectra, shaft_hz: float
) -> list[MachineReading]:
    """Blows once a turn in the envelope; bursts without a rhythm; a broad noise that outweighs all lines."""
    readings = []
    level = np.nan_to_num(spectra.envelope)
    near = np.maximum(level, np.maximum(np.roll(level, 1), np.roll(level, -1)))
    at = np.rint(np.arange(1, HARMONICS + 1) * shaft_hz / spectra.step_hz).astype(np.int64)
    standing = near[at[at < len(near)]]
    blows = int((standing > IMPACTS_LEVEL).sum())
    between = near[: int(HARMONICS * shaft_hz / spectra.step_hz)].copy()
    for middle in at:  # what else beats, a bearing for one, and has the shaft in its sidebands
        between[max(0, middle - 3) : middle + 4] = 0
    others = np.sort(between)[-3 * HARMONICS :].mean() if len(between) > 3 * HARMONICS else 0.0
    if blows >= IMPACTS_MANY and standing.mean() > others:
        strength = float(np.clip(standing.mean() / 4, 0, 1))
        readings.append(MachineReading(Reading.BLOW_PER_TURN, float(blows), strength))
    centred = samples - samples.mean()
    kurtosis = float(np.mean(centred**4) / (np.mean(centred**2) ** 2 + 1e-300))
    rhythm = float(np.quantile(level, 0.999))
    if kurtosis > BURST_KURTOSIS and rhythm < 2 * IMPACTS_LEVEL and blows < IMPACTS_MANY:
        readings.append(MachineReading(Reading.BURSTS, kurtosis, float(np.clip((kurtosis - 3) / 20, 0, 1))))
    blocks = np.array_split(lines.power[len(lines.power) // 50 :], 24)
    noise = 10 * np.log10(np.array([np.median(block) for block in blocks]) + 1e-300)
    loud = noise > np.median(noise) + HISS_DB
    share = float(sum(np.median(block) / np.log(2) * len(block) for block in blocks) / (lines.power.sum() + 1e-300))
    if loud.sum() >= 3 and share > HISS_SHARE:
        middle = float(np.mean(np.flatnonzero(loud)) + 0.5) / 24 * rate_hz / 2
        readings.append(MachineReading(Reading.BROAD_NOISE, middle, share))
    return readings
