"""Machines in one SQLite file: nothing twice, nothing half, whatever kills the program."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_machine_history import BEARING, write

import bearing
from bearing.cli.main import main
from bearing.errors import DataError, ParameterError, UnreadableFile
from bearing.files import ROOT
from bearing.machines.history import history_of_folder
from bearing.machines.kept.fleet import FleetRow, fleet, rows_of, sum_up
from bearing.machines.kept.layout import MIGRATIONS, StoreFile
from bearing.machines.kept.machine import Machine
from bearing.machines.kept.store import Store
from bearing.machines.kept.watch import Watcher
from bearing.machines.spectra import kept_recording, place_of


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two machines of ten measurements, the outer race of one failing from the sixth on."""
    folder = tmp_path_factory.mktemp("plant")
    for name, grows in (("fan", 0.25), ("pump", 0.0)):
        (folder / name).mkdir()
        for i in range(10):
            write(folder / name / f"{name}_2025-{i + 1:02d}-01.csv", max(0.0, grows * (i - 4)), i + 50)
        Machine(name, folder / "plant.sqlite", bearing=BEARING).add(folder / name)
    return folder


def copied(plant: Path, path: Path, *changes: str) -> Path:
    """A copy of the plant's store, changed by SQL as another program, or another version, may have left it."""
    path.write_bytes(Store(plant / "plant.sqlite").as_bytes())
    with sqlite3.connect(path) as connection:
        for change in changes:
            connection.execute(change)
    return path


def test_a_history_from_the_store_is_that_of_the_folder(plant: Path) -> None:
    kept = Store(plant / "plant.sqlite", read_only=True).history("fan")
    from bearing.machines.history import history_of_folder
    from bearing.verdict.asked.request import Request

    direct = history_of_folder(plant / "fan", Request(bearing=BEARING))
    assert kept.points[0].assessment == direct.points[0].assessment
    assert kept.points[0].verdict == direct.points[0].verdict
    assert (kept.points[0].measurements[3].waterfall == direct.points[0].measurements[3].waterfall).all()


def test_limits_are_checked_before_anything_is_measured_and_set_after(plant: Path, tmp_path: Path) -> None:
    machine = Machine("fan", tmp_path / "store.sqlite", bearing=BEARING)
    first = plant / "fan" / "fan_2025-01-01.csv"
    for add in (machine.add, lambda *_, limits: machine.add_contents([("a.csv", first.read_bytes)], limits=limits)):
        with pytest.raises(ParameterError, match="no_such"):
            add(first, limits="no_such=1/2")
    assert not list(machine.store.machines())
    machine.add(first, limits="rms=0.5/0.9")
    assert machine.store.set_limits_of("fan") == "rms=0.5/0.9"
    machine.add_contents([("b.csv", (plant / "fan" / "fan_2025-02-01.csv").read_bytes)])
    assert machine.store.set_limits_of("fan") == "rms=0.5/0.9"
    machine.add(first, limits="")
    assert machine.store.set_limits_of("fan") == ""
    unread = tmp_path / "unread.csv"
    unread.write_text("nothing")
    assert Machine("new", machine.store).add(unread, limits="rms=0.5").measurements == 0


def test_what_is_added_twice_counts_once_and_the_bearing_is_remembered(plant: Path) -> None:
    again = bearing.Machine("fan", plant / "plant.sqlite")
    assert again.asked.bearing == BEARING
    added = again.add(plant / "fan")
    assert added.measurements == 0
    assert len(added.known) == 10


def test_a_bearing_the_catalogue_no_longer_names_hides_no_machine(plant: Path, tmp_path: Path) -> None:
    path = copied(
        plant,
        tmp_path / "old.sqlite",
        'UPDATE machine SET asked = \'{"bearing": "PUMP 3 DE", "rpm": 1500}\'',
        "UPDATE measurement SET bearing = 'PUMP 3 DE (own)'",
    )
    kept, taken = Store(path), Store(tmp_path / "taken.sqlite")
    as_before = [row.state for row in fleet(Store(plant / "plant.sqlite"))]
    assert [row.state for row in fleet(kept)] == as_before
    assert taken.take_over(kept.as_bytes()) == 20
    assert [row.state for row in fleet(taken)] == as_before
    with pytest.raises(ParameterError, match="PUMP 3 DE"):
        bearing.Machine("fan", path)


def test_a_bearing_known_from_the_files_keeps_its_lines_where_the_outer_ring_turns(plant: Path, tmp_path: Path) -> None:
    path = copied(
        plant,
        tmp_path / "roller.sqlite",
        "UPDATE machine SET asked = '{\"outer_ring_turns\": true}'",
        "UPDATE measurement SET bearing = '6205-2RS JEM (SKF), outer ring turns'",
    )
    orders = Store(path).history("fan").points[0].orders
    assert orders is not None
    assert orders.ftf > 0.5


def test_one_fault_among_the_last_recordings_is_watched_whatever_the_numbers_say(plant: Path, tmp_path: Path) -> None:
    path = copied(plant, tmp_path / "late.sqlite")
    last = Store(path).history("pump").points[0].measurements[-1]
    said = '{"verdict": "outer", "confidence": 0.9, "reason": "", "warnings": [], "recordings": 1}'
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE measurement SET verdict = ? WHERE sha256 = ?", (said, last.sha256))
    point = Store(path).history("pump").points[0]
    assert point.state == "watch"
    assert point.verdict.verdict == "uncertain"
    assert "one of the last recordings says: outer race fault; measure again" in point.reason


def test_what_is_said_anew_of_a_machine_leaves_the_rest_as_it_was(plant: Path, tmp_path: Path) -> None:
    path = copied(plant, tmp_path / "again.sqlite")
    before = Store(path).asked("fan")
    assert bearing.Machine("fan", path, rate_hz=6000).asked == replace(before, rate_hz=6000.0)
    anew = bearing.Machine("fan", path, orders="bpfo=3.5,bpfi=5.5,bsf=2.3,ftf=0.4").asked
    assert anew.bearing is None
    assert anew.rpm == before.rpm


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE bookmark (id INTEGER)")
    with pytest.raises(UnreadableFile, match="another program's database"):
        Store(tmp_path / "other.sqlite")
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmark",)]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_machines_name_is_one_line_that_a_list_can_show(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="name"):
        bearing.Machine(name, tmp_path / "plant.sqlite")
    assert bearing.Machine(" pump 3 ", tmp_path / "plant.sqlite").name == "pump 3"


def test_a_store_that_was_handed_out_is_taken_back_whole(plant: Path, tmp_path: Path) -> None:
    kept = Store(plant / "plant.sqlite")
    kept.acknowledge("fan", "channel", "alarm", "bearing ordered", "Ada")
    again = Store(tmp_path / "again.sqlite")
    assert again.take_over(kept.as_bytes()) == 20
    assert again.take_over(kept.as_bytes()) == 0
    assert [row.as_dict() for row in fleet(again)] == [row.as_dict() for row in fleet(kept)]
    assert again.asked("fan") == kept.asked("fan")
    assert again.acknowledged("fan") == kept.acknowledged("fan")


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE measurement SET indicators = '[1]'",
        "UPDATE measurement SET verdict = '{\"verdict\": 1}'",
        "UPDATE machine SET asked = '{\"nonsense\": 1}'",
        "UPDATE measurement SET lines = x'00'",
        "UPDATE measurement SET started = '2025-13-45'",
        "UPDATE measurement SET file = x'ff'",
        "UPDATE measurement SET joined = 'many'",
        "UPDATE machine SET name = x'ff' WHERE id = 1",
        "UPDATE measurement SET waterfall = zeroblob(2000000) WHERE id = 1",
        "CREATE VIEW odd AS SELECT 1",
        "CREATE TRIGGER odd AFTER UPDATE ON machine BEGIN DELETE FROM measurement; END",
        "DROP TABLE measurement",
        "PRAGMA user_version = 99",
    ],
)
def test_a_strangers_store_is_refused_in_one_sentence_and_nothing_of_it_kept(
    plant: Path, tmp_path: Path, harm: str
) -> None:
    harmed = copied(plant, tmp_path / "harmed.sqlite")
    with sqlite3.connect(harmed) as connection:
        connection.execute(harm)
        sent = connection.serialize()
    mine = Store(tmp_path / "mine.sqlite")
    with pytest.raises((UnreadableFile, DataError)):
        mine.take_over(sent)
    assert mine.machines() == []
    for junk in (b"", b"SQLite format 3\0" + b"x" * 4096, sent[: len(sent) // 2]):
        with pytest.raises((UnreadableFile, DataError)):
            mine.take_over(junk)


def test_one_page_tells_of_all_machines_and_holds_no_markup_of_theirs(
    plant: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "odd.sqlite")
    store.add("<script>fan", Store(plant / "plant.sqlite").measurements("fan"))
    assert main(["fleet", "--store", str(store.path), "--html"]) == 1
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "&lt;script&gt;fan" in page
    assert "1 measuring points: 1 Alarm" in page
    assert "<svg" in page


def test_the_fleet_shows_the_worst_first(plant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = fleet(Store(plant / "plant.sqlite", read_only=True))
    assert [r.machine for r in rows] == ["fan", "pump"]
    assert rows[0].state in ("alert", "alarm")
    assert rows[0].since.startswith("2025-")
    assert rows[1].state == "ok"
    assert main(["fleet", "--store", str(plant / "plant.sqlite"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["machine"] == "fan"
    assert main(["trend", "pump", "--store", str(plant / "plant.sqlite")]) == 0


def test_an_unknown_machine_a_foreign_file_and_a_newer_store_are_one_sentence(plant: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="fan, pump"):
        Store(plant / "plant.sqlite", read_only=True).history("mill")
    (tmp_path / "no.sqlite").write_text("no store at all, but a text of some length " * 30)
    with pytest.raises(UnreadableFile):
        Store(tmp_path / "no.sqlite")
    Store(tmp_path / "new.sqlite")
    with sqlite3.connect(tmp_path / "new.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(UnreadableFile, match="newer"):
        Store(tmp_path / "new.sqlite")
    with pytest.raises(UnreadableFile, match="No store"):
        Store(tmp_path / "none.sqlite", read_only=True)


def test_a_full_disk_leaves_the_store_as_it_was(plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own page limit stands for the disk: the same error at the same place."""
    store = Store(tmp_path / "full.sqlite")
    measured = Store(plant / "plant.sqlite", read_only=True).measurements("fan")
    store.add("fan", measured[:2])
    connect = sqlite3.connect

    def small(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)  # type: ignore[call-overload]
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)

    def fill() -> None:
        for copy in range(50):
            store.add(f"fan {copy}", measured)

    with pytest.raises(DataError, match="full"):
        fill()
    monkeypatch.undo()
    whole = Store(tmp_path / "full.sqlite")
    assert all(len(whole.measurements(name)) in (2, 10) for name in whole.machines())
    assert len(whole.measurements("fan")) == 2


def test_a_store_is_read_where_not_even_the_file_that_readers_share_has_room(
    plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied(plant, tmp_path / "alone.sqlite")
    connected = Store._connected

    class Full:
        def execute(self, sql: str) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        def close(self) -> None:
            pass

    monkeypatch.setattr(Store, "_connected", lambda self, how: connected(self, how) if "imm" in how else Full())
    assert Store(path, read_only=True).machines() == ["fan", "pump"]
    path.with_name("alone.sqlite-wal").write_bytes(b"not yet in the store")
    with pytest.raises(DataError, match="could not be used"):
        Store(path, read_only=True)


def test_kill_9_while_adding_loses_nothing_that_was_kept_and_doubles_nothing(tmp_path: Path) -> None:
    for i in range(12):
        write(tmp_path / f"m_{i}.csv", 0.0, i)
    store = tmp_path / "kill.sqlite"
    command = [sys.executable, "-m", "bearing", "add", "fan", str(tmp_path), "--store", str(store)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=dict(os.environ), start_new_session=True)
    deadline = time.monotonic() + 60
    kept = 0
    while time.monotonic() < deadline and child.poll() is None and kept < 2:
        time.sleep(0.05)
        try:
            kept = len(Store(store, read_only=True).measurements("fan"))
        except (UnreadableFile, ParameterError, DataError):
            continue
    with suppress(ProcessLookupError):  # it was quicker than we looked
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    before = Store(store).measurements("fan")
    assert len(before) >= kept >= 1
    assert all(m.values["rms"] > 0 and m.verdict is not None for m in before)
    Machine("fan", store).add(tmp_path)
    names = [m.file for m in Store(store).measurements("fan")]
    assert len(names) == len(set(names)) == 12


def test_a_half_written_file_is_added_when_it_is_whole(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    write(tmp_path / "whole.csv", 0.0, 1)
    content = (tmp_path / "whole.csv").read_bytes()
    watcher = Watcher(Machine("fan", tmp_path / "w.sqlite"), inbox)
    (inbox / "a.csv").write_bytes(content[:30])
    assert watcher.look() == []  # it may still be growing
    (path, cut) = watcher.look()[0]  # it stopped: half a header is no measurement
    assert cut.measurements == 0
    assert cut.skipped
    assert watcher.look() == []
    (inbox / "a.csv").write_bytes(content)
    assert watcher.look() == []
    assert watcher.look()[0][1].measurements == 1
    assert watcher.look() == []
    assert path.name == "a.csv"


def test_an_acknowledgement_holds_until_the_state_is_worse(plant: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    store.add("fan", Store(plant / "plant.sqlite", read_only=True).measurements("fan"))
    (row,) = fleet(store)
    assert row.acknowledged == ""
    store.acknowledge("fan", row.point, "alert", "Greased.", "A. Smith")
    said = store.acknowledged("fan")[row.point]
    assert said.holds("alert")
    assert said.holds("ok")
    assert not said.holds("alarm")
    store.acknowledge("fan", row.point, "alarm", "Bearing ordered.")
    assert fleet(store)[0].acknowledged.endswith(": Bearing ordered.")
    with pytest.raises(ParameterError, match="few words"):
        store.acknowledge("fan", row.point, "alarm", "  ")
    with pytest.raises(ParameterError, match="No machine"):
        store.acknowledge("mill", row.point, "alarm", "Seen.")


def test_a_store_of_an_earlier_layout_is_taken_along(plant: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite"
    with sqlite3.connect(old) as connection:
        connection.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
    assert Store(old, read_only=True).machines() == []
    measured = Store(plant / "plant.sqlite", read_only=True).measurements("fan")
    assert Store(old).add("fan", measured) == len(measured)
    assert (Store(old).measurements("fan")[0].lines == measured[0].lines).all()


OLDER = (  # layout 6 taken back to 5
    *(f"DROP TRIGGER stamp_{what}" for what in ("added", "deleted", "updated", "said")),
    "DROP TABLE summary",
    "ALTER TABLE machine DROP COLUMN stamp",
    "PRAGMA user_version = 5",
)


def test_a_store_from_before_summaries_is_shown_as_it_was(
    plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = fleet(Store(plant / "plant.sqlite", read_only=True))
    old = copied(plant, tmp_path / "old.sqlite", *OLDER)
    assert fleet(Store(old, read_only=True)) == rows
    assert len(set(Store(old).stamps().values())) == 2
    refused = copied(plant, tmp_path / "refused.sqlite", *OLDER)
    real = Store._connected
    monkeypatch.setattr(Store, "_connected", lambda self, how: real(self, "mode=ro"))
    monkeypatch.setattr(StoreFile, "_connected", lambda self, how: real(self, "mode=ro"))
    with pytest.raises(UnreadableFile, match="older layout and cannot be written"):
        Store(refused, read_only=True)


def judged_anew(store: Store) -> list[str]:
    """Machines whose rows are not read from the store; that all rows are what a judgement says is checked."""
    fresh = rows_of((name, store.history(name)) for name in store.machines())
    anew: list[str] = []

    def judge(machine: str) -> list[FleetRow]:
        anew.append(machine)
        return [row for row in fresh if row.machine == machine]

    assert [replace(row, acknowledged="") for row in fleet(store, judge)] == fresh
    return anew


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE machine SET limits = 'rms=0.0001' WHERE name = 'fan'",
        "UPDATE machine SET asked = '{\"rpm\": 1500}' WHERE name = 'fan'",
        "DELETE FROM measurement WHERE id = (SELECT max(measurement.id) FROM measurement JOIN machine ON "
        "machine.id = machine WHERE name = 'fan')",
        "UPDATE measurement SET indicators = replace(indicators, 'rms', 'were') WHERE machine = "
        "(SELECT id FROM machine WHERE name = 'fan')",
        "UPDATE measurement SET sha256 = sha256 || id, machine = (SELECT id FROM machine WHERE name = 'fan')",
        "UPDATE summary SET program = 'another' WHERE machine = (SELECT id FROM machine WHERE name = 'fan')",
    ],
)
def test_the_rows_kept_of_a_machine_hold_only_while_nothing_changed(plant: Path, tmp_path: Path, change: str) -> None:
    path = copied(plant, tmp_path / "plant.sqlite")
    assert judged_anew(Store(path, read_only=True)) == []
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE measurement SET verdict = NULL WHERE file = 'nothing of that name'")
    assert judged_anew(Store(path, read_only=True)) == []
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    anew = judged_anew(Store(path, read_only=True))
    assert "fan" in anew
    assert judged_anew(Store(path, read_only=True)) == anew  # read only: nothing is kept
    sum_up(Store(path))
    assert judged_anew(Store(path, read_only=True)) == []


def test_rows_are_kept_with_what_is_added_and_move_with_it(plant: Path, tmp_path: Path) -> None:
    store = Store(copied(plant, tmp_path / "plant.sqlite"))
    before = {row.machine: row.measurements for row in fleet(store)}
    write(tmp_path / "pump_2025-12-01.csv", 0.0, 99)
    Machine("pump", store).add(tmp_path / "pump_2025-12-01.csv")
    assert judged_anew(store) == []
    assert {row.machine: row.measurements for row in fleet(store)} == before | {"pump": 11}
    store.set_limits("pump", "rms=0.0001")
    assert judged_anew(store) == ["pump"]
    points = {row.machine: row.point for row in fleet(store)}
    store.acknowledge("pump", points["pump"], "alarm", "Seen.")
    store.acknowledge("fan", points["fan"], "alarm", "Seen, too.")
    assert judged_anew(store) == ["pump"]
    assert {row.acknowledged[12:] for row in fleet(store)} == {"Seen.", "Seen, too."}
    store.add("pump", store.measurements("pump"))  # nothing new
    sum_up(store)
    assert judged_anew(store) == []


def test_what_arrives_in_a_folder_is_summed_up_once_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, times = Store(tmp_path / "plant.sqlite"), []
    real = Store.keep_summary
    monkeypatch.setattr(Store, "keep_summary", lambda self, *said: (times.append(said[0]), real(self, *said)))
    (tmp_path / "in").mkdir()
    for i in range(3):
        write(tmp_path / "in" / f"a_{i}.csv", 0.0, i, seconds=0.2)
    watcher = Watcher(Machine("fan", store, bearing=BEARING), tmp_path / "in")
    watcher.look()
    assert len(watcher.look()) == 3
    assert times == ["fan"]
    assert judged_anew(store) == []


def test_waveforms_and_spectra_are_kept_where_asked_for_once_and_pandas_reads_them(tmp_path: Path) -> None:
    store = tmp_path / "plant.sqlite"
    write(tmp_path / "a.csv", 0.0, 1)
    write(tmp_path / "b.csv", 0.4, 2, seconds=0.2)
    machine = Machine("pump / 3", store, bearing=BEARING)
    assert machine.add(tmp_path / "a.csv").measurements
    assert not (tmp_path / "plant.spectra").exists()
    said = [str(tmp_path), "--store", str(store), "--keep-spectra"]
    assert main(["add", "pump / 3", *said]) == 0  # one is known, but its spectra were not kept
    assert main(["add", "pump / 3", *said]) == 0
    frame = pd.read_parquet(tmp_path / "plant.spectra")
    assert set(frame["machine"]) == {"pump / 3"}
    points = machine.store.measurements("pump / 3")
    assert len(frame) == len(points) == len(set(zip(frame["sha256"], frame["point"], strict=True)))
    assert frame["waveform"].map(len).max() <= 65_536
    assert frame["spectrum"].map(len).max() <= 2_000
    whole = frame[frame["file"] == "a.csv"].iloc[0]
    loudest = whole["spectrum_step_hz"] * int(np.argmax(whole["spectrum"]))
    assert 0 < loudest < whole["sampling_rate_hz"] / 2
    found = kept_recording(store, "pump / 3", points[0])
    assert found is not None
    assert found.shaft_rpm == whole["rpm"]
    assert kept_recording(store, "another", points[0]) is None
    place_of(store, "pump / 3", points[0].sha256).write_bytes(b"half")
    with pytest.raises(UnreadableFile, match="is damaged"):
        kept_recording(store, "pump / 3", points[0])
    assert history_of_folder(tmp_path, verdicts=0).skipped == ()
    assert not place_of(store, "€" * 100, "../" * 100).exists()


def test_short_recordings_that_arrive_one_by_one_are_joined_like_those_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    machine = Machine("rig", tmp_path / "rig.sqlite", bearing=BEARING)
    for i in range(12):
        path = tmp_path / "in" / f"snap_{i:02d}.csv"
        write(path, 0.0, i, seconds=0.2)
        machine.add(path)
    kept, direct = machine.history().as_dict(), history_of_folder(tmp_path / "in", machine.asked).as_dict()
    assert kept == direct
    assert kept["points"][0]["series"]["joined"] == [4] * 12
    with sqlite3.connect(machine.store.path) as connection:
        connection.execute("UPDATE measurement SET spectrum = x'7b7d0a00'")
    connection.close()
    with pytest.raises(UnreadableFile, match="is damaged"):
        machine.history()
