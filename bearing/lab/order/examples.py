"""What the order network learns from and is judged on: CWRU recordings, simulated machines, and made-up questions.

Every recording is asked more than once: for the bearing at its sensor, and for bearings that were made up. A recording
full of a real fault holds no evidence for a bearing whose lines lie elsewhere, so such a question is one more healthy
bearing, on a real machine: CWRU itself has hardly any. Its four normal recordings are never trained on; they judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from bearing.cwru.dataset import load_recording
from bearing.cwru.registry import RegistryEntry, drive_end_entries, registry
from bearing.lab.machines.simulate import CLASSES, implant_fault, noise_spectrum, random_bearing, simulate_machine
from bearing.models.order_features import order_features
from bearing.models.strangers import of_shaft, suspects
from bearing.physics.envelope_rule import envelope_evidence, family_scores, max_order_of, opinion_of_families
from bearing.physics.guard import listen
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.rigs.adi_mfs import AXES, RATE_HZ, adi_bearing, adi_registry, load_adi
from bearing.signal.order_spectrum import TwoViews, refine_shaft_hz, two_views
from bearing.signal.windows import NETWORK_RATE_HZ, WINDOW, window_starts

__all__ = [
    "BEARINGS",
    "Examples",
    "Heard",
    "far_examples",
    "heard_examples",
    "implanted_examples",
    "other_make_examples",
    "real_examples",
    "second_rig_examples",
    "simulated_examples",
    "window_examples",
]

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

BEARINGS = {
    "DE": fault_orders(Geometry(9, 0.3126, 1.537)),  # SKF 6205-2RS JEM
    "FE": fault_orders(Geometry(8, 0.2656, 1.122)),  # SKF 6203-2RS JEM
}
ROLES = (
    "fault",
    "unfaulted",
    "normal",
    "made up",
    "simulated fault",
    "simulated healthy",
    "simulated made up",
    "window",
    "implanted fault",
    "far sensor",
    "other make",
    "other make unfaulted",
    "second rig fault",
    "second rig normal",
    "stranger",
)
SECOND_RIG = ("adi_mfs", "adi_mfs light", "adi_mfs heavy")  # what stands in `Examples.size`
# seconds of the pieces cut from each channel, and how many of a faulted one and of another
PIECES = (((2.5, 9.0), 4, 2), ((0.5, 2.5), 3, 1), ((0.1707, 0.5), 4, 2))
CHANGED_RATES = (0.5, 2 / 3, 5 / 6, 2.0, 3.0, 4.0)
SHORT_SHARE = 0.35  # of simulated machines that turn fewer than 20 times


def _polyphase(signal: Array, from_hz: float, to_hz: float) -> Array:
    """Another sampling rate, by the polyphase filter that the committed weights saw their examples through."""
    from scipy.signal import resample_poly

    ratio = Fraction(to_hz / from_hz).limit_denominator(5000)
    return signal if ratio == 1 else np.asarray(resample_poly(signal, ratio.numerator, ratio.denominator))


@dataclass(frozen=True)
class Examples:
    """Features of many questions with their answers; one row per question.

    patches (n, views, 3, bands, offsets, rows) float16, scalars (n, views, 3, S), globals (n, views, G): of the
    signal as it is and prewhitened. envelope (n, 4) what the untrained rule says, label (n,) index into CLASSES,
    role (n,) index into ROLES, number (n,) recording or -1, end (n,) ``DE``/``FE``/``""``, size (n,) fault diameter as
    in the registry, whole (n,) True for uncut recordings.
    """

    patches: NDArray[np.float16]
    scalars: NDArray[np.float32]
    globals: NDArray[np.float32]
    envelope: NDArray[np.float32]
    label: NDArray[np.int64]
    role: NDArray[np.int64]
    number: NDArray[np.int64]
    end: NDArray[np.str_]
    size: NDArray[np.str_]
    whole: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: NDArray[np.generic]) -> Examples:
        """The rows of an index or a mask."""
        return Examples(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def has_role(self, *roles: str) -> NDArray[np.bool_]:
        """Mask of the rows with one of these roles."""
        return np.isin(self.role, [ROLES.index(role) for role in roles])

    @staticmethod
    def join(parts: Iterable[Examples]) -> Examples:
        """All rows of several sets."""
        parts = [part for part in parts if len(part)]
        return Examples(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Examples)})


@dataclass(frozen=True)
class Heard:
    """What every whole recording says beside the question it is asked; one row per recording.

    key (n,) such as ``cwru|105|DE``, excess (n,) how far the guard's deepest comb stands over its limit, strangers
    MOST * n questions after bearings that nobody named, those of a recording in a row; of_shaft (MOST * n, 3) which of
    their parts a harmonic of the shaft may pose as.
    """

    key: NDArray[np.str_]
    excess: Array
    strangers: Examples
    of_shaft: NDArray[np.bool_]


class _Rows:
    """Collects rows for Examples."""

    def __init__(self) -> None:
        self.columns: dict[str, list[object]] = {field.name: [] for field in fields(Examples)}

    def ask(
        self,
        signal: Array,
        rate_hz: float,
        shaft_hz: float,
        questions: list[tuple[FaultOrders, str, str]],
        number: int = -1,
        end: str = "",
        size: str = "",
        whole: bool = False,
    ) -> None:
        """One signal, several questions (orders, label, role), one spectrum for all of them."""
        reach = max(max_order_of(orders) for orders, _, _ in questions)
        views = two_views(signal, rate_hz, shaft_hz, reach)
        for orders, label, role in questions:
            self.ask_views(views, orders, label, role, number, end, size, whole)

    def ask_views(
        self,
        views: TwoViews,
        orders: FaultOrders,
        label: str,
        role: str,
        number: int = -1,
        end: str = "",
        size: str = "",
        whole: bool = False,
    ) -> None:
        """One question to spectra at hand."""
        scores = family_scores(views.raw, orders)
        made = [order_features(views.raw, orders, scores), order_features(views.white, orders)]
        rule = opinion_of_families(envelope_evidence(views.raw, orders, scores)).probabilities
        row: tuple[object, ...] = (
            np.stack([one.patches for one in made]).astype(np.float16),
            np.stack([one.scalars for one in made]),
            np.stack([one.globals for one in made]),
            np.array([rule[name] for name in CLASSES], np.float32),
            *(CLASSES.index(label), ROLES.index(role), number, end, size, whole),
        )
        for column, value in zip(self.columns.values(), row, strict=True):
            column.append(value)

    def examples(self) -> Examples:
        return Examples(**{name: np.array(values) for name, values in self.columns.items()})


def made_up_bearing(rng: np.random.Generator, taken: list[float], revolutions: float) -> FaultOrders | None:
    """A bearing whose lines stay clear of those `taken`, by 3.5 % or what the length resolves; None if not found."""
    lines = np.array(taken)
    for _ in range(100):
        _, orders = random_bearing(rng)
        if rng.random() < 0.7 and not 2.2 < orders.bpfo < 5:  # mostly bearings as common as the real ones
            continue
        own = np.array([order * h for order in orders.families.values() for h in (1, 2)])
        clear = np.maximum(0.035 * own, 1.2 / revolutions)
        if (np.abs(own[:, None] - lines) > clear[:, None]).all():
            return orders
    return None


def fault_lines(part: str, orders: FaultOrders, sidebands: bool = True) -> list[float]:
    """Orders where a damaged part shows: two harmonics and their sidebands (k (BPFI - 1) is a comb like k BPFI)."""
    order, spacing = orders.families[part], orders.sidebands[part]
    steps = range(-2, 3) if spacing and sidebands else (0,)
    return [h * order + k * spacing for h in (1, 2) for k in steps]


def real_examples(seed: int, progress: Progress | None = None) -> Examples:
    """Both channels of all 109 recordings, whole and in pieces, some noisier or at another rate."""
    rng, rows = np.random.default_rng(seed), _Rows()
    for done, facts in enumerate(registry()):
        _ask_recording(rows, rng, facts)
        if progress:
            progress(done + 1, len(registry()))
    return rows.examples()


def _ask_recording(rows: _Rows, rng: np.random.Generator, facts: RegistryEntry) -> None:
    shaft_hz = _true_shaft_hz(facts)
    for end, orders in BEARINGS.items():
        if not _has_channel(facts, end):
            continue
        faulted = facts.label != "normal" and end == facts.faulty_end
        label = facts.label if faulted else "normal"
        role = "fault" if faulted else "normal" if facts.label == "normal" else "unfaulted"
        samples = load_recording(facts.number, end).samples
        rate_hz = facts.sampling_rate_hz
        pieces = [(samples, rate_hz, True)]
        if facts.label == "normal":
            pieces.append((_polyphase(samples, rate_hz, NETWORK_RATE_HZ), NETWORK_RATE_HZ, True))
        for (low, high), of_faulted, of_other in PIECES:
            for _ in range(of_faulted if faulted else of_other):
                length = min(len(samples), int(np.exp(rng.uniform(np.log(low), np.log(high))) * rate_hz))
                start = int(rng.integers(0, len(samples) - length + 1))
                pieces.append((*_disturbed(rng, samples[start : start + length], rate_hz), False))
        taken = [line for part in CLASSES[1:] for line in fault_lines(part, orders, sidebands=False)]
        if facts.label != "normal":
            taken += fault_lines(facts.label, BEARINGS[facts.faulty_end])
        for signal, piece_hz, whole in pieces:
            turns = len(signal) / piece_hz * shaft_hz
            found = [made_up_bearing(rng, taken, turns) for _ in range(2)]
            made_up = [(other, "normal", "made up") for other in found if other is not None]
            questions = [(orders, label, role), *made_up]
            rows.ask(signal, piece_hz, shaft_hz, questions, facts.number, end, facts.fault_size, whole)


def _has_channel(facts: RegistryEntry, end: str) -> bool:
    """Some were published without the fan-end channel, or cannot be had with it."""
    return end == "DE" or not (facts.number > 3000 or facts.number == 98)


def _true_shaft_hz(facts: RegistryEntry) -> float:
    """The speed read from the whole recording: short pieces are too short to correct a wrong one."""
    recording = load_recording(facts.number, "DE")
    return refine_shaft_hz(recording.samples, facts.sampling_rate_hz, facts.rpm / 60).shaft_hz


def _disturbed(rng: np.random.Generator, signal: Array, rate_hz: float) -> tuple[Array, float]:
    """As it is (more than half), with coloured noise, or at another sampling rate."""
    draw = rng.random()
    if draw < 0.25:
        noise = scipy.fft.irfft(
            scipy.fft.rfft(rng.standard_normal(len(signal))) * noise_spectrum(rng, len(signal)), len(signal)
        )
        return signal + noise * (signal.std() / noise.std() * 10 ** rng.uniform(-1.5, -0.3)), rate_hz
    if draw < 0.45:
        factor = float(rng.choice(CHANGED_RATES)) if rate_hz < 20_000 else 0.25
        changed = _polyphase(signal, rate_hz, rate_hz * factor)
        if factor > 1:  # the empty top of the spectrum holds nothing but noise
            changed = changed + rng.standard_normal(len(changed)) * changed.std() * 10 ** rng.uniform(-2, -0.5)
        if len(changed) >= 1000:
            return changed, rate_hz * factor
    return signal, rate_hz


def simulated_examples(count: int, seed: int, progress: Progress | None = None) -> Examples:
    """Random machines, a third of them healthy; half are asked a second time for a bearing that they do not have."""
    rng, rows = np.random.default_rng(seed), _Rows()
    for done in range(count):
        label = str(rng.choice(CLASSES, p=[0.34, 0.22, 0.22, 0.22]))
        turns = 10 ** rng.uniform(np.log10(4.5), np.log10(20)) if rng.random() < SHORT_SHARE else None
        machine = simulate_machine(rng, label, turns)
        role = "simulated healthy" if label == "normal" else "simulated fault"
        questions = [(machine.orders, label, role)]
        if rng.random() < 0.5:
            taken = [
                line for part in CLASSES[1:] for line in fault_lines(part, machine.orders, sidebands=part == label)
            ]
            turns = len(machine.signal) / machine.sampling_rate_hz * machine.shaft_hz
            other = made_up_bearing(rng, taken, turns)
            if other is not None:
                questions.append((other, "normal", "simulated made up"))
        shaft_hz = refine_shaft_hz(machine.signal, machine.sampling_rate_hz, machine.shaft_hz).shaft_hz
        rows.ask(machine.signal, machine.sampling_rate_hz, shaft_hz, questions)
        if progress:
            progress(done + 1, count)
    return rows.examples()


def implanted_examples(count: int, seed: int, progress: Progress | None = None) -> Examples:
    """Simulated faults in real machines: pieces of real recordings, asked for the bearing whose fault was added.

    Real signals of both answers, so that looking real is no argument for either. The normal recordings stay out.
    """
    rng, rows = np.random.default_rng(seed), _Rows()
    entries = [facts for facts in registry() if facts.label != "normal"]
    speeds: dict[int, float] = {}
    for done in range(count):
        facts = entries[int(rng.integers(len(entries)))]
        end = str(rng.choice(["DE", "FE"])) if facts.number < 3000 else "DE"
        if facts.number not in speeds:
            speeds[facts.number] = _true_shaft_hz(facts)
        shaft_hz, rate_hz = speeds[facts.number], facts.sampling_rate_hz
        samples = load_recording(facts.number, end).samples
        length = int(10 ** rng.uniform(np.log10(0.171), 1) * rate_hz)
        start = int(rng.integers(0, max(len(samples) - length, 0) + 1))
        piece, piece_hz = _disturbed(rng, samples[start : start + length], rate_hz)
        taken = fault_lines(facts.label, BEARINGS[facts.faulty_end])
        orders = made_up_bearing(rng, taken, len(piece) / piece_hz * shaft_hz)
        if orders is not None:
            part = str(rng.choice(CLASSES[1:]))
            signal = implant_fault(rng, piece, piece_hz, shaft_hz, orders, part)
            question = (orders, part, "implanted fault")
            rows.ask(signal, piece_hz, shaft_hz, [question], facts.number, end, facts.fault_size)
        if progress:
            progress(done + 1, count)
    return rows.examples()


def far_examples(seed: int, progress: Progress | None = None) -> Examples:
    """Faults heard by the sensor at the other end: the same answer from weaker evidence."""
    rng, rows = np.random.default_rng(seed), _Rows()
    entries = [facts for facts in registry() if facts.label != "normal" and facts.number < 3000]
    for done, facts in enumerate(entries):
        shaft_hz, rate_hz = _true_shaft_hz(facts), facts.sampling_rate_hz
        samples = load_recording(facts.number, "DE" if facts.faulty_end == "FE" else "FE").samples
        question = (BEARINGS[facts.faulty_end], facts.label, "far sensor")
        for low, high in ((9e3, 9e3), (2.5, 9.0), (2.5, 9.0), (0.5, 2.5), (0.171, 0.5)):
            length = min(len(samples), int(np.exp(rng.uniform(np.log(low), np.log(high))) * rate_hz))
            start = int(rng.integers(0, len(samples) - length + 1))
            piece = samples[start : start + length]
            rows.ask(piece, rate_hz, shaft_hz, [question], facts.number, facts.faulty_end, facts.fault_size)
        if progress:
            progress(done + 1, len(entries))
    return rows.examples()


def other_make_examples(seed: int, progress: Progress | None = None) -> Examples:
    """The same recordings asked with orders up to 2.8 % off: bearings of another make under the same name."""
    rng, rows = np.random.default_rng(seed), _Rows()
    entries = [facts for facts in registry() if facts.label != "normal"]
    for done, facts in enumerate(entries):
        shaft_hz, rate_hz = _true_shaft_hz(facts), facts.sampling_rate_hz
        for end in ("DE", "FE") if facts.number < 3000 else ("DE",):
            faulted = end == facts.faulty_end
            samples = load_recording(facts.number, end).samples
            for low, high in ((9e3, 9e3), (2.5, 9.0), (2.5, 9.0), (0.5, 2.5), (0.171, 0.5)):
                length = min(len(samples), int(np.exp(rng.uniform(np.log(low), np.log(high))) * rate_hz))
                start = int(rng.integers(0, len(samples) - length + 1))
                orders = _of_another_make(rng, BEARINGS[end])
                label = facts.label if faulted else "normal"
                question = (orders, label, "other make" if faulted else "other make unfaulted")
                piece = samples[start : start + length]
                rows.ask(piece, rate_hz, shaft_hz, [question], facts.number, end, facts.fault_size)
        if progress:
            progress(done + 1, len(entries))
    return rows.examples()


def _of_another_make(rng: np.random.Generator, orders: FaultOrders) -> FaultOrders:
    bpfo, bpfi, bsf = (value * (1 + rng.uniform(-0.028, 0.028)) for value in (orders.bpfo, orders.bpfi, orders.bsf))
    return FaultOrders(bpfo, bpfi, bsf, orders.ftf * (1 + rng.uniform(-0.015, 0.015)))


def second_rig_examples(seed: int, progress: Progress | None = None) -> Examples:
    """Every axis of the motor simulator's recordings, whole and in pieces: sound bearings on ailing machines, too.

    Its recordings last two seconds. `number` is the row of the registry, `end` the axis, `size` rig and severity.
    """
    rng, rows = np.random.default_rng(seed), _Rows()
    orders = adi_bearing().orders
    for done, facts in enumerate(adi_registry()):
        sound = facts.label == "normal"
        role = "second rig normal" if sound else "second rig fault"
        size = f"{SECOND_RIG[0]} {facts.severity}".strip()
        taken = [line for part in CLASSES[1:] for line in fault_lines(part, orders, sidebands=not sound)]
        for axis in AXES:
            recording = load_adi(facts, axis)
            samples, rate_hz = recording.samples, float(recording.sampling_rate_hz or 0)
            shaft_hz = refine_shaft_hz(samples, rate_hz, facts.nominal_rpm / 60).shaft_hz
            for piece in range(4):
                length = int(rng.uniform(0.5, 1.0) * len(samples)) if piece else len(samples)
                start = int(rng.integers(0, len(samples) - length + 1))
                signal, piece_hz = samples[start : start + length], rate_hz
                if piece > 1:
                    signal, piece_hz = _disturbed(rng, signal, rate_hz)
                other = made_up_bearing(rng, taken, len(signal) / piece_hz * shaft_hz)
                questions = [(orders, facts.label, role)]
                questions += [(other, "normal", "made up")] if other is not None else []
                rows.ask(signal, piece_hz, shaft_hz, questions, done, axis, size, whole=not piece)
        if progress:
            progress(done + 1, len(adi_registry()))
    return rows.examples()


def whole_views(progress: Progress | None = None) -> Iterator[tuple[tuple[str, int, str], TwoViews]]:
    """Both views of every whole recording: by rig, number and end."""
    total = len(registry()) + len(adi_registry())
    for done, facts in enumerate(registry()):
        shaft_hz = _true_shaft_hz(facts)
        for end, orders in BEARINGS.items():
            if _has_channel(facts, end):
                samples = load_recording(facts.number, end).samples
                views = two_views(samples, facts.sampling_rate_hz, shaft_hz, max_order_of(orders))
                yield ("cwru", facts.number, end), views
        if progress:
            progress(done + 1, total)
    reach = max_order_of(adi_bearing().orders)
    for done, entry in enumerate(adi_registry()):
        for axis in AXES:
            samples = load_adi(entry, axis).samples
            shaft_hz = refine_shaft_hz(samples, RATE_HZ, entry.nominal_rpm / 60).shaft_hz
            yield ("adi_mfs", done, axis), two_views(samples, RATE_HZ, shaft_hz, reach)
        if progress:
            progress(len(registry()) + done + 1, total)


def heard_examples(progress: Progress | None = None) -> Heard:
    """What the guard hears in every whole recording, and the questions after bearings that nobody named."""
    rows = _Rows()
    keys, excess, shafts = [], [], []
    for (rig, number, end), views in whole_views(progress):
        keys.append(f"{rig}|{number}|{end}")
        excess.append(listen(views.white).excess)
        for orders in suspects(views):
            rows.ask_views(views, orders, "normal", "stranger")
            shafts.append(of_shaft(views.white, envelope_evidence(views.white, orders)))
    return Heard(np.array(keys), np.array(excess, np.float64), rows.examples(), np.array(shafts))


def window_examples(progress: Progress | None = None, hop: int = 3 * WINDOW) -> Examples:
    """Every third window of 2048 samples at 12 kHz of the 60 drive-end recordings and 4 normals, at stated speeds."""
    rows = _Rows()
    entries = drive_end_entries()
    for done, facts in enumerate(entries):
        recording = load_recording(facts.number, "DE")
        samples = _polyphase(recording.samples, facts.sampling_rate_hz, NETWORK_RATE_HZ)
        for start in window_starts(len(samples), WINDOW, hop):
            piece = samples[start : start + WINDOW]
            question = (BEARINGS["DE"], facts.label, "window")
            rows.ask(piece, NETWORK_RATE_HZ, facts.rpm / 60, [question], facts.number, "DE", facts.fault_size)
        if progress:
            progress(done + 1, len(entries))
    return rows.examples()
