"""The pictures of the pages in docs/, from simulated recordings and committed results.

python benchmarks/screenshot.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import launch_chromium, new_page, serve  # noqa: E402
from PIL import Image  # noqa: E402

PAGES = {
    "diagnose": "/?sample=inner",
    "machine": "/machine?machine=Pump 2 (simulated)",
    "fleet": "/fleet",
    "training": "/training",
}
COLOURS = 128  # flat pages need no more
MAX_BYTES = 150_000


def main() -> int:
    sizes = {}
    with serve(BEARING_DATA_DIR="") as address, launch_chromium() as browser:
        for name, path in PAGES.items():
            target = ROOT / "docs" / f"{name}.png"
            app = new_page(browser, address).goto(path)
            app.page.wait_for_timeout(1500)  # the last chart's fade-in
            app.check()
            app.screenshot(target)
            with Image.open(target) as picture:
                flat = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            flat.save(target, optimize=True)
            sizes[name] = target.stat().st_size
            app.page.context.close()
    print(", ".join(f"docs/{name}.png {size / 1000:.0f} kB" for name, size in sizes.items()))
    return 0 if max(sizes.values()) < MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
