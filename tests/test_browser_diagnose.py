"""The Diagnose page in a real Chromium: what only a browser can tell."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser import AppPage

from bearing.states import STATES

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"
CHARTS = 2  # envelope spectrum and waveform; the others are drawn when their tab or the band is opened

OpenPage = Callable[..., AppPage]


def wait_for_verdict(app: AppPage) -> str:
    """The state on the banner, once there is one."""
    banner = app.page.wait_for_selector('[class*="st-key-verdict-"]', timeout=30_000)
    found = re.search(r"st-key-verdict-(\w+)", banner.get_attribute("class"))
    assert found
    app.settle()
    assert found[1] in STATES
    assert app.page.locator('[class*="st-key-verdict-"] h2').inner_text().strip()
    return found[1]


def test_a_csv_from_drop_to_verdict(open_page: OpenPage) -> None:
    app = open_page("/")
    app.upload(SAMPLES / "outer.csv")
    assert wait_for_verdict(app) == "outer"
    text = app.text()
    assert re.search(r"\d\d %", text)
    assert "Simulated" in text
    assert app.page.locator('[data-testid="stPlotlyChart"]').count() == CHARTS
    app.check()


@pytest.mark.recordings
@pytest.mark.parametrize(("number", "state"), [(105, "inner"), (97, "normal")])
def test_a_real_mat_file(open_page: OpenPage, recordings_dir: Path, number: int, state: str) -> None:
    app = open_page("/")
    app.upload(recordings_dir / f"{number}.mat")
    assert wait_for_verdict(app) == state
    assert f"recording {number} of the Case Western Reserve University" in app.text()


def boxes(app: AppPage, *parts: str) -> list[dict[str, float]]:
    found = []
    for part in parts:
        box = app.page.locator(f'[class*="st-key-{part}"]').first.bounding_box()
        assert box is not None, part
        found.append(box)
    return found


def test_verdict_envelope_spectrum_and_four_facts_stand_on_one_screen(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Inner race fault (simulated)").click()
    wait_for_verdict(app)
    parts = ("verdict-inner", "report", "envelope-", "four")
    for part, box in zip(parts, boxes(app, *parts), strict=True):
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= 800, part


def test_the_fields_stay_in_view_while_the_page_is_scrolled(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Outer race fault (simulated)").click()
    wait_for_verdict(app)
    app.page.get_by_role("tab", name="How it was judged").click()
    app.settle()
    app.page.locator('[class*="st-key-downloads"]').scroll_into_view_if_needed()
    app.page.wait_for_timeout(300)
    assert boxes(app, "verdict-")[0]["y"] < 0
    speed = app.page.get_by_role("spinbutton", name="Speed (rpm)").bounding_box()
    assert 0 < speed["y"] < 800


def test_what_is_printed_on_the_ring_is_understood_and_what_is_not_gets_next_steps(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Outer race fault (simulated)").click()
    wait_for_verdict(app)
    for typed, says in (("skf 6207-2Z/C3", "6207 (estimated), orders of shaft"), ("QX 99", "No bearing 'QX 99' in")):
        bearing = app.page.get_by_role("combobox", name="Bearing")
        bearing.click()
        bearing.fill(typed)
        bearing.press("Enter")
        app.page.get_by_text(says).first.wait_for(timeout=10_000)
        app.settle()
    assert "6207 (estimated), orders of shaft" in app.text()  # the last one stays
    app.page.get_by_role("button", name="Own geometry").click()
    app.page.get_by_text("Still to fill in").wait_for(timeout=10_000)


def test_an_own_bearing_is_kept_in_the_browser(open_page: OpenPage, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("designation,elements,ball_diameter,pitch_diameter\nPump A,9,7.94,39.04\n")
    app = open_page("/?sample=outer")
    app.page.get_by_role("button", name="Own bearings").click()
    app.page.locator('input[type="file"][accept*="csv"]').set_input_files(str(mine))
    app.page.get_by_role("button", name="Remove Pump A (own)").wait_for(timeout=10_000)
    app.settle()
    app.goto("/?sample=outer")  # another session: only the browser can know
    bearing = app.page.get_by_role("combobox", name="Bearing")
    bearing.click()
    bearing.fill("pump")
    app.page.get_by_role("option", name="Pump A (own)").first.click()
    app.page.get_by_text("Pump A (own), orders of shaft").wait_for(timeout=10_000)
    assert wait_for_verdict(app) == "outer"
    app.page.wait_for_url(re.compile("orders=bpfo"), timeout=10_000)


def test_a_link_opens_the_same_view_and_the_address_follows_the_fields(open_page: OpenPage) -> None:
    app = open_page("/?sample=outer&rpm=1750&tab=Spectrum&axis=orders")
    assert wait_for_verdict(app) in STATES
    assert app.page.get_by_role("spinbutton", name="Speed (rpm)").input_value() == "1750"
    assert app.page.get_by_role("tab", name="Spectrum").get_attribute("aria-selected") == "true"
    speed = app.page.get_by_role("spinbutton", name="Speed (rpm)")
    speed.fill("1772")
    speed.press("Enter")
    app.settle()
    app.page.wait_for_url(re.compile("^((?!rpm=).)*$"), timeout=10_000)
    app.page.get_by_role("radio", name="dB").or_(app.page.get_by_text("dB", exact=True)).first.click()
    app.page.wait_for_url(re.compile("scale=dB"), timeout=10_000)
    shared = app.page.url
    again = open_page(shared.removeprefix(app.address))
    wait_for_verdict(again)
    assert again.page.get_by_text("dB over the floor").first.is_visible()
    assert again.page.get_by_text("order of shaft speed").first.is_visible()
    assert again.page.title().startswith("outer.csv: Outer race damage")


def test_the_zoom_is_kept_when_the_scale_changes(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Outer race fault (simulated)").click()
    wait_for_verdict(app)
    app.page.locator('[class*="st-key-envelope-"] .xtick').first.wait_for(state="attached", timeout=10_000)
    app.settle()  # nothing moves under the pointer any more
    ends = "() => document.querySelector('[class*=\"st-key-envelope-\"] .js-plotly-plot').layout.xaxis.range"
    plot = app.page.locator('[class*="st-key-envelope-"] .nsewdrag').first
    box = plot.bounding_box()
    app.page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    app.page.mouse.down()
    app.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=8)
    app.page.mouse.up()
    app.settle()
    app.page.wait_for_function(f"() => ({ends})()[0] > 1", timeout=10_000)
    zoomed = app.page.evaluate(ends)
    assert zoomed[1] < 500
    app.page.get_by_text("dB", exact=True).first.click()
    app.page.get_by_text("dB over the floor").first.wait_for(timeout=10_000)
    app.settle()
    assert app.page.evaluate(ends) == pytest.approx(zoomed)


def test_a_narrow_drag_over_a_peak_draws_its_harmonics(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Outer race fault (simulated)").click()
    wait_for_verdict(app)
    at = app.page.evaluate(
        """() => { const plot = document.querySelector('[class*="st-key-envelope-"] .js-plotly-plot');
            const left = plot.getBoundingClientRect().x + plot._fullLayout.xaxis._offset;
            return left + plot._fullLayout.xaxis.d2p(105.7); }"""
    )
    box = app.page.locator('[class*="st-key-envelope-"] .nsewdrag').first.bounding_box()
    app.page.mouse.move(at - 12, box["y"] + 0.5 * box["height"])
    app.page.mouse.down()
    app.page.mouse.move(at + 12, box["y"] + 0.5 * box["height"], steps=6)
    app.page.mouse.up()
    app.page.wait_for_function(
        """() => [...document.querySelectorAll('[class*="st-key-envelope-"] .legendtext')]
            .some(text => text.textContent.startsWith('Harmonics of 105.'))""",
        timeout=10_000,
    )


def test_two_files_dropped_together_are_both_there(open_page: OpenPage) -> None:
    app = open_page("/")
    files = [str(SAMPLES / f"{name}.csv") for name in ("healthy", "ball")]
    app.page.locator('input[type="file"]').first.set_input_files(files)
    app.page.get_by_text("2 recordings").first.wait_for(timeout=20_000)
    app.settle()
    app.page.get_by_role("button", name="ball.csv").click()
    assert wait_for_verdict(app) == "ball"


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_the_verdict_comes_first(open_page: OpenPage, dark: bool) -> None:
    app = open_page("/", width=390, height=844, dark=dark)
    assert app.overflow_px() <= 0
    app.page.get_by_role("button", name="Healthy bearing (simulated)").click()
    wait_for_verdict(app)
    assert app.overflow_px() <= 0
    banner, panel, envelope = boxes(app, "verdict-", "panel", "envelope-")
    assert banner["y"] < panel["y"] < envelope["y"]
    report = app.page.get_by_role("button", name="Report").bounding_box()
    assert 0 < report["x"] < report["x"] + report["width"] <= 390
    assert 0 < report["y"] < report["y"] + report["height"] <= 844


def test_a_click_on_the_kurtogram_moves_the_band_and_redraws_only_the_envelope(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Outer race fault (simulated)").click()
    wait_for_verdict(app)
    app.page.get_by_role("button", name="highest BPFO lines").click()
    app.settle()
    plot = app.page.locator('[class*="st-key-kurtogram-"] .nsewdrag').first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    app.page.mouse.move(box["x"] + box["width"] * 0.85, box["y"] + box["height"] * 0.3)
    app.page.wait_for_timeout(300)
    app.page.mouse.click(box["x"] + box["width"] * 0.85, box["y"] + box["height"] * 0.3)
    app.page.get_by_role("button", name="by hand").wait_for(timeout=10_000)
    app.page.wait_for_url(re.compile(r"band=\d+-\d+"), timeout=10_000)
    app.settle()
    if not app.page.get_by_role("button", name="Highest kurtosis", exact=False).count():
        app.page.get_by_role("button", name="by hand").click()
    app.page.get_by_role("button", name="Highest kurtosis").last.click()
    app.page.get_by_role("button", name="kHz, highest kurtosis").wait_for(timeout=10_000)


def test_toggles_draw_orders_and_decibels(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Inner race fault (simulated)").click()
    wait_for_verdict(app)
    app.page.get_by_role("radio", name="Orders").or_(app.page.get_by_text("Orders", exact=True)).first.click()
    app.page.get_by_text("order of shaft speed").first.wait_for(timeout=10_000)
    app.page.get_by_text("dB", exact=True).first.click()
    app.page.get_by_text("dB over the floor").first.wait_for(timeout=10_000)
    app.page.get_by_role("tab", name="Spectrum").click()
    app.settle()
    app.page.locator('[class*="st-key-spectrum-scale"]').get_by_text("dB", exact=True).click()
    app.page.get_by_text("level (dB re 1 g)").first.wait_for(timeout=10_000)
    app.settle()


def test_a_million_samples_draw_at_once(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "long.npy"
    rng = np.random.default_rng(0)
    np.save(path, rng.normal(size=1_000_000).astype(np.float32))
    app = open_page("/")
    app.upload(path)
    app.page.get_by_text("How fast was this sampled?").wait_for(timeout=20_000)
    rate = app.page.get_by_role("spinbutton", name="Rate (Hz)").first
    rate.fill("25600")
    start = time.perf_counter()
    rate.press("Enter")
    wait_for_verdict(app)
    print(f"1,000,000 samples: everything drawn after {time.perf_counter() - start:.1f} s")
    assert app.page.locator('[data-testid="stPlotlyChart"]').count() == CHARTS


@pytest.mark.parametrize(("name", "data"), [
    ("notes.pdf", b"%PDF-1.7"), ("a.mat", b"MATLAB 5.0 MAT-file" + bytes(300)), ("=cmd.csv", b"\x00" * 999),
])  # fmt: skip
def test_hostile_files_get_a_sentence(open_page: OpenPage, tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    app = open_page("/")
    app.upload(path)
    alert = app.page.locator('[data-testid="stAlert"]')
    alert.wait_for(timeout=10_000)
    assert name in alert.inner_text()
    assert "Traceback" not in app.text()


def test_why_a_file_is_too_large_can_be_read(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(105_000_000)
    app = open_page("/", width=390, height=844)
    app.page.locator('input[type="file"]').first.set_input_files(str(path))
    said = app.page.get_by_text("File must be 100.0MB or smaller")
    said.wait_for(timeout=20_000)
    box = said.bounding_box()
    assert box["width"] > 100
    assert box["x"] + box["width"] <= 390


def test_names_in_a_file_cannot_run(open_page: OpenPage, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "evil & <b>bold.csv"
    head = "fs=12000\n<img src=x onerror=console.error(1)>,:material/home:\n"
    path.write_text(head + "\n".join(f"{a:.5f},{b:.5f}" for a, b in rng.normal(size=(6000, 2))))
    app = open_page("/")
    app.upload(path)
    wait_for_verdict(app)
    pictures = app.page.locator('[data-testid="stMain"] img')
    for n in range(pictures.count()):  # the channels' traces are ours
        assert pictures.nth(n).get_attribute("src").startswith("data:image/svg+xml;base64,")


def test_downloads_arrive(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Inner race fault (simulated)").click()
    wait_for_verdict(app)
    for name, ending, holds in (
        ("CSV", "_diagnosis.csv", "# Verdict,inner"),
        ("JSON", "_diagnosis.json", '"verdict": "inner"'),
        ("Report", "_diagnosis.html", "Inner race"),
    ):
        with app.page.expect_download(timeout=20_000) as waiting:
            app.page.get_by_role("button", name=name, exact=False).last.click()
        assert waiting.value.suggested_filename == f"inner{ending}"
        assert holds in Path(waiting.value.path()).read_text(encoding="utf-8")


def test_the_report_is_one_sheet_for_the_boss_and_fits_a_phone(open_page: OpenPage, tmp_path: Path) -> None:
    app = open_page("/?sample=inner")
    wait_for_verdict(app)
    with app.page.expect_download(timeout=20_000) as waiting:
        app.page.get_by_role("button", name="Report").click()
    report = tmp_path / "report.html"
    waiting.value.save_as(report)
    paper = app.page.context.new_page()
    paper.set_viewport_size({"width": 710, "height": 1000})  # A4 within its margins, 188 x 275 mm
    paper.goto(report.as_uri(), timeout=60_000)
    paper.wait_for_selector(".js-plotly-plot .main-svg", timeout=20_000)
    paper.emulate_media(media="print")
    assert paper.evaluate("document.querySelector('section.more').offsetTop") <= 1039
    pdf = paper.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 4
    paper.emulate_media(media="screen")
    paper.set_viewport_size({"width": 390, "height": 844})
    paper.wait_for_timeout(500)
    assert paper.evaluate("document.documentElement.scrollWidth") <= 390
    paper.close()
