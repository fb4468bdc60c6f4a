"""The Machine and Fleet pages in a real browser: `python -m benchmarks.machine_pages FOLDER [MACHINES]`.

Seconds, and seconds of the server's processor, from dropping a folder's files (and saying its bearing's speed and rate)
to the trend drawn; from the address of a fleet of so many machines, 100 measurements each, to its table, cold; from a
machine's address to its chart, cold and the next one; from a click on a row of Fleet to that machine's chart.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import TRACE, launch_chromium, new_page, serve  # noqa: E402

from bearing.machines.kept.fleet import sum_up  # noqa: E402
from bearing.machines.kept.store import Store  # noqa: E402
from bearing.verdict.asked.request import Request  # noqa: E402
from benchmarks.fleet import BEARING, made  # noqa: E402

ROW_PX = 35  # of Fleet's table


def server_s(port: str) -> float:
    """Seconds of processor that the server on a port has taken, and its children."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"--server.port\0{port}" in (text := entry.read_text()) or f"--server.port={port}" in text:
                ticks = entry.with_name("stat").read_text().rpartition(")")[2].split()[11:15]
                return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return float("nan")


def main() -> None:
    folder, machines = Path(sys.argv[1]), int((*sys.argv[2:], "100")[0])
    with tempfile.TemporaryDirectory() as place:
        store, pattern = Store(Path(place) / "plant.sqlite"), made(100)
        for m in range(machines):
            its = [replace(one, sha256=f"{m}-{i}") for i, one in enumerate(pattern)]
            store.add(f"machine {m}", its, Request(bearing=BEARING))
        sum_up(store)  # as whoever adds recordings does
        with serve(BEARING_STORE=str(store.path), BEARING_DATA_DIR="") as address, launch_chromium() as browser:
            port = address.rpartition(":")[2].strip("/")

            def timed(what: str, path: str, drawn: str) -> None:
                app = new_page(browser, address)
                cpu, wall = server_s(port), time.perf_counter()
                app.page.goto(address + path)
                app.page.locator(drawn).first.wait_for(state="attached", timeout=120_000)
                took = time.perf_counter() - wall
                app.settle()
                print(f"{what}: {took:.2f} s, server {server_s(port) - cpu:.2f} s of processor", flush=True)
                app.page.context.close()

            new_page(browser, address).goto("/training")  # imports
            timed(f"fleet of {machines}, cold", "/fleet", '[data-testid="stDataFrame"] canvas')
            timed("fleet, again", "/fleet", '[data-testid="stDataFrame"] canvas')
            timed("a machine's address", "/machine?machine=machine 7", TRACE)
            timed("another machine's", "/machine?machine=machine 8", TRACE)
            app = new_page(browser, address).goto("/fleet")
            for row in (1, 2, 3):
                cpu, wall = server_s(port), time.perf_counter()
                table = app.page.locator('[data-testid="stDataFrame"] canvas').first
                table.click(position={"x": 16, "y": ROW_PX * (row + 0.5)}, force=True)
                app.page.locator(TRACE).first.wait_for(state="attached", timeout=120_000)
                took = time.perf_counter() - wall
                app.settle()
                print(
                    f"a row of Fleet clicked: {took:.2f} s, server {server_s(port) - cpu:.2f} s of processor",
                    flush=True,
                )
                app.page.get_by_role("link", name="Fleet").click()
                app.page.locator('[data-testid="stDataFrame"] canvas').first.wait_for(state="attached")
                app.settle()
            app = new_page(browser, address).goto("/machine")
            app.page.get_by_label("Speed (rpm)").fill("1800")
            app.page.get_by_label("Sampling rate (Hz)").fill("25600")
            app.page.get_by_label("Sampling rate (Hz)").press("Tab")
            app.settle()
            files = sorted(str(one) for one in folder.iterdir() if one.is_file())
            cpu, wall = server_s(port), time.perf_counter()
            app.page.locator('[data-testid="stFileUploader"] input').first.set_input_files(files)
            app.page.get_by_text("Show the history").click()
            app.page.locator(TRACE).first.wait_for(state="attached", timeout=120_000)
            took = time.perf_counter() - wall
            app.settle()
            told = app.page.get_by_text("measurements in order").first.inner_text()
            print(told[:40])
            print(f"{len(files)} files dropped to trend drawn: {took:.1f} s, server {server_s(port) - cpu:.1f} s")


if __name__ == "__main__":
    main()
