"""The Test set and Training pages without a browser: what they say, and what they say when something is missing."""

from __future__ import annotations

import importlib.util
import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from bearing import files
from bearing.cwru import registry
from bearing.cwru.download import is_published
from bearing.files import ROOT, WEIGHTS_DIR
from bearing.lab.settings import Settings
from bearing.lab.waveform import live as live_training
from bearing.lab.waveform.live import Plan
from bearing.results.verdict import read_outcomes, surest_mistake, tally
from bearing.results.waveform import PROTOCOLS, read_all_results, read_predictions, read_result, read_results
from bearing.states import LABELS
from bearing.verdict.words.sentences import whole_percent


@pytest.fixture(autouse=True)
def importable_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))  # as pages/navigation.py does


def page(name: str, **query: str) -> AppTest:
    """A page on its own, without the navigation around it."""
    app = AppTest.from_file(str(ROOT / "pages" / name), default_timeout=60)
    for key, value in (({"network": "windows"} if name == "test_set.py" else {}) | query).items():
        app.query_params[key] = value
    return app.run()


def words(app: AppTest) -> str:
    """All text of a page."""
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error, app.subheader)
    parts = [element.value for kind in kinds for element in kind]
    parts += [f"{m.label} {m.value}" for m in app.metric] + [b.label for b in app.button]
    return "\n".join(str(part) for part in parts)


def charts(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def unbroken(app: AppTest) -> AppTest:
    assert not app.exception, app.exception[0].message
    return app


# ---- test set --------------------------------------------------------------------------------------------------------


def test_the_test_set_opens_on_the_verdict_of_unseen_bearings_at_its_gravest_recording() -> None:
    app = unbroken(page("test_set.py", network=""))
    outcome = read_outcomes()["fault-size"]
    assert app.title[0].value == "Test set"
    assert f"{len(outcome.judged)} recordings: {tally(outcome.judged)['right']} right" in words(app)
    first = surest_mistake(outcome.judged)
    assert app.query_params["recording"] == first.key
    unbroken(app.button(key="recording.step1").click().run())
    assert app.query_params["recording"] != first.key
    unbroken(app.pills(key="recording.outcome").set_value(["right"]).run())
    assert app.query_params["outcome"] == "right"
    assert f"**{tally(outcome.judged)['right']}** of {len(outcome.judged)} recordings" in words(app)


@pytest.mark.recordings
def test_a_link_opens_a_recording_with_its_envelope_spectrum(recordings_dir: Path) -> None:
    app = unbroken(page("test_set.py", network="verdict", protocol="load", recording="105 FE", part="un-faulted ends"))
    assert "heard at the sound fan end" in "".join(one.value for one in app.header)
    assert any("Envelope spectrum of its lines" in one.value for one in app.caption)
    bad = unbroken(page("test_set.py", network="verdict", protocol="<b>", recording="105 XX", said="nonsense"))
    assert bad.query_params["protocol"] == "fault-size"


@pytest.mark.parametrize("protocol", ["second-rig", "other-machine", "random"])
def test_every_verdict_can_be_explored(protocol: str) -> None:
    app = unbroken(page("test_set.py", network="verdict", protocol=protocol))
    assert f"{len(read_outcomes()[protocol].judged)} recordings:" in words(app)


def test_the_test_set_page_shows_a_window_at_once() -> None:
    app = unbroken(page("test_set.py"))
    result = read_result("fault-size")
    assert app.title[0].value == "Test set"
    assert f"{result.windows.n:,} windows of" in words(app)
    assert "python -m bearing evaluate --protocol fault-size" in words(app)  # bearings never seen come first
    assert {m.label for m in app.metric} == {"RMS", "Peak", "Crest factor", "Kurtosis"}


def test_a_link_opens_a_protocol_on_its_surest_mistake() -> None:
    app = unbroken(page("test_set.py", protocol="fault-size"))
    rows = read_predictions(read_result("fault-size"))
    wrong = rows[~rows["right"]]
    assert f"{len(wrong):,} wrong" in words(app)
    surest = wrong.loc[wrong["confidence"].idxmax()]
    assert f"**{surest['recording']}: " in words(app)
    assert "wrong" in words(app)


def test_the_address_follows_filter_and_choice_and_a_link_opens_them() -> None:
    app = page("test_set.py", protocol="load", truths="inner,ball,nonsense", wrong="1", loads="2")
    unbroken(app)
    assert app.session_state["truths"] == ["inner", "ball"]
    assert app.toggle(key="wrong").value is True
    assert app.query_params["truths"] == "inner,ball"
    everything = read_predictions(read_result("load"))
    row = int(everything.index[everything["truth"] == "outer"][5])
    linked = unbroken(page("test_set.py", protocol="load", window=str(row)))
    assert linked.session_state["window"] == row
    unbroken(linked.button(key="step1").click().run())
    assert linked.query_params["window"] == f"{linked.session_state['window']}"


def test_a_link_to_an_unknown_protocol_opens_on_unseen_bearings() -> None:
    assert "--protocol fault-size" in words(unbroken(page("test_set.py", protocol="<b>x</b>")))


@pytest.mark.parametrize("key", PROTOCOLS)
def test_each_protocol_and_each_fold(key: str) -> None:
    app = unbroken(page("test_set.py", protocol=key))
    result = read_result(key)
    for name, metrics in list(result.folds.items())[:2] if len(result.folds) > 1 else []:
        box = next(box for box in app.selectbox if box.label == "Held out")
        unbroken(box.set_value(name).run())
        assert f"{metrics.n:,} windows of" in words(app)
        assert f"{metrics.n - round(metrics.accuracy * metrics.n):,} wrong" in words(app)


def test_filters_narrow_and_show_all_widens_again() -> None:
    app = page("test_set.py", protocol="fault-size")
    everything = read_predictions(read_result("fault-size"))
    unbroken(app.toggle(key="wrong").set_value(True).run())
    assert f"**{int((~everything['right']).sum()):,}** of {len(everything):,} windows" in words(app)
    unbroken(next(b for b in app.button if b.label == "Show all").click().run())
    assert "** of" not in words(app)
    assert app.toggle(key="wrong").value is False


def test_a_filter_that_nothing_meets_says_so_and_keeps_the_way_back() -> None:
    app = page("test_set.py", protocol="random")  # nothing is wrong
    assert read_result("random").windows.accuracy == 1
    unbroken(app.toggle(key="wrong").set_value(True).run())
    assert "No window meets every filter" in words(app)
    unbroken(next(b for b in app.button if b.label == "Show all").click().run())
    assert "No window meets" not in words(app)


def test_next_and_previous_walk_through_the_windows() -> None:
    app = page("test_set.py", protocol="fault-size")
    first = app.session_state["window"]
    unbroken(app.button(key="step1").click().run())
    assert app.session_state["window"] == first + 1
    unbroken(app.button(key="step-1").click().run())
    assert app.session_state["window"] == first


def test_the_choice_survives_a_visit_to_another_page() -> None:
    app = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=60)
    app.query_params["network"], app.query_params["protocol"] = "windows", "load"
    app.run().switch_page("test_set.py").run()
    app.button(key="step1").click().run()
    row = app.session_state["window"]
    unbroken(app.switch_page("training.py").run())
    unbroken(app.switch_page("test_set.py").run())
    assert app.session_state["window"] == row
    assert "--protocol load" in words(app)


def test_without_recordings_all_but_the_waveform_is_there(no_recordings: Path) -> None:
    app = unbroken(page("test_set.py"))
    assert "which is not on this machine" in words(app)
    assert any(b.label.startswith("Fetch ") for b in app.button)
    assert "python -m bearing fetch" in words(app)
    assert [len(figure["data"]) for figure in charts(app)][1:] == [1]  # beside the map: probabilities, no waveform
    assert len(app.metric) == 4


def test_a_file_that_the_own_folder_lacks_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEARING_DATA_DIR", str(tmp_path))
    app = unbroken(page("test_set.py"))
    unbroken(next(b for b in app.button if b.label.startswith("Fetch ")).click().run())
    assert "is not in the folder that BEARING_DATA_DIR names" in words(app)


class Publisher(SimpleHTTPRequestHandler):
    """Serves a folder in silence."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.recordings
def test_a_hosted_copy_fetches_the_one_file_when_asked(
    recordings_dir: Path, no_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = ThreadingHTTPServer(("127.0.0.1", 0), partial(Publisher, directory=str(recordings_dir)))
    threading.Thread(target=publisher.serve_forever, daemon=True).start()
    monkeypatch.setattr(registry, "BASE_URL", f"http://127.0.0.1:{publisher.server_port}/")
    try:
        app = page("test_set.py")
        fetch = next(b for b in app.button if b.label.startswith("Fetch "))
        name = fetch.label.split()[1]
        if not is_published(registry.entry(int(name.removesuffix(".mat"))), (recordings_dir / name).read_bytes()):
            pytest.skip(f"{name} in BEARING_DATA_DIR is not byte for byte the published file")
        unbroken(fetch.click().run())
    finally:
        publisher.shutdown()
    assert [len(figure["data"]) for figure in charts(app)][1:] == [3]  # the waveform is there
    assert [path.name for path in (no_recordings / "cwru").glob("*.mat")] == [name]  # that file and no other


@pytest.mark.recordings
def test_with_recordings_the_waveform_is_drawn(recordings_dir: Path) -> None:
    app = unbroken(page("test_set.py"))
    assert [len(figure["data"]) for figure in charts(app)][1:] == [3]  # probabilities, waveform, spectrum


@pytest.mark.parametrize("name", ["test_set.py", "training.py"])
def test_without_weights_the_pages_say_how_to_make_them(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files, "WEIGHTS_DIR", tmp_path)
    assert "python -m bearing train" in words(unbroken(page(name)))


@pytest.mark.parametrize("name", ["test_set.py", "training.py"])
def test_with_damaged_evaluations_the_pages_say_which(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(WEIGHTS_DIR, weights, ignore=shutil.ignore_patterns("*.onnx", "*.pt"))
    (weights / "evaluation_load.json").write_text('{"protocol": "load"}')
    monkeypatch.setattr(files, "WEIGHTS_DIR", weights)
    assert "evaluation_load.json lacks" in words(unbroken(page(name)))


# ---- training --------------------------------------------------------------------------------------------------------


def test_the_training_page_says_what_100_percent_meant() -> None:
    app = unbroken(page("training.py"))
    results = read_results()
    easy, hard = results["random"].windows, results["fault-size"].windows
    assert f"**{whole_percent(easy.accuracy)}** of the windows" in words(app)
    assert f"**{whole_percent(hard.accuracy)}** when the bearing itself is new" in words(app)
    for figure in charts(app):
        titles = " ".join(a.get("text", "") for a in figure["layout"].get("annotations", []))
        if all(protocol.title in titles for protocol in PROTOCOLS.values()):
            break
    else:
        pytest.fail("the four protocols are not on one picture")


def column(app: AppTest, name: str) -> list[str]:
    """What stands under a heading of the one Markdown table that has it."""
    tables = [one.value.splitlines() for one in app.markdown if one.value.startswith("| ")]
    (lines,) = [lines for lines in tables if f"| {name} |" in lines[0]]
    at = lines[0].split(" | ").index(name) if not lines[0].endswith(f"| {name} |") else -1
    return [line.strip("| ").split(" | ")[at] for line in lines[2:]]


def test_every_protocol_names_the_command_behind_its_numbers() -> None:
    app = page("training.py")
    assert column(app, "Command") == [f"`{r.command}`" for r in read_all_results().values()]
    for key, result in read_all_results().items():
        unbroken(app.segmented_control(key="matrix_of").set_value(key).run())
        assert f"Accuracy {result.windows.accuracy:.1%}" in words(app)
        assert f"Macro-F1 {result.windows.macro_f1:.3f}" in words(app)
        assert f"Reproduce with `{result.command}`" in words(app)
        assert "calibration error (ECE)" in words(app)
        assert column(app, "Recall") == [f"{result.windows.per_class[n].recall:.3f}" for n in LABELS]


def test_where_torch_is_missing_the_page_says_so_and_shows_the_committed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(live_training, "find_spec", lambda name: None if name == "torch" else real(name))
    app = unbroken(page("training.py"))
    assert "Training needs PyTorch, which is not installed on this server" in words(app)
    assert not [b for b in app.button if b.label == "Start training"]
    learned = unbroken(page("training.py", part="How it learned"))
    assert len(charts(learned)) == 3  # curves, layers, filters
    asked = unbroken(page("training.py", part="Asked wrongly"))
    outcome = read_outcomes()["second-rig"]
    healthy = sum(v.verdict == "normal" for v in outcome.faults)
    assert f"worst axis counts: {healthy} of its {len(outcome.faults)} damaged bearings" in words(asked)


def test_where_recordings_are_missing_the_download_is_announced(no_recordings: Path) -> None:
    pytest.importorskip("torch")
    assert "64 of the 64 recordings are not on this machine" in words(unbroken(page("training.py")))


class EndedRun:
    """A run as `live_training.start()` gives it, read from prepared lines."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan, self.name = folder, plan, folder.name

    def running(self) -> bool:
        return False

    def read(self) -> live_training.Progress:
        return live_training.read_progress(self.folder, self.plan)


def test_an_ended_run_is_compared_with_the_committed_one(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    committed = read_result("load")
    epoch = {"train_loss": 1.0, "train_accuracy": 0.5, "validation_loss": 1.1, "validation_accuracy": 0.4}
    lines: list[dict] = []
    for name, metrics in committed.folds.items():
        lines.append({"event": "fold", "seconds": 1.0, "name": name, "of": len(committed.folds)})
        lines.append({"event": "epoch", "seconds": 2.0, "fold": name, "values": {"epoch": 1, **epoch}})
        lines.append({"event": "fold done", "seconds": 3.0, "fold": name, "metrics": metrics.as_dict()})
    lines.append({"event": "done", "seconds": 3.0, "metrics": committed.windows.as_dict()})
    (tmp_path / "progress.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    app = AppTest.from_file(str(ROOT / "pages" / "training.py"), default_timeout=60)
    app.session_state["training.runs"] = [EndedRun(tmp_path, Plan("load", Settings(epochs=1)))]
    unbroken(app.run())
    (table,) = [d.value for d in app.dataframe if "This run" in d.value.columns]
    assert table["This run"].tolist() == table["Committed run"].tolist()
    assert table["Held out"].tolist() == [*committed.folds, "all"]


def test_runs_stand_side_by_side_and_one_that_failed_says_why(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    runs = []
    for name, line in (
        ("first", {"event": "cancelled", "seconds": 4.0}),
        ("second", {"event": "failed", "seconds": 1, "message": "97.mat is gone."}),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "progress.jsonl").write_text(json.dumps(line) + "\n")
        runs.append(EndedRun(tmp_path / name, Plan("load", Settings(epochs=7))))
    app = AppTest.from_file(str(ROOT / "pages" / "training.py"), default_timeout=60)
    app.session_state["training.runs"] = runs
    assert "97.mat is gone." in words(unbroken(app.run()))
    (table,) = [d.value for d in app.dataframe if "State" in d.value.columns]
    assert table["State"].tolist() == ["failed", "cancelled"]
    app.number_input(key="live_epochs").set_value(9)
    (tmp_path / "second" / "progress.jsonl").unlink()  # old folders are removed: what was reached is remembered
    assert "97.mat is gone." in words(unbroken(app.run()))


def test_a_visitors_run_is_his_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")

    class Running(EndedRun):
        def running(self) -> bool:
            return True

    monkeypatch.setattr(live_training, "_run", Running(tmp_path, Plan("load", Settings(epochs=123))))
    app = unbroken(page("training.py"))
    assert "Another visitor's training is running" in words(app)
    assert "123 epochs" not in words(app)
    assert not [b for b in app.button if b.label == "Cancel"]


def test_the_matrix_leads_to_its_windows() -> None:
    app = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=60)
    app.run().switch_page("training.py").run()
    app.segmented_control(key="matrix_of").set_value("load").run()
    unbroken(app.button(key="explore").click().run())
    assert "evaluate --protocol load" in words(app)
    assert {m.label for m in app.metric} == {"RMS", "Peak", "Crest factor", "Kurtosis"}
