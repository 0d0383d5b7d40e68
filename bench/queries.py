"""How long does one reader wait for an answer, with no cache anywhere in the API?

Opens the dashboard's pages as `query_mix.yaml` draws them, each with all its requests one after the other, at the API over the
publication of an installation that is there, and tells which tables answered the slowest.
"""

import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import yaml

from api.client import Client
from bench.results import in_short, machine, spread
from bench.serving import READER, reader, running
from jobs_config.state import open_state
from warehouse.embedded.warehouse import EmbeddedWarehouse

PREFIX = "/api/analytics/"
MIX = Path(__file__).parent / "query_mix.yaml"
INTERVALS = {7: "day", 30: "day", 90: "week", 365: "month", 1826: "quarter"}
MEMBERS = {
    "country": "select country as member, count(*) as weight from analytics.dim_region group by 1",
    "genre": "select genre as member, count(*) as weight from analytics.dim_book where is_current group by 1",
    "format": "select format as member, count(*) as weight from analytics.dim_book where is_current group by 1",
    "channel": "select channel as member, 1 as weight from analytics.dim_channel where channel_key > 0",
    "publisher": "select publisher as member, count(*) as weight from analytics.dim_book where is_current group by 1",
    "book": "select isbn13 as member, sum(gross_units) as weight from analytics.rollup_book_daily "
    "join analytics.dim_book using (book_key) where isbn13 is not null and sale_date > $since group by 1 having sum(gross_units) > 0",
}  # fmt: skip


@dataclass
class Mix:
    """Pages with weights, and what their addresses are filled with."""

    pages: dict[str, dict[str, object]]
    days: dict[int, int]
    filters: dict[str, int]
    members: dict[str, tuple[list[str], list[int]]]
    sales: int
    draw: random.Random = field(default_factory=lambda: random.Random(20_261_127))  # noqa: S311

    def visits(self, count: int) -> Iterator[tuple[str, list[str]]]:
        """So many pages, each with its requests."""
        weights = [page["weight"] for page in self.pages.values()]
        for _ in range(count):
            (name,) = self.draw.choices(list(self.pages), weights)  # type: ignore[arg-type]
            yield name, self._filled(self.pages[name]["requests"])  # type: ignore[arg-type]

    def _filled(self, requests: list[str]) -> list[str]:
        (days,) = self.draw.choices(list(self.days), list(self.days.values()))
        (chosen,) = self.draw.choices(list(self.filters), list(self.filters.values()))
        known = {name: quote(self.draw.choices(*of)[0], safe="") for name, of in self.members.items()}
        known |= {"days": str(days), "interval": INTERVALS[days]}
        return [request.format(**known, filter=chosen.format(**known)) for request in requests]


def load_mix(home: Path) -> Mix:
    """The mix over the members of an installation's publication."""
    told = yaml.safe_load(MIX.read_text())
    warehouse = EmbeddedWarehouse(open_state(home).warehouse)
    reading = warehouse.current()
    last = reading.publication.data_through
    assert last is not None
    members = {}
    for name, sql in MEMBERS.items():
        rows = reading.rows(sql, {"since": last - timedelta(365)} if "$since" in sql else {})
        rows = sorted((row for row in rows if row["member"]), key=lambda row: str(row["member"]))
        members[name] = ([row["member"] for row in rows], [int(row["weight"]) for row in rows])
    reading.release()
    return Mix(told["pages"], told["days"], told["filters"], members, reading.publication.sale_count)


def report(home: Path, visits: int, out: Path) -> str:
    """Measure and write down; gives the result in a line or two."""
    told = run(home, visits)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"queries_{in_short(int(str(told['sales'])))}.json"
    path.write_text(json.dumps(told, indent=2) + "\n")
    return f"{told['requests']} requests, milliseconds: {told['milliseconds']}\n\nraw: {path}"


def run(home: Path, visits: int) -> dict[str, object]:
    """Milliseconds of each request, by endpoint and over all; the slowest with the tables that answered."""
    mix = load_mix(home)
    taken: dict[str, list[float]] = {}
    slowest: list[tuple[int, str, str, list[str]]] = []
    environment = {
        **os.environ,
        "BOOKSALES_HOME": str(home),
        "BOOKSALES_API_REQUESTS_PER_MINUTE": "0",
        "BOOKSALES_API_CACHE_MB": "0",
    }
    load = os.getloadavg()
    with running(["-m", "api", "--port", "0"], environment) as (_, url), Client(url) as client:
        client.sign_in(READER, reader(home))
        client.answer("summary", {})
        for page, requests in mix.visits(visits):
            for request in requests:
                began = time.perf_counter()
                tables = ask(client, request)
                milliseconds = (time.perf_counter() - began) * 1_000
                taken.setdefault(endpoint(request), []).append(milliseconds)
                slowest.append((round(milliseconds), page, request, tables))
    slowest.sort(key=lambda one: -one[0])
    everything = [milliseconds for found in taken.values() for milliseconds in found]
    return {
        "bench": "queries",
        "command": f"python -m bench queries --home=… --visits={visits}",
        "sales": mix.sales,
        "machine": machine(),
        "load_before": load,
        "visits": visits,
        "requests": len(everything),
        "milliseconds": spread(everything),
        "by_endpoint": {name: spread(found) for name, found in sorted(taken.items())},
        "slowest": slowest[:40],
    }


def endpoint(request: str) -> str:
    """What is asked, without what it is asked about: `books`, `timeseries`."""
    return request.removeprefix(PREFIX).split("/")[0]


def ask(client: Client, request: str) -> list[str]:
    """The tables that answered; raises ApiError for anything but an answer."""
    place = urlsplit(request.removeprefix(PREFIX))
    answer = client.answer(place.path.strip("/"), parse_qs(place.query))
    tables: list[str] = answer.get("meta", {}).get("answered_by", [])
    return tables
