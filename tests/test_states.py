"""Every state a verdict can name has a title, a colour, a marker, an icon; nothing else keeps a list of its own."""

from __future__ import annotations

from typing import get_args

from bearing.cli.diagnose import exit_code
from bearing.figures import test_set
from bearing.figures.looks import LOOKS, MACHINE_LOOKS
from bearing.figures.verdicts import SHORT
from bearing.lab.waveform.network import CLASSES as WINDOW_CLASSES
from bearing.models.order import CLASSES as ORDER_CLASSES
from bearing.models.waveform import load_predictor
from bearing.results.verdict import RecordingVerdict, read_outcomes, tally
from bearing.states import CLASSES, FAMILIES, FAULTS, LABELS, MACHINE_STATES, STATES, MachineState, State
from bearing.verdict import fusion
from pages._show import GLYPH, STATE_COLOUR


def test_every_state_can_be_shown_everywhere_and_no_two_look_alike() -> None:
    for table in (STATES, LOOKS, STATE_COLOUR, GLYPH, SHORT, test_set.SHORT):
        assert set(table) == set(get_args(State))
        assert len(set(table.values())) == len(table)
    for looks in ([look.colour for look in LOOKS.values()], [look.symbol for look in LOOKS.values()]):
        assert len(set(looks)) == len(looks)
    assert len({s.title for s in STATES.values()}) == len(STATES)


def test_every_state_of_a_machine_has_a_look_of_its_own() -> None:
    assert list(MACHINE_STATES) == list(MACHINE_LOOKS) == list(get_args(MachineState))
    assert len(set(MACHINE_LOOKS.values())) == len(MACHINE_LOOKS)


def test_the_orders_hold_the_same_states() -> None:
    assert set(LABELS) == set(CLASSES) == set(WINDOW_CLASSES) == {"normal", *FAMILIES}
    assert ORDER_CLASSES == fusion.STATES == CLASSES
    assert load_predictor().classes == WINDOW_CLASSES
    assert set(FAMILIES) < set(FAULTS) < set(STATES)


def test_what_is_damaged_or_strikes_is_never_reported_as_sound() -> None:
    assert {name: exit_code([name]) for name in STATES} == {
        "normal": 0, "inner": 1, "outer": 1, "ball": 1, "damaged": 1, "impacts": 1, "uncertain": 3,
    }  # fmt: skip


def test_a_verdict_is_wrong_where_the_evaluation_counts_its_statement_wrong() -> None:
    def outcome(truth: str, verdict: str) -> str:
        return RecordingVerdict(105, "DE", "fault", truth, verdict, "inner", 0.5, "Y1", {}).outcome

    assert [outcome("inner", v) for v in ("inner", "damaged", "impacts", "uncertain", "outer")] == [
        "right", "uncertain", "wrong", "uncertain", "wrong",
    ]  # fmt: skip
    assert [outcome("normal", v) for v in ("damaged", "impacts", "inner")] == ["wrong", "uncertain", "wrong"]
    for one in read_outcomes().values():
        assert tally(one.judged)["wrong"] == one.summary["wrong_of_given"]
