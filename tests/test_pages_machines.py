"""The machine and fleet pages, on the shipped simulated plant and on uploads."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_machine_history import BEARING, write

from bearing.files import ROOT
from bearing.machines.demo import DEMO_STORE, MACHINES
from bearing.machines.kept.fleet import fleet
from bearing.machines.kept.machine import Machine
from bearing.machines.kept.store import Store
from bearing.machines.measure import measure_bytes
from bearing.verdict.asked.request import Request


def page(name: str) -> AppTest:
    return AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=60).run().switch_page(name)


def test_every_fault_of_the_demo_is_found_after_it_began_and_sound_machines_are_ok_all_year() -> None:
    store = Store(DEMO_STORE, read_only=True)
    for machine in MACHINES:
        (point,) = store.history(machine.name).points
        alert = point.assessment.first["alert"]
        if machine.growth_g:
            assert alert is not None, machine.name
            assert machine.from_week < alert, machine.name
            assert point.state == "alarm", machine.name
            assert point.verdict.verdict == machine.state, machine.name
        else:
            assert set(point.assessment.states[16:]) == {"ok"}, machine.name
    assert fleet(store)[0].state == "alarm"


def test_the_fleet_page_lists_every_machine_and_filters() -> None:
    at = page("fleet.py").run()
    assert not at.exception
    assert len(at.dataframe[0].value) == len(MACHINES)


def test_the_machine_page_shows_what_its_address_names() -> None:
    at = page("machine.py")
    at.query_params["machine"] = MACHINES[1].name
    at.run()
    assert not at.exception
    assert any("Alarm" in s.value for s in at.subheader)
    assert len(at.get("plotly_chart")) == 2
    assert not at.file_uploader  # sent when the fields are opened


def test_many_uploads_become_a_history_and_a_bad_one_is_told(tmp_path: Path) -> None:
    files = []
    for month in range(1, 9):
        write(tmp_path / f"fan_2025-{month:02d}-01.csv", 0.0, month)
        files.append(
            (f"fan_2025-{month:02d}-01.csv", (tmp_path / f"fan_2025-{month:02d}-01.csv").read_bytes(), "text/csv")
        )
    files.append(("notes.txt", b"no table here\n", "text/plain"))
    at = page("machine.py").run()
    at.file_uploader[0].set_value(files)
    next(b for b in at.button if b.label == "Show the history").click().run()
    assert not at.exception
    assert any("OK" in s.value for s in at.subheader)
    assert any("1 files are no measurement" in e.label for e in at.expander)
    assert len(at.file_uploader[0].value) == 9  # to be asked again, with another speed


def test_a_machine_that_is_still_learning_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "plant.sqlite"
    for name, data, _ in dropped(tmp_path, 3):
        Machine("fan", store, bearing=BEARING).add_contents([(name, lambda data=data: data)])  # type: ignore[misc]
    monkeypatch.setenv("BEARING_STORE", str(store))
    at = page("machine.py")
    at.query_params["machine"] = "fan"
    at.run()
    assert not at.exception
    assert [s.value for s in at.subheader] == ["○ Learning: acc\\_x"]
    assert any(m.value == "Learning what is usual here: 3 of the 5 measurements it takes." for m in at.markdown)
    assert Store(store).history("fan").points[0].as_dict()["state"] == "no data"  # for programs
    at = page("fleet.py").run()
    assert list(at.dataframe[0].value["State"]) == ["○ Learning"]


def test_bearing_and_unit_are_told_once_as_on_diagnose(tmp_path: Path) -> None:
    at = page("machine.py").run()
    assert [s.label for s in at.selectbox] == ["Bearing", "Unit"]
    assert any(BEARING in option for option in at.selectbox[0].options)
    at.selectbox[0].set_value("Own fault orders").run()
    assert any("Still to fill in" in c.value for c in at.caption)
    for label, value in (("BPFO", 3.585), ("BPFI", 5.415), ("BSF", 2.357), ("FTF", 0.398)):
        next(n for n in at.number_input if n.label == label).set_value(value)
    at.run()
    at.file_uploader[0].set_value(dropped(tmp_path, 5))
    at.selectbox[1].set_value("mV")
    next(n for n in at.number_input if n.label == "Sensitivity (mV/g)").set_value(100.0)
    next(b for b in at.button if b.label == "Show the history").click().run()
    assert not at.exception
    asked = at.session_state["machine.uploaded"].asked
    assert asked.orders == "bpfo=3.585,bpfi=5.415,bsf=2.357,ftf=0.398"
    assert (asked.unit, asked.mv_per_g) == ("mV", 100.0)
    (point,) = at.session_state["machine.uploaded"].history.points
    assert point.unit_of("rms") == "g"


def dropped(folder: Path, count: int = 8, grows: float = 0.3) -> list[tuple[str, bytes, str]]:
    """Months of a fan whose outer race begins to fail in April, as they are dropped onto the page."""
    files = []
    for month in range(1, count + 1):
        path = folder / f"fan_2025-{month:02d}-01.csv"
        write(path, max(0.0, grows * (month - 3)), month)
        files.append((path.name, path.read_bytes(), "text/csv"))
    return files


def test_two_uploaded_recordings_lie_over_each_other_in_hz_and_orders(tmp_path: Path) -> None:
    at = page("machine.py").run()
    at.file_uploader[0].set_value(dropped(tmp_path))
    next(b for b in at.button if b.label == "Show the history").click().run()
    assert not at.exception
    second = next(s for s in at.selectbox if s.label == "Later")
    assert second.value == 7
    before = len(at.get("plotly_chart"))
    next(r for r in at.radio if r.label == "Axis").set_value("Orders of shaft speed").run()
    next(s for s in at.selectbox if s.label == "Shown").set_value("waveform").run()
    assert not at.exception
    assert len(at.get("plotly_chart")) == before


def test_the_servers_own_machines_are_shown_and_a_state_is_acknowledged_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "plant.sqlite"
    for name, data, _ in dropped(tmp_path):
        Machine("fan & 3", store, bearing=BEARING).add_contents([(name, lambda data=data: data)], keep_spectra=True)  # type: ignore[misc]
    monkeypatch.setenv("BEARING_STORE", str(store))
    at = page("fleet.py").run()
    assert not at.exception
    assert list(at.dataframe[0].value["Machine"]) == ["/machine?machine=fan%20%26%203"]
    assert any("(8 recordings) do not travel" in caption.value for caption in at.caption)
    at.radio[0].set_value("Simulated plant").run()
    assert len(at.dataframe[0].value) == len(MACHINES)

    at = page("machine.py")
    at.query_params["machine"] = "fan & 3"
    at.run()
    assert not at.exception
    assert any(m.value.startswith("Verdict of the last 3: outer race fault. Outer race: ") for m in at.markdown)
    charts = len(at.get("plotly_chart"))
    next(s for s in at.selectbox if s.label == "Later").set_value(6).run()  # their waveforms were kept
    assert not at.exception
    assert len(at.get("plotly_chart")) == charts == 3
    next(t for t in at.text_input if t.label == "What was found or decided").set_value("Bearing ordered.")
    next(t for t in at.text_input if t.label == "By").set_value("A. Smith")
    next(b for b in at.button if b.label == "Keep").click().run()
    assert not at.exception
    assert any("A\\. Smith: Bearing ordered" in s.value or "Bearing ordered" in s.value for s in at.success)
    (row,) = fleet(Store(store, read_only=True))
    assert row.acknowledged.endswith("A. Smith: Bearing ordered.")


def test_of_many_machines_the_worst_are_buttons_and_the_others_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, demo = Store(tmp_path / "plant.sqlite"), Store(DEMO_STORE, read_only=True)
    for i in range(9):
        store.add(f"fan {i}", demo.measurements(MACHINES[0].name)[:5])
    store.add("pump", demo.measurements(MACHINES[1].name))
    monkeypatch.setenv("BEARING_STORE", str(store.path))
    at = page("machine.py").run()
    own = [b.label for b in at.button if b.key and b.key.startswith("own-")]
    assert len(own) == 8
    assert own[0].startswith("pump, ")
    (others,) = [s for s in at.selectbox if s.label == "Another machine that is kept"]
    assert others.options == ["fan 7", "fan 8"]
    others.set_value("fan 8").run()
    assert not at.exception
    assert [h.value for h in at.header] == ["fan 8"]


def test_what_was_measured_before_a_stop_is_the_history(tmp_path: Path) -> None:
    from pages._machines import Uploads

    work = Uploads(Request(), 8)
    for name, data, _ in dropped(tmp_path, 5):
        work.found += measure_bytes(data, name, work.asked)
        work.contents[work.found[-1].sha256] = (name, io.BytesIO(data))
    work.finish()
    assert work.history is not None
    assert len(work.history.points[0].measurements) == 5
    assert work.content(work.found[0].sha256) == ("fan_2025-01-01.csv", (tmp_path / "fan_2025-01-01.csv").read_bytes())
    assert work.content("unknown") is None


def test_a_visitors_machine_is_kept_for_his_session_and_comes_back_from_its_file(tmp_path: Path) -> None:
    at = page("machine.py").run()
    at.file_uploader[0].set_value(dropped(tmp_path))
    next(b for b in at.button if b.label == "Show the history").click().run()
    next(t for t in at.text_input if t.label == "Its name").set_value("fan [3]")
    next(b for b in at.button if b.label == "Keep").click().run()
    assert not at.exception
    assert at.query_params["machine"] == "fan [3]"
    at.switch_page("fleet.py").run()
    assert not at.exception
    assert list(at.dataframe[0].value["Machine"]) == ["fan [3]"]
    kept = Store(Path(at.session_state["machine.kept"].name) / "machines.sqlite").as_bytes()

    other = page("fleet.py").run()
    assert len(other.dataframe[0].value) == len(MACHINES)
    other.file_uploader[0].set_value([("machines.sqlite", b"no store", "application/vnd.sqlite3")]).run()
    assert "no store of machines" in other.error[0].value
    other.file_uploader[0].set_value([("machines.sqlite", kept, "application/vnd.sqlite3")]).run()
    assert not other.exception
    assert list(other.dataframe[0].value["Machine"]) == ["fan [3]"]


def test_limits_set_on_the_page_judge_the_uploads_and_stay_with_the_machine_that_is_kept(tmp_path: Path) -> None:
    at = page("machine.py").run()
    at.file_uploader[0].set_value(dropped(tmp_path, grows=0.0))
    next(b for b in at.button if b.label == "Show the history").click().run()
    limits = next(t for t in at.text_input if t.label == "Limits set by hand")
    limits.set_value("rms=nonsense")
    next(b for b in at.button if b.label == "Set").click().run()
    assert "A limit is written" in at.error[0].value
    next(t for t in at.text_input if t.label == "Limits set by hand").set_value("kurtosis=1/2")
    next(b for b in at.button if b.label == "Set").click().run()
    assert not at.exception
    assert any("over its limit of 2" in m.value for m in at.markdown)
    next(t for t in at.text_input if t.label == "Its name").set_value("fan")
    next(b for b in at.button if b.label == "Keep").click().run()
    assert not at.exception
    assert next(t for t in at.text_input if t.label == "Limits set by hand").value == "kurtosis=1/2"
