"""Results as plain text for the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bearing.errors import ModelError
from bearing.results.questions import question_tables, read_questions

if TYPE_CHECKING:
    from bearing.lab.waveform.evaluation import Evaluation
    from bearing.results.metrics import Metrics

__all__ = ["confusion_table", "protocol_table", "results_table"]


def confusion_table(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> str:
    """A confusion matrix, rows truth, columns prediction."""
    head = "truth \\ said".ljust(14) + "".join(f"{name:>11}" for name in classes)
    rows = [
        f"{name:<14}" + "".join(f"{value:>11d}" for value in row)
        for name, row in zip(classes, confusion, strict=True)
        if sum(row)
    ]
    return "\n".join([head, *rows])


def protocol_table(evaluation: Evaluation) -> str:
    """Accuracy, macro-F1 and confusion of a protocol: windows, recordings, and each fold."""
    lines = [
        f"Protocol {evaluation.protocol}",
        _line("windows", evaluation.metrics),
        _line("recordings", evaluation.recordings),
        *(_line(f"  {name}", metrics) for name, metrics in evaluation.per_fold.items()),
        "windows:",
        confusion_table(evaluation.metrics.classes, evaluation.metrics.confusion),
        "recordings:",
        confusion_table(evaluation.recordings.classes, evaluation.recordings.confusion),
    ]
    return "\n".join(lines)


def _line(name: str, metrics: Metrics) -> str:
    return f"{name:<28} n {metrics.n:>5}  accuracy {metrics.accuracy:7.2%}  macro-F1 {metrics.macro_f1:.3f}"


def results_table(folder: Path) -> str:
    """What the evaluations in `folder` say of both models, as a Markdown table. ModelError when one is missing."""
    try:
        cnn = {
            name: _read(folder / f"evaluation_{name}.json") for name in ("random", "recording", "load", "fault_size")
        }
        order = _read(folder / "evaluation_order.json")["protocols"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError("An evaluation is missing or damaged: run `python -m bearing evaluate`.") from error
    lines = ["| held out | waveform CNN: windows right | recordings right |", "|---|---|---|"]
    for name, title in (
        ("random", "random windows, 70:30 (the original claim)"),
        ("recording", "whole recordings"),
        ("load", "whole loads"),
        ("fault_size", "**whole fault sizes: other physical bearings**"),
    ):
        windows, recordings = cnn[name]["windows"], cnn[name]["recordings"]
        lines.append(f"| {title} | {windows['accuracy']:.1%} | {recordings['accuracy']:.1%} |")
    if (folder / "evaluation_other_machine.json").exists():
        rig = _read(folder / "evaluation_other_machine.json")
        lines.append(f"| another machine | {rig['windows']['accuracy']:.1%} | {rig['recordings']['accuracy']:.1%} |")
    sizes, other = order["fault-size"]["summary"], order.get("other-machine", {}).get("summary")
    windows_f1 = order["fault-size"]["windows"]["macro_f1"]
    covered = sizes["given"] / sizes["judged"]
    rig = order["second-rig"]["summary"]
    lines += [
        "",
        "| the verdict, on fault sizes held out from training, calibration and thresholds | |",
        "|---|---|",
        f"| {sizes['faults']} drive-end faults: part right / wrong part / called healthy | {sizes['right']} / "
        f"{sizes['wrong_part']} / {sizes['called_normal']} |",
        f"| the same by best guess | {sizes['best_guess_right']} |",
        f"| of the {sizes['experts_could']} that experts could diagnose (Smith & Randall 2015) | "
        f"{sizes['right_of_those']} |",
        f"| decided of those and 4 healthy ones ({covered:.0%}); wrong statements among them | {sizes['given']}; "
        f"{sizes['wrong_of_given']} |",
        f"| healthy channels called healthy / faulty | {sizes['normals_called_normal']} / "
        f"{sizes['normals_called_faulty']} of {sizes['normals']} |",
        f"| un-faulted ends called healthy / striking (true: the other end does) / damaged | "
        f"{sizes['unfaulted_ends_called_normal']} / {sizes['unfaulted_ends_called_impacts']} / "
        f"{sizes['unfaulted_ends_called_faulty']} of {sizes['unfaulted_ends']} |",
        f"| 45 fan-end faults: part right / called healthy | {sizes['fan_end_right']} / "
        f"{sizes['fan_end_called_normal']} |",
        f"| single windows of 0.17 s, four classes | macro-F1 {windows_f1:.3f} |",
        f"| expected calibration error: drive-end faults and normals; everything at both ends | {sizes['ece']:.3f}; "
        f"{sizes['ece_of_all']:.3f} |",
        f"| told with confidence 0.9 or more, of {sizes['recordings']}; wrong of these | {sizes['surely']}; "
        f"{sizes['wrong_with_confidence_0.9']} |",
        f"| a second rig by networks that never saw it: {rig['faults']} faults, part right / wrong / called healthy | "
        f"{rig['right']} / {rig['wrong_part']} / {rig['called_normal']} |",
        f"| its {rig['normals']} healthy recordings (imbalance, bent shaft) called healthy / faulty | "
        f"{rig['normals_called_normal']} / {rig['normals_called_faulty']} |",
    ]
    if other is not None:
        lines += [
            f"| another machine (only measured): faults right | {other['right']} of {other['faults']} |",
            f"| its healthy recordings called healthy / faulty | {other['normals_called_normal']} / "
            f"{other['normals_called_faulty']} of {other['normals']} |",
        ]
    asked = question_tables(read_questions(folder))
    return "\n".join([*lines, "", asked]) if asked else "\n".join(lines)


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
