"""The same session as `streamlit_session`, in a browser: times are until what was asked for is painted."""

import shutil
import time
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
LONGEST_MS = 120_000

# A script that has ended is noted, since it may have begun and ended between two looks.
NOTE_ENDS = """() => {
    const app = document.querySelector('[data-testid="stApp"]')
    window.endedRuns = 0
    new MutationObserver(() => { if (app.dataset.testScriptState === 'notRunning') window.endedRuns += 1 })
        .observe(app, { attributes: true, attributeFilter: ['data-test-script-state'] })
}"""
# Chart code comes late, and the frame after the last change is when it is seen.
PAINTED = """async (ends) => {
    const charts = () => [...document.querySelectorAll('.stPlotlyChart')]
    const drawn = () => (ends === null ? document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === 'notRunning'
                                       : window.endedRuns > ends)
        && document.querySelectorAll('[data-testid="stSkeleton"]').length === 0
        && charts().length > 0 && charts().every(chart => chart.querySelector('.main-svg'))
    while (!drawn()) await new Promise(requestAnimationFrame)
    await new Promise(requestAnimationFrame)
    await new Promise(requestAnimationFrame)
}"""


class PaintedSession:
    """A tab of a browser with the cookie of somebody who has signed in."""

    def __init__(self, browser: Browser, url: str, cookie: str) -> None:
        self._browser = browser
        self._url = url
        self._cookie = cookie
        self._page: Page | None = None

    async def open(self) -> float:
        """Load the first page; in seconds, to its paint. The profile is new, so nothing is kept in it."""
        context = await self._browser.new_context(viewport={"width": 1440, "height": 1000})
        name, _, value = self._cookie.partition("=")
        host = str(urlsplit(self._url).hostname)
        await context.add_cookies([{"name": name, "value": value, "domain": host, "path": "/"}])
        self._page = await context.new_page()
        self._page.set_default_timeout(LONGEST_MS)
        began = time.perf_counter()
        await self._page.goto(self._url)
        await self._page.locator('[data-testid="stMetricValue"]').first.wait_for()
        await self._page.evaluate(PAINTED, None)
        seconds = time.perf_counter() - began
        await self._page.evaluate(NOTE_ENDS)
        return seconds

    async def choose(self, label: str, option: str) -> float:
        """Choose in a list; in seconds, from the click on the option to the paint."""
        assert self._page is not None
        ends = await self._page.evaluate("() => window.endedRuns")
        await self._page.get_by_role("combobox", name=label).click()
        item = self._page.get_by_role("option", name=option, exact=True)
        await item.wait_for()
        began = time.perf_counter()
        await item.click()
        await self._page.evaluate(PAINTED, ends)
        return time.perf_counter() - began

    async def close(self) -> None:
        """Close the tab and forget its profile."""
        if self._page is not None:
            await self._page.context.close()
