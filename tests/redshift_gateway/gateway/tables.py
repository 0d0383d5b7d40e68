"""CREATE TABLE: distribution, sort keys and encodings are checked and taken off, keys recorded, VARCHAR counted in bytes."""

from dataclasses import dataclass, field

import sqlglot
from gateway.refusals import refuse_tree
from gateway.wire import RedshiftError
from sqlglot import exp
from sqlglot.tokens import Token

ENCODINGS = {
    "raw": None,
    "zstd": None,
    "lzo": None,
    "az64": {"SMALLINT", "INT", "BIGINT", "DECIMAL", "DATE", "TIMESTAMP", "TIMESTAMPTZ"},
    "bytedict": {"SMALLINT", "INT", "BIGINT", "DECIMAL", "FLOAT", "DOUBLE", "CHAR", "VARCHAR", "DATE", "TIMESTAMP"},
    "delta": {"SMALLINT", "INT", "BIGINT", "DATE", "TIMESTAMP", "DECIMAL"},
    "runlength": None,
}
STYLES = ("even", "all", "key", "auto")
MOST_BYTES = 65_535


@dataclass
class Storage:
    """How a table is stored, as its statement says."""

    style: str = ""
    dist_key: str = ""
    sort_key: tuple[str, ...] = ()
    encodings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    """A key that is recorded and not enforced: Redshift's planner believes it."""

    kind: str
    columns: tuple[str, ...]


def split_storage(tokens: list[Token]) -> tuple[str, Storage]:
    """The statement without its storage words, and what they said."""
    storage, kept, place, depth, column = Storage(), [], 0, 0, ""
    words = [token.text.lower() for token in tokens]
    while place < len(tokens):
        word = words[place]
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 1 and words[place - 1] in ("(", ","):
            column = word
        following = words[place + 1] if place + 1 < len(words) else ""
        if word == "encode" and following:
            storage.encodings[column] = following
            place += 2
        elif word == "diststyle":
            storage.style, place = following, place + 2
        elif word in ("distkey", "sortkey") and depth:
            _keyed(storage, word, (column,))
            place += 1
        elif word in ("distkey", "sortkey"):
            end = words.index(")", place)
            _keyed(storage, word, tuple(name for name in words[place + 2 : end] if name != ","))
            place = end + 1
        elif word in ("compound", "interleaved") and following == "sortkey":
            place += 1
        elif word == "backup" and following in ("yes", "no"):
            place += 2
        else:
            kept.append(_as_written(tokens[place]))
            place += 1
    return " ".join(kept), storage


def _as_written(token: Token) -> str:
    quote = {"STRING": "'", "IDENTIFIER": '"'}.get(token.token_type.name, "")
    return f"{quote}{token.text}{quote}"


def _keyed(storage: Storage, word: str, columns: tuple[str, ...]) -> None:
    if word == "sortkey":
        storage.sort_key += columns
        return
    if storage.dist_key or len(columns) != 1:
        raise RedshiftError("only one DISTKEY column is allowed", "42601")
    storage.dist_key = columns[0]


def translate_table(statement: str, storage: Storage) -> tuple[str, list[Key]]:
    """The statement for PostgreSQL, and the keys that it declares."""
    tree = sqlglot.parse_one(statement, dialect="redshift")
    refuse_tree(tree)
    schema = tree.this if isinstance(tree.this, exp.Schema) else None
    columns = {column.name.lower(): column for column in schema.find_all(exp.ColumnDef)} if schema else {}
    if columns:
        _check_storage(storage, columns)
    keys = _take_keys(schema) if schema else []
    for column in columns.values():
        _count_bytes(column)
    for like in tree.find_all(exp.LikeProperty):
        like.set("expressions", [exp.Property(this="INCLUDING", value=exp.var("CONSTRAINTS"))])
    return tree.sql("postgres", identify=False), keys


def _check_storage(storage: Storage, columns: dict[str, exp.ColumnDef]) -> None:
    for name in (*storage.sort_key, *filter(None, [storage.dist_key]), *storage.encodings):
        if name not in columns:
            raise RedshiftError(f'column "{name}" named in a key does not exist', "42703")
    if storage.style and storage.style not in STYLES:
        raise RedshiftError(f"DISTSTYLE {storage.style} is not supported", "42601")
    if storage.dist_key and storage.style not in ("", "key"):
        raise RedshiftError(f"DISTSTYLE {storage.style.upper()} may not have a DISTKEY", "42601")
    for name, encoding in storage.encodings.items():
        kind = columns[name].kind.this.name
        if encoding not in ENCODINGS:
            raise RedshiftError(f"encoding {encoding} is not supported", "42601")
        fitting = ENCODINGS[encoding]
        if fitting is not None and kind not in fitting:
            raise RedshiftError(f"encoding {encoding} is not supported for type {kind.lower()}", "42601")


def _take_keys(schema: exp.Schema) -> list[Key]:
    keys: list[Key] = []
    for part in list(schema.expressions):
        if isinstance(part, (exp.PrimaryKey, exp.UniqueColumnConstraint, exp.ForeignKey)):
            names = part.this.expressions if isinstance(part, exp.UniqueColumnConstraint) else part.expressions
            keys.append(Key(_kind(part), tuple(name.name for name in names)))
            part.pop()
        elif isinstance(part, exp.ColumnDef):
            for constraint in list(part.constraints):
                if isinstance(constraint.kind, exp.CheckColumnConstraint):
                    raise RedshiftError("CHECK constraints are not supported")
                if isinstance(
                    constraint.kind, (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.Reference)
                ):
                    keys.append(Key(_kind(constraint.kind), (part.name,)))
                    constraint.pop()
        elif not isinstance(part, exp.LikeProperty):
            raise RedshiftError(f"{part.sql('redshift')} is not supported")
    return keys


def _kind(part: exp.Expression) -> str:
    name = type(part).__name__
    return "primary key" if "Primary" in name else "unique" if "Unique" in name else "foreign key"


def _count_bytes(column: exp.ColumnDef) -> None:
    kind = column.kind
    if kind.this not in (exp.DataType.Type.VARCHAR, exp.DataType.Type.CHAR):
        return
    size = kind.expressions[0].name.lower() if kind.expressions else "256"
    length = MOST_BYTES if size == "max" else int(size)
    if length > MOST_BYTES:
        raise RedshiftError(f"character varying(n) length must be at most {MOST_BYTES}", "54000")
    kind.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(length))])
    condition = sqlglot.parse_one(f"octet_length({column.name}) <= {length}", dialect="postgres")
    column.append("constraints", exp.ColumnConstraint(kind=exp.CheckColumnConstraint(this=condition)))
