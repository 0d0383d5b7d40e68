"""What lake and warehouse must hold, asked of the source in plain SQL and of the files by DuckDB. Shares no code with the product.

Every table of the shop is compared row by row over the columns that both hold; money through the rates of the business date.
"""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import psycopg2

from warehouse.embedded.generations import generation_file, read_pointer

# In microseconds since 1970 on both sides: drivers spell time zones differently. The bare columns, not those inside an expression.
MOMENT = re.compile(r"(?<=, )(deleted_at|updated_at|created_at|sold_at)(?=,| from)")

# Source query and the same of the lake; both give a key and what must be equal.
TABLES = {
    "publishers": ("select id, name, country_code, parent_id, deleted_at from books_publisher",
                   "select publisher_id, name, country_code, parent_id, deleted_at from silver"),
    "authors": ("select id, name, deleted_at from books_author", "select author_id, name, deleted_at from silver"),
    "genres": ("select id, code, name, parent_id, deleted_at from books_genre",
               "select genre_id, code, name, parent_id, deleted_at from silver"),
    "works": ("select id, title, series_id, series_number, first_published_on, deleted_at from books_work",
              "select work_id, title, series_id, series_number, first_published_on, deleted_at from silver"),
    "books": ("select id, isbn13::text, work_id, title, publisher_id, genre_id, format, list_price, unit_cost, currency, "
              "published_on, updated_at, deleted_at from books_book",
              "select book_id, isbn13, work_id, title, publisher_id, genre_id, format, list_price, unit_cost, currency, "
              "published_on, updated_at, deleted_at from silver"),
    "book_authors": ("select id, book_id, author_id, position::int, deleted_at from books_book_authors",
                     "select book_author_id, book_id, author_id, position, deleted_at from silver"),
    "stores": ("select id, code, region_id, channel_id, deleted_at from sales_store",
               "select store_id, code, region_id, channel_id, deleted_at from silver"),
    "customers": ("select id, region_id, segment, marketing_consent, deleted_at from sales_customer",
                  "select customer_id, region_id, segment, marketing_consent, deleted_at from silver"),
    "promotions": ("select id, code, starts_on, ends_on, discount_ratio, deleted_at from sales_promotion",
                   "select promotion_id, code, starts_on, ends_on, discount_ratio, deleted_at from silver"),
    "exchange_rates": ("select id, rate_date, currency, rate_to_reporting, deleted_at from sales_exchange_rate",
                       "select exchange_rate_id, rate_date, currency, rate_to_reporting, deleted_at from silver"),
    "sales": ("select id, order_id, line_number, kind, original_sale_id, book_id, customer_id, store_id, promotion_id, sold_at, "
              "unit_price, quantity, discount_amount, tax_amount, currency, created_at, updated_at, deleted_at from sales_sale",
              "select sale_id, order_id, line_number, kind, original_sale_id, book_id, customer_id, store_id, promotion_id, sold_at, "
              "unit_price, quantity, discount_amount, tax_amount, currency, created_at, updated_at, deleted_at from silver"),
}  # fmt: skip

# Live lines with what the star must say of them: title, publisher and genre as they are now where nothing tracked has changed.
FACTS = """
select id, order_id, (sold_at at time zone 'UTC')::date, kind = 'return', quantity, currency,
    quantity * unit_price, discount_amount, tax_amount,
    round(quantity * unit_price * rate, 2) - round(discount_amount * rate, 2), store_id,
    case when customer_id is null then 0 else 1 end,
    (select (original.sold_at at time zone 'UTC')::date from sales_sale as original where original.id = lines.original_sale_id)
from (
    select sales_sale.*, case when currency = 'USD' then 1 else (
        select rate_to_reporting from sales_exchange_rate
        where sales_exchange_rate.currency = sales_sale.currency and deleted_at is null
        and rate_date <= (sold_at at time zone 'UTC')::date order by rate_date desc limit 1) end as rate
    from sales_sale where deleted_at is null
) as lines
"""
WAREHOUSE_FACTS = """
select sale_id, order_id, sale_date, is_return, quantity, currency, gross_amount, discount_amount, tax_amount,
    net_reporting_amount, store_id, case when customer_key = 0 then 0 else 1 end, original_sale_date
from analytics.fact_sales inner join analytics.dim_store using (store_key)
"""


Rows = dict[int, tuple[Any, ...]]


def exported_snapshots(cursor: Any) -> list[str]:
    """Snapshots that are open for import now; needs a superuser."""
    cursor.execute("select name from pg_ls_dir('pg_snapshots') as name order by name")
    return [name for (name,) in cursor.fetchall()]


def source_rows(dsn: str, snapshot: str | None = None) -> dict[str, Rows]:
    """What the source holds, by table, facts included: in an exported snapshot, or as it is now."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        if snapshot:
            cursor.execute("set transaction snapshot %s", (snapshot,))
        cursor.execute("set timezone = 'UTC'")
        queries = {table: of_source for table, (of_source, _) in TABLES.items()} | {"facts": FACTS}
        found = {}
        for table, sql in queries.items():
            cursor.execute(MOMENT.sub(r"(extract(epoch from \1) * 1000000)::bigint", sql))
            found[table] = {row[0]: row[1:] for row in cursor.fetchall()}
    return found


def held_rows(lake: str, warehouse: Path) -> dict[str, Rows]:
    """What silver holds, and the facts of the generation that serves."""
    found = {}
    for table, (_, of_lake) in TABLES.items():
        silver = deltalake.DeltaTable(f"{lake}/silver/{table}").to_pyarrow_dataset()
        found[table] = _rows(duckdb_connection(silver), MOMENT.sub(r"epoch_us(\1)", of_lake))
    path = generation_file(warehouse, read_pointer(warehouse).generation)
    with duckdb.connect(str(path), read_only=True) as published:
        published.execute("set timezone = 'UTC'")
        found["facts"] = _rows(published, WAREHOUSE_FACTS)
    return found


def differences(source: dict[str, Rows], held: dict[str, Rows]) -> dict[str, dict[str, list[int]]]:
    """Keys that are missing, stale or ghosts, by table; empty where all agree."""
    found: dict[str, dict[str, list[int]]] = {}
    for table, rows in source.items():
        _compare(found, table, rows, held[table])
    return found


def duckdb_connection(silver: Any) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.register("silver", silver)
    return connection


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    return {row[0]: row[1:] for row in connection.execute(sql).fetchall()}


def _compare(
    found: dict[str, dict[str, list[int]]],
    table: str,
    source: dict[int, tuple[Any, ...]],
    held: dict[int, tuple[Any, ...]],
) -> None:
    faults = {
        "missing": sorted(source.keys() - held.keys()),
        "ghosts": sorted(held.keys() - source.keys()),
        "stale": sorted(key for key in source.keys() & held.keys() if source[key] != held[key]),
    }
    if any(faults.values()):
        found[table] = {name: keys for name, keys in faults.items() if keys}


def rollup_differences(one: Path, other: Path) -> dict[str, int]:
    """Cells of rollups and facts that differ between two generation files, by table."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        counts = {}
        found = "select table_name from duckdb_tables() where database_name = 'one' and table_name like 'rollup%'"
        rollups = [name for (name,) in connection.execute(found).fetchall()]
        assert len(rollups) > 1
        for table in (*rollups, "fact_sales", "dim_date", "dim_book", "dim_store", "dim_customer"):
            sides = f"from one.analytics.{table}", f"from other.analytics.{table}"
            (count,) = connection.execute(
                f"select (select count(*) from ({sides[0]} except all {sides[1]})) "
                f"+ (select count(*) from ({sides[1]} except all {sides[0]}))"
            ).fetchone() or (0,)
            if count:
                counts[table] = count
    return counts
