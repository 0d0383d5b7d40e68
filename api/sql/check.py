"""Is this one SELECT, of nothing but what somebody may name? What is run is written anew from what was checked."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from api.sql.grammar import DESCRIBED, NODES, QUERIES, TYPES
from api.sql.rewriting import SHIELD, rewritten
from api.view import HiddenColumnError
from warehouse.contract import load_contract
from warehouse.ddl import gold_contracts
from warehouse.narrowed import tables_in_sight
from warehouse.permissions import load_permissions
from warehouse.scope import Scope

DIALECT = "duckdb"
SCHEMA = "analytics"
MOST_PARTS = 2_000
SHOWN = 60
WORD = re.compile(r"[A-Za-z_]+")

# It would write people's questions into the log.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


class SqlError(Exception):
    """The text is no question that may be asked; the message says what was found and what would do."""


@dataclass(frozen=True)
class Sight:
    """What a role may name within a scope: tables with their columns, and functions."""

    role: str
    tables: Mapping[str, tuple[str, ...]]
    functions: frozenset[str]


@dataclass(frozen=True)
class Checked:
    """What may be run, with the tables and columns that it names."""

    sql: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]


def sight_of(role: str, scope: Scope) -> Sight:
    """What somebody may name."""
    return Sight(role, tables_in_sight(role, scope), load_permissions().functions_of(role))


def checked(sql: str, sight: Sight) -> Checked:
    """The question to run. Raises SqlError, or HiddenColumnError for what is there and out of sight."""
    root = _parsed(sql)
    tables, columns = _held(root, sight, MOST_PARTS)
    run = rewritten(root).sql(DIALECT, comments=False)
    # Once more as DuckDB will read it, so that nothing depends on how a part is written out.
    _held(_parsed(run), replace(sight, functions=sight.functions | {SHIELD}), 2 * MOST_PARTS)
    return Checked(run, tables, columns)


def _held(root: exp.Expr, sight: Sight, most: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tables and columns that a question names. Raises SqlError and HiddenColumnError for what may not be named."""
    parts = list(root.walk())
    if len(parts) > most:
        raise SqlError(f"has {len(parts)} parts; {most} are read at most")
    for part in parts:
        _require_known(part, sight)
    tables = tuple(dict.fromkeys(_tables(root, sight)))
    return tables, tuple(dict.fromkeys(_columns(root, tables, sight)))


def _parsed(sql: str) -> exp.Expr:
    if "\0" in sql:
        # DuckDB would read no further.
        raise SqlError("holds a NUL character")
    try:
        found = sqlglot.parse(sql, read=DIALECT)
    except ParseError as error:
        place = error.errors[0] if error.errors else {}
        where = f"line {place.get('line')}, column {place.get('col')}: " if place else ""
        raise SqlError(f"cannot be read: {where}{place.get('description', 'no SQL')}; {DESCRIBED}") from error
    except SqlglotError as error:
        raise SqlError(f"cannot be read: {str(error).splitlines()[0][:SHOWN]}; {DESCRIBED}") from error
    except RecursionError as error:
        raise SqlError("is nested too deeply to be read") from error
    statements = [one for one in found if one is not None and not isinstance(one, exp.Semicolon)]
    if len(statements) != 1:
        raise SqlError(f"has {len(statements)} statements; {DESCRIBED}")
    if not isinstance(statements[0], QUERIES):
        raise SqlError(f"is a {_named(statements[0])}; {DESCRIBED}")
    return statements[0]


def _require_known(part: exp.Expr, sight: Sight) -> None:
    if isinstance(part, exp.DataType) and (part.this not in TYPES or part.args.get("nested")):
        raise SqlError(f"no type {part.sql(DIALECT)[:SHOWN].lower()}; there are {', '.join(_types())}")
    if isinstance(part, exp.Var) and not WORD.fullmatch(part.name):
        # It is written out as it is, also where it stood in quotes.
        raise SqlError(f"no word {part.name[:SHOWN]!r} here; {DESCRIBED}")
    if type(part) in NODES:
        return
    if not isinstance(part, exp.Func):
        raise SqlError(f"no {_named(part)} here; {DESCRIBED}")
    if (name := _function(part)) not in sight.functions:
        raise SqlError(f"no function {name[:SHOWN]}; there are {', '.join(sorted(sight.functions))}")


def _function(part: exp.Func) -> str:
    """The function's name as DuckDB will read it; empty parentheses or none make no difference."""
    if isinstance(part, exp.Anonymous):
        return part.name.lower()
    name, parenthesis, _ = part.sql(DIALECT).partition("(")
    return name.lower() if parenthesis and name.isidentifier() else part.sql_name().lower()


def _tables(root: exp.Expr, sight: Sight) -> Iterator[str]:
    """Tables that are named. A CTE is known to those after it; there is one WITH, at the top, so a name means one thing."""
    named = _ctes(root)
    places = {id(cte): place for place, cte in enumerate(named.values())}
    names = list(named)
    for table in root.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            raise SqlError(f"no table made by {_named(table.this)}; there are {', '.join(sight.tables)}")
        inside = table.find_ancestor(exp.CTE)
        known = names[: places[id(inside)]] if inside else names
        if not table.db and not table.catalog and table.name.lower() in known:
            continue
        yield _table(table, sight)


def _ctes(root: exp.Expr) -> dict[str, exp.Expr]:
    found: dict[str, exp.Expr] = {}
    for clause in root.find_all(exp.With):
        if clause.parent is not root or clause.args.get("recursive"):
            raise SqlError("has a WITH that is recursive or inside another query; put plain ones at the top")
        found = {cte.alias.lower(): cte for cte in clause.expressions}
        if len(found) != len(clause.expressions):
            raise SqlError("has two WITH of one name")
    return found


def _table(table: exp.Table, sight: Sight) -> str:
    name = table.name.lower()
    if table.catalog or table.db.lower() not in ("", SCHEMA):
        raise SqlError(f"no schema {table.sql(DIALECT)[:SHOWN]!r}; tables are in {SCHEMA}")
    if name in sight.tables:
        return name
    if name in load_permissions().tables_of(sight.role):
        raise SqlError(f"{name} cannot be narrowed to what the account sees; there are {', '.join(sight.tables)}")
    if name in {contract.name for contract in gold_contracts()}:
        raise HiddenColumnError(f"the role {sight.role} may not see {name}; there are {', '.join(sight.tables)}")
    raise SqlError(f"no table {name[:SHOWN]!r}; there are {', '.join(sight.tables)}")


def _columns(root: exp.Expr, tables: tuple[str, ...], sight: Sight) -> Iterator[str]:
    """Columns that are named, or stand behind a star: those of the tables, and names that the question itself gives."""
    allowed = {column for table in tables for column in sight.tables[table]}
    hidden = _all_columns().difference(*sight.tables.values())
    given = {alias.alias.lower() for alias in root.find_all(exp.Alias)}
    given |= {name.name.lower() for alias in root.find_all(exp.TableAlias) for name in alias.columns}
    if any(not isinstance(star.parent, exp.Count) for star in root.find_all(exp.Star)):
        yield from (column for table in tables for column in sight.tables[table])
    for name, qualifier in _named_columns(root):
        if qualifier not in ("", SCHEMA):
            raise SqlError(f"no schema {qualifier[:SHOWN]!r}; tables are in {SCHEMA}")
        if name in allowed:
            yield name
        elif name in hidden - given:
            raise HiddenColumnError(f"the role {sight.role} may not see {name} of {', '.join(tables) or 'nothing'}")
        elif name not in given:
            there = "; ".join(f"{table} has {', '.join(sight.tables[table])}" for table in tables)
            raise SqlError(f"no column {name[:SHOWN]!r}; {there or 'no table is named'}")


def _named_columns(root: exp.Expr) -> Iterator[tuple[str, str]]:
    """Name and schema of every column that is written out."""
    for column in root.find_all(exp.Column):
        if not isinstance(column.this, exp.Star):
            yield column.name.lower(), f"{column.catalog}{column.db}".lower()
    for join in root.find_all(exp.Join):
        yield from ((name.name.lower(), "") for name in join.args.get("using") or ())


def _all_columns() -> frozenset[str]:
    tables = (f"gold.{contract.name}" for contract in gold_contracts())
    return frozenset(column for table in tables for column in load_contract(table).columns)


def _named(part: exp.Expr) -> str:
    return part.key.upper()


def _types() -> list[str]:
    return sorted(kind.value.lower() for kind in TYPES)
