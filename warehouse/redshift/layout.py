"""Statements that make the star's tables and views in Redshift, derived from the contracts and the semantic model.

No key is declared: Redshift does not enforce one and its planner believes it, so a wrong one gives wrong answers, also to the check
that looks for duplicates. Times are TIMESTAMP in UTC, the only kind of moment that COPY takes from Parquet.
"""

import re
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from warehouse.contract import Contract, load_contract
from warehouse.ddl import gold_contracts, rollup_query, views, warehouse_columns
from warehouse.recurrence import (
    COLUMNS,
    CUSTOMER_MONTHS,
    CUSTOMER_MONTHS_COLUMNS,
    customer_months,
    days_of,
    distinct_of,
    recurrences_of,
)
from warehouse.semantic import SemanticModel, keys_of_books, load_model

FILE = Path(__file__).parent / "layout.yaml"

TYPES = {"double": "double precision", "int": "integer"}
IN_ANALYTICS = re.compile(r"\banalytics\.")


class Layout(BaseModel):
    """How tables are spread and sorted, and how long texts may be, in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    distribution: dict[str, str]
    sort: dict[str, tuple[str, ...]]
    text_bytes: dict[str, int]
    few_texts: tuple[str, ...]


@cache
def load_layout() -> Layout:
    """The layout of the installed package."""
    return Layout(**yaml.safe_load(FILE.read_text()))


def in_schema(sql: str, schema: str) -> str:
    """SQL over schema analytics as SQL over another one that holds the same tables."""
    return IN_ANALYTICS.sub(f"{schema}.", sql)


def create_table(contract: Contract, schema: str) -> str:
    """CREATE TABLE of a gold table, columns in contract order, which is the order of the files."""
    columns = {
        name: (column.type, column.required)
        for name, column in contract.columns.items()
        if name in warehouse_columns(contract)
    }
    return _create(contract.name, schema, columns, load_layout().sort.get(contract.name) or contract.sort_by)


def create_rollup(name: str, schema: str, model: SemanticModel) -> str:
    """CREATE TABLE of a rollup: its keys, then every measure."""
    columns = {key: (_key_type(key), True) for key in model.rollups[name].keys}
    columns |= {measure: (described.type, True) for measure, described in model.measures.items()}
    return _create(name, schema, columns, load_layout().sort.get(name, model.rollups[name].keys[:1]))


def fill_rollup(name: str, schema: str, model: SemanticModel, condition: str = "true") -> str:
    """INSERT of the rollup's rows, of the days that meet a condition."""
    columns = ", ".join((*model.rollups[name].keys, *model.measures))
    return in_schema(f"insert into analytics.{name} ({columns})\n{rollup_query(name, model, condition)}", schema)


def create_counts(schema: str) -> list[str]:
    """CREATE TABLE of the rollups of recurrences, and of customers by month."""
    tables: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
        name: (COLUMNS, ("sale_date", "previous_date")) for name in load_model().recurrences
    }
    tables[CUSTOMER_MONTHS] = (CUSTOMER_MONTHS_COLUMNS, ("sale_month",))
    return [
        _create(name, schema, {column: (kind, True) for column, kind in columns.items()}, sort)
        for name, (columns, sort) in tables.items()
    ]


def fill_counts(schema: str) -> list[str]:
    """Statements that fill them anew: a day of a thing depends on all its days before, so of touched days alone is not enough."""
    model = load_model()
    queries = {}
    for name in model.recurrences:
        distinct = distinct_of(name, model)
        queries[name] = recurrences_of(distinct, days_of(distinct))
    queries[CUSTOMER_MONTHS] = customer_months(model)
    filled = [(name, in_schema(f"insert into analytics.{name} {query}", schema)) for name, query in queries.items()]
    return [statement for name, fill in filled for statement in (f"delete from {schema}.{name}", fill)]


def create_views(schema: str) -> list[str]:
    """Late-binding views in schema analytics: one per table of the star, then the promised ones over them."""
    over_tables = {
        contract.name: f"select {', '.join(warehouse_columns(contract))} from {schema}.{contract.name}"
        for contract in gold_contracts()
    }
    model = load_model()
    over_rollups = {
        name: f"select {', '.join((*rollup.keys, *model.measures))} from {schema}.{name}"
        for name, rollup in model.rollups.items()
    }
    # The promised views are over the others and not over the star, so that what narrows those narrows these.
    return [_late_bound("analytics", name, query) for name, query in {**over_tables, **over_rollups, **views()}.items()]


def create_star_views(schema: str) -> list[str]:
    """The promised views in the star itself, for whoever reads it by name."""
    return [_late_bound(schema, name, in_schema(query, schema)) for name, query in views().items()]


def _late_bound(schema: str, name: str, query: str) -> str:
    return f"create or replace view {schema}.{name} as {query.rstrip()}\nwith no schema binding"


def columns_of_tables() -> dict[str, set[str]]:
    """Every table of the star with its columns."""
    model = load_model()
    return {
        **{contract.name: {*warehouse_columns(contract)} for contract in gold_contracts()},
        **{name: {*rollup.keys, *model.measures} for name, rollup in model.rollups.items()},
        **{name: {*COLUMNS} for name in model.recurrences},
        CUSTOMER_MONTHS: {*CUSTOMER_MONTHS_COLUMNS},
    }


def table_names() -> list[str]:
    """Every table of the star, rollups too."""
    return [*columns_of_tables()]


def column_type(name: str, lake_type: str) -> str:
    """Redshift's type of a column; a text is as long as the layout says."""
    if lake_type == "string":
        sizes = load_layout().text_bytes
        return f"varchar({sizes.get(name, sizes['otherwise'])})"
    return TYPES.get(lake_type, lake_type)


def _create(name: str, schema: str, columns: dict[str, tuple[str, bool]], sort: tuple[str, ...]) -> str:
    lines = [
        f"    {column} {column_type(column, lake_type)} encode {_encoding(column, lake_type, sort)}"
        + (" not null" if required else "")
        for column, (lake_type, required) in columns.items()
    ]
    sorted_by = f"\ncompound sortkey ({', '.join(sort)})" if sort else ""
    return f"create table {schema}.{name} (\n" + ",\n".join(lines) + f"\n)\n{_distribution(name)}{sorted_by}"


def _distribution(name: str) -> str:
    chosen = load_layout().distribution
    style = chosen.get(name, chosen["otherwise"])
    return f"diststyle {style}" if style in ("all", "even") else f"diststyle key distkey ({style})"


def _encoding(column: str, lake_type: str, sort: tuple[str, ...]) -> str:
    # The first sort column stays as it is: blocks are skipped by it, and unpacking whole blocks of it would cost more.
    if sort and column == sort[0]:
        return "raw"
    if lake_type in ("string", "boolean", "double"):
        return "bytedict" if column in load_layout().few_texts else "zstd"
    return "az64"


def _key_type(key: str) -> str:
    """A rollup's key is the fact's column, or the book's."""
    table = "gold.dim_book" if key in keys_of_books() else "gold.fact_sales"
    return load_contract(table).columns[key].type
