"""Start the app the way each host does, use it, and report time and memory.

    python -m benchmarks.deploy_check [--host render cloud] [--cpu 0.1] [--keep FOLDER]
    python -m benchmarks.deploy_check --resolve    only: is there a wheel of everything for each Python
    python -m benchmarks.deploy_check --lock FILE  only: requirements with the hash of every wheel, for this Python

First requirements.txt is resolved for each Python a host may offer, from wheels alone (with uv, as hosts do). Then: a
clone of the last commit, a fresh virtual environment from requirements.txt, the host's own start command and variables,
$PORT, headers as the host's proxy sends them, a memory limit by a control group (where this machine lets us make one;
otherwise the memory is only measured), and a home that nobody can write to. Then a file goes through the API and, with
Playwright and Chromium, through the browser.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from benchmarks.memory import recording
from benchmarks.servers import ROOT, Server, free_port, machine
from benchmarks.sessions import Session

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
NO_HOME = "/proc/no-home"  # not even root can make it
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass(frozen=True)
class Host:
    """How a host starts the app and reaches it."""

    name: str
    address: str
    memory_mb: int
    command: str
    environment: dict[str, str] = field(default_factory=dict)


def render() -> Host:
    """Render, as render.yaml says."""
    text = (ROOT / "render.yaml").read_text()
    match = re.search(r"startCommand: >-\n\s+(.+)", text)
    assert match is not None
    variables = dict(re.findall(r'- key: (\w+).*\n\s+value: "?([^"\n]+)"?', text))
    variables.pop("PYTHON_VERSION", None)
    return Host("Render", "bearing-diagnostics.onrender.com", 512, match[1], variables)


def community_cloud() -> Host:
    """Streamlit Community Cloud: its own command, nothing set, at least 690 MB."""
    return Host(
        "Streamlit Community Cloud",
        "bearing-diagnostics.streamlit.app",
        690,
        "streamlit run app.py --server.port $PORT --server.headless true",
    )


HOSTS = {"render": render, "cloud": community_cloud}


def proxied(host: Host) -> dict[str, str]:
    """Headers as a proxy in front of the app adds them."""
    return {
        "Host": host.address,
        "Origin": f"https://{host.address}",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": host.address,
    }


def resolve(python: str, requirements: Path = ROOT / "requirements.txt") -> list[str]:
    """The packages that requirements.txt comes to on one Python for Linux, nothing built from source, as name==version.

    Raises RuntimeError with the resolver's own words where there is no such set.
    """
    return [line for line in _compiled(python, requirements).splitlines() if "==" in line]


def _compiled(python: str, requirements: Path, *more: str) -> str:
    command = [sys.executable, "-m", "uv", "pip", "compile", str(requirements), "--python-version", python]
    command += ["--only-binary", ":all:", "--python-platform", "x86_64-manylinux_2_28", "--quiet", "--no-header"]
    done = subprocess.run([*command, "--no-annotate", *more], capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"Python {python}: {done.stderr.strip()}")
    return done.stdout


def lock(path: Path, requirements: Path = ROOT / "requirements.txt") -> int:
    """Write every package with the hashes its index names, for the running Python; how many packages there are.

    Raises RuntimeError where one has none: ``pip install --require-hashes -r`` would refuse the whole file.
    """
    text = _compiled(f"{sys.version_info.major}.{sys.version_info.minor}", requirements, "--generate-hashes")
    if bare := unhashed(text):
        raise RuntimeError(f"No hash is known of {', '.join(bare)}.")
    path.write_text(text, encoding="utf-8")
    return text.count("==")


def unhashed(text: str) -> list[str]:
    """The requirements of a lock file that carry no hash."""
    requirements = text.replace("\\\n", " ").splitlines()
    return [line.split()[0] for line in requirements if "==" in line and "--hash=sha256:" not in line]


def install(folder: Path) -> None:
    """The last commit and a fresh environment in `folder`; says how long that took and how large it is."""
    clone = folder / "clone"
    clone.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", str(clone)], input=archive, check=True)
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
    done = subprocess.run(pip, cwd=clone, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"requirements.txt cannot be installed:\n{done.stderr[-2000:]}")
    seconds = time.perf_counter() - began
    size = sum(path.stat().st_size for path in (folder / "venv").rglob("*") if path.is_file())
    packages = {path.name for path in (folder / "venv").glob("lib/python*/site-packages/*")}
    if "torch" in packages:
        raise SystemExit("requirements.txt brings torch: a host of 512 MB cannot hold it.")
    print(f"fresh environment from requirements.txt: {seconds:.0f} s, {size / 1e6:.0f} MB, no torch")


class Group:
    """A control group with a memory limit and, where asked for, a share of a core (version 1 or 2)."""

    ROOT = Path("/sys/fs/cgroup")

    def __init__(self, memory_mb: int, cores: float | None) -> None:
        self.two = (self.ROOT / "cgroup.controllers").exists()
        self.folders = [
            self.ROOT / kind / f"bearing-{os.getpid()}" for kind in (("",) if self.two else ("memory", "cpu"))
        ]
        for folder in self.folders:
            folder.mkdir()
        limit = str(memory_mb * 1_000_000)
        (self.folders[0] / ("memory.max" if self.two else "memory.limit_in_bytes")).write_text(limit)
        if cores is not None and self.two:
            (self.folders[0] / "cpu.max").write_text(f"{int(cores * 100_000)} 100000")
        elif cores is not None:
            (self.folders[1] / "cpu.cfs_quota_us").write_text(str(int(cores * 100_000)))

    def add(self, pid: int) -> None:
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def peak_mb(self) -> float:
        """The most the group ever took, page cache included."""
        name = "memory.peak" if self.two else "memory.max_usage_in_bytes"
        return int((self.folders[0] / name).read_text()) / 1e6

    def close(self) -> None:
        for folder in self.folders:
            folder.rmdir()


@contextmanager
def limited(memory_mb: int, cores: float | None) -> Iterator[Group | None]:
    """A group, or None with a word of explanation where this machine does not allow one."""
    try:
        group = Group(memory_mb, cores)
    except OSError as error:
        print(f"no control group here ({error.strerror}): memory is measured, not limited")
        yield None
        return
    try:
        yield group
    finally:
        time.sleep(0.5)
        group.close()


@contextmanager
def started(host: Host, folder: Path, group: Group | None) -> Iterator[Server]:
    """The host's command in the clone, with a home that cannot be written to."""
    port = free_port()
    environment = {
        "PATH": f"{folder / 'venv/bin'}:/usr/bin:/bin",
        "HOME": NO_HOME,
        "PORT": str(port),
        "LANG": "C.UTF-8",
        **host.environment,
    }
    command = shlex.split(host.command.replace("$PORT", str(port)))
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(folder / "venv/bin" / command[0]), *command[1:]],
            cwd=folder / "clone",
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        if group is not None:
            group.add(process.pid)
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", process, host)
            yield Server(port, process.pid, time.perf_counter() - began)
            if process.poll() is not None:
                raise SystemExit(f"{host.name}: the server died with code {process.returncode} (over its memory?)")
        finally:
            process.terminate()
            process.wait(20)
            log.seek(0)
            text = log.read().decode(errors="replace")
            if "Traceback" in text:
                print(f"the log holds a traceback:\n{text[-3000:]}")


def wait_for(url: str, process: subprocess.Popen[bytes], host: Host) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, headers=proxied(host), timeout=5).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.02)
    raise SystemExit(f"{host.name}: no answer at {url} (exit code {process.poll()})")


def ask_api(host: Host, server: Server) -> str:
    """A file through the API, as through the proxy; the verdict."""
    began = time.perf_counter()
    files = {"file": ("outer.csv", (ROOT / "data/samples/outer.csv").read_bytes())}
    answer = requests.post(f"{server.url}/api/diagnose", files=files, headers=proxied(host), timeout=120)
    answer.raise_for_status()
    content = answer.json()
    docs = requests.get(f"{server.url}/api/openapi.json", headers=proxied(host), timeout=120)
    docs.raise_for_status()
    seconds = time.perf_counter() - began
    return f"{content['verdict']} ({content['confidence']:.2f}) in {seconds:.2f} s with its documentation"


def ask_browser(host: Host, server: Server) -> str:
    """A file through a real browser that asks for a name, not for this machine; the verdict it shows."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "not tried: Playwright is not installed"
    if CHROMIUM is None:
        return "not tried: no Chromium found"
    address = host.address.rpartition(".")[0] + ".example"  # browsers insist on TLS for .app
    arguments = [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        f"--host-resolver-rules=MAP {address}:80 127.0.0.1:{server.port}",
    ]
    forwarded = {name: value for name, value in proxied(host).items() if name.startswith("X-")}
    idle = '[data-testid="stApp"][data-test-script-state="notRunning"]'
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_context(viewport={"width": 1280, "height": 800}, extra_http_headers=forwarded).new_page()
        page.goto(f"http://{address}/", timeout=120_000)
        page.wait_for_selector('input[type="file"]', state="attached", timeout=120_000)
        page.wait_for_selector(idle, timeout=120_000)
        began = time.perf_counter()
        page.locator('input[type="file"]').first.set_input_files(str(ROOT / "data/samples/outer.csv"))
        page.wait_for_selector('[class*="st-key-verdict-"] h2', timeout=120_000)
        verdict = page.locator('[class*="st-key-verdict-"] h2').first.inner_text()
        seconds = time.perf_counter() - began
        page.wait_for_selector(idle, timeout=120_000)
        if page.locator('[data-testid="stException"]').count():
            raise SystemExit(f"{host.name}: the page shows an exception")
        browser.close()
    words = [word for word in verdict.split() if "_" not in word]  # an icon's name is text, too
    return f"{' '.join(words)} in {seconds:.2f} s"


def ask_sessions(server: Server, sessions: int) -> str:
    """Sessions with a 10 s recording each, all open at once."""
    with ExitStack() as stack:
        for number in range(sessions):
            session = stack.enter_context(Session(server.url))
            session.run()
            session.upload(f"{number}.csv", recording(120_000, number))
        memory = server.memory_mb()
    return f"{memory['now']:.0f} MB with {sessions} sessions open"


def check(host: Host, folder: Path, cores: float | None, sessions: int) -> None:
    print(f"\n{host.name}: {host.memory_mb} MB{'' if cores is None else f', {cores:g} of a core'}")
    with limited(host.memory_mb, cores) as group, started(host, folder, group) as server:
        print(f"  healthy after   {server.started_s:.1f} s")
        print(f"  API             {ask_api(host, server)}")
        print(f"  browser         {ask_browser(host, server)}")
        print(f"  sessions        {ask_sessions(server, sessions)}")
        peak = "" if group is None else f"; of the whole group, page cache included, {group.peak_mb():.0f} MB"
        print(f"  peak memory     {server.memory_mb()['peak']:.0f} MB{peak}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", nargs="+", choices=list(HOSTS), default=list(HOSTS))
    parser.add_argument("--cpu", type=float, help="share of a core, such as 0.1")
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--keep", type=Path, help="an existing folder for clone and environment, used again next time")
    parser.add_argument("--resolve", action="store_true", help="only resolve requirements.txt for each Python")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="only write requirements with hashes there")
    arguments = parser.parse_args()
    if arguments.lock:
        print(f"{lock(arguments.lock)} packages with their hashes in {arguments.lock}")
        return
    print(machine())
    for python in PYTHONS:
        print(f"Python {python}: {len(resolve(python))} packages, all from wheels")
    if arguments.resolve:
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.chmod(0o755)
        if not (folder / "venv").exists():
            install(folder)
        for name in arguments.host:
            check(HOSTS[name](), folder, arguments.cpu, arguments.sessions)


if __name__ == "__main__":
    main()
