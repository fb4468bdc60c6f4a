"""Seconds in Chromium: from choosing a file to the drawn verdict and charts, and from a new speed to all charts.

    python benchmarks/upload_to_verdict.py [FILE ...]

Serves the app, uploads a 10 s recording at 12 kHz (simulated unless files are given) and waits until the verdict, then
until both charts of the first screen are drawn; then types another speed and waits until everything that shows it
is drawn anew. A fresh browser tab each time, warm server; every speed is one the server has not seen.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import launch_chromium, new_page, serve  # noqa: E402

from bearing.physics.simulate import SimulationConfig, simulate  # noqa: E402

ROUNDS = 5
TARGETS_S = {"verdict": 0.5, "first-screen charts": 1.2, "another speed": 0.6}
VERDICT = """() => document.querySelector('[class*="st-key-verdict-"] h2')"""
CHARTS = """() => document.querySelector('[class*="st-key-verdict-"] h2')
    && document.querySelector('[class*="st-key-envelope-"] .js-plotly-plot .scatterlayer path')
    && document.querySelector('[class*="st-key-waveform-"] .js-plotly-plot .scatterlayer path')"""
LINES = """(() => [...document.querySelectorAll('[class*="st-key-envelope-"] .scatterlayer path')]
    .map(path => path.getAttribute('d') + path.getAttribute('transform')).join())"""
SETTLED = f"""(speed) => ({CHARTS})()
    && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'
    && document.querySelector('[class*="st-key-four"]').innerText.includes(speed)
    && {LINES}() !== window.linesBefore
    && !document.querySelector('[data-stale="true"]')"""
SPEEDS = itertools.count(1760)


def simulated_file(folder: Path, seconds: float = 10.0, rate_hz: float = 12_000.0) -> Path:
    """A 10 s recording as CSV with its facts in the first line."""
    samples = simulate(SimulationConfig(state="outer", duration_s=seconds, sampling_rate_hz=rate_hz, seed=1))
    path = folder / "ten_seconds.csv"
    lines = [f"# sampling_rate_hz={rate_hz:g}; shaft_rpm=1772; bearing=6205-2RS JEM", "acceleration_g"]
    path.write_text("\n".join([*lines, *(f"{value:.6g}" for value in samples)]) + "\n")
    return path


def measure(browser: Any, address: str, path: Path) -> tuple[float, float, float]:
    """Seconds to the verdict, to the charts of the first screen, and from another speed to everything drawn anew."""
    app = new_page(browser, address).goto("/")
    zone = app.page.locator('input[type="file"]').first
    start = time.perf_counter()
    zone.set_input_files(str(path))
    app.page.wait_for_function(VERDICT, timeout=60_000, polling=20)
    verdict_s = time.perf_counter() - start
    app.page.wait_for_function(CHARTS, timeout=60_000, polling=20)
    charts_s = time.perf_counter() - start
    app.settle()
    app.page.wait_for_timeout(500)
    speed = app.page.get_by_role("spinbutton", name="Speed (rpm)")
    rpm = f"{next(SPEEDS)}"
    app.page.evaluate(f"() => {{ window.linesBefore = {LINES}(); }}")
    speed.fill(rpm)
    start = time.perf_counter()
    speed.press("Enter")
    app.page.wait_for_function(SETTLED, arg=f"{rpm} rpm", timeout=60_000, polling=20)
    again_s = time.perf_counter() - start
    app.check()
    app.page.context.close()
    return verdict_s, charts_s, again_s


def main() -> int:
    met = True
    with tempfile.TemporaryDirectory() as folder, serve() as address, launch_chromium() as browser:
        files = [Path(name) for name in sys.argv[1:]] or [simulated_file(Path(folder))]
        new_page(browser, address).goto("/").page.context.close()
        for path in files:
            rounds = [measure(browser, address, path) for _ in range(ROUNDS)]
            print(f"{path.name} (load average {os.getloadavg()[0]:.1f}), seconds at first, median, least:")
            for (name, target), taken in zip(TARGETS_S.items(), zip(*rounds, strict=True), strict=True):
                print(
                    f"  {name:20} {taken[0]:.2f}  {statistics.median(taken):.2f}  {min(taken):.2f}  (target {target})"
                )
                met = met and statistics.median(taken) <= target
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
