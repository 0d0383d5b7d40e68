"""Who sees what in Redshift: roles, column grants, row-level security and masks, all from warehouse/permissions.yaml.

A role of the API is a role of the database. People who sign in there by themselves read the views of schema analytics: the columns
that their role may see, the rows of the regions and publishers that `ops.account_scope` narrows them to, and masks over what nobody
or only a higher role may see, which hold even where somebody grants too much by hand. The API signs in as a member of
`booksales_api`: it reads the tables, as it narrows questions itself.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from warehouse.contract import load_contract
from warehouse.ddl import gold_contracts, views, warehouse_columns
from warehouse.permissions import Permissions, load_permissions
from warehouse.redshift.layout import column_type
from warehouse.redshift.statements import Statements
from warehouse.scope import KINDS, SEPARATOR
from warehouse.semantic import Dimension, Metric, Selection, SemanticModel, load_model

PREFIX = "booksales_"
SERVICE = f"{PREFIX}api"
# Facts are for those who may ask questions of their own; viewers have rollups and dimensions.
FACT_ROLE = "analyst"
# One row per person; what is counted of people is counted by the API.
NOBODY_READS = ("dim_customer",)
ALWAYS_READ = {"is_current", "in_default_totals"}
WORD = re.compile(r"\w+")
HIDDEN_PRIORITY, SHOWN_PRIORITY = 10, 20
# What the API asks of the record to find what serves.
SERVICE_READS = ("publication", "serving", "run", "quality_result")


@dataclass(frozen=True)
class Change:
    """A statement about a policy, and what undoes it, if anything must."""

    statement: str
    undo: str = ""


def role_name(role: str) -> str:
    """The database role of a role of the API."""
    return f"{PREFIX}{role}"


def columns_by_table() -> dict[str, dict[str, str]]:
    """Every view of schema analytics that is granted column by column: column to its lake type."""
    model = load_model()
    tables = {
        contract.name: {name: contract.columns[name].type for name in warehouse_columns(contract)}
        for contract in gold_contracts()
    }
    fact, book = tables["fact_sales"], tables["dim_book"]
    for name, rollup in model.rollups.items():
        keys = {key: book["format"] if key == "format" else fact[key] for key in rollup.keys}
        tables[name] = keys | {measure: described.type for measure, described in model.measures.items()}
    return tables


def shown_to(role: str, permissions: Permissions) -> set[str]:
    """Columns of tables behind what a role may see: of metrics what they are made of, of dimensions and labels the column."""
    model = load_model()
    parts: dict[str, Dimension | Selection] = {**model.dimensions, **model.selections}
    found: set[str] = set()
    for name in permissions.columns_of(role):
        if name in model.metrics:
            found |= _made_of(model.metrics[name], model)
        else:
            found.add(parts[name].column if name in parts else name)
    return found - set(permissions.never)


def _made_of(metric: Metric, model: SemanticModel) -> set[str]:
    """Measures, and the columns of the fact that their lines read."""
    fact = load_contract("gold.fact_sales").columns
    words = {word for name in metric.measures for word in WORD.findall(model.measures[name].line)}
    return set(metric.measures) | words.intersection(fact)


def structure_of(table: str, permissions: Permissions) -> set[str]:
    """Columns that tables are joined and narrowed by, whoever asks; never one that nobody may see."""
    model = load_model()
    joined = {part.key for part in model.dimensions.values()} | {part.match for part in model.dimensions.values()}
    if table in model.rollups:
        own = set(model.rollups[table].keys)
    else:
        contract = load_contract(f"gold.{table}")
        own = {*contract.key, *contract.references}
    return (own | joined | ALWAYS_READ) - set(permissions.never)


def granted_columns(table: str, columns: Iterable[str], role: str, permissions: Permissions) -> list[str]:
    """Those of a table's columns that a role is granted, in their order. What the matrix does not name, nobody is."""
    if table in NOBODY_READS or (
        table == "fact_sales" and permissions.roles.index(role) < permissions.roles.index(FACT_ROLE)
    ):
        return []
    seen = shown_to(role, permissions) | structure_of(table, permissions)
    return [column for column in columns if column in seen]


def masked_columns(permissions: Permissions) -> dict[str, str]:
    """Columns that only some roles may see: column to the lowest role that may; empty for none at all."""
    found = dict.fromkeys(permissions.never, "")
    seen = shown_to(permissions.roles[0], permissions)
    for role in permissions.roles[1:]:
        found |= dict.fromkeys(sorted(shown_to(role, permissions) - seen), role)
        seen |= shown_to(role, permissions)
    return found


def make_roles(there: Collection[str] = (), permissions: Permissions | None = None) -> list[str]:
    """Statements that make the roles that are not there yet, each with all that the one below it may."""
    permissions = permissions or load_permissions()
    names = [role_name(role) for role in permissions.roles]
    statements = [f"create role {name}" for name in (*names, SERVICE) if name not in there]
    return [*statements, *(f"grant role {lower} to role {upper}" for lower, upper in pairwise(names))]


def grant_columns(permissions: Permissions | None = None) -> list[str]:
    """Statements that give each role the columns that it may see, and take away what an earlier version gave."""
    permissions = permissions or load_permissions()
    statements = []
    for role in permissions.roles:
        name = role_name(role)
        statements.append(f"grant usage on schema analytics to role {name}")
        for table, every in columns_by_table().items():
            columns = granted_columns(table, every, role, permissions)
            statements.append(f"revoke all on analytics.{table} from role {name}")
            if columns:
                statements.append(f"grant select ({', '.join(columns)}) on analytics.{table} to role {name}")
        statements += [f"grant select on analytics.{view} to role {name}" for view in views()]
    statements.append(f"grant usage on schema ops to role {SERVICE}")
    return statements + [f"grant select on ops.{table} to role {SERVICE}" for table in SERVICE_READS]


def narrow_rows(permissions: Permissions | None = None) -> Iterator[Change]:
    """Row-level security: who is narrowed sees rows of their keys, and no totals that cannot be narrowed so."""
    permissions = permissions or load_permissions()
    read = {table: columns for table, columns in columns_by_table().items() if table not in NOBODY_READS}
    for kind in permissions.scopes:
        _, key, _, _ = KINDS[kind]
        everybody_else = f"current_user not in (select user_name from ops.account_scope where kind = '{kind}')"
        keys = f"select member_key from ops.visible_key where user_name = current_user and kind = '{kind}'"
        within, without = f"{PREFIX}{kind}", f"{PREFIX}no_{kind}"
        yield Change(
            f"create rls policy {within} with ({key} bigint) using ({key} in ({keys}) or {everybody_else})",
            f"drop rls policy {within}",
        )
        yield Change(f"create rls policy {without} using ({everybody_else})", f"drop rls policy {without}")
        for policy, table in ((within, "visible_key"), (within, "account_scope"), (without, "account_scope")):
            yield Change(f"grant select on ops.{table} to rls policy {policy}")
        for table, columns in read.items():
            if key not in columns and table not in (*load_model().rollups, "fact_sales"):
                continue
            policy = within if key in columns else without
            for role in map(role_name, permissions.roles):
                yield Change(
                    f"attach rls policy {policy} on analytics.{table} to role {role}",
                    f"detach rls policy {policy} on analytics.{table} from role {role}",
                )
    for table, columns in read.items():
        if any(KINDS[kind][1] in columns for kind in permissions.scopes):
            yield Change(f"alter table analytics.{table} row level security on")


def mask_columns(permissions: Permissions | None = None) -> Iterator[Change]:
    """Masks: null for everybody, the value from the lowest role on that may see it."""
    permissions = permissions or load_permissions()
    for column, lowest in masked_columns(permissions).items():
        places = {table: columns[column] for table, columns in columns_by_table().items() if column in columns}
        if not places:
            continue
        kind = column_type(column, next(iter(places.values())))
        hidden, shown = f"{PREFIX}hide_{column}", f"{PREFIX}show_{column}"
        yield _mask(hidden, column, kind, f"null::{kind}")
        roles = permissions.roles[permissions.roles.index(lowest) :] if lowest else ()
        if roles:
            yield _mask(shown, column, kind, column)
        for table in places:
            yield _masked(hidden, table, column, "public", HIDDEN_PRIORITY)
            for number, role in enumerate(roles):
                yield _masked(shown, table, column, f"role {role_name(role)}", SHOWN_PRIORITY + number)


def _mask(policy: str, column: str, kind: str, value: str) -> Change:
    return Change(
        f"create masking policy {policy} with ({column} {kind}) using ({value})", f"drop masking policy {policy}"
    )


def _masked(policy: str, table: str, column: str, whom: str, priority: int) -> Change:
    on = f"on analytics.{table}({column})"
    return Change(
        f"attach masking policy {policy} {on} to {whom} priority {priority}",
        f"detach masking policy {policy} {on} from {whom}",
    )


def script(there: Collection[str] = ()) -> list[str]:
    """The whole set-up, one statement each, in the order that they are to be run; `there` are roles that exist."""
    policies = [change.statement for change in (*narrow_rows(), *mask_columns())]
    return [*make_roles(there), *grant_columns(), *policies]


def apply(statements: Statements) -> int:
    """Carry out the set-up in one transaction, in place of the one before; how many statements it took.

    What undoes the policies is kept in `ops.permission_undo`, as Redshift has no CREATE OR REPLACE for them.
    """
    there = {row["role_name"] for row in statements.rows("select role_name from svv_roles")}
    undo = [row["statement"] for row in statements.rows("select statement from ops.permission_undo order by place")]
    policies = [*narrow_rows(), *mask_columns()]
    carried_out = [*undo, *make_roles(there), *grant_columns(), *(change.statement for change in policies)]
    with statements.transaction():
        for statement in carried_out:
            statements.run(statement)
        statements.run("delete from ops.permission_undo")
        undone = [change.undo for change in reversed(policies) if change.undo]
        statements.insert("ops.permission_undo", list(enumerate(undone)))
    return len(carried_out)


def read_star(statements: Statements, star: str) -> list[str]:
    """Statements that let the service read a newly built star; none where there is no such role yet."""
    if not statements.rows("select role_name from svv_roles where role_name = $service", {"service": SERVICE}):
        return []
    return [
        f"grant usage on schema {star} to role {SERVICE}",
        f"grant select on all tables in schema {star} to role {SERVICE}",
    ]


def write_visible_keys(statements: Statements, star: str) -> None:
    """The keys that each narrowed account may see, anew for the star: policies look them up, as members are known by name."""
    statements.run("delete from ops.visible_key")
    for kind, (table, key, parent, child) in KINDS.items():
        statements.run(
            f"insert into ops.visible_key select distinct user_name, kind, {table}.{key} from ops.account_scope "
            f"inner join {star}.{table} on account_scope.member = {table}.{parent} "
            f"or account_scope.member = {table}.{parent} || '{SEPARATOR}' || {table}.{child} where kind = '{kind}'"
        )
