"""The README's picture of the Diagnose page, from a simulated sample: `python benchmarks/screenshot.py`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import launch_chromium, new_page, serve  # noqa: E402

TARGET = ROOT / "docs" / "screenshot.png"
MAX_BYTES = 300_000


def main() -> int:
    with serve() as address, launch_chromium() as browser:
        app = new_page(browser, address).goto("/")
        app.page.get_by_role("button", name="Inner race fault (simulated)").click()
        app.page.wait_for_selector('[class*="st-key-verdict-"]')
        app.settle()
        app.page.wait_for_timeout(1500)  # the last chart's fade-in
        app.check()
        TARGET.parent.mkdir(exist_ok=True)
        app.screenshot(TARGET)
    size = TARGET.stat().st_size
    print(f"{TARGET.relative_to(ROOT)}: {size / 1000:.0f} kB")
    return 0 if size < MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
