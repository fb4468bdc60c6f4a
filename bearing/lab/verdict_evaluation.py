"""How right the verdict is on bearings and machines the order network has not seen.

Held-out fault sizes is the protocol that counts: nothing of the bearings of one diameter (any load, clock position or
end) is in training, in calibration, in thresholds. The calibration of a fold is fitted on sizes held out *inside* its
training sizes, so that the size judged has no say in it. Held-out loads and recordings share bearings with training and
are shown to tell how much that flatters. Every verdict comes from `fusion.fuse`, as in production.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bearing.cwru.registry import registry
from bearing.files import local_data_dir
from bearing.lab.order_examples import BEARINGS, ROLES, Examples, window_examples
from bearing.lab.order_network import OrderNetwork
from bearing.lab.order_training import (
    FAULT_SIZES,
    FOLD_MEMBERS,
    OrderSettings,
    Report,
    cached,
    calibrating,
    fit_simulated,
    fitted,
    held_out,
    predict_order,
    recording_hashes,
    training_material,
    units_of,
    without,
)
from bearing.models.order import FEATURE_VERSION, OrderOpinion, load_order_predictor
from bearing.results.metrics import classification_metrics
from bearing.signal.windows import NETWORK_RATE_HZ, WINDOW
from bearing.verdict.calibration import expected_calibration_error, fit_calibration, reliability_bins
from bearing.verdict.fusion import STATES, UNCERTAIN, Calibration, Verdict, fuse, fused_probabilities

__all__ = ["EXPERT_GRADES", "evaluate_order", "main", "summary_of"]

# Smith & Randall 2015 (MSSP 64-65:100), tables B2-B5: Y diagnosable, P partly, N not, by envelope methods
EXPERT_GRADES = {
    **dict(zip(range(105, 109), ["Y2"] * 4, strict=True)),
    **dict(zip(range(169, 173), ["Y2"] * 4, strict=True)),
    **dict(zip(range(209, 213), ["Y1"] * 4, strict=True)),
    **dict(zip(range(3001, 3005), ["N1"] * 4, strict=True)),
    **dict(zip(range(118, 122), ["N1", "N1", "N1", "Y2"], strict=True)),
    **dict(zip(range(185, 189), ["P2"] * 4, strict=True)),
    **dict(zip(range(222, 226), ["Y2", "Y2", "N1", "N1"], strict=True)),
    **dict(zip(range(3005, 3009), ["Y2"] * 4, strict=True)),
    **dict(zip(range(130, 134), ["Y1"] * 4, strict=True)),
    **dict(zip(range(197, 201), ["Y2", "P2", "P1", "N1"], strict=True)),
    **dict(zip(range(234, 238), ["Y2"] * 4, strict=True)),
    **dict(zip(range(144, 148), ["Y2"] * 4, strict=True)),
    **dict(zip(range(246, 250), ["Y2"] * 4, strict=True)),
    **dict(zip((156, 158, 159, 160), ["Y1", "Y2", "Y2", "Y2"], strict=True)),
    **dict(zip(range(258, 262), ["Y2"] * 4, strict=True)),
}
RECORDING_FOLDS = 5
PAIR_MEMBERS = 2
RANDOM_SHARE = 0.3
OTHER_RATE_HZ = 51_200.0
OTHER_WINDOWS = 12  # of each recording of the other machine


@dataclass(frozen=True)
class _Fold:
    """Out-of-fold answers for the whole recordings and for the windows, with the calibration to read them by."""

    judged: Examples
    answers: NDArray[np.float64]
    windows: Examples
    window_answers: NDArray[np.float64]
    calibration: Calibration


def evaluate_order(settings: OrderSettings | None = None, report: Report | None = None) -> dict[str, Any]:
    """All protocols that need a training; minutes of CPU. The answer is JSON-ready."""
    settings = settings or OrderSettings()
    started = time.process_time()
    real, simulated = training_material(settings, report)
    windows = cached(f"windows_v{FEATURE_VERSION}", lambda: window_examples(_step(report, "windows")))
    of_simulated = fit_simulated(simulated, settings)
    sizes = _size_folds(real, simulated, windows, settings, of_simulated, report)
    protocols = {"fault-size": _outcome(sizes)}
    card = load_order_predictor().card
    calibration = Calibration.from_card(card)
    for name in ("recording", "load"):
        folds = _other_folds(name, real, simulated, windows, settings, of_simulated, calibration, report)
        protocols[name] = _outcome(folds)
    protocols["random"] = _outcome([_random_fold(real, simulated, windows, settings, of_simulated, calibration)])
    _step(report, "random windows")(1, 1)
    other = local_data_dir("BEARING_OTHER_DIR")
    if other:
        protocols["other-machine"] = other_machine(other)
    return {
        "model": {"name": card["name"], "version": card["version"], "sha256": card["files"]["order_cnn.npz"]},
        "seed": settings.seed,
        "fold_members": FOLD_MEMBERS,
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
            return fuse(opinion.probabilities, opinion.envelope.probabilities, calibration), opinion

        for start in np.linspace(0, len(signal) - size, OTHER_WINDOWS).astype(int):
            window_truth.append(truth)
            window_guess.append(judge(signal[start : start + size])[0].best_guess)
        verdict, opinion = judge(signal)
        role = "normal" if truth == "normal" else "fault"
        about = {"recording": path.stem, "end": "DE", "role": role, "fault_size": "", "truth": truth}
        rows.append(_row(about, verdict, opinion.probabilities, opinion.envelope.probabilities))
    windows = classification_metrics(window_truth, window_guess, STATES).as_dict()
    return {"summary": summary_of(rows), "windows": windows, "recordings": rows}


def _row(
    about: dict[str, Any], verdict: Verdict, network: dict[str, float], envelope: dict[str, float]
) -> dict[str, Any]:
    """One recording as it stands in the evaluation: what it is, then what was said of it."""
    number, end = about["recording"], about["end"]
    return {
        **about,
        "verdict": verdict.verdict,
        "best_guess": verdict.best_guess,
        "confidence": round(verdict.confidence, 4),
        "probabilities": _rounded(verdict.probabilities),
        "order_cnn": _rounded(network),
        "envelope": _rounded(envelope),
        "expert_grade": EXPERT_GRADES.get(number, "") if end == "DE" else "",
    }


def _size_folds(
    real: Examples,
    simulated: Examples,
    windows: Examples,
    settings: OrderSettings,
    of_simulated: list[OrderNetwork],
    report: Report | None,
) -> list[_Fold]:
    """One fold per diameter. Two diameters left out at once calibrate: no model below has seen what it judges."""
    pairs = [(a, b) for i, a in enumerate(FAULT_SIZES) for b in FAULT_SIZES[i + 1 :]]
    inner: dict[tuple[str, str], tuple[Examples, NDArray[np.float64]]] = {}
    for done, (a, b) in enumerate(pairs):
        material = Examples.join([without(real, a, b), simulated])
        networks = [fitted(f"without_{a}_{b}", material, settings, member) for member in range(PAIR_MEMBERS)]
        for other, outer in ((b, a), (a, b)):
            asked = calibrating(real, other)
            inner[outer, other] = (asked, predict_order(of_simulated, networks, asked))
        _step(report, "inner folds")(done + 1, len(pairs))
    folds = []
    for done, size in enumerate(FAULT_SIZES):
        seen = [inner[size, other] for other in FAULT_SIZES if other != size]
        known = Examples.join([examples for examples, _ in seen])
        p = np.concatenate([answers for _, answers in seen])
        calibration = fit_calibration(p, known.envelope.astype(float), known.label, units_of(known))
        material = Examples.join([without(real, size), simulated])
        networks = [fitted(f"without_{size}", material, settings, member) for member in range(FOLD_MEMBERS)]
        judged = held_out(real, size)
        mine = windows.take((windows.size == size) | ((windows.label == 0) & (size == FAULT_SIZES[0])))
        answers = [predict_order(of_simulated, networks, asked) for asked in (judged, mine)]
        folds.append(_Fold(judged, answers[0], mine, answers[1], calibration))
        _step(report, "held-out sizes")(done + 1, len(FAULT_SIZES))
    return folds


def _random_fold(
    real: Examples,
    simulated: Examples,
    windows: Examples,
    settings: OrderSettings,
    of_simulated: list[OrderNetwork],
    calibration: Calibration,
) -> _Fold:
    """70:30 of all windows at random, the original way of asking; a recording is judged by its windows held out."""
    held = np.random.default_rng(settings.seed).random(len(windows)) < RANDOM_SHARE
    seen = windows.take(~held)
    role = np.where(seen.label > 0, ROLES.index("fault"), ROLES.index("unfaulted"))
    material = Examples.join([without(real), replace(seen, role=role), simulated])
    network = fitted("random", material, settings)
    mine = windows.take(held)
    answers = predict_order(of_simulated, [network], mine)
    numbers, first, of = np.unique(mine.number, return_index=True, return_inverse=True)
    share = np.eye(len(numbers))[:, of] / np.bincount(of)[:, None]
    role = np.where(mine.label[first] > 0, ROLES.index("fault"), ROLES.index("normal"))
    judged = replace(mine.take(first), role=role, envelope=(share @ mine.envelope).astype(np.float32))
    return _Fold(judged, share @ answers, mine, answers, calibration)


def _other_folds(
    protocol: str,
    real: Examples,
    simulated: Examples,
    windows: Examples,
    settings: OrderSettings,
    of_simulated: list[OrderNetwork],
    calibration: Calibration,
    report: Report | None,
) -> list[_Fold]:
    """Held-out loads, or recordings dealt at random: other recordings of the same bearings are in training."""
    if protocol == "load":
        group = {facts.number: facts.load_hp for facts in registry()}
    else:
        numbers = np.random.default_rng(settings.seed).permutation([facts.number for facts in registry()])
        group = {int(number): i % RECORDING_FOLDS for i, number in enumerate(numbers)}
    folds = []
    of_real = np.array([group[int(n)] for n in real.number])
    of_windows = np.array([group[int(n)] for n in windows.number])
    count = len(set(group.values()))
    for g in range(count):
        material = Examples.join([real.take((of_real != g) & ~real.has_role("normal")), simulated])
        network = fitted(f"without_{protocol}_{g}", material, settings)
        whole = Examples.join([held_out(real, size) for size in FAULT_SIZES])
        judged = whole.take(np.array([group[int(n)] == g for n in whole.number]))
        mine = windows.take(of_windows == g)
        answers = [predict_order(of_simulated, [network], asked) for asked in (judged, mine)]
        folds.append(_Fold(judged, answers[0], mine, answers[1], calibration))
        _step(report, f"held-out {protocol}s")(g + 1, count)
    return folds


def _outcome(folds: Sequence[_Fold]) -> dict[str, Any]:
    rows = [row for fold in folds for row in _recording_rows(fold)]
    window_truth, window_guess = [], []
    for fold in folds:
        p = fused_probabilities(fold.window_answers, fold.windows.envelope.astype(float), fold.calibration)
        window_guess += [STATES[i] for i in p.argmax(axis=1)]
        window_truth += [STATES[i] for i in fold.windows.label]
    return {
        "summary": summary_of(rows),
        "windows": classification_metrics(window_truth, window_guess, STATES).as_dict(),
        "calibrations": [fold.calibration.as_dict() for fold in folds],
        "recordings": rows,
    }


def _recording_rows(fold: _Fold) -> list[dict[str, Any]]:
    judged, p = fold.judged, fold.answers
    roles = np.select(
        [judged.has_role("fault"), judged.has_role("unfaulted")], ["fault", "un-faulted end"], default="normal"
    )
    rows = []
    for i in range(len(judged)):
        network = dict(zip(STATES, map(float, p[i]), strict=True))
        envelope = dict(zip(STATES, map(float, judged.envelope[i]), strict=True))
        verdict = fuse(network, envelope, fold.calibration)
        about = {
            "recording": int(judged.number[i]),
            "end": str(judged.end[i]),
            "role": str(roles[i]),
            "fault_size": str(judged.size[i]),
            "truth": STATES[judged.label[i]],
        }
        rows.append(_row(about, verdict, network, envelope))
    return rows


def summary_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The measures of one protocol, from its rows: drive-end faults, normals and un-faulted ends apart."""
    faults = [row for row in rows if row["role"] == "fault" and row["end"] == "DE"]
    normals = [row for row in rows if row["role"] == "normal" and row["end"] == "DE"]
    sound = [row for row in rows if row["role"] == "un-faulted end"]
    judged = faults + normals
    right = np.array([row["best_guess"] == row["truth"] for row in judged])
    confidence = np.array([row["confidence"] for row in judged])
    diagnosable = [row for row in faults if row["expert_grade"].startswith("Y")]
    return {
        "faults": len(faults),
        "right": sum(row["verdict"] == row["truth"] for row in faults),
        "best_guess_right": sum(row["best_guess"] == row["truth"] for row in faults),
        "experts_could": len(diagnosable),
        "right_of_those": sum(row["verdict"] == row["truth"] for row in diagnosable),
        "given": sum(row["verdict"] != UNCERTAIN for row in faults),
        "wrong_of_given": sum(row["verdict"] not in (row["truth"], UNCERTAIN) for row in faults),
        "fan_end_faults": sum(row["role"] == "fault" and row["end"] == "FE" for row in rows),
        "fan_end_right": sum(
            row["role"] == "fault" and row["end"] == "FE" and row["verdict"] == row["truth"] for row in rows
        ),
        "normals": len(normals),
        "normals_called_normal": sum(row["verdict"] == "normal" for row in normals),
        "normals_called_faulty": sum(row["verdict"] not in ("normal", UNCERTAIN) for row in normals),
        "unfaulted_ends": len(sound),
        "unfaulted_ends_called_faulty": sum(row["verdict"] not in ("normal", UNCERTAIN) for row in sound),
        "unfaulted_ends_called_normal": sum(row["verdict"] == "normal" for row in sound),
        "wrong_with_confidence_0.9": sum(
            row["verdict"] not in (row["truth"], UNCERTAIN) and row["confidence"] >= 0.9 for row in rows
        ),
        "ece": round(expected_calibration_error(confidence, right), 4),
        "ece_of_all": round(_ece_of(rows), 4),
        "reliability": reliability_bins(confidence, right),
        "coverage_curve": _coverage_curve(confidence, right),
        "metrics": classification_metrics(
            [row["truth"] for row in judged], [row["best_guess"] for row in judged], STATES
        ).as_dict(),
    }


def _ece_of(rows: Sequence[dict[str, Any]]) -> float:
    """Calibration error over all recordings of both ends, sound ends included."""
    right = np.array([row["best_guess"] == row["truth"] for row in rows])
    return expected_calibration_error(np.array([row["confidence"] for row in rows]), right)


def _coverage_curve(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Share of recordings answered, and share right among them, from the most confident on."""
    order = np.argsort(-confidence, kind="stable")
    hits = np.cumsum(right[order])
    return [
        {"coverage": round((n + 1) / len(order), 4), "accuracy": round(float(hits[n] / (n + 1)), 4)}
        for n in range(len(order))
    ]


def _window_words(outcome: dict[str, Any]) -> str:
    return f"windows macro-F1 {outcome['windows']['macro_f1']:.3f}" if "windows" in outcome else ""


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _step(report: Report | None, what: str) -> Any:
    return (lambda done, total: None) if report is None else (lambda done, total: report(what, done, total))


def main(arguments: argparse.Namespace) -> int:
    """``python -m bearing evaluate --model order``."""
    from tqdm import tqdm

    bars: dict[str, tqdm] = {}

    def report(what: str, done: int, total: int) -> None:
        bar = bars.setdefault(what, tqdm(desc=what, total=total))
        bar.update(done - bar.n)

    result = evaluate_order(report=report)
    for bar in bars.values():
        bar.close()
    for name, outcome in result["protocols"].items():
        summary = {k: v for k, v in outcome["summary"].items() if not isinstance(v, (list, dict))}
        print(f"{name}: {json.dumps(summary)}  {_window_words(outcome)}")
    if not arguments.dry_run:
        path = Path(arguments.out) / "evaluation_order.json"
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        print(f"written to {path}")
    return 0
