"""How long do readers wait for the dashboard when fifty look at it at once, and how much memory does it take?

    python -m bench.dashboard_sessions --home .booksales --sessions 50 --browsers 2 --out bench/results/dashboard_sessions.json

Serves API and dashboard over the installation's publication, signs everybody in, and lets each open the first page and then choose
other days again and again with some seconds of thought between. The sessions are real websockets; what a browser needs to paint
is measured by `--browsers` more of them, which share the machine with all this.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import psutil
from playwright.async_api import Browser, async_playwright

from bench.measured import machine_in_words
from bench.painted_session import CHROMIUM, FLAGS, PaintedSession
from bench.results import spread
from bench.serving import READER, reader, running
from bench.streamlit_session import Session, sign_in
from jobs_config.machine import MEGABYTE
from warehouse.embedded.warehouse import EmbeddedWarehouse

DAYS = ("7 days", "30 days", "90 days", "365 days", "4 whole weeks", "13 whole weeks", "Year to date", "All days")


@contextmanager
def served(home: Path) -> Iterator[tuple[str, list[psutil.Process]]]:
    """The dashboard's address, and the processes of dashboard and API."""
    environment = {**os.environ, "BOOKSALES_HOME": str(home), "BOOKSALES_API_REQUESTS_PER_MINUTE": "0"}
    with running(["-m", "api", "--port", "0"], environment) as (api, api_url):
        line = ["-m", "streamlit_app", "--port", "0", "--api-url", api_url]
        with running(line, environment) as (dashboard, url):
            yield url, [psutil.Process(dashboard.pid), psutil.Process(api.pid)]


async def drive(
    url: str, cookies: list[str], browsers: int, think: float, changes: int, seed: int
) -> dict[str, list[float]]:
    """All sessions at once, in milliseconds and bytes; they begin within one time of thought. The last `browsers` cookies paint."""
    found: dict[str, list[float]] = {"connect": [], "change": [], "received": [], "first paint": [], "paint": []}

    async def read(number: int) -> None:
        chance = random.Random(seed + number)  # noqa: S311  readers do the same in every run
        session = Session(url, cookies[number])
        await asyncio.sleep(chance.uniform(0, think))
        found["connect"].append(1000 * await session.open())
        for _ in range(changes):
            await asyncio.sleep(chance.uniform(0.5 * think, 1.5 * think))
            found["change"].append(1000 * await session.choose("range", chance.choice(DAYS)))
        found["received"].append(session.received)
        await session.close()

    async def look(browser: Browser, number: int) -> None:
        chance = random.Random(seed + number)  # noqa: S311
        session = PaintedSession(browser, url, cookies[number])
        found["first paint"].append(1000 * await session.open())
        days = ""
        for _ in range(changes):
            await asyncio.sleep(chance.uniform(0.5 * think, 1.5 * think))
            # The same once more would draw nothing.
            days = chance.choice([each for each in DAYS if each != days])
            found["paint"].append(1000 * await session.choose("Days", days))
        await session.close()

    sessions = len(cookies) - browsers
    async with AsyncExitStack() as stack:
        looking = []
        if browsers:
            playwright = await stack.enter_async_context(async_playwright())
            for number in range(browsers):
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                stack.push_async_callback(browser.close)
                looking.append(look(browser, sessions + number))
        await asyncio.gather(*(read(number) for number in range(sessions)), *looking)
    return found


def measure(
    home: Path, sessions: int, browsers: int, think: float, changes: int, rounds: int, seed: int
) -> dict[str, object]:
    """Rounds of all sessions; the first finds nothing kept, the others do."""
    publication = EmbeddedWarehouse(home / "warehouse").current().publication
    password, load = reader(home), os.getloadavg()
    results = []
    with served(home) as (url, processes):
        cookies = [sign_in(url, READER, password) for _ in range(sessions + browsers)]
        idle = _memory(processes)
        for number in range(rounds):
            began, cpu = time.monotonic(), _cpu(processes)
            found = asyncio.run(drive(url, cookies, browsers, think, changes, seed + 1_000 * number))
            results.append(
                {
                    "seconds": round(time.monotonic() - began, 1),
                    "connect_ms": spread(found["connect"]),
                    "change_ms": spread(found["change"]),
                    **({"first_paint_ms": spread(found["first paint"])} if browsers else {}),
                    **({"paint_ms": spread(found["paint"])} if browsers else {}),
                    "kilobytes_per_session": round(statistics.mean(found["received"]) / 1000),
                    "cpu_seconds": {name: round(now - cpu[name], 1) for name, now in _cpu(processes).items()},
                    "memory_mb": _memory(processes),
                }
            )
    return {
        "sales": publication.sale_count,
        "sessions": sessions,
        "browsers": browsers,
        "think_seconds": think,
        "changes_per_session": changes,
        "memory_idle_mb": idle,
        "rounds": results,
        "machine": machine_in_words(),
        "load_before": load,
        "load_after": os.getloadavg(),
    }


def _memory(processes: list[psutil.Process]) -> dict[str, int]:
    names = ("dashboard", "api")
    return {name: process.memory_info().rss // MEGABYTE for name, process in zip(names, processes, strict=True)}


def _cpu(processes: list[psutil.Process]) -> dict[str, float]:
    names = ("dashboard", "api")
    return {name: sum(process.cpu_times()[:2]) for name, process in zip(names, processes, strict=True)}


def main() -> int:
    """Measure what the arguments ask for and write it down."""
    parser = argparse.ArgumentParser(description="Drive sessions of many readers against the dashboard.")
    parser.add_argument("--home", type=Path, required=True, help="state folder with a publication and an administrator")
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--browsers", type=int, default=0, help="browsers beside them, for the time to paint")
    parser.add_argument("--think", type=float, default=5.0, help="seconds of thought between two changes, on average")
    parser.add_argument("--changes", type=int, default=6, help="changes of each session in a round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    parsed = parser.parse_args()
    result = measure(
        parsed.home, parsed.sessions, parsed.browsers, parsed.think, parsed.changes, parsed.rounds, parsed.seed
    )
    print(json.dumps(result, indent=2))
    parsed.out.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
