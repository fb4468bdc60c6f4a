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
CHARTS = 6  # waveform, envelope spectrum, kurtogram, spectrum, spectrogram, windows

OpenPage = Callable[..., AppPage]


def wait_for_verdict(app: AppPage) -> str:
    """The state on the banner, once there is one."""
    banner = app.page.wait_for_selector('[class*="st-key-verdict-"]', timeout=30_000)
    found = re.search(r"st-key-verdict-(\w+)", banner.get_attribute("class"))
    assert found
    app.settle()
    assert STATES[found[1]].title in app.text()
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


def test_the_answer_stands_on_one_screen(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Inner race fault (simulated)").click()
    wait_for_verdict(app)
    for part in ("verdict-inner", "doctor", "opinion-cnn", "numbers", "waveform-"):
        box = app.page.locator(f'[class*="st-key-{part}"]').first.bounding_box()
        assert box is not None, part
        assert box["y"] + box["height"] <= 800, part


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_the_verdict_comes_first(open_page: OpenPage, dark: bool) -> None:
    app = open_page("/", width=390, height=844, dark=dark)
    assert app.overflow_px() <= 0
    app.page.get_by_role("button", name="Healthy bearing (simulated)").click()
    wait_for_verdict(app)
    assert app.overflow_px() <= 0
    banner = app.page.locator('[class*="st-key-verdict-"]').first.bounding_box()
    panel = app.page.locator(".st-key-panel").first.bounding_box()
    assert banner["y"] < panel["y"]


def test_the_dark_ground_is_dark_and_text_stands_out(open_page: OpenPage) -> None:
    app = open_page("/", dark=True)
    app.page.get_by_role("button", name="Ball fault (simulated)").click()
    wait_for_verdict(app)
    ground, ink = app.page.evaluate(
        """() => { const s = getComputedStyle(document.querySelector('[data-testid="stApp"]'));
                   return [s.backgroundColor, s.color]; }"""
    )
    assert sum(map(int, re.findall(r"\d+", ground)[:3])) < 150
    assert sum(map(int, re.findall(r"\d+", ink)[:3])) > 600


@pytest.mark.parametrize(
    ("path", "heading"), [("/", "Is this bearing healthy?"), ("/training", "Training"), ("/test_set", "Test set")]
)
def test_deep_links(open_page: OpenPage, path: str, heading: str) -> None:
    app = open_page(path)
    assert heading in app.text()
    assert "not found" not in app.text().lower()


def test_a_click_on_the_kurtogram_moves_the_band_and_redraws_only_the_envelope(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Outer race fault (simulated)").click()
    wait_for_verdict(app)
    assert "Automatic:" in app.text()
    plot = app.page.locator('[class*="st-key-kurtogram-"] .nsewdrag').first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    app.page.mouse.move(box["x"] + box["width"] * 0.85, box["y"] + box["height"] * 0.3)
    app.page.wait_for_timeout(300)
    app.page.mouse.click(box["x"] + box["width"] * 0.85, box["y"] + box["height"] * 0.3)
    app.page.get_by_text("Chosen by hand.").wait_for(timeout=10_000)
    app.settle()
    app.page.get_by_role("button", name="Highest kurtosis").click()
    app.page.get_by_text("Automatic:").wait_for(timeout=10_000)


def test_toggles_draw_orders_and_decibels(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Inner race fault (simulated)").click()
    wait_for_verdict(app)
    app.page.get_by_role("radio", name="Orders").or_(app.page.get_by_text("Orders", exact=True)).first.click()
    app.page.get_by_text("order of shaft speed").first.wait_for(timeout=10_000)
    app.page.get_by_text("dB over floor", exact=True).first.click()
    app.page.get_by_text("dB over the floor").first.wait_for(timeout=10_000)
    app.page.get_by_text("dB", exact=True).first.click()
    app.page.get_by_text("level (dB re 1 unit)").first.wait_for(timeout=10_000)
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


def test_names_in_a_file_cannot_run(open_page: OpenPage, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "evil & <b>bold.csv"
    head = "fs=12000\n<img src=x onerror=console.error(1)>,:material/home:\n"
    path.write_text(head + "\n".join(f"{a:.5f},{b:.5f}" for a, b in rng.normal(size=(6000, 2))))
    app = open_page("/")
    app.upload(path)
    wait_for_verdict(app)
    assert app.page.locator('[data-testid="stMain"] img').count() == 0


def test_downloads_arrive(open_page: OpenPage) -> None:
    app = open_page("/")
    app.page.get_by_role("button", name="Inner race fault (simulated)").click()
    wait_for_verdict(app)
    for name, ending, holds in (
        ("CSV", "_diagnosis.csv", "# verdict,inner"),
        ("JSON", "_diagnosis.json", '"verdict": "inner"'),
        ("Report with figures", "_diagnosis.html", "Inner race fault"),
    ):
        with app.page.expect_download(timeout=20_000) as waiting:
            app.page.get_by_role("button", name=name, exact=False).last.click()
        assert waiting.value.suggested_filename == f"inner{ending}"
        assert holds in Path(waiting.value.path()).read_text(encoding="utf-8")
