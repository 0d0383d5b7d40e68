"""From a statement for Redshift to what PostgreSQL is to run; what Redshift would not take is refused.

Names are folded to lower case, quoted or not. Statements that PostgreSQL does not have become scripts or actions of a session.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from gateway import policies
from gateway.load import parse_copy
from gateway.refusals import refuse_tree, refuse_words
from gateway.tables import split_storage, translate_table
from gateway.wire import RedshiftError
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token

if TYPE_CHECKING:
    from gateway.session import Session


@dataclass(frozen=True)
class Passed:
    """A statement that the backend runs itself, with its parameters where they were."""

    sql: str


@dataclass(frozen=True)
class Acted:
    """A statement without parameters or rows that the session carries out; `tag` says that it is done."""

    tag: str
    act: Callable[["Session"], Awaitable[None]]


Translated = Passed | Acted

TRANSACTION = re.compile(
    r"(?P<verb>begin|start|commit|end|rollback|abort)( work| transaction)?"
    r"(?P<modes>( isolation level serializable| read only| read write)*)"
)
# The label of queries, kept where a session of PostgreSQL shows it.
LABEL, LABEL_HERE = "query_group", "application_name"
SESSION_SETTINGS = {"statement_timeout", "search_path", "session authorization", "timezone"}
# Settings that only Redshift has; nothing here depends on them.
IGNORED_SETTINGS = {"enable_result_cache_for_session", "wlm_query_slot_count"}
PLAIN_ALTER = re.compile(r"alter table [\w.\"]+ (rename to|rename column|add column|drop column|owner to) .*")
WORKS_ON_ROWS = (exp.Select, exp.SetOperation, exp.Insert, exp.Update, exp.Delete, exp.Subquery)


def translate(statement: str) -> Translated:
    """What is to be done for a statement. Raises RedshiftError for what Redshift does not take, or is not offered here."""
    try:
        tokens = sqlglot.tokenize(statement, dialect="redshift")
    except SqlglotError as error:
        raise RedshiftError(f"syntax error: {error}", "42601") from error
    words = " ".join(token.text.lower() for token in tokens[:3])
    flat = " ".join(re.sub(r"--[^\n]*", "", statement).split()).rstrip("; ")
    special = _special(words, flat)
    if special is not None:
        return special
    refuse_words(tokens)
    try:
        return _parsed(words, statement, tokens)
    except SqlglotError as error:
        raise RedshiftError(f"syntax error: {str(error).splitlines()[0]}", "42601") from error


def _special(words: str, flat: str) -> Translated | None:
    first = words.split()[0] if words else ""
    match first:
        case "begin" | "start" | "commit" | "end" | "rollback" | "abort":
            return _transaction(flat)
        case "copy":
            copy = parse_copy(flat)
            return Acted("COPY", lambda session: session.copy(copy))
        case "truncate":
            return Acted("TRUNCATE", lambda session: session.script(flat, "commit", only_inside="commit"))
        case "lock":
            names = re.sub(r"^lock (table )?", "", flat, flags=re.I)
            return Passed(f"lock table {names.lower()} in access exclusive mode")
        case "set":
            return _setting(flat)
        case "analyze":
            return Passed(flat)
        case "vacuum":
            return Acted("VACUUM", lambda session: session.outside("VACUUM", flat.split(" to ")[0]))
        case "grant" | "revoke":
            return Acted(first.upper(), policies.grant(flat))
    if words.startswith("alter table") and re.search(r"\bappend from\b", flat, re.I):
        return Acted("ALTER", lambda session: session.outside("ALTER TABLE APPEND", ""))
    found = policies.statement(flat)
    return Acted(*found) if found else None


def _transaction(flat: str) -> Passed:
    found = TRANSACTION.fullmatch(flat.lower())
    if not found:
        raise RedshiftError(f"syntax error in {flat!r}", "42601")
    verb = {"start": "begin", "end": "commit", "abort": "rollback"}.get(found["verb"], found["verb"])
    # SNAPSHOT is the level of every database by now, whatever a statement calls it.
    return Passed(verb + found["modes"].replace(" isolation level serializable", ""))


def _setting(flat: str) -> Translated:
    found = re.fullmatch(r"set (session authorization|\w+)( to | ?= ?| )(.*)", flat, re.I)
    name = found[1].lower() if found else ""
    if found and name == LABEL:
        return Passed(f"set {LABEL_HERE} = {found[3]}")
    if name in IGNORED_SETTINGS:
        return Passed("set application_name = 'gateway'")
    if found and name in SESSION_SETTINGS:
        return Passed(flat)
    raise RedshiftError(f'unrecognized configuration parameter "{name}"', "42704")


def _parsed(words: str, statement: str, tokens: list[Token]) -> Translated:
    if re.match(r"create (temp|temporary|table)\b", words):
        kept, storage = split_storage(tokens)
        sql, keys = translate_table(_folded_text(kept), storage)
        name = sqlglot.parse_one(sql, dialect="postgres").find(exp.Table).sql("postgres")
        records = [
            f"insert into redshift.recorded_key values ('{name}', '{key.kind}', '{', '.join(key.columns)}')"
            for key in keys
        ]
        return Acted("CREATE TABLE", lambda session: session.script(sql, *records))
    if re.match(r"alter table", words):
        if not PLAIN_ALTER.fullmatch(" ".join(statement.lower().split())):
            raise RedshiftError("this ALTER TABLE is not supported")
        return Passed(statement.lower())
    tree = sqlglot.parse_one(statement, dialect="redshift")
    if isinstance(tree, exp.Create):
        return _create(tree, words, statement)
    if isinstance(tree, exp.Drop) and str(tree.args["kind"]).upper() in ("TABLE", "VIEW", "SCHEMA"):
        return Passed(_folded(tree).sql("postgres"))
    if not isinstance(tree, WORKS_ON_ROWS):
        raise RedshiftError(f"{words.upper()} is not supported")
    refuse_tree(tree)
    return Passed(_in_postgres(tree))


def _create(tree: exp.Create, words: str, statement: str) -> Translated:
    kind = str(tree.args["kind"]).upper()
    if kind == "SCHEMA":
        return Passed(_folded(tree).sql("postgres"))
    if kind != "VIEW":
        raise RedshiftError(f"{words.upper()} is not supported")
    late = "with no schema binding" in " ".join(statement.lower().split())
    refuse_tree(tree.expression)
    if late and any(not table.db for table in tree.expression.find_all(exp.Table)):
        raise RedshiftError(
            "All the relation names inside should be qualified when creating views with no schema binding"
        )
    name = _folded(tree.this).sql("postgres")
    query = _in_postgres(tree.expression)
    return Acted("CREATE VIEW", policies.create_view(name, query, is_replacing=bool(tree.args.get("replace"))))


def _folded_text(statement: str) -> str:
    return re.sub(r'"([^"]*)"', lambda found: f'"{found[1].lower()}"', statement)


def _folded(tree: exp.Expression) -> exp.Expression:
    for name in tree.find_all(exp.Identifier):
        name.set("this", name.name.lower())
    return tree


def _in_postgres(tree: exp.Expression) -> str:
    return _folded(tree).transform(_function).sql("postgres")


def _function(node: exp.Expression) -> exp.Expression:
    """Functions that PostgreSQL lacks, or has with another meaning."""
    match node:
        case exp.CurrentTimestamp():
            return sqlglot.parse_one("timezone('utc', now())", dialect="postgres")
        case exp.DateDiff() | exp.TsOrDsDiff():
            unit = exp.Literal.string((node.text("unit") or "day").lower())
            ends = [exp.cast(part, "timestamp") for part in (node.expression, node.this)]
            return exp.Anonymous(this="redshift.datediff", expressions=[unit, *ends])
        case exp.Concat():
            return exp.Anonymous(this="redshift.concat", expressions=node.expressions)
        case exp.Anonymous() if node.name.lower() in ("set_config", "current_setting"):
            name, *rest = node.expressions
            if name == exp.Literal.string(LABEL):
                return exp.Anonymous(this=node.this, expressions=[exp.Literal.string(LABEL_HERE), *rest])
        case exp.ApproxDistinct():
            return exp.Count(this=exp.Distinct(expressions=[node.this]))
        case exp.WithinGroup() if isinstance(node.this, exp.GroupConcat):
            listed = node.this
            listed.set("this", exp.Order(this=listed.this, expressions=node.expression.expressions))
            return listed
    return node
