"""Asking rightly, wrongly and nothing: the questions are what they claim, and answers are counted as what they are."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bearing.errors import ModelError
from bearing.figures.questions import ways_figure
from bearing.figures.test_set import HATCHED, WRONG
from bearing.files import WEIGHTS_DIR
from bearing.lab.order.examples import BEARINGS
from bearing.lab.order.questions import (
    Case,
    answer_of,
    asker,
    evaluate_questions,
    judge_of,
    no_vibration,
    pieces_of,
    questions_of,
    simulated_cases,
)
from bearing.recording import Recording
from bearing.results.questions import FILE, QUESTIONS, REFUSED, Tally, question_tables, read_questions, total
from bearing.rigs.adi_mfs import adi_bearing
from bearing.verdict.diagnosis import Bearing

NOISE = Recording(np.random.default_rng(0).standard_normal(24_000), 12_000.0, 1770.0)
CASE = Case("CWRU", "damaged", "outer", NOISE, Bearing("6205-2RS", BEARINGS["DE"]), "0.007")


def test_every_question_is_asked_once_and_only_the_first_is_right() -> None:
    asked = {question: (recording.shaft_rpm, bearing) for question, recording, bearing in questions_of(CASE)}
    assert tuple(asked) == QUESTIONS
    assert asked["right"] == (1770.0, CASE.bearing)
    assert asked["speed x0.90"][0] == pytest.approx(1593)
    assert asked["neither"] == (None, None)
    assert sum(known == asked["right"] for known in asked.values()) == 1


@pytest.mark.parametrize("own", [BEARINGS["DE"], BEARINGS["FE"], adi_bearing().orders])
def test_the_other_ball_bearing_is_really_another(own: object) -> None:
    case = Case("", "sound", "normal", NOISE, Bearing("own", own), "")  # type: ignore[arg-type]
    others = {question: bearing for question, _, bearing in questions_of(case)}
    for question in ("another ball bearing", "a roller bearing"):
        other = others[question]
        assert other is not None
        assert abs(other.orders.bpfo / case.bearing.orders.bpfo - 1) > 0.1


def test_a_part_is_right_or_wrong_and_everything_else_is_what_it_says() -> None:
    assert [answer_of(CASE, v) for v in ("outer", "inner", "normal", "impacts")] == [
        "right part",
        "wrong part",
        "normal",
        "impacts",
    ]


def test_pieces_are_the_middle_and_never_shorter_than_a_window() -> None:
    pieces = dict(pieces_of(NOISE))
    assert len(pieces[0.17].samples) == 2048
    assert len(pieces[1.0].samples) == 12_000
    np.testing.assert_array_equal(pieces[10.0].samples, NOISE.samples)


def test_what_cannot_be_diagnosed_is_refused_not_an_error() -> None:
    ask = asker(WEIGHTS_DIR)
    assert ask(Recording(np.zeros(100), 12_000.0, 1770.0), None) == REFUSED
    assert ask(Recording(no_vibration()["zeros"], 12_000.0, 1770.0), CASE.bearing) != "normal"


def test_simulated_machines_ail_and_their_bearings_are_sound() -> None:
    cases = list(simulated_cases())
    assert {case.truth for case in cases} == {"normal"}
    assert len({case.group for case in cases}) > 8
    assert set(Counter(case.group for case in cases).values()) == {6}


def test_weights_that_saw_the_bearing_may_not_judge_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"never saw 0\.007"):
        judge_of(WEIGHTS_DIR, tmp_path, "0.007")


def test_a_measurement_is_told_as_it_was_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two machines of a made-up collection, judged by one that calls everything an outer race."""
    import bearing.lab.order.questions as evaluation

    sound = Case("CWRU", "sound", "normal", NOISE, CASE.bearing, "0.007")
    monkeypatch.setattr(evaluation, "cwru_cases", lambda: iter([CASE, sound]))
    monkeypatch.setattr(evaluation, "judge_of", lambda *fold: lambda recording, bearing: "outer")
    result = evaluate_questions(collections=("cwru",))
    (tmp_path / FILE).write_text(json.dumps(result))
    tallies = read_questions(tmp_path)
    asked = [tally for tally in tallies if tally.part == "questions"]
    assert total(t for t in asked if t.damaged) == {"right part": len(QUESTIONS)}
    assert total(t for t in asked if not t.damaged) == {"wrong part": len(QUESTIONS)}
    assert len(result["mistakes"]) == len(QUESTIONS) + 6  # the sound one, every question and every piece
    table = question_tables(tallies)
    assert "| CWRU, asked wrongly (6) | 0 | 6 | 0 | 0 | 0 | 0 |" in table
    assert "| CWRU, asked wrongly (6) | 0 | 6 | 0 | 0 | 0 |" in table.split("sound machines")[1]


def test_a_damaged_evaluation_names_the_command(tmp_path: Path) -> None:
    assert read_questions(tmp_path) == ()
    (tmp_path / FILE).write_text('{"tallies": [{}]}')
    with pytest.raises(ModelError, match="--model verdict"):
        read_questions(tmp_path)


def test_the_picture_shows_every_answer_once() -> None:
    tallies = [
        Tally("questions", "CWRU", "damaged", "right", Counter({"right part": 3, "normal": 1})),
        Tally("questions", "CWRU", "damaged", "neither", Counter({"impacts": 4})),
        Tally("questions", "CWRU", "sound", "right", Counter({"normal": 2})),
    ]
    figure = ways_figure(tallies, damaged=True)
    shares = np.array([bar.x for bar in figure.data])
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert shares.shape[1] == 2
    assert {bar.name: list(bar.x) for bar in figure.data}["healthy"] == [0.25, 0.0]
    assert "asked nothing" in figure.layout.yaxis.ticktext


def test_what_is_wrong_is_drawn_in_its_colour_under_the_hatch() -> None:
    """A pattern that replaces the colour leaves white lines on white: the wrong ones would be invisible."""
    assert HATCHED["fillmode"] == "overlay"
    tallies = [Tally("questions", "CWRU", "damaged", "right", Counter({"normal": 1}))]
    (wrong,) = [bar for bar in ways_figure(tallies, damaged=True).data if bar.name == "healthy"]
    assert wrong.marker.color == WRONG
    assert wrong.marker.pattern.fillmode == "overlay"
