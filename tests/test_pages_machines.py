"""The machine and fleet pages, on the shipped simulated plant and on uploads."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_machine_history import BEARING, write

from bearing.files import ROOT
from bearing.machines.demo import DEMO_STORE, MACHINES
from bearing.machines.fleet import fleet
from bearing.machines.store import Store


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


def test_a_bearing_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at = page("machine.py").run()
    assert [s.label for s in at.selectbox] == ["Bearing"]
    assert any(BEARING in option for option in at.selectbox[0].options)
