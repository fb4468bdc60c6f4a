"""The downloader against a local server that cuts, corrupts, stalls and lies."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bearing.cwru.download import CHUNK, at_hand, download
from bearing.cwru.registry import RegistryEntry, entry, git_blob_sha1
from bearing.errors import DownloadFailed, HashMismatch
from bearing.files import ROOT

CONTENT = bytes(range(256)) * 4000  # a megabyte


class _Publisher(ThreadingHTTPServer):
    """Serves CONTENT; `mood` says how it misbehaves, `ranges` what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mood: list[str] = []
        self.ranges: list[str | None] = []
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/105.mat"


class _Handler(BaseHTTPRequestHandler):
    server: _Publisher

    def do_GET(self) -> None:
        mood = self.server.mood.pop(0) if self.server.mood else "good"
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if mood == "missing":
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and mood != "no ranges" else 0
        body = CONTENT[start:] if mood != "corrupt" else b"x" * (len(CONTENT) - start)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mood == "cut":
            body = body[: len(body) // 2]
        self.wfile.write(body[:1000])
        if mood == "stall":
            self.wfile.flush()
            self.server.release.wait(10)
            return
        self.wfile.write(body[1000:])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def publisher() -> Iterator[_Publisher]:
    server = _Publisher()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def facts() -> RegistryEntry:
    return replace(entry(105), sha256=hashlib.sha256(CONTENT).hexdigest(), bytes=len(CONTENT))


def assert_continued(asked: str | None) -> None:
    """The second half was asked for, give or take the chunk that was under way."""
    assert asked is not None
    start = int(asked.removeprefix("bytes=").rstrip("-"))
    assert len(CONTENT) // 2 - CHUNK < start <= len(CONTENT) // 2


def test_a_download_is_checked_put_in_place_and_not_repeated(
    publisher: _Publisher, facts: RegistryEntry, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    path = download(facts, tmp_path, lambda done, total: seen.append((done, total)), publisher.url)
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in tmp_path.iterdir()] == ["105.mat"]
    download(facts, tmp_path, url=publisher.url)
    assert len(publisher.ranges) == 1


def test_a_cut_transfer_continues_where_it_stopped(publisher: _Publisher, facts: RegistryEntry, tmp_path: Path) -> None:
    publisher.mood = ["cut"]
    assert download(facts, tmp_path, url=publisher.url).read_bytes() == CONTENT
    assert publisher.ranges[0] is None
    assert_continued(publisher.ranges[1])


def test_a_publisher_without_ranges_is_asked_from_the_start(
    publisher: _Publisher, facts: RegistryEntry, tmp_path: Path
) -> None:
    publisher.mood = ["cut", "no ranges"]
    assert download(facts, tmp_path, url=publisher.url).read_bytes() == CONTENT


def test_what_arrived_before_a_failure_is_used_by_the_next_call(
    publisher: _Publisher, facts: RegistryEntry, tmp_path: Path
) -> None:
    publisher.mood = ["cut", "missing", "missing"]
    with pytest.raises(DownloadFailed, match="publisher answered 404"):
        download(facts, tmp_path, url=publisher.url)
    assert [p.name for p in tmp_path.iterdir()] == ["105.part"]
    assert download(facts, tmp_path, url=publisher.url).read_bytes() == CONTENT
    assert_continued(publisher.ranges[-1])


def test_wrong_bytes_are_refused_and_leave_nothing(publisher: _Publisher, facts: RegistryEntry, tmp_path: Path) -> None:
    publisher.mood = ["corrupt"]
    with pytest.raises(HashMismatch, match="its hash differs"):
        download(facts, tmp_path, url=publisher.url)
    assert list(tmp_path.iterdir()) == []


def test_a_stall_ends_in_a_sentence(publisher: _Publisher, facts: RegistryEntry, tmp_path: Path) -> None:
    publisher.mood = ["stall"] * 3
    with pytest.raises(DownloadFailed, match="BEARING_DATA_DIR"):
        download(facts, tmp_path, url=publisher.url, timeout_s=0.3)
    assert not (tmp_path / "105.mat").exists()


def test_no_publisher_at_all(facts: RegistryEntry, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="no connection"):
        download(facts, tmp_path, url="http://127.0.0.1:9/105.mat")


def test_a_damaged_file_in_the_cache_is_replaced(publisher: _Publisher, facts: RegistryEntry, tmp_path: Path) -> None:
    (tmp_path / "105.mat").write_bytes(b"half")
    assert download(facts, tmp_path, url=publisher.url).read_bytes() == CONTENT


def test_normals_are_checked_by_their_git_blob_id(publisher: _Publisher, tmp_path: Path) -> None:
    facts = replace(entry(98), git_blob_sha1=git_blob_sha1(CONTENT))
    assert download(facts, tmp_path, url=publisher.url).name == "98.mat"
    publisher.mood = ["corrupt"]
    with pytest.raises(HashMismatch, match="not the file that was published"):
        download(replace(entry(99), git_blob_sha1=git_blob_sha1(CONTENT)), tmp_path, url=publisher.url)


def test_a_killed_download_leaves_nothing_half_written(
    publisher: _Publisher, facts: RegistryEntry, tmp_path: Path
) -> None:
    publisher.mood = ["stall"]
    program = (
        "import sys; from dataclasses import replace; from pathlib import Path\n"
        "from bearing.cwru.download import download; from bearing.cwru.registry import entry\n"
        "download(replace(entry(105), sha256=sys.argv[1]), Path(sys.argv[2]), url=sys.argv[3])"
    )
    child = subprocess.Popen([sys.executable, "-c", program, facts.sha256, str(tmp_path), publisher.url], cwd=ROOT)
    deadline = time.monotonic() + 30
    while not (tmp_path / "105.part").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    child.kill()
    child.wait()
    assert [p.name for p in tmp_path.iterdir()] == ["105.part"]
    assert download(facts, tmp_path, url=publisher.url).read_bytes() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == ["105.mat"]


def test_what_the_users_own_folder_holds_is_not_downloaded(
    publisher: _Publisher, facts: RegistryEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, folder = tmp_path / "own", tmp_path / "folder"
    own.mkdir()
    monkeypatch.setenv("BEARING_DATA_DIR", str(own))
    assert at_hand(facts) is None
    (own / facts.file_name).write_bytes(CONTENT[:-1])
    assert at_hand(facts) is None  # other bytes under its name
    (own / facts.file_name).write_bytes(CONTENT)
    assert at_hand(facts) == own / facts.file_name
    assert download(facts, folder, url=publisher.url).read_bytes() == CONTENT
    assert publisher.ranges == []
    assert [path.name for path in folder.iterdir()] == [facts.file_name]
