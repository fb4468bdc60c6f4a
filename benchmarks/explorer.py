"""The explorer in a real browser: cold start of both pages, and the time from a click to the window it chose.

BEARING_DATA_DIR=... python -m benchmarks.explorer [--rounds 7]

Cold: a browser that has seen nothing, until grid and spectrum, map and window, or the picture of the protocols are
drawn; and what the browser took of the processor until a second later, to which a busy machine adds little. A click:
until waveform and spectrum of another window are drawn. Needs Playwright, Chromium and the recordings.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.servers import STREAMLIT, browser_cpu_s, machine, serve
from tests.browser import launch_chromium

WINDOW = '[aria-label^="Waveform, spectrum and probabilities"]'
DRAWN = f"""(before) => {{
    const chart = document.querySelector('{WINDOW}');
    return chart && chart.getAttribute('aria-label') !== before
        && chart.querySelectorAll('.trace .js-line').length === 2;
}}"""
POINTS = '[aria-label^="Held-out windows on the plane"] .scatterlayer .point'
CELLS = '[aria-label^="Confusion matrix"] .scatterlayer .point'
RECORDING_DRAWN = """() =>
    document.querySelectorAll('[aria-label^="Every recording"] .scatterlayer .point').length >= 60
    && document.querySelector('[aria-label^="Envelope spectrum of"] .scatterlayer path')"""
HEADING = "() => document.querySelector('h1')"  # what Streamlit itself takes
PROTOCOLS_DRAWN = "() => document.querySelectorAll('.js-plotly-plot .bars .point').length >= 12"


def fresh_page(browser: Any) -> Any:
    return browser.new_context(viewport={"width": 1280, "height": 800}).new_page()


def cold_s(browser: Any, url: str, drawn: str, argument: str | None = None) -> tuple[float, float]:
    """Seconds from the address to the picture, in a browser context without any cache, and the browser's own."""
    time.sleep(0.5)  # until the processes of the page before are gone
    cpu_before_s = browser_cpu_s()
    page = fresh_page(browser)
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function(drawn, arg=argument, timeout=120_000)
    seconds = time.perf_counter() - began
    page.wait_for_timeout(1000)
    cpu_s = browser_cpu_s() - cpu_before_s
    page.context.close()
    return seconds, cpu_s


def click_s(page: Any, click: Callable[[], None]) -> float:
    """Seconds from a click to the other window it chose."""
    before = page.locator(WINDOW).get_attribute("aria-label")
    began = time.perf_counter()
    click()
    page.wait_for_function(DRAWN, arg=before, timeout=60_000)
    seconds = time.perf_counter() - began
    page.wait_for_timeout(700)
    return seconds


def clicker(page: Any, selector: str, index: int) -> Callable[[], None]:
    def click() -> None:
        box = page.locator(selector).nth(index).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    return click


def clicks(browser: Any, url: str, rounds: int) -> dict[str, list[float]]:
    """Seconds per click on a point, a cell and a row, on the protocol with all 3,684 windows."""
    page = fresh_page(browser)
    page.goto(url + "/test_set?network=windows&protocol=fault-size")
    page.wait_for_function(DRAWN, arg="", timeout=120_000)
    page.wait_for_timeout(1500)
    count = page.locator(POINTS).count()
    taken = {f"a point of the map ({count:,} windows)": [
        click_s(page, clicker(page, POINTS, (40 + n * 397) % count)) for n in range(rounds)
    ]}  # fmt: skip
    page.get_by_role("tab", name="Confusion matrix").click()
    page.locator(CELLS).first.wait_for(state="attached")
    page.wait_for_timeout(1000)
    wrong = (1 * 4 + 2, 2 * 4 + 3, 3 * 4 + 1)  # inner called outer, outer called ball, ball called inner
    taken["a cell of the confusion matrix"] = [
        click_s(page, clicker(page, CELLS, wrong[n % len(wrong)])) for n in range(rounds)
    ]
    page.get_by_role("tab", name="Table").click()
    table = page.locator('[data-testid="stDataFrame"]')
    table.wait_for()
    page.wait_for_timeout(1000)
    corner = table.bounding_box()
    taken["a row of the table"] = [
        click_s(page, partial(page.mouse.click, corner["x"] + 120, corner["y"] + 49 + 33 * (1 + 2 * n % 9)))
        for n in range(rounds)
    ]
    page.context.close()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(machine())
    with serve(STREAMLIT, "/_stcore/health") as server, launch_chromium() as browser:
        url = server.url
        first = cold_s(browser, url + "/test_set", RECORDING_DRAWN)
        cold = {
            "first visit of a fresh server": [first],
            "heading of a page without a chart": [cold_s(browser, url + "/fleet", HEADING) for _ in range(rounds)],
            "cold Test set page": [cold_s(browser, url + "/test_set", RECORDING_DRAWN) for _ in range(rounds)],
            "the same, the CNN's windows": [
                cold_s(browser, url + "/test_set?network=windows", DRAWN, "") for _ in range(rounds)
            ],
            "cold Training page": [cold_s(browser, url + "/training", PROTOCOLS_DRAWN) for _ in range(rounds)],
        }
        taken = {name: [seconds for seconds, _ in both] for name, both in cold.items()}
        taken |= clicks(browser, url, rounds)
    print(f"{'':40}seconds: median   least    most   processor time of the browser: median   least")
    for name, seconds in taken.items():
        cpu = [cpu_s for _, cpu_s in cold.get(name, [])]
        told = f"{statistics.median(cpu):40.2f}{min(cpu):8.2f}" if cpu else ""
        print(f"{name:40}{statistics.median(seconds):15.2f}{min(seconds):8.2f}{max(seconds):8.2f}{told}")


if __name__ == "__main__":
    main()
