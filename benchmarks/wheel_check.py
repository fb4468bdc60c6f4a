"""Build the wheel, install it in a fresh environment outside the checkout, and use it as a newcomer would.

    python -m benchmarks.wheel_check [--keep FOLDER]

Three lines of the library, the `bearing` command on a sample, and `bearing serve`: health, a file through the API, and
a session of the page with an upload. Prints what each took; ends with an error where one fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import requests

from benchmarks.servers import ROOT, Server, free_port, machine
from benchmarks.sessions import Session

SAMPLE = ROOT / "data" / "samples" / "outer.csv"
INSIDE = (
    "bearing/_app/app.py",
    "bearing/_app/pages/navigation.py",
    "bearing/_app/.streamlit/config.toml",
    "bearing/_data/bearings.csv",
    "bearing/_data/samples/outer.csv",
    "bearing/_weights/order_cnn.json",
    "bearing/__init__.pyi",
    "bearing/py.typed",
)
THREE_LINES = """\
import bearing
d = bearing.diagnose("outer.csv", rate_hz=12_000, rpm=1772, bearing="6205-2RS JEM")
print(d); d.to_html("outer.html"); d.figure("envelope")
assert d.verdict == "outer" and "site-packages" in bearing.__file__, (d.verdict, bearing.__file__)
"""


def build(folder: Path) -> Path:
    """The wheel, made in `folder`; SystemExit where it lacks what it must hold, or holds recordings."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    wheel = next(folder.glob("bearing_diagnostics-*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    if missing := [name for name in INSIDE if name not in names]:
        raise SystemExit(f"The wheel lacks {', '.join(missing)}.")
    if strays := [name for name in names if name.endswith(".mat") or name.split("/")[0] in ("tests", "pages", "data")]:
        raise SystemExit(f"The wheel holds {', '.join(strays[:5])}, which do not belong there.")
    print(f"wheel: {wheel.stat().st_size / 1e6:.1f} MB, {len(names)} files")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """A fresh environment with the wheel and its extra `app`; its folder of programs."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    programs = folder / "venv" / "bin"
    command = [str(programs / "python"), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt")]
    subprocess.run([*command, f"{wheel}[app]"], check=True)
    print(f"installed in a fresh environment: {time.perf_counter() - began:.0f} s")
    return programs


def environment() -> dict[str, str]:
    """This process's variables without those that could lead back into the checkout."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


def use(programs: Path, home: Path) -> None:
    """The library and the command line, in a folder that holds one sample and nothing else."""
    (home / "outer.csv").write_bytes(SAMPLE.read_bytes())
    subprocess.run([str(programs / "python"), "-c", THREE_LINES], cwd=home, env=environment(), check=True)
    command = [str(programs / "bearing"), "diagnose", "outer.csv"]
    done = subprocess.run(command, cwd=home, env=environment(), capture_output=True, text=True, check=False)
    print(done.stdout.strip()[:100])
    if done.returncode != 1:
        raise SystemExit(f"bearing diagnose ended with {done.returncode}, expected 1 for a fault: {done.stderr}")


def serve(programs: Path, home: Path) -> None:
    """`bearing serve`: a file through the API and one through a page."""
    port = free_port()
    began = time.perf_counter()
    command = [str(programs / "bearing"), "serve", "--port", str(port), "--host", "127.0.0.1"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=home, env=environment(), stdout=log, stderr=subprocess.STDOUT)
        try:
            server = Server(port, process.pid, _until_healthy(port, process) - began)
            answer = requests.post(
                f"{server.url}/api/diagnose", files={"file": ("outer.csv", SAMPLE.read_bytes())}, timeout=120
            )
            answer.raise_for_status()
            with Session(server.url) as session:
                session.run()
                session.upload("outer.csv", SAMPLE.read_bytes())
                if not any("Outer race damage" in words for words in session.words):
                    raise SystemExit(f"The page does not show the verdict: {session.words}")
            print(f"served after {server.started_s:.1f} s: the API says {answer.json()['verdict']}, the page runs")
        finally:
            process.terminate()
            process.wait(20)
            log.seek(0)
            if "Traceback" in (text := log.read().decode(errors="replace")):
                raise SystemExit(f"the server's log holds a traceback:\n{text[-3000:]}")


def _until_healthy(port: int, process: subprocess.Popen[bytes]) -> float:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).status_code == 200:
                return time.perf_counter()
        except requests.RequestException:
            time.sleep(0.05)
    raise SystemExit(f"bearing serve did not answer (exit code {process.poll()}).")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="a folder for wheel and environment, kept afterwards")
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        home = folder / "home"
        home.mkdir(exist_ok=True)
        programs = install(build(folder), folder)
        use(programs, home)
        serve(programs, home)


if __name__ == "__main__":
    main()
