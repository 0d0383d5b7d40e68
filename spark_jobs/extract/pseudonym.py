"""Keyed hashes instead of personal data, made in the first task, before anything is written.

HMAC-SHA-256 and not a plain hash: who knows an e-mail could compute a plain one. Never in the SELECT, where the key would show in
the source's logs, and never as a Spark expression, where it would show in the plan.
"""

import hmac
import unicodedata
from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs_config.model import Pseudonym, TableMapping


def pseudonymised(rows: DataFrame, mapping: TableMapping, key: bytes) -> DataFrame:
    """The rows with every column that the mapping marks replaced by its keyed hash, 64 hexadecimal digits; null stays null."""
    marked = {name: column.pseudonymise for name, column in mapping.columns.items() if column.pseudonymise}
    return rows.withColumns({name: _hashed(name, kind, key) for name, kind in marked.items()}) if marked else rows


def keyed_hash(value: str, kind: Pseudonym, key: bytes) -> str:
    """HMAC-SHA-256 of an identifier, or of an e-mail in the form that people mean (trimmed, NFKC, case folded)."""
    text = unicodedata.normalize("NFKC", value).strip().casefold() if kind == "email" else value
    return hmac.digest(key, f"{kind}:{text}".encode(), "sha256").hex()


def _hashed(name: str, kind: Pseudonym | None, key: bytes) -> Column:
    assert kind is not None
    return F.udf(_hasher(kind, key), "string")(F.col(name))


def _hasher(kind: Pseudonym, key: bytes) -> Callable[[str | None], str | None]:
    return lambda value: None if value is None else keyed_hash(value, kind, key)
