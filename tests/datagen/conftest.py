"""One small shop for all tests that read its rows, and a progress that says nothing."""

import io
from datetime import date

import pyarrow as pa
import pytest

from datagen.plan import ShopPlan
from datagen.world import shop_tables
from jobs_config.progress import Progress

UNTIL = date(2025, 6, 30)


@pytest.fixture(scope="session")
def plan():
    return ShopPlan(sales=20_000, until=UNTIL)


@pytest.fixture(scope="session")
def shop(plan):
    """Rows by table, as lists of dicts."""
    chunks: dict[str, list[pa.Table]] = {}
    for name, rows in shop_tables(plan):
        chunks.setdefault(name, []).append(rows)
    return {name: pa.concat_tables(tables).to_pylist() for name, tables in chunks.items()}


@pytest.fixture
def quiet():
    return Progress(io.StringIO(), terminal=False)


@pytest.fixture(scope="session")
def quiet_progress():
    """The same, for what is made once for a module."""
    return Progress(io.StringIO(), terminal=False)
