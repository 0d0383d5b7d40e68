"""A pytest plugin: where several processes share the tests (`-n 2`), a file is one's, and all that use the Spark session are one's.

A second session would take longer to start and to get warm than the tests that it took over.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

SPARK = "spark"
# A test, or a fixture of its file, that asks for the session of tests/conftest.py.
ASKS_FOR_SPARK = re.compile(rf"^def \w+\([^)]*\b{SPARK}\b", re.MULTILINE)


class Lanes(LoadFileScheduling):
    """Deals out files, those with Spark as if they were one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return SPARK if asks_for_spark(self.config.rootpath / file) else file


@cache
def asks_for_spark(file: Path) -> bool:
    """Whether a test file uses the session, as its text says: whoever deals out has not collected it."""
    return bool(ASKS_FOR_SPARK.search(file.read_text()))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Lanes:
    """Whatever `--dist` says."""
    return Lanes(config, log)
