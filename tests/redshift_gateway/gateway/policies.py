"""Roles, column grants, row-level security and masking, on views as on Redshift's late-binding ones.

PostgreSQL has policies for tables only and no masks, so a view that has any is built with them inside: who asks is found by
`current_user`, which in a view is still the one who asks.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from gateway.wire import RedshiftError

if TYPE_CHECKING:
    from gateway.session import Session

Act = Callable[["Session"], Awaitable[None]]

NAME = r"[\w.]+"
STATEMENTS: dict[str, str] = {
    "create_role": r"create role (?P<role>\w+)",
    "drop_role": r"drop role (?P<role>\w+)( force)?",
    "create_user": r"create user (?P<role>\w+) password (?P<password>disable|'[^']*')",
    "create_rls": r"create rls policy (?P<policy>\w+)( with \((?P<columns>[^)]*)\))? using \((?P<condition>.*)\)",
    "drop_rls": r"drop rls policy (if exists )?(?P<policy>\w+)( cascade)?",
    "attach_rls": rf"attach rls policy (?P<policy>\w+) on (table )?(?P<relation>{NAME}) to (role )?(?P<role>\w+)",
    "detach_rls": rf"detach rls policy (?P<policy>\w+) on (table )?(?P<relation>{NAME}) from (role )?(?P<role>\w+)",
    "rls_on": rf"alter table (?P<relation>{NAME}) row level security on",
    "create_mask": (
        r"create masking policy (?P<policy>\w+) with \((?P<argument>\w+) [^)]*(\([\d, ]+\))?\) "
        r"using \((?P<expression>.*)\)"
    ),
    "drop_mask": r"drop masking policy (?P<policy>\w+)",
    "attach_mask": (
        rf"attach masking policy (?P<policy>\w+) on (?P<relation>{NAME}) ?\((?P<column>\w+)\) "
        r"to (role )?(?P<role>\w+)( priority (?P<priority>\d+))?"
    ),
    "detach_mask": rf"detach masking policy (?P<policy>\w+) on (?P<relation>{NAME}) ?\((?P<column>\w+)\) from (role )?(?P<role>\w+)",
}  # fmt: skip


def statement(flat: str) -> tuple[str, Act] | None:
    """Tag and action of a statement about roles and policies; None for any other."""
    for name, pattern in STATEMENTS.items():
        found = re.fullmatch(pattern, flat, re.I)
        if found:
            told = {key: value or "" for key, value in found.groupdict().items()}
            return flat.split()[0].upper(), partial(_ACTS[name], told=told)
    if re.match(r"(attach|detach|create (rls|masking|role|user)|drop (rls|masking|role))\b", flat, re.I):
        raise RedshiftError(f"syntax error in {flat[:60]!r}", "42601")
    return None


def grant(flat: str) -> Act:
    """GRANT and REVOKE, where the one who is granted to may be a role or a policy for its lookup tables."""
    to_policy = re.fullmatch(rf"grant select on (table )?({NAME}) to rls policy (\w+)", flat, re.I)
    if to_policy:
        return lambda session: session.script(
            f"insert into redshift.rls_lookup values ({_quoted(to_policy[3])}, {_quoted(to_policy[2])})"
        )
    ignores = re.fullmatch(r"grant ignore rls to role (\w+)", flat, re.I)
    if ignores:
        return lambda session: session.script(
            f"insert into redshift.ignores_rls values ({_quoted(ignores[1])}) on conflict do nothing"
        )
    plain = re.sub(r"\b(grant|revoke) role (\w+) (to|from) (role )?", r"\1 \2 \3 ", flat, flags=re.I)
    plain = re.sub(r"\b(to|from) role ", r"\1 ", plain, flags=re.I)
    return lambda session: session.script(plain)


def create_view(name: str, query: str, is_replacing: bool) -> Act:
    """The view, with the policies that it has already."""

    async def act(session: "Session") -> None:
        replace = "or replace " if is_replacing else ""
        keep = "on conflict (relation) do update set query = excluded.query"
        await session.script(
            f"create {replace}view {name} as {query}",
            f"insert into redshift.view_base values ({_quoted(name)}, {_quoted(query)}) {keep}",
        )
        await _rebuild(session, name)

    return act


async def _rebuild(session: "Session", relation: str) -> None:
    found = await session.query(f"select query from redshift.view_base where relation = {_quoted(relation)}")
    if not found:
        raise RedshiftError(f"policies on {relation} are not offered here: it is no view", "42809")
    masks = await _masks(session, relation)
    condition = await _condition(session, relation)
    if not masks and not condition:
        return
    columns = await session.query(
        "select attname from pg_attribute where attnum > 0 and not attisdropped "
        f"and attrelid = {_quoted(relation)}::regclass order by attnum"
    )
    shown = ", ".join(masks.get(str(name), f"base.{name}") for (name,) in columns)
    where = f" where {condition}" if condition else ""
    await session.script(f"create or replace view {relation} as select {shown} from ({found[0][0]}) as base{where}")


async def _masks(session: "Session", relation: str) -> dict[str, str]:
    rows = await session.query(
        "select column_name, role, argument, expression, format_type(atttypid, atttypmod) from redshift.mask_attached "
        "join redshift.masking_policy on policy = name join pg_attribute on attrelid = relation::regclass and attname = column_name "
        f"where relation = {_quoted(relation)} order by column_name, priority desc"
    )
    cases: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    for column, role, argument, expression, kind in rows:
        masked = f"(select {expression} from (select base.{column} as {argument}) as masked)"
        cases.setdefault(str(column), []).append(f"when {_has_role(str(role))} then {masked}")
        kinds[str(column)] = str(kind)
    return {
        column: f"cast(case {' '.join(whens)} else base.{column} end as {kinds[column]}) as {column}"
        for column, whens in cases.items()
    }


async def _condition(session: "Session", relation: str) -> str:
    """Who has no policy sees no row, as soon as row-level security is on."""
    if not await session.query(f"select 1 from redshift.rls_on where relation = {_quoted(relation)}"):
        return ""
    rows = await session.query(
        "select role, condition from redshift.rls_attached join redshift.rls_policy on policy = name "
        f"where relation = {_quoted(relation)}"
    )
    ignoring = await session.query("select role from redshift.ignores_rls")
    seen = ["current_setting('is_superuser') = 'on'", *(_has_role(str(role)) for (role,) in ignoring)]
    by_role: dict[str, list[str]] = {}
    for role, condition in rows:
        by_role.setdefault(str(role), []).append(f"({condition})")
    # Policies of one role hold together.
    seen += [f"({_has_role(role)} and {' and '.join(conditions)})" for role, conditions in by_role.items()]
    return " or ".join(seen)


def _has_role(role: str) -> str:
    return "true" if role == "public" else f"pg_has_role(current_user, {_quoted(role)}, 'member')"


async def _create_rls(session: "Session", told: dict[str, str]) -> None:
    if re.search(r"\bunion\b|\bgroup by\b|\bwith\b", told["condition"], re.I):
        raise RedshiftError("RLS policies may hold no set operations, aggregates or common table expressions")
    await session.script(
        f"insert into redshift.rls_policy values ({_quoted(told['policy'])}, {_quoted(told['condition'])}, "
        f"array[{', '.join(_quoted(name) for name in re.findall(rf'(?:from|join) ({NAME})', told['condition'], re.I))}]::text[])"
    )


async def _attach_rls(session: "Session", told: dict[str, str]) -> None:
    missing = await session.query(
        f"select looked_up from redshift.rls_policy, unnest(lookups) as looked_up where name = {_quoted(told['policy'])} "
        "and looked_up not in (select relation from redshift.rls_lookup where policy = name)"
    )
    if missing:
        raise RedshiftError(f"RLS policy {told['policy']} has no SELECT on its lookup table {missing[0][0]}", "42501")
    await _known(session, "rls_policy", told["policy"])
    await session.script(
        f"insert into redshift.rls_attached values ({_all_quoted(told, 'policy', 'relation', 'role')})"
    )
    await _rebuild(session, told["relation"])


async def _rls_on(session: "Session", told: dict[str, str]) -> None:
    await session.script(f"insert into redshift.rls_on values ({_quoted(told['relation'])}) on conflict do nothing")
    await _rebuild(session, told["relation"])


async def _attach_mask(session: "Session", told: dict[str, str]) -> None:
    await _known(session, "masking_policy", told["policy"])
    priority = told["priority"] or "0"
    same = await session.query(
        "select policy from redshift.mask_attached "
        f"where (relation, column_name) = ({_all_quoted(told, 'relation', 'column')}) and priority = {priority}"
    )
    if same:
        raise RedshiftError(f"a policy with priority {priority} is attached to {told['column']} already", "42710")
    await session.script(
        f"insert into redshift.mask_attached values ({_all_quoted(told, 'policy', 'relation', 'column', 'role')}, {priority})"
    )
    await _rebuild(session, told["relation"])


async def _known(session: "Session", table: str, policy: str) -> None:
    if not await session.query(f"select 1 from redshift.{table} where name = {_quoted(policy)}"):
        raise RedshiftError(f"policy {policy} does not exist", "42704")


async def _detach(session: "Session", table: str, told: dict[str, str]) -> None:
    column = f"and column_name = {_quoted(told['column'])}" if "column" in told else ""
    await session.script(
        f"delete from redshift.{table} where (policy, relation, role) = ({_all_quoted(told, 'policy', 'relation', 'role')}) {column}"
    )
    await _rebuild(session, told["relation"])


async def _drop(session: "Session", table: str, attached: str, policy: str) -> None:
    if await session.query(f"select 1 from redshift.{attached} where policy = {_quoted(policy)}"):
        raise RedshiftError(f"cannot drop policy {policy}: it is attached", "2BP01")
    await session.script(f"delete from redshift.{table} where name = {_quoted(policy)}")


_ACTS: dict[str, Callable[["Session", dict[str, str]], Awaitable[None]]] = {
    "create_role": lambda session, told: session.script(f"create role {told['role']}"),
    "drop_role": lambda session, told: session.script(f"drop role {told['role']}"),
    "create_user": lambda session, told: session.script(f"create role {told['role']} login"),
    "create_rls": _create_rls,
    "drop_rls": lambda session, told: _drop(session, "rls_policy", "rls_attached", told["policy"]),
    "attach_rls": _attach_rls,
    "detach_rls": lambda session, told: _detach(session, "rls_attached", told),
    "rls_on": _rls_on,
    "create_mask": lambda session, told: session.script(
        f"insert into redshift.masking_policy values ({_all_quoted(told, 'policy', 'argument', 'expression')})"
    ),
    "drop_mask": lambda session, told: _drop(session, "masking_policy", "mask_attached", told["policy"]),
    "attach_mask": _attach_mask,
    "detach_mask": lambda session, told: _detach(session, "mask_attached", told),
}


def _all_quoted(told: dict[str, str], *names: str) -> str:
    return ", ".join(_quoted(told[name]) for name in names)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"
