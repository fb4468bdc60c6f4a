"""The explorer in a real browser: each way of choosing a window draws it; a training is watched.

How fast: `python -m benchmarks.explorer`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import AppPage

from bearing.results.verdict import read_outcomes
from bearing.results.waveform import PROTOCOLS, read_predictions, read_result
from bearing.verdict.words.sentences import whole_percent

pytestmark = pytest.mark.browser

CHOICES = 6
WAVEFORM = '[aria-label^="Waveform, spectrum and probabilities"]'
SHOWN = f"""(before) => {{
    const chart = document.querySelector('{WAVEFORM}');
    return chart && chart.getAttribute('aria-label') !== before
        && chart.querySelectorAll('.trace .js-line').length === 2;
}}"""
MAP_POINTS = '[aria-label^="Held-out windows on the plane"] .scatterlayer .point'
CELLS = '[aria-label^="Confusion matrix"] .scatterlayer .point'


def window_name(app: AppPage) -> str:
    return str(app.page.locator(WAVEFORM).get_attribute("aria-label"))


def click_middle(app: AppPage, selector: str, index: int) -> None:
    box = app.page.locator(selector).nth(index).bounding_box()
    app.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def clicks(app: AppPage, choices: list[Callable[[], None]]) -> None:
    """Each choice draws waveform and spectrum of another window."""
    for choose in choices:
        before = window_name(app)
        for _ in range(4):  # a click on a chart that is just being drawn anew goes nowhere
            choose()
            if other_window_within(app, before):
                break
        else:
            pytest.fail(f"the window stayed {before}")
        app.settle()


def other_window_within(app: AppPage, before: str, tries: int = 80) -> bool:
    for _ in range(tries):
        if app.page.evaluate(SHOWN, before):
            return True
        app.page.wait_for_timeout(100)
    return False


@pytest.mark.recordings
def test_a_point_a_cell_and_a_row_each_draw_their_window(
    open_page: Callable[..., AppPage],
    recordings_dir: Path,
) -> None:
    app = open_page("/test_set?network=windows&protocol=fault-size")
    rows = read_predictions(read_result("fault-size"))
    assert app.page.locator(MAP_POINTS).count() == len(rows)
    places = [n * (len(rows) // CHOICES) + 40 for n in range(CHOICES)]
    clicks(app, [lambda i=i: click_middle(app, MAP_POINTS, i) for i in places])

    app.page.get_by_role("tab", name="Confusion matrix").click()
    app.settle()
    inner_called_outer, outer_called_ball = 1 * 4 + 2, 2 * 4 + 3
    cells = [inner_called_outer, outer_called_ball] * 2
    clicks(app, [lambda i=i: click_middle(app, CELLS, i) for i in cells])
    chosen = rows[(rows["truth"] == "outer") & (rows["prediction"] == "ball")]
    assert f"{len(chosen):,} of {len(rows):,} windows" in app.text()
    surest = chosen.loc[chosen["confidence"].idxmax()]
    assert f"{surest['recording']}.mat from sample {surest['start_sample']}" in window_name(app)

    app.page.get_by_role("tab", name="Table").click()
    app.settle()
    table = app.page.locator('[data-testid="stDataFrame"]').bounding_box()

    def row(line: int) -> None:
        app.page.mouse.click(table["x"] + 120, table["y"] + 49 + 33 * line)

    clicks(app, [lambda n=n: row(n) for n in (3, 6, 1, 8)])
    ninth = chosen.drop(surest.name).iloc[7]  # the one shown is on top
    name = window_name(app)
    assert f"{ninth['recording']}.mat" in name
    assert f"from sample {ninth['start_sample']}" in name


@pytest.mark.parametrize("path", ["/test_set", "/test_set?network=windows", "/training"])
def test_the_pages_hold_on_a_phone(open_page: Callable[..., AppPage], path: str) -> None:
    app = open_page(path, width=390, height=844)  # the wide screen: test_browser_accessible.py
    app.check()
    for name in ("Confusion matrix", "Table") if path != "/training" else ():
        app.page.get_by_role("tab", name=name).click()
        app.settle().check()


@pytest.mark.recordings
def test_a_cell_of_the_grid_and_of_the_matrix_show_their_recording(
    open_page: Callable[..., AppPage], recordings_dir: Path
) -> None:
    app = open_page("/test_set")
    click_middle(app, '[aria-label^="Every recording"] .scatterlayer .point', 5)
    app.page.get_by_role("heading", name="106: inner race").wait_for(timeout=20_000)
    app.page.locator('[aria-label^="Envelope spectrum of 106.mat"]').wait_for(timeout=20_000)
    app.settle()
    app.page.get_by_role("tab", name="Confusion matrix").click()
    app.settle()
    answers = len(read_outcomes()["fault-size"].answers)
    click_middle(app, CELLS, 2 * answers + answers - 1)  # outer left uncertain
    app.page.wait_for_url(re.compile(r"said=uncertain.*was=outer"), timeout=20_000)


def test_the_four_protocols_are_one_picture(open_page: Callable[..., AppPage]) -> None:
    app = open_page("/training")
    titles = app.page.locator(".js-plotly-plot").first.inner_text()
    assert all(protocol.title in titles for protocol in PROTOCOLS.values())
    assert f"{whole_percent(read_result('fault-size').windows.accuracy)} of windows right" in titles.replace("\n", " ")


@pytest.mark.recordings
def test_a_training_is_watched_survives_a_page_switch_and_is_cancelled(
    open_page: Callable[..., AppPage],
    recordings_dir: Path,
) -> None:
    pytest.importorskip("torch")
    app = open_page("/training")
    app.page.get_by_role("spinbutton", name="Epochs").fill("77")
    app.page.get_by_role("button", name="Start training").click()
    live = app.page.get_by_role("figure", name="Learning curves of the run")
    live.wait_for(timeout=60_000)
    first = live.get_attribute("aria-label")
    app.page.wait_for_function(
        """(first) => { const c = document.querySelector('[aria-label^="Learning curves of the run"]');
                        return c && c.getAttribute('aria-label') !== first; }""",
        arg=first,
        timeout=60_000,
    )
    assert "s left" in app.text()
    app.page.get_by_role("link", name="Test set").first.click()
    app.page.get_by_role("heading", name="Test set").wait_for()
    app.page.get_by_role("link", name="Training").first.click()
    app.page.get_by_role("button", name="Cancel").click(timeout=15_000)
    app.page.get_by_text("Cancelled. The committed weights are as they were.").wait_for(timeout=30_000)
    app.page.locator("button:not([disabled])", has_text="Start training").wait_for(timeout=15_000)
    app.settle()
    assert app.page.get_by_role("spinbutton", name="Epochs").input_value() == "77"
    assert "Cancelled. The committed weights are as they were." in app.text()


COUNT_TICKS = """
    window.ticksDrawn = 0;
    new MutationObserver(all => all.forEach(one => one.addedNodes.forEach(node => {
        if (node.classList?.contains('xtick')) window.ticksDrawn += 1;
    }))).observe(document, {childList: true, subtree: true});
"""


@pytest.mark.parametrize("path", ["/?sample=outer", "/test_set", "/training"])
def test_no_chart_is_drawn_twice(open_page: Callable[..., AppPage], path: str) -> None:
    app = open_page("/fleet")
    app.page.add_init_script(COUNT_TICKS)
    app.goto(path)
    marks = app.page.locator(".js-plotly-plot .xtick")
    marks.first.wait_for(state="attached", timeout=30_000)
    drawn = -1
    while (now := app.page.evaluate("window.ticksDrawn")) != drawn:
        drawn = now
        app.page.wait_for_timeout(1500)  # the page hands every chart to plotly a second time: see bearing.figures.sent
    assert app.page.locator(".js-plotly-plot").count() >= 2
    there = marks.count()
    assert drawn < 2 * there  # once the marks, twice the numbers at them; a second drawing makes it 2.5
