"""Planted faults of a shop in a database: what its types and constraints let in and is wrong all the same, with an answer key."""

from dataclasses import dataclass

from psycopg2 import extensions, sql

from datagen.plan import ShopPlan

# Rows are chosen by a hash of key and seed, which falls evenly on so many places.
PLACES = 2**20


@dataclass(frozen=True)
class Fault:
    """A kind of fault: the column that it is in, and what becomes of the value there, in SQL."""

    table: str
    name: str
    column: str
    changed: str


FAULTS = (
    Fault(
        "books_book", "wrong check digit", "isbn13", "left(isbn13, 12) || ((right(isbn13, 1)::integer + 1) % 10)::text"
    ),
    Fault("sales_sale", "unknown currency", "currency", "lower(currency)"),
    Fault("sales_sale", "a year before there was a shop", "sold_at", "sold_at - interval '100 years'"),
)
DAMAGE = """
with chosen as materialized (
    select id, {column}::text as was from {table}
    where hashint8extended(id, %(seed)s) & {last} between %(first)s and %(last)s - 1
),
damaged as (
    update {table} as changed set {column} = {changed}
    from chosen where changed.id = chosen.id
    returning changed.id, chosen.was, changed.{column}::text as now
)
insert into datagen_fault (table_name, row_key, fault, column_name, before, after)
select %(table)s, id, %(fault)s, %(column)s, was, now from damaged
"""


def damage(cursor: extensions.cursor, plan: ShopPlan) -> int:
    """Damage the plan's share of books and sales, each row in one way; what was done is in datagen_fault. Returns how many rows."""
    count = 0
    for table in dict.fromkeys(fault.table for fault in FAULTS):
        kinds = [fault for fault in FAULTS if fault.table == table]
        for turn, fault in enumerate(kinds):
            first, last = (round(PLACES * plan.faults * part / len(kinds)) for part in (turn, turn + 1))
            statement = sql.SQL(DAMAGE).format(
                table=sql.Identifier(table),
                column=sql.Identifier(fault.column),
                # Ours, and nobody's input.
                changed=sql.SQL(fault.changed.replace("%", "%%")),
                last=sql.Literal(PLACES - 1),
            )
            told = {"table": table, "fault": fault.name, "column": fault.column}
            cursor.execute(statement, {**told, "seed": plan.seed, "first": first, "last": last})
            count += cursor.rowcount
    return count
