"""One verdict from the network and the guard, and the numbers behind it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bearing.errors import ModelError
from bearing.verdict.calibration import (
    Answers,
    expected_calibration_error,
    fit_calibration,
    reliability_bins,
    right_of,
    unit_weights,
)
from bearing.verdict.fusion import KINDS, NOWHERE, STATES, Calibration, Count, fuse, kinds_of

CALIBRATION = Calibration(
    part_from=0.6,
    part_sure_from=0.9,
    normal_from=0.5,
    elsewhere_from=0.4,
    damaged_below=0.2,
    counts={"part sure": Count(40, 0, 18), "normal": Count(30, 3, 10)},
)
VERDICTS = {*STATES, "damaged", "impacts", "uncertain"}


def opinion(state: str, p: float) -> dict[str, float]:
    """Probability `p` for one state, the rest shared by the others."""
    return {name: p if name == state else (1 - p) / 3 for name in STATES}


def simulated_answers(count: int = 800, seed: int = 3) -> Answers:
    """A network that is right as often as it says, on bearings of eight recordings; one in five strikes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, count)
    sure = rng.uniform(0.3, 0.99, count)
    said = np.where(rng.random(count) < sure, truth, (truth + rng.integers(1, 4, count)) % 4)
    p = np.repeat((1 - sure)[:, None] / 3, 4, axis=1)
    p[np.arange(count), said] = sure
    elsewhere = np.where((truth > 0)[:, None], p[:, [3, 1, 2, 0]], NOWHERE)  # another bearing may show it, too
    units = np.array([f"bearing {i // 8}" for i in range(count)])
    return Answers(p, rng.random(count) < 0.2, elsewhere, truth, units)


@pytest.mark.parametrize("state", STATES)
def test_a_clear_answer_on_a_quiet_machine_is_the_verdict(state: str) -> None:
    verdict = fuse(opinion(state, 0.95), False, CALIBRATION)
    assert verdict.verdict == verdict.best_guess == state


def test_nothing_that_strikes_is_called_healthy() -> None:
    assert fuse(opinion("normal", 0.99), True, CALIBRATION).verdict == "impacts"
    assert fuse(opinion("normal", 0.99), False, CALIBRATION).verdict == "normal"


def test_damage_without_a_part_is_told_as_damage() -> None:
    split = {"normal": 0.1, "outer": 0.45, "inner": 0.40, "ball": 0.05}
    assert fuse(split, True, CALIBRATION).verdict == "damaged"
    assert fuse(split, False, CALIBRATION).verdict == "uncertain"  # nothing strikes: no alarm


def test_no_evidence_is_uncertain() -> None:
    assert fuse(dict.fromkeys(STATES, 0.25), False, CALIBRATION).verdict == "uncertain"


def test_what_forbids_a_verdict_leaves_only_what_strikes() -> None:
    assert fuse(opinion("inner", 0.99), False, CALIBRATION, ["the speed is a guess"]).verdict == "uncertain"
    assert fuse(opinion("inner", 0.99), True, CALIBRATION, ["the speed is a guess"]).verdict == "impacts"


def test_what_forbids_health_forbids_nothing_else() -> None:
    assert fuse(opinion("normal", 0.99), False, CALIBRATION, normal_held_back=["hidden"]).verdict == "uncertain"
    assert fuse(opinion("inner", 0.99), False, CALIBRATION, normal_held_back=["hidden"]).verdict == "inner"


@pytest.mark.parametrize(
    ("elsewhere", "verdict"),
    [
        ((0.8, 0.1, 0.05, 0.05), "normal"),
        ((0.3, 0.5, 0.1, 0.1), "uncertain"),  # something may stand there
        ((0.02, 0.95, 0.02, 0.01), "impacts"),  # something surely does
    ],
)
def test_what_another_bearing_would_show_forbids_health(elsewhere: tuple[float, ...], verdict: str) -> None:
    told = fuse(opinion("normal", 0.99), False, CALIBRATION, elsewhere=np.array(elsewhere))
    assert told.verdict == verdict
    held = fuse(opinion("normal", 0.99), False, CALIBRATION, ["no bearing"], elsewhere=np.array(elsewhere))
    assert held.verdict == ("uncertain" if verdict == "normal" else verdict)


def test_what_another_bearing_would_show_takes_no_part_away() -> None:
    told = fuse(opinion("inner", 0.95), False, CALIBRATION, elsewhere=np.array([0.01, 0.97, 0.01, 0.01]))
    assert told.verdict == "inner"


def test_a_confidence_is_what_was_counted() -> None:
    assert fuse(opinion("outer", 0.95), False, CALIBRATION).confidence == pytest.approx(18.5 / 19)
    assert fuse(opinion("normal", 0.6), False, CALIBRATION).confidence == pytest.approx(9.5 / 11)
    assert fuse(opinion("outer", 0.95), False, CALIBRATION, ceiling=0.7).confidence == pytest.approx(0.7)
    assert Count().confidence == pytest.approx(0.5)


def test_a_network_that_knows_the_machine_is_heard() -> None:
    doubtful = {"normal": 0.3, "outer": 0.4, "inner": 0.2, "ball": 0.1}
    assert fuse(doubtful, False, CALIBRATION).verdict == "uncertain"
    assert fuse(doubtful, False, CALIBRATION, memory=opinion("outer", 0.97)).verdict == "outer"


@given(st.lists(st.floats(0.001, 1), min_size=4, max_size=4), st.booleans(), st.booleans())
def test_every_answer_is_one_of_seven(numbers: list[float], loud: bool, held: bool) -> None:
    p = dict(zip(STATES, np.array(numbers) / sum(numbers), strict=True))
    verdict = fuse(p, loud, CALIBRATION, ["held"] if held else [])
    assert verdict.verdict in VERDICTS
    assert 0 < verdict.confidence < 1
    assert not (loud and verdict.verdict == "normal")


def test_the_vector_and_the_single_form_agree() -> None:
    rng = np.random.default_rng(0)
    p, loud = rng.dirichlet(np.ones(4) * 0.5, 60), rng.random(60) < 0.5
    elsewhere = rng.dirichlet(np.ones(4) * 0.5, 60)
    kinds = kinds_of(p, loud, elsewhere, CALIBRATION)
    assert set(kinds) <= set(KINDS)
    for i in range(60):
        network = dict(zip(STATES, p[i], strict=True))
        assert fuse(network, bool(loud[i]), CALIBRATION, elsewhere=elsewhere[i]).kind == kinds[i]


def test_thresholds_keep_their_promises() -> None:
    answers = simulated_answers()
    fitted = fit_calibration(answers)
    kinds = kinds_of(answers.p, answers.excess, answers.elsewhere, fitted)
    right = right_of(answers, kinds)
    named = np.char.startswith(kinds, "part")
    assert right[named].mean() >= 0.94
    assert right[kinds == "part sure"].all()
    sound = answers.truth == 0
    missed = np.char.startswith(kinds, "normal") & ~sound
    weights = unit_weights(answers.units)
    assert weights[missed].sum() <= 0.05 * weights[~sound].sum()
    assert (named & sound).sum() <= 0.01 * sound.sum()


def test_what_is_counted_adds_up() -> None:
    answers = simulated_answers(400, 5)
    fitted = fit_calibration(answers)
    assert sum(count.told for count in fitted.counts.values()) == 400
    for count in fitted.counts.values():
        assert 0 <= count.wrong <= count.told
        assert count.bearings <= count.told
        assert 0 < count.confidence < 1


def test_a_confidence_is_the_share_that_was_right_as_far_as_the_bearings_allow() -> None:
    assert Count().confidence == 0.5
    assert Count(told=100, wrong=0, bearings=8).confidence == pytest.approx(8.5 / 9)
    assert Count(told=100, wrong=50, bearings=8).confidence == pytest.approx(0.5)
    assert Count(told=100, wrong=10, bearings=2).confidence < Count(told=100, wrong=10, bearings=20).confidence < 0.9


def test_an_uncertain_verdict_is_as_sure_as_its_kind_of_guess() -> None:
    p = np.array([[0.45, 0.35, 0.1, 0.1], [0.35, 0.45, 0.1, 0.1]])
    assert kinds_of(p, np.array([False, False]), np.tile(NOWHERE, (2, 1)), CALIBRATION).tolist() == [
        "uncertain",
        "uncertain part",
    ]
    assert fuse(dict(zip(STATES, p[1], strict=True)), False, CALIBRATION).verdict == "uncertain"


def test_what_strikes_and_may_be_this_bearing_is_counted_apart() -> None:
    p = np.array([[0.6, 0.2, 0.1, 0.1], [0.35, 0.05, 0.05, 0.55]])
    loud = np.array([1.4, 1.4])
    assert kinds_of(p, loud, np.tile(NOWHERE, (2, 1)), CALIBRATION).tolist() == ["impacts", "impacts part"]
    told = fuse(dict(zip(STATES, p[1], strict=True)), 1.4, CALIBRATION)
    assert (told.verdict, told.best_guess) == ("impacts", "ball")


def test_every_bearing_weighs_the_same() -> None:
    weights = unit_weights(np.array(["a", "a", "a", "b"]))
    assert weights[:3].sum() == pytest.approx(weights[3])
    assert weights.mean() == pytest.approx(1.0)


def test_calibration_error_of_perfect_and_of_boastful_confidence() -> None:
    right = np.array([True] * 8 + [False] * 2)
    assert expected_calibration_error(np.full(10, 0.8), right) == pytest.approx(0.0)
    assert expected_calibration_error(np.full(10, 0.99), right) == pytest.approx(0.19)
    assert sum(row["n"] for row in reliability_bins(np.full(10, 0.8), right)) == 10


def test_the_card_round_trip() -> None:
    assert Calibration.from_card({"calibration": CALIBRATION.as_dict()}) == CALIBRATION


def test_a_card_for_another_rule_is_refused() -> None:
    with pytest.raises(ModelError, match="not what this program knows"):
        Calibration.from_card({"calibration": {"temperature": 1.0, "counts": {}}})
