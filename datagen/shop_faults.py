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


@dataclass(frozen=True)
class PlantedFault:
    """One damaged row, and what was done to it."""

    table: str
    key: int
    fault: str
    column: str
    before: str
    after: str


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
)
update {table} as damaged set {column} = {changed}
from chosen where damaged.id = chosen.id
returning damaged.id, chosen.was, damaged.{column}::text
"""


def damage(cursor: extensions.cursor, plan: ShopPlan) -> list[PlantedFault]:
    """Damage the plan's share of books and sales, each row in one way; returns what was done, by table and key."""
    planted = []
    for table in dict.fromkeys(fault.table for fault in FAULTS):
        kinds = [fault for fault in FAULTS if fault.table == table]
        for turn, fault in enumerate(kinds):
            places = [round(PLACES * plan.faults * part / len(kinds)) for part in (turn, turn + 1)]
            statement = sql.SQL(DAMAGE).format(
                table=sql.Identifier(table),
                column=sql.Identifier(fault.column),
                # Ours, and nobody's input.
                changed=sql.SQL(fault.changed.replace("%", "%%")),
                last=sql.Literal(PLACES - 1),
            )
            cursor.execute(statement, {"seed": plan.seed, "first": places[0], "last": places[1]})
            rows = cursor.fetchall()
            planted += [PlantedFault(table, key, fault.name, fault.column, was, now) for key, was, now in rows]
    return sorted(planted, key=lambda fault: (fault.table, fault.key))
