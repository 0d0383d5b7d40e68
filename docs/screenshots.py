"""Takes pictures of a running dashboard, of every page, in light, dark and on a telephone; needs Playwright and a Chromium.

BOOKSALES_PASSWORD=… python docs/screenshots.py --dashboard-url http://127.0.0.1:8601 --username ana --out pictures
"""

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PASSWORD_VARIABLE = "BOOKSALES_PASSWORD"  # noqa: S105 - a name
BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Charts load after the script has ended, so "not running" is not yet "painted".
READY = """() => document.querySelectorAll('[data-testid="stSkeleton"]').length === 0
    && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'
    && document.querySelectorAll('[data-testid="stMarkdown"], [data-testid="stCaptionContainer"]').length > 0
    && [...document.querySelectorAll('.stPlotlyChart')].every(chart => chart.querySelector('.main-svg'))"""
CONTENT_HEIGHT = """() => document.querySelector('[data-testid="stMainBlockContainer"]').scrollHeight"""
FIRST_BOOK = """() => [...document.querySelectorAll('a')].map(a => a.href).find(href => href.includes('isbn='))"""
SETTLE_MILLISECONDS = 1500
PATIENCE_MILLISECONDS = 120_000
HEIGHT = 1000

PAGES = {
    "overview": "/?range=90d",
    "titles": "/titles?range=90d",
    "genres": "/genres?range=365d",
    "regions": "/regions?range=365d",
    "calendar": "/calendar?range=365d&compare=52_weeks",
    "returns": "/returns?range=365d&compare=52_weeks",
    "customers": "/customers",
    "explore": "/explore?range=365d&metric=net_revenue&by=genre",
    "health": "/health",
    "lab": "/lab",
    "admin": "/admin",
    "print": "/?range=90d&print=1",
}


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    name: str
    width: int
    scheme: str


LOOKS = (Look("light", 1440, "light"), Look("dark", 1440, "dark"), Look("phone", 390, "light"))


def main() -> int:
    """Take the pictures that the arguments ask for."""
    parsed = _parser().parse_args()
    password = os.environ.get(PASSWORD_VARIABLE, "")
    parsed.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=parsed.chromium, args=BROWSER_FLAGS)
        for look in LOOKS:
            if look.name in parsed.looks:
                for path in _take(browser, parsed, look, password):
                    sys.stdout.write(f"{path}\n")
        browser.close()
    return 0


def _take(browser: Browser, parsed: argparse.Namespace, look: Look, password: str) -> list[Path]:
    """A picture of each page, whole however long it is; the book is the first that the overview opens."""
    context = browser.new_context(viewport={"width": look.width, "height": HEIGHT}, color_scheme=look.scheme)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    taken = []
    paths = {name: path for name, path in PAGES.items() if not parsed.pages or name in parsed.pages}
    for name, path in paths.items():
        _open(page, f"{parsed.dashboard_url}{path}", parsed.username, password)
        taken.append(_picture(page, parsed.out / f"{name}-{look.name}.png", look.width))
        book = page.evaluate(FIRST_BOOK) if name == "overview" and not parsed.pages else None
        if book:
            _open(page, book.replace("range=90d", "range=365d"), parsed.username, password)
            taken.append(_picture(page, parsed.out / f"title-{look.name}.png", look.width))
    context.close()
    return taken


def _open(page: Page, url: str, username: str, password: str) -> None:
    page.goto(url)
    form = page.get_by_label("User")
    shown = page.locator('[data-testid="stHeading"]')
    form.or_(shown).first.wait_for()
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    # The page of accounts has such a field too.
    if "/sign-in" in page.url:
        form.fill(username)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("Data through").wait_for()
    _wait_until_drawn(page)


def _picture(page: Page, out: Path, width: int) -> Path:
    # The page scrolls inside the window, so the window is made as long as the page.
    page.set_viewport_size({"width": width, "height": max(HEIGHT // 2, page.evaluate(CONTENT_HEIGHT))})
    _wait_until_drawn(page)
    page.screenshot(path=out)
    page.set_viewport_size({"width": width, "height": HEIGHT})
    return out


def _wait_until_drawn(page: Page) -> None:
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    page.wait_for_function(READY)
    page.wait_for_timeout(SETTLE_MILLISECONDS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Take pictures of a running dashboard.",
        epilog=f"The password is read from the variable {PASSWORD_VARIABLE}.",
    )
    parser.add_argument("--dashboard-url", default="http://127.0.0.1:8601")
    parser.add_argument("--username", default="admin")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--looks", nargs="+", choices=[look.name for look in LOOKS], default=["light", "dark", "phone"])
    parser.add_argument("--pages", nargs="+", choices=list(PAGES), default=[])
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    return parser


if __name__ == "__main__":
    sys.exit(main())
