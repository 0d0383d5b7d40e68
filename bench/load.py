"""How long do many readers wait for the API when all look at once, and how is it while a publication takes another's place?

Every reader opens the dashboard's pages as `query_mix.yaml` draws them, asks each page's requests as the dashboard does, some at
once, and thinks before the next. In the middle an earlier publication takes the place of the one that serves, and gives it back,
where the installation keeps two. What the driver itself takes of the processor is told: it runs on the same cores.
"""

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2
import psutil

from bench.queries import Mix, endpoint, load_mix
from bench.results import in_short, machine, spread
from bench.serving import READER, reader, running
from jobs_config.machine import MEGABYTE
from jobs_config.state import open_state
from warehouse.embedded.generations import kept_generations

# As many as the dashboard asks for one page at once.
AT_ONCE = 4
HEALTH_EVERY_SECONDS = 0.2
TOLD_TO_COME_BACK = (429, 503)
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Asked:
    """Who looks, for how long, and what goes on beside: the API's cache in MiB, a swap of publications, a build on all cores."""

    readers: int = 50
    think_seconds: float = 2.0
    seconds: float = 120.0
    cache_mb: int = 0
    is_swapped: bool = True
    is_built_beside: bool = False
    seed: int = 7


@dataclass
class Seen:
    """What readers and whoever watches the API's health have seen."""

    taken: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    generations: Counter[str] = field(default_factory=Counter)
    health: list[float] = field(default_factory=list)
    peak_mb: int = 0

    def note(self, request: str, answer: httpx2.Response, seconds: float) -> None:
        """One answer. Told to come back is no wait; anything but that and an answer has to be explained."""
        self.statuses[str(answer.status_code)] += 1
        if answer.status_code == httpx2.codes.OK:
            self.taken.setdefault(endpoint(request), []).append(seconds * 1_000)
            self.generations[answer.headers.get("X-Data-Version", "")] += 1
        elif answer.status_code not in TOLD_TO_COME_BACK or "Retry-After" not in answer.headers:
            self.unexplained.append(f"{answer.status_code} {request}: {answer.text[:200]}")


def report(home: Path, asked: Asked, out: Path) -> str:
    """Measure and write down; gives the result in a line or two."""
    told = run(home, asked)
    out.mkdir(parents=True, exist_ok=True)
    parts = ["load", in_short(int(str(told["sales"]))), str(asked.readers)]
    parts += ["cached"] * bool(asked.cache_mb) + ["building"] * asked.is_built_beside
    path = out / f"{'_'.join(parts)}.json"
    path.write_text(json.dumps(told, indent=2) + "\n")
    shown = {name: told[name] for name in ("milliseconds", "statuses", "health_milliseconds", "cpu_seconds", "peak_mb")}
    return f"{json.dumps(shown)}\n\nraw: {path}"


def run(home: Path, asked: Asked) -> dict[str, object]:
    """Milliseconds of each request, by endpoint and over all; statuses; what API and driver took."""
    mix, load = load_mix(home), os.getloadavg()
    password = reader(home)
    environment = {
        **os.environ,
        "BOOKSALES_HOME": str(home),
        "BOOKSALES_API_REQUESTS_PER_MINUTE": "0",
        "BOOKSALES_API_CACHE_MB": str(asked.cache_mb),
    }
    seen = Seen()
    with running(["-m", "api", "--port", "0"], environment) as (process, url):
        api = psutil.Process(process.pid)
        before, own = _cpu(api), resource.getrusage(resource.RUSAGE_SELF)
        idle_mb = api.memory_info().rss // MEGABYTE
        began = time.monotonic()
        with _built_beside(environment, asked.is_built_beside) as built:
            swaps = asyncio.run(_drive(url, password, mix, asked, seen, api, home))
        seconds = time.monotonic() - began
        now, ours = _cpu(api), resource.getrusage(resource.RUSAGE_SELF)
    everything = [milliseconds for found in seen.taken.values() for milliseconds in found]
    return {
        "bench": "load",
        "command": f"python -m bench load --home=… {_options(asked)}",
        **asdict(asked),
        "sales": mix.sales,
        "machine": machine(),
        "load_before": load,
        "seconds_taken": round(seconds, 1),
        "requests": sum(seen.statuses.values()),
        "statuses": dict(sorted(seen.statuses.items())),
        "unexplained": seen.unexplained[:20],
        "milliseconds": spread(everything),
        "by_endpoint": {name: spread(found) for name, found in sorted(seen.taken.items())},
        "health_milliseconds": spread(seen.health),
        "swaps": swaps,
        "publications_answered": len(seen.generations),
        "built_beside": built,
        "cpu_seconds": {
            "api": round(now - before, 1),
            "driver": round(ours.ru_utime + ours.ru_stime - own.ru_utime - own.ru_stime, 1),
        },
        "idle_mb": idle_mb,
        "peak_mb": seen.peak_mb,
    }


async def _drive(url: str, password: str, mix: Mix, asked: Asked, seen: Seen, api: psutil.Process, home: Path) -> int:
    """All readers until the time is over, with the API's health watched and publications swapped meanwhile; how many swaps."""
    until = time.monotonic() + asked.seconds
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=asked.readers * AT_ONCE)
    async with _signed_in(url, password, limits) as client:
        readers = [_read(client, mix, asked, seen, until, number) for number in range(asked.readers)]
        watching = asyncio.create_task(_watch(url, seen, api))
        swapping = asyncio.create_task(_swap(home, asked))
        await asyncio.gather(*readers)
        swaps = await swapping
        watching.cancel()
    return swaps


@asynccontextmanager
async def _signed_in(url: str, password: str, limits: httpx2.Limits) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=url, timeout=ANSWER_SECONDS, limits=limits, trust_env=False) as client:
        form = {"grant_type": "password", "username": READER, "password": password}
        tokens = (await client.post("/api/auth/token/", data=form)).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        yield client


async def _read(client: httpx2.AsyncClient, mix: Mix, asked: Asked, seen: Seen, until: float, number: int) -> None:
    """One reader, who begins within one time of thought."""
    chance = random.Random(asked.seed + number)  # noqa: S311  readers do the same in every run
    own = Mix(mix.pages, mix.days, mix.filters, mix.members, mix.sales, chance)
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(request: str) -> None:
        async with gate:
            began = time.monotonic()
            answer = await client.get(request)
            seen.note(request, answer, time.monotonic() - began)

    await asyncio.sleep(chance.uniform(0, asked.think_seconds))
    for _, requests in own.visits(sys.maxsize):
        await asyncio.gather(*map(ask, requests))
        if time.monotonic() > until:
            return
        await asyncio.sleep(chance.uniform(0.5, 1.5) * asked.think_seconds)


async def _watch(url: str, seen: Seen, api: psutil.Process) -> None:
    async with httpx2.AsyncClient(base_url=url, timeout=ANSWER_SECONDS, trust_env=False) as client:
        while True:
            began = time.monotonic()
            (await client.get("/healthz")).raise_for_status()
            seen.health.append((time.monotonic() - began) * 1_000)
            seen.peak_mb = max(seen.peak_mb, api.memory_info().rss // MEGABYTE)
            await asyncio.sleep(HEALTH_EVERY_SECONDS)


async def _swap(home: Path, asked: Asked) -> int:
    """The publication before takes the place of the one that serves for a while, by the verb that people use."""
    if not asked.is_swapped or len(kept_generations(open_state(home).warehouse)) < 2:
        return 0
    for swap, line in enumerate((["rollback"], ["rollback", "--resume"]), start=1):
        await asyncio.sleep(asked.seconds / 3)
        command = [sys.executable, "-m", "booksales.cli", *line]
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, "BOOKSALES_HOME": str(home)}, stdout=subprocess.DEVNULL
        )
        if await process.wait():
            return swap - 1
    return 2


@contextmanager
def _built_beside(environment: dict[str, str], is_wanted: bool) -> Iterator[bool]:
    """A publication that is built anew, whole, as long as the block goes on; what it has not done by then is left undone."""
    if not is_wanted:
        yield False
        return
    command = [sys.executable, "-m", "booksales.cli", "publish"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as building:
        try:
            yield True
        finally:
            building.terminate()


def _cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def _options(asked: Asked) -> str:
    told = f"--readers={asked.readers} --think={asked.think_seconds:g} --seconds={asked.seconds:g} --cache-mb={asked.cache_mb}"
    return told + ("" if asked.is_swapped else " --no-swap") + (" --build" if asked.is_built_beside else "")
