"""How right the verdict is on bearings and machines the order network has not seen.

Held-out fault sizes and the held-out rig are the protocols that count: nothing of the bearings judged (any load, clock
position or end; any speed) is in training, in thresholds, in what confidences were counted on. The calibration of a
fold is fitted on sizes held out *inside* its training sizes. CWRU's four normals take part in no fit at all. Held-out
loads and recordings share bearings with training and are shown to tell how much that flatters. Every verdict comes from
`fusion.fuse`, as in production, with the waveform CNN silent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bearing.cwru.registry import registry
from bearing.files import local_data_dir
from bearing.lab.order.examples import BEARINGS, ROLES, SECOND_RIG, Examples, Heard, window_examples
from bearing.lab.order.training import (
    FAULT_SIZES,
    OrderSettings,
    answers_of,
    cached,
    calibrating,
    fit_ensemble,
    heard,
    held_out,
    predict_order,
    recording_hashes,
    second_rig,
    training_material,
    without,
    write_order,
)
from bearing.lab.settings import Report, step
from bearing.models.order import FEATURE_VERSION, OrderOpinion, load_order_predictor
from bearing.models.strangers import ask_strangers
from bearing.results.metrics import classification_metrics
from bearing.rigs.adi_mfs import AXES, AdiEntry, adi_registry
from bearing.signal.windows import NETWORK_RATE_HZ, WINDOW
from bearing.verdict.calibration import (
    Answers,
    expected_calibration_error,
    fit_calibration,
    reliability_bins,
    right_of,
)
from bearing.verdict.fusion import NOWHERE, STATES, UNCERTAIN, Calibration, Verdict, fuse

__all__ = ["evaluate_order", "summary_of", "window_words", "write_folds"]

RECORDING_FOLDS = 5
PAIR_MEMBERS = 2
RANDOM_SHARE = 0.3
OTHER_RATE_HZ = 51_200.0
OTHER_WINDOWS = 12  # of each recording of the other machine


@dataclass(frozen=True)
class _Fold:
    """Out-of-fold answers for the whole recordings and for the windows, with the calibration to read them by."""

    judged: Examples
    answers: Answers
    of_windows: tuple[Examples, NDArray[np.float64]] | None
    calibration: Calibration


@dataclass(frozen=True)
class _Material:
    """Everything the folds are cut from."""

    real: Examples
    simulated: Examples
    windows: Examples
    heard: Heard
    settings: OrderSettings
    report: Report | None


def evaluate_order(settings: OrderSettings | None = None, report: Report | None = None) -> dict[str, Any]:
    """All protocols that need a training; minutes of CPU. The answer is JSON-ready."""
    settings = settings or OrderSettings()
    started = time.process_time()
    real, simulated = training_material(settings, report)
    windows = cached(f"windows_v{FEATURE_VERSION}", lambda: window_examples(step(report, "windows")))
    material = _Material(real, simulated, windows, heard(settings, report), settings, report)
    card = load_order_predictor().card
    calibration = Calibration.from_card(card)
    protocols = {"fault-size": _outcome(_size_folds(material)), "second-rig": _outcome([_rig_fold(material)])}
    for name in ("recording", "load"):
        protocols[name] = _outcome(_other_folds(name, material, calibration))
    protocols["random"] = _outcome([_random_fold(material, calibration)])
    step(report, "random windows")(1, 1)
    other = local_data_dir("BEARING_OTHER_DIR")
    if other is not None:
        protocols["other-machine"] = other_machine(other)
    return {
        "model": {"name": card["name"], "version": card["version"], "sha256": card["files"]["order_cnn.npz"]},
        "seed": settings.seed,
        "recordings": recording_hashes(),
        "protocols": protocols,
        "cpu_seconds": round(time.process_time() - started),
    }


def other_machine(folder: Path) -> dict[str, Any]:
    """The production verdict on another rig, only measured: 6205 bearings, 51.2 kHz, files named ``IR2_1200.mat``."""
    from scipy.io import loadmat

    predictor = load_order_predictor()
    calibration = Calibration.from_card(predictor.card)
    truths = {"IR": "inner", "OR": "outer", "No": "normal"}
    size = round(WINDOW * OTHER_RATE_HZ / NETWORK_RATE_HZ)
    rows, window_truth, window_guess = [], [], []
    for path in sorted(folder.glob("*_*.mat")):
        columns = [
            value for name, value in loadmat(path).items() if not name.startswith("__") and np.size(value) > 2048
        ]
        signal = np.asarray(columns[0], dtype=np.float64).ravel()
        truth, shaft_hz = truths[path.stem[:2]], float(path.stem.split("_")[1]) / 60

        def judge(piece: NDArray[np.float64], shaft_hz: float = shaft_hz) -> tuple[Verdict, OrderOpinion]:
            opinion = predictor.opinion(piece, OTHER_RATE_HZ, shaft_hz, BEARINGS["DE"])
            elsewhere = ask_strangers(opinion.views, predictor).probabilities
            return fuse(opinion.probabilities, opinion.guard.excess, calibration, elsewhere=elsewhere), opinion

        for start in np.linspace(0, len(signal) - size, OTHER_WINDOWS).astype(int):
            window_truth.append(truth)
            window_guess.append(judge(signal[start : start + size])[0].best_guess)
        verdict, _ = judge(signal)
        role = "normal" if truth == "normal" else "fault"
        about = {"recording": path.stem, "end": "DE", "role": role, "fault_size": "", "truth": truth}
        rows.append(_row(about, verdict))
    windows = classification_metrics(window_truth, window_guess, STATES).as_dict()
    return {"summary": summary_of(rows), "windows": windows, "recordings": rows}


def _row(about: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    """One recording as it stands in the evaluation: what it is, then what was said of it."""
    grades = {facts.number: facts.expert_grade for facts in registry()} if about["end"] == "DE" else {}
    truth = np.array([STATES.index(about["truth"])])
    p = np.array([[verdict.probabilities[name] for name in STATES]])
    said = Answers(p, np.array([float(verdict.loud)]), NOWHERE[None], truth, np.array([""]))
    return {
        **about,
        "verdict": verdict.verdict,
        "kind": verdict.kind,
        "true": bool(right_of(said, np.array([verdict.kind]))[0]),
        "best_guess": verdict.best_guess,
        "confidence": round(verdict.confidence, 4),
        "probabilities": _rounded(verdict.probabilities),
        "strikes": verdict.loud,
        "expert_grade": grades.get(about["recording"], ""),
    }


def _size_folds(m: _Material) -> list[_Fold]:
    """One fold per diameter. Two diameters left out at once calibrate: no model below has seen what it judges.

    The second rig calibrates, too, by networks that saw neither it nor the diameter judged.
    """
    pairs = [(a, b) for i, a in enumerate(FAULT_SIZES) for b in FAULT_SIZES[i + 1 :]]
    inner: dict[tuple[str, str], Answers] = {}
    for done, (a, b) in enumerate(pairs):
        ensemble = fit_ensemble(f"without_{a}_{b}", without(m.real, a, b), m.simulated, m.settings, PAIR_MEMBERS)
        for other, outer in ((b, a), (a, b)):
            asked = calibrating(m.real, other)
            inner[outer, other] = answers_of(asked, ensemble, m.heard)
        step(m.report, "inner folds")(done + 1, len(pairs))
    folds = []
    rig = second_rig(m.real)
    for done, size in enumerate(FAULT_SIZES):
        known = [inner[size, other] for other in FAULT_SIZES if other != size]
        foreign = fit_ensemble(
            f"without_{size}_second_rig", without(m.real, size, *SECOND_RIG), m.simulated, m.settings, PAIR_MEMBERS
        )
        known.append(answers_of(rig, foreign, m.heard))
        ensemble = fit_ensemble(f"without_{size}", without(m.real, size), m.simulated, m.settings)
        judged = held_out(m.real, size)
        windows = m.windows
        mine = windows.take((windows.size == size) | ((windows.label == 0) & (size == FAULT_SIZES[0])))
        answers = answers_of(judged, ensemble, m.heard)
        calibration = fit_calibration(Answers.join(known))
        folds.append(_Fold(judged, answers, (mine, predict_order(ensemble, mine)), calibration))
        step(m.report, "held-out sizes")(done + 1, len(FAULT_SIZES))
    return folds


def _rig_fold(m: _Material) -> _Fold:
    """The second rig by networks that never saw it, calibrated on CWRU's held-out sizes alone."""
    known = []
    for size in FAULT_SIZES:
        foreign = fit_ensemble(
            f"without_{size}_second_rig", without(m.real, size, *SECOND_RIG), m.simulated, m.settings, PAIR_MEMBERS
        )
        asked = calibrating(m.real, size)
        known.append(answers_of(asked, foreign, m.heard))
    ensemble = fit_ensemble("without_second_rig", without(m.real, *SECOND_RIG), m.simulated, m.settings)
    judged = second_rig(m.real)
    answers = answers_of(judged, ensemble, m.heard)
    return _Fold(judged, answers, None, fit_calibration(Answers.join(known)))


def _random_fold(m: _Material, calibration: Calibration) -> _Fold:
    """70:30 of all windows at random, the original way of asking; a recording is judged by its windows held out."""
    held = np.random.default_rng(m.settings.seed).random(len(m.windows)) < RANDOM_SHARE
    seen = m.windows.take(~held)
    role = np.where(seen.label > 0, ROLES.index("fault"), ROLES.index("unfaulted"))
    known = Examples.join([without(m.real), replace(seen, role=role)])
    ensemble = fit_ensemble("random", known, m.simulated, m.settings, 1)
    mine = m.windows.take(held)
    answers = predict_order(ensemble, mine)
    numbers, first, of = np.unique(mine.number, return_index=True, return_inverse=True)
    share = np.eye(len(numbers))[:, of] / np.bincount(of)[:, None]
    role = np.where(mine.label[first] > 0, ROLES.index("fault"), ROLES.index("normal"))
    judged = replace(mine.take(first), role=role)
    return _Fold(judged, answers_of(judged, ensemble, m.heard, share @ answers), (mine, answers), calibration)


def _other_folds(protocol: str, m: _Material, calibration: Calibration) -> list[_Fold]:
    """Held-out loads, or recordings dealt at random: other recordings of the same bearings are in training."""
    if protocol == "load":
        group = {facts.number: facts.load_hp for facts in registry()}
    else:
        numbers = np.random.default_rng(m.settings.seed).permutation([facts.number for facts in registry()])
        group = {int(number): i % RECORDING_FOLDS for i, number in enumerate(numbers)}
    foreign = np.isin(m.real.size, SECOND_RIG)
    folds = []
    of_real = np.array([group.get(int(n), -1) for n in m.real.number])
    of_windows = np.array([group[int(n)] for n in m.windows.number])
    count = len(set(group.values()))
    for g in range(count):
        known = m.real.take(((of_real != g) | foreign) & ~m.real.has_role("normal"))
        ensemble = fit_ensemble(f"without_{protocol}_{g}", known, m.simulated, m.settings, 1)
        whole = Examples.join([held_out(m.real, size) for size in FAULT_SIZES])
        judged = whole.take(np.array([group[int(n)] == g for n in whole.number]))
        mine = m.windows.take(of_windows == g)
        answers = answers_of(judged, ensemble, m.heard)
        folds.append(_Fold(judged, answers, (mine, predict_order(ensemble, mine)), calibration))
        step(m.report, f"held-out {protocol}s")(g + 1, count)
    return folds


def _outcome(folds: Sequence[_Fold]) -> dict[str, Any]:
    rows = _by_file([row for fold in folds for row in _recording_rows(fold)])
    outcome = {
        "summary": summary_of(rows),
        "calibrations": [fold.calibration.as_dict() for fold in folds],
        "recordings": rows,
    }
    asked = [fold.of_windows for fold in folds if fold.of_windows is not None]
    if asked:
        guess = np.concatenate([answers.argmax(axis=1) for _, answers in asked])
        truth = np.concatenate([windows.label for windows, _ in asked])
        metrics = classification_metrics([STATES[i] for i in truth], [STATES[i] for i in guess], STATES)
        outcome["windows"] = metrics.as_dict()
    return outcome


def _recording_rows(fold: _Fold) -> list[dict[str, Any]]:
    judged = fold.judged
    roles = np.select(
        [judged.has_role("fault", "second rig fault"), judged.has_role("unfaulted")],
        ["fault", "un-faulted end"],
        default="normal",
    )
    rows = []
    for i in range(len(judged)):
        network = dict(zip(STATES, map(float, fold.answers.p[i]), strict=True))
        verdict = fuse(network, float(fold.answers.excess[i]), fold.calibration, elsewhere=fold.answers.elsewhere[i])
        foreign = judged.size[i] in SECOND_RIG
        about = {
            "recording": _name_of(adi_registry()[judged.number[i]]) if foreign else int(judged.number[i]),
            "end": str(judged.end[i]),
            "role": str(roles[i]),
            "fault_size": str(judged.size[i]),
            "truth": STATES[judged.label[i]],
        }
        rows.append(_row(about, verdict))
    return rows


def _name_of(entry: AdiEntry) -> str:
    """``light outer_600``: what is wrong, and the speed, as the tables of verdicts split it."""
    return f"{entry.severity or entry.condition} {entry.label}_{entry.nominal_rpm:g}"


def summary_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The measures of one protocol, from its rows: drive-end faults (or the rig's), normals and un-faulted ends apart.

    Of the second rig a row is a file, judged by its worst axis, as the doors do.
    """
    faults = [row for row in rows if row["role"] == "fault" and row["end"] != "FE"]
    fan_faults = [row for row in rows if row["role"] == "fault" and row["end"] == "FE"]
    normals = [row for row in rows if row["role"] == "normal"]
    sound = [row for row in rows if row["role"] == "un-faulted end"]
    judged = faults + [row for row in normals if row["end"] != "FE"]
    right = np.array([row["true"] for row in judged])
    confidence = np.array([row["confidence"] for row in judged])
    diagnosable = [row for row in faults if row["expert_grade"].startswith("Y")]
    surely = [row for row in rows if row["confidence"] >= 0.9 and row["verdict"] != UNCERTAIN]
    return {
        "faults": len(faults),
        "right": sum(row["verdict"] == row["truth"] for row in faults),
        "best_guess_right": sum(row["best_guess"] == row["truth"] for row in faults),
        "wrong_part": sum(row["verdict"] in STATES[1:] and row["verdict"] != row["truth"] for row in faults),
        "damaged": sum(row["verdict"] == "damaged" for row in faults),
        "impacts": sum(row["verdict"] == "impacts" for row in faults),
        "called_normal": sum(row["verdict"] == "normal" for row in faults),
        "experts_could": len(diagnosable),
        "right_of_those": sum(row["verdict"] == row["truth"] for row in diagnosable),
        "given": sum(row["verdict"] != UNCERTAIN for row in judged),
        "judged": len(judged),
        "wrong_of_given": sum(row["verdict"] != UNCERTAIN and not row["true"] for row in judged),
        "fan_end_faults": len(fan_faults),
        "fan_end_right": sum(row["verdict"] == row["truth"] for row in fan_faults),
        "fan_end_called_normal": sum(row["verdict"] == "normal" for row in fan_faults),
        "normals": len(normals),
        "normals_called_normal": sum(row["verdict"] == "normal" for row in normals),
        "normals_called_faulty": sum(row["verdict"] not in ("normal", UNCERTAIN) for row in normals),
        "unfaulted_ends": len(sound),
        "unfaulted_ends_called_faulty": sum(row["verdict"] in (*STATES[1:], "damaged") for row in sound),
        "unfaulted_ends_called_normal": sum(row["verdict"] == "normal" for row in sound),
        "unfaulted_ends_called_impacts": sum(row["verdict"] == "impacts" for row in sound),
        "surely": len(surely),
        "wrong_with_confidence_0.9": sum(not row["true"] for row in surely),
        "recordings": len(rows),
        "ece": round(expected_calibration_error(confidence, right), 4),
        "ece_of_all": round(_ece_of(rows), 4),
        "reliability": reliability_bins(confidence, right),
        "coverage_curve": _coverage_curve(confidence, right),
        "metrics": classification_metrics(
            [row["truth"] for row in judged], [row["best_guess"] for row in judged], STATES
        ).as_dict(),
    }


def _by_file(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per recording of several axes: the worst verdict, the surest of those."""
    badness = {"normal": 0, UNCERTAIN: 1, "impacts": 2}  # anything else is damage
    kept: dict[Any, dict[str, Any]] = {}
    for row in rows:
        key = row["recording"] if row["end"] in AXES else (row["recording"], row["end"])
        known = kept.get(key)
        if known is None or _merit(row, badness) > _merit(known, badness):
            kept[key] = row
    return list(kept.values())


def _merit(row: dict[str, Any], badness: Mapping[str, int]) -> tuple[int, float, float]:
    return badness.get(row["verdict"], 3), row["confidence"], max(row["probabilities"].values())


def _ece_of(rows: Sequence[dict[str, Any]]) -> float:
    """Calibration error over all recordings of both ends, sound ends included."""
    right = np.array([row["true"] for row in rows])
    return expected_calibration_error(np.array([row["confidence"] for row in rows]), right)


def _coverage_curve(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Share of recordings answered, and share right among them, from the most confident on."""
    order = np.argsort(-confidence, kind="stable")
    hits = np.cumsum(right[order])
    return [
        {"coverage": round((n + 1) / len(order), 4), "accuracy": round(float(hits[n] / (n + 1)), 4)}
        for n in range(len(order))
    ]


def window_words(outcome: dict[str, Any]) -> str:
    """How right an outcome is about single windows, "" where they were not asked."""
    return f"windows macro-F1 {outcome['windows']['macro_f1']:.3f}" if "windows" in outcome else ""


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def write_folds(folder: Path, settings: OrderSettings | None = None, report: Report | None = None) -> None:
    """Weights that never saw what they judge, each with its own fold's calibration, as `models.order` loads them.

    One folder per held-out fault size, and `adi_mfs`; fitted, or taken from ``runs/`` where they were before.
    """
    settings = settings or OrderSettings()
    real, simulated = training_material(settings, report)
    windows = cached(f"windows_v{FEATURE_VERSION}", lambda: window_examples(step(report, "windows")))
    material = _Material(real, simulated, windows, heard(settings, report), settings, report)
    folds = [(size, f"without_{size}", without(real, size)) for size in FAULT_SIZES]
    folds.append(("adi_mfs", "without_second_rig", without(real, *SECOND_RIG)))
    for (name, cached_as, seen), fold in zip(folds, [*_size_folds(material), _rig_fold(material)], strict=True):
        ensemble = fit_ensemble(cached_as, seen, simulated, settings)
        write_order(ensemble, fold.calibration, Examples.join([seen, simulated]), settings, folder / name)
