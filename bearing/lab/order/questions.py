"""What the verdict says when it is asked rightly, asked wrongly, asked nothing, or given what is no vibration.

A user's speed is off by the slip of an inverter or a pulley, the bearing in the machine is not the one on the drawing,
often nothing is known at all: the gravest answer to such a question is "healthy" about a damaged machine, the next
"damaged" about a sound one. So the same recordings are asked the right question and nine others, through the same
`diagnose` that every door uses, by networks that never saw the bearing (CWRU: by held-out fault size; `adi_mfs`: by
networks trained without that rig; another machine: never trained on) and with the waveform CNN silent, since it knows
CWRU's rig by heart.

Beside that: signals that are no vibration, simulated machines with a sound bearing and something else wrong (other
seeds than in training, but the same simulator, which flatters), and short pieces of the CWRU recordings.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from bearing.cwru.dataset import load_recording
from bearing.cwru.registry import registry
from bearing.errors import BearingError, ModelError
from bearing.files import RUNS_DIR, WEIGHTS_DIR, local_data_dir
from bearing.lab.machines.ailments import AILMENTS
from bearing.lab.machines.simulate import simulate_machine
from bearing.lab.order.evaluation import OTHER_RATE_HZ
from bearing.lab.order.examples import BEARINGS
from bearing.lab.order.training import FAULT_SIZES
from bearing.lab.settings import Report
from bearing.models.order import load_order_predictor
from bearing.parallel import in_order
from bearing.physics.kinematics import FaultOrders
from bearing.recording import Recording
from bearing.results.questions import ANSWERS, REFUSED
from bearing.rigs.adi_mfs import adi_bearing, adi_registry, load_adi
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.judging import Networks, diagnose

__all__ = ["Case", "FOLDS", "evaluate_questions"]

FOLDS = RUNS_DIR / "folds"  # one folder of weights per held-out fault size, and one without adi_mfs
SPEEDS = {"speed x0.90": 0.90, "speed x0.95": 0.95, "speed x1.05": 1.05, "speed x1.10": 1.10}
ROLLERS = Bearing("a roller bearing", FaultOrders(5.24, 7.76, 2.45, 0.403))  # NU 205, 13 rollers
PIECES_S = (0.17, 0.5, 1.0, 2.0, 5.0, 10.0)
MACHINES = 6  # simulated ones per ailment
MACHINE_SEED = 9000

Ask = Callable[[Recording, "Bearing | None"], str]


@dataclass(frozen=True)
class Case:
    """One channel with its true speed and bearing, and what it is: `truth` a state, `group` whom it is counted with.

    `fold` names the weights that may judge it, those that never saw this bearing.
    """

    collection: str
    group: str
    truth: str
    recording: Recording
    bearing: Bearing
    fold: str


def questions_of(case: Case) -> Iterator[tuple[str, Recording, Bearing | None]]:
    """The same recording, asked every way of `QUESTIONS`."""
    recording, true_rpm = case.recording, case.recording.shaft_rpm
    assert true_rpm is not None
    speechless = replace(recording, shaft_rpm=None, rpm_source="")
    other = "FE" if case.bearing.orders.bpfo > 3.3 else "DE"  # 6203 for a 6205, 6205 for what is like a 6203
    yield "right", recording, case.bearing
    for question, factor in SPEEDS.items():
        yield question, replace(recording, shaft_rpm=true_rpm * factor), case.bearing
    yield "another ball bearing", recording, Bearing("another ball bearing", BEARINGS[other])
    yield "a roller bearing", recording, ROLLERS
    yield "no speed", speechless, case.bearing
    yield "no bearing", recording, None
    yield "neither", speechless, None


# ---- the recordings -------------------------------------------------------------------------------------------------


def cwru_cases() -> Iterator[Case]:
    """60 drive-end faults (those that experts could diagnose apart), 7 normal channels, 97 un-faulted ends."""
    for facts in registry():
        for end in ("DE", "FE"):
            if end == "FE" and (facts.number > 3000 or facts.number == 98):
                continue  # published without that channel
            faulted = facts.label != "normal" and end == facts.faulty_end
            if faulted and end == "FE":
                continue  # another bearing, judged by the evaluation of the order network
            could = facts.expert_grade.startswith("Y")
            of_fault = "damaged, experts could tell" if could else "damaged, experts could not"
            yield Case(
                collection="CWRU",
                group=of_fault if faulted else "sound" if facts.label == "normal" else "sound, the other end damaged",
                truth=facts.label if faulted else "normal",
                recording=load_recording(facts.number, end),
                bearing=Bearing({"DE": "6205-2RS", "FE": "6203-2RS"}[end], BEARINGS[end]),
                fold=facts.fault_size or FAULT_SIZES[0],
            )


def adi_cases() -> Iterator[Case]:
    """18 faults and 21 sound bearings, most of them in an ailing machine."""
    bearing = adi_bearing()
    for entry in adi_registry():
        yield Case(
            collection="adi_mfs",
            group="sound" if entry.label == "normal" else "damaged",
            truth=entry.label,
            recording=load_adi(entry),
            bearing=Bearing(bearing.name, bearing.orders),
            fold="adi_mfs",
        )


def other_cases(folder: Path) -> Iterator[Case]:
    """Another rig that is only measured: 6205 bearings, 51.2 kHz, files named ``IR2_1200.mat``."""
    from scipy.io import loadmat

    truths = {"IR": "inner", "OR": "outer", "No": "normal"}
    for path in sorted(folder.glob("*_*.mat")):
        columns = [v for name, v in loadmat(path).items() if not name.startswith("__") and np.size(v) > 2048]
        truth = truths[path.stem[:2]]
        yield Case(
            collection="another machine",
            group="sound" if truth == "normal" else "damaged",
            truth=truth,
            recording=Recording(
                samples=np.asarray(columns[0], dtype=np.float64).ravel(),
                sampling_rate_hz=OTHER_RATE_HZ,
                shaft_rpm=float(path.stem.split("_")[1]),
                source=path.name,
            ),
            bearing=Bearing("6205-2RS", BEARINGS["DE"]),
            fold="",
        )


def simulated_cases() -> Iterator[Case]:
    """Sound bearings in machines with one ailment each; the group is its name."""
    for ailment in AILMENTS:
        for seed in range(MACHINES):
            rng = np.random.default_rng([MACHINE_SEED, seed])
            machine = simulate_machine(rng, "normal", float(np.exp(rng.uniform(np.log(40), np.log(300)))), (ailment,))
            yield Case(
                collection="simulated machines",
                group=ailment,
                truth="normal",
                recording=Recording(
                    machine.signal, machine.sampling_rate_hz, 60 * machine.shaft_hz, source=f"SIMULATED {ailment}"
                ),
                bearing=Bearing("as simulated", machine.orders),
                fold="",
            )


def no_vibration() -> dict[str, np.ndarray]:
    """What people hand in that no bearing ever made, 5 s at 12 kHz each."""
    rng, time_s = np.random.default_rng(3), np.arange(60_000) / 12_000
    hum = sum(np.sin(2 * np.pi * 50 * k * time_s) / k for k in range(1, 8))
    return {
        "a ramp": np.linspace(0.0, 1.0, len(time_s)),
        "a sine": np.sin(2 * np.pi * 437.0 * time_s),
        "mains hum": np.asarray(hum),
        "three converter steps": np.round(0.45 * rng.standard_normal(len(time_s))) * 0.01,
        "timestamps": 1.7e9 + time_s + rng.uniform(0, 1e-6, len(time_s)),
        "random bytes": rng.integers(0, 256, len(time_s)).astype(float),
        "a constant": np.full(len(time_s), 2.5),
        "zeros": np.zeros(len(time_s)),
        "a temperature": 40 + np.cumsum(rng.standard_normal(len(time_s))) * 1e-4,
    }


# ---- asking ---------------------------------------------------------------------------------------------------------


def asker(folder: Path) -> Ask:
    """`diagnose` by the weights of a folder, as a verdict's word; what it refuses is "refused".

    ModelError where the folder holds no weights.
    """
    asked = partial(diagnose, networks=Networks(load_order_predictor(folder), waveform=None))

    def ask(recording: Recording, bearing: Bearing | None) -> str:
        try:
            return asked(recording, bearing).verdict
        except ModelError:
            raise
        except BearingError:
            return REFUSED

    return ask


@lru_cache(maxsize=8)
def judge_of(weights: Path, folds: Path, fold: str) -> Ask:
    """The asker of a fold, made once in each process."""
    folder = folds / fold if fold else weights
    if not (folder / "order_cnn.json").exists():
        raise ModelError(
            f"There are no weights that never saw {fold} in {folder}: run `python -m bearing evaluate "
            "--model verdict` without --folds, which makes and keeps them."
        )
    return asker(folder)


@dataclass(frozen=True)
class _Task:
    """One recording and everything that is asked of it: (part, question, recording, bearing) each."""

    case: Case
    weights: Path
    folds: Path
    asked: tuple[tuple[str, str, Recording, Bearing | None], ...]


def _answered(task: _Task) -> list[tuple[str, str, str]]:
    """Part, question and verdict of each."""
    ask = judge_of(task.weights, task.folds, task.case.fold)
    return [(part, question, ask(recording, bearing)) for part, question, recording, bearing in task.asked]


def _asked_of(case: Case) -> Iterator[tuple[str, str, Recording, Bearing | None]]:
    """All that is asked of a real recording; of a damaged machine's other end rightly and with nothing only."""
    other_end = "other end" in case.group
    for question, recording, bearing in questions_of(case):
        if not other_end or question in ("right", "neither"):
            yield "questions", question, recording, bearing
    if case.collection == "CWRU" and not other_end:
        for seconds, piece in pieces_of(case.recording):
            yield "pieces", f"{seconds:g} s", piece, case.bearing


def answer_of(case: Case, verdict: str) -> str:
    """A verdict as one of `ANSWERS`: whether the part it names is the damaged one."""
    if verdict not in ("inner", "outer", "ball"):
        return verdict
    return "right part" if verdict == case.truth else "wrong part"


class _Tallies:
    """Counts answers per collection, group and question; keeps by name who was told what should not be told."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str, str], Counter[str]] = {}
        self.mistakes: list[str] = []

    def add(self, part: str, case: Case, question: str, verdict: str) -> None:
        answer = answer_of(case, verdict)
        self.counts.setdefault((part, case.collection, case.group, question), Counter())[answer] += 1
        graver = answer == "normal" if case.truth != "normal" else answer in ("wrong part", "damaged")
        if graver:
            name = f"{case.recording.source} {case.recording.channel}".strip()
            self.mistakes.append(f"{case.collection}, {name}, {case.truth}, asked {question}: {verdict}")

    def as_list(self) -> list[dict[str, Any]]:
        return [
            {
                "part": part,
                "collection": collection,
                "group": group,
                "question": question,
                "answers": {a: counts[a] for a in ANSWERS if counts[a]},
            }
            for (part, collection, group, question), counts in self.counts.items()
        ]


def evaluate_questions(
    weights: Path = WEIGHTS_DIR,
    folds: Path = FOLDS,
    collections: tuple[str, ...] = ("cwru", "adi_mfs", "other", "simulated"),
    report: Report | None = None,
) -> dict[str, Any]:
    """All of it as JSON-ready tallies; about 2,000 diagnoses, on all cores.

    weights : judge what they were never trained on. folds : `order_cnn.*` in one folder per held-out name.
    The other ends of CWRU's damaged machines are asked rightly and with nothing, since nothing else is at stake there.
    """
    started, tallies = time.monotonic(), _Tallies()
    other = local_data_dir("BEARING_OTHER_DIR")
    sources: dict[str, Callable[[], Iterator[Case]]] = {"cwru": cwru_cases, "adi_mfs": adi_cases}
    if other is not None:
        sources["other"] = partial(other_cases, other)
    sources["simulated"] = simulated_cases
    for name, source in sources.items():
        if name not in collections:
            continue
        cases = list(source())
        asked: list[tuple[tuple[str, str, Recording, Bearing | None], ...]]
        if name == "simulated":
            asked = [(("machine faults", "right", case.recording, case.bearing),) for case in cases]
        else:
            asked = [tuple(_asked_of(case)) for case in cases]
        tasks = [_Task(case, weights, folds, of) for case, of in zip(cases, asked, strict=True)]
        for done, (case, answers) in enumerate(zip(cases, in_order(_answered, tasks), strict=True), start=1):
            if answers is None:
                raise BearingError(f"The process that judged {case.recording.source} died: is there memory enough?")
            for part, question, verdict in answers:
                tallies.add(part, case, question, verdict)
            if report:
                report(case.collection, done, len(cases))
    if "simulated" in collections:
        ask = judge_of(weights, folds, "")
        for name, samples in no_vibration().items():
            sent = Recording(samples, 12_000.0, 1770.0, source=name)
            case = Case("no vibration", name, "normal", sent, Bearing("6205-2RS", BEARINGS["DE"]), "")
            tallies.add("no vibration", case, "right", ask(sent, case.bearing))
            tallies.add("no vibration", case, "neither", ask(replace(sent, shaft_rpm=None), None))
    card = load_order_predictor(weights).card
    return {
        "model": {"name": card["name"], "version": card["version"]},
        "tallies": tallies.as_list(),
        "mistakes": tallies.mistakes,
        "seconds": round(time.monotonic() - started),
    }


def pieces_of(recording: Recording) -> Iterator[tuple[float, Recording]]:
    """The middle of a recording, ever longer; the whole stands for 10 s."""
    samples, rate_hz = recording.samples, recording.sampling_rate_hz
    assert rate_hz is not None
    for seconds in PIECES_S:
        length = min(len(samples), int(np.ceil(seconds * rate_hz)))
        if seconds == PIECES_S[0]:
            length = max(length, 2048)
        start = (len(samples) - length) // 2
        yield seconds, replace(recording, samples=samples[start : start + length])
