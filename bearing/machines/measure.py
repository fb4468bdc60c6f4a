"""One recording -> the numbers a history is made of, cheap enough for thousands of recordings.

A full diagnosis takes a tenth of a second; a history asks a simpler question, "which numbers moved", of every
recording, and the full one only of the last ones (`bearing.machines.history`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bearing.errors import BearingError, MissingRate, SignalError
from bearing.physics.envelope_rule import (
    DB_PER_NEPER,
    SLIPS,
    FamilyEvidence,
    envelope_evidence,
    family_scores,
    max_order_of,
)
from bearing.physics.guard import AXIS_HZ, blind_spectrum, listen
from bearing.physics.kinematics import FaultOrders, rpm_to_hz
from bearing.readers import file_bytes
from bearing.readers.names import kind_of
from bearing.recording import FloatArray, Recording, check_signal, usable_stretch
from bearing.signal.indicators import indicators
from bearing.signal.order_spectrum import Band, OrderSpectrum, averaged, envelope_order_spectrum
from bearing.signal.severity import velocity_mm_s
from bearing.signal.units import unit_of
from bearing.states import FAMILIES
from bearing.verdict.asked.intake import Intake
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.hearing import GUARD_REACH, SHORTEST_S
from bearing.verdict.judging import diagnose
from bearing.verdict.prepared import MIN_SAMPLES, SLOWEST_HZ

__all__ = [
    "INDICATORS",
    "Indicator",
    "Measurement",
    "Verdict",
    "family_numbers",
    "joined_numbers",
    "measure_bytes",
    "measure_file",
    "comb_levels",
    "points_of",
    "recording_of_bytes",
    "verdict_of_bytes",
    "verdict_of_file",
]

FEWEST_SAMPLES = 64
SINGLE_TURNS = 20.0  # fewer turns than this in a recording: its order spectrum is joined with those before it
WATERFALL_ORDERS, WATERFALL_STEP = 20.0, 0.05
COMB_ORDERS = 0.31 * 1.02 ** np.arange(152)  # to 6.2: three harmonics of each lie in the waterfall
COMB_ORDERS = COMB_ORDERS[np.abs(COMB_ORDERS - np.rint(COMB_ORDERS)) > 0.06]  # the shaft's own are nobody's


@dataclass(frozen=True)
class Indicator:
    """What a number is called, in which unit it stands ("" none, "signal" the recording's own)."""

    title: str
    unit: str


INDICATORS: dict[str, Indicator] = {
    "rms": Indicator("RMS", "signal"),
    "velocity_rms": Indicator("Velocity RMS 10-1000 Hz", "mm/s"),
    "peak": Indicator("Peak", "signal"),
    "crest_factor": Indicator("Crest factor", ""),
    "kurtosis": Indicator("Kurtosis", ""),
    "line_outer_db": Indicator("Outer race lines", "dB"),
    "line_inner_db": Indicator("Inner race lines", "dB"),
    "line_ball_db": Indicator("Rolling element lines", "dB"),
    "depth_outer_db": Indicator("Outer race modulation", "dB"),
    "depth_inner_db": Indicator("Inner race modulation", "dB"),
    "depth_ball_db": Indicator("Rolling element modulation", "dB"),
    "rise_outer_db": Indicator("Outer race lines, band by band", "dB"),
    "rise_inner_db": Indicator("Inner race lines, band by band", "dB"),
    "rise_ball_db": Indicator("Rolling element lines, band by band", "dB"),
    "rise_comb_db": Indicator("Any comb of lines", "dB"),
    "comb_depth_db": Indicator("Deepest rhythm of impacts", "dB"),
    "comb_hz": Indicator("Pace of that rhythm", "Hz"),
    "burst_kurtosis": Indicator("Kurtosis of the burstiest band", ""),
    "rpm": Indicator("Speed", "rpm"),
}


@dataclass(frozen=True)
class Verdict:
    """What a full diagnosis says, without its evidence."""

    verdict: str
    confidence: float
    reason: str
    warnings: tuple[str, ...] = ()
    recordings: int = 1  # how many it rests on


@dataclass(frozen=True)
class Measurement:
    """One channel of one recording in numbers.

    `values` holds indicators by name (see INDICATORS), absent ones are not known. `lines_stand` names the families
    whose lines stand out in it by themselves, and ``comb`` where the blind guard hears something strike. `spectrum` is
    the order spectrum while it waits to be joined, `waterfall` its envelope spectrum up to 20 orders, in dB over the
    floor, steps of 0.05 (empty where the speed is not known). `lines`, shape (bands, 3, slips), are the levels in dB of
    harmonics 1-4 of each part, to be compared with those of the same machine (no bands where not known). `still`: the
    machine stood, or the sensor was off (`bearing.machines.standstill`): numbers that are shown and not judged.
    """

    file: str
    point: str
    sha256: str
    started: str
    duration_s: float | None
    sampling_rate_hz: float | None
    unit: str
    values: dict[str, float]
    bearing: str = ""
    lines_stand: frozenset[str] = frozenset()
    turns: float = 0.0
    findings: tuple[str, ...] = ()
    spectrum: OrderSpectrum | None = None
    waterfall: NDArray[np.float16] = field(default_factory=lambda: np.zeros(0, np.float16))
    joined: int = 1
    verdict: Verdict | None = None
    lines: NDArray[np.float16] = field(default_factory=lambda: np.zeros((0, len(FAMILIES), SLIPS), np.float16))
    still: bool = False


def points_of(intake: Intake, channel: str | None = None) -> list[str]:
    """The channels of a file that are measuring points: all that may be vibration, or the one asked for."""
    if channel:
        return [intake.recordings[intake.channel(channel)].channel]
    kinds = [kind_of(r.channel, r.unit) for r in intake.recordings]
    wanted = "vibration" if "vibration" in kinds else ""
    points = [r.channel for r, kind in zip(intake.recordings, kinds, strict=True) if kind in ("vibration", wanted)]
    return points or [intake.recordings[intake.preferred].channel]


def measure_file(path: Path, name: str, asked: Request) -> list[Measurement] | str:
    """The measurements in a file, one per measuring point; a sentence where it holds none."""
    try:
        data = file_bytes(path, asked.bounds)
        return measure_bytes(data, name, asked)
    except BearingError as error:
        return str(error)


def measure_bytes(data: bytes, name: str, asked: Request, diagnosed: bool = False) -> list[Measurement]:
    """The same of a file's content, with the full diagnosis of each recording long enough for one where asked for.

    Raises the errors of reading and of choosing.
    """
    intake = asked.open_upload(data, Path(name).name)
    found = []
    for channel in points_of(intake, asked.channel):
        recording, bearing = asked.apply(intake, channel)
        measured = replace(measure(recording, bearing), file=name, sha256=recording.sha256)
        if diagnosed and measured.spectrum is None:
            measured = replace(measured, verdict=_verdict_of(recording, bearing))
        found.append(measured)
    return found


def measure(recording: Recording, bearing: Bearing | None) -> Measurement:
    """One channel in numbers. Raises SignalError where hardly any sample is finite, some are huge, or none vibrates."""
    stretch = usable_stretch(recording.samples)
    signal = check_signal(recording.samples[stretch])
    if len(signal) < FEWEST_SAMPLES:
        raise SignalError(f"Only {len(signal)} samples in a row, at least {FEWEST_SAMPLES} are needed.")
    basic = indicators(signal)
    if basic.rms <= 0:
        raise SignalError("The signal is constant: the sensor did not measure.")
    rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm
    values = {"rms": basic.rms, "peak": basic.peak, "crest_factor": basic.crest_factor, "kurtosis": basic.kurtosis}
    if rpm is not None:
        values["rpm"] = rpm
    unit = unit_of(recording.channel, recording.unit)
    if rate_hz is not None and (velocity := velocity_mm_s(signal, rate_hz, unit)) is not None:
        values["velocity_rms"] = velocity
    measured = Measurement(
        file=recording.source,
        point=recording.channel,
        sha256="",
        started=recording.started,
        duration_s=recording.duration_s,
        sampling_rate_hz=rate_hz,
        unit=unit.symbol if unit else recording.unit,
        values=values,
        bearing=bearing.name if bearing else "",
        findings=_findings(recording, signal),
    )
    if rate_hz is None or rate_hz < SLOWEST_HZ or len(signal) < SHORTEST_S * rate_hz:
        return measured
    shaft_hz = None if rpm is None else rpm_to_hz(rpm)
    turns = len(signal) / rate_hz * (shaft_hz or AXIS_HZ)
    bands = _bands(rate_hz, parts=(1, 2) if turns < SINGLE_TURNS else (1, 2, 4))
    if turns >= SINGLE_TURNS:
        measured = _guarded(measured, signal, rate_hz, shaft_hz, bands)
    if shaft_hz is None:
        return measured
    reach = max_order_of(bearing.orders) if bearing else WATERFALL_ORDERS
    spectrum = envelope_order_spectrum(signal, rate_hz, shaft_hz, reach, bands, with_log=False)
    measured = replace(measured, turns=turns, waterfall=_waterfall(spectrum))
    if turns < SINGLE_TURNS:
        return replace(measured, spectrum=spectrum)
    return measured if bearing is None else with_lines(measured, spectrum, bearing.orders)


def _guarded(
    measured: Measurement, signal: FloatArray, rate_hz: float, shaft_hz: float | None, bands: tuple[Band, ...]
) -> Measurement:
    """The measurement with what the blind guard hears; too few turns tell no rhythm, then it is not asked."""
    if shaft_hz is None:
        guard = listen(blind_spectrum(signal, rate_hz, bands), speed_known=False)
    else:
        guard = listen(envelope_order_spectrum(signal, rate_hz, shaft_hz, GUARD_REACH, bands, prewhiten=True))
    heard = {
        "comb_depth_db": 20 * float(np.log10(max(guard.depth, 1e-6))),
        "comb_hz": guard.rate_hz,
        "burst_kurtosis": guard.kurtosis,
    }
    stand = measured.lines_stand | ({"comb"} if guard.loud else set())
    return replace(measured, values=measured.values | heard, lines_stand=stand)


def with_lines(measured: Measurement, spectrum: OrderSpectrum, orders: FaultOrders) -> Measurement:
    """The measurement with what its order spectrum shows of each part of the bearing."""
    scores = family_scores(spectrum, orders)
    evidence = envelope_evidence(spectrum, orders, scores)
    stand = {name for name, family in evidence.items() if family.suspected}
    lines = (DB_PER_NEPER * scores.by_slip[:, : len(FAMILIES)]).astype(np.float16)
    return replace(
        measured,
        values=measured.values | family_numbers(evidence),
        lines_stand=measured.lines_stand & {"comb"} | stand,
        lines=lines,
    )


def family_numbers(evidence: dict[str, FamilyEvidence]) -> dict[str, float]:
    """Level of harmonics 1-4 over the floor and depth of the modulation, in dB, per family."""
    levels = {f"line_{name}_db": DB_PER_NEPER * family.score for name, family in evidence.items()}
    depths = {f"depth_{name}_db": 20 * float(np.log10(max(f.depth, 1e-6))) for name, f in evidence.items()}
    return levels | depths


def joined_numbers(measured: Sequence[Measurement], orders: FaultOrders | None) -> list[Measurement]:
    """Measurements in their order; consecutive ones too short to show a line are joined.

    Their order spectra are averaged until `SINGLE_TURNS` turns are together; all of them then show the same lines, a
    last incomplete group takes those before it along. Lines of parts that lie closer than one recording can tell apart
    stay so: they are numbers to watch, not evidence.
    """
    out: list[Measurement] = []
    for group in _groups(measured):
        if len(group) == 1 and group[0].spectrum is None:
            out.append(group[0])
            continue
        together = list(group)
        for before in reversed(measured[: len(out)]):
            if sum(m.turns for m in together) >= SINGLE_TURNS or not _alike(before, group[0]):
                break
            together.append(before)
        spectrum = averaged([m.spectrum for m in together if m.spectrum is not None])
        joined = replace(group[-1], waterfall=_waterfall(spectrum), joined=len(together))
        if orders is not None and spectrum.total_revolutions >= SINGLE_TURNS:
            joined = with_lines(joined, spectrum, orders)
        stand = joined.lines_stand if orders and resolves(joined.turns, orders) else frozenset()
        lines = {name: value for name, value in joined.values.items() if name not in group[-1].values}
        shared = {"lines_stand": stand, "waterfall": joined.waterfall, "joined": joined.joined, "lines": joined.lines}
        out += [replace(m, values=m.values | lines, **shared) for m in group]  # type: ignore[arg-type]
    return [one if one.spectrum is None else replace(one, spectrum=None) for one in out]


def _groups(measured: Sequence[Measurement]) -> list[list[Measurement]]:
    """Consecutive short measurements with one axis, until their turns suffice; any other one by itself."""
    groups: list[list[Measurement]] = []
    turns = SINGLE_TURNS
    for one in measured:
        if one.spectrum is not None and turns < SINGLE_TURNS and _alike(groups[-1][-1], one):
            groups[-1].append(one)
            turns += one.turns
        else:
            groups.append([one])
            turns = SINGLE_TURNS if one.spectrum is None else one.turns
    return groups


def _alike(a: Measurement, b: Measurement) -> bool:
    """Whether the spectra of two measurements lie on one axis."""
    if a.spectrum is None or b.spectrum is None or a.spectrum.level.shape != b.spectrum.level.shape:
        return False
    return abs(a.spectrum.step / b.spectrum.step - 1) <= 0.01


def resolves(turns: float, orders: FaultOrders) -> bool:
    """Whether so many turns in one recording tell the lines of the parts of this bearing apart (Hann: 2 / turns)."""
    lines = sorted(orders.families[name] for name in FAMILIES)
    return turns > 0 and min(b - a for a, b in pairwise(lines)) > 2.0 / turns


def recording_of_bytes(data: bytes, name: str, asked: Request, channel: str) -> Recording:
    """One channel of a file's content as it was measured. Raises the errors of reading and of choosing."""
    return asked.apply(asked.open_upload(data, Path(name).name), channel)[0]


def verdict_of_file(path: Path, asked: Request, channel: str) -> Verdict:
    """The full diagnosis of one channel of a file; what forbids one becomes its reason."""
    try:
        return verdict_of_bytes(file_bytes(path, asked.bounds), path.name, asked, channel)
    except BearingError as error:
        return Verdict("uncertain", 0.0, str(error))


def verdict_of_bytes(data: bytes, name: str, asked: Request, channel: str) -> Verdict:
    """The same of a file's content."""
    try:
        return _verdict_of(*asked.apply(asked.open_upload(data, name), channel))
    except BearingError as error:
        return Verdict("uncertain", 0.0, str(error))


def _verdict_of(recording: Recording, bearing: Bearing | None) -> Verdict:
    try:
        if recording.sampling_rate_hz is None:
            raise MissingRate("the sampling rate is not known: give it")
        if len(recording.samples) < MIN_SAMPLES:
            raise SignalError("the recording is too short to be judged alone")
        diagnosis = diagnose(recording, bearing)
    except BearingError as error:
        return Verdict("uncertain", 0.0, str(error))
    return Verdict(diagnosis.verdict, diagnosis.confidence, diagnosis.reason, tuple(diagnosis.warnings))


def _findings(recording: Recording, signal: FloatArray) -> tuple[str, ...]:
    """What is plainly wrong with a recording; the doctor's whole examination comes with the full diagnosis."""
    found = list(recording.notes)
    lost = len(recording.samples) - len(signal)
    if lost:
        found.append(f"{lost} of {len(recording.samples)} samples are not used: there are gaps.")
    highest, lowest = signal.max(), signal.min()
    stuck = int((signal == highest).sum()), int((signal == lowest).sum())
    if max(stuck) > max(8, len(signal) // 500):
        found.append(f"{max(stuck)} samples stand at the same extreme: the signal is clipped.")
    return tuple(found)


def _bands(rate_hz: float, parts: tuple[int, ...]) -> tuple[tuple[float, float], ...]:
    """The range in so many equal parts each: enough to see a line grow, a third of the diagnosis' tree or less."""
    low, high = 0.033 * rate_hz / 2, 0.985 * rate_hz / 2
    bands = [(low + i * (high - low) / n, low + (i + 1) * (high - low) / n) for n in parts for i in range(n)]
    return (*bands, (low / 3, high / 4)) if rate_hz > 20_000 else tuple(bands)


def comb_levels(waterfall: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean level in dB of three harmonics of each of COMB_ORDERS in rows of a waterfall, shape (rows, orders).

    No orders for rows too short.
    """
    if waterfall.shape[1] < COMB_ORDERS[-1] * 3 / WATERFALL_STEP + 2:
        return waterfall[:, :0]
    around = waterfall.copy()
    np.maximum(around[:, 1:], waterfall[:, :-1], out=around[:, 1:])
    np.maximum(around[:, :-1], waterfall[:, 1:], out=around[:, :-1])
    at = (COMB_ORDERS[:, None] * np.arange(1, 4) / WATERFALL_STEP).astype(np.int64)
    return np.asarray(around[:, at].mean(axis=2))


def _waterfall(spectrum: OrderSpectrum) -> NDArray[np.float16]:
    """Mean level over the bands in dB, the highest bin of each step of 0.05 orders, shape (400,) or shorter."""
    level = np.maximum(spectrum.level, 0).mean(axis=0) * np.float32(DB_PER_NEPER)
    count = min(int(WATERFALL_ORDERS / WATERFALL_STEP), int(len(level) * spectrum.step / WATERFALL_STEP))
    edges = np.arange(count + 1) * WATERFALL_STEP / spectrum.step
    if spectrum.step >= WATERFALL_STEP:
        return np.interp((edges[:-1] + edges[1:]) / 2, np.arange(len(level)), level).astype(np.float16)
    return np.maximum.reduceat(level, edges[:-1].astype(np.int64)).astype(np.float16)
