"""Every page for whoever reads it with a screen reader, a keyboard or weak eyes: axe-core, and what axe cannot know."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from browser import AppPage, new_page

pytestmark = pytest.mark.browser

# A page, its title in the tab, and what is found there.
PAGES = {
    "/": r"Diagnose · Bearing Diagnostics",
    "/?sample=inner&tab=How it was judged": r"inner\.csv: Inner race damage\. · Bearing Diagnostics",
    "/machine?machine=Pump 2 (simulated)": r"Pump 2 \(simulated\) · Bearing Diagnostics",
    "/fleet": r"Fleet · Bearing Diagnostics",
    "/test_set": r"Test set: Unseen bearings · Bearing Diagnostics",
    "/test_set?network=windows": r"Test set: Unseen bearings · Bearing Diagnostics",
    "/training": r"Training · Bearing Diagnostics",
}
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Streamlit's own markup, out of our reach: (rule, what the element is), each with why it does no harm.
STREAMLITS = {
    # The drop zone's frame says role=presentation and has a name; the button in it is what is reached and read.
    ("presentation-role-conflict", 'data-testid="stFileUploaderDropzone"'),
}
TEXT = 4.5  # contrast WCAG AA asks of small text
# axe does not look into SVG: the text of charts, but for what stands on a bar or a mark of its own, on the page.
CHART_TEXT = """() => {
    const rgb = text => text.match(/[\\d.]+/g).map(Number);
    const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                         return .2126 * r + .7152 * g + .0722 * b; };
    const ground = rgb(getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor).slice(0, 3);
    const pale = [];
    for (const text of document.querySelectorAll('.js-plotly-plot .main-svg text')) {
        const style = getComputedStyle(text);
        if (!text.textContent.trim() || style.display === 'none' || text.matches('.bartext-inside')) continue;
        if (/fill: rgb\\((255, 255, 255|23, 33, 43)\\)/.test(text.getAttribute('style'))) continue;
        const [r, g, b, a = 1] = rgb(style.fill);
        let share = a * style.fillOpacity;
        for (let e = text; e && e.tagName !== 'DIV'; e = e.parentElement) share *= getComputedStyle(e).opacity;
        const ink = [r, g, b].map((v, i) => v * share + ground[i] * (1 - share));
        const [one, two] = [light(ink), light(ground)];
        const ratio = (Math.max(one, two) + .05) / (Math.min(one, two) + .05);
        if (ratio < LEAST) pale.push(`${text.textContent} ${ratio.toFixed(2)}`);
    }
    return pale;
}""".replace("LEAST", str(TEXT))
ALTS = """() => [...document.querySelectorAll('[data-testid="stPlotlyChart"]')]
    .map(c => (c.closest('[aria-label]') || c.querySelector('[aria-label]'))?.getAttribute('aria-label') || '')"""
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3')].map(h => [h.tagName, h.innerText.trim()])"


def complaints(axe: Any, app: AppPage) -> list[str]:
    """What axe finds on the page that is ours."""
    found = axe.run(app.page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {(node['any'] or node['all'] or node['none'])[0]['message']}"
        for one in found
        for node in one["nodes"]
        if not any(one["id"] == rule and sign in node["html"] for rule, sign in STREAMLITS)
    ]


GROUND_IS_DARK = """dark => {
    const ground = getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor;
    return (ground.match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) < 150) === dark;
}"""


@pytest.fixture(scope="module")
def axe() -> Any:
    return pytest.importorskip("axe_playwright_python.sync_playwright", reason="requirements-dev.txt").Axe()


@pytest.mark.parametrize("path", list(PAGES))
def test_a_page_can_be_read_in_both_themes(open_page: Callable[..., AppPage], axe: Any, path: str) -> None:
    app = open_page(path)
    for scheme in ("light", "dark"):
        app.page.emulate_media(color_scheme=scheme)
        app.settle()
        app.page.wait_for_function(GROUND_IS_DARK, arg=scheme == "dark", timeout=10_000)  # a busy machine is late
        assert complaints(axe, app) == []
        assert app.page.evaluate(CHART_TEXT) == []
        app.check()
    assert "not found" not in app.text().lower()
    headings = app.page.evaluate(HEADINGS)
    assert [level for level, _ in headings].count("H1") == 1, headings
    assert not [words for _, words in headings if re.search(r"\w_\w", words)], "an icon's name in a heading"
    assert re.fullmatch(PAGES[path], app.page.title()), app.page.title()
    for alt in app.page.evaluate(ALTS):
        assert re.search(r"\d|damage|fault|healthy|layers", alt, re.IGNORECASE), f"says no finding: {alt!r}"


def test_the_verdict_is_announced_and_few_steps_away(open_page: Callable[..., AppPage]) -> None:
    app = open_page("/?sample=outer")
    said = app.page.locator('[role="status"][aria-live="polite"]', has_text="Outer race damage.")
    assert "Plan to change the bearing" in said.first.inner_text()
    reached = []
    for _ in range(20):
        app.page.keyboard.press("Tab")
        reached.append(app.page.evaluate("() => document.activeElement.innerText || document.activeElement.ariaLabel"))
    assert any("Report" in words for words in reached), reached
    assert any("Speed (rpm)" in words for words in reached), reached


def test_a_peak_and_a_stretch_of_the_spectrum_are_chosen_by_keyboard(open_page: Callable[..., AppPage]) -> None:
    app = open_page("/?sample=outer")
    app.page.get_by_role("button", name=re.compile(r"^Band \d")).press("Enter")
    cursor = app.page.get_by_role("spinbutton", name="Harmonics of (Hz)")
    cursor.fill("105.6")
    cursor.press("Enter")
    app.page.get_by_text("Harmonics of 105.60 Hz").first.wait_for(timeout=10_000)
    ends = "() => document.querySelector('[class*=\"st-key-envelope-\"] .js-plotly-plot').layout.xaxis.range[1]"
    before = app.page.evaluate(ends)
    app.page.get_by_role("slider", name="Envelope spectrum shown (Hz)").last.press("ArrowLeft")
    app.page.wait_for_function(f"() => ({ends})() < {before}", timeout=10_000)
    app.settle()


def test_plotly_is_loaded_once_and_asked_for_with_the_page(chromium: Any, server: str) -> None:
    app = new_page(chromium, server)
    asked: list[str] = []
    app.page.on("request", lambda request: asked.append(request.url))
    app.goto("/machine?machine=Pump 2 (simulated)")
    (first,) = [i for i, url in enumerate(asked) if "PlotlyChart" in url]
    assert first < next(i for i, url in enumerate(asked) if "/_stcore/" in url)  # before the page knows of any chart
    app.check()
    app.page.context.close()
