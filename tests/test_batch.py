"""Very many recordings on Dask: each done once, bad ones as rows, whoever is killed, wherever they lie."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from test_machine_history import BEARING, write

pytest.importorskip("distributed", reason="needs the extra batch: pip install 'bearing-diagnostics[batch]'")

import pyarrow.parquet as pq
from distributed import KilledWorker, LocalCluster

from bearing.batch.histories import histories_of_batch, history_of_batch
from bearing.batch.run import _rows, run_batch
from bearing.batch.sources import Source, listed, read
from bearing.batch.table import claimed, done, machines_of, read_measurements, write_rows
from bearing.cli.main import main
from bearing.errors import DataError, ParameterError, TooLarge, UnreadableFile
from bearing.files import ROOT
from bearing.machines.history import history_of_folder
from bearing.settings import Limits
from bearing.verdict.asked.request import Request


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two machines of six measurements, snapshots of a third, a file that is no measurement, and a hidden one."""
    folder = tmp_path_factory.mktemp("plant")
    for name in ("fan", "pump", "mill"):
        (folder / name).mkdir()
    for i in range(6):
        write(folder / "fan" / f"m_{i}.csv", 0.4 * max(0, i - 3), i)
        write(folder / "pump" / f"m_{i}.csv", 0.0, i + 20)
        write(folder / "mill" / f"s_{i}.csv", 0.0, i + 40, seconds=0.2)
    (folder / "pump" / "notes.txt").write_text("Oil changed.\n")
    (folder / "pump" / ".hidden.csv").write_text("1\n")
    return folder


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A scheduler with one worker in this process."""
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def results(plant: Path, scheduler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "results"
    found = run_batch([str(plant)], out, Request(bearing=BEARING), scheduler=scheduler)
    assert (found.files, found.known, found.measurements, found.errors) == (19, 0, 18, 1)
    return out


def test_histories_of_the_results_are_those_of_the_folders(plant: Path, results: Path) -> None:
    direct = history_of_folder(plant, Request(bearing=BEARING)).as_dict()
    ours = history_of_batch(results).as_dict()
    assert ours["skipped"] == [one for one in direct["skipped"] if "hidden" not in one["file"]]
    for one, other in zip(ours["points"], direct["points"], strict=True):
        told = {name: values for name, values in one["series"].items() if name != "verdict"}  # all, not the last three
        assert told == {name: values for name, values in other["series"].items() if name != "verdict"}
        assert [v for k, v in one.items() if k != "series"] == [v for k, v in other.items() if k != "series"]
    fan = dict(histories_of_batch(results))["fan"]
    assert [p.name for p in fan.points] == ["acc_x"]
    assert fan.points[0].verdict.verdict == "outer"


def test_trend_and_fleet_read_the_results(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["trend", str(results), "--json"])
    assert len(json.loads(capsys.readouterr().out)["points"]) == 3
    main(["fleet", "--store", str(results), "--json"])
    assert {row["machine"] for row in json.loads(capsys.readouterr().out)} == {"fan", "pump", "mill"}


def test_what_is_done_is_not_done_again_and_what_changed_is(plant: Path, results: Path, scheduler: str) -> None:
    request = Request(bearing=BEARING)
    again = run_batch([str(plant)], results, request, scheduler=scheduler)
    assert (again.known, again.measurements, again.errors) == (19, 0, 0)
    extra = plant / "fan" / "m_9.csv"
    write(extra, 0.0, 90)
    try:
        assert run_batch([str(plant)], results, request, scheduler=scheduler).measurements == 1
        write(extra, 0.0, 91, seconds=1.5)
        assert run_batch([str(plant)], results, request, scheduler=scheduler).measurements == 1
        (last,) = [m for m in read_measurements(results, "fan")[0] if m.file == "fan/m_9.csv"]
        assert last.duration_s == pytest.approx(1.5)
    finally:
        extra.unlink()
    with pytest.raises(ParameterError, match="asked for otherwise"):
        run_batch([str(plant)], results, Request(rpm=900), scheduler=scheduler)


def test_a_stopped_run_keeps_what_it_did_and_the_next_does_the_rest(
    plant: Path, scheduler: str, tmp_path: Path
) -> None:
    pattern = [str(plant / "pump" / "*.csv"), str(plant / "fan" / "*.csv")]
    first = run_batch(pattern, tmp_path / "r", scheduler=scheduler, progress=lambda count, total: count >= total)
    assert first.stopped
    assert 0 < first.measurements < 12
    rest = run_batch(pattern, tmp_path / "r", scheduler=scheduler)
    assert rest.known == first.measurements
    assert len(read_measurements(tmp_path / "r")[0]) == 12
    assert machines_of(tmp_path / "r") == ["fan", "pump"]


def test_results_are_read_by_whoever_reads_parquet(results: Path) -> None:
    table = pq.read_table(results).to_pandas()
    assert set(table["machine"]) == {"fan", "pump", "mill"}
    (bad,) = table[table["error"].notna()].to_dict("records")
    assert bad["file"] == "pump/notes.txt"
    assert "No table" in bad["error"]


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def test_a_killed_worker_loses_nothing(plant: Path, tmp_path: Path) -> None:
    """A real scheduler and two worker processes; one is killed as soon as something is done."""
    address = tmp_path / "scheduler.json"
    told = ["--scheduler-file", str(address)]
    worker = ["-m", "distributed.cli.dask_worker", *told, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    with (
        _process("-m", "distributed.cli.dask_scheduler", *told, "--port", "0", "--no-dashboard"),
        _process(*worker) as victim,
        _process(*worker),
    ):
        deadline = time.monotonic() + 120
        while not (address.is_file() and address.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.1)
        where = json.loads(address.read_text())["address"]

        def kill_one(count: int, total: int) -> bool:
            if victim.poll() is None:
                os.killpg(victim.pid, signal.SIGKILL)
            return True

        found = run_batch([str(plant)], tmp_path / "r", Request(bearing=BEARING), scheduler=where, progress=kill_one)
        assert victim.wait() == -signal.SIGKILL
    assert (found.measurements, found.errors) == (18, 1)
    names = [m.file for m in read_measurements(tmp_path / "r")[0]]
    assert len(names) == len(set(names)) == 18


def test_kill_9_of_the_program_leaves_whole_parts_and_the_next_run_finishes(
    plant: Path, scheduler: str, tmp_path: Path
) -> None:
    out = tmp_path / "r"
    code = "import bearing.batch.run as r; r.FLUSH_FILES = 1; from bearing.cli.main import main; main()"
    asked = ["batch", str(plant), "--out", str(out), "--bearing", BEARING, "--scheduler", scheduler]
    with _process("-c", code, *asked) as child:
        deadline = time.monotonic() + 120
        while not list(out.glob("machine=*/part-*")) and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
    assert len(done(out)) >= 1
    run_batch([str(plant)], out, Request(bearing=BEARING), scheduler=scheduler)
    rows = pq.read_table(out, columns=["url", "point"]).to_pylist()
    assert len(rows) == len({(row["url"], row["point"]) for row in rows}) == 19
    assert not list(out.glob("machine=*/.part-*"))


def test_a_full_disk_is_told_and_leaves_whole_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"machine": "fan/3 é", "url": "a", "stamp": "1", "file": "a.csv", "point": "", "error": "none"}
    write_rows(tmp_path, [row])

    def full(table: Any, file: Any, **options: Any) -> None:
        file.write(b"PAR1 half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DataError, match="No space left"):
        write_rows(tmp_path, [{**row, "url": "b"}])
    assert done(tmp_path) == {("a", "1")}
    assert machines_of(tmp_path) == ["fan/3 é"]
    assert read_measurements(tmp_path) == ([], [("a.csv", "none")])
    assert len(list(tmp_path.rglob("*part*"))) == 1


def test_two_programs_never_write_to_one_folder_and_other_folders_are_left_alone(tmp_path: Path) -> None:
    with (
        claimed(tmp_path / "r", {"asked": {}}),
        pytest.raises(ParameterError, match="Another program"),
        claimed(tmp_path / "r", {"asked": {}}),
    ):
        pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(ParameterError, match="other files"), claimed(tmp_path / "other", {}):
        pass


def test_a_file_that_kills_workers_becomes_a_row_and_its_neighbours_are_tried_alone() -> None:
    class Dead:
        def result(self) -> None:
            raise KilledWorker("task", None, 3)

    files = [Source(f"{i}.csv", f"{i}.csv", "fan", 1, "1") for i in range(3)]
    assert _rows(Dead(), files) == ([], files)
    (row,), again = _rows(Dead(), files[:1])
    assert again == []
    assert "workers died" in str(row["error"])


class S3(BaseHTTPRequestHandler):
    """As much of S3's protocol as reading takes: a bucket of `objects` listed and read."""

    objects: dict[str, bytes]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if "list-type" not in asked:
            self._answer(with_body=True)
            return
        prefix, mark = asked.get("prefix", [""])[0], asked.get("delimiter", [""])[0]
        keys = [key for key in sorted(self.objects) if key.startswith(prefix)]
        below = {key[len(prefix) :].partition(mark)[0] for key in keys if mark and mark in key[len(prefix) :]}
        rows = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(self.objects[key])}</Size><ETag>e</ETag>"
            "<LastModified>2025-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys
            if not (mark and mark in key[len(prefix) :])
        ) + "".join(f"<CommonPrefixes><Prefix>{prefix}{name}{mark}</Prefix></CommonPrefixes>" for name in sorted(below))
        listing = f"<ListBucketResult><Name>plant</Name><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
        self._send(200, listing.encode())

    def _answer(self, with_body: bool) -> None:
        bucket, _, key = urlsplit(self.path).path.strip("/").partition("/")
        content = b"" if bucket == "plant" and not key else self.objects.get(key)
        if content is None or bucket != "plant":
            self._send(404, b"", with_body)
            return
        wanted = self.headers.get("Range")
        if wanted:
            first, last = wanted.removeprefix("bytes=").split("-")
            content = content[int(first) : int(last) + 1]
        self._send(206 if wanted else 200, content, with_body)

    def _send(self, status: int, content: bytes, with_body: bool = True) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def bucket(plant: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The plant's pump in an object store on this computer."""
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y"), ("AWS_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    objects = {f"pump/{path.name}": path.read_bytes() for path in sorted((plant / "pump").glob("[!.]*"))[:3]}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Held", (S3,), {"objects": objects}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"s3://plant?endpoint_override=127.0.0.1:{server.server_port}&scheme=http"
    server.shutdown()


def test_an_object_store_is_read_like_a_folder(bucket: str, plant: Path, scheduler: str, tmp_path: Path) -> None:
    address, _, query = bucket.partition("?")
    whole = listed([bucket])
    assert [(one.name, one.machine) for one in whole] == [(f"pump/m_{i}.csv", "pump") for i in range(3)]
    (one,) = listed([f"{address}/pump/*_1.csv?{query}"])
    assert read(one, Limits()) == (plant / "pump" / "m_1.csv").read_bytes()
    found = run_batch([bucket], tmp_path / "r", scheduler=scheduler)
    assert (found.measurements, found.errors) == (3, 0)
    with pytest.raises(TooLarge):
        read(one, Limits(max_bytes=10))
    with pytest.raises(UnreadableFile, match="cannot be read"):
        listed([f"s3://nobody?{query}"])


def test_sources_that_are_none_are_one_sentence(tmp_path: Path) -> None:
    for source in (str(tmp_path / "nothing"), str(tmp_path), str(tmp_path / "*.csv"), "nonsense://a"):
        with pytest.raises(UnreadableFile, match=r"cannot be read|holds no file"):
            listed([source])
    assert main(["batch", str(tmp_path / "nothing"), "--out", str(tmp_path / "r")]) == 2
