"""What the evaluations left, read back; filters; the figures; a training in a child process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bearing.cwru.registry import drive_end_entries
from bearing.errors import ModelError, ParameterError
from bearing.figures.test_set import confusion_figure, map_figure, window_figure
from bearing.figures.training import curves_figure, kernels_figure, network_figure, protocols_figure
from bearing.files import WEIGHTS_DIR
from bearing.lab.settings import Settings
from bearing.lab.waveform import live as live_training
from bearing.lab.waveform.live import Plan, TrainingBusy, read_progress
from bearing.models.cards import read_json
from bearing.results.metrics import Epoch, classification_metrics, confusion_matrix, metrics_from
from bearing.results.waveform import (
    OTHER_MACHINE,
    PROTOCOLS,
    Result,
    constant_answer,
    filter_windows,
    most_telling,
    read_all_results,
    read_history,
    read_kernels,
    read_predictions,
    read_result,
    read_results,
    resampled_recording,
    window_facts,
)
from bearing.states import LABELS


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return read_results()


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The hardest question: wrong and right windows of every class, four folds."""
    return read_predictions(read_result("fault-size"))


# ---- the committed evaluations ---------------------------------------------------------------------------------------


def test_all_four_protocols_are_committed(results: dict[str, Result]) -> None:
    assert list(results) == list(PROTOCOLS)


@pytest.mark.parametrize("key", [*PROTOCOLS, OTHER_MACHINE.key])
def test_the_committed_metrics_are_those_of_the_committed_predictions(key: str) -> None:
    result = read_result(key)
    rows = read_predictions(result)
    again = classification_metrics(rows["truth"].tolist(), rows["prediction"].tolist(), LABELS)
    assert again.confusion == result.windows.confusion
    assert again.as_dict() == result.windows.as_dict()
    assert set(result.folds) == set(rows["fold"])
    for name, metrics in result.folds.items():
        assert metrics.accuracy == pytest.approx(rows[rows["fold"] == name]["right"].mean(), abs=1e-6)


@pytest.mark.parametrize("key", [*PROTOCOLS, OTHER_MACHINE.key])
def test_a_prediction_is_its_largest_probability(key: str) -> None:
    rows = read_predictions(read_result(key))
    probabilities = rows[[f"p_{name}" for name in LABELS]].to_numpy()
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert [LABELS[i] for i in probabilities.argmax(axis=1)] == rows["prediction"].tolist()


def test_what_is_held_out_is_not_trained_on() -> None:
    """In the fold of a fault size there is that size alone; a load's fold has that load alone."""
    sizes = read_predictions(read_result("fault-size"))
    for name, rows in sizes.groupby("fold", observed=True):
        assert {f"{d:.3f}" for d in rows["fault_diameter_in"].dropna()} == {str(name).split()[2]}
    loads = read_predictions(read_result("load"))
    for name, rows in loads.groupby("fold", observed=True):
        assert set(rows["load_hp"]) == {int(str(name).split()[1])}


@pytest.mark.recordings
def test_the_random_protocol_comes_out_again_on_real_recordings(recordings_dir: Path) -> None:
    """`python -m bearing evaluate --protocol random`, from recordings and committed weights to the committed JSON."""
    from bearing.cwru.dataset import window_set
    from bearing.lab.waveform.evaluation import evaluate

    committed = read_result("random")
    rows = read_predictions(committed)
    again = evaluate(window_set(), "random")
    assert again.metrics.as_dict() == committed.windows.as_dict()
    assert again.recordings.as_dict() == committed.recordings.as_dict()
    assert again.predictions["recording"].tolist() == rows["recording"].tolist()
    assert np.allclose(again.predictions["confidence"], rows["confidence"], atol=1e-4)
    assert np.allclose(again.predictions["map_x"], rows["map_x"], atol=2e-3)


@pytest.mark.recordings
def test_what_evaluate_writes_is_what_the_pages_read(recordings_dir: Path, tmp_path: Path) -> None:
    """One epoch per fold on a quarter of the recordings, into another folder."""
    pytest.importorskip("torch")
    from bearing.cwru.dataset import window_set
    from bearing.lab.waveform.evaluation import evaluate, save_evaluation

    data = window_set([e for e in drive_end_entries() if e.number <= 133])
    settings = Settings(epochs=1)
    told: list[tuple[str, int, int]] = []
    written = evaluate(data, "load", settings, report=lambda *step: told.append(step))
    assert told == [("load", fold + 1, 4) for fold in range(4)]
    save_evaluation(written, tmp_path, settings)
    result = read_result("load", tmp_path)
    assert result.windows.as_dict() == written.metrics.as_dict()
    assert set(result.histories) == set(result.folds) == {f"load {hp} hp" for hp in range(4)}
    for epochs in result.histories.values():
        assert [e.epoch for e in epochs] == [1]
    assert len(read_predictions(result, tmp_path)) == len(data) == result.windows.n


def test_another_machine_is_measured_by_the_names_of_its_files(tmp_path: Path) -> None:
    from scipy.io import savemat

    from bearing.lab.waveform.evaluation import evaluate_other_machine, save_evaluation

    with pytest.raises(ParameterError, match="BEARING_OTHER_DIR"):
        evaluate_other_machine(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("IR2_600", "OR5_1200", "Normal_900", "unlike_1"):
        savemat(tmp_path / f"{name}.mat", {"z": rng.normal(size=(51_200, 1))})
    found = evaluate_other_machine(tmp_path)
    truth = found.predictions.groupby("recording")["truth"].first()
    assert truth.to_dict() == {"IR2_600": "inner", "OR5_1200": "outer", "Normal_900": "normal"}
    assert found.metrics.n == 3 * 5  # whole windows of 2048 in 12,000 samples
    assert set(found.data_sha256) == {"IR2_600.mat", "OR5_1200.mat", "Normal_900.mat"}
    save_evaluation(found, tmp_path)
    result = read_all_results(tmp_path)[OTHER_MACHINE.key]
    assert result.recordings.as_dict() == found.recordings.as_dict()
    assert len(read_predictions(result, tmp_path)) == 15


@pytest.mark.recordings
def test_a_window_of_the_table_is_found_again_in_its_recording(recordings_dir: Path, table: pd.DataFrame) -> None:
    from bearing.signal.indicators import indicators

    for row in (5, 1500, 3600):
        facts = window_facts(table, row)
        samples = resampled_recording(facts.recording)[facts.start_sample : facts.start_sample + 2048]
        assert indicators(samples).rms == pytest.approx(facts.indicators.rms, rel=1e-3)
        assert indicators(samples).kurtosis == pytest.approx(facts.indicators.kurtosis, rel=1e-3)


# ---- reading ---------------------------------------------------------------------------------------------------------


def test_missing_and_damaged_files_say_which_command_makes_them(tmp_path: Path) -> None:
    assert read_results(tmp_path) == {}
    with pytest.raises(ModelError, match="evaluate --protocol load"):
        read_result("load", tmp_path)
    (tmp_path / "evaluation_load.json").write_text("{not json")
    with pytest.raises(ModelError, match="not valid JSON"):
        read_result("load", tmp_path)
    (tmp_path / "evaluation_load.json").write_text("{}")
    with pytest.raises(ModelError, match="lacks 'command'"):
        read_result("load", tmp_path)
    with pytest.raises(ModelError, match="python -m bearing train"):
        read_history(tmp_path)
    with pytest.raises(ParameterError, match="Unknown protocol 'size'"):
        read_result("size", tmp_path)


def test_a_table_that_is_not_the_evaluated_one_is_refused(tmp_path: Path) -> None:
    result = read_result("random")
    with pytest.raises(ModelError, match="missing"):
        read_predictions(result, tmp_path)
    table = (WEIGHTS_DIR / result.predictions_file).read_text()
    (tmp_path / result.predictions_file).write_text(table.replace("normal", "ball", 1))
    with pytest.raises(ModelError, match="sha256 differs"):
        read_predictions(result, tmp_path)


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=60))
def test_metrics_survive_json(pairs: list[tuple[str, str]]) -> None:
    truths, answers = zip(*pairs, strict=True)
    metrics = classification_metrics(truths, answers, LABELS)
    assert metrics_from(json.loads(json.dumps(metrics.as_dict()))).as_dict() == metrics.as_dict()
    name, share = constant_answer(metrics)
    assert share == pytest.approx(max(truths.count(label) for label in LABELS) / len(truths))
    assert truths.count(name) == max(truths.count(label) for label in LABELS)


# ---- filters ---------------------------------------------------------------------------------------------------------

choices = st.fixed_dictionaries(
    {
        "truths": st.lists(st.sampled_from(LABELS), unique=True).map(tuple),
        "predictions": st.lists(st.sampled_from(LABELS), unique=True).map(tuple),
        "loads_hp": st.lists(st.integers(0, 3), unique=True).map(tuple),
        "diameters_in": st.lists(st.sampled_from([0.0, 0.007, 0.014, 0.021, 0.028]), unique=True).map(tuple),
        "wrong_only": st.booleans(),
    }
)


@given(choices)
def test_a_filter_keeps_exactly_the_rows_that_meet_it(table: pd.DataFrame, wanted: dict) -> None:
    kept = filter_windows(table, **wanted)
    left_out = table.drop(kept.index)

    def meets(row: pd.Series) -> bool:
        size = 0.0 if np.isnan(row.fault_diameter_in) else round(float(row.fault_diameter_in), 3)
        return (
            (not wanted["truths"] or row.truth in wanted["truths"])
            and (not wanted["predictions"] or row.prediction in wanted["predictions"])
            and (not wanted["loads_hp"] or row.load_hp in wanted["loads_hp"])
            and (not wanted["diameters_in"] or size in wanted["diameters_in"])
            and (not wanted["wrong_only"] or row.truth != row.prediction)
        )

    assert all(meets(row) for row in kept.iloc[::97].itertuples())
    assert not any(meets(row) for row in left_out.iloc[::97].itertuples())
    assert len(kept) + len(left_out) == len(table)


def test_cells_of_the_confusion_matrix_hold_its_counts(table: pd.DataFrame) -> None:
    counts = confusion_matrix(table["truth"].tolist(), table["prediction"].tolist(), LABELS)
    for i, truth in enumerate(LABELS):
        for j, answer in enumerate(LABELS):
            assert len(filter_windows(table, truths=(truth,), predictions=(answer,))) == counts[i, j]


def test_the_most_telling_window(table: pd.DataFrame) -> None:
    row = most_telling(table)
    assert row is not None
    shown = window_facts(table, row)
    assert not shown.right
    assert shown.confidence == pytest.approx(table[~table["right"]]["confidence"].max())
    right = table[table["right"]]
    assert table.loc[most_telling(right), "confidence"] == right["confidence"].min()
    assert most_telling(table[:0]) is None
    with pytest.raises(ParameterError, match="no row 99999"):
        window_facts(table, 99999)


# ---- figures ---------------------------------------------------------------------------------------------------------


def drawn(figure: object) -> dict:
    """The figure as the browser gets it."""
    return json.loads(figure.to_json())  # type: ignore[attr-defined]


def test_the_map_draws_every_window_once_in_short_floats(table: pd.DataFrame) -> None:
    figure = map_figure(table, marked=7)
    points = [t for t in figure.data if t.customdata is not None]
    rows = np.concatenate([t.customdata[:, 0] for t in points]).astype(int)
    assert sorted(rows) == table.index.tolist()
    assert all(t.type == "scatter" for t in figure.data)  # scattergl without a GPU takes tens of seconds
    assert all(t.x.dtype == np.float32 and t.y.dtype == np.float32 for t in points)
    marked = [int(t.customdata[i, 0]) for t in points for i in t.selectedpoints]
    assert marked == [7]
    assert len(figure.to_json()) < 250_000


def test_what_the_filter_leaves_out_stays_on_the_map_and_cannot_be_clicked(table: pd.DataFrame) -> None:
    kept = filter_windows(table, truths=("ball",))
    figure = map_figure(kept, table.drop(kept.index))
    behind = [t for t in figure.data if t.hoverinfo == "skip"]
    assert sum(len(t.x) for t in behind) == len(table) - len(kept)
    assert all(t.customdata is None for t in behind)


def test_every_cell_of_the_confusion_figure_can_be_clicked(table: pd.DataFrame) -> None:
    counts = confusion_matrix(table["truth"].tolist(), table["prediction"].tolist(), LABELS)
    figure = confusion_figure(counts, LABELS)
    (squares,) = figure.data
    assert squares.customdata.tolist() == [[i, j] for i in range(4) for j in range(4)]
    words = [a.text for a in figure.layout.annotations]
    assert all(f"<b>{count:,}</b>" in word for count, word in zip(counts.ravel(), words, strict=True) if count)


def test_the_spectrum_of_a_window_peaks_where_its_sine_is(table: pd.DataFrame) -> None:
    time_s = np.arange(2048) / 12_000
    figure = window_figure(window_facts(table, 0), np.sin(2 * np.pi * 1500 * time_s), 12_000)
    _, waveform, spectrum = figure.data
    assert len(waveform.x) == 2048
    assert spectrum.x[np.argmax(spectrum.y)] == pytest.approx(1.5, abs=0.006)


def test_probabilities_name_the_truth_and_need_no_samples(table: pd.DataFrame) -> None:
    (bars,) = window_figure(window_facts(table, 0)).data
    assert [name for name in bars.y if "✓" in name] == ["Healthy ✓"]
    assert float(bars.x.sum()) == pytest.approx(1, abs=1e-4)


def test_the_four_protocols_are_on_one_picture(results: dict[str, Result]) -> None:
    figure = protocols_figure(list(results.values()), constant_answer(results["fault-size"].windows))
    titles = " ".join(a.text for a in figure.layout.annotations)
    assert all(protocol.title in titles for protocol in PROTOCOLS.values())
    windows, recordings, macro = (t for t in figure.data if t.type == "bar")
    assert windows.x.tolist() == pytest.approx([r.windows.accuracy for r in results.values()])
    assert recordings.x.tolist() == pytest.approx([r.recordings.accuracy for r in results.values()])
    assert macro.x.tolist() == pytest.approx([r.windows.macro_f1 for r in results.values()])
    assert sum(len(t.x) for t in figure.data if t.type == "scatter") == 12  # a dot per fold of the three last


def test_curves_draw_both_runs() -> None:
    history = read_history()
    assert [e.epoch for e in history] == list(range(1, len(history) + 1))
    figure = curves_figure(history[:3], history)
    assert sorted(len(t.x) for t in figure.data) == [3] * 4 + [len(history)] * 4


def test_what_is_held_out_is_a_line_across_the_accuracy() -> None:
    figure = curves_figure(read_history(), held_out=0.42)
    assert [shape.y0 for shape in figure.layout.shapes] == [0.42]
    assert any(a.text == "held out: 42 %" for a in figure.layout.annotations)


def test_the_network_is_drawn_with_the_numbers_of_its_card() -> None:
    card = read_json(WEIGHTS_DIR / "cnn.json")
    words = " ".join(a.text for a in network_figure(card).layout.annotations)
    assert sum(layer["parameters"] for layer in card["layers"]) == card["parameters"] == 1269
    for number in ("2,048", "5 filters of 100", "190 features", "505", "764"):
        assert number in words


def test_kernels_are_those_of_the_committed_network() -> None:
    kernels = read_kernels()
    assert kernels.shape == (5, 100)
    assert sum(len(t["y"]["bdata"]) > 20 for t in drawn(kernels_figure(kernels, 12_000))["data"]) == 10
    torch = pytest.importorskip("torch")
    weights = torch.load(WEIGHTS_DIR / "cnn.pt", weights_only=True)["conv.weight"][:, 0].numpy()
    assert np.allclose(kernels, weights, atol=1e-5)


# ---- a training to watch ---------------------------------------------------------------------------------------------

EPOCH = {"train_loss": 1.0, "train_accuracy": 0.5, "validation_loss": 1.1, "validation_accuracy": 0.4}


def write_lines(folder: Path, *lines: dict, tail: str = "") -> None:
    (folder / "progress.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + tail)


def test_progress_is_read_from_lines_even_while_one_is_being_written(tmp_path: Path) -> None:
    plan = Plan("load", Settings(epochs=10))
    assert read_progress(tmp_path, plan).state == "starting"
    lines: list[dict] = [
        {"event": "loading", "seconds": 1.0, "done": 64, "of": 64},
        {"event": "fold", "seconds": 2.0, "name": "load 0 hp", "of": 2},
        *(
            {"event": "epoch", "seconds": 2.0 + n, "fold": "load 0 hp", "values": {"epoch": n, **EPOCH}}
            for n in range(1, 6)
        ),
    ]
    write_lines(tmp_path, *lines, tail='{"event": "epo')
    progress = read_progress(tmp_path, plan)
    assert progress.state == "training"
    assert progress.running
    assert progress.share_done == pytest.approx(5 / 20)
    assert progress.seconds_left == pytest.approx(15)  # 5 s for a quarter
    metrics = classification_metrics(["ball"], ["ball"], LABELS).as_dict()
    lines += [
        {"event": "fold done", "seconds": 8.0, "fold": "load 0 hp", "metrics": metrics},  # stopped early, after 5 of 10
        {"event": "fold", "seconds": 8.0, "name": "load 1 hp", "of": 2},
    ]
    write_lines(tmp_path, *lines)
    assert read_progress(tmp_path, plan).share_done == pytest.approx(0.5)
    write_lines(tmp_path, *lines, {"event": "done", "seconds": 9.0, "metrics": metrics})
    done = read_progress(tmp_path, plan)
    assert done.state == "done"
    assert not done.running
    assert done.metrics is not None
    assert done.metrics.accuracy == 1


def test_a_plan_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ParameterError, match="Unknown protocol"):
        Plan("everything")
    with pytest.raises(ParameterError, match="Epochs"):
        Plan("random", Settings(epochs=0))
    with pytest.raises(ParameterError, match="learning rate"):
        Plan("random", Settings(learning_rate=float("nan")))
    with pytest.raises(ParameterError, match="seed"):
        Plan("random", Settings(seed=-1))


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch):
    """No run of another test is the server's run; whatever is started is stopped."""
    monkeypatch.setattr(live_training, "_run", None)
    yield
    if (run := live_training.current()) is not None:
        run.cancel()
        run.wait(20)


def until(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


@pytest.mark.recordings
@pytest.mark.usefixtures("own_server")
def test_a_training_runs_reports_and_is_cancelled(recordings_dir: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    before = {p.name: p.stat().st_mtime_ns for p in WEIGHTS_DIR.iterdir()}
    run = live_training.start(Plan("random", Settings(epochs=500)), tmp_path / "runs")
    with pytest.raises(TrainingBusy, match="already running"):
        live_training.start(Plan(), tmp_path / "runs")
    until(lambda: any(run.read().curves.values()) or not run.running())
    progress = run.read()
    assert progress.state == "training", progress.message
    ((first, *_),) = progress.curves.values()
    assert 0 < first.train_loss < 2
    assert progress.seconds_left is not None
    run.cancel()
    run.wait(20)
    assert run.read().state == "cancelled"
    assert live_training.current() is run
    assert {p.name: p.stat().st_mtime_ns for p in WEIGHTS_DIR.iterdir()} == before


@pytest.mark.usefixtures("own_server")
def test_a_training_that_cannot_read_its_recordings_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("BEARING_DATA_DIR", str(tmp_path))
    assert len(live_training.missing_recordings()) == 64
    run = live_training.start(Plan(), tmp_path / "runs")
    run.wait(60)
    progress = run.read()
    assert progress.state == "failed"
    assert "97.mat is not in the folder that BEARING_DATA_DIR names" in progress.message


def test_a_child_whose_server_is_gone_ends(tmp_path: Path) -> None:
    """A closed stdin is all the child gets to know of the end of its server, even of a killed one."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "plan.json").write_text(json.dumps({"protocol": "random", "settings": {"epochs": 10_000}}))
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            f"child = subprocess.Popen([sys.executable, '-m', 'bearing.lab.waveform.live', {str(folder)!r}],"
            " stdin=subprocess.PIPE)\n"
            "print(child.pid, flush=True)\ntime.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    until(lambda: (folder / "progress.jsonl").exists())
    parent.kill()
    parent.wait()

    def gone() -> bool:
        stat = Path(f"/proc/{child}/stat")
        if sys.platform != "linux":
            pytest.skip("looks the child up in /proc")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"

    until(gone, 15)


def test_old_runs_are_cleared_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(live_training, "_run", None)
    monkeypatch.setattr(live_training, "KEPT_RUNS", 3)
    monkeypatch.setenv("BEARING_DATA_DIR", str(tmp_path))
    for i in range(5):
        (tmp_path / "runs" / f"old-{i}").mkdir(parents=True)
        os.utime(tmp_path / "runs" / f"old-{i}", (i, i))
    run = live_training.start(Plan(), tmp_path / "runs")
    run.cancel()
    run.wait(30)
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == sorted(["old-3", "old-4", run.name])
    shutil.rmtree(tmp_path / "runs")


def test_importing_what_the_pages_import_loads_no_torch() -> None:
    code = (
        "import sys, bearing.lab.waveform.live, bearing.figures.training, bearing.figures.test_set\n"
        "sys.exit(bool({'torch', 'streamlit'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_epoch_is_the_same_everywhere() -> None:
    train = pytest.importorskip("bearing.lab.waveform.training")
    assert train.Epoch is Epoch
    assert train.Settings is Settings
