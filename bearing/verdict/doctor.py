"""The input doctor: is this recording fit to be diagnosed, before anybody believes a verdict on it?

Each check looks for one thing that makes vibration data lie (a saturated sensor, a wrong sampling rate, a gap) and
says it in one sentence. The spectral checks look at 2^18 samples at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bearing.errors import BearingError
from bearing.physics.kinematics import FaultOrders, rpm_to_hz
from bearing.physics.mains import Lines, hum_share, mains_rate_factor, narrow_lines
from bearing.physics.shaft.combs import SpeedSpectra
from bearing.physics.shaft.speed import SpeedQuestion, WrongEntry
from bearing.readers.columns.samples import WHITE, spectral_flatness
from bearing.recording import LARGEST_SAMPLE, FloatArray, Recording
from bearing.signal.nature import Nature, NoVibration, drift, nature, occupied_hz

__all__ = ["DoctorReport", "Finding", "examine", "usable_stretch"]

MIN_SAMPLES = 2_048
# Strong faults, read at too high a rate: 16 of 60 are "normal" in 5.5 turns, 4 of 40 in 7, none of 80 in 10 to 20.
FEWEST_TURNS_SOUND = 10.0
MIN_TURNS = 5.0
SLOWEST_RPM = 350.0  # below, simulated inner race faults of the size of the noise pass for sound; from there on, none
LIKELY_HZ = 120.0  # a slower "rpm" may be in Hz
MOST_LOST = 0.02
LEAST_FILLED_DEG = 165.0  # the emptiest bearing of the catalogue fills 174
MOST_HUM = 0.95  # share of the power from which there is nothing else to hear
LEAST_OCCUPIED_HZ = 2_000.0
MOST_DRIFT = 0.02
MOST_WANDERING = 0.05  # of a speed column, which is noisy
NOMINAL = 0.02  # stated speeds are off by as much, and nobody is told
SEVERITIES = ("ok", "note", "warning", "severe")

_SPEED_SAMPLES = 2**17
_DRIFT_S, _DRIFT_SAMPLES = 12.0, 2**17  # looked at: a longer recording costs no more
_USUAL_RPM = 1500.0  # where none is known: the axis on which lines are followed is logarithmic anyway
_LEVEL_SAMPLES = 2**15
_PIECE = 2**20
_SMALLEST = 1e-100


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at (`code`), how bad it is (one of SEVERITIES) and what to tell the user.

    `vetoes_normal`: a fault may be heard all the same, but a sound bearing cannot be told from such a recording.
    """

    code: str
    severity: str
    sentence: str
    vetoes_normal: bool = False


@dataclass(frozen=True)
class DoctorReport:
    """Facts of a recording and what is wrong with it.

    Attributes
    ----------
    channel, unit, rate_source, rpm_source, notes
        As in the recording.
    samples : int
        Including those that are not finite.
    duration_s, sampling_rate_hz, shaft_rpm : float or None
        None where the file does not say.
    checks : tuple of Finding
        The worst first; a single ``ok`` when nothing was found.
    """

    channel: str
    samples: int
    duration_s: float | None
    sampling_rate_hz: float | None
    rate_source: str
    unit: str
    shaft_rpm: float | None
    rpm_source: str
    notes: tuple[str, ...]
    checks: tuple[Finding, ...]

    @property
    def severity(self) -> str:
        """The worst severity of all checks."""
        return max((check.severity for check in self.checks), key=SEVERITIES.index, default="ok")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of the warnings and severe findings, for the verdict to carry."""
        return tuple(check.sentence for check in self.checks if check.severity in ("warning", "severe"))

    @property
    def normal_vetoes(self) -> tuple[str, ...]:
        """Sentences of what forbids to call the bearing sound, though a fault could be heard."""
        return tuple(check.sentence for check in self.checks if check.vetoes_normal)

    def of(self, code: str) -> Finding | None:
        """The finding of one check, None when it found nothing."""
        return next((check for check in self.checks if check.code == code), None)


def usable_stretch(samples: FloatArray) -> slice:
    """The longest run of finite samples, as a slice (empty when there is none)."""
    finite = np.isfinite(samples)
    if finite.all():
        return slice(0, len(samples))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], finite.view(np.int8), [0]))))
    if not len(edges):
        return slice(0, 0)
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return slice(int(starts[longest]), int(ends[longest]))


def examine(
    recording: Recording,
    orders: FaultOrders | None = None,
    spectra: SpeedSpectra | None = None,
    speed_followed: bool = False,
    speed_contradicted: bool = False,
    facts: SignalFacts | None = None,
) -> DoctorReport:
    """Facts and findings of one recording; never raises, whatever the samples hold.

    Parameters
    ----------
    recording : Recording
        As read, corrected by the user where the file was silent.
    orders : FaultOrders, optional
        The bearing's lines, for the check that the sampling rate reaches them.
    spectra : SpeedSpectra, optional
        `speed_spectra` of the usable stretch, where they are at hand.
    speed_followed : bool
        A moving speed was followed: it smears no line, and no single number says what it was.
    speed_contradicted : bool
        A tacho or a column tells of a moving speed, and the signal holds one: it was not followed.
    facts : SignalFacts, optional
        `signal_facts` of the usable stretch, where they are at hand.
    """
    with np.errstate(all="ignore"):  # samples of 1e-300 and 1e300 are findings, not warnings on the console
        findings = _findings(recording, orders, spectra, speed_followed, facts)
    if speed_contradicted:
        findings = [f for f in findings if f is None or f.code != "speed varies"] + [_CONTRADICTED]
    found = [finding for finding in findings if finding is not None]
    found.sort(key=lambda finding: -SEVERITIES.index(finding.severity))
    return DoctorReport(
        channel=recording.channel,
        samples=len(recording.samples),
        duration_s=recording.duration_s,
        sampling_rate_hz=recording.sampling_rate_hz,
        rate_source=recording.rate_source,
        unit=recording.unit,
        shaft_rpm=recording.shaft_rpm,
        rpm_source=recording.rpm_source,
        notes=recording.notes,
        checks=tuple(found)
        or (Finding("all", "ok", "The recording itself is fine: no gaps, no clipping, no dead sensor."),),
    )


_CONTRADICTED = Finding(
    "speed contradicted",
    "warning",
    "The speed told beside the vibration moves, but the vibration's own lines hold one speed: it was not followed. "
    "Check whether it is this shaft's.",
    vetoes_normal=True,
)


@dataclass(frozen=True)
class SignalFacts:
    """What is seen in a signal whatever is said of it: findings on its amplitudes and its nature, its narrow lines."""

    amplitudes: tuple[Finding | None, ...]
    nature: tuple[Finding | None, ...]
    lines: Lines | None


def signal_facts(signal: FloatArray, rate_hz: float | None) -> SignalFacts | None:
    """Of a usable stretch, shape (n,); None for one that no sensor measured."""
    low, high = float(signal.min()), float(signal.max())
    if _dead(signal, low, high) or _overflowing(low, high):
        return None
    known = rate_hz is not None and len(signal) >= MIN_SAMPLES
    with np.errstate(all="ignore"):
        return SignalFacts(
            tuple(_amplitude_checks(signal, low, high)),
            tuple(_nature_checks(signal, rate_hz)) if rate_hz is not None and known else (),
            narrow_lines(signal, rate_hz) if rate_hz is not None and known else None,
        )


def _findings(
    recording: Recording,
    orders: FaultOrders | None,
    spectra: SpeedSpectra | None,
    speed_followed: bool,
    facts: SignalFacts | None,
) -> list[Finding | None]:
    stretch = usable_stretch(recording.samples)
    signal = recording.samples[stretch]
    findings = [_not_finite(recording.samples, stretch), _short(recording, len(signal)), _rate(recording, orders)]
    findings += [_speed_unknown(recording), _slow(recording), _lost(recording), _crowd(orders)]
    findings += [
        Finding("doubtful", "warning", f"{doubt[0].upper()}{doubt[1:]}.", vetoes_normal=True)
        for doubt in recording.doubts
    ]
    if len(signal):
        low, high = float(signal.min()), float(signal.max())
        sick = _dead(signal, low, high) or _overflowing(low, high)
        findings.append(sick)
        if sick is None and (facts := facts or signal_facts(signal, recording.sampling_rate_hz)) is not None:
            findings += (*facts.amplitudes, *_spectral_checks(facts.lines, recording), *facts.nature)
            if not speed_followed:
                findings.append(_speed(signal, recording, spectra))
                findings.append(_wandering(signal, recording, stretch))
    return findings


# --- length, gaps, rate ---------------------------------------------------------------------------------------------


def _not_finite(samples: FloatArray, stretch: slice) -> Finding | None:
    bad = int(samples.size - np.count_nonzero(np.isfinite(samples)))
    if not bad:
        return None
    left = stretch.stop - stretch.start
    severity = "warning" if left >= MIN_SAMPLES and left >= 0.2 * samples.size else "severe"
    return Finding(
        "gaps",
        severity,
        f"{bad:,} of {samples.size:,} samples are gaps (no finite number); "
        f"only the longest stretch between them, {left:,} samples, can be analysed.",
    )


def _short(recording: Recording, usable: int) -> Finding | None:
    if usable < MIN_SAMPLES:
        return Finding(
            "short",
            "severe",
            f"Only {usable:,} usable samples, at least {MIN_SAMPLES:,} are needed: record for longer.",
        )
    if recording.sampling_rate_hz is None or recording.shaft_rpm is None:
        return None
    turns = usable / recording.sampling_rate_hz * rpm_to_hz(recording.shaft_rpm)
    if turns < MIN_TURNS:
        return Finding(
            "short", "severe", f"The recording spans {turns:.1f} turns of the shaft, at least {MIN_TURNS:g} are needed."
        )
    if turns < FEWEST_TURNS_SOUND:
        return Finding(
            "short",
            "warning",
            f"The recording spans only {turns:.0f} turns of the shaft: in fewer than {FEWEST_TURNS_SOUND:g} a wrong "
            "entry leaves no trace, so no bearing can be called sound. Record for longer.",
            vetoes_normal=True,
        )
    if turns < 4 * MIN_TURNS:
        return Finding(
            "short", "note", f"The recording spans only {turns:.0f} turns of the shaft; longer ones are surer."
        )
    return None


def _rate(recording: Recording, orders: FaultOrders | None) -> Finding | None:
    """Envelope analysis demodulates resonances of 1-10 kHz (Randall & Antoni 2011, section 5): they must be inside."""
    rate_hz = recording.sampling_rate_hz
    if rate_hz is None:
        return Finding(
            "rate", "severe", "The file does not say its sampling rate: give it, nothing can be told without."
        )
    if orders is not None and recording.shaft_rpm is not None:
        line_hz = max(orders.families.values()) * rpm_to_hz(recording.shaft_rpm)
        if rate_hz < 2.56 * 2 * line_hz:
            return Finding(
                "rate",
                "severe",
                f"Sampled at {rate_hz:,.6g} Hz, too slow for this bearing: its highest fault line lies at "
                f"{line_hz:,.0f} Hz, its harmonics above; sample at {2.56 * 4 * line_hz:,.0f} Hz or more."
                f"{_in_khz(rate_hz)}",
            )
    if rate_hz < 2_000:
        return Finding(
            "rate",
            "severe",
            f"Sampled at {rate_hz:,.6g} Hz, too slow for bearing diagnosis: faults ring at 1-10 kHz; "
            f"sample at 10 kHz or more.{_in_khz(rate_hz)}",
        )
    if rate_hz < 5_000:
        return Finding(
            "rate",
            "warning",
            f"Sampled at {rate_hz:,.6g} Hz, which leaves few resonances to listen to; sample at 10 kHz or more.",
        )
    return None


def _in_khz(rate_hz: float) -> str:
    return f" If {rate_hz:g} kHz was meant, give {1000 * rate_hz:,.0f} Hz." if rate_hz < 1_000 else ""


def _speed_unknown(recording: Recording) -> Finding | None:
    if recording.shaft_rpm is not None:
        return None
    return Finding("speed unknown", "note", "The file does not say the shaft speed: give it for a surer verdict.")


def _slow(recording: Recording) -> Finding | None:
    """Impacts of a slow shaft are weak and few (see SLOWEST_RPM)."""
    rpm = recording.shaft_rpm
    if rpm is None or rpm >= SLOWEST_RPM:
        return None
    in_hz = f" If {rpm:.5g} Hz (revolutions per second) was meant, give {60 * rpm:.0f} rpm." if rpm < LIKELY_HZ else ""
    return Finding(
        "slow shaft",
        "warning",
        f"At {rpm:.5g} rpm no bearing can be called sound: below {SLOWEST_RPM:g} rpm the blows of an inner race are "
        f"too few and too weak to be sure of.{in_hz}",
        vetoes_normal=True,
    )


def _lost(recording: Recording) -> Finding | None:
    """Samples that the reader had to bridge: where the clock has holes, a rhythm loses its beat."""
    share = recording.lost_share
    if share <= MOST_LOST:
        return None
    return Finding(
        "lost samples",
        "warning",
        f"{100 * share:.2g} % of the samples were lost on the way: lines smear, and a sound bearing cannot be told.",
        vetoes_normal=True,
    )


def _crowd(orders: FaultOrders | None) -> Finding | None:
    """Elements that fill too little of their circle: the outside diameter was typed for the pitch diameter."""
    if orders is None:
        return None
    filled = (orders.bpfo + orders.bpfi) * 2 * math.degrees(math.asin(min(abs(1 - 2 * orders.ftf), 1.0)))
    if filled >= LEAST_FILLED_DEG:
        return None
    return Finding(
        "geometry",
        "warning",
        f"The rolling elements would fill only {filled:.0f} of 360 degrees, no bearing is so empty: is D the outside "
        "diameter? Give the pitch diameter, about (bore + outside diameter) / 2.",
        vetoes_normal=True,
    )


# --- amplitudes -----------------------------------------------------------------------------------------------------


def _dead(signal: FloatArray, low: float, high: float) -> Finding | None:
    if high == low:
        return Finding("dead", "severe", f"Every sample is {low:g}: the sensor was dead, unplugged or not recorded.")
    if max(abs(low), abs(high)) < _SMALLEST:
        return Finding("dead", "severe", "Every sample is as good as zero: the sensor was dead or not recorded.")
    return None


def _overflowing(low: float, high: float) -> Finding | None:
    if max(abs(low), abs(high)) < LARGEST_SAMPLE:
        return None
    return Finding(
        "overflow",
        "severe",
        f"Samples reach {max(abs(low), abs(high)):.3g}, no sensor measures that: the file is damaged.",
    )


def _amplitude_checks(signal: FloatArray, low: float, high: float) -> list[Finding | None]:
    mean = float(signal.mean())
    spread = math.sqrt(sum(float(np.square(piece - mean).sum()) for piece in _pieces(signal)) / len(signal))
    if spread == 0.0 or not np.isfinite(spread):
        return [Finding("dead", "severe", "The signal barely moves around its mean: the sensor was dead or saturated.")]
    step = _level_step(signal)
    return [
        _clipped(signal, low, high, step),
        _frozen(signal, spread, step),
        _offset(mean, spread),
        _coarse(spread, step),
    ]


def _pieces(signal: FloatArray) -> Iterator[FloatArray]:
    """A long signal piece by piece: what is made of all of it would take its size again."""
    return (signal[at : at + _PIECE] for at in range(0, len(signal), _PIECE))


def _level_step(signal: FloatArray) -> float:
    """Distance between neighbouring levels of the converter; 0 when the values are too fine to tell."""
    levels = np.unique(signal[:_LEVEL_SAMPLES])
    gaps = np.diff(levels)
    gaps = gaps[gaps > 1e-6 * (levels[-1] - levels[0])]  # rounding of scaled integers is no level
    return float(gaps.min()) if gaps.size else 0.0


def _clipped(signal: FloatArray, low: float, high: float, step: float) -> Finding | None:
    """Samples piled up at a rail: more of them on the very extreme than the levels next to it would explain."""
    span = high - low
    touching = 0
    for extreme, sign in ((high, 1.0), (low, -1.0)):
        at_rail = int(np.count_nonzero(signal == extreme))
        if at_rail < 2:
            continue
        band = max(0.02 * span, 1.5 * step)
        near = sum(int(np.count_nonzero(sign * (extreme - piece) < band)) for piece in _pieces(signal)) - at_rail
        levels = max(band // step, 1.0) if step else 1e6
        if at_rail >= 3 + 6 * near / levels:
            touching += at_rail
    symmetrical = abs(high + low) < 1e-3 * span
    if symmetrical and not touching:
        at_rails = int(np.count_nonzero(signal == high) + np.count_nonzero(signal == low))
        touching = at_rails if at_rails >= 3 and (not step or span / step > 1_000) else 0
    if not touching:
        return None
    share = touching / signal.size
    severity = "note" if share < 5e-4 else "warning" if share < 1e-2 else "severe"
    often = f"{touching} samples" if share < 1e-3 else f"{float(f'{100 * share:.2g}'):g} % of the samples"
    return Finding(
        "clipped",
        severity,
        f"Clipped: {often} sit on the sensor's limit ({low:.4g} to {high:.4g}); use a larger range.",
    )


def _frozen(signal: FloatArray, spread: float, step: float) -> Finding | None:
    """A stretch of one and the same value inside a moving signal: samples lost on the way and filled in."""
    longest = _longest_still(signal)
    if longest == signal.size or longest < 64 or (step and spread < 5 * step):
        return None
    share = longest / signal.size
    return Finding(
        "frozen",
        "severe" if share > 0.5 else "warning" if share > 1e-3 else "note",
        f"The signal stands still for {longest:,} samples in a row: samples were lost or the sensor cut out.",
    )


def _longest_still(signal: FloatArray) -> int:
    """The most samples in a row of one value; a piece at a time, as the places of all others would take its size."""
    longest, last = 0, -1
    for at in range(0, signal.size - 1, _PIECE):
        piece = signal[at : at + _PIECE + 1]
        moving = at + np.flatnonzero(piece[1:] != piece[:-1])
        if moving.size:
            longest = max(longest, int(moving[0]) - last, int(np.diff(moving).max(initial=0)))
            last = int(moving[-1])
    return max(longest, signal.size - 1 - last)


def _offset(mean: float, spread: float) -> Finding | None:
    if abs(mean) <= spread:
        return None
    return Finding(
        "offset",
        "note",
        f"A constant offset of {mean:.4g} (gravity or sensor bias) exceeds the vibration; it is removed.",
    )


def _coarse(spread: float, step: float) -> Finding | None:
    if not step or spread >= 4 * step:
        return None
    return Finding(
        "coarse",
        "severe" if spread < 0.8 * step else "warning",
        f"Coarse: the vibration is only {spread / step:.1f} steps of the converter strong (rms); use a smaller range.",
        vetoes_normal=True,
    )


# --- spectrum -------------------------------------------------------------------------------------------------------


def _spectral_checks(lines: Lines | None, recording: Recording) -> list[Finding | None]:
    rate_hz = recording.sampling_rate_hz
    if rate_hz is None or lines is None:
        return []
    shaft_hz = rpm_to_hz(recording.shaft_rpm) if recording.shaft_rpm else None
    return [_hum(lines, shaft_hz), _suspicious_rate(lines, shaft_hz, rate_hz)]


def _hum(lines: Lines, shaft_hz: float | None) -> Finding | None:
    mains_hz, share = hum_share(lines, shaft_hz)
    if share < 0.1:
        return None
    return Finding(
        "hum",
        "warning" if share > 0.5 else "note",
        f"{100 * share:.0f} % of the power is mains hum ({mains_hz:g} Hz and harmonics): "
        "check the sensor's cable and earth.",
        vetoes_normal=share > MOST_HUM,
    )


def _suspicious_rate(lines: Lines, shaft_hz: float | None, rate_hz: float) -> Finding | None:
    factor = mains_rate_factor(lines, shaft_hz) if rate_hz >= 2_000 else None
    if factor is None:
        return None
    return Finding(
        "suspicious rate",
        "warning",
        f"The sampling rate of {rate_hz:,.6g} Hz looks wrong: mains hum falls into place only if the true rate is "
        f"another, such as {rate_hz * factor:,.6g} Hz. Check it.",
        vetoes_normal=True,
    )


def _speed(signal: FloatArray, recording: Recording, spectra: SpeedSpectra | None) -> Finding | None:
    """A stated speed that the spectrum contradicts, which a wrong sampling rate looks like, too."""
    from bearing.physics.shaft.speed import cross_check

    if recording.shaft_rpm is None or recording.sampling_rate_hz is None or len(signal) < MIN_SAMPLES:
        return None
    try:
        # Without the bearing's orders: a fault's own lines then cannot pose as another shaft.
        at_hand = spectra if len(signal) <= _SPEED_SAMPLES else None  # of a longer one only the beginning is judged
        rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm
        question = cross_check(signal[:_SPEED_SAMPLES], rate_hz, rpm, spectra=at_hand)
    except BearingError:  # too short or too odd to judge
        return None
    apart = abs((question.other_rpm or question.stated_rpm) / question.stated_rpm - 1)
    if question.wrong_entry is None and apart <= NOMINAL:
        return None
    return Finding("speed", "warning", speed_sentence(question, recording), vetoes_normal=True)


def _nature_checks(signal: FloatArray, rate_hz: float) -> list[Finding | None]:
    """Whether it is vibration at all, and of how wide a range."""
    kind = nature(signal, rate_hz)
    if kind.no_vibration is not None:
        return [Finding("not vibration", "severe", _nature_sentence(kind), vetoes_normal=True)]
    return [_white(signal), _narrow(signal, rate_hz, kind)]


def _nature_sentence(kind: Nature) -> str:
    tones = ", ".join(f"{tone:.5g}" for tone in kind.tones_hz[:4])
    what = {
        NoVibration.FEW_VALUES: f"the samples take only {kind.values} different values",
        NoVibration.RAMP: "the samples only rise or only fall, as a clock, a counter or a temperature does",
        NoVibration.COUNTER: "nearly every sample differs from the last by the same step, as a counter does",
        NoVibration.TONES: f"there are a few pure tones ({tones} Hz) and nothing else, as of a generator or the mains",
        NoVibration.BYTES: "the samples are spread evenly over their range and unrelated, as random bytes are",
        NoVibration.RANGE: "the samples span more powers of ten than any sensor does: the file was misread",
    }
    assert kind.no_vibration is not None
    return f"This is not vibration: {what[kind.no_vibration]}. Choose the right channel or file."


# Without the lowest 6 % of its band no real channel of 378 reaches 0.47, white noise 0.97.
SLOW_BINS, WHITE_REST, MOSTLY_SLOW = 16, 0.93, 0.2


def _white(signal: FloatArray) -> Finding | None:
    """What a converter adds to a voltage, a temperature or nothing at all: a machine colours its noise."""
    looked_at = signal[:_LEVEL_SAMPLES]
    flatness = spectral_flatness(looked_at)
    if flatness <= WHITE:
        if spectral_flatness(looked_at, SLOW_BINS) > WHITE_REST and flatness < MOSTLY_SLOW:
            return Finding(
                "white",
                "warning",
                "Beside what moves slowly the signal is as white as a converter's noise: no bearing is heard in it.",
                vetoes_normal=True,
            )
        if spectral_flatness(np.diff(looked_at)) <= WHITE:
            return None
        return Finding(
            "white",
            "warning",
            "The signal wanders by steps that have nothing to do with one another, as a temperature or a drifting "
            "voltage does: no machine moves like that.",
            vetoes_normal=True,
        )
    return Finding(
        "white",
        "warning",
        f"The signal is as white as the noise of a converter (spectral flatness {flatness:.2f}, no machine recorded so "
        "far reaches 0.5): a sensor without contact, a temperature or a voltage looks like this.",
        vetoes_normal=True,
    )


def _narrow(signal: FloatArray, rate_hz: float, kind: Nature) -> Finding | None:
    """A signal recorded slowly and filled in, or cut off low: bearings ring above (Randall & Antoni 2011)."""
    top_hz = occupied_hz(signal, rate_hz)
    if not kind.filled_in and top_hz >= min(LEAST_OCCUPIED_HZ, 0.9 * rate_hz / 2):
        return None
    what = "most samples are filled in between others" if kind.filled_in else f"nothing lies above {top_hz:,.0f} Hz"
    return Finding(
        "bandwidth",
        "warning",
        f"The signal was recorded more slowly than {rate_hz:,.6g} Hz, or filtered: {what}. Bearings ring at 1-10 kHz; "
        "give the recording as the sensor took it.",
        vetoes_normal=True,
    )


def _wandering(signal: FloatArray, recording: Recording, stretch: slice) -> Finding | None:
    """A run-up or run-down: every line smears, and finding none says nothing."""
    rate_hz, rpm = recording.sampling_rate_hz, recording.shaft_rpm
    if rate_hz is None or len(signal) < MIN_SAMPLES:
        return None
    if recording.speed_rpm is not None and (known := recording.speed_rpm[stretch])[np.isfinite(known)].size:
        low, high = np.nanpercentile(known, (5, 95))
        share = float(high / low - 1) if low > 0 else float("inf")
        share = share if share > MOST_WANDERING else 0.0
    else:
        looked_at = signal[: min(int(_DRIFT_S * rate_hz), _DRIFT_SAMPLES)]
        share = drift(looked_at, rate_hz, rpm_to_hz(rpm or _USUAL_RPM))
    if share <= MOST_DRIFT:
        return None
    by = f" by about {100 * share:.0f} %" if share < 10 else ""
    return Finding(
        "speed varies",
        "warning",
        f"The shaft does not hold its speed: it changes{by} while this is recorded, and every "
        "line smears. Record at constant speed, or give a speed channel.",
        vetoes_normal=True,
    )


def speed_sentence(question: SpeedQuestion, recording: Recording) -> str:
    """What does not fit between the stated speed, the sampling rate and the signal, and what was probably meant."""
    found_rpm = question.found.rpm if question.wrong_entry else question.other_rpm
    stated, found = f"{question.stated_rpm:.5g} rpm", f"{found_rpm or 0:.0f} rpm"
    rate_hz = recording.sampling_rate_hz or 0.0
    meant_rpm, meant_rate_hz = question.meant_rpm or 0.0, question.meant_rate_hz or 0.0
    return {
        None: f"The spectrum speaks for {found}, not for the given {stated}: check the speed, or the sampling rate.",
        WrongEntry.RATE_IN_KHZ: f"A sampling rate of {rate_hz:g} Hz is none for vibration: {rate_hz:g} kHz, "
        f"that is {meant_rate_hz:,.0f} Hz, was probably meant.",
        WrongEntry.RPM_IN_HZ: f"The spectrum speaks for {meant_rpm:.0f} rpm, 60 times the given {stated}: "
        f"{question.stated_rpm:.5g} Hz (revolutions per second) was probably meant.",
        WrongEntry.RPM_IN_RAD_PER_S: f"The spectrum speaks for {found}, which is {question.stated_rpm:.5g} rad/s, "
        f"not the given {stated}: give the speed in rpm.",
        WrongEntry.HZ_IN_RPM: f"The spectrum speaks for {found}, a sixtieth of the given {stated}: "
        "it was probably multiplied by 60 once too often.",
        WrongEntry.HALF_SPEED: f"The spectrum speaks for {found}, twice the given {stated}: check the speed.",
        WrongEntry.DOUBLE_SPEED: f"The spectrum speaks for {found}, half the given {stated}: check the speed.",
        WrongEntry.OTHER_RATE: f"A shaft's lines stand at {meant_rate_hz / rate_hz if rate_hz else 0:.3g} times lower "
        f"frequencies than {stated} has: was the signal sampled at {meant_rate_hz:,.0f} Hz instead of "
        f"{rate_hz:,.0f} Hz?"
        if meant_rate_hz > rate_hz
        else f"A shaft's lines stand at higher frequencies than {stated} has: was the signal sampled at "
        f"{meant_rate_hz:,.0f} Hz instead of {rate_hz:,.0f} Hz?",
        WrongEntry.OTHER_SHAFT: f"The spectrum speaks for {found}, not for the given {stated}: is that the motor's, "
        "and the bearing on a shaft driven by a belt or a gear? Check the speed, or the sampling rate.",
    }[question.wrong_entry]
