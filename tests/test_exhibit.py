"""The order network's evaluation as the Training page shows it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bearing import files
from bearing.cwru.registry import drive_end_entries
from bearing.errors import ModelError
from bearing.figures.test_set import confusion_figure
from bearing.figures.verdicts import comparison_figure, coverage_figure, grades_figure, reliability_figure
from bearing.files import ROOT, WEIGHTS_DIR
from bearing.results.metrics import classification_metrics
from bearing.results.verdict import cnn_honesty, cnn_verdicts, read_outcomes, tally
from bearing.results.waveform import read_predictions, read_result
from bearing.states import LABELS


def evaluation() -> dict[str, Any]:
    """A made-up one with the form of a real one: of every five faults one is left uncertain and one is wrong."""
    rows = []
    for i, facts in enumerate(drive_end_entries()):
        wrong = "ball" if facts.label != "ball" else "inner"
        verdict = facts.label if i % 5 > 1 else "uncertain" if i % 5 else wrong
        rows.append(
            {
                "recording": facts.number,
                "end": "DE",
                "role": "normal" if facts.label == "normal" else "fault",
                "truth": facts.label,
                "verdict": verdict,
                "best_guess": facts.label if i % 5 else wrong,
                "confidence": 0.4 + 0.1 * (i % 5),
                "probabilities": dict.fromkeys(LABELS, 0.25),
                "expert_grade": "" if facts.label == "normal" else ("Y1", "N1", "P2")[i % 3],
            }
        )
    summary = {
        "ece": 0.041,
        "experts_could": 44,
        "given": 48,
        "wrong_of_given": 12,
        "normals": 4,
        "normals_called_faulty": 1,
        "unfaulted_ends": 40,
        "unfaulted_ends_called_faulty": 2,
        "wrong_with_confidence_0.9": 0,
        "reliability": [{"low": 0.4, "high": 0.5, "n": 13, "confidence": 0.44, "right": 0.4}],
        "coverage_curve": [{"coverage": 0.5, "accuracy": 1.0}, {"coverage": 1.0, "accuracy": 0.8}],
    }
    windows = classification_metrics(["ball", "inner"], ["ball", "ball"], LABELS).as_dict()
    outcome = {"summary": summary, "windows": windows, "recordings": rows}
    return {"model": {}, "protocols": {"load": outcome, "fault-size": outcome}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The committed weights, with the made-up evaluation of the order network."""
    weights = tmp_path / "weights"
    shutil.copytree(WEIGHTS_DIR, weights, ignore=shutil.ignore_patterns("*.onnx", "*.pt", "*.npz"))
    (weights / "evaluation_order.json").write_text(json.dumps(evaluation()))
    return weights


def test_outcomes_are_read_hardest_first(folder: Path) -> None:
    outcomes = read_outcomes(folder)
    assert list(outcomes) == ["fault-size", "load"]
    faults = outcomes["fault-size"].faults
    assert len(faults) == 60
    counts = tally(faults)
    assert sum(counts.values()) == 60
    assert counts["uncertain"] == sum(v.verdict == "uncertain" for v in faults)
    assert outcomes["load"].honesty.coverage[-1] == (1.0, 0.8)


def test_without_the_file_there_is_nothing_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    assert read_outcomes(tmp_path) == {}
    (tmp_path / "evaluation_order.json").write_text('{"protocols": {"load": {}}}')
    with pytest.raises(ModelError, match=r"lacks .summary.: run .*--model order"):
        read_outcomes(tmp_path)


def test_the_waveform_cnn_judges_a_recording_as_its_evaluation_does() -> None:
    result = read_result("fault-size")
    rows = read_predictions(result)
    truth = dict(zip(rows["recording"], rows["truth"].astype(str), strict=True))
    said = cnn_verdicts(rows)
    assert sum(said[n] == truth[n] for n in said) / len(said) == pytest.approx(result.recordings.accuracy, abs=1e-6)


@pytest.mark.parametrize("by_recording", [False, True])
def test_the_honesty_of_the_waveform_cnn_is_that_of_its_predictions(by_recording: bool) -> None:
    result = read_result("fault-size")
    honesty = cnn_honesty(read_predictions(result), by_recording)
    metrics = result.recordings if by_recording else result.windows
    assert sum(b.n for b in honesty.reliability) == metrics.n
    assert honesty.coverage[-1] == (1.0, pytest.approx(metrics.accuracy, abs=1e-6))
    gap = sum(b.n * abs(b.confidence - b.right) for b in honesty.reliability) / metrics.n
    assert honesty.ece == pytest.approx(gap)
    assert honesty.ece > 0.3  # sure and wrong: what the page is about


def test_verdicts_are_counted_with_the_uncertain_ones(folder: Path) -> None:
    outcome = read_outcomes(folder)["load"]
    assert outcome.confusion.shape == (4, 5)
    assert outcome.confusion.sum() == len(outcome.judged) == 64
    assert outcome.confusion[:, 4].sum() == sum(v.verdict == "uncertain" for v in outcome.judged)
    figure = confusion_figure(outcome.confusion, LABELS, (*LABELS, "uncertain"))
    assert len(figure.data[0].x) == 20


def test_every_fault_recording_has_its_cell_with_verdict_and_grade(folder: Path) -> None:
    faults = read_outcomes(folder)["fault-size"].faults
    figure = grades_figure(faults)
    places = {(float(x), float(y)) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True)}
    assert len(places) == 60  # none hides another
    grades = {v.recording: v.grade for v in faults}
    for trace in figure.data:
        for number, text in zip(trace.customdata, trace.text, strict=True):
            assert grades[int(number[0].split()[0])] == text


def test_the_figures_hold_the_numbers(folder: Path) -> None:
    outcome = read_outcomes(folder)["load"]
    rows = [("order network", tally(outcome.faults)), ("other", {"right": 60})]
    bars = comparison_figure(rows).data
    assert sum(int(bar.x[1]) for bar in bars) == 60
    assert [bar.name for bar in bars] == ["right", "uncertain", "wrong"]
    assert reliability_figure(outcome.honesty).data[1].y.tolist() == pytest.approx([0.4])
    assert np.allclose(coverage_figure(outcome.honesty).data[0].x, [0.5, 1.0])


def test_the_training_page_shows_networks_and_experts_side_by_side(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WEIGHTS_DIR", folder)
    monkeypatch.syspath_prepend(str(ROOT))
    app = AppTest.from_file(str(ROOT / "pages" / "training.py"), default_timeout=60)
    app.query_params["part"] = "Bearings never seen"
    app.run()
    assert not app.exception
    assert "experts with envelope methods could diagnose 44" in "\n".join(m.value for m in app.markdown)
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    words = [" ".join(a.get("text", "") for a in spec["layout"].get("annotations", [])) for spec in specs]
    assert any(
        all(name in text for name in ("order network", "waveform CNN", "experts", "Unseen bearings", "Unseen loads"))
        for text in words
    )
    (table,) = [d.value for d in app.dataframe if "Experts" in d.value.columns]
    assert len(table) == 64
    assert any("evaluate --model order" in caption.value for caption in app.caption)


def test_a_damaged_evaluation_does_not_take_the_page_with_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "evaluation_order.json").write_text("{")
    monkeypatch.setattr(files, "WEIGHTS_DIR", folder)
    monkeypatch.syspath_prepend(str(ROOT))
    app = AppTest.from_file(str(ROOT / "pages" / "training.py"), default_timeout=60).run()
    assert not app.exception
    assert any("What 100 % meant" in heading.value for heading in app.header)
    for part in ("Bearings never seen", "Asked wrongly"):
        app.query_params["part"] = part
        app.run()
        assert not app.exception
        assert any("evaluation_order.json is not valid JSON" in warning.value for warning in app.warning)
