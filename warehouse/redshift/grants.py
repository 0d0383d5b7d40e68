"""Who sees what in Redshift: roles, column grants, row-level security and masks, all from warehouse/permissions.yaml.

A role of the API is a role of the database. People who sign in there by themselves read the views of schema analytics: the columns
that their role may see, the rows of the regions and publishers that `ops.account_scope` narrows them to, and masks over what nobody
or only a higher role may see, which hold even where somebody grants too much by hand. The API signs in as a member of
`booksales_api`: it reads the tables, as it narrows questions itself.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from warehouse.ddl import gold_contracts, views, warehouse_columns
from warehouse.permissions import Permissions, load_permissions
from warehouse.redshift import record
from warehouse.redshift.layout import column_type
from warehouse.redshift.statements import Statements
from warehouse.scope import KINDS, SEPARATOR
from warehouse.semantic import keys_of_books, load_model

PREFIX = "booksales_"
SERVICE = f"{PREFIX}api"
HIDDEN_PRIORITY, SHOWN_PRIORITY = 10, 20
# One row per person; what is counted of people is counted by the API.
NOBODY_READS = "dim_customer"
TOTALS = ("fact_sales", *load_model().rollups)
# What is narrowed: by which key, by which kind of scope, and which tables show those who are narrowed nothing as they lack the key.
# Authors are in sight by the books in sight.
NARROWED_BY = {
    "region": ("region_key", "region", TOTALS),
    "publisher": ("publisher_key", "publisher", TOTALS),
    "author": ("author_key", "publisher", ()),
}
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
        keys = {key: book[key] if key in keys_of_books() else fact[key] for key in rollup.keys}
        tables[name] = keys | {measure: described.type for measure, described in model.measures.items()}
    return tables


def lowest_roles(permissions: Permissions) -> dict[tuple[str, str], str]:
    """By table and column the lowest role that sees it; empty for what no role sees. All that a role above the first is needed for."""
    found: dict[tuple[str, str], str] = {}
    for table, columns in columns_by_table().items():
        for column in columns:
            seeing = [role for role in permissions.roles if column in permissions.tables_of(role).get(table, ())]
            if not seeing or seeing[0] != permissions.roles[0]:
                found[table, column] = seeing[0] if seeing else ""
    return found


def masked_columns(permissions: Permissions) -> dict[str, dict[str, str]]:
    """Columns that are masked: column to the tables that have it, each with the lowest role that sees it.

    Those that nobody may ever see, and those that some roles see and others do not. What no role is granted needs no mask.
    """
    found: dict[str, dict[str, str]] = {}
    for (table, column), lowest in lowest_roles(permissions).items():
        if lowest or column in permissions.never:
            found.setdefault(column, {})[table] = lowest
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
        name, seen = role_name(role), permissions.tables_of(role)
        statements.append(f"grant usage on schema analytics to role {name}")
        for table in (*columns_by_table(), *views()):
            statements.append(f"revoke all on analytics.{table} from role {name}")
            if seen.get(table):
                statements.append(f"grant select ({', '.join(seen[table])}) on analytics.{table} to role {name}")
    statements.append(f"grant usage on schema ops to role {SERVICE}")
    return statements + [f"grant select on ops.{table} to role {SERVICE}" for table in SERVICE_READS]


def narrow_rows(permissions: Permissions | None = None) -> Iterator[Change]:
    """Row-level security: who is narrowed sees rows of their keys, and no totals that cannot be narrowed so."""
    permissions = permissions or load_permissions()
    read = {table: columns for table, columns in columns_by_table().items() if table != NOBODY_READS}
    narrowed: dict[str, None] = {}
    for kind, (key, scoped_by, tables_without) in NARROWED_BY.items():
        everybody_else = f"current_user not in (select user_name from ops.account_scope where kind = '{scoped_by}')"
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
            if key in columns or table in tables_without:
                narrowed[table] = None
                policy = within if key in columns else without
                for role in map(role_name, permissions.roles):
                    yield Change(
                        f"attach rls policy {policy} on analytics.{table} to role {role}",
                        f"detach rls policy {policy} on analytics.{table} from role {role}",
                    )
    for table in narrowed:
        yield Change(f"alter table analytics.{table} row level security on")


def mask_columns(permissions: Permissions | None = None) -> Iterator[Change]:
    """Masks: null for everybody, the value from the lowest role on that may see it."""
    permissions = permissions or load_permissions()
    for column, places in masked_columns(permissions).items():
        kind = column_type(column, columns_by_table()[next(iter(places))][column])
        hidden, shown = f"{PREFIX}hide_{column}", f"{PREFIX}show_{column}"
        yield _mask(hidden, column, kind, f"null::{kind}")
        if any(places.values()):
            yield _mask(shown, column, kind, column)
        for table, lowest in places.items():
            yield _masked(hidden, table, column, "public", HIDDEN_PRIORITY)
            roles = permissions.roles[permissions.roles.index(lowest) :] if lowest else ()
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
    readable = [grant for build in record.builds(statements) for grant in grant_star(build.star)]
    carried_out = [*undo, *make_roles(there), *grant_columns(), *readable, *(change.statement for change in policies)]
    with statements.transaction():
        for statement in carried_out:
            statements.run(statement)
        statements.run("delete from ops.permission_undo")
        undone = [change.undo for change in reversed(policies) if change.undo]
        statements.insert("ops.permission_undo", list(enumerate(undone)))
    return len(carried_out)


def read_star(statements: Statements, star: str) -> list[str]:
    """Statements that let the service read a newly built star; none where there is no such role yet."""
    there = statements.rows("select role_name from svv_roles where role_name = $service", {"service": SERVICE})
    return grant_star(star) if there else []


def grant_star(star: str) -> list[str]:
    """Statements that let the service read a star's tables."""
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
    statements.run(
        "insert into ops.visible_key select distinct user_name, 'author', bridge_book_author.author_key from ops.visible_key "
        f"inner join {star}.dim_book on visible_key.member_key = dim_book.publisher_key "
        f"inner join {star}.bridge_book_author on dim_book.source = bridge_book_author.source "
        "and dim_book.book_id = bridge_book_author.book_id where visible_key.kind = 'publisher'"
    )
