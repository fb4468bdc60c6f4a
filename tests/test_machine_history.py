"""A folder of recordings in, the history out: order, times, points, duplicates, the command line's contract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bearing.cli.main import main
from bearing.errors import ParameterError, SignalError, UnreadableFile
from bearing.figures.trend import history_figures, trend_figure
from bearing.machines.clock import natural_key, time_in_name, timeline
from bearing.machines.history import History, history_of_folder, history_of_measurements, with_verdicts
from bearing.machines.measure import Verdict, measure, resolves
from bearing.machines.verdicts import most_said
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.readers import read_bytes
from bearing.recording import Recording
from bearing.signal.indicators import velocity_rms
from bearing.verdict.asked.request import Request

BEARING = "6205-2RS"


def write(path: Path, impact_g: float, seed: int, seconds: float = 1.0, channels: int = 1) -> None:
    """One simulated recording: column 1 grows a fault of the outer race, the others stay sound."""
    columns = [
        simulate(
            SimulationConfig(
                state="outer" if impact_g and not c else "healthy", duration_s=seconds, impact_g=impact_g,
                seed=100 * seed + c, shaft_rpm=1772.0,
            )
        )
        for c in range(channels)
    ]  # fmt: skip
    names = ",".join(f"acc_{'xyz'[c]} [g]" for c in range(channels))
    head = f"# sampling_rate_hz: 12000\n# shaft_rpm: 1772\n{names}\n"
    path.write_text(head + "\n".join(",".join(f"{v:.5f}" for v in row) for row in zip(*columns, strict=True)) + "\n")


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve months of a fan, three channels; the outer race of the first begins to fail in July."""
    folder = tmp_path_factory.mktemp("fan")
    for month in range(1, 13):
        write(folder / f"fan_2025-{month:02d}-03.csv", max(0.0, 0.12 * (month - 6)), month, channels=3)
    (folder / "notes.txt").write_text("Bearing changed in December 2024.\n")
    (folder / "copy of june.csv").write_bytes((folder / "fan_2025-06-03.csv").read_bytes())
    return folder


def test_twelve_monthly_files_of_three_channels_become_three_points_with_dates(year: Path) -> None:
    history = history_of_folder(year, Request(bearing=BEARING))
    assert [p.name for p in history.points] == ["acc_x", "acc_y", "acc_z"]
    failing, *sound = history.points
    assert len(failing.measurements) == 12
    assert failing.time_source == "the files' names"
    assert failing.times[0] == "2025-01-03"
    assert failing.state in ("alert", "alarm")
    assert failing.verdict.verdict == "outer"
    alert = failing.assessment.first["alert"]
    assert alert is not None
    assert 6 <= alert <= 9
    assert [p.assessment.state for p in sound] == ["ok", "ok"]
    skipped = dict(history.skipped)
    assert set(skipped) == {"notes.txt", "copy of june.csv"}


def test_the_command_line_prints_the_contract(year: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["trend", str(year), "--json", "--bearing", BEARING, "--channel", "acc_x"])
    answer = json.loads(capsys.readouterr().out)
    assert code == 1
    assert set(answer) == {"points", "skipped"}
    (point,) = answer["points"]
    assert point["measurements"] == 12
    assert point["verdict"] == "outer"
    assert set(point["first"]) == {"watch", "alert", "alarm"}
    assert set(point["first"]["alert"]) == {"index", "file", "time"}
    assert point["first"]["watch"]["index"] <= point["first"]["alert"]["index"]
    assert point["series"]["file"][point["first"]["alert"]["index"]] == point["first"]["alert"]["file"]
    assert all(len(values) == 12 for values in point["series"].values())


def test_csv_has_a_row_per_measurement_and_html_needs_no_network(
    year: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["trend", str(year), "--csv", "--channel", "acc_y"])
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 13
    assert rows[0].startswith("point,index,file,time,state,verdict,rms")
    main(["trend", str(year), "--html", "--channel", "acc_x", "--bearing", BEARING])
    page = capsys.readouterr().out
    assert "<title>" in page
    assert 'src="http' not in page


def test_one_process_and_two_find_the_same(year: Path) -> None:
    one = history_of_folder(year, Request(bearing=BEARING), workers=1, verdicts=0)
    two = history_of_folder(year, Request(bearing=BEARING), workers=2, verdicts=0)
    assert one.as_dict() == two.as_dict()


def test_short_recordings_are_joined_and_the_verdict_says_how_many(tmp_path: Path) -> None:
    for i in range(24):
        write(tmp_path / f"snap_{i}.csv", 0.0, i, seconds=0.2)
    (point,) = history_of_folder(tmp_path, Request(bearing=BEARING)).points
    assert [m.file for m in point.measurements] == [f"snap_{i}.csv" for i in range(24)]
    assert all(m.joined == 4 for m in point.measurements)  # 5.9 turns each
    assert point.verdict.recordings == 12  # the last three joined ones
    assert point.verdict.verdict == "uncertain"
    assert "too few for a verdict; 4 in a row are joined: no lines rose" in point.verdict.reason
    assert all("line_outer_db" in m.values for m in point.measurements)


def test_figures_show_the_trend_and_the_waterfall(year: Path) -> None:
    figures = history_figures(history_of_folder(year, Request(bearing=BEARING, channel="acc_x"), verdicts=0))
    assert len(figures) == 2
    assert [trace.type for trace in list(figures.values())[1].data] == ["heatmap"]


def test_a_folder_that_is_none_and_a_baseline_that_is_none_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no folder"):
        history_of_folder(tmp_path / "nothing")
    with pytest.raises(UnreadableFile, match="is empty"):
        history_of_folder(tmp_path)
    write(tmp_path / "a.csv", 0.0, 1)
    with pytest.raises(ParameterError, match="catalogue"):
        history_of_folder(tmp_path, Request(bearing="no such bearing"))
    assert main(["trend", str(tmp_path), "--baseline", "ten"]) == 2


def test_stopping_keeps_what_is_done(year: Path) -> None:
    history = history_of_folder(year, Request(channel="acc_x"), progress=lambda done, total: done < 5, verdicts=0)
    assert sum(len(p.measurements) for p in history.points) <= 5


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("2004.02.12.10.32.39", "2004-02-12T10:32:39"),
        ("pump_2024-01-31_0830.csv", "2024-01-31T08:30:00"),
        ("20240131T083000.wav", "2024-01-31T08:30:00"),
        ("fan_2025-08.csv", "2025-08-01"),
        ("acc_00001.csv", ""),
        ("run20251301.csv", ""),
        ("pump 31.01.2025 08-30.csv", "2025-01-31T08:30:00"),
        ("pump 03.02.2025.csv", "2025-02-03"),
        ("pump 01-31-2025.csv", "2025-01-31"),
        ("pump 01-02-2025.csv", ""),  # either way
        ("Feb 03 2025 fan.csv", "2025-02-03"),
        ("fan_3-February-2025_0830.csv", "2025-02-03T08:30:00"),
        ("31012025.csv", "2025-01-31"),
        ("fan_Aug2025.csv", "2025-08-01"),
        ("deck 12 2025.csv", ""),
        ("1706690000.npy", "2024-01-31T08:33:20+00:00"),
    ],
)
def test_times_are_read_from_names(name: str, time: str) -> None:
    assert time_in_name(name) == time


def test_times_of_day_are_counted_on_over_midnight() -> None:
    line = timeline(["s_10", "s_2", "s_11"], ["00:10:00.0", "23:50:00.0", "00:20:00.0"])
    assert line.order == (1, 0, 2)
    assert line.times == ("day 1 23:50:00", "day 2 00:10:00", "day 2 00:20:00")
    assert line.days[2] == pytest.approx(0.5 / 24)
    assert natural_key("a10") > natural_key("a9")


def test_readers_tell_when_a_recording_began_and_keep_its_zone() -> None:
    rows = "\n".join(f"10,20,30,{40 * i},{0.1 * (-1) ** i},{0.2 * (-1) ** i}" for i in range(500))
    assert read_bytes(rows.encode(), "a.csv")[0].started == "10:20:30.000000"
    stamped = "time,acc\n" + "\n".join(f"2025-03-01T10:00:00.{i:03d}+02:00,{(-1) ** i}" for i in range(500))
    assert read_bytes(stamped.encode(), "b.csv")[0].started == "2025-03-01T10:00:00+02:00"
    headed = "# date: 2025-03-01 10:00:00\n# fs: 12000\nacc\n" + "\n".join(str((-1) ** i * 0.1) for i in range(500))
    assert read_bytes(headed.encode(), "c.csv")[0].started == "2025-03-01T10:00:00"


def test_velocity_of_a_sine_is_its_acceleration_over_its_angular_frequency() -> None:
    time_s = np.arange(24_000) / 12_000
    found = velocity_rms(np.sin(2 * np.pi * 100 * time_s), 12_000, (10, 1000))
    assert found == pytest.approx(1 / np.sqrt(2) / (2 * np.pi * 100), rel=1e-3)
    assert np.isnan(velocity_rms(np.ones(1000), 12_000, (10, 1000)))


def test_the_verdict_of_several_is_that_of_most() -> None:
    said = [Verdict("outer", 0.8, ""), Verdict("normal", 0.9, ""), Verdict("outer", 0.7, "")]
    assert most_said(said).verdict == "outer"
    assert most_said(said).recordings == 3
    assert most_said(said[:2]).verdict == "uncertain"


@pytest.mark.parametrize(
    ("names", "agreed"),
    [
        ("inner outer ball", "damaged"),
        ("inner impacts damaged", "damaged"),
        ("normal inner impacts", "impacts"),
        ("uncertain inner outer", "damaged"),
        ("normal normal inner", "uncertain"),
        ("normal normal uncertain", "normal"),
        ("uncertain normal inner", "uncertain"),
    ],
)
def test_recordings_that_disagree_say_what_most_agree_on_never_healthy_over_a_fault(names: str, agreed: str) -> None:
    assert most_said([Verdict(name, 0.9, "") for name in names.split()]).verdict == agreed


@pytest.fixture(scope="module")
def hundred() -> list[Recording]:
    """A hundred recordings of one machine, the outer race of which begins to fail at the sixtieth."""
    made = []
    for i in range(100):
        growing = 0.01 * max(0, i - 59)
        config = SimulationConfig(state="outer", duration_s=1.0, impact_g=growing, seed=i, shaft_rpm=1772.0)
        made.append(Recording(simulate(config), 12_000.0, 1772.0, "acc", f"m_{i}.npy", "g"))
    return made


def test_lines_are_followed_over_the_baselines_own(hundred: list[Recording]) -> None:
    request = Request(bearing=BEARING)
    assert request.named is not None
    (point,) = history_of_measurements([measure(r, request.named) for r in hundred], request).points
    rise = np.array(point.series("rise_outer_db"), dtype=float)
    assert np.isfinite(rise).all()
    assert np.quantile(rise[:60], 0.9) < 3 < 8 < rise[-1]
    assert rise[-1] > point.series("rise_inner_db")[-1] + 4  # type: ignore[operator]
    first = point.assessment.first["alarm"]
    assert first is not None
    assert 60 < first < 80
    assert point.assessment.causes["alarm"] == "rise_outer_db"


def test_without_a_bearing_the_comb_that_rises_is_followed(hundred: list[Recording]) -> None:
    (point,) = history_of_measurements([measure(r, None) for r in hundred]).points
    assert "rise_outer_db" not in point.as_dict()["series"]
    assert point.series("rise_comb_db")[-1] > 4  # type: ignore[operator]
    first = point.assessment.first["alert"]
    assert first is not None
    assert 60 < first < 85


def test_a_comb_is_heard_where_not_even_the_speed_is_known(tmp_path: Path) -> None:
    rows = "\n".join(
        f"{v:.5f}" for v in simulate(SimulationConfig(state="outer", duration_s=2.0, impact_g=1.0, shaft_rpm=1772.0))
    )
    (tmp_path / "a.csv").write_text(f"# sampling_rate_hz: 12000\nacc_x [g]\n{rows}\n")
    (point,) = history_of_folder(tmp_path, verdicts=0).points
    assert "comb" in point.measurements[0].lines_stand
    assert point.series("comb_hz")[0] == pytest.approx(3.585 * 1772 / 60, rel=0.01)


def test_what_single_recordings_leave_uncertain_is_damage_where_lines_rose_over_the_baseline(
    hundred: list[Recording],
) -> None:
    request = Request(bearing=BEARING)
    measured = [measure(r, request.named) for r in hundred]
    history = history_of_measurements(measured, request)
    (unsure,) = with_verdicts(history, lambda one: Verdict("uncertain", 0.5, "weak lines")).points
    assert unsure.verdict.verdict == "damaged"
    assert unsure.verdict.recordings == 3
    assert "the outer race rose by" in unsure.verdict.reason
    (missed,) = with_verdicts(history, lambda one: Verdict("normal", 0.9, "nothing stands")).points
    assert missed.verdict.verdict == "damaged"  # never sound while lines stand in alarm
    (named,) = with_verdicts(history, lambda one: Verdict("outer", 0.8, "It is.")).points
    assert named.verdict.verdict == "outer"
    assert named.verdict.confidence == 0.8
    assert "over the machine's own baseline" in named.verdict.reason
    (other,) = with_verdicts(history, lambda one: Verdict("inner", 0.8, "It is.")).points
    assert other.verdict.verdict == "inner"
    assert any("the outer race rose" in w for w in other.verdict.warnings)
    sound = history_of_measurements(measured[:60], request)
    (early,) = with_verdicts(sound, lambda one: Verdict("normal", 0.9, "")).points
    assert early.verdict.verdict == "normal"


def test_lines_that_rose_by_very_much_name_the_part(hundred: list[Recording]) -> None:
    request = Request(bearing=BEARING)
    measured = [measure(r, request.named) for r in hundred]
    for i in range(60, 100):
        config = SimulationConfig(state="outer", duration_s=1.0, impact_g=0.1 * (i - 59), seed=i, shaft_rpm=1772.0)
        loud = Recording(simulate(config), 12_000.0, 1772.0, "acc", f"m_{i}.npy", "g")
        measured[i] = measure(loud, request.named)
    (point,) = with_verdicts(history_of_measurements(measured, request)).points
    assert point.verdict.verdict == "outer"
    assert point.verdict.recordings == 3


@pytest.mark.parametrize("seconds", [0.2, 0.09])
def test_joined_recordings_name_damage_where_lines_rose_over_the_baseline(seconds: float) -> None:
    request, made = Request(bearing=BEARING), []
    for i in range(60):
        growing = 0.08 * max(0, i - 39)
        config = SimulationConfig(state="outer", duration_s=seconds, impact_g=growing, seed=i, shaft_rpm=1772.0)
        made.append(measure(Recording(simulate(config), 12_000.0, 1772.0, "acc", f"m_{i}.npy", "g"), request.named))
    assert request.named is not None
    assert resolves(made[0].turns, request.named.orders) == (seconds > 0.1)
    (point,) = with_verdicts(history_of_measurements(made, request)).points
    assert point.state == "alarm"
    assert point.verdict.verdict in ("damaged", "outer")
    assert point.verdict.recordings == 3 * point.measurements[-1].joined
    assert "over the machine's own baseline" in point.verdict.reason


def test_which_of_day_and_month_comes_first_is_told_by_all_names_or_not_guessed() -> None:
    line = timeline(["a 01-02-2025", "a 13-01-2025", "a 05-01-2025"], [""] * 3)
    assert line.times == ("2025-01-05", "2025-01-13", "2025-02-01")
    unknown = timeline(["a 01-02-2025", "a 05-01-2025"], [""] * 2)
    assert unknown.times == ("", "")
    assert "whether day or month comes first" in unknown.source


def test_an_order_that_is_a_guess_is_told(hundred: list[Recording]) -> None:
    names = ["a 2025-01-03.csv", "a 2025-01-04.csv", "b.csv"]
    found = [replace(measure(r, None), file=n, sha256=n) for r, n in zip(hundred, names, strict=False)]
    (point,) = history_of_measurements(found).points
    assert "is a guess, the order of the files' names (2 of 3 tell a date)" in point.cautions[0]
    assert history_of_measurements(found[:2]).points[0].cautions == ()


def test_levels_in_another_unit_of_the_same_are_no_change(hundred: list[Recording]) -> None:
    made = [replace(r, samples=r.samples * 9.80665, unit="m/s2") if i >= 20 else r for i, r in enumerate(hundred[:40])]
    (point,) = history_of_measurements([measure(r, None) for r in made]).points
    assert point.state == "ok"
    assert point.unit_of("rms") == "m/s²"
    assert point.series("rms")[0] == pytest.approx(9.80665 * np.sqrt(np.mean(made[0].samples ** 2)), rel=0.01)


def test_numbers_no_sensor_delivers_are_refused_and_do_not_end_a_history() -> None:
    with pytest.raises(SignalError, match="no sensor delivers"):
        measure(Recording(np.resize([1e101, -1e101], 4_000), 12_000.0, 1772.0), None)


def levels(values: Sequence[float]) -> History:
    """The history of recordings of noise at such levels."""
    rng = np.random.default_rng(5)
    found = []
    for i, level in enumerate(values):
        noise = level * rng.normal(size=600)
        found.append(replace(measure(Recording(noise, 12_000.0, channel="x"), None), sha256=str(i), file=f"{i:03d}"))
    return with_verdicts(history_of_measurements(found), lambda one: Verdict("normal", 0.9, f"of {one.file}"))


@pytest.mark.parametrize("still", [range(5), range(20, 32), range(38, 40), range(0, 40, 3)])
def test_a_machine_that_stands_still_is_neither_baseline_nor_change_nor_asked(still: Sequence[int]) -> None:
    (point,) = levels([0.001 if i in still else 1.0 for i in range(40)]).points
    assert {point.assessment.states[i] for i in range(14, 40)} == {"ok"}
    assert [i for i, m in enumerate(point.measurements) if m.still] == list(still)
    asked = [i for i, m in enumerate(point.measurements) if m.verdict is not None]
    assert asked == [i for i in range(40) if i not in still][-3:]
    assert point.verdict.verdict == "normal"
    assert any("stood still" in sentence for sentence in point.cautions)


def test_a_machine_that_breaks_at_once_did_not_stand_still_before() -> None:
    (point,) = levels([1.0] * 34 + [30.0] * 6).points
    assert not any(m.still for m in point.measurements)
    assert point.state == "alarm"


def test_a_last_measurement_that_leaps_alone_is_watched_and_asked_for_again() -> None:
    (point,) = levels([1.0] * 39 + [4.0]).points
    assert point.state == "watch"
    assert "measure again" in point.reason
    assert point.indicator == "rms"


def test_numbered_files_whose_clock_was_set_back_stay_in_the_order_of_their_numbers() -> None:
    names = [f"log_{i}.csv" for i in range(8, 48)]
    days = [f"2025-01-{1 + i % 28:02d}T08:00:00" for i in range(28)] + [
        f"2000-01-{1 + i:02d}T00:00:00" for i in range(12)
    ]
    found = timeline(names, days)
    assert found.order == tuple(range(40))
    assert "step back once" in found.source
    assert found.days[27] == found.days[28] == 27
    assert found.days[-1] == 38
    other = timeline([f"{'ab'[i < 28]}_{i}.csv" for i in range(40)], days)
    assert other.source == "the files' own clocks"
    assert other.order[0] == 28


@pytest.mark.parametrize("set_by_hand", [None, {"rms": (1.5, 1.501)}])
@pytest.mark.parametrize("last", [1.0, 40.0])  # on a linear and on a logarithmic axis
def test_names_of_limits_that_lie_close_are_on_either_side_of_their_lines(
    set_by_hand: dict[str, tuple[float | None, float | None]] | None, last: float
) -> None:
    found = [m for p in levels([1.0] * 30 + [last] * 10).points for m in p.measurements]
    (point,) = history_of_measurements(found, limits=set_by_hand).points
    figure = trend_figure(point, "rms")
    lines = {shape.line.dash: [] for shape in figure.layout.shapes if shape.type == "line"}
    for shape in figure.layout.shapes:
        if shape.type == "line" and shape.y0 == shape.y1:
            lines[shape.line.dash].append(shape.y0)
    alert, alarm = lines["dash"]
    assert alert < alarm
    names = {a.text: a for a in figure.layout.annotations}
    at = {"alert": alert, "alarm": alarm}
    if set_by_hand:
        assert lines["dashdot"] == [1.5, 1.501]
        at |= {"alert, set": 1.5, "alarm, set": 1.501}
    assert set(names) == set(at)
    for text, a in names.items():
        assert a.yanchor == ("bottom" if text.startswith("alarm") else "top")
        assert (a.x, a.xanchor) == ((1.0, "right") if text.endswith("set") else (0.0, "left"))
        assert a.y == pytest.approx(np.log10(at[text]) if last > 1 else at[text])
    assert not figure.layout.yaxis.automargin  # plotly would draw it twice
