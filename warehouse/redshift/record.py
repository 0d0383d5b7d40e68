"""What the warehouse records about itself: which publications are kept, which one serves, which run wrote last.

`ops.publication` has a row for each build that is kept, as its newest publication; `ops.serving` one row, the pointer that readers
follow; `ops.fence` one row with the newest run, which every publisher locks and no reader reads.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from warehouse.ddl import OPS_TABLES
from warehouse.publication import Base, Publication
from warehouse.redshift.statements import Statements

LONGEST_TEXT = 65_000
TYPES = {"varchar": "varchar(max)", "timestamptz": "timestamp"}
TABLES = {
    name: re.sub(r"\b(varchar|timestamptz)\b", lambda found: TYPES[found[0]], columns)
    for name, columns in OPS_TABLES.items()
} | {
    "serving": "generation bigint, pinned boolean",
    "fence": "run_seq bigint, generation bigint",
    "account_scope": "user_name varchar(256), kind varchar(32), member varchar(2048)",
    "permission_undo": "place integer, statement varchar(max)",
    "visible_key": "user_name varchar(256), kind varchar(32), member_key bigint",
}
TABLES["publication"] += ", last_sale_date date, star varchar(64)"
COLUMNS = ", ".join(field.name for field in fields(Publication))


@dataclass(frozen=True)
class Build:
    """A kept build: the schema that holds its tables, and what it was published as last."""

    star: str
    base: Base

    @property
    def generation(self) -> int:
        return self.base.generation


def prepare(statements: Statements) -> None:
    """Make the schemas and tables where they are absent. Raises what the driver raises."""
    for schema in ("analytics", "ops"):
        statements.run(f"create schema if not exists {schema}")
    for name, columns in TABLES.items():
        statements.run(f"create table if not exists ops.{name} ({columns}) diststyle all")
    for name, row in (("serving", [0, False]), ("fence", [0, 0])):
        if statements.value(f"select count(*) as rows from ops.{name}") == 0:
            statements.insert(f"ops.{name}", [row])


def is_prepared(statements: Statements) -> bool:
    """Whether anything was ever published here, or is about to be."""
    found = statements.value(
        "select count(*) as tables from information_schema.tables where table_schema = $schema and table_name = $name",
        {"schema": "ops", "name": "fence"},
    )
    return bool(found)


def builds(statements: Statements) -> list[Build]:
    """Builds that are kept, oldest first."""
    return [_build(row) for row in statements.rows("select * from ops.publication order by generation")]


def served(statements: Statements) -> tuple[int, bool]:
    """The generation that serves, 0 for none, and whether it is pinned."""
    row = statements.row("select generation, pinned from ops.serving")
    return (row["generation"], row["pinned"]) if row else (0, False)


def fence(statements: Statements) -> tuple[int, int]:
    """The newest run that has published, and the generation it made; zeros where there is none."""
    row = statements.row("select run_seq, generation from ops.fence")
    return (row["run_seq"], row["generation"]) if row else (0, 0)


def write(statements: Statements, star: str, base: Base, ops_rows: Mapping[str, Sequence[Sequence[object]]]) -> None:
    """Record a publication, in the transaction that it is made in; the pointer moves unless an older one is pinned."""
    for name, rows in ops_rows.items():
        statements.run(f"delete from ops.{name}")
        statements.insert(f"ops.{name}", [[_stored(value) for value in row] for row in rows])
    statements.run("delete from ops.publication where star = $star", {"star": star})
    described = [
        *asdict(base.publication).values(),
        json.dumps(base.lake_versions),
        base.increments,
        base.last_sale_date,
        star,
    ]
    statements.insert("ops.publication", [[_stored(value) for value in described]])
    made = {"generation": base.generation, "run_seq": base.publication.run_seq}
    statements.run("update ops.fence set run_seq = $run_seq, generation = $generation", made)
    statements.run("update ops.serving set generation = $generation where not pinned", {"generation": base.generation})


def serve(statements: Statements, generation: int, pinned: bool) -> None:
    """Make a kept generation serve."""
    told = {"generation": generation, "pinned": pinned}
    statements.run("update ops.serving set generation = $generation, pinned = $pinned", told)


def read_publication(row: Mapping[str, Any]) -> Publication:
    """A publication from its row; moments are stored in UTC without a zone."""
    told = {field.name: row[field.name] for field in fields(Publication)}
    moments = {name: value.replace(tzinfo=UTC) for name, value in told.items() if isinstance(value, datetime)}
    return Publication(**{**told, **moments})


def _build(row: Mapping[str, Any]) -> Build:
    publication = read_publication(row)
    base = Base(
        publication.generation, publication, json.loads(row["lake_versions"]), row["increments"], row["last_sale_date"]
    )
    return Build(row["star"], base)


def _stored(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, str):
        return value.encode()[:LONGEST_TEXT].decode(errors="ignore")
    return value
