from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest
from small_shop import fill, reader_address

from jobs_config.loader import load_source
from spark_jobs.extract.connection import SourceAddress
from spark_jobs.extract.drift import columns_not_read
from spark_jobs.extract.position import position_of
from spark_jobs.extract.snapshot import open_snapshot


@pytest.fixture
def address(postgres, shop_database):
    fill(shop_database, sales=100)
    return reader_address(postgres, shop_database)


def test_a_new_column_is_named_unless_the_mapping_names_it_or_nothing_is_known_of_before(
    shop_database: str, address: SourceAddress
) -> None:
    mapping = load_source("bookstore")
    with open_snapshot(address, mapping) as snapshot:
        before = position_of(snapshot)
        assert columns_not_read(snapshot, before) == []
    with closing(psycopg2.connect(shop_database)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("alter table sales_channel add column gift_note text")
    channels = mapping.tables["channels"]
    naming = channels.model_copy(update={"watermark": "gift_note"})

    with open_snapshot(address, mapping) as snapshot:
        (found,) = columns_not_read(snapshot, before)
        unknown = [columns_not_read(snapshot, None)]
        old = replace(before, tables={name: replace(table, columns=()) for name, table in before.tables.items()})
        unknown.append(columns_not_read(snapshot, old))
        snapshot.tables["channels"] = replace(snapshot.tables["channels"], mapping=naming)
        named = columns_not_read(snapshot, before)

    assert (found.table, found.level, found.failed_rows) == ("silver.channels", "warn", 1)
    assert found.detail.startswith('"public"."sales_channel" has got gift_note: not read')
    assert unknown == [[], []]
    assert named == []
