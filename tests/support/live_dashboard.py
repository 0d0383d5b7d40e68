"""A dashboard that is served, and a browser before it, for as long as a block runs."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from signed_in import PASSWORD, account, authority
from small_star import published_once

from jobs_config.state import StateFolder

CHROMIUM = shutil.which("chromium")
# What a page is once it is drawn: chart code comes late, so a script that has ended is not enough.
DRAWN = """() => document.querySelectorAll('[data-testid="stSkeleton"]').length === 0
    && document.querySelectorAll('.js-plotly-plot .main-svg').length >= 1
    && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


def star_with_ana(folder: Path) -> Path:
    """The warehouse folder of the small star, whose API a viewer `ana` can sign in to."""
    warehouse = published_once(folder / "small_star")
    people = authority(StateFolder(warehouse.parent))
    account(people, "viewer", username="ana", has_password=True)
    people.engine.dispose()
    return warehouse


@contextmanager
def live_dashboard(api_url: str) -> Iterator[str]:
    """The address of a dashboard over the API."""
    serve = [sys.executable, "-m", "streamlit_app", "--port", "0", "--api-url", api_url]
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        found = re.search(r"url=(\S+)", server.stderr.readline())
        assert found is not None
        yield found[1]
        server.terminate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def sign_in(page: Page, username: str) -> None:
    """Fill the form that the page shows."""
    page.get_by_label("User").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def choose(page: Page, label: str, option: str) -> None:
    """Choose in one of the bar's lists."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
