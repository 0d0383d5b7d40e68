from contextlib import closing

import psycopg2
import pytest

from jobs_config.model import TableMapping
from spark_jobs.extract.query import partition_predicates
from spark_jobs.extract.snapshot import SourceTable

MAPPING = TableMapping(table="account", key="id", columns={"series_id": "id"})

# Every partition holds 4,096 pages, or 500,000 keys.
PLACES = {
    "tid": ["(0,0)", "(0,1)", "(4095,9)", "(4096,0)", "(8191,290)", "(8192,1)", "(8193,1)", "(4294967294,1)"],
    "bigint": ["-9000000000", "-1", "0", "499999", "500000", "999999", "1000000", "1000001", "9000000000"],
}


def source_table(pages: int = 0, key_bounds: tuple[int, int] | None = None) -> SourceTable:
    return SourceTable("series", MAPPING, "account", {}, pages, pages * 8192, 0, key_bounds)


@pytest.fixture(scope="module")
def cursor(postgres):
    with closing(psycopg2.connect(postgres.owner_dsn("postgres"))) as connection, connection.cursor() as cursor:
        yield cursor


@pytest.mark.parametrize(
    ("table", "kind", "partitions"),
    [
        (source_table(pages=1), "tid", 1),
        (source_table(pages=4096), "tid", 1),
        (source_table(pages=4097), "tid", 2),
        (source_table(pages=8193), "tid", 3),
        (source_table(key_bounds=(0, 499_999)), "bigint", 1),
        (source_table(key_bounds=(0, 500_000)), "bigint", 2),
        (source_table(key_bounds=(0, 1_000_000)), "bigint", 3),
        (source_table(key_bounds=(-1, 1_000_001)), "bigint", 3),
        (source_table(key_bounds=(7, 7)), "bigint", 1),
        (source_table(), "bigint", 1),
    ],
    ids=[
        "one page",
        "the pages of one partition",
        "one page more",
        "one page more than two partitions",
        "the keys of one partition",
        "one key more",
        "one key more than two partitions",
        "keys below zero",
        "one key",
        "an empty view",
    ],
)
def test_every_row_is_in_exactly_one_partition_rows_that_came_since_included(cursor, table, kind, partitions):
    predicates = partition_predicates(table)

    held_by = " + ".join(f"({predicate})::int" for predicate in predicates)
    cursor.execute(f'select {held_by} from unnest(%s::{kind}[]) as rows("_position")', (PLACES[kind],))
    assert [count for (count,) in cursor.fetchall()] == [1] * len(PLACES[kind])
    assert len(predicates) == partitions
