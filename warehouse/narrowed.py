"""Views for people's own SQL: the tables and columns of a role, narrowed to the rows of a scope.

They are made by `statements`, in the order given, in an empty database `memory` that has a serving file attached as `served`; what is
narrowed to goes in as parameters. The views are in `memory.analytics`, which is where names are looked up from then on.
"""

from collections.abc import Mapping

from warehouse.contract import load_contract
from warehouse.ddl import gold_contracts, views
from warehouse.permissions import load_permissions
from warehouse.scope import KINDS, Scope
from warehouse.semantic import load_model

Tables = Mapping[str, tuple[str, ...]]
Statement = tuple[str, dict[str, object]]

ROLLUP_OF_VIEWS = "rollup_sales_daily"


def tables_in_sight(role: str, scope: Scope) -> Tables:
    """Tables with their columns. Where rows cannot be told apart by what an account is narrowed to, the table is out of sight."""
    seen = load_permissions().tables_of(role)
    blurred = {name for name, rollup in load_model().rollups.items() if not set(scope.keys) <= set(rollup.keys)}
    if ROLLUP_OF_VIEWS in blurred:
        blurred |= views().keys()
    return {table: columns for table, columns in seen.items() if table not in blurred}


def statements(tables: Tables, scope: Scope) -> list[Statement]:
    """SQL and parameters that make the views."""
    made: list[Statement] = [
        ("create schema memory.analytics", {}),
        ("create schema memory.narrowed", {}),
        # Conditions of a scope name the dimensions without their database.
        ("use served", {}),
    ]
    for kind, (dimension, key, _, _) in KINDS.items():
        conditions, parameters = Scope(**{f"{kind}s": scope.members(kind)}).conditions(dimension)
        if conditions:
            keys = f"select {key} from analytics.{dimension} where {conditions[0]}"
            made.append((f"create table memory.narrowed.{key} as {keys}", parameters))
    # Books first: authors are narrowed by them.
    plain = [name for name in ("dim_book", "bridge_book_author", *tables) if name in tables and name not in views()]
    for name in dict.fromkeys(plain):
        made.append((f"create view memory.analytics.{name} as {_select(name, tables[name], scope)}", {}))
    made.append(("use memory.analytics", {}))
    for name, query in views().items():
        if name in tables:
            columns = ", ".join(tables[name])
            made.append((f"create view {name} as select {columns} from ({query}) as {name}", {}))
    return made


def _select(name: str, columns: tuple[str, ...], scope: Scope) -> str:
    moments = _moments(name)
    # DuckDB hands out a moment with time zone only where pytz is installed; all of ours are UTC.
    shown = [f"timezone('UTC', {column}) as {column}" if column in moments else column for column in columns]
    where = " and ".join(_conditions(name, columns, scope))
    return f"select {', '.join(shown)} from served.analytics.{name}" + (f" where {where}" if where else "")


def _moments(name: str) -> set[str]:
    if name not in {contract.name for contract in gold_contracts()}:
        return set()
    return {column for column, found in load_contract(f"gold.{name}").columns.items() if found.type == "timestamp"}


def _conditions(name: str, columns: tuple[str, ...], scope: Scope) -> list[str]:
    """Rows in sight: by the keys that the table has; books' authors by the books in sight."""
    found = [f"{key} in (select {key} from memory.narrowed.{key})" for key in scope.keys if key in columns]
    if scope.publishers and name == "bridge_book_author":
        found.append("(source, book_id) in (select source, book_id from memory.analytics.dim_book)")
    if scope.publishers and name == "dim_author":
        found.append("author_key in (select author_key from memory.analytics.bridge_book_author)")
    return found
