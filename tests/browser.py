"""A served app and a real Chromium, shared by every browser test.

    def test_something(open_page):
        app = open_page("/training", width=390, height=844, dark=True)
        app.page.get_by_role("button", name="...").click()
        app.settle()

`open_page` fails its test, at the end and whenever `app.check()` is called, on an exception box, a modal, a console
error, a page that overflows sideways or a chart that drew nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("BEARING_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# On a deep link Streamlit first looks for its server below the page's own path and is answered 404: no fault of ours.
STREAMLIT_PROBES = re.compile(r"/[a-z_]+/_stcore/(health|host-config)$")
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
DRAWN = (".trace", ".plot path", ".plot image", ".hm image", ".shapelayer path", ".annotation")
TRACE = ", ".join(f".js-plotly-plot {part}" for part in DRAWN)


def skip_or_fail(reason: str) -> None:
    """Without a browser the tests are skipped with a reason; CI sets BEARING_REQUIRE_BROWSER=1 and they fail."""
    if os.environ.get("BEARING_REQUIRE_BROWSER") == "1":
        pytest.fail(f"BEARING_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@contextmanager
def serve(**environment: str) -> Iterator[str]:
    """`streamlit run app.py` on a free port; yields its address once it is healthy."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_healthy(address, process)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            log.seek(0)
            text = log.read().decode(errors="replace")
            if "Traceback" in text:
                pytest.fail(f"The server logged a traceback:\n{text[-4000:]}")


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server stopped with code {process.returncode}.")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The server was not healthy within {seconds:g} s.")


@contextmanager
def launch_chromium() -> Iterator[Any]:
    """Debian's Chromium under Playwright; skips (or fails in CI) when either is missing."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_or_fail("Playwright is not installed (requirements-dev.txt).")
    if CHROMIUM is None:
        skip_or_fail("no Chromium was found: install it, or name its path in BEARING_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class AppPage:
    """One browser tab with the app in it; `page` is Playwright's."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.console: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    def _note(self, message: Any) -> None:
        address = message.location.get("url", "")
        if message.type == "error" and not STREAMLIT_PROBES.search(address):
            self.console.append(f"{message.text} ({address})")

    def goto(self, path: str = "/") -> AppPage:
        self.page.goto(self.address + path)
        return self.settle()

    def settle(self, seconds: float = 30) -> AppPage:
        """Wait until the script has finished and every chart holds a plot."""
        self.page.wait_for_timeout(80)  # a click needs a moment to reach the server
        self.page.wait_for_selector(IDLE, timeout=seconds * 1000)
        self.page.wait_for_function(
            """() => !document.querySelector('[data-testid="stSkeleton"]')
                 && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')]
                    .every(c => c.querySelector('.main-svg'))""",
            timeout=seconds * 1000,
        )
        self.page.wait_for_selector(IDLE, timeout=seconds * 1000)
        return self

    def upload(self, path: str | Path, index: int = 0) -> AppPage:
        self.page.locator('input[type="file"]').nth(index).set_input_files(str(path))
        self.page.wait_for_timeout(150)
        return self.settle()

    def text(self) -> str:
        """All visible words of the page."""
        return str(self.page.locator('[data-testid="stApp"]').inner_text())

    def blank_charts(self) -> list[int]:
        """Positions of charts without a single drawn trace."""
        return list(
            self.page.evaluate(
                """(trace) => [...document.querySelectorAll('[data-testid="stPlotlyChart"]')]
                    .map((chart, i) => [chart.querySelectorAll(trace).length, i])
                    .filter(([n]) => n === 0).map(([, i]) => i)""",
                TRACE,
            )
        )

    def overflow_px(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(
            self.page.evaluate(
                """() => { const main = document.querySelector('[data-testid="stMain"]') || document.body;
                    return Math.max(document.documentElement.scrollWidth - window.innerWidth,
                                    main.scrollWidth - main.clientWidth); }"""
            )
        )

    def check(self) -> None:
        """Fail on anything a visitor should never see."""
        exceptions = self.page.locator('[data-testid="stException"]')
        assert exceptions.count() == 0, f"exception box: {exceptions.first.inner_text()}"
        modal = self.page.locator('[role="dialog"][aria-modal="true"], [data-testid="stDialog"]')
        assert modal.count() == 0, f"modal: {modal.first.inner_text()}"
        assert self.console == [], f"console errors: {self.console}"
        assert self.blank_charts() == [], f"blank charts at {self.blank_charts()}"
        assert self.overflow_px() <= 1, f"the page is {self.overflow_px()} px wider than its window"

    def screenshot(self, path: str | Path, full_page: bool = False) -> None:
        """A picture of the window, or of the whole page by growing the window to its content."""
        if full_page:
            height = self.page.evaluate(
                """() => (document.querySelector('[data-testid="stMain"]') || document.body).scrollHeight"""
            )
            self.page.set_viewport_size({"width": self.page.viewport_size["width"], "height": int(height) + 80})
            self.page.wait_for_timeout(600)
        self.page.screenshot(path=str(path))


def new_page(browser: Any, address: str, width: int = 1280, height: int = 800, dark: bool = False) -> AppPage:
    """A fresh tab in a context of its own (no cookies, no storage)."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", locale="en-GB"
    )
    return AppPage(context.new_page(), address)


def numbers_in(text: str) -> list[float]:
    """Every number of a text, for assertions about what a page says."""
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of one server for all browser tests."""
    with serve() as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for all browser tests."""
    with launch_chromium() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Any, server: str) -> Iterator[Callable[..., AppPage]]:
    """`open_page(path="/", width=1280, height=800, dark=False)` opens a tab; it is checked and closed at the end."""
    opened: list[AppPage] = []

    def opener(path: str = "/", width: int = 1280, height: int = 800, dark: bool = False) -> AppPage:
        app = new_page(chromium, server, width, height, dark)
        opened.append(app)
        return app.goto(path)

    yield opener
    for app in opened:
        try:
            app.check()
        finally:
            app.page.context.close()
