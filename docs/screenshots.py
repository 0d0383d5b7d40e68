"""Takes the README's picture of a running dashboard; needs Playwright and a Chromium.

python docs/screenshots.py --dashboard-url http://127.0.0.1:8601 --out docs/images/overview.png
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
READY = """() => document.querySelectorAll('[data-testid="stSkeleton"]').length === 0
    && document.querySelectorAll('.js-plotly-plot .main-svg').length > 0
    && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'"""
CONTENT_HEIGHT = """() => document.querySelector('[data-testid="stMainBlockContainer"]').scrollHeight"""
SETTLE_MILLISECONDS = 1500


def take(url: str, out: Path, width: int, scheme: str, chromium: str) -> None:
    """One picture of the whole page, however long it is."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
        page.goto(url)
        wait_until_drawn(page)
        # The page scrolls inside the window, so the window is made as long as the page.
        page.set_viewport_size({"width": width, "height": page.evaluate(CONTENT_HEIGHT)})
        wait_until_drawn(page)
        out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=out)
        browser.close()


def wait_until_drawn(page: Page) -> None:
    """Charts load after the script has ended, so "not running" is not yet "painted"."""
    page.wait_for_function(READY, timeout=60_000)
    page.wait_for_timeout(SETTLE_MILLISECONDS)


def main() -> int:
    """Take the picture the arguments ask for."""
    parser = argparse.ArgumentParser(description="Take a picture of a running dashboard.")
    parser.add_argument("--dashboard-url", default="http://127.0.0.1:8601")
    parser.add_argument("--out", type=Path, default=Path("docs/images/overview.png"))
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    parsed = parser.parse_args()
    take(parsed.dashboard_url, parsed.out, parsed.width, parsed.scheme, parsed.chromium)
    sys.stdout.write(f"{parsed.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
