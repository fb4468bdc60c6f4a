"""A machine judged against its own past: baseline, limits, persistence, hysteresis, on simulated histories."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from bearing.errors import ParameterError
from bearing.machines.limits.assess import assess
from bearing.machines.limits.by_hand import limits_of, with_zones
from bearing.machines.limits.rules import STRIKES, WORN, learning_count

N = 240


def life(seed: int, n: int = N, drift_db: float = 0.0, running_in_db: float = 0.0) -> np.ndarray:
    """RMS in dB of a sound machine: noise, a slow wander, a linear drift, and a level that falls at first."""
    rng = np.random.default_rng(seed)
    wander = np.convolve(rng.normal(size=n + 40), np.ones(40) / 40, "valid")[:n]
    at = np.arange(n)
    return 0.4 * rng.normal(size=n) + 2 * wander + drift_db * at / n + running_in_db * np.exp(-at / (0.1 * n)) - 10


def first(**values: np.ndarray) -> dict[str, int | None]:
    return assess(values).first


@pytest.mark.parametrize("seed", range(12))
def test_a_sound_machine_that_runs_in_and_drifts_never_alarms(seed: int) -> None:
    found = first(rms=life(seed, drift_db=1.5, running_in_db=4.0))
    assert found["alarm"] is None
    assert found["alert"] is None


@pytest.mark.parametrize("seed", range(6))
def test_single_outliers_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rms, kurtosis = life(seed), 10 + 0.3 * rng.normal(size=N)
    at = rng.choice(np.arange(0, N, 5), 12, replace=False)
    rms[at] += 15
    kurtosis[at] += 30
    found = first(rms=rms, kurtosis=kurtosis)
    assert found["alert"] is None


def test_a_growing_fault_is_watched_then_alerted_then_alarmed() -> None:
    rms = life(1)
    rms[120:] += np.linspace(0, 14, N - 120)
    found = first(rms=rms)
    assert found["watch"] is not None
    assert found["alert"] is not None
    assert found["alarm"] is not None
    assert 120 < found["watch"] <= found["alert"] < found["alarm"] < 190


def test_a_sudden_fault_is_alarmed_within_four_measurements() -> None:
    rms = life(2)
    rms[200:] += 15
    assert first(rms=rms)["alarm"] in (202, 203)


def test_the_state_of_a_measurement_does_not_depend_on_what_came_later() -> None:
    rms = life(3, running_in_db=3.0)
    rms[150:] += np.linspace(0, 10, N - 150)
    whole = assess({"rms": rms}).states
    so_far = assess({"rms": np.r_[rms[:200], np.full(N - 200, np.nan)]}).states
    assert whole[:200] == so_far[:200]


def test_states_do_not_flap_around_a_limit() -> None:
    rng = np.random.default_rng(4)
    rms = np.r_[life(4, 120), -10 + 3.0 + 0.6 * rng.normal(size=300)]
    states = assess({"rms": rms}).states
    assert sum(a != b for a, b in pairwise(states)) <= 5


def test_the_baseline_follows_running_in_and_stops_where_the_fault_begins() -> None:
    rms = life(5, running_in_db=6.0)
    rms[140:] += 8
    base = assess({"rms": rms}).baseline
    assert base is not None
    assert base.first > 15
    assert base.last < 140
    assert base.count >= learning_count(N)


def test_what_strikes_is_never_the_baseline() -> None:
    rms = life(6)
    rms[60:110] -= 2  # the quietest stretch, but something strikes in it
    striking = np.zeros(N, bool)
    striking[60:110] = True
    base = assess({"rms": rms}, striking=striking).baseline
    assert base is not None
    assert base.last < 60 or base.first >= 110


def test_another_speed_is_compared_with_itself() -> None:
    rpm = np.where(np.arange(N) // 6 % 2, 3000.0, 1500.0)
    rms = life(7) + np.where(rpm > 2000, 12.0, 0.0)
    found = assess({"rms": rms}, rpm=rpm)
    assert found.first["alert"] is None
    assert found.state == "ok"
    assert assess({"rms": rms + np.where(np.arange(N) > 180, 10.0, 0.0)}, rpm=rpm).state == "alarm"


def test_lines_alarm_only_where_they_stand_in_the_recording_itself() -> None:
    lines = 5 + np.random.default_rng(8).normal(size=N) * 0.7
    lines[150:] += 12
    values = {"rms": life(8), "line_outer_db": lines}
    assert assess(values, {"line_outer_db": np.zeros(N, bool)}).first["alarm"] is None
    standing = assess(values, {"line_outer_db": np.arange(N) >= 150})
    assert standing.first["alarm"] in range(151, 156)
    assert standing.cause == "line_outer_db"


def test_twelve_monthly_measurements_are_enough_to_find_a_fault() -> None:
    rng = np.random.default_rng(9)
    lines = 5 + 0.5 * rng.normal(size=12)
    lines[7:] += [3, 6, 9, 12, 14]
    found = assess({"rms": -10 + 0.3 * rng.normal(size=12), "line_outer_db": lines})
    assert found.first["alert"] in (8, 9)


def test_too_few_measurements_are_no_data_and_gaps_change_nothing() -> None:
    assert set(assess({"rms": life(10, 4)}).states) == {"no data"}
    rms = life(11)
    rms[100:105] = np.nan
    assert assess({"rms": rms}).states[100:105] == ("ok",) * 5


def test_a_baseline_by_hand_is_used_and_one_outside_is_refused() -> None:
    rms = life(12)
    rms[:60] += 8
    assert assess({"rms": rms}, baseline=(100, 140)).baseline.chosen == "by hand"  # type: ignore[union-attr]
    with pytest.raises(ParameterError, match="0 to 239"):
        assess({"rms": rms}, baseline=(200, 400))


def test_few_sound_lives_of_many_alarm() -> None:
    """The false-alarm rate that docs/machines.md states: lives of 200 to 1000 measurements with outliers and drift."""
    alarms = alerts = 0
    for seed in range(150):
        rng = np.random.default_rng(1000 + seed)
        n = int(rng.integers(200, 1000))
        rms = life(seed, n, drift_db=float(rng.uniform(-2, 2)), running_in_db=float(rng.uniform(-2, 5)))
        rms += np.where(rng.random(n) < 0.02, rng.uniform(3, 20, n), 0.0)  # outliers
        rms += np.where((np.arange(n) // 37) % 3 == 1, rng.uniform(0, 1.5), 0.0)  # load
        kurtosis = 10 + 0.5 * rng.standard_t(3, size=n)
        found = first(rms=rms, kurtosis=kurtosis)
        alarms += found["alarm"] is not None
        alerts += found["alert"] is not None
    assert alarms == 0
    assert alerts <= 15


def cells(seed: int, n: int = N, count: int = 60) -> np.ndarray:
    """Levels of lines in dB, each wandering by itself about a level of its own."""
    rng = np.random.default_rng(seed)
    return rng.uniform(2, 12, count) + 1.5 * rng.normal(size=(n, count))


def test_a_line_that_stood_from_the_first_day_is_no_change_and_one_that_rises_is() -> None:
    own = cells(1)
    own[:, 7] += 20
    assert assess({"rms": life(1)}, cells={"rise_comb_db": own}).first["alert"] is None
    own[150:, 20] += 8
    found = assess({"rms": life(1)}, cells={"rise_comb_db": own})
    assert found.first["alarm"] in range(150, 158)
    assert found.cause == "rise_comb_db"


def test_what_grows_slowly_is_seen_earlier_in_many_levels_than_in_the_highest_of_them() -> None:
    growing = cells(2)
    growing[120:, 3] += np.linspace(0, 30, N - 120)
    standing = {name: np.ones(N, bool) for name in ("rise_outer_db", "line_outer_db")}
    many = assess({"rms": life(2)}, standing, cells={"rise_outer_db": growing}).first["alarm"]
    highest = assess({"rms": life(2), "line_outer_db": growing.max(axis=1)}, standing).first["alarm"]
    assert many is not None
    assert highest is not None
    assert 120 < many < highest


def test_single_bursts_in_all_levels_and_recordings_without_them_change_nothing() -> None:
    levels = cells(3)
    levels[np.arange(10, N, 12)] += 15
    levels[60:64] = np.nan
    found = assess({"rms": life(3)}, cells={"rise_comb_db": levels})
    assert found.first["alert"] is None
    assert np.isnan(found.rises["rise_comb_db"][60:64]).all()
    assert len(found.rises["rise_comb_db"]) == N


def test_a_limit_set_by_hand_holds_whatever_the_baseline_and_is_left_below_three_quarters_of_it() -> None:
    kurtosis_db = np.zeros(60)
    kurtosis_db[20] = 20.0  # an outlier
    kurtosis_db[30:40] = 4.0  # less than the baseline's own alert
    values = {"rms": np.zeros(60), "kurtosis": kurtosis_db}
    found = assess(values, limits_by_hand={"kurtosis": (1.45, 9.0)})  # 3.2 dB, 19 dB
    assert found.first["alert"] == 31
    assert found.first["alarm"] is None
    assert found.causes["alert"] == "kurtosis"
    assert found.states[41] == "alert"
    assert found.states[-1] == "ok"
    assert assess(values).first["alert"] is None


def test_limits_are_read_as_they_are_written() -> None:
    assert limits_of("velocity_rms=2.8/4.5, rms=0.5") == {"velocity_rms": (2.8, 4.5), "rms": (0.5, None)}
    assert limits_of("iso=1/flexible") == {"velocity_rms": (7.1, 11.0)}
    assert limits_of(None) == limits_of(" ") == {}
    assert with_zones("rms=0.5, iso=2/rigid", "1", "flexible") == "rms=0.5,iso=1/flexible"


@pytest.mark.parametrize(
    "text",
    [
        "rms",
        "rms=",
        "rms=a",
        "rms=nan",
        "rms=1/0.5",
        "colour=3",
        "iso=3/rigid",
        "iso",
        "iso=2",
        "rms=-1",
        "rms=1e99",
        "rms=1,rms=2",
        "iso=2/rigid,velocity_rms=3",
    ],
)
def test_a_limit_that_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(ParameterError):
        limits_of(text)


def test_a_machine_in_which_something_strikes_is_never_ok_and_a_worn_baseline_is_told() -> None:
    striking = np.arange(N) >= 100
    striking[[20, 50]] = True  # once is nothing
    found = assess({"rms": life(13)}, striking=striking)
    assert found.first["watch"] in range(101, 105)
    assert found.state == "alert"  # it did not strike in the baseline
    assert set(assess({"rms": life(13)}, striking=np.ones(N, bool)).states[3:]) == {"watch"}
    worn = assess({"rms": life(13) + 9 * striking}, striking=striking, baseline=(120, 160))
    assert worn.state == "watch"
    assert worn.baseline is not None
    assert worn.baseline.striking == worn.baseline.count == 41
    assert worn.baseline.above_db > 8


def test_another_sampling_rate_is_compared_with_itself() -> None:
    rate_hz = np.where(np.arange(N) >= 150, 25_600.0, 12_000.0)
    rms = life(14) + np.where(rate_hz > 20_000, 5.0, 0.0)
    assert assess({"rms": rms}).first["alert"] is not None
    assert assess({"rms": rms}, rate_hz=rate_hz).first["alert"] is None


def test_an_end_that_comes_fast_is_alarmed_by_two_far_over_once_enough_are_over_the_alert() -> None:
    rms = life(15, 200)
    rms[-4:] = -10 + np.array([4.0, 5.0, 9.0, 12.0])
    assert assess({"rms": rms}).first["alarm"] == 199
    rms[-4:] = -10 + np.array([0.0, 0.0, 9.0, 12.0])  # two alone may be bursts
    assert assess({"rms": rms}).first["alarm"] is None


def test_what_strikes_anew_is_an_alert_and_what_comes_and_goes_is_watched() -> None:
    anew = np.arange(N) >= 150
    found = assess({"rms": life(16)}, striking=anew)
    assert found.first["alert"] in range(150, 156)
    assert found.cause == STRIKES
    standing = (np.arange(N) >= 150) & (np.arange(N) % 3 == 0)
    seldom = assess({"rms": life(16)}, standing=standing)
    assert seldom.first["watch"] in range(155, 170)
    assert seldom.first["alert"] is None
    always = assess({"rms": life(16)}, standing=np.arange(N) % 3 == 0)  # the machine's own
    assert always.first["watch"] is None


def test_a_speed_not_judged_yet_makes_no_state_flap_but_sound_is_not_carried_on_for_ever() -> None:
    rpm = np.where(np.arange(N) % 20 < 3, 1100.0, 1500.0)
    states = assess({"rms": life(17)}, rpm=rpm).states
    assert sum(a != b for a, b in pairwise(states)) == 1
    rpm = np.where(np.arange(N) < 220, 1500.0, 1100.0)
    assert assess({"rms": life(17)}, rpm=rpm).state == "no data"


def test_a_baseline_chosen_where_the_machine_was_far_over_its_quietest_time_makes_nothing_ok_there() -> None:
    rms = life(18)
    rms[120:] += 12
    found = assess({"rms": rms}, baseline=(130, 170))
    assert found.state == "watch"
    assert found.cause == WORN
    assert set(found.states[:115]) == {"ok"}
    assert assess({"rms": rms}, baseline=(20, 60)).state == "alarm"


def test_a_level_that_a_machine_had_when_it_was_new_is_an_alert_when_it_returns_and_no_alarm() -> None:
    rms = life(19)
    rms[:40] += 8
    rms[70:] += 8
    found = assess({"rms": rms})
    assert found.first["alert"] in range(70, 76)
    assert found.first["alarm"] is None
    rms[200:] += 5
    assert assess({"rms": rms}).first["alarm"] in range(200, 206)


def test_what_is_seen_at_one_speed_holds_for_a_few_measurements_at_another() -> None:
    rpm = np.where(np.arange(N) % 2, 3000.0, 1500.0)
    rms = life(20)
    rms[150::2] += 10  # at one of the two speeds only
    states = assess({"rms": rms}, rpm=rpm).states
    assert sum(a != b for a, b in pairwise(states)) <= 4
    assert set(states[165:]) == {"alarm"}
    rpm[200:] = 3000.0
    rms[200:] = life(20)[200:]
    assert assess({"rms": rms}, rpm=rpm).states[215] == "ok"


def test_a_level_that_jumps_alone_is_an_alert_and_an_alarm_once_it_is_higher_or_something_else_changes() -> None:
    rms, kurtosis = life(30), 9.5 + 0.2 * np.random.default_rng(30).normal(size=N)
    rms[120:] += 7
    found = first(rms=rms, kurtosis=kurtosis)
    assert found["alert"] in range(121, 125)
    assert found["alarm"] is None
    higher = rms.copy()
    higher[180:] += 3
    assert first(rms=higher, kurtosis=kurtosis)["alarm"] in range(180, 186)
    kurtosis[180:] += 6
    assert first(rms=rms, kurtosis=kurtosis)["alarm"] in range(181, 185)


def test_a_level_that_came_and_went_in_the_sound_time_is_usual_and_one_that_stayed_is_not() -> None:
    load = np.where(np.arange(N) // 7 % 3 == 0, 4.0, 0.0)
    found = assess({"rms": life(31) + load})
    assert found.first["alert"] is None
    base = found.limits["rms"]
    assert base.alert_db - base.baseline_db > 5
    stayed = life(31) + np.where(np.arange(N) >= 100, 4.0, 0.0)
    assert first(rms=stayed)["alert"] in range(100, 106)


def test_peaks_alone_never_alarm() -> None:
    peak = life(32)
    peak[150:] += 14
    found = first(rms=life(33), peak=peak)
    assert found["alert"] in range(150, 156)
    assert found["alarm"] is None
