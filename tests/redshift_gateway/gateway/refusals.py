"""What only PostgreSQL accepts, and Redshift does not: refused, so that passing here means something.

Lists are of what is documented (Redshift's developer guide: unsupported PostgreSQL features, data types, functions); what a list
does not name is refused too.
"""

from pathlib import Path

from gateway.wire import RedshiftError
from sqlglot import exp
from sqlglot.tokens import Token, TokenType

# A word that no statement for Redshift holds outside quotes, and what it would be in PostgreSQL.
WORDS = {
    "returning": "RETURNING",
    "conflict": "ON CONFLICT",
    "serial": "SERIAL",
    "bigserial": "SERIAL",
    "smallserial": "SERIAL",
    "uuid": "type UUID",
    "bytea": "type BYTEA",
    "json": "type JSON",
    "jsonb": "type JSONB",
    "money": "type MONEY",
    "array": "arrays",
    "string_agg": "STRING_AGG (there is LISTAGG)",
    "array_agg": "ARRAY_AGG",
    "json_agg": "JSON_AGG",
    "generate_series": "GENERATE_SERIES over user tables",
    "gen_random_uuid": "GEN_RANDOM_UUID",
    "now": "NOW over user tables (there is GETDATE)",
    "filter": "FILTER on an aggregate",
    "lateral": "LATERAL",
    "materialized": "MATERIALIZED in a common table expression",
    "concurrently": "CONCURRENTLY",
    "generated": "GENERATED (there is IDENTITY)",
    "exclude": "EXCLUDE constraints",
    "unlogged": "UNLOGGED",
    "inherits": "INHERITS",
    "tablespace": "TABLESPACE",
    "deferrable": "deferrable constraints",
}

RESERVED = frozenset(Path(__file__).with_name("reserved_words.txt").read_text().split())

TYPES = {
    exp.DataType.Type[name]
    for name in (
        "SMALLINT", "INT", "BIGINT", "DECIMAL", "FLOAT", "DOUBLE", "BOOLEAN", "CHAR", "VARCHAR", "DATE", "TIMESTAMP",
        "TIMESTAMPTZ", "TIME", "TIMETZ", "SUPER", "INTERVAL",
    )
}  # fmt: skip
FUNCTIONS = (
    exp.Abs, exp.AddMonths, exp.And, exp.ApproxDistinct, exp.Case, exp.Cast, exp.Ceil, exp.Coalesce, exp.Concat,
    exp.ConvertTimezone, exp.Count, exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentUser, exp.DateAdd, exp.DateDiff,
    exp.DateTrunc, exp.DecodeCase, exp.Exists, exp.Extract, exp.Floor, exp.Greatest, exp.GroupConcat, exp.If, exp.Lag,
    exp.LastDay, exp.Length, exp.Lower, exp.Max, exp.Median, exp.Min, exp.Nullif, exp.Nvl2, exp.Or, exp.RegexpReplace, exp.Round,
    exp.RowNumber,
    exp.SHA2, exp.StrPosition, exp.Substring, exp.Sum, exp.TimestampTrunc, exp.Trim, exp.TsOrDsAdd, exp.TsOrDsDiff, exp.Upper, exp.Xor,
)  # fmt: skip
NAMED_FUNCTIONS = {
    "octet_length", "pg_last_copy_count", "pg_last_copy_id", "pg_backend_pid", "set_config", "current_setting",
}  # fmt: skip


def refuse_words(tokens: list[Token]) -> None:
    """Raise RedshiftError for a word of PostgreSQL's own, a reserved one as a name, and a statement after the first."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        word = token.text.lower()
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER):
            continue
        if word in WORDS and not (before and before.token_type == TokenType.DOT):
            raise RedshiftError(f"{WORDS[word]} is not supported")
        if before and before.token_type == TokenType.ALIAS and word in RESERVED - {"select", "with", "case", "not"}:
            raise RedshiftError(f'syntax error at or near "{word}"', "42601")
        if token.token_type == TokenType.SEMICOLON and token is not tokens[-1]:
            raise RedshiftError("cannot insert multiple commands into a prepared statement", "42601")


def refuse_tree(tree: exp.Expression) -> None:
    """Raise RedshiftError for types, functions and forms that Redshift does not have."""
    for node in tree.walk():
        match node:
            case exp.DataType() if node.this not in TYPES:
                raise RedshiftError(f'type "{node.sql("redshift").lower()}" is not supported', "42704")
            case exp.Anonymous() if node.name.lower() not in NAMED_FUNCTIONS:
                raise RedshiftError(f"function {node.name.lower()} is not supported", "42883")
            case exp.Func() if not isinstance(node, (*FUNCTIONS, exp.Anonymous, exp.Connector)):
                raise RedshiftError(f"function {node.sql_name().lower()} is not supported", "42883")
            case exp.Distinct() if node.args.get("on"):
                raise RedshiftError("DISTINCT ON is not supported")
            case exp.NullSafeEQ() | exp.NullSafeNEQ():
                raise RedshiftError("IS DISTINCT FROM is not supported")
            case exp.Values() if not isinstance(node.parent, exp.Insert):
                raise RedshiftError("VALUES as a table is not supported")
            case exp.Any() | exp.All():
                raise RedshiftError("ANY and ALL over arrays are not supported")
            case exp.Lock() | exp.TableSample():
                raise RedshiftError(f"{type(node).__name__} is not supported")
