"""A pytest plugin: a part of a long run (`--shard 2/6`), and the rest of one that was broken off (`--resume`).

Slow tests are dealt out one by one, all others file by file, by their names: so a shard is the same on every machine, and together
they are all tests. What has passed is kept in pytest's cache until a run without `--resume` begins.
"""

import re
import time
import zlib

import pytest

PASSED = "booksales/passed"
# The list is long, so it is not written after each test. A run that is killed repeats what the last seconds brought.
SECONDS_BETWEEN_WRITES = 5


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("long runs")
    group.addoption("--shard", default="", metavar="K/N", help="run the K-th of N parts")
    group.addoption("--resume", action="store_true", help="leave out what has passed since the last run without this")


def pytest_configure(config: pytest.Config) -> None:
    shard = config.getoption("--shard")
    if shard and not _numbers(shard):
        raise pytest.UsageError(f"--shard {shard}: expected K/N with 1 <= K <= N, such as 2/6")
    config.pluginmanager.register(Passed(config))


class Passed:
    """Keeps which tests have passed."""

    def __init__(self, config: pytest.Config) -> None:
        self._cache = config.cache
        self._resumes = bool(config.getoption("--resume"))
        self._written_at = time.monotonic()
        self._names: set[str] = set(self._cache.get(PASSED, [])) if self._cache and self._resumes else set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        mine = [
            item for item in items if _is_of_shard(item, config.getoption("--shard")) and item.nodeid not in self._names
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in mine])
        items[:] = mine

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self._names.add(report.nodeid)
            if time.monotonic() - self._written_at > SECONDS_BETWEEN_WRITES:
                self._write()

    def pytest_sessionfinish(self) -> None:
        self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        if self._cache:
            self._cache.set(PASSED, sorted(self._names))


def _is_of_shard(item: pytest.Item, shard: str) -> bool:
    if not shard:
        return True
    number, count = _numbers(shard)
    name = item.nodeid if item.get_closest_marker("slow") else item.path.name
    return zlib.crc32(name.encode()) % count == number - 1


def _numbers(shard: str) -> tuple[int, int] | tuple[()]:
    found = re.fullmatch(r"(\d+)/(\d+)", shard)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        return ()
    return int(found[1]), int(found[2])
